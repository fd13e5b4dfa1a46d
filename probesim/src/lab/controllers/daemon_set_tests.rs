//! Which pod comes and which goes, as a table.

use super::*;

#[test]
fn the_pod_of_an_old_template_is_replaced_by_the_strategy() {
    let set = |strategy: Value| {
        json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent", "uid": "u"},
               "spec": {"template": {"metadata": {"labels": {}}}, "updateStrategy": strategy}})
    };
    let pod = |name: &str, hash: &str, ready: bool| {
        json!({"kind": "Pod", "metadata": {"name": name, "labels": {HASH: hash}},
               "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}]}})
    };
    let rolling = |surge: i64, unavailable: i64| json!({"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}});
    let (old, new, young) = (pod("old", "1", true), pod("new", "2", true), pod("young", "2", false));
    let mut going = old.clone();
    going["metadata"]["deletionTimestamp"] = json!("2026-11-21T02:00:00Z");
    let failed = json!({"metadata": {"name": "failed"}, "status": {"phase": "Failed"}});
    for (strategy, pods, creates, deletes) in [
        (rolling(0, 1), vec![], true, vec![]),
        (rolling(0, 1), vec![&old], false, vec!["old"]),
        (rolling(0, 1), vec![&going], false, vec![]),
        (rolling(1, 0), vec![&old], true, vec![]),
        (rolling(1, 0), vec![&old, &young], false, vec![]),
        (rolling(1, 0), vec![&old, &new], false, vec!["old"]),
        (json!({"type": "OnDelete"}), vec![&old], false, vec![]),
        (rolling(0, 1), vec![&failed], false, vec!["failed"]),
    ] {
        let mut plan = Plan::default();
        let is_created =
            manage(&mut plan, &set(strategy.clone()), &pods, "2", (Duration::ZERO, Duration::ZERO));
        let deleted: Vec<&str> = plan
            .writes
            .iter()
            .filter_map(|write| match write {
                Write::Delete(target, _) => Some(target.name.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!((is_created, deleted), (creates, deletes), "{strategy} with {} pods", pods.len());
    }
}

#[test]
fn a_surged_pod_is_not_updated_before_the_old_one_has_gone() {
    let pod = |name: &str, made: &str| json!({"metadata": {"name": name, "creationTimestamp": made}});
    let (old, new) = (pod("z-old", "2026-11-21T02:00:00Z"), pod("a-new", "2026-11-21T02:00:05Z"));
    assert_eq!(oldest(&[&new, &old]).map(meta::name), Some("z-old"));
    let mut gone = old.clone();
    gone["metadata"]["deletionTimestamp"] = json!("2026-11-21T02:00:09Z");
    assert_eq!(oldest(&[&new, &gone]).map(meta::name), Some("z-old"), "it still runs");
    gone["status"]["phase"] = json!("Succeeded");
    assert_eq!(oldest(&[&new, &gone]).map(meta::name), Some("a-new"));
}
