//! Selections: many objects, one verdict.

use super::*;

fn pods(texts: &[&str]) -> Vec<Value> {
    texts
        .iter()
        .enumerate()
        .map(|(index, text)| yaml(&text.replace("NAME", &format!("web-{index}"))))
        .collect()
}

const READY: &str =
    "{metadata: {name: NAME}, status: {phase: Running, conditions: [{type: Ready, status: 'True'}]}}";
const UNREADY: &str =
    "{metadata: {name: NAME}, status: {phase: Running, containerStatuses: [{name: web, started: true}]}}";
const ENDED: &str = "{metadata: {name: NAME}, status: {phase: Succeeded}}";
const FAILED: &str = "{metadata: {name: NAME}, status: {phase: Failed, reason: Evicted}}";
const LEAVING: &str = "{metadata: {name: NAME, deletionTimestamp: t}, status: {phase: Running, \
                       conditions: [{type: Ready, status: 'True'}]}}";
const INVALID: &str = "{metadata: {name: NAME}, status: {phase: Pending, \
                       containerStatuses: [{name: web, state: {waiting: {reason: InvalidImageName}}}]}}";

#[test]
fn all_pods_that_remain_must_be_ready_and_one_must_remain() {
    let cases: &[(&[&str], &str, &str, &[&str])] = &[
        (&[], "ready", "not-yet", &["0/0 ready", "nothing matches"]),
        (&[READY], "ready", "met", &["1/1 ready"]),
        (&[READY, UNREADY], "ready", "not-yet", &["1/2 ready", "web-1: container web running, not ready"]),
        (&[UNREADY, UNREADY, UNREADY], "ready", "not-yet", &["0/3 ready", "web-0", "(+2 more)"]),
        (&[READY, ENDED, FAILED, LEAVING], "ready", "met", &["1/1 ready"]),
        (&[ENDED, FAILED, LEAVING], "ready", "not-yet", &["3 matched and ignored"]),
        (&[READY, ENDED], "condition=Ready", "met", &[]),
        (&[READY, LEAVING], "running", "met", &[]),
        (&[LEAVING], "exists", "not-yet", &["ignored"]),
        (&[LEAVING, READY], "exists", "met", &["1/1 exist"]),
        (&[ENDED, ENDED], "succeeded", "met", &["2/2 succeeded"]),
        (&[ENDED, FAILED], "succeeded", "not-yet", &["1/2 succeeded", "web-1: phase Failed"]),
        (&[ENDED, FAILED], "finished", "met", &[]),
        (&[FAILED, FAILED], "succeeded", "failed", &["0/2", "Evicted"]),
    ];
    for (texts, condition, expected, fragments) in cases {
        let verdict = verdict_of_all(Kind::Pod, condition, &pods(texts));
        assert_eq!(complaint(&verdict, expected, fragments), None, "{condition} {texts:?}");
    }
}

#[test]
fn ready_with_a_number_needs_so_many_pods_and_no_more() {
    let cases: &[(&[&str], &str, &str, &[&str])] = &[
        (&[READY, READY, UNREADY], "ready=2", "met", &["2/2 ready"]),
        (&[READY, UNREADY], "ready=2", "not-yet", &["1/2 ready", "web-1"]),
        (&[READY], "ready=2", "not-yet", &["1/2 ready", "only 1 selected"]),
        (&[READY, FAILED], "ready=2", "not-yet", &["1/2 ready"]),
    ];
    for (texts, condition, expected, fragments) in cases {
        let verdict = verdict_of_all(Kind::Pod, condition, &pods(texts));
        assert_eq!(complaint(&verdict, expected, fragments), None, "{condition} {texts:?}");
    }
}

#[test]
fn pods_are_hopeless_together_only() {
    assert_eq!(word(&verdict_of_all(Kind::Pod, "ready", &pods(&[INVALID, INVALID]))), "failed");
    assert_eq!(word(&verdict_of_all(Kind::Pod, "ready", &pods(&[INVALID, UNREADY]))), "not-yet");
    assert_eq!(word(&verdict_of_all(Kind::Pod, "ready", &pods(&[INVALID, READY]))), "not-yet");
    assert_eq!(word(&verdict_of_all(Kind::Pod, "ready=1", &pods(&[INVALID, READY]))), "met");
}

#[test]
fn one_hopeless_object_of_another_kind_is_enough() {
    let job = |r#type: &str| {
        yaml(&format!(
            "{{metadata: {{name: j-{type}}}, status: {{conditions: [{{type: {type}, status: 'True'}}]}}}}"
        ))
    };
    let verdict = verdict_of_all(Kind::Job, "complete", &[job("Complete"), job("Failed")]);
    assert_eq!(complaint(&verdict, "failed", &["1/2 meet complete", "j-Failed: failed"]), None);
    let verdict = verdict_of_all(Kind::Job, "complete", &[job("Complete"), job("Complete")]);
    assert_eq!(word(&verdict), "met");
}

#[test]
fn a_selection_is_deleted_when_nothing_is_left() {
    assert_eq!(word(&verdict_of_all(Kind::Pod, "deleted", &[])), "met");
    let verdict = verdict_of_all(Kind::Pod, "deleted", &pods(&[LEAVING, READY]));
    assert_eq!(complaint(&verdict, "not-yet", &["2 still there", "web-0: being deleted"]), None);
}

#[test]
fn a_selection_with_a_service_that_cannot_be_asked_is_a_mistake() {
    let external = yaml("{metadata: {name: rds}, spec: {type: ExternalName}}");
    let verdict = verdict_of_all(Kind::Service, "has-endpoints", &[external]);
    assert_eq!(complaint(&verdict, "misused", &["rds", "ExternalName"]), None);
}
