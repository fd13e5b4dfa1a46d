//! What programs read.

use serde_json::Value;

use super::*;
use crate::lab::happening::Fact;
use crate::lab::report::{expect, json};

fn objects(happenings: &[Happening]) -> Vec<Value> {
    let mut story = Story::new(false);
    let line = |happening: &Happening| {
        story.learn(happening);
        serde_json::from_str(&json::line(&story, happening)).expect("JSON")
    };
    happenings.iter().map(line).collect()
}

fn first<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    objects.iter().find(|object| object["type"] == kind).expect(kind)
}

#[test]
fn every_happening_is_an_object_with_stable_names() {
    let mut happenings = minute();
    let at = Duration::from_micros(59_000_600);
    let line = "deployment/web 1/2 available".into();
    happenings.push(Happening { at, fact: Fact::Object { line } });
    let objects = objects(&happenings);
    assert_eq!(objects.len(), happenings.len());
    let expected = [
        json!({"time": 0.0, "type": "podAdded", "namespace": "shop", "pod": "web-0", "workload": "statefulset/web",
            "containers": [{"name": "gate", "role": "init", "runs": "simulator"},
                           {"name": "app", "role": "regular", "runs": "simulator"}]}),
        json!({"time": 0.1, "type": "started", "namespace": "shop", "pod": "web-0", "container": "gate",
            "restartCount": 0}),
        json!({"time": 2.6, "type": "exited", "namespace": "shop", "pod": "web-0", "container": "gate", "exitCode": 0}),
        json!({"time": 1.102, "type": "probe", "namespace": "shop", "pod": "db-0", "container": "app",
            "probe": "readinessProbe", "attempt": 1, "outcome": "success", "output": "", "took": 0.002,
            "inARow": 1, "threshold": 1}),
        json!({"time": 41.0, "type": "stopping", "namespace": "shop", "pod": "web-0", "container": "app",
            "cause": "livenessProbe", "gracePeriodSeconds": 30.0}),
        json!({"time": 8.2, "type": "backOff", "namespace": "shop", "pod": "crash", "container": "app", "delay": 10.0}),
        json!({"time": 41.4, "type": "podGone", "namespace": "shop", "pod": "db-0"}),
        json!({"time": 59.001, "type": "object", "line": "deployment/web 1/2 available"}),
    ];
    for expected in expected {
        assert_eq!(*first(&objects, expected["type"].as_str().expect("a type")), expected);
    }
}

#[test]
fn a_status_names_what_changed_and_is_whole() {
    let objects = objects(&minute());
    let ready =
        objects.iter().find(|it| it["changed"] == "ready" && it["pod"] == "crash" && it["ready"] == false);
    assert_eq!(
        *ready.expect("it crashes"),
        json!({"time": 5.1, "type": "status", "namespace": "shop", "pod": "crash", "changed": "ready",
            "container": null, "phase": "Running", "initialized": true, "containersReady": false, "ready": false,
            "reason": "ContainersNotReady", "containerStatuses": [{"name": "app", "ready": false, "started": false,
                "restartCount": 0, "state": "terminated", "reason": "Error", "exitCode": 1}]})
    );
}

#[test]
fn the_summary_has_every_pod_and_every_verdict() {
    let story = story(&minute(), 60);
    let expectations = ["crash:restarts == 0".parse().expect("good")];
    let verdicts = expect::judge(&expectations, &story);
    let summary: Value = serde_json::from_str(&json::summary(&story, &verdicts)).expect("JSON");
    assert_eq!((&summary["type"], &summary["time"]), (&json!("summary"), &json!(60.0)));
    assert_eq!(
        summary["expectations"],
        json!([{"expected": "crash:restarts == 0", "met": false, "measured": "3"}])
    );
    assert_eq!(summary["workloads"][0], json!({"name": "statefulset/web", "availablePercent": 95.443}));
    let crash = &summary["pods"][2];
    assert_eq!(
        *crash,
        json!({"namespace": "shop", "name": "crash", "workload": null, "added": 2.0, "gone": null, "opened": null,
            "ready": 0.102, "notReady": 45.906, "notReadyPercent": 79.288, "longestNotReady": 20.102,
            "containers": [{"name": "app", "restarts": 3, "exits": 4, "killedByLiveness": 0, "killedByStartup": 0,
                "backoff": 45.8, "held": null,
                "probes": {"readinessProbe": {"made": 12, "failed": 0, "errored": 0}}}]})
    );
}
