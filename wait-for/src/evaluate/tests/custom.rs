//! Custom resources, step by step.

use super::*;

fn kind() -> Kind {
    "widget.example.com".parse().unwrap()
}

/// A status of these conditions, with what else stands in it.
fn object(generation: &str, rest: &str, conditions: &[(&str, &str, &str)]) -> String {
    let conditions: Vec<String> = conditions
        .iter()
        .map(|(r#type, status, more)| format!("{{type: {type}, status: '{status}'{more}}}"))
        .collect();
    format!(
        "{{metadata: {{name: w, {generation}}}, status: {{{rest}conditions: [{}]}}}}",
        conditions.join(", ")
    )
}

#[test]
fn each_step_wins_over_those_after_it() {
    let ready = ("Ready", "True", "");
    let stalled = ("Stalled", "True", ", reason: InvalidPath");
    let reconciling = ("Reconciling", "True", ", reason: Progressing");
    let cases: &[Case<'_>] = &[
        (&object("deletionTimestamp: t", "", &[ready, stalled]), "ready", "not-yet", &["being deleted"]),
        (
            &object("generation: 3", "observedGeneration: 2, ", &[ready, stalled]),
            "ready",
            "not-yet",
            &["generation 3 not observed yet (controller saw 2)"],
        ),
        (&object("generation: 1", "observedGeneration: -1, ", &[ready]), "ready", "not-yet", &["saw -1"]),
        (&object("", "", &[ready, stalled, reconciling]), "ready", "not-yet", &["not ready", "Progressing"]),
        (&object("", "", &[ready, stalled]), "ready", "failed", &["stalled", "InvalidPath"]),
        (&object("", "", &[ready, ("Stalled", "False", "")]), "ready", "met", &["ready"]),
        (&object("", "", &[ready, ("Reconciling", "False", "")]), "ready", "met", &[]),
        (&object("", "", &[("ready", "true", "")]), "ready", "met", &[]),
        (
            &object("", "", &[("Ready", "False", ", reason: Broken, message: no disk")]),
            "ready",
            "not-yet",
            &["not ready — Broken: no disk"],
        ),
        (&object("", "", &[("Ready", "Unknown", "")]), "ready", "not-yet", &["Ready=Unknown"]),
    ];
    run(kind(), cases);
}

#[test]
fn a_stall_of_an_older_generation_is_not_believed() {
    let stalled = object("generation: 4", "", &[("Stalled", "True", ", observedGeneration: 3")]);
    run(kind(), &[(&stalled, "ready", "not-yet", &["generation 4 not observed yet (controller saw 3)"])]);
}

#[test]
fn silence_is_not_readiness_and_what_else_is_said_is_a_hint() {
    run(
        kind(),
        &[
            ("{metadata: {name: w}}", "ready", "not-yet", &["no Ready condition — use condition="]),
            (
                "{status: {phase: Running}}",
                "ready",
                "not-yet",
                &["no Ready condition — status.phase is Running"],
            ),
            ("{status: {state: ok, health: green}}", "ready", "not-yet", &["state is ok", "health is green"]),
            (&object("", "", &[("Synced", "True", "")]), "ready", "not-yet", &["its conditions are Synced"]),
        ],
    );
}

#[test]
fn a_status_of_any_shape_can_be_read() {
    for status in [
        "ready",
        "[a]",
        "{conditions: {Ready: 'True'}}",
        "{conditions: [Ready]}",
        "{conditions: [{type: Ready, status: true}]}",
        "{phase: {name: x}, observedGeneration: new, conditions: null}",
    ] {
        let object = format!("{{metadata: {{name: w, generation: 1}}, spec: [1], status: {status}}}");
        run(
            kind(),
            &[(&object, "ready", "not-yet", &["no Ready condition"]), (&object, "exists", "met", &[])],
        );
        run(kind(), &[(&object, "condition=Ready", "not-yet", &["no Ready condition"])]);
    }
}

#[test]
fn a_kind_that_is_not_served_has_nothing_that_could_be_there() {
    use crate::evaluate::not_served;
    let verdict = not_served(&Check::Exists, None);
    assert_eq!(complaint(&verdict, "not-yet", &["kind not served yet (CRD not installed?)"]), None);
    let verdict = not_served(&Check::Exists, Some("widgets.example.com"));
    assert_eq!(complaint(&verdict, "not-yet", &["did you mean \"widgets.example.com\"?"]), None);
    assert_eq!(word(&not_served(&Check::Deleted, None)), "met");
}
