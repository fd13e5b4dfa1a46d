//! The taint manager: pods that do not tolerate what their node's `NoExecute` taints say are deleted
//! (`pkg/controller/tainteviction/taint_eviction.go`).

use std::collections::HashMap;
use std::future::pending;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use super::toleration::stays;
use crate::lab::api::answer::status::Status;
use crate::lab::recorder::Recorder;
use crate::lab::store::follow::Follower;
use crate::lab::store::live::LiveStore;
use crate::lab::store::write::{self, DeleteOptions, Part, Place};
use crate::lab::timestamp;

/// Watches nodes and pods for ever.
pub(in crate::lab) async fn run(store: LiveStore, mut nodes: Follower, mut pods: Follower) {
    let recorder = Recorder::new(store.clone(), "taint-eviction-controller");
    // By the UID of the pod: when it has to go.
    let mut due: HashMap<String, Instant> = HashMap::new();
    loop {
        let next = due.values().min().copied();
        tokio::select! {
            _ = nodes.next() => {}
            _ = pods.next() => {}
            () = at(next) => {}
        }
        let tainted: HashMap<String, Vec<Value>> =
            store.list("nodes", "").iter().filter_map(evicting).collect();
        if tainted.is_empty() {
            due.clear();
            continue;
        }
        let now = Instant::now();
        let mut still = HashMap::new();
        for pod in store.list("pods", "") {
            let Some(stay) = stay(&pod, &tainted) else { continue };
            let uid = pod["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
            let at = due.get(&uid).copied().or_else(|| now.checked_add(stay));
            match at {
                Some(at) if at <= now => evict(&store, &recorder, &pod),
                Some(at) => drop(still.insert(uid, at)),
                None => {}
            }
        }
        due = still;
    }
}

/// A node that has taints by which pods are deleted, and these.
fn evicting(node: &Value) -> Option<(String, Vec<Value>)> {
    let taints = node["spec"]["taints"].as_array()?.iter().filter(|taint| taint["effect"] == "NoExecute");
    let taints: Vec<Value> = taints.cloned().collect();
    (!taints.is_empty()).then(|| (node["metadata"]["name"].as_str().unwrap_or_default().to_owned(), taints))
}

/// How long a pod may stay; `None` for one that no taint is about.
fn stay(pod: &Value, tainted: &HashMap<String, Vec<Value>>) -> Option<Duration> {
    let is_over = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
    let taints = tainted.get(pod["spec"]["nodeName"].as_str()?)?;
    if is_over || pod["metadata"]["deletionTimestamp"].is_string() {
        return None;
    }
    let tolerations = pod["spec"]["tolerations"].as_array().map_or(&[][..], Vec::as_slice);
    stays(tolerations, &taints.iter().collect::<Vec<_>>())
}

/// Says why in the pod's status, and deletes it.
fn evict(store: &LiveStore, recorder: &Recorder, pod: &Value) {
    let text = |key: &str| pod["metadata"][key].as_str().unwrap_or_default();
    let (namespace, name) = (text("namespace"), text("name"));
    let message = format!("Marking for deletion Pod {namespace}/{name}");
    recorder.record(pod, None, "Normal", "TaintManagerEviction", &message);
    let condition = json!({
        "type": "DisruptionTarget", "status": "True", "reason": "DeletionByTaintManager",
        "message": "Taint manager: deleting due to NoExecute taint", "lastProbeTime": null,
        "lastTransitionTime": timestamp::format(store.now().as_secs()),
    });
    let done = store.write(|store, birth| {
        let id = store.registry().named("pods").ok_or_else(Status::unknown_resource)?;
        let place = Place { id, namespace, name };
        write::modify(store, place, Part::Status, false, |mut current| {
            match current["status"]["conditions"].as_array_mut() {
                Some(conditions) => conditions.push(condition),
                None => current["status"]["conditions"] = json!([condition]),
            }
            Ok(current)
        })?;
        let options = DeleteOptions { uid: Some(text("uid").to_owned()), ..DeleteOptions::default() };
        write::delete(store, place, &options, &birth.now).map(drop)
    });
    if let Err(status) = done {
        tracing::debug!(reason = %status.message, "a pod to be evicted has gone");
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::store::Store;

    #[tokio::test(start_paused = true)]
    async fn pods_go_when_their_node_says_so_and_some_have_a_little_longer() {
        let store = LiveStore::new(Store::new(1, 100));
        let (nodes, pods) = (Follower::of(&store, "nodes"), Follower::of(&store, "pods"));
        let manager = tokio::spawn(run(store.clone(), nodes, pods));
        let node = |taints: Value| json!({"kind": "Node", "apiVersion": "v1", "metadata": {"name": "lab"}, "spec": {"taints": taints}});
        let pod = |name: &str, tolerations: Value| {
            json!({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": name, "namespace": "n"},
                   "spec": {"nodeName": "lab", "tolerations": tolerations, "terminationGracePeriodSeconds": 5},
                   "status": {"phase": "Running"}})
        };
        store.apply(node(json!([]))).unwrap();
        let for_five = json!([{"key": "k", "operator": "Exists", "tolerationSeconds": 5}]);
        for (name, tolerations) in
            [("none", json!([])), ("five", for_five), ("all", json!([{"operator": "Exists"}]))]
        {
            store.apply(pod(name, tolerations)).unwrap();
        }
        store.apply(node(json!([{"key": "k", "effect": "NoExecute"}]))).unwrap();
        let is_going = |name: &str| {
            let pod = store.get("pods", "n", name).unwrap();
            pod["metadata"]["deletionTimestamp"].is_string()
                && pod["status"]["conditions"][0]["reason"] == "DeletionByTaintManager"
        };
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_eq!(["none", "five", "all"].map(is_going), [true, false, false]);
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(["none", "five", "all"].map(is_going), [true, true, false]);
        manager.abort();
    }
}
