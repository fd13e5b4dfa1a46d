//! What a pod belongs to.

use serde_json::Value;

use crate::lab::store::live::LiveStore;

/// A chain of owners is not longer: Pod, Job, CronJob.
const LONGEST: usize = 4;

/// A controller of a pod, or of its controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) kind: String,
    pub(super) name: String,
}

/// The controllers of a pod, the nearest first.
pub(super) fn owners(store: &LiveStore, pod: &Value) -> Vec<Owner> {
    let namespace = pod["metadata"]["namespace"].as_str().unwrap_or_default();
    let mut owners = Vec::new();
    let mut next = controller(pod);
    while let Some(owner) = next.filter(|_| owners.len() < LONGEST) {
        next = store.get(&owner.kind, namespace, &owner.name).as_ref().and_then(controller);
        owners.push(owner);
    }
    owners
}

fn controller(object: &Value) -> Option<Owner> {
    let references = object["metadata"]["ownerReferences"].as_array()?;
    let found = references.iter().find(|reference| reference["controller"] == true)?;
    let text = |key: &str| found[key].as_str().map(str::to_owned);
    Some(Owner { kind: text("kind")?, name: text("name")? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::store::Store;
    use serde_json::json;

    #[test]
    fn a_pod_belongs_to_the_last_of_its_controllers() {
        let store = LiveStore::new(Store::new(1, 10));
        let owned = |kind: &str, name: &str, by: &str, by_name: &str| {
            json!({"kind": kind, "apiVersion": if kind == "Pod" { "v1" } else { "apps/v1" },
                   "metadata": {"name": name, "namespace": "n", "ownerReferences": [
                       {"kind": "ConfigMap", "name": "no-controller"},
                       {"kind": by, "name": by_name, "controller": true}]}})
        };
        store.apply(owned("ReplicaSet", "web-1", "Deployment", "web")).unwrap();
        let names = |pod: &Value| -> Vec<String> {
            owners(&store, pod).into_iter().map(|owner| format!("{}/{}", owner.kind, owner.name)).collect()
        };
        assert_eq!(names(&owned("Pod", "p", "ReplicaSet", "web-1")), ["ReplicaSet/web-1", "Deployment/web"]);
        assert_eq!(names(&owned("Pod", "p", "Job", "gone")), ["Job/gone"]);
        assert_eq!(names(&json!({"metadata": {"namespace": "n"}})), [""; 0]);
        store.apply(owned("ReplicaSet", "ring", "ReplicaSet", "ring")).unwrap();
        assert_eq!(owners(&store, &owned("Pod", "p", "ReplicaSet", "ring")).len(), LONGEST);
    }
}
