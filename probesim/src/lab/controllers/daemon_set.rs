//! The DaemonSet controller: a pod on the one node, and its replacement when the template changes.
//!
//! Rules: `pkg/controller/daemon/daemon_controller.go` and `update.go`, for a single node.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::meta;
use super::plan::{Plan, Target, Told, Write};
use super::revisions::Revisions;
use super::{pod, share};

/// The lab's only node.
const NODE: &str = "lab";
const HASH: &str = "controller-revision-hash";

/// Looks at a DaemonSet, its pods and its ControllerRevisions.
pub(super) fn sync(set: &Value, pods: &[&Value], revisions: &[&Value], now: Duration) -> Plan {
    let mut plan = Plan::default();
    let revisions = Revisions::ensure(&mut plan, set, revisions);
    let min_ready = meta::seconds(set, "/spec/minReadySeconds").unwrap_or_default();
    let is_new = |pod: &&Value| meta::label(pod, HASH) == revisions.hash;
    if !meta::is_deleting(set) && manage(&mut plan, set, pods, &revisions.hash, (min_ready, now)) {
        // The status follows once the store has the new pod.
        return plan;
    }
    let is_used = |name: &str| pods.iter().any(|pod| name.ends_with(meta::label(pod, HASH)));
    revisions.clean_up(&mut plan, set, is_used);
    let alive: Vec<&Value> = pods.iter().copied().filter(|pod| !meta::is_deleting(pod)).collect();
    let some = |is: bool| i64::from(is);
    let available = some(alive.iter().any(|pod| pod::is_available(pod, min_ready, now)));
    let mut status = Map::new();
    // A pod that is going still runs: it counts as scheduled, as the real controller counts it.
    status.insert("currentNumberScheduled".to_owned(), json!(some(!pods.is_empty())));
    status.insert("numberMisscheduled".to_owned(), json!(0));
    status.insert("desiredNumberScheduled".to_owned(), json!(1));
    status.insert("numberReady".to_owned(), json!(some(alive.iter().any(|pod| pod::is_ready(pod)))));
    meta::set_count(&mut status, "observedGeneration", meta::count(set, "/metadata/generation"));
    meta::set_count(
        &mut status,
        "updatedNumberScheduled",
        some(oldest(pods).is_some_and(|pod| is_new(&pod))),
    );
    meta::set_count(&mut status, "numberAvailable", available);
    meta::set_count(&mut status, "numberUnavailable", 1 - available);
    plan.set_status(set, Value::Object(status));
    plan.look_again(pod::next_available(alive, min_ready, now));
    plan
}

/// The pod that stands for the node in the status, also while another one is on its way.
fn oldest<'a>(pods: &[&'a Value]) -> Option<&'a Value> {
    let has_gone = |pod: &&Value| meta::is_deleting(pod) && pod::is_terminal(pod);
    let there = pods.iter().copied().filter(|pod| !has_gone(pod));
    there.min_by_key(|pod| (meta::text(pod, "/metadata/creationTimestamp"), meta::name(pod)))
}

/// Creates and deletes pods; true when one is created.
fn manage(
    plan: &mut Plan,
    set: &Value,
    pods: &[&Value],
    hash: &str,
    (min_ready, now): (Duration, Duration),
) -> bool {
    let strategy = &set["spec"]["updateStrategy"];
    let rolling = &strategy["rollingUpdate"];
    let surge = share::resolve(&rolling["maxSurge"], 1, true);
    let unavailable = match &rolling["maxUnavailable"] {
        Value::Null => 1,
        given => share::resolve(given, 1, true),
    };
    let is_new = |pod: &Value| meta::label(pod, HASH) == hash;
    let is_available = |pod: &Value| pod::is_available(pod, min_ready, now);
    let (failed, rest): (Vec<&Value>, Vec<&Value>) = pods.iter().partition(|pod| pod::is_terminal(pod));
    for pod in failed.iter().filter(|pod| !meta::is_deleting(pod)) {
        plan.push(Write::Event(failure(pod)));
        plan.push(Write::Delete(Target::of(pod), Told::deleted_pod()));
    }
    let (new, old): (Vec<&Value>, Vec<&Value>) = rest.into_iter().partition(|pod| is_new(pod));
    if new.is_empty() && old.is_empty() && failed.is_empty() {
        plan.push(Write::Create(daemon_pod(set, hash), Told::created_pod()));
        return true;
    }
    if strategy["type"] == "OnDelete" {
        return false;
    }
    let old_alive: Vec<&Value> = old.iter().copied().filter(|pod| !meta::is_deleting(pod)).collect();
    let replacement_is_up = new.iter().any(|pod| is_available(pod));
    for pod in &old_alive {
        // An old pod goes when it serves nobody, when none has to serve, or when the new one serves.
        if replacement_is_up || surge == 0 && (unavailable > 0 || !is_available(pod)) {
            plan.push(Write::Delete(Target::of(pod), Told::deleted_pod()));
        }
    }
    if surge > 0 && new.is_empty() && !old.is_empty() {
        plan.push(Write::Create(daemon_pod(set, hash), Told::created_pod()));
        return true;
    }
    false
}

fn failure(pod: &Value) -> Told {
    let message = format!(
        "Found failed daemon pod {}/{} on node {NODE}, will try to kill it",
        meta::namespace(pod),
        meta::name(pod)
    );
    Told::warning("FailedDaemonPod", message)
}

/// What daemons put up with (`AddOrUpdateDaemonPodTolerations`).
fn tolerate_all(pod: &mut Value) {
    let mut tolerations = pod["spec"]["tolerations"].as_array().cloned().unwrap_or_default();
    for (key, effect) in [
        ("not-ready", "NoExecute"),
        ("unreachable", "NoExecute"),
        ("disk-pressure", "NoSchedule"),
        ("memory-pressure", "NoSchedule"),
        ("pid-pressure", "NoSchedule"),
        ("unschedulable", "NoSchedule"),
    ] {
        let key = format!("node.kubernetes.io/{key}");
        tolerations.push(json!({"key": key, "operator": "Exists", "effect": effect}));
    }
    meta::put(pod, &["spec", "tolerations"], Value::Array(tolerations));
}

/// `CreatePodTemplate` and `ReplaceDaemonSetPodNodeNameNodeAffinity`
fn daemon_pod(set: &Value, hash: &str) -> Value {
    let mut pod = pod::from_template(set, &set["spec"]["template"]);
    let generation = meta::annotation(set, "deprecated.daemonset.template.generation").unwrap_or("1");
    meta::put(&mut pod, &["metadata", "labels", HASH], json!(hash));
    meta::put(&mut pod, &["metadata", "labels", "pod-template-generation"], json!(generation));
    tolerate_all(&mut pod);
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    let here = json!({"key": "metadata.name", "operator": "In", "values": [NODE]});
    meta::put(
        &mut pod,
        &["spec", "affinity", "nodeAffinity", required],
        json!({"nodeSelectorTerms": [{"matchFields": [here]}]}),
    );
    pod
}

#[cfg(test)]
#[path = "daemon_set_tests.rs"]
mod tests;
