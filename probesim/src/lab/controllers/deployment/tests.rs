//! Sizes, as tables.

use super::*;

fn set(name: &str, replicas: i64, max: i64, template: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
           "metadata": {"name": name, "uid": name, "creationTimestamp": name, "annotations": {
               "deployment.kubernetes.io/desired-replicas": max.to_string(),
               "deployment.kubernetes.io/max-replicas": max.to_string()}},
           "spec": {"replicas": replicas, "template": template},
           "status": {"replicas": replicas, "readyReplicas": replicas, "availableReplicas": replicas}})
}

fn deployment(replicas: i64, surge: i64, unavailable: i64) -> Value {
    json!({"kind": "Deployment", "metadata": {"name": "web", "generation": 1}, "spec": {
        "replicas": replicas, "template": "new",
        "strategy": {"rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}}})
}

/// The sizes that a plan gives to ReplicaSets, by name.
fn sizes(plan: &Plan) -> Vec<(String, i64)> {
    let patches = plan.writes.iter().filter_map(|write| match write {
        Write::Patch(target, change) => Some((target.name.clone(), change["spec"]["replicas"].as_i64()?)),
        _ => None,
    });
    patches.collect()
}

#[test]
fn a_scaled_deployment_keeps_the_shares_of_its_replica_sets() {
    for (replicas, surge, old, new, expected) in [
        // 10 of 13 and 3 of 13 become shares of 18, the remainder going to the larger one.
        (15, 3, 10, 3, vec![("1", 14), ("2", 4)]),
        (5, 0, 5, 5, vec![("1", 2), ("2", 3)]),
        (0, 0, 5, 5, vec![("1", 0), ("2", 0)]),
    ] {
        let (old, new) = (set("1", old, old + new, "old"), set("2", new, old + new, "new"));
        let plan = sync(&deployment(replicas, surge, 0), &[&old, &new], &[], Duration::ZERO);
        let expected: Vec<_> = expected.into_iter().map(|(name, size)| (name.to_owned(), size)).collect();
        assert_eq!(sizes(&plan), expected, "{replicas} replicas");
    }
}

#[test]
fn a_rollout_stays_within_its_fenceposts() {
    // Wanted, surge, unavailable, pods of the old and the new ReplicaSet, available ones of the new → what changes.
    for (wanted, surge, unavailable, old, new, available, expected) in [
        (4, 1, 0, 4, 0, 0, vec![("2", 1)]),
        (4, 1, 0, 4, 1, 0, vec![]),
        (4, 1, 0, 4, 1, 1, vec![("1", 3)]),
        (4, 0, 1, 4, 0, 0, vec![("1", 3)]),
        (4, 0, 1, 3, 0, 0, vec![("2", 1)]),
        (4, 4, 4, 4, 0, 0, vec![("2", 4)]),
        (4, 4, 4, 4, 4, 0, vec![("1", 0)]),
    ] {
        let (old, mut new) = (set("1", old, wanted, "old"), set("2", new, wanted, "new"));
        new["status"]["availableReplicas"] = json!(available);
        let plan = sync(&deployment(wanted, surge, unavailable), &[&old, &new], &[], Duration::ZERO);
        // A later look repairs the note of what a ReplicaSet was sized for.
        let expected: Vec<_> = expected.into_iter().map(|(name, size)| (name.to_owned(), size)).collect();
        assert_eq!(sizes(&plan), expected, "{wanted} +{surge} -{unavailable}");
    }
}
