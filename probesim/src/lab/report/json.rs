//! One object a line, for programs.
//!
//! Each has `time`, in seconds since the lab began, and `type`; those about a pod have `namespace` and `pod`. Times are
//! rounded to milliseconds.
//!
//! | type | fields |
//! |---|---|
//! | `podAdded` | `workload`, `containers`: `name`, `role` (`init`, `sidecar`, `regular`), `runs` |
//! | `podGone` | |
//! | `started` | `container`, `restartCount` |
//! | `stopping` | `container`, `cause` (`livenessProbe`, `startupProbe`, `podEnds`), `gracePeriodSeconds` |
//! | `exited` | `container`, `exitCode` |
//! | `backOff` | `container`, `delay` |
//! | `probe` | `container`, `probe` (its field), `attempt`, `outcome` (`success`, `warning`, `failure`, `error`), `output`, `took`, `inARow`, `threshold` |
//! | `status` | `changed`, `container`, `phase`, `initialized`, `containersReady`, `ready`, `reason`, `containerStatuses` |
//! | `event` | `about`, `severity`, `reason`, `message` |
//! | `output` | `container`, `line` |
//! | `object` | `line` |
//! | `summary` | `pods`, `workloads`, `expectations`: `expected`, `met`, `measured`; the last line |

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::expect::Judged;
use super::story::{ContainerStory, Group, PodStory, Story, split};
use super::time::millis;
use crate::kubelet::{Cause, Change, ContainerStatus, Kind, Outcome, PodStatus, Reason, Role, State};
use crate::lab::happening::{Fact, Happening, Member};

/// What happened; `story` has learnt it.
pub(super) fn line(story: &Story, happening: &Happening) -> String {
    let mut object = Map::new();
    object.insert("time".into(), seconds(happening.at));
    let (kind, pod, fields) = fields(story, &happening.fact);
    object.insert("type".into(), kind.into());
    if let Some(pod) = pod {
        let (name, namespace) = split(pod);
        object.insert("namespace".into(), namespace.into());
        object.insert("pod".into(), name.into());
    }
    if let Value::Object(fields) = fields {
        object.extend(fields);
    }
    Value::Object(object).to_string()
}

/// What it came to, with the verdicts.
pub(super) fn summary(story: &Story, verdicts: &[Judged]) -> String {
    let pods: Vec<Value> = story.pods().iter().map(|pod| pod_summary(pod, story.now())).collect();
    let verdicts: Vec<Value> = verdicts
        .iter()
        .map(|Judged { expected, is_met, found }| {
            json!({"expected": expected, "met": is_met, "measured": found})
        })
        .collect();
    let groups: Vec<Value> = story
        .groups()
        .iter()
        .map(|Group { name, has_one_ready }| {
            let available = has_one_ready.share(story.now()).map(|down| rounded(100.0 - down));
            json!({"name": &**name, "availablePercent": available})
        })
        .collect();
    json!({
        "time": seconds(story.now()), "type": "summary", "pods": pods, "workloads": groups,
        "expectations": verdicts,
    })
    .to_string()
}

fn fields<'a>(story: &Story, fact: &'a Fact) -> (&'static str, Option<&'a str>, Value) {
    match fact {
        Fact::PodAdded { pod, workload, containers } => {
            let containers: Vec<Value> = containers.iter().map(member).collect();
            ("podAdded", Some(pod), json!({"workload": workload.as_deref(), "containers": containers}))
        }
        Fact::PodGone { pod } => ("podGone", Some(pod), Value::Null),
        Fact::Started { pod, container, instance } => {
            let fields = json!({"container": &**container, "restartCount": instance.restart_count()});
            ("started", Some(pod), fields)
        }
        Fact::Stopping { pod, container, grace, cause } => {
            let cause = match cause {
                Cause::Liveness => "livenessProbe",
                Cause::Startup => "startupProbe",
                Cause::PostStart => "postStartHook",
                Cause::PodEnds => "podEnds",
            };
            let fields =
                json!({"container": &**container, "cause": cause, "gracePeriodSeconds": seconds(*grace)});
            ("stopping", Some(pod), fields)
        }
        Fact::Exited { pod, container, exit_code } => {
            ("exited", Some(pod), json!({"container": &**container, "exitCode": exit_code}))
        }
        Fact::BackOff { pod, container, delay } => {
            ("backOff", Some(pod), json!({"container": &**container, "delay": seconds(*delay)}))
        }
        Fact::Probed { pod, container, kind, attempt, outcome, output, took } => {
            let probe = story.container(pod, container).and_then(|one| one.probe(*kind));
            let run = probe.and_then(|probe| probe.run);
            let fields = json!({
                "container": &**container, "probe": kind.field(), "attempt": attempt,
                "outcome": outcome_name(*outcome), "output": &**output, "took": seconds(*took),
                "inARow": run.map(|run| run.1),
                "threshold": probe.zip(run).map(|(probe, run)| probe.threshold(run.0)),
            });
            ("probe", Some(pod), fields)
        }
        Fact::Changed { pod, change, status } => ("status", Some(pod), changed(story, pod, *change, status)),
        Fact::Event { about, severity, reason, message } => {
            let fields =
                json!({"about": &**about, "severity": severity, "reason": &**reason, "message": &**message});
            ("event", None, fields)
        }
        Fact::Output { pod, container, line } => {
            ("output", Some(pod), json!({"container": &**container, "line": &**line}))
        }
        Fact::Object { line } => ("object", None, json!({"line": &**line})),
    }
}

fn member(member: &Member) -> Value {
    let role = match member.role {
        Role::Init => "init",
        Role::Sidecar => "sidecar",
        Role::Regular => "regular",
    };
    json!({"name": &*member.name, "role": role, "runs": &*member.runs})
}

const fn outcome_name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "success",
        Outcome::Warning => "warning",
        Outcome::Failure => "failure",
        Outcome::Error(_) => "error",
    }
}

/// In which respect the status changed, and the whole of it.
fn changed(story: &Story, pod: &str, change: Change, status: &PodStatus) -> Value {
    let known = story.pod(pod);
    let name = |index: usize| known.and_then(|pod| pod.containers.get(index)).map(|one| one.name.to_string());
    let (what, container) = match change {
        Change::State { container } => ("state", Some(container)),
        Change::Started { container, .. } => ("started", Some(container)),
        Change::ContainerReady { container, .. } => ("containerReady", Some(container)),
        Change::Initialized(_) => ("initialized", None),
        Change::ContainersReady(_) => ("containersReady", None),
        Change::Ready(_) => ("ready", None),
        Change::AllContainersRestarting(_) => ("allContainersRestarting", None),
        Change::Phase(_) => ("phase", None),
    };
    // The API shows a terminal phase only when all has ended.
    let phase = if let Change::Phase(phase) = change { phase } else { status.phase };
    let containers: Vec<Value> = status
        .containers
        .iter()
        .enumerate()
        .map(|(index, status)| container_status(name(index), status))
        .collect();
    json!({
        "changed": what, "container": container.and_then(name), "phase": phase.name(),
        "initialized": status.conditions.initialized.is_true,
        "containersReady": status.conditions.containers_ready.is_true,
        "ready": status.conditions.ready.is_true,
        "reason": status.conditions.ready.reason.map(Reason::name),
        "containerStatuses": containers,
    })
}

fn container_status(name: Option<String>, status: &ContainerStatus) -> Value {
    let (state, reason, code) = match status.state {
        State::Waiting(waiting) => ("waiting", Some(waiting.name()), None),
        State::Running(_) => ("running", None, None),
        State::Terminated(exited) => ("terminated", Some(exited.reason()), Some(exited.exit_code)),
    };
    json!({
        "name": name, "ready": status.ready, "started": status.started,
        "restartCount": status.restarts,
        "state": state, "reason": reason, "exitCode": code,
    })
}

fn pod_summary(pod: &PodStory, now: Duration) -> Value {
    let (name, namespace) = split(&pod.name);
    let since = |at: Option<Duration>| at.map(|at| seconds(at.saturating_sub(pod.added)));
    let containers: Vec<Value> = pod.containers.iter().map(|one| container_summary(one, now)).collect();
    json!({
        "namespace": namespace, "name": name, "workload": pod.workload.as_deref(),
        "added": seconds(pod.added), "gone": pod.gone.map(seconds),
        "opened": since(pod.opened), "ready": since(pod.ready.first()),
        "notReady": seconds(pod.ready.down(now)), "notReadyPercent": pod.ready.share(now).map(rounded),
        "longestNotReady": seconds(pod.ready.longest(now)), "containers": containers,
    })
}

fn container_summary(one: &ContainerStory, now: Duration) -> Value {
    let mut probes = Map::new();
    for kind in Kind::ALL {
        if let Some(probe) = one.probe(kind) {
            let counts = json!({"made": probe.made, "failed": probe.failed, "errored": probe.errored});
            probes.insert(kind.field().into(), counts);
        }
    }
    json!({
        "name": &*one.name, "restarts": one.restarts, "exits": one.exits,
        "killedByLiveness": one.killed_by_liveness, "killedByStartup": one.killed_by_startup,
        "backoff": seconds(one.backed_off(now)), "held": one.held().map(seconds), "probes": probes,
    })
}

/// Seconds, to the millisecond.
fn seconds(duration: Duration) -> Value {
    rounded(f64::from(millis(duration)) / 1000.0).into()
}

fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}
