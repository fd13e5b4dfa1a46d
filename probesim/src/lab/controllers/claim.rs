//! The volume binder: a claim that names a storage class is bound at once, one without stays pending.

use serde_json::{Value, json};

use super::meta;
use super::plan::{Plan, Target, Told, Write};

/// Looks at a PersistentVolumeClaim.
pub(super) fn sync(claim: &Value) -> Plan {
    let mut plan = Plan::default();
    if meta::text(claim, "/status/phase") == "Bound" || meta::is_deleting(claim) {
        return plan;
    }
    if !meta::text(claim, "/spec/storageClassName").is_empty() {
        if meta::text(claim, "/spec/volumeName").is_empty() {
            let volume = format!("pvc-{}", meta::uid(claim));
            plan.push(Write::Patch(Target::of(claim), json!({"spec": {"volumeName": volume}})));
        }
        plan.set_status(claim, bound(claim));
    } else if meta::text(claim, "/spec/volumeName").is_empty() {
        let message = "no persistent volumes available for this claim and no storage class is set";
        plan.push(Write::Event(Told::normal("FailedBinding", message)));
    }
    plan
}

/// The status of a bound claim.
pub(super) fn bound(claim: &Value) -> Value {
    json!({"phase": "Bound", "accessModes": claim["spec"]["accessModes"],
           "capacity": claim["spec"]["resources"]["requests"]})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_bound_when_it_names_a_class() {
        let mut claim = json!({"kind": "PersistentVolumeClaim", "metadata": {"name": "data", "uid": "u"},
                               "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "fast",
                                        "resources": {"requests": {"storage": "1Gi"}}},
                               "status": {"phase": "Pending"}});
        let plan = sync(&claim);
        let [Write::Patch(_, volume), Write::Status(_, status, None)] = plan.writes.as_slice() else {
            panic!("{plan:?}")
        };
        assert_eq!(volume["spec"]["volumeName"], "pvc-u");
        assert_eq!((&status["phase"], &status["capacity"]["storage"]), (&json!("Bound"), &json!("1Gi")));
        claim["status"] = status.clone();
        assert_eq!(sync(&claim), Plan::default());
    }

    #[test]
    fn a_claim_without_a_class_stays_pending() {
        let claim = json!({"metadata": {"name": "data"}, "spec": {}, "status": {"phase": "Pending"}});
        assert!(
            matches!(sync(&claim).writes.as_slice(), [Write::Event(told)] if told.reason == "FailedBinding")
        );
    }
}
