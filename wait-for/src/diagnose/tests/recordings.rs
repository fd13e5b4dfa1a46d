//! The recorded failures, frame by frame: each is named within five seconds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::*;
use crate::target::Which;

/// A frame of a recording: when, of which resource, what.
type Frame = (u64, String, Value);

fn frames(name: &str) -> Vec<Frame> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../tests/fixtures/recordings/{name}.jsonl"));
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let start =
        lines.iter().filter(|line| line["step"].is_string()).map(|line| line["t_ms"].as_u64().unwrap());
    let start = start.min().unwrap();
    let frames = lines.into_iter().filter(|line| line["event"]["object"]["metadata"]["uid"].is_string());
    frames
        .map(|mut line| {
            let at = line["t_ms"].as_u64().unwrap().saturating_sub(start);
            (at, line["resource"].as_str().unwrap().to_owned(), line["event"].take())
        })
        .collect()
}

/// The cluster as it was so many milliseconds after the start.
fn world_at(frames: &[Frame], at: u64) -> World {
    let mut objects: BTreeMap<(String, String), Value> = BTreeMap::new();
    for (_, plural, event) in frames.iter().filter(|(time, ..)| *time <= at) {
        let object = &event["object"];
        let key = (plural.clone(), object["metadata"]["name"].as_str().unwrap().to_owned());
        if event["type"] == "DELETED" {
            objects.remove(&key);
        } else {
            objects.insert(key, object.clone());
        }
    }
    let objects = objects.into_iter().map(|((plural, _), object)| (plural, object)).collect();
    World { objects, refused: Vec::new() }
}

fn line_at(frames: &[Frame], target: &str, at: u64) -> String {
    let world = world_at(frames, at);
    let parsed: Target = target.parse().unwrap();
    let Which::Name(name) = &parsed.which else { panic!("{target}") };
    let object = world.objects.iter().find(|(plural, object)| {
        plural == parsed.kind.built_in().unwrap().plural && object["metadata"]["name"] == name.as_str()
    });
    world.line(target, &object.map(|(_, object)| object.clone()).unwrap_or_default())
}

#[test]
fn every_recorded_failure_is_named_within_five_seconds() {
    // The recording, the target, when the trouble shows in the recording, what has to be said of it.
    let cases: [(&str, &str, u64, &[&str]); 16] = [
        (
            "dep-badimage",
            "deployment/postgres",
            2070,
            &["0/2 available", "ErrImagePull (registry: no such host)"],
        ),
        (
            "dep-badimage",
            "deployment/postgres:rolled-out",
            12800,
            &["ProgressDeadlineExceeded", "ErrImagePull"],
        ),
        ("dep-crash", "deployment/postgres", 2290, &["0/2 available", "exit 3", "1 restart"]),
        ("dep-crash", "deployment/postgres", 14300, &["exit 3", "2 restarts"]),
        (
            "dep-quota",
            "deployment/web",
            1700,
            &["1/3", "only 1 of 3 pods", "exceeded quota: q (pods 1/1)", "retries"],
        ),
        (
            "dep-noconfig",
            "deployment/web",
            620,
            &["CreateContainerConfigError", "configmap \"missing\" not found"],
        ),
        ("sts-crash", "statefulset/db", 2620, &["0/2 available", "pod db-0", "exit 1"]),
        ("rs-crash", "replicaset/cache", 3890, &["0/2 available", "exit 1"]),
        (
            "ds-badimage",
            "daemonset/agent",
            1640,
            &["0/1 available", "pod agent-txgqk", "(registry: no such host)"],
        ),
        ("job-fail", "job/migrate", 1580, &["0/1 complete", "pod migrate-lj77b", "exit 4"]),
        ("job-fail", "job/migrate:finished", 3000, &["not finished", "pod migrate-lj77b", "exit 4"]),
        ("pod-fail", "pod/once", 4000, &["exit 5"]),
        ("pod-liveness", "pod/live", 18790, &["CrashLoopBackOff", "liveness probe failing"]),
        ("svc", "service/api", 640, &["readiness probe failing", "see deployment/api"]),
        ("pvc", "deployment/web", 60, &["unbound immediate PersistentVolumeClaims"]),
        (
            "dep-rollout-stuck",
            "deployment/web:rolled-out",
            8910,
            &["web-866895859c", "(registry: no such host)"],
        ),
    ];
    let mut wrong = Vec::new();
    for (recording, target, appears, fragments) in cases {
        let frames = frames(recording);
        // Rounds are never more than five seconds away from what happens early.
        let lines: Vec<String> =
            (0..=5).map(|late| line_at(&frames, target, appears + late * 1000)).collect();
        if !lines.iter().any(|line| fragments.iter().all(|fragment| line.contains(fragment))) {
            wrong.push(format!("{recording} {target}: {fragments:?} in\n    {}", lines.join("\n    ")));
        }
        assert!(lines.iter().all(|line| line.len() <= 300 && !line.contains('\n')), "{lines:?}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_becomes_ready_has_nothing_to_complain_about() {
    for (recording, target) in [("dep-ok", "deployment/web"), ("sts-ok", "statefulset/db")] {
        let frames = frames(recording);
        let end = frames.iter().map(|(at, ..)| *at).max().unwrap();
        let world = world_at(&frames, end);
        let parsed: Target = target.parse().unwrap();
        let object =
            world.objects.iter().find(|(plural, _)| plural == parsed.kind.built_in().unwrap().plural);
        let explanation = world.round(&parsed, &object.unwrap().1, i64::MAX).explanation;
        assert_eq!(explanation, None, "{recording}");
    }
}
