//! A record, there and back.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use serde_json::json;
use tokio::time::Instant;

use super::*;
use crate::config::Faults;
use crate::endpoint::Endpoints;
use crate::plan::whom::Asked;
use crate::plan::{Rate, spec};
use crate::server::engine::{Engine, Setup};
use crate::yaml::Node;

const HEADER: &str = "{\"record\":1,\"seed\":7}\n";

/// A file that goes with it.
struct File(PathBuf);

impl File {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("probesim-record-{}-{}", std::process::id(), COUNT.fetch_add(1, Relaxed));
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
        let _ = std::fs::remove_file(self.0.with_extension("old"));
    }
}

fn endpoints() -> Endpoints {
    Endpoints::new(["db".to_owned()], ["orders".to_owned()])
}

fn engine(faults: &str, replay: Option<Replay>) -> Engine {
    let endpoints = endpoints();
    let fixed = spec::read_all(&Node::parse(faults).unwrap(), "", "fault-", &endpoints).unwrap();
    let old = Faults {
        failure_rate: Rate::from_percent(10.0).unwrap(),
        fail_count: 5,
        recovery_period: 5,
        ..Faults::default()
    };
    let faults = if replay.is_some() { Faults::default() } else { old };
    let setup = Setup { endpoints, fixed, faults, start: 1, replay, ..Setup::default() };
    Engine::new(setup, 42, Instant::now())
}

/// What a client can tell of a decision.
fn seen(engine: &Engine, endpoint: Endpoint) -> String {
    let decision = engine.arrive(endpoint, Asked { headers: None, path: "", address: None });
    let over = |answer: &crate::plan::what::Answer| answer.manner.is_slow().then_some(answer.over);
    let answer = decision.answer().map(|answer| (answer.manner, answer.headers.clone(), over(answer)));
    let (delay, status, reason) = (decision.delay, decision.status, decision.reason);
    format!("{delay:?} {status} {reason} {:?} {answer:?} {:?}", decision.cause(), decision.planned_body())
}

fn refused(lines: &str) -> Vec<String> {
    read(&format!("{HEADER}{lines}\n"), &endpoints()).expect_err(lines)
}

#[test]
fn whatever_was_decided_is_decided_again_under_another_plan() {
    let file = File::new();
    let recorded = engine(
        "[{on: [liveness, http], rate: 30%, status: 429, headers: {x-a: b}, retry_after: 3},
          {on: all, rate: 40%, latency: {normal: {mean: 50ms, deviation: 20ms}}},
          {on: readiness, rate: 20%, answer: trickle, over: 3s, body: \"a \\\"b\\\"\"},
          {on: dependency/db, bursts: {gap: 5, length: 3}, answer: reset}, {on: tcp, pass: 3, fail: 2, repeat: true}]",
        None,
    );
    let recorder = Recorder::begin(&file.0, 42, &json!({}), endpoints()).unwrap();
    recorded.tape().start(recorder);
    let ask = |engine: &Engine| -> Vec<String> {
        let rounds = (0..100).flat_map(|_| endpoints().all());
        rounds.map(|endpoint| seen(engine, endpoint)).collect()
    };
    let expected = ask(&recorded);
    recorded.tape().finish(recorded.uptime());
    let replay = read(&std::fs::read_to_string(&file.0).unwrap(), &endpoints()).unwrap();
    assert_eq!((replay.seed, replay.count()), (42, expected.len()));
    let again = engine("{on: all, status: 503}", Some(replay));
    for (n, (got, expected)) in ask(&again).iter().zip(&expected).enumerate() {
        assert_eq!(got, expected, "request {n}");
    }
    assert!(
        seen(&again, Endpoint::Liveness).contains("503 whole \"fault-1\""),
        "past the end the plan answers"
    );
}

#[test]
fn a_server_that_drains_says_so_whatever_was_recorded() {
    let line = r#"{"endpoint":"readiness","sequence":0,"at":0,"status":200,"reason":"healthy","latency":0}"#;
    let replay = read(&format!("{HEADER}{line}\n"), &endpoints()).unwrap();
    let engine = engine("[]", Some(replay));
    engine.state().start_draining();
    assert!(seen(&engine, Endpoint::Readiness).contains("503 draining"));
}

#[test]
fn ports_change_as_they_did_until_the_record_is_over() {
    let lines = "{\"port\":\"network\",\"at\":1.5,\"network\":\"blackhole\"}\n\
                 {\"port\":\"network/tcp\",\"at\":2,\"network\":\"refuse\"}\n\
                 {\"port\":\"network\",\"at\":3,\"network\":\"open\"}\n{\"end\":9}\n";
    let replay = read(&format!("{HEADER}{lines}"), &endpoints()).unwrap();
    let millis = Duration::from_millis;
    for (uptime, expected) in [
        (0, Some((Network::Open, Some(millis(1_500))))),
        (1_500, Some((Network::Blackhole, Some(millis(3_000))))),
        (3_000, Some((Network::Open, Some(millis(9_000))))),
        (9_000, None),
    ] {
        assert_eq!(replay.network(Port::Http, millis(uptime)), expected, "{uptime}");
    }
}

#[test]
fn a_line_that_a_killed_process_left_unfinished_is_left_out() {
    let line = r#"{"endpoint":"tcp","sequence":0,"at":0,"status":200,"reason":"healthy","latency":0}"#;
    for rest in ["", "{\"endpo", line] {
        let replay = read(&format!("{HEADER}{line}\n{rest}"), &endpoints()).unwrap();
        assert_eq!(replay.count(), 1, "{rest:?}");
    }
}

#[test]
fn what_is_no_record_is_refused_by_line() {
    let of = |endpoint: &str, rest: &str| {
        format!(r#"{{"endpoint":"{endpoint}","at":0,"latency":0,"status":200,{rest}}}"#)
    };
    for (line, expected) in [
        ("[]".to_owned(), "2: expected a JSON object"),
        ("{}".to_owned(), "2: at: expected seconds"),
        (of("dependency/x", r#""sequence":0"#), "2: endpoint: \"dependency/x\": this server has none"),
        (of("tcp", r#""sequence":1,"reason":"healthy""#), "2: sequence: 1 where 0 is next"),
        (of("tcp", r#""sequence":-1"#), "2: sequence: expected a whole number"),
        (of("tcp", r#""sequence":0,"reason":"fail-count""#), "2: reason: \"fail-count\": unknown for tcp"),
        (of("tcp", r#""sequence":0,"fault":"a","what":"x""#), "2: what: \"x\": unknown"),
        (r#"{"port":"x","at":0}"#.to_owned(), "2: port: \"x\": no such port"),
        (r#"{"port":"network","at":-1}"#.to_owned(), "2: at: expected seconds"),
    ] {
        let problems = refused(&line);
        let is_first = problems[0].starts_with(expected);
        assert!(is_first || problems[0].contains("body: expected"), "{line}: {problems:?}");
    }
    for (header, expected) in [
        ("", "1: expected the first line of a record"),
        ("{\"record\":2,\"seed\":1}\n", "1: the record is of another version"),
        ("{\"record\":1}\n", "1: the first line has no seed"),
    ] {
        let problems = read(header, &endpoints()).expect_err(header);
        assert!(problems[0].starts_with(expected), "{header}: {problems:?}");
    }
    assert_eq!(refused(&vec!["x"; 99].join("\n")).len(), 10, "ten are enough");
}

#[test]
fn a_record_of_an_earlier_run_is_kept() {
    let file = File::new();
    std::fs::write(&file.0, "before").unwrap();
    let recorder = Recorder::begin(&file.0, 1, &json!({}), endpoints()).unwrap();
    recorder.finish(Duration::from_secs(2));
    assert_eq!(std::fs::read_to_string(file.0.with_extension("old")).unwrap(), "before");
    let text = std::fs::read_to_string(&file.0).unwrap();
    assert!(text.ends_with("\n{\"end\":2}\n"), "{text}");
}

#[test]
fn a_full_disk_ends_the_record_and_nothing_else() {
    let recorder = Recorder::begin("/dev/full".as_ref(), 1, &json!({}), endpoints()).unwrap();
    recorder.take(Entry::Network { port: Port::Http, at: Duration::ZERO, network: Network::Open });
    recorder.finish(Duration::ZERO);
}
