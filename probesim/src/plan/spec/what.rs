//! What, as it is written.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{HeaderName, HeaderValue, RETRY_AFTER};

use super::keys::{ANSWER_KEYS, PROCESS_KEYS, REQUEST_KEYS};
use super::{header_name, latency, positive};
use crate::plan::Outcomes;
use crate::plan::process::Load;
use crate::plan::what::{Answer, Manner, Network, What};
use crate::value;
use crate::yaml::{Content, Fields, Reader};

/// How long a slow answer takes when nobody says: longer than the kubelet's default timeout.
const DEFAULT_OVER: Duration = Duration::from_secs(10);

/// The longest pause.
const STALL_LIMIT: Duration = Duration::from_secs(30);

pub(super) fn network(reader: &mut Reader, fields: &Fields<'_>) -> Option<What> {
    refuse_any(reader, fields, REQUEST_KEYS, "makes no sense for a whole port, which knows no requests");
    refuse_any(reader, fields, &["ramp"], "makes no sense for a whole port");
    refuse_any(reader, fields, PROCESS_KEYS, "is for the process: on: process");
    let network = |word: &str| {
        let found = Network::FAULTS.into_iter().find(|network| network.word() == word);
        found.ok_or("expected refuse, reset, hang or blackhole")
    };
    reader.require(fields, "answer", network).map(What::Network)
}

pub(super) fn what(reader: &mut Reader, fields: &Fields<'_>) -> Option<What> {
    refuse_any(reader, fields, PROCESS_KEYS, "is for the process: on: process");
    let latency = latency::read(reader, fields);
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

pub(super) fn load(reader: &mut Reader, fields: &Fields<'_>) -> Option<What> {
    refuse_any(reader, fields, REQUEST_KEYS, "makes no sense for the process: it is for requests");
    refuse_any(
        reader,
        fields,
        &["answer"],
        "is for endpoints and ports; the process has memory, cpu or stall",
    );
    let memory = reader.read(fields, "memory", value::memory).map(Load::Memory);
    let processor = reader.read(fields, "cpu", value::processor).map(Load::Processor);
    let stall = reader.read(fields, "stall", stall).map(Load::Stall);
    if stall.is_some() {
        refuse_any(reader, fields, &["ramp"], "is for memory and cpu");
    }
    let given = PROCESS_KEYS.iter().filter(|key| fields.get(key).is_some()).count();
    if given != 1 {
        reader.refuse(fields.line, &fields.path_of("on"), "the process needs one of memory, cpu and stall");
    }
    memory.or(processor).or(stall).map(What::Load)
}

/// A pause; during a longer one not even a change of the faults would be heard.
fn stall(text: &str) -> Result<Duration, String> {
    let time = positive(text)?;
    if time > STALL_LIMIT { Err("expected at most 30s".into()) } else { Ok(time) }
}

fn refuse_any(reader: &mut Reader, fields: &Fields<'_>, keys: &[&str], message: &str) {
    if let Some(key) = fields.first_of(keys) {
        reader.refuse(fields.line_of(key), &fields.path_of(key), message);
    }
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

fn status(text: &str) -> Result<u16, &'static str> {
    let status = text.parse().ok().filter(|status| (200..=599).contains(status));
    status.ok_or("expected an HTTP status from 200 to 599")
}
