//! The garbage collector: objects whose last owner is gone are deleted in the background.

use serde_json::Value;

use super::job;
use super::meta;
use super::plan::{Plan, Target, Write};

/// Looks at an object; `exists` says whether an owner reference still leads to an object of that uid.
pub(super) fn sync(object: &Value, exists: impl Fn(&Value) -> bool) -> Plan {
    let mut plan = Plan::default();
    let mut owners = meta::owners(object).peekable();
    if owners.peek().is_none() || owners.any(exists) {
        return plan;
    }
    if job::is_tracked(object) {
        // Nobody is left to count it.
        plan.push(job::untrack(object));
    }
    if !meta::is_deleting(object) {
        plan.push(Write::Delete(Target::of(object), None));
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_goes_with_its_last_owner() {
        let object = |owners: &[&str]| {
            let owners: Vec<Value> = owners.iter().map(|uid| json!({"uid": uid})).collect();
            json!({"kind": "Pod", "metadata": {"name": "p", "ownerReferences": owners}})
        };
        let lives = |owner: &Value| owner["uid"] == "alive";
        for (owners, goes) in
            [(&[][..], false), (&["alive"], false), (&["gone", "alive"], false), (&["gone"], true)]
        {
            let plan = sync(&object(owners), lives);
            assert_eq!(matches!(plan.writes.as_slice(), [Write::Delete(..)]), goes, "{owners:?}");
        }
    }

    #[test]
    fn a_pod_that_nobody_will_count_is_let_go() {
        let pod = json!({"metadata": {"name": "p", "finalizers": [job::TRACKING, "mine"],
                                      "ownerReferences": [{"uid": "gone"}]}});
        let plan = sync(&pod, |_| false);
        let [Write::Patch(_, change), Write::Delete(..)] = plan.writes.as_slice() else { panic!("{plan:?}") };
        assert_eq!(change["metadata"]["finalizers"], json!(["mine"]));
    }
}
