//! How long a deleted pod stays for its node to end it: `CheckGracefulDelete` (`pkg/registry/core/pod/strategy.go`)
//! and `BeforeDelete` (`k8s.io/apiserver/pkg/registry/rest/delete.go`).

use serde_json::{Value, json};

use super::write::bump_generation;
use crate::lab::schema::resources::Resource;
use crate::lab::store::Store;
use crate::lab::timestamp;

/// The seconds that a delete gives the pod's node; 0 for everything that no node of this server runs.
///
/// A recording has pods, but no nodes: there a deleted pod goes at once.
pub(super) fn grace(store: &Store, resource: &Resource, value: &Value, asked: Option<i64>) -> i64 {
    let has_ended = matches!(value["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    if has_ended || !is_on_a_node(store, resource, value) {
        return 0;
    }
    let grace = asked.or(value["spec"]["terminationGracePeriodSeconds"].as_i64()).unwrap_or(30);
    if grace < 0 { 1 } else { grace }
}

/// Whether a pod that was deleted waits for its node.
pub(super) fn is_node_busy(store: &Store, resource: &Resource, value: &Value) -> bool {
    let left = value["metadata"]["deletionGracePeriodSeconds"].as_i64().unwrap_or(0);
    left > 0 && is_on_a_node(store, resource, value)
}

/// Marks an object as being deleted, or shortens the time that it has left. Says whether anything changed.
pub(super) fn mark(value: &mut Value, grace: i64, now: &str) -> bool {
    let metadata = &value["metadata"];
    let is_marked = metadata["deletionTimestamp"].is_string();
    if is_marked && metadata["deletionGracePeriodSeconds"].as_i64().unwrap_or(0) <= grace {
        return false;
    }
    let ends = timestamp::parse(now).map(|now| timestamp::format(now.saturating_add_signed(grace)));
    value["metadata"]["deletionTimestamp"] = json!(ends.as_deref().unwrap_or(now));
    value["metadata"]["deletionGracePeriodSeconds"] = json!(grace);
    if !is_marked {
        bump_generation(value);
    }
    true
}

/// Whether the object is a pod.
pub(super) fn is_pod(resource: &Resource) -> bool {
    resource.group.is_empty() && resource.plural == "pods"
}

fn is_on_a_node(store: &Store, resource: &Resource, value: &Value) -> bool {
    let node = value["spec"]["nodeName"].as_str().filter(|_| is_pod(resource));
    let nodes = store.registry().find("", "v1", "nodes");
    node.zip(nodes).is_some_and(|(node, nodes)| store.get(nodes, "", node).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scene(phase: &str) -> (Store, Value) {
        let mut store = Store::new(1, 10);
        let nodes = store.registry().named("nodes").unwrap();
        store.put(nodes, json!({"metadata": {"name": "lab"}}), None);
        let pod = json!({"metadata": {"name": "p", "generation": 1}, "status": {"phase": phase},
                         "spec": {"nodeName": "lab", "terminationGracePeriodSeconds": 7}});
        (store, pod)
    }

    #[test]
    fn a_pod_gets_its_grace_only_while_a_node_runs_it() {
        let (store, pod) = scene("Running");
        let pods = store.resource(store.registry().named("pods").unwrap()).clone();
        let maps = store.resource(store.registry().named("configmaps").unwrap()).clone();
        let elsewhere = json!({"spec": {"nodeName": "gone"}});
        let unbound = json!({"spec": {}});
        for (resource, value, asked, expected) in [
            (&pods, &pod, None, 7),
            (&pods, &pod, Some(3), 3),
            (&pods, &pod, Some(0), 0),
            (&pods, &pod, Some(-1), 1),
            (&pods, &json!({"spec": {"nodeName": "lab"}}), None, 30),
            (&pods, &scene("Failed").1, Some(9), 0),
            (&pods, &elsewhere, Some(9), 0),
            (&pods, &unbound, Some(9), 0),
            (&maps, &pod, Some(9), 0),
        ] {
            assert_eq!(grace(&store, resource, value, asked), expected, "{value} {asked:?}");
        }
    }

    #[test]
    fn a_deletion_can_be_shortened_and_not_stretched() {
        let (_, mut pod) = scene("Running");
        let shown = |pod: &Value| {
            let metadata = &pod["metadata"];
            (metadata["deletionTimestamp"].clone(), metadata["generation"].clone())
        };
        assert!(mark(&mut pod, 7, "2026-11-21T02:05:21Z"));
        assert_eq!(shown(&pod), (json!("2026-11-21T02:05:28Z"), json!(2)));
        assert!(!mark(&mut pod, 30, "2026-11-21T02:05:22Z"));
        assert!(!mark(&mut pod, 7, "2026-11-21T02:05:22Z"));
        assert!(mark(&mut pod, 1, "2026-11-21T02:05:22Z"));
        assert_eq!(shown(&pod), (json!("2026-11-21T02:05:23Z"), json!(2)));
    }
}
