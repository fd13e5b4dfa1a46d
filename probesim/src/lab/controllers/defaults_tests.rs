//! Objects as users write them, and as an API server has them.

use super::*;
use crate::lab::schema::resources::Registry;

fn filled(mut object: Value) -> Value {
    let registry = Registry::built_in();
    let (version, kind) = (meta::text(&object, "/apiVersion"), meta::text(&object, "/kind"));
    let resource = registry.get(registry.of_object(version, kind).unwrap()).clone();
    fill(&resource, &mut object, None, &|_| false);
    object
}

/// The object of a recorded step as it was applied, and as it was recorded then.
fn recorded(text: &str, kind: &str) -> (Value, Value) {
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let (mut applied, mut stored) = (None, None);
    for line in lines {
        let items = line["manifest"]["items"].as_array().into_iter().flatten();
        applied = applied.or(items.into_iter().find(|item| item["kind"] == kind).cloned());
        let object = &line["event"]["object"];
        if stored.is_none() && object["kind"] == kind && line["event"]["type"] == "ADDED" {
            stored = Some(object.clone());
        }
    }
    (applied.unwrap(), stored.unwrap())
}

#[test]
fn workloads_get_what_a_real_server_gave_them() {
    for (text, kind) in [
        (crate::lab::controllers::tests::recordings::DEP_OK, "Deployment"),
        (crate::lab::controllers::tests::recordings::STS_OK, "StatefulSet"),
        (crate::lab::controllers::tests::recordings::DS_OK, "DaemonSet"),
        (crate::lab::controllers::tests::recordings::JOB_OK, "Job"),
    ] {
        let (mut applied, stored) = recorded(text, kind);
        applied["metadata"]["uid"] = stored["metadata"]["uid"].clone();
        let filled = filled(applied);
        assert_eq!((&filled["spec"], &filled["status"]), (&stored["spec"], &stored["status"]), "{kind}");
    }
}

#[test]
fn a_service_gets_an_address_of_its_own() {
    let (mut applied, stored) = recorded(crate::lab::controllers::tests::recordings::SVC, "Service");
    applied["metadata"]["uid"] = stored["metadata"]["uid"].clone();
    let mut filled = filled(applied);
    let address = filled["spec"]["clusterIP"].take();
    assert!(address.as_str().unwrap().starts_with("127.43."), "{address}");
    assert_eq!(filled["spec"]["clusterIPs"], json!([address]));
    for key in ["clusterIP", "clusterIPs"] {
        filled["spec"][key] = stored["spec"][key].clone();
    }
    assert_eq!((&filled["spec"], &filled["status"]), (&stored["spec"], &stored["status"]));
}

#[test]
fn other_services_addresses_and_ports_are_not_given_again() {
    let first = free_address(7, &|_| false);
    assert_ne!(free_address(7, &|taken| taken == first), first);
    assert_ne!(free_port(7, &|taken| taken == "30007"), 30_007);
    let service =
        |spec: Value| filled(json!({"apiVersion": "v1", "kind": "Service", "spec": spec}))["spec"].take();
    let external = service(json!({"type": "ExternalName", "externalName": "example.com"}));
    assert_eq!(external.get("clusterIP"), None);
    assert_eq!(service(json!({"clusterIP": "None"}))["clusterIPs"], json!(["None"]));
    assert!(
        service(json!({"type": "NodePort", "ports": [{"port": 80}]}))["ports"][0]["nodePort"].is_number()
    );
}

#[test]
fn what_is_said_stays_and_nonsense_is_left_alone() {
    let deployment = |spec: Value| {
        filled(json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec}))["spec"].take()
    };
    let recreate = deployment(json!({"strategy": {"type": "Recreate"}, "replicas": 0}));
    assert_eq!((&recreate["strategy"], &recreate["replicas"]), (&json!({"type": "Recreate"}), &json!(0)));
    for nonsense in [json!({"strategy": "x"}), json!({"template": 1}), json!({"template": {"spec": []}})] {
        deployment(nonsense);
    }
    filled(json!({"apiVersion": "v1", "kind": "Pod", "spec": "x"}));
    filled(
        json!({"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": {"metadata": {"labels": 3}}}}),
    );
}
