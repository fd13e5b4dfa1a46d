//! Single endpoints and their ports, as tables.

use super::*;

fn pod(name: &str, ports: Value) -> Value {
    json!({"metadata": {"name": name, "namespace": "n", "uid": name, "labels": {"app": "web"}},
           "spec": {"containers": [{"ports": ports}], "nodeName": "lab"},
           "status": {"phase": "Running", "podIP": "127.1.0.1", "conditions": [{"type": "Ready", "status": "True"}]}})
}

#[test]
fn ready_serving_and_terminating_follow_the_rule() {
    for (is_ready, is_deleting, is_published, expected) in [
        (true, false, false, [true, true, false]),
        (false, false, false, [false, false, false]),
        (true, true, false, [false, true, true]),
        (false, true, false, [false, false, true]),
        (false, false, true, [true, false, false]),
        (true, true, true, [true, true, true]),
    ] {
        let mut pod = pod("a", json!([]));
        pod["status"]["conditions"][0]["status"] = json!(if is_ready { "True" } else { "False" });
        if is_deleting {
            pod["metadata"]["deletionTimestamp"] = json!("2026-11-21T02:00:00Z");
        }
        let service = json!({"spec": {"publishNotReadyAddresses": is_published}});
        let conditions = &endpoint(&service, &pod)["conditions"];
        assert_eq!(["ready", "serving", "terminating"].map(|key| conditions[key] == true), expected);
    }
}

#[test]
fn target_ports_are_numbers_names_or_the_port_itself() {
    let pod = pod(
        "a",
        json!([{"name": "http", "containerPort": 8080}, {"name": "dns", "containerPort": 53, "protocol": "UDP"}]),
    );
    for (port, expected) in [
        (json!({"port": 80}), Some(80)),
        (json!({"port": 80, "targetPort": 0}), Some(80)),
        (json!({"port": 80, "targetPort": 8081}), Some(8081)),
        (json!({"port": 80, "targetPort": "http"}), Some(8080)),
        (json!({"port": 80, "targetPort": "dns"}), None),
        (json!({"port": 80, "targetPort": "dns", "protocol": "UDP"}), Some(53)),
        (json!({"port": 80, "targetPort": "web"}), None),
    ] {
        let found = ports(&json!({"spec": {"ports": [port]}}), &pod);
        assert_eq!(found.first().and_then(|port| port["port"].as_i64()), expected, "{port}");
    }
}

#[test]
fn pods_with_other_ports_have_a_slice_of_their_own() {
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "n"},
                         "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]}});
    let (old, new) = (
        pod("a", json!([{"name": "http", "containerPort": 1}])),
        pod("b", json!([{"name": "http", "containerPort": 2}])),
    );
    let mut ended = pod("c", json!([]));
    ended["status"]["phase"] = json!("Succeeded");
    let plan = sync(&service, &[&old, &new, &ended], &[], Duration::ZERO);
    let ports: Vec<&Value> = plan
        .writes
        .iter()
        .filter_map(|write| match write {
            Write::Create(slice, None) => Some(&slice["ports"][0]["port"]),
            _ => None,
        })
        .collect();
    assert_eq!(ports, [&json!(1), &json!(2)]);
}
