//! Whether a disruption budget is in the way of an eviction.
//!
//! Rules: `pkg/registry/core/pod/storage/eviction.go` and `pkg/controller/disruption`. The budget is counted at the
//! moment of the eviction: nobody keeps its status.

use serde_json::{Value, json};

use crate::lab::api::answer::status::Status;
use crate::lab::controllers::selects;
use crate::lab::store::Store;

const REFUSED: &str = "Cannot evict pod as it would violate the pod's disruption budget.";
const SEVERAL: &str =
    "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";

/// Refuses the eviction of a pod that its budget needs.
pub(super) fn check(store: &Store, namespace: &str, name: &str) -> Result<(), Status> {
    let registry = store.registry();
    let (Some(pods), Some(budgets)) =
        (registry.find("", "v1", "pods"), registry.find("policy", "v1", "poddisruptionbudgets"))
    else {
        return Ok(());
    };
    let Some(pod) = store.get(pods, namespace, name).map(|pod| pod.value()) else { return Ok(()) };
    let budgets: Vec<Value> = store.objects(budgets, namespace).map(|budget| budget.value()).collect();
    let all: Vec<Value> = store.objects(pods, namespace).map(|pod| pod.value()).collect();
    judge(&pod, &budgets, &all)
}

fn judge(pod: &Value, budgets: &[Value], pods: &[Value]) -> Result<(), Status> {
    let is_over = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed" | "Pending"));
    if is_over || pod["metadata"]["deletionTimestamp"].is_string() {
        return Ok(());
    }
    let is_of = |budget: &&Value, pod: &Value| {
        let selector = &budget["spec"]["selector"];
        selector.is_object() && selects(selector, pod)
    };
    let own: Vec<&Value> = budgets.iter().filter(|budget| is_of(budget, pod)).collect();
    let budget = match own.as_slice() {
        [] => return Ok(()),
        [one] => *one,
        _ => {
            let why = format!("Internal error occurred: {SEVERAL}");
            return Err(Status::failure(500, "InternalError", why)
                .with_details(json!({"causes": [{"message": SEVERAL}]})));
        }
    };
    let counted: Vec<&Value> = pods.iter().filter(|pod| is_of(&budget, pod)).collect();
    let expected = i64::try_from(counted.len()).unwrap_or(i64::MAX);
    let healthy = i64::try_from(counted.iter().filter(|pod| is_healthy(pod)).count()).unwrap_or(0);
    let spec = &budget["spec"];
    let desired = match (share(&spec["minAvailable"], expected), share(&spec["maxUnavailable"], expected)) {
        (Some(least), _) => least,
        (None, Some(most)) => (expected - most).max(0),
        (None, None) => return Ok(()),
    };
    let is_spare = !is_healthy(pod)
        && (spec["unhealthyPodEvictionPolicy"] == "AlwaysAllow" || healthy >= desired && desired > 0);
    if healthy > desired || is_spare {
        return Ok(());
    }
    let name = budget["metadata"]["name"].as_str().unwrap_or_default();
    let why =
        format!("The disruption budget {name} needs {desired} healthy pods and has {healthy} currently");
    let cause = json!({"reason": "DisruptionBudget", "message": why});
    Err(Status::failure(429, "TooManyRequests", REFUSED).with_details(json!({"causes": [cause]})))
}

fn is_healthy(pod: &Value) -> bool {
    let mut conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    conditions.any(|one| one["type"] == "Ready" && one["status"] == "True")
        && !pod["metadata"]["deletionTimestamp"].is_string()
}

/// A number, or a share of all, rounded up.
fn share(value: &Value, of: i64) -> Option<i64> {
    if let Some(number) = value.as_i64() {
        return Some(number);
    }
    let percent: i64 = value.as_str()?.strip_suffix('%')?.parse().ok()?;
    Some(of.saturating_mul(percent).saturating_add(99) / 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_eviction_leaves_as_many_healthy_pods_as_the_budget_wants() {
        let pod = |name: &str, ready: &str| {
            json!({"metadata": {"name": name, "labels": {"app": "a"}},
                   "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}})
        };
        let budget = |spec: Value| {
            let mut budget = json!({"metadata": {"name": "b"}, "spec": spec});
            budget["spec"]["selector"] = json!({"matchLabels": {"app": "a"}});
            vec![budget]
        };
        let pods = [pod("p", "True"), pod("q", "True"), pod("r", "False")];
        let code = |of: &Value, spec: Value| judge(of, &budget(spec), &pods).map_err(|status| status.code);
        assert_eq!(code(&pods[0], json!({"minAvailable": 1})), Ok(()));
        assert_eq!(code(&pods[0], json!({"minAvailable": 2})), Err(429));
        assert_eq!(code(&pods[0], json!({"minAvailable": "50%"})), Err(429), "half of three is two");
        assert_eq!(code(&pods[0], json!({"maxUnavailable": 2})), Ok(()));
        assert_eq!(code(&pods[0], json!({"maxUnavailable": 1})), Err(429));
        assert_eq!(code(&pods[2], json!({"minAvailable": 2})), Ok(()), "it is not healthy, and not needed");
        assert_eq!(code(&pods[2], json!({"minAvailable": 3})), Err(429));
        let twice = [budget(json!({"minAvailable": 1})), budget(json!({"minAvailable": 1}))].concat();
        assert_eq!(judge(&pods[0], &twice, &pods).unwrap_err().code, 500);
    }
}
