//! Deployments, StatefulSets, DaemonSets and ReplicaSets, beyond the shared list.

use super::*;

/// A status that could not be better, of generation 1.
const GOOD: &str = "replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2";

#[test]
fn old_status_is_never_believed_after_a_new_generation() {
    let cases = [
        (Kind::Deployment, "available ready rolled-out available=1"),
        (Kind::StatefulSet, "available ready rolled-out"),
        (Kind::ReplicaSet, "available ready"),
        (Kind::DaemonSet, "available ready rolled-out"),
    ];
    let status = format!(
        "{GOOD}, desiredNumberScheduled: 1, currentNumberScheduled: 1, numberReady: 1, numberAvailable: 1, \
         updatedNumberScheduled: 1, conditions: [{{type: Available, status: 'True'}}]"
    );
    for (kind, conditions) in cases {
        for condition in conditions.split(' ') {
            let verdict = |generation: &str, observed: &str| {
                let object = format!(
                    "{{metadata: {{name: x, generation: {generation}}}, spec: {{replicas: 2}}, \
                     status: {{{observed}{status}}}}}"
                );
                verdict_of(&kind, condition, &yaml(&object), &[])
            };
            let stale = verdict("3", "observedGeneration: 2, ");
            let expected = "generation 3 not observed yet (controller saw 2)";
            assert_eq!(complaint(&stale, "not-yet", &[expected]), None, "{kind} {condition}");
            let unobserved = verdict("1", "");
            let expected = "generation 1 not observed yet (controller saw 0)";
            assert_eq!(complaint(&unobserved, "not-yet", &[expected]), None, "{kind} {condition}");
            // Newer happens after a restore from a backup.
            for observed in ["observedGeneration: 3, ", "observedGeneration: 7, "] {
                assert_eq!(word(&verdict("3", observed)), "met", "{kind} {condition}");
            }
        }
    }
}

#[test]
fn nothing_is_believed_of_an_object_without_status() {
    for kind in [Kind::Deployment, Kind::StatefulSet, Kind::ReplicaSet, Kind::DaemonSet] {
        let check = Check::default_of(&kind).to_string();
        for object in
            ["{metadata: {name: x, generation: 1}}", "{metadata: {name: x}, spec: null, status: null}"]
        {
            let verdict = verdict_of(&kind, &check, &yaml(object), &[]);
            assert_eq!(complaint(&verdict, "not-yet", &["not observed yet"]), None, "{kind}");
        }
    }
}

#[test]
fn what_is_being_deleted_is_not_ready() {
    let object = format!(
        "{{metadata: {{name: x, generation: 1, deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [a/b, c]}}, \
         spec: {{replicas: 2}}, status: {{observedGeneration: 1, {GOOD}, \
         conditions: [{{type: Available, status: 'True'}}]}}}}"
    );
    for kind in [Kind::Deployment, Kind::StatefulSet, Kind::ReplicaSet] {
        for condition in ["available", "ready", "exists", "condition=Available", "deleted"] {
            let verdict = verdict_of(&kind, condition, &yaml(&object), &[]);
            let text = complaint(&verdict, "not-yet", &["being deleted; finalizers a/b, c"]);
            assert_eq!(text, None, "{kind} {condition}");
        }
    }
}

/// `{deployment(SPEC, STATUS)}` of generation 1, observed.
fn object(spec: &str, status: &str) -> String {
    format!(
        "{{metadata: {{name: x, generation: 1}}, spec: {{{spec}}}, status: {{observedGeneration: 1, {status}}}}}"
    )
}

#[test]
fn deployments_follow_their_counters_and_conditions() {
    let available = "conditions: [{type: Available, status: 'True'}]";
    let one = object("", &format!("replicas: 1, readyReplicas: 1, availableReplicas: 1, {available}"));
    let folded = object(
        "replicas: 1",
        "replicas: 1, readyReplicas: 1, availableReplicas: 1, conditions: [{type: available, status: 'true'}]",
    );
    let unavailable = object(
        "replicas: 3",
        "replicas: 3, readyReplicas: 1, availableReplicas: 1, updatedReplicas: 3, \
         conditions: [{type: Available, status: 'False', reason: MinimumReplicasUnavailable}]",
    );
    let zero = object("replicas: 0", available);
    let surge = object(
        "replicas: 2",
        &format!("replicas: 3, updatedReplicas: 3, readyReplicas: 3, availableReplicas: 3, {available}"),
    );
    let window = object(
        "replicas: 1, minReadySeconds: 10",
        "replicas: 1, updatedReplicas: 1, readyReplicas: 1, conditions: [{type: Available, status: 'False'}]",
    );
    let stuck = |paused: &str| {
        object(
            &format!("replicas: 1{paused}"),
            "replicas: 2, updatedReplicas: 1, readyReplicas: 1, availableReplicas: 1, conditions: \
             [{type: Available, status: 'True'}, {type: Progressing, status: 'False', \
             reason: ProgressDeadlineExceeded, message: timed out}]",
        )
    };
    let never_up = object(
        "replicas: 1",
        "replicas: 1, updatedReplicas: 1, conditions: [{type: Available, status: 'False'}, \
         {type: Progressing, status: 'False', reason: ProgressDeadlineExceeded}]",
    );
    let bare = object("replicas: 1", "replicas: 1, readyReplicas: 1, availableReplicas: 1, conditions: null");
    run(
        Kind::Deployment,
        &[
            (&one, "available", "met", &["1/1 available"]),
            (&one, "available=1", "met", &[]),
            (&one, "available=2", "not-yet", &["1/2 available"]),
            (&one, "ready", "met", &["1/1 ready"]),
            (&one, "rolled-out", "not-yet", &["0 of 1 updated", "1 old"]),
            (&one, "condition=Available", "met", &[]),
            (&one, "condition=available=true", "met", &[]),
            (&one, "condition=Available=False", "not-yet", &["Available=True"]),
            (&one, "condition=Progressing=False", "not-yet", &["no Progressing condition", "Available"]),
            (&one, "exists", "met", &[]),
            (&one, "deleted", "not-yet", &["still there"]),
            (&folded, "available", "met", &[]),
            (&unavailable, "available", "not-yet", &["1/3", "1 of 3 pods ready"]),
            (&unavailable, "available=1", "met", &[]),
            (&unavailable, "ready", "not-yet", &["1/3 ready"]),
            (&unavailable, "rolled-out", "not-yet", &["1/3 rolled out"]),
            (&zero, "available", "not-yet", &["scaled to 0"]),
            (&zero, "ready", "not-yet", &["scaled to 0"]),
            (&zero, "available=1", "not-yet", &["scaled to 0"]),
            (&zero, "rolled-out", "met", &[]),
            (&surge, "ready", "met", &[]),
            (&surge, "rolled-out", "not-yet", &["1 pod more than wanted"]),
            (&window, "available", "not-yet", &["minReadySeconds 10"]),
            (&window, "ready", "met", &[]),
            (&stuck(""), "rolled-out", "failed", &["0/1", "ProgressDeadlineExceeded", "timed out"]),
            (&stuck(""), "available", "met", &[]),
            (&stuck(", paused: true"), "rolled-out", "not-yet", &["paused"]),
            (&never_up, "available", "not-yet", &["ProgressDeadlineExceeded"]),
            (&never_up, "ready", "not-yet", &["ProgressDeadlineExceeded"]),
            (&never_up, "rolled-out", "failed", &["ProgressDeadlineExceeded"]),
            (&bare, "available", "not-yet", &["no Available condition"]),
            (&bare, "available=1", "met", &[]),
        ],
    );
}

#[test]
fn a_passed_deadline_of_an_older_generation_fails_nothing() {
    let old = "{metadata: {name: x, generation: 2}, spec: {replicas: 1}, status: {observedGeneration: 1, \
               conditions: [{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded}]}}";
    run(Kind::Deployment, &[(old, "rolled-out", "not-yet", &["generation 2"])]);
}

#[test]
fn statefulsets_follow_their_counters_and_revisions() {
    let done = |spec: &str, revisions: &str| {
        let status = "replicas: 3, readyReplicas: 3, availableReplicas: 3";
        object(&format!("replicas: 3{spec}"), &format!("{status}, {revisions}"))
    };
    let equal = "updatedReplicas: 3, currentRevision: a, updateRevision: a";
    let partition = |partition: i32, updated: i32| {
        done(
            &format!(", updateStrategy: {{type: RollingUpdate, rollingUpdate: {{partition: {partition}}}}}"),
            &format!("updatedReplicas: {updated}, currentRevision: a, updateRevision: b"),
        )
    };
    let on_delete = ", updateStrategy: {type: OnDelete, rollingUpdate: {partition: 2}}";
    let unequal = |updated: i32| format!("updatedReplicas: {updated}, currentRevision: a, updateRevision: b");
    let reverted = "updatedReplicas: 2, currentRevision: a, updateRevision: a";
    let ancient = object("replicas: 1", "replicas: 1, readyReplicas: 1");
    let ancient_window = object("replicas: 1, minReadySeconds: 5", "replicas: 1, readyReplicas: 1");
    let zero = object("replicas: 0", "replicas: 0, availableReplicas: 0");
    let unset = object("", "replicas: 1, readyReplicas: 1, availableReplicas: 1, updatedReplicas: 1");
    run(
        Kind::StatefulSet,
        &[
            (&done("", equal), "available", "met", &["3/3 available"]),
            (&done("", equal), "available=4", "not-yet", &["3/4 available"]),
            (&done("", equal), "ready", "met", &[]),
            (&done("", equal), "rolled-out", "met", &["3/3 rolled out"]),
            (&done(", updateStrategy: {type: RollingUpdate}", equal), "rolled-out", "met", &[]),
            (
                &done(", updateStrategy: {type: RollingUpdate}", &unequal(0)),
                "rolled-out",
                "not-yet",
                &["0/3"],
            ),
            (&done("", reverted), "rolled-out", "not-yet", &["2/3", "1 pod still of an old revision"]),
            (&done("", &unequal(3)), "rolled-out", "not-yet", &["updateRevision b"]),
            (&partition(2, 1), "rolled-out", "met", &[]),
            (&partition(2, 0), "rolled-out", "not-yet", &["0/1 rolled out"]),
            (&partition(3, 0), "rolled-out", "met", &[]),
            (&partition(9, 0), "rolled-out", "met", &[]),
            (&partition(0, 3), "rolled-out", "not-yet", &[]),
            (&done(on_delete, &unequal(3)), "rolled-out", "met", &[]),
            (&done(on_delete, &unequal(1)), "rolled-out", "not-yet", &["OnDelete", "2 pods", "by hand"]),
            (&done(on_delete, &unequal(0)), "ready", "met", &[]),
            (&ancient, "available", "met", &[]),
            (&ancient_window, "available", "not-yet", &["minReadySeconds 5"]),
            (&ancient_window, "ready", "met", &[]),
            (&zero, "available", "not-yet", &["scaled to 0"]),
            (&zero, "ready", "not-yet", &["scaled to 0"]),
            (&zero, "rolled-out", "met", &[]),
            (&unset, "available", "met", &["1/1"]),
        ],
    );
}

#[test]
fn daemonsets_count_the_nodes_that_match() {
    let status = |desired: i32, current: i32, updated: i32, ready: i32, available: i32| {
        format!(
            "desiredNumberScheduled: {desired}, currentNumberScheduled: {current}, \
             updatedNumberScheduled: {updated}, numberReady: {ready}, numberAvailable: {available}"
        )
    };
    let on_delete = "updateStrategy: {type: OnDelete}";
    run(
        Kind::DaemonSet,
        &[
            (&object("", &status(2, 2, 2, 2, 2)), "available", "met", &["2/2 available"]),
            (&object("", &status(2, 2, 2, 2, 2)), "rolled-out", "met", &[]),
            (
                &object("", &status(2, 1, 1, 1, 1)),
                "available",
                "not-yet",
                &["1/2", "1 of 2 nodes have a pod"],
            ),
            (&object("", &status(2, 2, 1, 2, 2)), "available", "met", &[]),
            (
                &object("", &status(2, 2, 1, 2, 2)),
                "rolled-out",
                "not-yet",
                &["1/2 rolled out", "1 of 2 updated"],
            ),
            (&object("", &status(2, 2, 2, 2, 1)), "rolled-out", "not-yet", &["1/2 rolled out"]),
            (
                &object("minReadySeconds: 9", &status(2, 2, 2, 2, 0)),
                "available",
                "not-yet",
                &["minReadySeconds 9"],
            ),
            (&object("minReadySeconds: 9", &status(2, 2, 2, 2, 0)), "ready", "met", &["2/2 ready"]),
            (&object("", &status(0, 0, 0, 0, 0)), "available", "not-yet", &["no node"]),
            (&object("", &status(0, 0, 0, 0, 0)), "ready", "not-yet", &["no node"]),
            (&object("", &status(0, 0, 0, 0, 0)), "rolled-out", "met", &[]),
            (&object(on_delete, &status(2, 2, 0, 2, 2)), "rolled-out", "not-yet", &["OnDelete", "by hand"]),
            (&object(on_delete, &status(2, 2, 2, 2, 2)), "rolled-out", "met", &[]),
        ],
    );
}

#[test]
fn replicasets_ignore_labels_and_empty_equalities() {
    let unlabelled =
        object("replicas: 2", "replicas: 2, fullyLabeledReplicas: 0, readyReplicas: 2, availableReplicas: 2");
    let zero = object("replicas: 0", "replicas: 0");
    run(
        Kind::ReplicaSet,
        &[
            (&unlabelled, "available", "met", &["2/2 available"]),
            (&unlabelled, "ready", "met", &[]),
            (&unlabelled, "available=3", "not-yet", &["2/3"]),
            (&zero, "available", "not-yet", &["scaled to 0"]),
            (&zero, "ready", "not-yet", &["scaled to 0"]),
            (&object("", "replicas: 0"), "available", "not-yet", &["0/1", "no pod created yet"]),
        ],
    );
}
