//! One line of a record, there and back.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use serde_json::{Map, Value, json};

use super::Entry;
use crate::decide::Decision;
use crate::endpoint::{Endpoint, Endpoints};
use crate::plan::what::{Answer, Manner, Network, What};
use crate::plan::{Injection, Planned, Port, said};

/// The version of the format, in the first line.
const FORMAT: u64 = 1;

/// A line that was read.
#[derive(Clone, Debug)]
pub(super) enum Line {
    Decided(Endpoint, u64, Duration, Decision),
    Network(Port, Duration, Network),
    /// The record was closed at this uptime.
    End(Duration),
}

/// Reads lines. Answers that are alike are kept once.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    endpoints: &'a Endpoints,
    answers: HashMap<String, Planned>,
}

/// The first line.
pub(super) fn header(seed: u64, plan: &Value) -> String {
    format!(
        "{}\n",
        json!({"probesim": env!("CARGO_PKG_VERSION"), "record": FORMAT, "seed": seed, "plan": plan})
    )
}

/// The last line.
pub(super) fn end(at: Duration) -> String {
    format!("{{\"end\":{}}}\n", at.as_secs_f64())
}

/// The seed of the first line.
///
/// # Errors
/// It is no such line.
pub(super) fn seed(text: &str) -> Result<u64, &'static str> {
    let header: Value = serde_json::from_str(text).unwrap_or_default();
    match (header["record"].as_u64(), header["seed"].as_u64()) {
        (Some(FORMAT), Some(seed)) => Ok(seed),
        (Some(FORMAT), None) => Err("the first line has no seed"),
        (Some(_), _) => Err("the record is of another version of probesim"),
        (None, _) => Err("expected the first line of a record, as RECORD writes it"),
    }
}

// === impl Entry ===

impl Entry {
    /// Appends its line.
    pub(super) fn write(&self, endpoints: &Endpoints, out: &mut String) {
        // Writing to a text cannot fail.
        let _ = match self {
            Self::Network { port, at, network } => {
                let (port, at, network) = (port.name(), at.as_secs_f64(), network.word());
                writeln!(out, r#"{{"port":"{port}","at":{at},"network":"{network}"}}"#)
            }
            Self::Decided { endpoint, sequence, caller, at, decision } => {
                let (endpoint, caller) = (text(endpoints.name(*endpoint)), caller.word());
                let (at, latency) = (at.as_secs_f64(), decision.delay.as_secs_f64());
                let Decision { status, reason, .. } = decision;
                let what = decision.answer().map_or(Manner::Whole, |answer| answer.manner).word();
                let _ = write!(
                    out,
                    r#"{{"endpoint":{endpoint},"sequence":{sequence},"caller":"{caller}","at":{at},"status":{status},"what":"{what}","reason":"{reason}","latency":{latency}"#
                );
                if let (Some(planned), Some(answer)) = (&decision.planned, decision.answer()) {
                    write_planned(&planned.0.name, answer, &decision.planned_body(), out);
                }
                out.write_str("}\n")
            }
        };
    }
}

fn write_planned(name: &str, answer: &Answer, body: &[u8], out: &mut String) {
    let _ = write!(out, r#","fault":{},"body":{}"#, text(name), text(&String::from_utf8_lossy(body)));
    if answer.manner.is_slow() {
        let _ = write!(out, r#","over":{}"#, answer.over.as_secs_f64());
    }
    if !answer.headers.is_empty() {
        let pairs = answer.headers.iter();
        let pairs = pairs.map(|(name, value)| json!([name.as_str(), value.to_str().unwrap_or_default()]));
        let _ = write!(out, r#","headers":{}"#, Value::Array(pairs.collect()));
    }
}

/// As JSON.
fn text(text: &str) -> String {
    Value::from(text).to_string()
}

// === impl Lines ===

impl<'a> Lines<'a> {
    pub(super) fn new(endpoints: &'a Endpoints) -> Self {
        Self { endpoints, answers: HashMap::new() }
    }

    /// Reads one line after the first.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn read(&mut self, line: &str) -> Result<Line, String> {
        let Ok(Value::Object(line)) = serde_json::from_str(line) else {
            return Err("expected a JSON object".into());
        };
        if line.contains_key("end") {
            return Ok(Line::End(time(&line, "end")?));
        }
        let at = time(&line, "at")?;
        if line.contains_key("port") {
            let word = word(&line, "port")?;
            let port = Port::ALL.into_iter().find(|port| port.name() == word);
            let port = port.ok_or_else(|| format!("port: {word:?}: no such port"))?;
            return Ok(Line::Network(port, at, network(&line)?));
        }
        let name = word(&line, "endpoint")?;
        let endpoint = self.endpoints.named(name).ok_or_else(|| {
            format!("endpoint: {name:?}: this server has none; give it as the recorded one was, by CONFIG or GRPC_SERVICES")
        })?;
        let sequence = whole(&line, "sequence")?;
        Ok(Line::Decided(endpoint, sequence, at, self.decision(endpoint, name, &line)?))
    }

    fn decision(
        &mut self,
        endpoint: Endpoint,
        name: &str,
        line: &Map<String, Value>,
    ) -> Result<Decision, String> {
        let delay = time(line, "latency")?;
        let status = whole(line, "status")?;
        let status = u16::try_from(status).ok().filter(|status| (200..=599).contains(status));
        let status = status.ok_or("status: expected 200 to 599")?;
        if line.contains_key("fault") {
            let planned = self.planned(status, line)?;
            let What::Answer(answer) = &planned.0.what else { return Err("no answer".into()) };
            let reason = answer.manner.word();
            return Ok(Decision { delay, status, body: "", reason, planned: Some(planned) });
        }
        let reason = word(line, "reason")?;
        let (reason, body) =
            said(endpoint, name, reason).ok_or_else(|| format!("reason: {reason:?}: unknown for {name}"))?;
        Ok(Decision { delay, status, body, reason, planned: None })
    }

    fn planned(&mut self, status: u16, line: &Map<String, Value>) -> Result<Planned, String> {
        let part = |key: &str| line.get(key).unwrap_or(&Value::Null);
        let parts = ["fault", "what", "body", "over", "headers"].map(part);
        let key = format!("{status} {parts:?}");
        if let Some(known) = self.answers.get(&key) {
            return Ok(known.clone());
        }
        let what = word(line, "what")?;
        let manner = Manner::ALL.into_iter().find(|manner| manner.word() == what);
        let over = if line.contains_key("over") { time(line, "over")? } else { Duration::ZERO };
        let answer = Answer {
            manner: manner.ok_or_else(|| format!("what: {what:?}: unknown"))?,
            status,
            body: Some(Bytes::from(word(line, "body")?.to_owned())),
            headers: headers(line)?,
            latency: None,
            over,
        };
        let planned = Planned(Arc::new(Injection::recorded(word(line, "fault")?, answer)));
        self.answers.insert(key, planned.clone());
        Ok(planned)
    }
}

fn headers(line: &Map<String, Value>) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
    let Some(pairs) = line.get("headers") else { return Ok(vec![]) };
    let header = |pair: &Value| {
        let (name, value) = (pair[0].as_str()?, pair[1].as_str()?);
        Some((HeaderName::try_from(name).ok()?, HeaderValue::from_str(value).ok()?))
    };
    let headers = pairs.as_array().and_then(|pairs| pairs.iter().map(header).collect());
    headers.ok_or_else(|| "headers: expected [[name, value], …]".to_owned())
}

fn network(line: &Map<String, Value>) -> Result<Network, String> {
    let word = word(line, "network")?;
    let mut all = Network::FAULTS.into_iter().chain([Network::Open]);
    all.find(|network| network.word() == word).ok_or_else(|| format!("network: {word:?}: unknown"))
}

fn word<'a>(line: &'a Map<String, Value>, key: &str) -> Result<&'a str, String> {
    line.get(key).and_then(Value::as_str).ok_or_else(|| format!("{key}: expected a text"))
}

fn whole(line: &Map<String, Value>, key: &str) -> Result<u64, String> {
    line.get(key).and_then(Value::as_u64).ok_or_else(|| format!("{key}: expected a whole number"))
}

fn time(line: &Map<String, Value>, key: &str) -> Result<Duration, String> {
    let seconds = line.get(key).and_then(Value::as_f64);
    let time = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    time.ok_or_else(|| format!("{key}: expected seconds"))
}
