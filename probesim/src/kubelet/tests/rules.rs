//! Rules that no vector and no run shows, each in the smallest pod that does.

use rand::Rng;
use serde_json::{Value, json};

use super::super::*;
use super::{Duration, pod, rng};

/// What a probe comes to, by container, kind and second.
type Answers = fn(&str, Kind, u64) -> Outcome;

/// Writes down what it sees, one line each.
struct Log {
    names: Vec<String>,
    answers: Answers,
    stop_takes: Duration,
    hook_takes: Duration,
    lines: Vec<String>,
}

impl Log {
    fn note(&mut self, now: Time, line: &str) {
        self.lines.push(format!("{} {line}", now.nanos() / 1_000_000 / 100));
    }
}

impl World for Log {
    fn probe(&mut self, attempt: &Attempt, now: Time, _: &mut impl Rng) -> (Outcome, Duration) {
        let name = self.names[attempt.container].clone();
        self.note(now, &format!("{} {name}", attempt.kind));
        let second = now.nanos() / 1_000_000_000;
        ((self.answers)(&name, attempt.kind, second), Duration::ZERO)
    }

    fn start(&mut self, container: usize, _: Instance, _: Time) -> Start {
        let is_init = self.names[container].starts_with("init");
        Start { takes: Duration::from_millis(500), exits: is_init.then_some((Duration::from_secs(2), 0)) }
    }

    fn stop(&mut self, _: usize, grace: Duration, _: Cause, _: Time) -> (Duration, i32) {
        (self.stop_takes.min(grace), 0)
    }

    fn pre_stop(&mut self, _: usize, _: Duration, _: Time) -> Duration {
        self.hook_takes
    }

    fn observe(&mut self, note: &Note<'_>, now: Time) {
        let line = match note {
            Note::Started(container) => format!("started {}", self.names[*container]),
            Note::Exited(container, _) => format!("exited {}", self.names[*container]),
            Note::Ask(Ask::Stop { container, grace, .. }) => {
                format!("SIGTERM {} {}", self.names[*container], grace.as_secs())
            }
            Note::Ask(Ask::Change(Change::Ready(is_ready))) => format!("Ready {is_ready}"),
            Note::Ask(Ask::Change(Change::Started { container, is_started })) => {
                format!("Started {} {is_started}", self.names[*container])
            }
            Note::Ask(Ask::Change(Change::Phase(phase))) => phase.name().into(),
            Note::Ask(Ask::Gone) => "gone".into(),
            Note::Ask(_) => return,
        };
        self.note(now, &line);
    }
}

/// A pod from second 10 on, whose containers take half a second to start.
fn world(spec: &Value, settings: Settings, answers: Answers) -> VirtualTime<Log> {
    let begin = Time::from_millis(9_500);
    let pod = pod(spec, settings, begin);
    let spec = pod.spec();
    let names = spec.init_containers.iter().chain(&spec.containers).map(|it| it.name.clone()).collect();
    let (stop_takes, hook_takes) = (Duration::ZERO, Duration::ZERO);
    let log = Log { names, answers, stop_takes, hook_takes, lines: Vec::new() };
    VirtualTime::new(pod, log, begin, &mut rng())
}

fn until(time: &mut VirtualTime<Log>, second: u64) -> &[String] {
    time.world.lines.clear();
    time.run(Time::from_millis(second * 1000), &mut rng());
    &time.world.lines
}

fn well(_: &str, _: Kind, _: u64) -> Outcome {
    Outcome::Success
}

fn probe(period: u32) -> Value {
    json!({"tcpSocket": {"port": 1}, "periodSeconds": period, "failureThreshold": 1})
}

#[test]
fn from_1_35_to_1_36_2_a_replacement_counts_as_started_until_its_startup_probe_ticks() {
    let spec = json!({"containers": [
        {"name": "c", "startupProbe": probe(5), "livenessProbe": probe(2)}]});
    let answers: Answers = |_, kind, second| {
        if kind == Kind::Liveness && second == 15 { Outcome::Failure } else { Outcome::Success }
    };
    let mut fixed = world(&spec, Settings::ideal(), answers);
    let mut carries = world(&spec, Settings { started_carry_over: true, ..Settings::ideal() }, answers);
    let killed = ["155 Liveness c", "155 SIGTERM c 30", "155 exited c", "160 started c"];
    assert_eq!(until(&mut fixed, 15), until(&mut carries, 15));
    let fixed = until(&mut fixed, 26).to_vec();
    assert_eq!(fixed[..4], killed);
    assert_eq!(
        fixed[4..],
        [
            "160 Started c false",
            "160 Ready false",
            "195 Startup c",
            "195 Started c true",
            "195 Ready true",
            "215 Liveness c",
            "235 Liveness c",
            "255 Liveness c"
        ]
    );
    let carries = until(&mut carries, 26).to_vec();
    assert_eq!(carries[..4], killed);
    // At 19.5 both tick: the startup worker only withdraws `started`, liveness still finds it.
    assert_eq!(
        carries[4..],
        [
            "175 Liveness c",
            "195 Liveness c",
            "195 Started c false",
            "195 Ready false",
            "245 Startup c",
            "245 Started c true",
            "245 Ready true",
            "255 Liveness c"
        ]
    );
}

#[test]
fn init_containers_run_one_by_one_and_a_sidecar_has_to_start_first() {
    let spec = json!({
        "initContainers": [
            {"name": "init-a"},
            {"name": "side", "restartPolicy": "Always", "startupProbe": probe(4)},
            {"name": "init-b"}],
        "containers": [{"name": "c"}]});
    let mut time = world(&spec, Settings::ideal(), well);
    assert_eq!(
        until(&mut time, 20),
        [
            "100 started init-a",
            "100 Started init-a true",
            "120 exited init-a",
            "120 Started init-a false",
            "125 started side",
            "135 Startup side",
            "135 Started side true",
            "140 started init-b",
            "140 Started init-b true",
            "160 exited init-b",
            "160 Started init-b false",
            "165 started c",
            "165 Started c true",
            "165 Ready true",
            "165 Running"
        ]
    );
}

#[test]
fn a_sidecar_ends_last_and_is_probed_until_then() {
    let spec = json!({
        "terminationGracePeriodSeconds": 10,
        "initContainers": [{"name": "side", "restartPolicy": "Always", "livenessProbe": probe(1)}],
        "containers": [{"name": "c", "livenessProbe": probe(1)}]});
    let mut time = world(&spec, Settings::ideal(), well);
    time.world.stop_takes = Duration::from_secs(2);
    until(&mut time, 20);
    time.act(&mut rng(), |pod, now, rng| pod.delete(None, now, rng));
    assert_eq!(
        until(&mut time, 30),
        [
            "205 Liveness side",
            "215 Liveness side",
            "220 exited c",
            "220 SIGTERM side 8",
            "225 Liveness side",
            "235 Liveness side",
            "240 exited side",
            "240 Started side false",
            "240 Started c false",
            "240 Ready false",
            "240 Succeeded",
            "240 gone"
        ]
    );
}

#[test]
fn the_hook_is_charged_against_the_grace_period() {
    let spec = json!({
        "terminationGracePeriodSeconds": 10,
        "containers": [{"name": "c", "lifecycle": {"preStop": {"sleep": {"seconds": 7}}}}]});
    let mut time = world(&spec, Settings::ideal(), well);
    until(&mut time, 20);
    time.world.hook_takes = Duration::from_secs(7);
    time.act(&mut rng(), |pod, now, rng| pod.delete(None, now, rng));
    assert_eq!(until(&mut time, 28)[0], "270 SIGTERM c 3");
    let mut time = world(&spec, Settings::ideal(), well);
    until(&mut time, 20);
    time.world.hook_takes = Duration::from_secs(60);
    time.act(&mut rng(), |pod, now, rng| pod.delete(None, now, rng));
    assert_eq!(until(&mut time, 40)[0], "300 SIGTERM c 2");
}

#[test]
fn a_second_deletion_with_a_shorter_grace_period_shortens_nothing() {
    let spec = json!({"containers": [{"name": "c"}]});
    let mut time = world(&spec, Settings::ideal(), well);
    time.world.stop_takes = Duration::from_secs(60);
    until(&mut time, 20);
    time.act(&mut rng(), |pod, now, rng| pod.delete(None, now, rng));
    until(&mut time, 22);
    time.act(&mut rng(), |pod, now, rng| pod.delete(Some(Duration::from_secs(3)), now, rng));
    assert!(time.world.lines.is_empty(), "the runtime has its orders: {:?}", time.world.lines);
    assert!(until(&mut time, 49).is_empty());
    assert_eq!(until(&mut time, 51)[0], "500 exited c");
}

#[test]
fn a_deletion_without_grace_leaves_a_second_for_the_hook_and_two_for_the_process() {
    let hook = json!({"preStop": {"exec": {"command": ["x"]}}});
    let mut time = world(&json!({"containers": [{"name": "c", "lifecycle": hook}]}), Settings::ideal(), well);
    (time.world.hook_takes, time.world.stop_takes) = (Duration::from_secs(9), Duration::from_secs(9));
    until(&mut time, 20);
    time.act(&mut rng(), |pod, now, rng| pod.delete(Some(Duration::ZERO), now, rng));
    assert_eq!(until(&mut time, 40)[..2], ["210 SIGTERM c 2", "230 exited c"]);
}

#[test]
fn a_readiness_gate_holds_the_pod_back_and_says_so() {
    let spec = json!({"readinessGates": [{"conditionType": "lb"}], "containers": [{"name": "c"}]});
    let mut time = world(&spec, Settings::ideal(), well);
    until(&mut time, 20);
    let message = |time: &VirtualTime<Log>| time.pod.condition_messages()[2].clone().unwrap_or_default();
    assert!(time.pod.status().conditions.containers_ready.is_true);
    assert_eq!(message(&time), "corresponding condition of pod readiness gate \"lb\" does not exist.");
    time.act(&mut rng(), |pod, now, rng| pod.set_gate("lb", false, now, rng));
    assert_eq!(message(&time), "the status of pod readiness gate \"lb\" is not \"True\", but False");
    time.act(&mut rng(), |pod, now, rng| pod.set_gate("lb", true, now, rng));
    assert!(time.pod.status().conditions.ready.is_true);
}

#[test]
fn the_conditions_name_the_containers_that_are_not_ready() {
    let spec = json!({"containers": [
        {"name": "a", "readinessProbe": probe(10)}, {"name": "b"}, {"name": "d", "startupProbe": probe(30)}]});
    let mut time = world(&spec, Settings::ideal(), |_, _, _| Outcome::Failure);
    until(&mut time, 20);
    assert_eq!(time.pod.condition_messages()[1].as_deref(), Some("containers with unready status: [a d]"));
    assert_eq!(time.pod.status().conditions.ready.reason.map(Reason::name), Some("ContainersNotReady"));
}

#[test]
fn a_worker_that_wakes_before_the_status_is_written_probes_at_the_next_sync_or_tick() {
    let spec = json!({"containers": [{"name": "c", "readinessProbe": probe(4)}]});
    let settings = Settings { race: Race::WorkerFirst, ..Settings::ideal() };
    let mut time = world(&spec, settings, well);
    // The trigger at 10 finds no container, but begins the ticks anew. The tick at 14 finds it, and the sync
    // that follows from that asks for a second probe.
    assert_eq!(
        until(&mut time, 19),
        [
            "100 started c",
            "100 Started c true",
            "100 Running",
            "140 Readiness c",
            "140 Readiness c",
            "140 Ready true",
            "180 Readiness c"
        ]
    );
}

#[test]
fn a_young_kubelet_spreads_the_first_ticks() {
    let spec = json!({"containers": [{"name": "c", "livenessProbe": probe(60)}]});
    let settings = Settings { kubelet_started: Some(Time::from_millis(9_000)), ..Settings::ideal() };
    let mut time = world(&spec, settings, well);
    let lines = until(&mut time, 200).to_vec();
    let first: u64 =
        lines.iter().find_map(|it| it.strip_suffix(" Liveness c")?.parse().ok()).expect("a probe");
    // The worker's first turn comes within a period, and finds the container by then.
    assert!((100..695).contains(&first), "{lines:?}");
}

#[test]
fn with_on_failure_a_killed_container_that_ends_well_stays_ended_once_it_had_to_wait() {
    let spec = json!({"restartPolicy": "OnFailure", "terminationGracePeriodSeconds": 1,
                      "containers": [{"name": "c", "livenessProbe": probe(3)}]});
    let mut time = world(&spec, Settings::ideal(), |_, _, _| Outcome::Failure);
    let lines = until(&mut time, 60).to_vec();
    let starts = lines.iter().filter(|it| it.ends_with("started c")).count();
    assert_eq!(starts, 3);
    assert_eq!(lines.last().map(String::as_str), Some("185 gone"));
}

#[test]
fn a_run_of_failures_carries_over_a_crash() {
    let mut liveness = probe(2);
    liveness["failureThreshold"] = json!(3);
    let spec = json!({"containers": [{"name": "c", "livenessProbe": liveness}]});
    let mut time = world(&spec, Settings::ideal(), |_, _, _| Outcome::Failure);
    // The crash restarts at once, and the kill after it has to wait.
    until(&mut time, 14);
    time.act(&mut rng(), |pod, now, rng| pod.container_exited(0, 1, now, rng));
    assert_eq!(
        until(&mut time, 16),
        [
            "145 started c",
            "145 Started c true",
            "145 Ready true",
            "155 Liveness c",
            "155 SIGTERM c 30",
            "155 exited c",
            "155 Started c false",
            "155 Ready false"
        ]
    );
}

/// The law behind kubernetes#99697: each kill is measured from the end of the instance before its victim.
#[test]
fn kills_every_66_s_restart_at_once_five_times_and_then_wait_80_s() {
    let mut liveness = probe(22);
    liveness["failureThreshold"] = json!(3);
    let spec = json!({"containers": [{"name": "c", "livenessProbe": liveness}]});
    let mut time = world(&spec, Settings::ideal(), |_, _, _| Outcome::Failure);
    let moments = |lines: &[String], what: &str| -> Vec<u64> {
        lines.iter().filter_map(|line| line.strip_suffix(what)?.trim().parse().ok()).collect()
    };
    let lines = until(&mut time, 600).to_vec();
    let (starts, ends) = (moments(&lines, " started c"), moments(&lines, " exited c"));
    let waits: Vec<u64> = ends.iter().zip(&starts[1..]).map(|(end, start)| start - end).collect();
    // In tenths of a second; each start takes half a second.
    assert_eq!(waits, [5, 5, 5, 5, 5, 805]);
}

#[test]
fn before_1_36_a_start_is_seen_by_the_relist_of_the_next_second() {
    let spec = json!({"containers": [{"name": "c", "readinessProbe": probe(10)}]});
    let settings = Settings {
        relist_phase: Duration::from_millis(700),
        ..Settings::of("1.35.3".parse().expect("a version"))
    };
    let mut time = world(&spec, settings, well);
    // The sync that follows from the first result comes with the next relist, and finds a success.
    assert_eq!(
        until(&mut time, 21),
        [
            "100 started c",
            "107 Started c true",
            "107 Running",
            "107 Readiness c",
            "107 Ready true",
            "207 Readiness c"
        ]
    );
}

#[test]
fn an_answer_that_nobody_waits_for_is_ignored() {
    let mut rng = rng();
    let spec = json!({"containers": [{"name": "c", "livenessProbe": probe(1)}]});
    let mut pod = pod(&spec, Settings::ideal(), Time::ORIGIN);
    pod.container_started(0, Time::ORIGIN, &mut rng);
    pod.wake(Time::from_millis(1000), &mut rng);
    let mut asked = Vec::new();
    while let Some(ask) = pod.next_ask() {
        if let Ask::Probe(attempt) = ask {
            asked.push(attempt);
        }
    }
    let error = Outcome::Error(Doubt::Unknown);
    pod.probe_done(asked[0].id, error, "", Time::from_millis(1100), &mut rng);
    pod.probe_done(asked[0].id, Outcome::Failure, "", Time::from_millis(1100), &mut rng);
    let again = pod.next_ask();
    assert!(matches!(again, Some(Ask::Probe(Attempt { number: 2, .. }))), "{again:?}");
    assert_eq!(pod.next_ask(), None);
}

#[test]
fn messages_are_the_kubelets() {
    let spec = json!({"containers": [{"name": "c"}]});
    let pod = pod(&spec, Settings::ideal(), Time::ORIGIN);
    let (container, kind, output) = (0, Kind::Readiness, Box::<str>::from("x"));
    for (event, text) in [
        (Event::Unhealthy { container, kind, output: output.clone() }, "Readiness probe failed: x"),
        (
            Event::Errored { container, kind, doubt: Doubt::Failure, output: output.clone() },
            "Readiness probe errored and resulted in failure state: x",
        ),
        (Event::ProbeWarning { container, kind, output }, "Readiness probe warning: x"),
        (
            Event::Killing { container, cause: Cause::Liveness, will_restart: true },
            "Container c failed liveness probe, will be restarted",
        ),
        (Event::Killing { container, cause: Cause::PodEnds, will_restart: false }, "Stopping container c"),
        (
            Event::BackOff { container, delay: Duration::from_secs(10) },
            "Back-off restarting failed container c in pod p_n(u)",
        ),
    ] {
        assert_eq!(event.message(&pod), text);
    }
    assert_eq!(
        pod.back_off_message(0, Duration::from_secs(160)),
        "back-off 2m40s restarting failed container=c pod=p_n(u)"
    );
    assert_eq!(
        pod.back_off_message(0, Duration::from_secs(300)),
        "back-off 5m0s restarting failed container=c pod=p_n(u)"
    );
}
