//! The disruption controller: how many of a budget's pods may go; and what an eviction asks it.
//!
//! Rules: `pkg/controller/disruption/disruption.go` and `pkg/registry/core/pod/storage/eviction.go`.

use std::time::Duration;

use serde_json::{Value, json};

use super::plan::{Plan, Target, Write};
use super::{meta, pod, share};
use crate::lab::api::answer::status::Status;

/// An eviction that the controller has not seen the end of is forgotten after this (`DeletionTimeout`).
const FORGOTTEN_AFTER: Duration = Duration::from_secs(120);

/// Looks at a budget, the pods of its namespace, and what these pods belong to in the end.
pub(super) fn sync(budget: &Value, pods: &[&Value], owners: &[&Value], now: Duration) -> Plan {
    let mut plan = Plan::default();
    let is_its = |pod: &&&Value| meta::selects(&budget["spec"]["selector"], pod) && !pod::is_terminal(pod);
    let its: Vec<&Value> = pods.iter().filter(is_its).copied().collect();
    let (disrupted, next) = still_disrupted(budget, &its, now);
    let is_healthy = |pod: &&&Value| {
        !meta::is_deleting(pod) && disrupted.get(meta::name(pod)).is_none() && pod::is_ready(pod)
    };
    let healthy = its.iter().filter(is_healthy).count().try_into().unwrap_or(i64::MAX);
    let (expected, desired) = wanted(budget, &its, owners);
    let allowed = if expected > 0 { (healthy - desired).max(0) } else { 0 };
    let mut status = budget["status"].as_object().cloned().unwrap_or_default();
    status.shift_remove("disruptedPods");
    if disrupted.as_object().is_some_and(|pods| !pods.is_empty()) {
        status.insert("disruptedPods".to_owned(), disrupted.clone());
    }
    for (key, count) in [
        ("observedGeneration", meta::count(budget, "/metadata/generation")),
        ("disruptionsAllowed", allowed),
        ("currentHealthy", healthy),
        ("desiredHealthy", desired),
        ("expectedPods", expected),
    ] {
        status.insert(key.to_owned(), json!(count));
    }
    let mut status = Value::Object(status);
    set_allowed(&mut status, allowed, meta::count(budget, "/metadata/generation"), &meta::stamp(now));
    if status != budget["status"] {
        plan.push(Write::Status(Target::of(budget), status, None));
    }
    plan.look_again(next);
    plan
}

/// How many pods there should be, and how many of them healthy. A share is one of what the owners ask for.
fn wanted(budget: &Value, pods: &[&Value], owners: &[&Value]) -> (i64, i64) {
    let spec = &budget["spec"];
    let asked: i64 = owners.iter().map(|owner| meta::replicas(owner)).sum();
    let there = i64::try_from(pods.len()).unwrap_or(i64::MAX);
    match (&spec["maxUnavailable"], &spec["minAvailable"]) {
        (Value::Null, Value::String(_)) => (asked, share::resolve(&spec["minAvailable"], asked, true)),
        (Value::Null, least) => (there, least.as_i64().unwrap_or(1)),
        (most, _) => (asked, (asked - share::resolve(most, asked, true)).max(0)),
    }
}

/// The evicted pods that have neither gone nor been forgotten, and when the next one is.
fn still_disrupted(budget: &Value, pods: &[&Value], now: Duration) -> (Value, Option<Duration>) {
    let (mut left, mut next): (Value, Option<Duration>) = (json!({}), None);
    for (name, since) in budget["status"]["disruptedPods"].as_object().into_iter().flatten() {
        let is_there = pods.iter().any(|pod| meta::name(pod) == name && !meta::is_deleting(pod));
        let until = meta::time(since, "").unwrap_or_default() + FORGOTTEN_AFTER;
        if is_there && until > now {
            left[name.as_str()] = since.clone();
            next = Some(next.map_or(until, |before| before.min(until)));
        }
    }
    (left, next)
}

fn set_allowed(status: &mut Value, allowed: i64, generation: i64, now: &Value) {
    let (truth, reason) =
        if allowed > 0 { ("True", "SufficientPods") } else { ("False", "InsufficientPods") };
    let known = status["conditions"].as_array().into_iter().flatten();
    let mut known = known.filter(|condition| condition["type"] == "DisruptionAllowed");
    let since = known.find(|known| known["status"] == truth).map(|known| known["lastTransitionTime"].clone());
    status["conditions"] = json!([{
        "type": "DisruptionAllowed", "status": truth, "observedGeneration": generation,
        "lastTransitionTime": since.unwrap_or_else(|| now.clone()), "reason": reason, "message": "",
    }]);
}

/// What an eviction makes of the budgets of its pod's namespace: the status of the one that it is charged to, or
/// nothing where none is asked.
///
/// # Errors
/// The budget does not allow it.
pub(in crate::lab) fn charge<'a>(
    budgets: &'a [Value],
    victim: &Value,
    now: Duration,
) -> Result<Option<(&'a Value, Value)>, Status> {
    let is_free = pod::is_terminal(victim) || pod::phase(victim) == "Pending" || meta::is_deleting(victim);
    if is_free {
        return Ok(None);
    }
    let mut matching = budgets.iter().filter(|budget| meta::selects(&budget["spec"]["selector"], victim));
    let Some(budget) = matching.next() else { return Ok(None) };
    if matching.next().is_some() {
        let why = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
        return Err(Status::failure(500, "InternalError", why));
    }
    let count = |key: &str| meta::count(&budget["status"], &format!("/{key}"));
    let (healthy, desired) = (count("currentHealthy"), count("desiredHealthy"));
    let is_spared = match budget["spec"]["unhealthyPodEvictionPolicy"].as_str() {
        Some("AlwaysAllow") => true,
        _ => healthy >= desired && desired > 0,
    };
    if !pod::is_ready(victim) && is_spared {
        return Ok(None);
    }
    if count("observedGeneration") < meta::count(budget, "/metadata/generation") {
        let why = "The disruption budget is still being processed by the server.";
        return Err(refused(why));
    }
    let allowed = count("disruptionsAllowed");
    if allowed <= 0 {
        let name = meta::name(budget);
        let why =
            format!("The disruption budget {name} needs {desired} healthy pods and has {healthy} currently");
        return Err(refused(&why));
    }
    let mut status = budget["status"].clone();
    status["disruptionsAllowed"] = json!(allowed - 1);
    if !status["disruptedPods"].is_object() {
        status["disruptedPods"] = json!({});
    }
    status["disruptedPods"][meta::name(victim)] = meta::stamp(now);
    set_allowed(&mut status, allowed - 1, meta::count(budget, "/metadata/generation"), &meta::stamp(now));
    Ok(Some((budget, status)))
}

fn refused(cause: &str) -> Status {
    let message = "Cannot evict pod as it would violate the pod's disruption budget.";
    let details = json!({"causes": [{"reason": "DisruptionBudget", "message": cause}]});
    Status::failure(429, "TooManyRequests", message).with_details(details)
}

/// The condition with which an evicted pod goes.
pub(in crate::lab) fn evicted(now: Duration) -> Value {
    json!({"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI",
           "message": "Eviction API: evicting", "lastProbeTime": null, "lastTransitionTime": meta::stamp(now)})
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_795_226_400);

    fn budget(spec: Value) -> Value {
        let mut budget = json!({"metadata": {"name": "b", "namespace": "n", "uid": "u", "generation": 1},
                                "spec": {"selector": {"matchLabels": {"app": "web"}}}});
        budget["spec"].as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
        budget
    }

    fn pod(name: &str, is_ready: bool) -> Value {
        let truth = if is_ready { "True" } else { "False" };
        json!({"metadata": {"name": name, "namespace": "n", "labels": {"app": "web"}},
               "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": truth}]}})
    }

    fn status_of(budget: &Value, pods: &[Value], replicas: i64) -> Value {
        let pods: Vec<&Value> = pods.iter().collect();
        let owner = json!({"spec": {"replicas": replicas}});
        match sync(budget, &pods, &[&owner], NOW).writes.pop() {
            Some(Write::Status(_, status, _)) => status,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_budget_counts_from_what_there_is_or_from_what_is_asked_for() {
        let pods = [pod("a", true), pod("b", true), pod("c", false)];
        for (spec, replicas, expected) in [
            (json!({"minAvailable": 1}), 3, [3, 1, 2, 1]),
            (json!({"minAvailable": "50%"}), 3, [3, 2, 2, 0]),
            (json!({"maxUnavailable": 1}), 3, [3, 2, 2, 0]),
            (json!({"maxUnavailable": 2}), 3, [3, 1, 2, 1]),
            (json!({"maxUnavailable": "25%"}), 4, [4, 3, 2, 0]),
        ] {
            let status = status_of(&budget(spec.clone()), &pods, replicas);
            let counts = ["expectedPods", "desiredHealthy", "currentHealthy", "disruptionsAllowed"];
            assert_eq!(counts.map(|key| status[key].as_i64().unwrap()), expected, "{spec}");
            let reason = if expected[3] > 0 { "SufficientPods" } else { "InsufficientPods" };
            assert_eq!(status["conditions"][0]["reason"], reason);
        }
    }

    #[test]
    fn an_eviction_is_charged_until_nothing_is_left() {
        let mut one = budget(json!({"minAvailable": 1}));
        let victim = pod("a", true);
        let young = charge(std::slice::from_ref(&one), &victim, NOW).unwrap_err();
        assert_eq!(young.code, 429, "its status was never written");
        one["status"] = status_of(&one, &[pod("a", true), pod("b", true)], 2);
        let budgets = [one.clone()];
        let (_, charged) = charge(&budgets, &victim, NOW).unwrap().unwrap();
        assert_eq!(charged["disruptionsAllowed"], 0);
        one["status"] = charged;
        let status = charge(std::slice::from_ref(&one), &pod("b", true), NOW).unwrap_err();
        assert_eq!(
            (status.code, status.message.as_str()),
            (429, "Cannot evict pod as it would violate the pod's disruption budget.")
        );
        assert!(charge(std::slice::from_ref(&one), &pod("c", false), NOW).unwrap().is_none(), "not ready");
        let two = [one.clone(), one];
        assert_eq!(charge(&two, &victim, NOW).unwrap_err().code, 500);
        assert!(charge(&[], &victim, NOW).unwrap().is_none());
    }
}
