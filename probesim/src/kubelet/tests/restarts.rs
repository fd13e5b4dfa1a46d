//! Hooks after a start, restart rules, deadlines, starts that fail: each as a real 1.36.2 kubelet was seen to do it.

use rand::Rng;
use serde_json::{Value, json};

use super::super::*;
use super::{Duration, pod, rng, seconds};

/// Containers live for so many seconds and end with that code, by instance; hooks take a time and go well or not.
struct Script {
    names: Vec<String>,
    lives: fn(&str, u32) -> Option<(f64, i32)>,
    hook: (f64, bool),
    lines: Vec<String>,
}

impl World for Script {
    fn probe(&mut self, attempt: &Attempt, now: Time, _: &mut impl Rng) -> (Outcome, Duration) {
        self.note(now, &format!("{} {}", attempt.kind, self.names[attempt.container]));
        let fails = attempt.kind == Kind::Liveness && now >= Time::from_millis(8000);
        (if fails { Outcome::Failure } else { Outcome::Success }, Duration::ZERO)
    }

    fn start(&mut self, container: usize, instance: Instance, _: Time) -> Start {
        let lives = (self.lives)(&self.names[container], instance.restart_count());
        Start { takes: Duration::ZERO, exits: lives.map(|(after, code)| (seconds(after), code)) }
    }

    fn post_start(&mut self, _: usize, _: Time) -> (Duration, bool) {
        (seconds(self.hook.0), self.hook.1)
    }

    fn observe(&mut self, note: &Note<'_>, now: Time) {
        let line = match note {
            Note::Started(container) => format!("started {}", self.names[*container]),
            Note::Exited(container, code) => format!("exited {} {code}", self.names[*container]),
            Note::Ask(Ask::Change(Change::Ready(is_ready))) => format!("Ready {is_ready}"),
            Note::Ask(Ask::Change(Change::Phase(phase))) => phase.name().into(),
            Note::Ask(Ask::Change(Change::AllContainersRestarting(is))) => format!("all restarting {is}"),
            Note::Ask(Ask::Report(event)) if event.reason() != "Unhealthy" => event.reason().into(),
            Note::Ask(_) => return,
        };
        if !matches!(line.as_str(), "Created" | "Started") {
            self.note(now, &line);
        }
    }
}

impl Script {
    fn note(&mut self, now: Time, line: &str) {
        self.lines.push(format!("{:.1} {line}", now.nanos() as f64 / 1e9));
    }
}

fn play(
    spec: &Value,
    settings: Settings,
    lives: fn(&str, u32) -> Option<(f64, i32)>,
    hook: (f64, bool),
) -> VirtualTime<Script> {
    let pod = pod(spec, settings, Time::ORIGIN);
    let spec = pod.spec();
    let names = spec.init_containers.iter().chain(&spec.containers).map(|it| it.name.clone()).collect();
    VirtualTime::new(pod, Script { names, lives, hook, lines: Vec::new() }, Time::ORIGIN, &mut rng())
}

fn until(time: &mut VirtualTime<Script>, second: u64) -> Vec<String> {
    time.run(Time::from_millis(second * 1000), &mut rng());
    std::mem::take(&mut time.world.lines)
}

fn for_ever(_: &str, _: u32) -> Option<(f64, i32)> {
    None
}

const HOOKED: &str = r#"{"postStart": {"exec": {"command": ["hook"]}}}"#;

fn hooked(extra: Value) -> Value {
    let mut container =
        json!({"name": "c", "lifecycle": serde_json::from_str::<Value>(HOOKED).expect("a hook")});
    container.as_object_mut().expect("a map").extend(extra.as_object().cloned().unwrap_or_default());
    json!({"terminationGracePeriodSeconds": 2, "containers": [container]})
}

#[test]
fn nothing_is_probed_or_ready_before_the_hook_of_a_first_start_is_over() {
    let probe = json!({"tcpSocket": {"port": 1}, "periodSeconds": 1});
    let mut time = play(&hooked(json!({"readinessProbe": probe})), Settings::ideal(), for_ever, (3.0, true));
    assert_eq!(until(&mut time, 3), ["0.0 started c"]);
    assert_eq!(until(&mut time, 4)[..2], ["3.0 Running", "3.0 Readiness c"]);
    assert!(time.pod.status().conditions.ready.is_true);
}

#[test]
fn during_the_hook_of_a_restarted_container_readiness_is_probed_and_liveness_is_not() {
    let probe =
        |threshold: u8| json!({"tcpSocket": {"port": 1}, "periodSeconds": 1, "failureThreshold": threshold});
    let spec = hooked(json!({"readinessProbe": probe(1), "livenessProbe": probe(2)}));
    let mut time = play(&spec, Settings::ideal(), for_ever, (4.0, true));
    until(&mut time, 9);
    let during = until(&mut time, 13);
    assert!(during.contains(&"9.0 Killing".to_owned()), "{during:?}");
    assert!(during.contains(&"10.0 Readiness c".to_owned()), "{during:?}");
    let liveness = during.iter().filter(|line| line.ends_with("Liveness c")).count();
    assert_eq!(liveness, 1, "only the one that had it killed: {during:?}");
    assert!(time.pod.status().conditions.ready.is_true, "as on a cluster");
}

#[test]
fn a_hook_that_fails_has_its_container_killed_and_held_back_like_one_that_crashes() {
    let mut time = play(&hooked(json!({})), Settings::ideal(), for_ever, (1.0, false));
    let seen = until(&mut time, 30);
    let starts: Vec<&String> = seen.iter().filter(|line| line.contains("started")).collect();
    assert_eq!(starts, ["0.0 started c", "1.0 started c", "12.0 started c"]);
    let kill = ["1.0 FailedPostStartHook", "1.0 Killing", "1.0 exited c 0"];
    assert_eq!(seen[1..4], kill);
    assert!(!seen.iter().any(|line| line.contains("Ready true")), "{seen:?}");
    let mut time = play(&hooked(json!({})), Settings::of(Version::V1_36_2), for_ever, (0.1, false));
    until(&mut time, 1);
    time.run(Time::from_millis(1050), &mut rng());
    let state = time.pod.status().containers[0].state;
    assert_eq!(state, State::Waiting(Waiting::PostStartHookError));
}

#[test]
fn an_exit_code_with_a_rule_restarts_the_container_of_a_pod_that_restarts_nothing() {
    let spec = json!({"restartPolicy": "Never", "containers": [{"name": "c", "restartPolicy": "Never",
        "restartPolicyRules": [{"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}}]}]});
    let lives = |_: &str, instance: u32| Some((1.0, if instance < 2 { 42 } else { 1 }));
    let mut time = play(&spec, Settings::ideal(), lives, (0.0, true));
    let ends = |lines: Vec<String>| lines.into_iter().filter(|it| it.contains("exited")).collect::<Vec<_>>();
    assert_eq!(ends(until(&mut time, 60)), ["1.0 exited c 42", "2.0 exited c 42", "13.0 exited c 1"]);
    assert_eq!(time.pod.status().phase, Phase::Failed);
    let before = Settings { restart_rules: RestartRules::None, ..Settings::ideal() };
    let mut time = play(&spec, before, lives, (0.0, true));
    assert_eq!(ends(until(&mut time, 60)), ["1.0 exited c 42"], "1.34 knows no rules");
}

#[test]
fn all_containers_begin_anew_at_once_and_the_pod_stays_initialized() {
    let spec = json!({"terminationGracePeriodSeconds": 1,
        "initContainers": [{"name": "gate"}],
        "containers": [{"name": "other"}, {"name": "app", "restartPolicy": "Always", "restartPolicyRules":
            [{"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [42]}}]}]});
    let lives = |name: &str, _: u32| match name {
        "gate" => Some((1.0, 0)),
        "app" => Some((8.0, 42)),
        _ => None,
    };
    let mut time = play(&spec, Settings::ideal(), lives, (0.0, true));
    until(&mut time, 9);
    let seen = until(&mut time, 11);
    assert_eq!(
        seen,
        [
            "9.0 exited app 42",
            "9.0 Ready false",
            "9.0 all restarting true",
            "9.0 Killing",
            "9.0 exited other 0",
            "9.0 all restarting false",
            "9.0 started gate",
            "9.0 Pending",
            "10.0 exited gate 0",
            "10.0 Running",
            "10.0 started other",
            "10.0 started app",
            "10.0 Ready true"
        ]
    );
    assert!(time.pod.status().conditions.initialized.is_true);
    let [gate, other, app] = &time.pod.status().containers[..] else { panic!("three containers") };
    assert_eq!([gate.restarts, other.restarts, app.restarts], [1, 1, 1]);
    let last = other.last.expect("a last state");
    assert_eq!((last.reason(), last.exit_code), ("RestartingAllContainers", 137));
    assert!(until(&mut time, 40).contains(&"27.0 exited app 42".to_owned()), "there is no back-off");
}

#[test]
fn a_pod_that_is_active_for_too_long_fails() {
    let spec = json!({"activeDeadlineSeconds": 5, "containers": [{"name": "c"}]});
    let mut time = play(&spec, Settings::ideal(), for_ever, (0.0, true));
    let seen = until(&mut time, 20);
    let end =
        ["5.0 DeadlineExceeded", "5.0 Ready false", "5.0 DeadlineExceeded", "5.0 Killing", "5.0 exited c 0"];
    assert_eq!(seen[3..8], end, "{seen:?}");
    assert!(time.pod.is_late() && time.pod.status().phase == Phase::Failed);
    assert_eq!(time.pod.status().conditions.ready.reason, Some(Reason::PodFailed));
}

#[test]
fn what_cannot_be_started_has_ended_before_it_began() {
    let mut rng = rng();
    let mut pod = pod(&json!({"containers": [{"name": "c"}]}), Settings::ideal(), Time::ORIGIN);
    while let Some(ask) = pod.next_ask() {
        if let Ask::Start { container, .. } = ask {
            pod.container_not_started(container, 128, "exec: no", Time::ORIGIN, &mut rng);
            break;
        }
    }
    let asks: Vec<Ask> = std::iter::from_fn(|| pod.next_ask()).collect();
    let told = asks.iter().filter_map(|ask| match ask {
        Ask::Report(event) => Some(format!("{} {}", event.reason(), event.message(&pod))),
        _ => None,
    });
    let told: Vec<String> = told.collect();
    assert_eq!(told[..2], ["Created Container created", "Failed Error: exec: no"]);
    let status = pod.status().containers[0];
    assert_eq!(status.state, State::Waiting(Waiting::RunContainerError));
    assert_eq!(status.last.map(|last| last.exit_code), Some(128));
}

#[test]
fn in_1_35_exec_probes_of_readiness_are_not_made_while_the_pod_ends() {
    let made_while_ending = |version: &str, handler: Value| {
        let mut probe = json!({"periodSeconds": 1});
        probe.as_object_mut().expect("a map").extend(handler.as_object().cloned().unwrap_or_default());
        let hook = json!({"preStop": {"sleep": {"seconds": 5}}});
        let spec = json!({"containers": [{"name": "c", "readinessProbe": probe, "lifecycle": hook}]});
        let settings = Settings {
            is_exec_frozen_at_the_end: version.parse::<Version>().expect(version).freezes_exec_at_the_end(),
            ..Settings::ideal()
        };
        let mut time = play(&spec, settings, for_ever, (0.0, true));
        until(&mut time, 3);
        time.act(&mut rng(), |pod, now, rng| pod.delete(None, now, rng));
        time.run(Time::from_millis(3_500), &mut rng());
        time.world.lines.iter().filter(|line| line.ends_with("Readiness c")).count()
    };
    let exec = json!({"exec": {"command": ["true"]}});
    assert_eq!(made_while_ending("1.34", exec.clone()), 1);
    assert_eq!(made_while_ending("1.35", exec), 0);
    assert_eq!(made_while_ending("1.35", json!({"tcpSocket": {"port": 1}})), 1);
}
