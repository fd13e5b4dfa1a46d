//! The scheduler: there is one node, and it takes every pod that can run.

use serde_json::{Value, json};

use crate::lab::api::answer::status::Status;
use crate::lab::store::live::LiveStore;
use crate::lab::store::write::{self, Part, Place};

/// The node's name.
pub(in crate::lab) const NODE: &str = "lab";

/// Whether a pod waits for the scheduler.
pub(super) fn is_waiting(pod: &Value) -> bool {
    let has_gates = pod["spec"]["schedulingGates"].as_array().is_some_and(|gates| !gates.is_empty());
    pod["spec"]["nodeName"].as_str().unwrap_or_default().is_empty()
        && pod["metadata"]["deletionTimestamp"].is_null()
        && !has_gates
}

/// Whether a pod belongs to this node and has not ended yet.
pub(super) fn is_ours(pod: &Value) -> bool {
    pod["spec"]["nodeName"] == NODE
        && !matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"))
}

/// Binds a pod to the node. `None` when it has changed meanwhile or is gone.
pub(super) fn bind(store: &LiveStore, pod: &Value) -> Option<Value> {
    change(store, pod, |mut pod, now| {
        pod["spec"]["nodeName"] = json!(NODE);
        set_scheduled(&mut pod, now, None);
        pod
    })
    .filter(is_ours)
}

/// Says in its status why a pod cannot run here.
pub(super) fn refuse(store: &LiveStore, pod: &Value, why: &str) {
    change(store, pod, |mut pod, now| {
        set_scheduled(&mut pod, now, Some(why));
        pod
    });
}

/// The condition `PodScheduled`.
fn set_scheduled(pod: &mut Value, now: &str, why_not: Option<&str>) {
    let mut condition = json!({
        "type": "PodScheduled", "status": if why_not.is_none() { "True" } else { "False" },
        "lastProbeTime": null, "lastTransitionTime": now,
    });
    if let Some(message) = why_not {
        condition["reason"] = json!("Unschedulable");
        condition["message"] = json!(message);
    }
    let mut conditions = pod["status"]["conditions"].as_array().cloned().unwrap_or_default();
    let known = conditions.iter().position(|known| known["type"] == "PodScheduled");
    if let Some(known) = known.map(|at| conditions.remove(at))
        && known["status"] == condition["status"]
    {
        // Else each refusal would be a change, and the cause of the next.
        condition["lastTransitionTime"] = known["lastTransitionTime"].clone();
    }
    conditions.push(condition);
    pod["status"]["conditions"] = Value::Array(conditions);
}

fn change(store: &LiveStore, pod: &Value, change: impl FnOnce(Value, &str) -> Value) -> Option<Value> {
    let text = |key: &str| pod["metadata"][key].as_str().unwrap_or_default();
    let written = store.write(|store, birth| {
        let id = store.registry().named("pods").ok_or_else(Status::unknown_resource)?;
        let place = Place { id, namespace: text("namespace"), name: text("name") };
        write::modify(store, place, Part::Whole, false, |current| {
            let is_same = current["metadata"]["uid"] == pod["metadata"]["uid"] && is_waiting(&current);
            Ok(if is_same { change(current, &birth.now) } else { current })
        })
    });
    written.ok().map(|object| object.value())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::store::Store;

    fn scene() -> (LiveStore, Value) {
        let store = LiveStore::new(Store::new(1, 10));
        let pod = json!({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "p", "namespace": "n"},
                         "spec": {"containers": []}, "status": {"phase": "Pending"}});
        let pod = store.apply(pod).unwrap();
        (store, pod)
    }

    #[test]
    fn a_pod_is_bound_once_and_its_generation_stays() {
        let (store, pod) = scene();
        assert!(is_waiting(&pod) && !is_ours(&pod));
        let bound = bind(&store, &pod).unwrap();
        assert!(is_ours(&bound) && !is_waiting(&bound));
        assert_eq!(bound["status"]["conditions"][0]["type"], "PodScheduled");
        assert_eq!(bound["status"]["phase"], "Pending");
        assert_eq!(bound["metadata"]["generation"], pod["metadata"]["generation"]);
    }

    #[test]
    fn a_pod_of_the_same_name_is_another_one() {
        let (store, mut pod) = scene();
        pod["metadata"]["uid"] = json!("other");
        assert_eq!(bind(&store, &pod), None);
    }

    #[test]
    fn why_a_pod_cannot_run_is_in_its_status() {
        let (store, pod) = scene();
        refuse(&store, &pod, "no such thing");
        let pod = store.get("pods", "n", "p").unwrap();
        assert_eq!(pod["status"]["conditions"][0]["message"], "no such thing");
        assert!(is_waiting(&pod));
        let gated = json!({"spec": {"schedulingGates": [{"name": "g"}]}});
        assert!(!is_waiting(&gated));
    }
}
