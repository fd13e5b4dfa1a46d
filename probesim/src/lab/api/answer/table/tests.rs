//! Tables as `kubectl get` shows them.

use super::*;
use crate::lab::schema::resources::Registry;

fn cells(word: &str, object: &Value) -> Vec<String> {
    let registry = Registry::built_in();
    let resource = registry.get(registry.named(word).unwrap());
    let row = row(resource, object, timestamp::parse("2026-11-21T02:05:34Z").unwrap(), Include::Metadata);
    let cells: Vec<String> =
        list(&row["cells"]).iter().map(|cell| cell.as_str().unwrap().to_owned()).collect();
    assert_eq!(cells.len(), list(&definitions(resource)).len(), "a cell for each column");
    cells
}

fn pod(status: &Value) -> Value {
    json!({"metadata": {"name": "p", "creationTimestamp": "2026-11-21T02:05:21Z"},
           "spec": {"containers": [{}], "initContainers": [{}, {}]}, "status": status})
}

#[test]
fn a_pod_has_the_cells_that_were_recorded() {
    let running = json!({"phase": "Running", "containerStatuses": [
        {"ready": true, "restartCount": 0, "state": {"running": {}}}]});
    assert_eq!(
        cells("pods", &pod(&running)),
        ["p", "1/1", "Running", "0", "13s", "<none>", "<none>", "<none>", "<none>"]
    );
    let crashing = json!({"phase": "Running", "containerStatuses": [
        {"ready": false, "restartCount": 2, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
         "lastState": {"terminated": {"finishedAt": "2026-11-21T02:05:30Z"}}}]});
    assert_eq!(
        cells("pods", &pod(&crashing)),
        ["p", "0/1", "CrashLoopBackOff", "2 (4s ago)", "13s", "<none>", "<none>", "<none>", "<none>"]
    );
}

#[test]
fn restarts_are_those_of_init_containers_until_they_are_done() {
    let mut failing = pod(&json!({"phase": "Pending",
        "initContainerStatuses": [{"name": "i", "restartCount": 3, "state": {"terminated": {"exitCode": 1}},
                                   "lastState": {"terminated": {"finishedAt": "2026-11-21T02:05:30Z"}}}],
        "containerStatuses": [{"restartCount": 0, "state": {"waiting": {"reason": "PodInitializing"}}}]}));
    assert_eq!(cells("pods", &failing)[3], "3 (4s ago)");
    failing["status"]["initContainerStatuses"][0]["state"] = json!({"terminated": {"exitCode": 0}});
    assert_eq!(cells("pods", &failing)[3], "0");
    failing["spec"]["initContainers"][0] = json!({"name": "i", "restartPolicy": "Always"});
    assert_eq!(cells("pods", &failing)[3], "3 (4s ago)", "a sidecar's count stays");
}

#[test]
fn the_status_of_a_pod_is_what_kubectl_shows() {
    let done = json!({"state": {"terminated": {"exitCode": 0, "reason": "Completed"}}});
    let mut leaving = pod(&json!({"phase": "Running"}));
    leaving["metadata"]["deletionTimestamp"] = json!("now");
    for (pod, expected) in [
        (pod(&json!({"phase": "Pending"})), "Pending"),
        (
            pod(&json!({"phase": "Pending", "initContainerStatuses": [done, {"state": {"running": {}}}]})),
            "Init:1/2",
        ),
        (
            pod(&json!({"initContainerStatuses": [{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}]})),
            "Init:CrashLoopBackOff",
        ),
        (pod(&json!({"phase": "Succeeded", "containerStatuses": [done]})), "Completed"),
        (pod(&json!({"containerStatuses": [{"state": {"terminated": {"exitCode": 5}}}]})), "ExitCode:5"),
        (leaving, "Terminating"),
    ] {
        assert_eq!(pod::status(&pod), expected);
    }
}

#[test]
fn other_kinds_have_their_columns() {
    let meta = json!({"name": "x", "creationTimestamp": "2026-11-21T02:05:21Z"});
    for (word, object, expected) in [
        (
            "deployments",
            json!({"metadata": meta, "spec": {"replicas": 2}, "status": {"readyReplicas": 1, "updatedReplicas": 2}}),
            vec!["x", "1/2", "2", "0", "13s", "<none>", "<none>", "<none>"],
        ),
        (
            "jobs",
            json!({"metadata": meta, "spec": {}, "status": {"startTime": "2026-11-21T02:05:24Z"}}),
            vec!["x", "Running", "0/1", "10s", "13s", "<none>", "<none>", "<none>"],
        ),
        (
            "services",
            json!({"metadata": meta, "spec": {"type": "ClusterIP", "clusterIP": "10.0.0.1", "ports": [{"port": 80}]}}),
            vec!["x", "ClusterIP", "10.0.0.1", "<none>", "80/TCP", "13s", "<none>"],
        ),
        (
            "events",
            json!({"metadata": meta, "type": "Normal", "reason": "Pulled", "message": "m ",
                   "involvedObject": {"kind": "Pod", "name": "p"}, "lastTimestamp": "2026-11-21T02:05:33Z"}),
            vec!["1s", "Normal", "Pulled", "pod/p", "", "", "m", "1s", "1", "x"],
        ),
        ("leases", json!({"metadata": meta, "spec": {"holderIdentity": "h"}}), vec!["x", "h", "13s"]),
    ] {
        assert_eq!(cells(word, &object), expected);
    }
}

#[test]
fn a_row_has_as_much_of_its_object_as_was_asked_for() {
    let registry = crate::lab::schema::resources::Registry::built_in();
    let pods = registry.get(registry.named("pods").unwrap());
    let pod = serde_json::json!({"kind": "Pod", "metadata": {"name": "p"}, "status": {"podIP": "10.0.0.1"}});
    let shown = |include| super::row(pods, &pod, 0, include)["object"].clone();
    assert_eq!(shown(Include::Object), pod);
    assert_eq!(shown(Include::Metadata)["kind"], "PartialObjectMetadata");
    assert!(shown(Include::None).is_null());
}
