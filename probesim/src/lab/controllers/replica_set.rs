//! The ReplicaSet controller: as many active pods as asked for, and their count.
//!
//! Rules: `pkg/controller/replicaset/replica_set.go` and `replica_set_utils.go`.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::meta;
use super::plan::{Plan, Target, Told, Write};
use super::pod;

/// So many pods are made at one look, so that others are heard in between (`BurstReplicas` is 500); the change that
/// they are causes the next.
const BURST: usize = 100;

/// Looks at a ReplicaSet and the pods that it controls.
pub(super) fn sync(set: &Value, pods: &[&Value], now: Duration) -> Plan {
    let mut plan = Plan::default();
    let selected = pods.iter().copied().filter(|pod| meta::selects(&set["spec"]["selector"], pod));
    let (active, others): (Vec<_>, Vec<_>) = selected.partition(|pod| pod::is_active(pod));
    if !meta::is_deleting(set) {
        manage(&mut plan, set, &active);
    }
    let terminating = others.into_iter().filter(|pod| pod::is_terminating(pod)).count();
    // The status tells of the pods as they were before this look, as the real controller's cache has them.
    plan.set_status(set, status(set, &active, terminating, now));
    plan.look_again(pod::next_available(active, min_ready(set), now));
    plan
}

fn manage(plan: &mut Plan, set: &Value, active: &[&Value]) {
    let wanted = usize::try_from(meta::replicas(set)).unwrap_or(0);
    let fault = fault(set);
    if let Some(fault) = &fault
        && meta::count(set, "/status/observedGeneration") < meta::count(set, "/metadata/generation")
    {
        plan.push(Write::Event(Told::warning("FailedCreate", format!("Error creating: {fault}"))));
    }
    let missing = if fault.is_some() { 0 } else { wanted.saturating_sub(active.len()).min(BURST) };
    for _ in 0..missing {
        let pod = pod::from_template(set, &set["spec"]["template"]);
        plan.push(Write::Create(pod, Told::created_pod()));
    }
    let mut ranked = active.to_vec();
    ranked.sort_by_cached_key(|pod| pod::deletion_rank(pod));
    for pod in ranked.into_iter().take(active.len().saturating_sub(wanted)) {
        plan.push(Write::Delete(Target::of(pod), Told::deleted_pod()));
    }
}

/// Why this set would make pods without end; an API server refuses such a set.
fn fault(set: &Value) -> Option<String> {
    let template = &set["spec"]["template"];
    if !meta::selects(&set["spec"]["selector"], template) {
        return Some("spec.template.metadata.labels: `selector` does not match template `labels`".to_owned());
    }
    match template["spec"]["restartPolicy"].as_str() {
        None | Some("Always") => None,
        Some(other) => Some(format!(
            "spec.template.spec.restartPolicy: Unsupported value: \"{other}\": supported values: \"Always\""
        )),
    }
}

/// `calculateStatus`
fn status(set: &Value, active: &[&Value], terminating: usize, now: Duration) -> Value {
    let template_labels = &set["spec"]["template"]["metadata"]["labels"];
    let min_ready = min_ready(set);
    let count = |test: &dyn Fn(&Value) -> bool| -> i64 {
        active.iter().filter(|pod| test(pod)).count().try_into().unwrap_or(i64::MAX)
    };
    let mut status = Map::new();
    status.insert("replicas".to_owned(), json!(active.len()));
    let labelled = count(&|pod| meta::has_labels(template_labels, &pod["metadata"]["labels"]));
    meta::set_count(&mut status, "fullyLabeledReplicas", labelled);
    meta::set_count(&mut status, "readyReplicas", count(&pod::is_ready));
    meta::set_count(&mut status, "availableReplicas", count(&|pod| pod::is_available(pod, min_ready, now)));
    status.insert("terminatingReplicas".to_owned(), json!(terminating));
    meta::set_count(&mut status, "observedGeneration", meta::count(set, "/metadata/generation"));
    Value::Object(status)
}

fn min_ready(set: &Value) -> Duration {
    meta::seconds(set, "/spec/minReadySeconds").unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(replicas: i64) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
               "metadata": {"name": "web", "namespace": "n", "uid": "u", "generation": 1},
               "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}},
                        "template": {"metadata": {"labels": {"app": "web"}}, "spec": {}}}})
    }

    fn pod(name: &str, phase: &str, ready: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "Pod",
               "metadata": {"name": name, "namespace": "n", "labels": {"app": "web"}},
               "spec": {"nodeName": "lab"},
               "status": {"phase": phase, "conditions": [
                   {"type": "Ready", "status": ready, "lastTransitionTime": "2026-11-21T02:00:00Z"}]}})
    }

    fn ten_seconds_later() -> Duration {
        Duration::from_secs(crate::lab::timestamp::parse("2026-11-21T02:00:10Z").unwrap())
    }

    fn summary(plan: &Plan) -> (usize, Vec<&str>) {
        let created = plan.writes.iter().filter(|write| matches!(write, Write::Create(..))).count();
        let deleted = plan.writes.iter().filter_map(|write| match write {
            Write::Delete(target, _) => Some(target.name.as_str()),
            _ => None,
        });
        (created, deleted.collect())
    }

    #[test]
    fn missing_and_failed_pods_are_replaced_and_spare_ones_go() {
        let (a, b) = (pod("a", "Running", "True"), pod("b", "Pending", "False"));
        let failed = pod("f", "Failed", "False");
        let mut released = pod("r", "Running", "True");
        released["metadata"]["labels"] = json!({"app": "debug"});
        for (replicas, pods, created, deleted) in [
            (2, vec![], 2, vec![]),
            (2, vec![&a, &b], 0, vec![]),
            (2, vec![&a, &failed], 1, vec![]),
            (2, vec![&a, &released], 1, vec![]),
            (1, vec![&a, &b], 0, vec!["b"]),
            (0, vec![&a, &b], 0, vec!["b", "a"]),
            (100_000, vec![], BURST, vec![]),
        ] {
            let plan = sync(&set(replicas), &pods, ten_seconds_later());
            assert_eq!(summary(&plan), (created, deleted), "{replicas} wanted of {}", pods.len());
        }
    }

    #[test]
    fn a_set_that_would_never_have_enough_pods_makes_none() {
        let (mut stray, mut once) = (set(2), set(2));
        stray["spec"]["selector"]["matchLabels"]["app"] = json!("other");
        once["spec"]["template"]["spec"]["restartPolicy"] = json!("Never");
        for set in [stray, once] {
            let plan = sync(&set, &[], ten_seconds_later());
            assert_eq!(summary(&plan), (0, vec![]));
            assert!(matches!(&plan.writes[0], Write::Event(told) if told.reason == "FailedCreate"));
        }
    }

    #[test]
    fn the_status_counts_the_pods_that_are_there() {
        let (ready, pending) = (pod("a", "Running", "True"), pod("b", "Pending", "False"));
        let mut going = pod("c", "Running", "True");
        going["metadata"]["deletionTimestamp"] = json!("2026-11-21T02:00:09Z");
        let plan = sync(&set(2), &[&ready, &pending, &going], ten_seconds_later());
        let Write::Status(_, status, None) = &plan.writes[0] else { panic!("{plan:?}") };
        assert_eq!(
            *status,
            json!({"replicas": 2, "fullyLabeledReplicas": 2, "readyReplicas": 1, "availableReplicas": 1,
                   "terminatingReplicas": 1, "observedGeneration": 1})
        );
        let mut settled = set(2);
        settled["status"] = status.clone();
        assert_eq!(sync(&settled, &[&ready, &pending, &going], ten_seconds_later()), Plan::default());
    }

    #[test]
    fn a_ready_pod_is_not_available_before_its_time() {
        let mut set = set(1);
        set["spec"]["minReadySeconds"] = json!(15);
        let plan = sync(&set, &[&pod("a", "Running", "True")], ten_seconds_later());
        let Write::Status(_, status, None) = &plan.writes[0] else { panic!("{plan:?}") };
        assert_eq!((&status["readyReplicas"], status.get("availableReplicas")), (&json!(1), None));
        assert_eq!(plan.again, Some(ten_seconds_later() + Duration::from_secs(5)));
    }
}
