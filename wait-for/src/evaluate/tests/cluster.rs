//! Kinds whose rule is one look at the status, beyond the shared list.

use super::*;

/// What every one of them has when all is well; each reads its own part.
const GOOD: &str = "observedGeneration: 2, lastSuccessfulTime: '2026-01-01T00:00:00Z', \
    loadBalancer: {ingress: [{ip: 10.0.0.1}]}, currentHealthy: 2, desiredHealthy: 2, disruptionsAllowed: 1, \
    conditions: [{type: Ready, status: 'True'}, {type: AbleToScale, status: 'True'}, \
    {type: ScalingActive, status: 'True'}, {type: Established, status: 'True'}, {type: Available, status: 'True'}]";

/// Every condition of these kinds, with the phase in which it holds.
const CONDITIONS: [(Kind, &str, &str); 14] = [
    (Kind::CronJob, "has-succeeded", ""),
    (Kind::Ingress, "has-address", ""),
    (Kind::PersistentVolumeClaim, "bound", "Bound"),
    (Kind::PersistentVolume, "bound", "Bound"),
    (Kind::PersistentVolume, "available", "Available"),
    (Kind::Node, "ready", ""),
    (Kind::Node, "condition=Ready", ""),
    (Kind::Namespace, "active", "Active"),
    (Kind::HorizontalPodAutoscaler, "active", ""),
    (Kind::PodDisruptionBudget, "healthy", ""),
    (Kind::PodDisruptionBudget, "disruptions-allowed", ""),
    (Kind::CustomResourceDefinition, "established", ""),
    (Kind::CustomResourceDefinition, "condition=Established", ""),
    (Kind::ApiService, "available", ""),
];

fn object(metadata: &str, phase: &str) -> Value {
    yaml(&format!("{{metadata: {{name: x, generation: 2{metadata}}}, status: {{phase: '{phase}', {GOOD}}}}}"))
}

#[test]
fn what_is_well_is_met_and_what_is_on_its_way_out_is_not() {
    for (kind, condition, phase) in CONDITIONS {
        let good = verdict_of(&kind, condition, &object("", phase), &[]);
        assert_eq!(complaint(&good, "met", &[]), None, "{kind} {condition}");
        let leaving = object(", deletionTimestamp: t, finalizers: [a/b]", phase);
        let verdict = verdict_of(&kind, condition, &leaving, &[]);
        let text = complaint(&verdict, "not-yet", &["being deleted; finalizers a/b"]);
        assert_eq!(text, None, "{kind} {condition}");
    }
}

#[test]
fn nothing_is_believed_of_an_object_without_status() {
    for (kind, condition, _) in CONDITIONS {
        for text in
            ["{metadata: {name: x, generation: 1}}", "{metadata: {name: x}, spec: null, status: null}"]
        {
            let verdict = verdict_of(&kind, condition, &yaml(text), &[]);
            let is_right = word(&verdict) == "not-yet" && !verdict.finding().to_string().is_empty();
            assert!(is_right, "{kind} {condition} {text}: {verdict:?}");
        }
    }
}

#[test]
fn scheduled_jobs_and_addresses_are_explained() {
    run(
        Kind::CronJob,
        &[
            ("{spec: {suspend: true}, status: {}}", "has-succeeded", "not-yet", &["suspended"]),
            (
                "{status: {lastScheduleTime: '2026-01-01T00:00:00Z'}}",
                "has-succeeded",
                "not-yet",
                &["2026-01"],
            ),
            ("{status: {}}", "has-succeeded", "not-yet", &["never scheduled"]),
            ("{status: {}}", "exists", "met", &[]),
        ],
    );
    run(
        Kind::Ingress,
        &[
            ("{status: {loadBalancer: {}}}", "has-address", "not-yet", &["some never do"]),
            ("{status: {loadBalancer: {ingress: [{}]}}}", "has-address", "not-yet", &["no address"]),
            ("{status: {loadBalancer: {ingress: [{}, {hostname: x.y}]}}}", "has-address", "met", &["x.y"]),
        ],
    );
}

#[test]
fn a_selection_of_them_is_counted() {
    let claim = |phase: &&str| yaml(&format!("{{metadata: {{name: {phase}}}, status: {{phase: {phase}}}}}"));
    let claims = ["Bound", "Pending"].each_ref().map(claim);
    let verdict = verdict_of_all(Kind::PersistentVolumeClaim, "bound", &claims);
    assert_eq!(complaint(&verdict, "not-yet", &["1/2 bound — Pending: Pending"]), None);
    assert_eq!(word(&verdict_of_all(Kind::PersistentVolumeClaim, "bound", &claims[..1])), "met");
}

#[test]
fn storage_follows_its_phase_and_a_lost_one_is_hopeless() {
    run(
        Kind::PersistentVolumeClaim,
        &[
            ("{status: {phase: Pending}}", "bound", "not-yet", &["Pending", "first consumer"]),
            ("{status: {phase: Lost}}", "bound", "failed", &["Lost", "its volume is gone"]),
            (
                "{metadata: {deletionTimestamp: t}, status: {phase: Lost}}",
                "bound",
                "not-yet",
                &["being deleted"],
            ),
            ("{status: {phase: Lost}}", "exists", "met", &[]),
            ("{status: {}}", "bound", "not-yet", &["no phase", "not Bound yet"]),
        ],
    );
    run(
        Kind::PersistentVolume,
        &[
            ("{status: {phase: Pending}}", "available", "not-yet", &["not Available yet"]),
            ("{status: {phase: Bound}}", "available", "not-yet", &["claimed already"]),
            ("{status: {phase: Released}}", "available", "not-yet", &["spec.claimRef"]),
            ("{status: {phase: Failed, message: no space}}", "available", "failed", &["Failed", "no space"]),
            ("{status: {phase: Failed, reason: Recycler}}", "bound", "failed", &["Recycler"]),
            ("{status: {phase: Available}}", "bound", "not-yet", &["no claim"]),
            ("{status: {phase: Failed}}", "bound", "failed", &["reclamation"]),
        ],
    );
}

#[test]
fn nodes_and_namespaces_say_what_is_wrong() {
    run(
        Kind::Node,
        &[
            (
                "{status: {conditions: [{type: Ready, status: Unknown, reason: NodeStatusUnknown}]}}",
                "ready",
                "not-yet",
                &["not ready", "NodeStatusUnknown"],
            ),
            (
                "{status: {conditions: [{type: Ready, status: 'False'}]}}",
                "ready",
                "not-yet",
                &["Ready=False"],
            ),
            (
                "{spec: {unschedulable: true}, status: {conditions: [{type: Ready, status: 'True'}]}}",
                "ready",
                "met",
                &[],
            ),
        ],
    );
    run(Kind::Namespace, &[("{status: {phase: Terminating}}", "active", "not-yet", &["Terminating"])]);
}

#[test]
fn autoscalers_need_both_conditions_and_an_observed_generation() {
    run(
        Kind::HorizontalPodAutoscaler,
        &[
            (
                "{status: {conditions: [{type: AbleToScale, status: 'True'}, {type: ScalingActive, status: 'False', \
                 reason: ScalingDisabled, message: scaling is disabled since the replica count of the target is zero}]}}",
                "active",
                "not-yet",
                &["ScalingDisabled"],
            ),
            (
                "{status: {conditions: [{type: AbleToScale, status: 'True'}]}}",
                "active",
                "not-yet",
                &["no ScalingActive"],
            ),
            (
                "{metadata: {generation: 2}, status: {observedGeneration: 1, conditions: [{type: AbleToScale, \
                 status: 'True'}, {type: ScalingActive, status: 'True'}]}}",
                "active",
                "not-yet",
                &["generation 2 not observed"],
            ),
        ],
    );
}

#[test]
fn budgets_count_and_are_never_believed_before_they_are_observed() {
    run(
        Kind::PodDisruptionBudget,
        &[
            (
                "{metadata: {generation: 1}, status: {observedGeneration: 1, currentHealthy: 1, desiredHealthy: 2}}",
                "healthy",
                "not-yet",
                &["1/2 healthy"],
            ),
            (
                "{metadata: {generation: 1}, status: {observedGeneration: 1, currentHealthy: 2, desiredHealthy: 2}}",
                "disruptions-allowed",
                "not-yet",
                &["0 disruptions allowed", "2/2 healthy"],
            ),
            (
                "{metadata: {generation: 2}, status: {observedGeneration: 1, currentHealthy: 2, desiredHealthy: 2, \
                 disruptionsAllowed: 1}}",
                "healthy",
                "not-yet",
                &["generation 2 not observed"],
            ),
            (
                "{metadata: {generation: 1}, status: {currentHealthy: 2, disruptionsAllowed: 1}}",
                "disruptions-allowed",
                "not-yet",
                &["controller saw 0"],
            ),
        ],
    );
}

#[test]
fn definitions_fail_on_names_that_are_taken_only_while_not_established() {
    let conflict = |metadata: &str, observed: &str| {
        format!(
            "{{metadata: {{{metadata}}}, status: {{conditions: [{{type: NamesAccepted, status: 'False', \
             reason: PluralConflict{observed}}}, {{type: Established, status: 'False', reason: NotAccepted}}]}}}}"
        )
    };
    run(
        Kind::CustomResourceDefinition,
        &[
            (&conflict("", ""), "established", "failed", &["PluralConflict"]),
            (&conflict("", ""), "condition=established", "failed", &["PluralConflict"]),
            (&conflict("generation: 2", ", observedGeneration: 1"), "established", "not-yet", &[]),
            (&conflict("deletionTimestamp: t", ""), "established", "not-yet", &["being deleted"]),
            (&conflict("", ""), "condition=NamesAccepted", "not-yet", &["PluralConflict"]),
            (
                "{status: {conditions: [{type: NamesAccepted, status: 'True'}, {type: Established, status: 'False', \
                 reason: InvalidCABundle}]}}",
                "established",
                "not-yet",
                &["InvalidCABundle"],
            ),
            ("{status: {}}", "established", "not-yet", &["no Established condition yet"]),
        ],
    );
}

#[test]
fn replication_controllers_are_replica_sets_of_old() {
    run(
        Kind::ReplicationController,
        &[
            (
                "{metadata: {generation: 1}, spec: {replicas: 2}, status: {observedGeneration: 1, replicas: 2, \
                 readyReplicas: 2, availableReplicas: 1}}",
                "available",
                "not-yet",
                &["1/2 available"],
            ),
            (
                "{metadata: {generation: 1}, spec: {replicas: 2}, status: {observedGeneration: 1, replicas: 2, \
                 readyReplicas: 2, availableReplicas: 1}}",
                "ready",
                "met",
                &[],
            ),
            (
                "{metadata: {generation: 1}, status: {observedGeneration: 1, availableReplicas: 1}}",
                "available=1",
                "met",
                &[],
            ),
        ],
    );
}
