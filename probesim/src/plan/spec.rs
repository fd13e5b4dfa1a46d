//! A fault as the user writes it, and its keys.

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue, RETRY_AFTER};
use serde_json::Value;

use super::what::{Answer, Manner, Network, What};
use super::when::{Bursts, Flap, Phase, Timing, Turns};
use super::whom::{Caller, PathPattern, Whom};
use super::{Latency, Outcomes, Port, Rate};
use crate::endpoint::{Endpoint, Endpoints};
use crate::value;
use crate::yaml::{Content, Fields, Node, Problems, Reader};

/// How long a slow answer takes when nobody says: longer than the kubelet's default timeout.
const DEFAULT_OVER: Duration = Duration::from_secs(10);

/// A fault as it was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    /// Its name in logs, metrics and the draws.
    pub name: String,
    /// What it is for.
    pub on: Vec<Target>,
    /// When.
    pub timing: Timing,
    /// Whom.
    pub whom: Whom,
    /// What.
    pub what: What,
    /// How long it lives, if it says so.
    pub ttl: Option<Duration>,
    /// Whether the file has it, and a reload replaces it.
    pub is_of_file: bool,
    /// What was written.
    pub source: Value,
}

/// What a fault is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Every endpoint.
    All,
    /// One endpoint.
    Endpoint(Endpoint),
    /// A whole port.
    Port(Port),
}

/// A key of a fault: its name, its values, what it means.
pub type Key = (&'static str, &'static str, &'static str);

/// Every key of a fault. The reader refuses all others, and the reference is made of these.
pub const KEYS: &[Key] = &[
    (
        "on",
        "liveness, readiness, startup, dependency, dependency/NAME, http (all other paths), grpc, grpc/SERVICE, tcp, all; network, network/grpc, network/tcp; or a list",
        "what the fault is for; required. The last three are whole ports",
    ),
    ("name", "text", "its name in logs, metrics and `/state`; part of what its random draws come from"),
    ("ttl", "time", "live faults: it is gone after this time (default 10m, `0` until reset)"),
    ("rate", "20, 20%, 0.5%", "hits this share of the requests (default 100%)"),
    ("ramp", "time", "the rate grows from 0 over this time"),
    ("after", "time", "from this moment on: of the uptime, of the phase, or since a live fault was put"),
    ("for", "time", "for this long"),
    ("until", "time", "before this moment; instead of `for`"),
    ("pass", "requests", "lets so many pass first"),
    ("fail", "requests", "then so many fail, and all others pass; without it all fail"),
    ("repeat", "true, false", "begins anew after `pass` and `fail`"),
    ("flap", "{period: time, duty: 50%}", "on for the first part of each period"),
    (
        "bursts",
        "{gap: requests, length: requests}",
        "in runs of this mean length (at most 1000), with gaps of this mean length between them",
    ),
    ("starts", "number", "only in so many first starts of the container; needs STARTS_FILE"),
    ("callers", "probes, others", "only the kubelet's requests (User-Agent kube-probe/), or only the others"),
    ("header", "NAME, or {NAME: VALUE}", "only requests with this header"),
    ("path", "/exact or /begin*", "only requests for this path"),
    ("share", "20, 20%", "only this share of the client addresses, always the same ones"),
    (
        "status",
        "200 to 599",
        "the HTTP status (default 500; 200 for a slow or broken body); gRPC: 200 to 399 is SERVING",
    ),
    ("body", "text", "the body"),
    ("headers", "{NAME: VALUE}", "more headers"),
    ("retry_after", "seconds, or a time", "the Retry-After header"),
    (
        "latency",
        "time, {uniform: [from, to]}, {normal: {mean: time, deviation: time}}, {p50: time, p99: time, …}",
        "waits before the answer; alone, it answers as it would",
    ),
    ("latency_on", "all, successes, failures", "which answers a `latency` alone is for (default all)"),
    (
        "answer",
        "whole, never, slow-headers, trickle, stall, truncate, cut, malformed, garbage, close, reset, half-close; of a port: refuse, reset, hang, blackhole",
        "how it answers (default whole)",
    ),
    ("over", "time", "how long slow-headers and trickle take (default 10s)"),
];

/// The keys that say what is answered.
const ANSWER_KEYS: &[&str] = &["status", "body", "headers", "retry_after", "answer", "over"];
/// The keys that make no sense for a whole port.
const REQUEST_KEYS: &[&str] = &[
    "rate",
    "ramp",
    "pass",
    "fail",
    "repeat",
    "bursts",
    "callers",
    "header",
    "path",
    "share",
    "status",
    "body",
    "headers",
    "retry_after",
    "latency",
    "latency_on",
    "over",
];

/// Reads a list of faults, or one. Those without a name get `prefix` and their number.
///
/// # Errors
/// All that is wrong.
pub fn read_all(node: &Node, path: &str, prefix: &str, endpoints: &Endpoints) -> Result<Vec<Spec>, Problems> {
    let mut reader = Reader::default();
    let specs = specs(&mut reader, node, path, prefix, endpoints, None);
    reader.finish(specs)
}

/// As [`read_all`], within a document whose problems are collected elsewhere.
pub fn specs(
    reader: &mut Reader,
    node: &Node,
    path: &str,
    prefix: &str,
    endpoints: &Endpoints,
    phase: Option<Phase>,
) -> Vec<Spec> {
    let mut names = HashMap::new();
    let is_list = matches!(node.content, Content::List(_));
    let mut read = vec![];
    for (n, item) in reader.items(node).iter().enumerate() {
        let path = if is_list { format!("{path}[{n}]") } else { path.to_owned() };
        let Some(spec) = spec(reader, item, &path, &format!("{prefix}{}", n + 1), endpoints, phase) else {
            continue;
        };
        if let Some(line) = names.insert(spec.name.clone(), item.line) {
            let message = format!("the fault of line {line} is called {:?} already", spec.name);
            reader.refuse(item.line, &format!("{path}.name"), message);
        }
        read.push(spec);
    }
    read
}

fn spec(
    reader: &mut Reader,
    node: &Node,
    path: &str,
    default_name: &str,
    endpoints: &Endpoints,
    phase: Option<Phase>,
) -> Option<Spec> {
    let known: Vec<&str> = KEYS.iter().map(|(key, ..)| *key).collect();
    let fields = reader.fields(node, path, &known);
    let on = targets(reader, &fields, endpoints);
    let is_port = on.iter().any(|target| matches!(target, Target::Port(_)));
    if is_port && on.iter().any(|target| !matches!(target, Target::Port(_))) {
        reader.refuse(fields.line_of("on"), &fields.path_of("on"), "ports and endpoints need a fault each");
    }
    let what = if is_port { network(reader, &fields) } else { what(reader, &fields) };
    let source = node.to_json();
    Some(Spec {
        name: reader.read(&fields, "name", value::text).unwrap_or_else(|| default_name.to_owned()),
        timing: timing(reader, &fields, phase),
        whom: whom(reader, &fields),
        ttl: reader.read(&fields, "ttl", value::with_unit),
        what: what?,
        on,
        is_of_file: false,
        source,
    })
}

fn targets(reader: &mut Reader, fields: &Fields<'_>, endpoints: &Endpoints) -> Vec<Target> {
    let path = fields.path_of("on");
    let Some(node) = fields.get("on") else {
        reader.refuse(fields.line, &path, "missing: which endpoint, or all");
        return vec![];
    };
    let target = |name: &str| target(name, endpoints);
    reader.items(node).iter().filter_map(|item| reader.scalar(item, &path, target)).collect()
}

/// The endpoint or port of this name.
///
/// # Errors
/// There is none; which there are.
pub fn target(name: &str, endpoints: &Endpoints) -> Result<Target, String> {
    match name {
        "all" => Ok(Target::All),
        "network" => Ok(Target::Port(Port::Http)),
        "network/grpc" => Ok(Target::Port(Port::Grpc)),
        "network/tcp" => Ok(Target::Port(Port::Tcp)),
        name => endpoints.named(name).map(Target::Endpoint).ok_or_else(|| {
            let names: Vec<&str> = endpoints.all().map(|endpoint| endpoints.name(endpoint)).collect();
            let names = names.join(", ");
            format!("no such endpoint; expected one of {names}, all, network, network/grpc, network/tcp")
        }),
    }
}

fn timing(reader: &mut Reader, fields: &Fields<'_>, phase: Option<Phase>) -> Timing {
    let after = reader.read(fields, "after", value::with_unit).unwrap_or_default();
    let length = reader.read(fields, "for", value::with_unit);
    let until = reader.read(fields, "until", value::with_unit);
    if let (Some(_), Some(_)) = (length, until) {
        reader.refuse(fields.line_of("until"), &fields.path_of("until"), "give `for` or `until`, not both");
    }
    if until.is_some_and(|until| until <= after) {
        let message = "ends before it begins: it must be later than `after`";
        reader.refuse(fields.line_of("until"), &fields.path_of("until"), message);
    }
    Timing {
        rate: reader.read(fields, "rate", value::rate).unwrap_or(Rate::ALWAYS),
        ramp: reader.read(fields, "ramp", positive),
        after,
        until: until.or_else(|| length.map(|length| after.saturating_add(length))),
        turns: turns(reader, fields),
        flap: flap(reader, fields),
        bursts: bursts(reader, fields),
        starts: reader.read(fields, "starts", value::count),
        phase,
    }
}

fn turns(reader: &mut Reader, fields: &Fields<'_>) -> Option<Turns> {
    fields.first_of(&["pass", "fail", "repeat"])?;
    let pass = reader.read(fields, "pass", value::count).unwrap_or_default();
    let fail = reader.read(fields, "fail", value::count);
    let repeats = reader.read(fields, "repeat", value::boolean).unwrap_or_default();
    if repeats && fail.is_none() {
        reader.refuse(
            fields.line_of("repeat"),
            &fields.path_of("repeat"),
            "needs `fail`: when to begin anew",
        );
    }
    Some(Turns { pass, fail, repeats })
}

fn flap(reader: &mut Reader, fields: &Fields<'_>) -> Option<Flap> {
    let node = fields.get("flap")?;
    let flap = reader.fields(node, &fields.path_of("flap"), &["period", "duty"]);
    let period = reader.require(&flap, "period", positive);
    let duty = reader.read(&flap, "duty", value::rate).or_else(|| Rate::from_percent(50.0))?;
    Some(Flap { period: period?, duty })
}

fn bursts(reader: &mut Reader, fields: &Fields<'_>) -> Option<Bursts> {
    let node = fields.get("bursts")?;
    let path = fields.path_of("bursts");
    let bursts = reader.fields(node, &path, &["gap", "length"]);
    let gap = reader.require(&bursts, "gap", value::count);
    let length = reader.require(&bursts, "length", value::count);
    let bursts = Bursts::new(gap?, length?);
    if bursts.is_none() {
        reader.refuse(node.line, &path, "gap must be 1 or more, length from 1 to 1000");
    }
    bursts
}

fn whom(reader: &mut Reader, fields: &Fields<'_>) -> Whom {
    let caller = |text: &str| match text {
        "probes" => Ok(Caller::Probe),
        "others" => Ok(Caller::Other),
        _ => Err("expected probes or others"),
    };
    let path = |text: &str| PathPattern::new(text).ok_or("expected /exact or /begin*");
    Whom {
        callers: reader.read(fields, "callers", caller),
        headers: whom_headers(reader, fields),
        path: reader.read(fields, "path", path),
        share: reader.read(fields, "share", value::rate),
    }
}

fn whom_headers(reader: &mut Reader, fields: &Fields<'_>) -> Vec<(HeaderName, Option<String>)> {
    let Some(node) = fields.get("header") else { return vec![] };
    let path = fields.path_of("header");
    let Content::Map(entries) = &node.content else {
        return reader.scalar(node, &path, header_name).map(|name| (name, None)).into_iter().collect();
    };
    let mut headers = vec![];
    for (key, line, value) in entries {
        match header_name(key) {
            Ok(name) if value.content == Content::Null => headers.push((name, None)),
            Ok(name) => {
                headers.extend(reader.scalar(value, &path, value::text).map(|value| (name, Some(value))));
            }
            Err(why) => reader.refuse(*line, &path, why),
        }
    }
    headers
}

fn network(reader: &mut Reader, fields: &Fields<'_>) -> Option<What> {
    if let Some(key) = fields.first_of(REQUEST_KEYS) {
        let message = "makes no sense for a whole port, which knows no requests";
        reader.refuse(fields.line_of(key), &fields.path_of(key), message);
    }
    let network = |word: &str| {
        let found = Network::FAULTS.into_iter().find(|network| network.word() == word);
        found.ok_or("expected refuse, reset, hang or blackhole")
    };
    reader.require(fields, "answer", network).map(What::Network)
}

fn what(reader: &mut Reader, fields: &Fields<'_>) -> Option<What> {
    let latency = latency(reader, fields);
    let outcomes = reader.read(fields, "latency_on", |word| match word {
        "all" => Ok(Outcomes::All),
        "successes" => Ok(Outcomes::Successes),
        "failures" => Ok(Outcomes::Failures),
        _ => Err("expected all, successes or failures"),
    });
    let answers = fields.first_of(ANSWER_KEYS);
    if outcomes.is_some() && (fields.get("latency").is_none() || answers.is_some()) {
        let message = "is for a `latency` alone, without an answer of its own";
        reader.refuse(fields.line_of("latency_on"), &fields.path_of("latency_on"), message);
    }
    if fields.get("latency").is_some() && answers.is_none() {
        return Some(What::Wait(latency?, outcomes.unwrap_or(Outcomes::All)));
    }
    let manner = |word: &str| {
        let found = Manner::ALL.into_iter().find(|manner| manner.word() == word);
        let words = || Manner::ALL.map(Manner::word).join(", ");
        found.ok_or_else(|| format!("expected one of {}", words()))
    };
    let manner = reader.read(fields, "answer", manner).unwrap_or(Manner::Whole);
    let over = reader.read(fields, "over", value::with_unit);
    if over.is_some() && !manner.is_slow() {
        reader.refuse(fields.line_of("over"), &fields.path_of("over"), "is for slow-headers and trickle");
    }
    let default = if manner == Manner::Whole || !manner.has_status() { 500 } else { 200 };
    Some(What::Answer(Answer {
        manner,
        status: reader.read(fields, "status", status).unwrap_or(default),
        body: reader.read(fields, "body", value::text).map(Bytes::from),
        headers: answer_headers(reader, fields),
        latency,
        over: over.unwrap_or(DEFAULT_OVER),
    }))
}

fn answer_headers(reader: &mut Reader, fields: &Fields<'_>) -> Vec<(HeaderName, HeaderValue)> {
    let mut headers = vec![];
    let header_value = |text: &str| HeaderValue::from_str(text).map_err(|_| "no value of a header");
    if let Some(node) = fields.get("headers") {
        let path = fields.path_of("headers");
        let Content::Map(entries) = &node.content else {
            reader.refuse(node.line, &path, "expected a map of names and values");
            return headers;
        };
        for (key, line, node) in entries {
            match header_name(key) {
                Ok(name) => {
                    headers.extend(reader.scalar(node, &path, header_value).map(|value| (name, value)));
                }
                Err(why) => reader.refuse(*line, &path, why),
            }
        }
    }
    let seconds = |text: &str| match text.parse::<u64>() {
        Ok(seconds) => Ok(seconds),
        Err(_) => value::with_unit(text).map(|time| time.as_secs_f64().ceil() as u64),
    };
    let retry = reader.read(fields, "retry_after", seconds);
    headers.extend(retry.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds))));
    headers
}

fn latency(reader: &mut Reader, fields: &Fields<'_>) -> Option<Latency> {
    let node = fields.get("latency")?;
    let path = fields.path_of("latency");
    let Content::Map(entries) = &node.content else {
        return reader.scalar(node, &path, value::with_unit).map(Latency::Fixed);
    };
    if let [(key, _, inner)] = entries.as_slice() {
        match key.as_str() {
            "uniform" => return uniform(reader, inner, &format!("{path}.uniform")),
            "normal" => return normal(reader, inner, &format!("{path}.normal")),
            _ => {}
        }
    }
    percentiles(reader, entries, &path, node.line)
}

fn uniform(reader: &mut Reader, node: &Node, path: &str) -> Option<Latency> {
    let times: Vec<_> =
        reader.items(node).iter().map(|item| reader.scalar(item, path, value::with_unit)).collect();
    let [from, to] = times[..] else {
        reader.refuse(node.line, path, "expected two times: [100ms, 300ms]");
        return None;
    };
    let (from, to) = (from?, to?);
    if to < from {
        reader.refuse(node.line, path, "the first time must not be longer than the second");
    }
    Some(Latency::Uniform(from, to))
}

fn normal(reader: &mut Reader, node: &Node, path: &str) -> Option<Latency> {
    let fields = reader.fields(node, path, &["mean", "deviation"]);
    let mean = reader.require(&fields, "mean", value::with_unit);
    let deviation = reader.require(&fields, "deviation", value::with_unit);
    Some(Latency::Normal { mean: mean?, deviation: deviation? })
}

fn percentiles(
    reader: &mut Reader,
    entries: &[(String, usize, Node)],
    path: &str,
    line: usize,
) -> Option<Latency> {
    let mut points = vec![];
    for (key, line, node) in entries {
        let percent = key.strip_prefix('p').and_then(|number| number.parse::<f64>().ok());
        match percent.filter(|percent| (0.0..=100.0).contains(percent)) {
            Some(percent) => {
                let time = reader.scalar(node, &format!("{path}.{key}"), value::with_unit);
                points.extend(time.map(|time| (percent, time)));
            }
            None => {
                let message = "expected uniform, normal, or percentiles such as p50 and p99.9";
                reader.refuse(*line, &format!("{path}.{key}"), message);
            }
        }
    }
    points.sort_by(|left, right| left.0.total_cmp(&right.0));
    let rises = points.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
    if !rises || points.is_empty() {
        reader.refuse(line, path, "the times must rise with the percentiles");
    }
    Some(Latency::Percentiles(points))
}

/// A time of more than 0.
fn positive(text: &str) -> Result<Duration, String> {
    let time = value::with_unit(text).map_err(|why| why.to_string())?;
    if time.is_zero() { Err("expected a time of more than 0".into()) } else { Ok(time) }
}

fn status(text: &str) -> Result<u16, &'static str> {
    let status = text.parse().ok().filter(|status| (200..=599).contains(status));
    status.ok_or("expected an HTTP status from 200 to 599")
}

fn header_name(text: &str) -> Result<HeaderName, String> {
    HeaderName::try_from(text).map_err(|_| format!("{text:?} is no name of a header"))
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let spec =
            one("{on: liveness, status: 429, body: slow down, headers: {X-A: b}, retry_after: 1500ms}");
        let What::Answer(answer) = spec.what else { panic!() };
        assert_eq!((answer.status, answer.body), (429, Some(Bytes::from("slow down"))));
        let headers: Vec<_> =
            answer.headers.iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect();
        assert_eq!(headers, [("x-a", "b"), ("retry-after", "2")]);
        for manner in Manner::ALL {
            let What::Answer(answer) = one(&format!("{{on: liveness, answer: {}}}", manner.word())).what
            else {
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
            (
                "{normal: {mean: 200ms, deviation: 50ms}}",
                Latency::Normal { mean: ms(200), deviation: ms(50) },
            ),
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
            ("on: [network, http]\nanswer: hang", "line 1: faults.on: ports and endpoints"),
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
}
