//! What controllers see in a pod: whether it counts, is ready, available, going; and a pod made from a template.
//!
//! Rules: `pkg/controller/controller_utils.go` and `pkg/api/v1/pod/util.go`.

use std::time::Duration;

use serde_json::{Value, json};

use super::meta;

pub(super) fn phase(pod: &Value) -> &str {
    meta::text(pod, "/status/phase")
}

/// Whether no container of it will run again.
pub(super) fn is_terminal(pod: &Value) -> bool {
    matches!(phase(pod), "Succeeded" | "Failed")
}

/// `IsPodActive`: neither at its end nor being deleted.
pub(super) fn is_active(pod: &Value) -> bool {
    !is_terminal(pod) && !meta::is_deleting(pod)
}

/// `IsPodTerminating`: being deleted, with containers that may still run.
pub(super) fn is_terminating(pod: &Value) -> bool {
    !is_terminal(pod) && meta::is_deleting(pod)
}

pub(super) fn is_ready(pod: &Value) -> bool {
    meta::condition(pod, "Ready").is_some_and(|ready| ready["status"] == "True")
}

/// `IsPodAvailable`: ready for `minReadySeconds` at least.
pub(super) fn is_available(pod: &Value, min_ready: Duration, now: Duration) -> bool {
    is_ready(pod) && available_at(pod, min_ready).is_some_and(|at| at <= now)
}

/// When a ready pod becomes available.
pub(super) fn available_at(pod: &Value, min_ready: Duration) -> Option<Duration> {
    let ready = meta::condition(pod, "Ready").filter(|ready| ready["status"] == "True")?;
    let since = meta::time(ready, "/lastTransitionTime").unwrap_or_default();
    Some(if min_ready.is_zero() { Duration::ZERO } else { since + min_ready })
}

/// The next moment at which one of these pods becomes available by waiting.
pub(super) fn next_available<'a>(
    pods: impl IntoIterator<Item = &'a Value>,
    min_ready: Duration,
    now: Duration,
) -> Option<Duration> {
    let moments = pods.into_iter().filter_map(|pod| available_at(pod, min_ready));
    moments.filter(|at| *at > now).min()
}

/// How often containers of a pod have been restarted.
pub(super) fn restarts(pod: &Value) -> i64 {
    ["initContainerStatuses", "containerStatuses"]
        .iter()
        .filter_map(|key| pod["status"][key].as_array())
        .flatten()
        .map(|status| meta::count(status, "/restartCount"))
        .sum()
}

/// Which pods go first when there are too many (`ActivePodsWithRanks`): unassigned, pending, not ready,
/// ready for a shorter time, restarted more often, younger.
pub(super) fn deletion_rank(pod: &Value) -> impl Ord + use<> {
    let phase = match phase(pod) {
        "Pending" => 0,
        "Running" => 2,
        _ => 1,
    };
    let cost = meta::annotation(pod, "controller.kubernetes.io/pod-deletion-cost");
    let ready_since =
        meta::condition(pod, "Ready").and_then(|ready| meta::time(ready, "/lastTransitionTime"));
    let age = |at: Option<Duration>| std::cmp::Reverse(at.unwrap_or_default());
    (
        !meta::text(pod, "/spec/nodeName").is_empty(),
        phase,
        is_ready(pod),
        cost.and_then(|cost| cost.parse::<i64>().ok()).unwrap_or(0),
        age(ready_since),
        std::cmp::Reverse(restarts(pod)),
        age(meta::time(pod, "/metadata/creationTimestamp")),
        meta::name(pod).to_owned(),
    )
}

/// `GetPodFromTemplate`: a pod for this owner, named by the API server.
pub(super) fn from_template(owner: &Value, template: &Value) -> Value {
    let mut metadata = json!({
        "generateName": format!("{}-", meta::name(owner)),
        "namespace": meta::namespace(owner),
    });
    for key in ["labels", "annotations", "finalizers"] {
        if !template["metadata"][key].is_null() {
            metadata[key] = template["metadata"][key].clone();
        }
    }
    metadata["ownerReferences"] = json!([meta::owner_reference(owner)]);
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]})
}

/// A short name for a template, in the alphabet of `rand.SafeEncodeString`; the same for the same template.
pub(super) fn template_hash(template: &Value) -> String {
    const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    let fnv = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(16_777_619);
    let hash = template.to_string().bytes().fold(2_166_136_261, fnv);
    hash.to_string().bytes().map(|byte| char::from(ALPHABET[usize::from(byte) % ALPHABET.len()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(name: &str, phase: &str, ready_since: Option<&str>) -> Value {
        let ready = ready_since.map_or(
            json!({"type": "Ready", "status": "False", "lastTransitionTime": "2026-11-21T02:00:00Z"}),
            |since| json!({"type": "Ready", "status": "True", "lastTransitionTime": since}),
        );
        json!({"metadata": {"name": name, "creationTimestamp": "2026-11-21T02:00:00Z"},
               "spec": {"nodeName": "lab"}, "status": {"phase": phase, "conditions": [ready]}})
    }

    #[test]
    fn a_pod_is_available_when_it_has_been_ready_for_long_enough() {
        let pod = pod("p", "Running", Some("2026-11-21T02:00:10Z"));
        let ready = meta::time(&pod, "/status/conditions/0/lastTransitionTime").unwrap();
        let wait = Duration::from_secs(5);
        assert!(!is_available(&pod, wait, ready + Duration::from_millis(4999)));
        assert!(is_available(&pod, wait, ready + wait));
        assert!(
            is_available(&pod, Duration::ZERO, Duration::ZERO),
            "a clock behind does not matter without a wait"
        );
        assert_eq!(next_available([&pod], wait, ready), Some(ready + wait));
        assert_eq!(next_available([&pod], wait, ready + wait), None);
    }

    #[test]
    fn the_least_useful_pod_goes_first() {
        let mut unassigned = pod("unassigned", "Pending", None);
        unassigned["spec"]["nodeName"] = Value::Null;
        let mut pods = [
            pod("old", "Running", Some("2026-11-21T02:00:01Z")),
            pod("young", "Running", Some("2026-11-21T02:00:09Z")),
            pod("not-ready", "Running", None),
            pod("pending", "Pending", None),
            unassigned,
        ];
        pods.sort_by_cached_key(deletion_rank);
        assert_eq!(pods.each_ref().map(meta::name), ["unassigned", "pending", "not-ready", "young", "old"]);
    }

    #[test]
    fn a_pod_from_a_template_belongs_to_its_owner() {
        let owner = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
                           "metadata": {"name": "web-1", "namespace": "n", "uid": "u"}});
        let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": []}});
        let pod = from_template(&owner, &template);
        assert_eq!(pod["metadata"]["generateName"], "web-1-");
        assert_eq!(pod["metadata"]["ownerReferences"][0]["controller"], true);
        assert_eq!(pod["metadata"]["labels"]["app"], "web");
        assert_eq!(template_hash(&template), template_hash(&template.clone()));
    }
}
