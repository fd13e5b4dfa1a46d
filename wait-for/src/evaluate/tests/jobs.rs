//! Jobs, beyond the shared list.

use super::*;

#[test]
fn jobs_follow_their_conditions_only() {
    let job = |spec: &str, status: &str| {
        format!("{{metadata: {{name: j}}, spec: {{{spec}}}, status: {{{status}}}}}")
    };
    let holds = |types: &str| {
        let conditions: Vec<String> = types
            .split(' ')
            .map(|r#type| format!("{{type: {type}, status: 'True', reason: Because}}"))
            .collect();
        job("completions: 1", &format!("startTime: t, conditions: [{}]", conditions.join(", ")))
    };
    let deleting = "{metadata: {name: j, deletionTimestamp: t}, spec: {}, status: {startTime: t, active: 1}}";
    let failed_deleting = "{metadata: {name: j, deletionTimestamp: t}, spec: {}, \
                           status: {startTime: t, conditions: [{type: Failed, status: 'True'}]}}";
    let lower = job("", "conditions: [{type: complete, status: 'true'}]");
    run(
        Kind::Job,
        &[
            (&holds("SuccessCriteriaMet"), "complete", "not-yet", &["SuccessCriteriaMet", "still ending"]),
            (&holds("SuccessCriteriaMet"), "succeeded", "met", &[]),
            (&holds("SuccessCriteriaMet"), "failed", "failed", &["Because"]),
            (&holds("SuccessCriteriaMet"), "finished", "not-yet", &["SuccessCriteriaMet"]),
            (&holds("SuccessCriteriaMet Complete"), "complete", "met", &[]),
            (&holds("SuccessCriteriaMet Complete"), "finished", "met", &["complete"]),
            (&holds("SuccessCriteriaMet Complete"), "condition=Complete", "met", &[]),
            (&holds("FailureTarget"), "succeeded", "failed", &["Because"]),
            (&holds("FailureTarget"), "failed", "not-yet", &["FailureTarget"]),
            (&holds("FailureTarget"), "finished", "not-yet", &["FailureTarget"]),
            (&holds("FailureTarget Failed"), "failed", "met", &[]),
            (&holds("FailureTarget Failed"), "finished", "met", &["failed"]),
            (&holds("FailureTarget Failed"), "complete", "failed", &["Because"]),
            (&holds("Failed"), "condition=complete", "failed", &["Because"]),
            (&holds("Failed"), "condition=Failed=True", "met", &[]),
            (&holds("Failed"), "condition=Complete=False", "not-yet", &["no Complete condition"]),
            (&holds("Failed"), "started", "met", &[]),
            (&lower, "complete", "met", &[]),
            (&job("", ""), "complete", "not-yet", &["not started"]),
            (&job("", ""), "started", "not-yet", &["not started"]),
            (&job("", "startTime: t, active: 0"), "started", "not-yet", &[]),
            (&job("", "startTime: t, active: 1"), "started", "met", &[]),
            (&job("suspend: true", ""), "complete", "not-yet", &["spec.suspend=true"]),
            (&job("suspend: true", ""), "started", "not-yet", &["spec.suspend=true"]),
            (
                &job("completions: 3, backoffLimit: 6", "startTime: t, active: 1, succeeded: 3, failed: 9"),
                "complete",
                "not-yet",
                &["3/3", "9 failed (backoffLimit 6)"],
            ),
            (
                &job("completions: null", "startTime: t, active: 0, succeeded: 4"),
                "complete",
                "not-yet",
                &["not complete"],
            ),
            (&job("", "conditions: [{type: Complete, status: 'False'}]"), "complete", "not-yet", &[]),
            (deleting, "complete", "not-yet", &["being deleted"]),
            (deleting, "started", "not-yet", &["being deleted"]),
            (deleting, "finished", "not-yet", &["being deleted"]),
            (failed_deleting, "failed", "met", &[]),
            (failed_deleting, "complete", "failed", &["failed"]),
            ("null", "complete", "not-yet", &["not found", "TTL"]),
            ("null", "exists", "not-yet", &["not found"]),
            ("null", "deleted", "met", &[]),
        ],
    );
}
