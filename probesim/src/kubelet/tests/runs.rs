//! `fixtures/kubelet-runs*.json`: what a real kubelet of v1.36.2 was seen to do, with times.
//!
//! A run gives the pod's spec and what its probes were answered. What it cannot give is taken from it or
//! from its kind: when the workers were made (from the first tick that shows), how long containerd took
//! (`LATENCIES`), where the kubelet's relist grid lay, and at which moment the work queue ended a back-off or
//! synced an idle pod; of the last two it is checked that the moment lies within the model's bounds.

use std::collections::HashMap;

use rand::Rng;
use serde_json::Value;

use super::super::*;
use super::{Duration, pod, rng, seconds};

/// Everything that depends on the tick grid or on containerd.
const TOLERANCE: f64 = 0.05;
/// What the kubelet learns from a generic relist (every second), and what it writes when it first sees a pod.
const RELIST_TOLERANCE: f64 = 1.2;
/// A status that lasted less is not compared: the status manager may or may not have sent it.
const TRANSIENT: f64 = 0.2;

/// Measured in the runs themselves.
struct Latencies {
    /// An HTTP probe that is answered at once.
    answer: f64,
    /// What a probe that times out takes beyond its timeout.
    timeout: f64,
    /// From SIGKILL to the end.
    kill: f64,
    /// Creating and starting a container.
    start: f64,
}

const LATENCIES: Latencies = Latencies { answer: 0.002, timeout: 0.04, kill: 0.02, start: 0.07 };

/// Syncs of an idle pod that show: a pod that is not ready is probed once more.
const RESYNCS: [(&str, f64, f64); 1] = [("r-flip", 104.6, 20.0)];

/// When no tick tells, workers were made so long before the container ran.
const TYPICAL_ANCHOR: f64 = -0.75;

/// Second 0 of a run.
const ZERO: Time = Time::from_millis(100_000);

/// When and which of a probe's attempts, and how it was answered.
type Probed = (f64, String, String);

/// What the API shows: when, Ready, each container, whether the pod is being deleted.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    at: f64,
    ready: bool,
    containers: Vec<(String, bool, bool, u32, &'static str, &'static str)>,
    is_deleting: bool,
    is_gone: bool,
}

#[test]
fn the_model_does_what_a_real_kubelet_did() {
    let mut compared = 0;
    let mut wrong = String::new();
    for text in
        [include_str!("../fixtures/kubelet-runs.json"), include_str!("../fixtures/kubelet-runs-2.json")]
    {
        let file: Value = serde_json::from_str(text).expect("JSON");
        for (name, run) in file["runs"].as_object().expect("runs") {
            let (probes, rows) = replay(name, run);
            compare_probes(name, &observed_probes(run), &probes, &mut wrong);
            compare_rows(name, observed_rows(run), rows, &mut wrong);
            compared += 1;
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert_eq!(compared, 12);
}

// === the model's side ===

fn replay(name: &str, run: &Value) -> (Vec<Probed>, Vec<Row>) {
    let observed = observed_probes(run);
    let anchor = anchor(&run["spec"], &observed);
    let settings = Settings {
        requeue: Requeue::Never,
        relist_phase: Duration::from_millis(600),
        ..Settings::of(Version::V1_36_2)
    };
    let begin = moment(anchor);
    let pod = pod(&run["spec"], settings, begin);
    let world = Node {
        run,
        containers: pod.spec().containers.clone(),
        anchor,
        first_probe: None,
        probes: Vec::new(),
    };
    let mut rng = rng();
    let mut time = VirtualTime::new(pod, world, begin, &mut rng);
    let mut rows = vec![row(&time.pod, anchor, false)];
    let (mut is_deleting, mut is_recorded) = (false, true);
    for (at, act) in script(name, run, &observed) {
        while time.step(moment(at), &mut rng) {
            if is_recorded {
                rows.push(row(&time.pod, second(time.now()), is_deleting));
            }
        }
        match act {
            Act::EndBackOff => {
                check_back_off(name, &time.pod, at);
                time.act(&mut rng, Pod::sync);
            }
            Act::Resync => time.act(&mut rng, Pod::sync),
            Act::Delete | Act::End => {
                is_deleting = true;
                is_recorded = act == Act::Delete;
                time.act(&mut rng, |pod, now, rng| pod.delete(None, now, rng));
            }
            Act::Stop => break,
        }
        if is_recorded {
            rows.push(row(&time.pod, at, is_deleting));
        }
    }
    (time.world.probes, rows)
}

/// What is done to a pod in its run.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Act {
    /// The work queue finds that a back-off is over.
    EndBackOff,
    /// The work queue syncs an idle pod.
    Resync,
    /// The pod is deleted.
    Delete,
    /// The pod is deleted, and its status is not recorded any more.
    End,
    /// The run ends.
    Stop,
}

fn script(name: &str, run: &Value, observed: &[Probed]) -> Vec<(f64, Act)> {
    let mut acts = Vec::new();
    let rows = observed_rows(run);
    for pair in rows.windows(2) {
        let is_waiting = |row: &Row| row.containers.iter().any(|it| it.5 == "CrashLoopBackOff");
        if is_waiting(&pair[0]) && !is_waiting(&pair[1]) {
            acts.push((pair[1].at - LATENCIES.start - 0.02, Act::EndBackOff));
        }
    }
    for (_, at, after) in RESYNCS.iter().filter(|(run, ..)| *run == name) {
        assert!((60.0..91.0).contains(&(at - after)), "{name}: a resync comes after 60 to 91 s");
        acts.push((*at, Act::Resync));
    }
    let last = observed.iter().map(|it| it.0).chain(rows.iter().map(|row| row.at)).fold(0.0, f64::max);
    match run["deleted_at"].as_f64() {
        Some(at) => acts.push((at, Act::Delete)),
        None => acts.extend(end_of(run, observed).map(|at| (at, Act::End))),
    }
    // What came last may be something that the model learns up to a relist later.
    let is_status = rows.last().is_some_and(|row| row.at >= last);
    acts.push((last + if is_status { RELIST_TOLERANCE } else { TOLERANCE / 2.0 }, Act::Stop));
    acts.sort_by(|a, b| a.0.total_cmp(&b.0));
    acts
}

/// Runs with readiness and liveness probes end with a deletion that is not recorded: the last liveness tick
/// is missing while readiness goes on. It is put right before the missing tick.
fn end_of(run: &Value, observed: &[Probed]) -> Option<f64> {
    let last = |is_readiness: bool| {
        let mut of_kind = observed.iter().filter(|it| it.1.starts_with("readiness") == is_readiness);
        of_kind.next_back()
    };
    let (readiness, (at, key, _)) = (last(true)?, last(false)?);
    let containers = run["spec"]["containers"].as_array()?;
    let period = containers.iter().find_map(|container| {
        let probe = &container["livenessProbe"];
        probe["httpGet"]["path"]
            .as_str()?
            .ends_with(&format!("/{key}"))
            .then(|| probe["periodSeconds"].as_f64())?
    })?;
    (readiness.0 > at + period - 2.0).then_some(at + period - 0.05)
}

/// The model would not have ended this back-off earlier, and not much later.
fn check_back_off(name: &str, pod: &Pod, at: f64) {
    let waiting = pod.status().containers.iter().find_map(|status| match (status.state, status.last) {
        (State::Waiting(Waiting::BackOff(delay)), Some(last)) => {
            Some((delay.as_secs_f64(), last.finished_at))
        }
        _ => None,
    });
    let (delay, ended) = waiting.unwrap_or_else(|| panic!("{name}: nothing waits at {at}"));
    let late = at - (second(ended) + delay);
    let bound = 0.5 * delay.min(60.0) + 1.0;
    assert!(
        (-TOLERANCE..bound + TOLERANCE).contains(&late),
        "{name}: {delay} s of back-off end {late} s late"
    );
}

/// The first tick of a startup or liveness probe without a delay comes one period after the worker began.
fn anchor(spec: &Value, observed: &[Probed]) -> f64 {
    let containers = spec["containers"].as_array().expect("containers");
    let first = ["startupProbe", "livenessProbe"].iter().find_map(|field| {
        containers.iter().find_map(|container| {
            let probe = &container[*field];
            let key = probe["httpGet"]["path"].as_str()?.rsplit('/').next()?;
            let tick = observed.iter().find(|it| it.1 == key)?.0;
            Some(tick - probe["periodSeconds"].as_f64().unwrap_or(10.0))
        })
    });
    let anchor = first.unwrap_or(TYPICAL_ANCHOR);
    assert!(
        (-1.5..-0.4).contains(&anchor),
        "workers are made about a second before the container runs: {anchor}"
    );
    anchor
}

/// The node: its containers ignore SIGTERM unless they trap it, and its server answers as the run says.
struct Node<'a> {
    run: &'a Value,
    containers: Vec<Container>,
    anchor: f64,
    first_probe: Option<Time>,
    probes: Vec<Probed>,
}

impl World for Node<'_> {
    fn probe(&mut self, attempt: &Attempt, now: Time, _: &mut impl Rng) -> (Outcome, Duration) {
        let probe = self.containers[attempt.container].probe(attempt.kind).expect("a probe");
        let timeout = f64::from(probe.timeout_seconds) + LATENCIES.timeout;
        let Some(get) = &probe.handlers.http_get else {
            return (Outcome::Failure, seconds(timeout));
        };
        let key = get.path.rsplit('/').next().expect("a path");
        let first = *self.first_probe.get_or_insert(now);
        let after = now.since(first).as_secs_f64();
        let segments = self.run["responses"][key].as_array();
        let mode = segments.into_iter().flatten().find(|segment| {
            (segment[0].as_f64().unwrap_or(0.0)..segment[1].as_f64().unwrap_or(0.0)).contains(&after)
        });
        let mode = mode.and_then(|segment| segment[2].as_str()).unwrap_or("S");
        self.probes.push((second(now), key.into(), mode.into()));
        match mode {
            "F" => (Outcome::Failure, seconds(LATENCIES.answer)),
            "R" => (Outcome::Warning, seconds(LATENCIES.answer)),
            "B" => (Outcome::Error(Doubt::Failure), seconds(timeout)),
            "T" => (Outcome::Failure, seconds(timeout)),
            _ => (Outcome::Success, seconds(LATENCIES.answer)),
        }
    }

    fn start(&mut self, container: usize, instance: Instance, now: Time) -> Start {
        let is_first = container == 0 && instance == Instance::FIRST;
        let others = (self.containers.len() - 1) as f64;
        let until_zero = -self.anchor - 0.04 - others * LATENCIES.start;
        let takes = if is_first && second(now) < 0.0 { until_zero } else { LATENCIES.start };
        Start { takes: seconds(takes), exits: None }
    }

    fn stop(&mut self, _: usize, grace: Duration, _: Cause, _: Time) -> (Duration, i32) {
        let command = self.run["spec"]["containers"][0]["command"][2].as_str().unwrap_or("");
        match command.strip_prefix("trap \"sleep ").and_then(|rest| rest.split(';').next()) {
            // The shell takes the signal when its `sleep 0.2` is over.
            Some(sleep) => (seconds(sleep.parse::<f64>().expect("seconds") + 0.1), 0),
            None => (grace + seconds(LATENCIES.kill), 137),
        }
    }
}

fn row(pod: &Pod, at: f64, is_deleting: bool) -> Row {
    let status = pod.status();
    let containers = status.containers.iter().enumerate().map(|(index, it)| {
        let (state, reason) = match it.state {
            State::Waiting(waiting) => ("waiting", waiting.name()),
            State::Running(_) => ("running", ""),
            State::Terminated(exited) => ("terminated", exited.reason()),
        };
        let restarts = it.instance.map_or(0, Instance::restart_count);
        (pod.container(index).name.clone(), it.ready, it.started, restarts, state, reason)
    });
    let mut containers: Vec<_> = containers.collect();
    containers.sort();
    Row { at, ready: status.conditions.ready.is_true, containers, is_deleting, is_gone: pod.is_gone() }
}

// === the kubelet's side ===

fn observed_probes(run: &Value) -> Vec<Probed> {
    let list = run["probes"].as_array().expect("probes").iter();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    list.map(|it| (it[0].as_f64().expect("a time"), text(&it[1]), text(&it[2]))).collect()
}

fn observed_rows(run: &Value) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for it in run["status"].as_array().expect("status") {
        let at = it[0].as_f64().expect("a time");
        if it[1] == "deleted" {
            let last = rows.last().expect("a status before").clone();
            rows.push(Row { at, is_gone: true, ..last });
        } else if let Some(containers) = it[2].as_object() {
            let mut containers: Vec<_> = containers.iter().map(|(name, it)| container(name, it)).collect();
            containers.sort();
            let (ready, is_deleting) = (it[1] == "True", it[3] == true);
            rows.push(Row { at, ready, containers, is_deleting, is_gone: false });
        } else {
            let fields: Value = it.as_array().expect("a status")[1..].into();
            let ready = fields[0] == true;
            rows.push(Row {
                at,
                ready,
                containers: vec![container("main", &fields)],
                is_deleting: false,
                is_gone: false,
            });
        }
    }
    rows
}

fn container(name: &str, it: &Value) -> (String, bool, bool, u32, &'static str, &'static str) {
    let known = |text: Option<&str>, names: &[&'static str]| {
        text.map_or("", |text| names.iter().find(|name| **name == text).expect("a known name"))
    };
    (
        name.into(),
        it[0] == true,
        it[1] == true,
        it[2].as_u64().expect("a count") as u32,
        known(it[3].as_str(), &["waiting", "running", "terminated"]),
        known(it[4].as_str(), &["ContainerCreating", "CrashLoopBackOff", "Completed", "Error"]),
    )
}

// === comparing ===

/// Each endpoint's probes in order, one for one.
fn compare_probes(name: &str, expected: &[Probed], got: &[Probed], wrong: &mut String) {
    let by_key = |list: &[Probed]| {
        let mut map: HashMap<String, Vec<(f64, String)>> = HashMap::new();
        for (at, key, mode) in list {
            map.entry(key.clone()).or_default().push((*at, mode.clone()));
        }
        map
    };
    let (expected, got) = (by_key(expected), by_key(got));
    for key in expected.keys().chain(got.keys().filter(|key| !expected.contains_key(*key))) {
        let none = Vec::new();
        let (expected, got) = (expected.get(key).unwrap_or(&none), got.get(key).unwrap_or(&none));
        let differs =
            (0..expected.len().max(got.len())).find(|&index| match (expected.get(index), got.get(index)) {
                (Some(a), Some(b)) => (a.0 - b.0).abs() > TOLERANCE || a.1 != b.1,
                _ => true,
            });
        if let Some(index) = differs {
            let (a, b) = (expected.get(index), got.get(index));
            *wrong += &format!("{name}: {key} probe {index}: kubelet {a:?}, model {b:?}\n");
        }
    }
}

/// What lasted, in order.
fn compare_rows(name: &str, expected: Vec<Row>, got: Vec<Row>, wrong: &mut String) {
    let (expected, mut got) = (lasting(expected), lasting(got));
    if expected.first().is_some_and(|row| row.at >= 0.0) {
        got.retain(|row| row.at > -TRANSIENT);
    }
    for index in 0..expected.len().max(got.len()) {
        let (a, b) = (expected.get(index), got.get(index));
        let agrees = a.zip(b).is_some_and(|(a, b)| {
            let is_relist = b.at < -TRANSIENT || b.is_gone || b.containers.iter().any(|it| it.4 != "running");
            let tolerance = if is_relist { RELIST_TOLERANCE } else { TOLERANCE };
            (a.at - b.at).abs() <= tolerance && Row { at: 0.0, ..a.clone() } == Row { at: 0.0, ..b.clone() }
        });
        if !agrees {
            *wrong += &format!("{name}: status {index}:\n  kubelet {a:?}\n  model   {b:?}\n");
            return;
        }
    }
}

/// Without repeats and without what was replaced at once.
fn lasting(rows: Vec<Row>) -> Vec<Row> {
    let mut lasting: Vec<Row> = Vec::new();
    let is_same = |a: &Row, b: &Row| Row { at: 0.0, ..a.clone() } == Row { at: 0.0, ..b.clone() };
    for row in rows {
        if lasting.last().is_some_and(|last| is_same(last, &row)) {
            continue;
        }
        while lasting.last().is_some_and(|last| row.at - last.at < TRANSIENT && !row.is_gone) {
            lasting.pop();
        }
        if !lasting.last().is_some_and(|last| is_same(last, &row)) {
            lasting.push(row);
        }
    }
    lasting
}

fn moment(second: f64) -> Time {
    Time::from_millis((ZERO.nanos() as f64 / 1e6 + second * 1000.0).round() as u64)
}

fn second(time: Time) -> f64 {
    (time.nanos() as f64 - ZERO.nanos() as f64) / 1e9
}
