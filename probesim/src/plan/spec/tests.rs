//! What can be written, and what is refused.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::HeaderName;

use super::*;
use crate::plan::what::{Manner, Network};
use crate::plan::when::{Bursts, Flap, Turns};
use crate::plan::whom::{Caller, PathPattern};
use crate::plan::{Latency, Outcomes, Rate};

fn read(text: &str) -> Result<Vec<Spec>, Problems> {
    let endpoints = Endpoints::new(["db".to_owned()], []);
    read_all(&Node::parse(text).unwrap(), "faults", "fault-", &endpoints)
}

fn one(text: &str) -> Spec {
    read(text).unwrap_or_else(|problems| panic!("{text}: {problems}")).remove(0)
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[test]
fn a_fault_needs_only_its_endpoint() {
    let spec = one("on: readiness");
    assert_eq!(spec.on, [Target::Endpoint(Endpoint::Readiness)]);
    assert_eq!((spec.timing, spec.whom), (Timing::default(), Whom::default()));
    let What::Answer(answer) = spec.what else { panic!() };
    assert_eq!((answer.manner, answer.status, spec.name.as_str()), (Manner::Whole, 500, "fault-1"));
}

#[test]
fn every_when_is_read() {
    let spec = one(
        "{on: [all, dependency/db], rate: 20%, ramp: 1m, after: 10s, for: 5s, pass: 3, fail: 2, repeat: true,
          flap: {period: 30s, duty: 33%}, bursts: {gap: 20, length: 5}, starts: 2}",
    );
    assert_eq!(spec.on, [Target::All, Target::Endpoint(Endpoint::Named(0))]);
    let expected = Timing {
        rate: Rate::from_percent(20.0).unwrap(),
        ramp: Some(secs(60)),
        after: secs(10),
        until: Some(secs(15)),
        turns: Some(Turns { pass: 3, fail: Some(2), repeats: true }),
        flap: Some(Flap { period: secs(30), duty: Rate::from_percent(33.0).unwrap() }),
        bursts: Bursts::new(20, 5),
        starts: Some(2),
        phase: None,
    };
    assert_eq!(spec.timing, expected);
}

#[test]
fn every_whom_is_read() {
    let spec = one("{on: http, callers: others, header: {X-A: b, X-C: }, path: /o/*, share: 5}");
    let expected = Whom {
        callers: Some(Caller::Other),
        headers: vec![
            (HeaderName::from_static("x-a"), Some("b".into())),
            (HeaderName::from_static("x-c"), None),
        ],
        path: PathPattern::new("/o/*"),
        share: Rate::from_percent(5.0),
    };
    assert_eq!(spec.whom, expected);
}

#[test]
fn every_answer_is_read() {
    let spec = one("{on: liveness, status: 429, body: slow down, headers: {X-A: b}, retry_after: 1500ms}");
    let What::Answer(answer) = spec.what else { panic!() };
    assert_eq!((answer.status, answer.body), (429, Some(Bytes::from("slow down"))));
    let headers: Vec<_> =
        answer.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
    assert_eq!(headers, [("x-a", "b"), ("retry-after", "2")]);
    for manner in Manner::ALL {
        let What::Answer(answer) = one(&format!("{{on: liveness, answer: {}}}", manner.word())).what else {
            panic!("{manner:?}")
        };
        assert_eq!(answer.manner, manner);
    }
    for network in Network::FAULTS {
        let spec = one(&format!("{{on: network/tcp, answer: {}, after: 5s}}", network.word()));
        assert_eq!((spec.on, spec.what), (vec![Target::Port(Port::Tcp)], What::Network(network)));
    }
}

#[test]
fn every_latency_is_read() {
    let ms = Duration::from_millis;
    for (text, expected) in [
        ("200ms", Latency::Fixed(ms(200))),
        ("{uniform: [100ms, 300ms]}", Latency::Uniform(ms(100), ms(300))),
        ("{normal: {mean: 200ms, deviation: 50ms}}", Latency::Normal { mean: ms(200), deviation: ms(50) }),
        ("{p99: 1s, p50: 10ms}", Latency::Percentiles(vec![(50.0, ms(10)), (99.0, ms(1_000))])),
    ] {
        let spec = one(&format!("{{on: all, latency: {text}, latency_on: failures}}"));
        assert_eq!(spec.what, What::Wait(expected, Outcomes::Failures), "{text}");
    }
    assert!(matches!(one("{on: all, latency: 1s, status: 503}").what, What::Answer(_)));
}

#[test]
fn what_is_wrong_is_named_by_line_and_field() {
    for (text, expected) in [
        ("- on: nowhere", "line 1: faults[0].on: \"nowhere\": no such endpoint"),
        ("- rate: 5", "line 1: faults[0].on: missing"),
        ("{on: all, rate:5}", "line 1: faults.rate:5: YAML needs a space after the colon; write rate: 5"),
        ("on: all\nrte: 5", "line 2: faults.rte: unknown"),
        ("on: all\nrate: 0.2", "line 2: faults.rate: \"0.2\": expected a percentage"),
        ("on: all\nrate: [1]", "line 2: faults.rate: expected one value"),
        ("on: all\nstatus: 99", "line 2: faults.status: \"99\": expected an HTTP status"),
        ("on: all\nafter: 5", "line 2: faults.after: \"5\": expected a time"),
        ("on: all\nfor: 5s\nuntil: 9s", "line 3: faults.until: give `for` or `until`"),
        ("on: all\nafter: 9s\nuntil: 9s", "line 3: faults.until: ends before it begins"),
        ("on: all\nrepeat: true", "line 2: faults.repeat: needs `fail`"),
        ("on: all\nflap: {duty: 5}", "line 2: faults.flap.period: missing"),
        ("on: all\nflap: {period: 0s}", "line 2: faults.flap.period: \"0s\": expected a time of more"),
        ("on: all\nbursts: {gap: 5, length: 2000}", "line 2: faults.bursts: gap must be"),
        ("on: all\ncallers: me", "line 2: faults.callers: \"me\": expected probes or others"),
        ("on: all\npath: x", "line 2: faults.path: \"x\": expected /exact"),
        ("on: all\nheader: a b", "line 2: faults.header: \"a b\": \"a b\" is no name"),
        ("on: all\nheaders: {a b: 1}", "line 2: faults.headers: \"a b\" is no name"),
        ("on: all\nheaders: {a: \"\\x01\"}", "line 2: faults.headers: \"\\u{1}\": no value"),
        ("on: all\nanswer: maybe", "line 2: faults.answer: \"maybe\": expected one of whole, never"),
        ("on: all\nover: 5s", "line 2: faults.over: is for slow-headers"),
        ("on: all\nlatency_on: all", "line 2: faults.latency_on: is for a `latency` alone"),
        ("on: all\nlatency: {uniform: [1s]}", "line 2: faults.latency.uniform: expected two times"),
        ("on: all\nlatency: {uniform: [2s, 1s]}", "line 2: faults.latency.uniform: the first time"),
        ("on: all\nlatency: {p50: 2s, p60: 1s}", "line 2: faults.latency: the times must rise"),
        ("on: all\nlatency: {p500: 2s}", "line 2: faults.latency.p500: expected uniform"),
        ("on: network\nrate: 5\nanswer: hang", "line 2: faults.rate: makes no sense"),
        ("on: network\nanswer: trickle", "line 2: faults.answer: \"trickle\": expected refuse"),
        ("on: [network, http]\nanswer: hang", "line 1: faults.on: endpoints, ports and the process"),
        ("on: process", "line 1: faults.on: the process needs one of memory, cpu and stall"),
        ("on: process\nmemory: 1Mi\ncpu: 5%", "line 1: faults.on: the process needs one of"),
        ("on: process\nmemory: 64MB", "line 2: faults.memory: \"64MB\": expected an amount of memory"),
        ("on: process\ncpu: 5 %", "line 2: faults.cpu: \"5 %\": expected a share of a core"),
        ("on: process\nstall: 31s", "line 2: faults.stall: \"31s\": expected at most 30s"),
        ("on: process\nstall: 1s\nramp: 1s", "line 3: faults.ramp: is for memory and cpu"),
        ("on: process\nstall: 1s\nrate: 5", "line 3: faults.rate: makes no sense"),
        ("on: process\nstall: 1s\nanswer: hang", "line 3: faults.answer: is for endpoints"),
        ("on: all\nmemory: 1Mi", "line 2: faults.memory: is for the process"),
        ("on: network\nanswer: hang\nramp: 1s", "line 3: faults.ramp: makes no sense"),
        ("- {on: all, name: a}\n- {on: all, name: a}", "line 2: faults[1].name: the fault of line 1"),
    ] {
        let problems = read(text).expect_err(text).to_string();
        assert!(problems.starts_with(expected), "{text}:\n{problems}");
    }
}

#[test]
fn every_problem_of_every_fault_is_said_at_once() {
    let problems = read("- {on: x, rate: y}\n- {on: all, status: z, foo: 1}").unwrap_err();
    assert_eq!(problems.0.len(), 4, "{problems}");
}
