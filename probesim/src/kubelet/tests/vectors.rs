//! `fixtures/prober-vectors.yaml`: what the rules come to, to the millisecond.

use std::collections::HashMap;

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

use super::super::*;
use super::{Duration, pod, rng, seconds};
use rand::Rng;

/// Second 0 of the vectors: late enough for workers that start before it.
const ZERO: Time = Time::from_millis(100_000);

/// When, which, and what came of it.
type Probed = (i64, String, String);

#[test]
fn the_model_agrees_with_every_vector() {
    let vectors = yaml(include_str!("../fixtures/prober-vectors.yaml"));
    let vectors = vectors["vectors"].as_array().expect("a list of vectors").clone();
    assert_eq!(vectors.len(), 22);
    let mut wrong = String::new();
    for vector in &vectors {
        let id = vector["id"].as_str().expect("an id");
        let (probes, events) = run(&vector["in"]);
        let expected = &vector["expect"];
        if let Some(list) = expected["probes"].as_array() {
            let list = list.iter().map(|it| (at(&it[0]), text(&it[1]), text(&it[2]))).collect();
            compare(id, by_kind(list), by_kind(probes), &mut wrong);
        }
        let list: Vec<_> = expected["events"].as_array().expect("events").iter().collect();
        compare(id, list.iter().map(|it| (at(&it[0]), text(&it[1]))).collect(), events, &mut wrong);
    }
    assert!(wrong.is_empty(), "{wrong}");
}

fn run(input: &Value) -> (Vec<Probed>, Vec<(i64, String)>) {
    let number = |name: &str, default: f64| input[name].as_f64().unwrap_or(default);
    let mut container = json!({"name": "c"});
    for (kind, fields) in input["probes"].as_object().expect("probes") {
        container[format!("{kind}Probe")] = fields.clone();
        container[format!("{kind}Probe")]["tcpSocket"] = json!({"port": 1});
    }
    let policy = input["restartPolicy"].as_str().unwrap_or("Always");
    let spec = json!({"restartPolicy": policy, "containers": [container]});
    let settings = Settings {
        started_carry_over: input["startedCarryOver"].as_bool().unwrap_or(false),
        relist_after_sync: Some(seconds(number("visibleLatency", 0.0))),
        ..Settings::ideal()
    };
    let (worker_start, container_start) = (number("workerStart", -0.5), number("containerStart", 0.0));
    let begin = moment(worker_start);
    let pod = pod(&spec, settings, begin);
    let vector = Vector { input, takes: seconds(container_start - worker_start), ..Vector::new(input) };
    let mut rng = rng();
    let mut run = VirtualTime::new(pod, vector, begin, &mut rng);
    let mut acts: Vec<f64> =
        input["syncs"].as_array().into_iter().flatten().filter_map(Value::as_f64).collect();
    acts.extend(input["deleteAt"].as_f64());
    acts.sort_by(f64::total_cmp);
    for time in acts {
        run.run(moment(time), &mut rng);
        let is_deletion = input["deleteAt"].as_f64() == Some(time);
        if is_deletion {
            run.world.events.push((since(run.now()), "Deleted".into()));
        }
        run.act(
            &mut rng,
            |pod, now, rng| if is_deletion { pod.delete(None, now, rng) } else { pod.sync(now, rng) },
        );
    }
    run.run(moment(number("until", 0.0)), &mut rng);
    (run.world.probes, run.world.events)
}

/// The world of one vector.
struct Vector<'a> {
    input: &'a Value,
    takes: Duration,
    rounds: HashMap<Kind, usize>,
    letters: HashMap<Kind, String>,
    probes: Vec<Probed>,
    events: Vec<(i64, String)>,
    is_backing_off: bool,
}

impl<'a> Vector<'a> {
    fn new(input: &'a Value) -> Self {
        Self {
            input,
            takes: Duration::ZERO,
            rounds: HashMap::new(),
            letters: HashMap::new(),
            probes: Vec::new(),
            events: Vec::new(),
            is_backing_off: false,
        }
    }

    fn letter(&mut self, kind: Kind, now: Time) -> String {
        let outcomes = &self.input["outcomes"][name(kind)];
        let round = self.rounds.entry(kind).or_default();
        *round += 1;
        let default = outcomes["default"].as_str().unwrap_or("S");
        let from_sequence = outcomes["seq"][*round - 1].as_str();
        let now = since(now) as f64 / 1000.0;
        let from_segment = outcomes["segments"].as_array().into_iter().flatten().find(|segment| {
            (segment[0].as_f64().unwrap_or(0.0)..segment[1].as_f64().unwrap_or(0.0)).contains(&now)
        });
        let from_segment = from_segment.and_then(|segment| segment[2].as_str());
        from_sequence.or(from_segment).unwrap_or(default).into()
    }
}

impl World for Vector<'_> {
    fn probe(&mut self, attempt: &Attempt, now: Time, _: &mut impl Rng) -> (Outcome, Duration) {
        let kind = attempt.kind;
        if attempt.number == 1 {
            let letter = self.letter(kind, now);
            let listed = match letter.as_str() {
                "T" => "F",
                "B" => "E",
                other => other,
            };
            self.probes.push((since(now), name(kind).into(), listed.into()));
            self.letters.insert(kind, letter);
        }
        let timeout = self.input["probes"][name(kind)]["timeoutSeconds"].as_u64().unwrap_or(1);
        let timeout = Duration::from_secs(timeout);
        match self.letters[&kind].as_str() {
            "S" => (Outcome::Success, Duration::ZERO),
            "W" => (Outcome::Warning, Duration::ZERO),
            "F" => (Outcome::Failure, Duration::ZERO),
            "T" => (Outcome::Failure, timeout),
            "E" => (Outcome::Error(Doubt::Failure), Duration::ZERO),
            "B" => (Outcome::Error(Doubt::Failure), timeout),
            other => panic!("no such outcome: {other}"),
        }
    }

    fn start(&mut self, _: usize, instance: Instance, _: Time) -> Start {
        let exits = self.input["exits"].as_array().into_iter().flatten().find(|exit| {
            exit["instance"].as_u64().is_none_or(|number| number == u64::from(instance.restart_count()))
        });
        let exits = exits.map(|exit| {
            (seconds(exit["after"].as_f64().expect("after")), exit["code"].as_i64().expect("code") as i32)
        });
        let takes = if instance == Instance::FIRST { self.takes } else { Duration::ZERO };
        Start { takes, exits }
    }

    fn stop(&mut self, _: usize, grace: Duration, _: Cause, _: Time) -> (Duration, i32) {
        let takes = seconds(self.input["stopTime"].as_f64().unwrap_or(0.0));
        if takes > grace {
            return (grace, 137);
        }
        (takes, self.input["stopExitCode"].as_i64().unwrap_or(0) as i32)
    }

    fn observe(&mut self, note: &Note<'_>, now: Time) {
        let starts = self.events.iter().filter(|(_, event)| event.starts_with("ContainerStart")).count();
        let event = match note {
            Note::Started(_) => format!("ContainerStart({starts})"),
            Note::Exited(_, code) => {
                self.is_backing_off = false;
                format!("Exited({code})")
            }
            Note::Ask(Ask::Stop { cause: Cause::Liveness, .. }) => "Killing(liveness)".into(),
            Note::Ask(Ask::Stop { cause: Cause::Startup, .. }) => "Killing(startup)".into(),
            Note::Ask(Ask::Report(Event::BackOff { delay, .. })) if !self.is_backing_off => {
                self.is_backing_off = true;
                format!("BackOff({})", delay.as_secs())
            }
            Note::Ask(Ask::Change(Change::Started { is_started: true, .. })) => "Started".into(),
            Note::Ask(Ask::Change(Change::Started { is_started: false, .. })) => "NotStarted".into(),
            Note::Ask(Ask::Change(Change::Ready(true))) => "Ready".into(),
            Note::Ask(Ask::Change(Change::Ready(false))) => "NotReady".into(),
            Note::Ask(_) => return,
        };
        self.events.push((since(now), event));
    }
}

const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Startup => "startup",
        Kind::Readiness => "readiness",
        Kind::Liveness => "liveness",
    }
}

fn moment(second: f64) -> Time {
    Time::from_millis((ZERO.nanos() as f64 / 1e6 + second * 1000.0).round() as u64)
}

fn since(time: Time) -> i64 {
    (time.nanos() as i64 - ZERO.nanos() as i64) / 1_000_000
}

fn at(value: &Value) -> i64 {
    (value.as_f64().expect("a time") * 1000.0).round() as i64
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").into()
}

/// The order at one moment counts only within one kind.
fn by_kind(mut list: Vec<Probed>) -> Vec<Probed> {
    list.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    list
}

fn compare<T: PartialEq + std::fmt::Debug>(id: &str, expected: Vec<T>, got: Vec<T>, wrong: &mut String) {
    if expected != got {
        *wrong += &format!("{id}\n  expected {expected:?}\n  got      {got:?}\n");
    }
}

fn yaml(text: &str) -> Value {
    convert(&Yaml::load_from_str(text).expect("YAML")[0])
}

fn convert(node: &Yaml) -> Value {
    match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::FloatingPoint(value)) => json!(value.into_inner()),
        Yaml::Value(Scalar::String(value)) => json!(value),
        Yaml::Sequence(items) => items.iter().map(convert).collect(),
        Yaml::Mapping(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, value)| (key.as_str().expect("a text as key").into(), convert(value)))
                .collect::<Map<_, _>>(),
        ),
        other => panic!("unexpected YAML: {other:?}"),
    }
}
