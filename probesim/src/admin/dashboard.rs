//! The page of the admin port, and what it needs to know beyond the faults themselves.

use hyper::HeaderMap;
use hyper::header::{ACCEPT, CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, REFERRER_POLICY, VARY};
use serde_json::{Value, json};

use super::words;
use crate::endpoint::Endpoint;
use crate::metrics::Count;
use crate::plan::whom::Caller;
use crate::plan::{Injection, Step, When};
use crate::server::engine::Engine;

/// A file of the page: its content type and its text.
pub(super) type File = (&'static str, &'static str);

/// The page itself.
pub(super) const PAGE: File = ("text/html; charset=utf-8", include_str!("dashboard.html"));
const STYLE: File = ("text/css; charset=utf-8", include_str!("dashboard.css"));
const SCRIPT: File = ("text/javascript; charset=utf-8", include_str!("dashboard.js"));

/// Nothing but its own two files and requests to its own port; no text that becomes markup.
/// <https://www.w3.org/TR/CSP3/>
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
                      require-trusted-types-for 'script'";

/// The file at this path.
pub(super) fn file(path: &str) -> Option<File> {
    match path {
        "/dashboard" => Some(PAGE),
        "/dashboard.css" => Some(STYLE),
        "/dashboard.js" => Some(SCRIPT),
        _ => None,
    }
}

/// Who asks for `/` gets the page if it shows HTML; curl does not say so.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).is_some_and(|accept| accept.as_bytes().windows(9).any(|part| part == b"text/html"))
}

/// What the answers with a file of the page carry besides.
pub(super) fn headers() -> [(HeaderName, HeaderValue); 3] {
    [
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (VARY, HeaderValue::from_static("accept")),
    ]
}

/// What was seen of an endpoint.
pub(super) fn endpoint(engine: &Engine, endpoint: Endpoint) -> Value {
    let counts = engine.metrics().counts(endpoint);
    let last = counts.iter().max_by_key(|count| count.last);
    let probe = engine.metrics().probed(endpoint);
    json!({
        "endpoint": engine.endpoints().name(endpoint),
        "requests": engine.state().arrived(endpoint),
        "failures": counts.iter().filter(|count| is_failure(count)).map(|count| count.requests).sum::<u64>(),
        "plan": engine.plan().of(endpoint).to_string(),
        "last": last.map(|last| json!({
            "outcome": last.outcome,
            "reason": last.reason,
            "uptime": last.last.as_secs_f64(),
        })),
        "probe": probe.map(|probe| json!({
            "uptime": probe.at.as_secs_f64(),
            "interval_seconds": probe.interval.map(|interval| interval.as_secs_f64()),
        })),
    })
}

/// An ordinary path is 404 when nothing is wrong.
fn is_failure(count: &Count) -> bool {
    count.outcome != "success" && count.reason != "healthy"
}

/// Who has called.
pub(super) fn callers(engine: &Engine) -> Value {
    let all: Vec<Count> =
        engine.endpoints().all().flat_map(|endpoint| engine.metrics().counts(endpoint)).collect();
    let callers = [Caller::Probe, Caller::Other].into_iter().filter_map(|caller| {
        let of = || all.iter().filter(move |count| count.caller == caller);
        let last = of().map(|count| count.last).max()?;
        let sum = |counts: &mut dyn Iterator<Item = &Count>| counts.map(|count| count.requests).sum::<u64>();
        Some(json!({
            "caller": caller.word(),
            "requests": sum(&mut of()),
            "failures": sum(&mut of().filter(|count| is_failure(count))),
            "uptime": last.as_secs_f64(),
        }))
    });
    callers.collect()
}

/// A planned fault in words, and when that changes.
pub(super) fn fault(engine: &Engine, fault: &Injection) -> Value {
    let uptime = engine.uptime();
    let is_live = engine.live().iter().any(|put| put.spec.name == fault.name && put.epoch == fault.epoch);
    let changes = fault.next_edge(uptime).map(|edge| edge.saturating_sub(uptime).as_secs_f64());
    json!({
        "is_live": is_live,
        "words": {
            "what": words::what(&fault.what),
            "when": words::when(&fault.timing),
            "whom": words::whom(&fault.whom),
        },
        "changes_in_seconds": changes,
    })
}

/// The failures that kube-probesim's settings, the drain and real dependencies cause or will cause.
pub(super) fn settings(engine: &Engine) -> Value {
    let plan = engine.plan();
    let of =
        |endpoint| plan.of(endpoint).steps.iter().filter_map(move |step| setting(engine, endpoint, step));
    let down = engine.dependencies().all.iter().filter(|dependency| dependency.is_down()).map(|dependency| {
        json!({"endpoint": engine.endpoints().name(dependency.endpoint), "name": "check",
               "what": "the real dependency does not answer", "is_active": true, "changes_in_seconds": null})
    });
    engine.endpoints().all().flat_map(of).chain(down).collect()
}

/// `None` if it can no longer act, or is no fault of its own.
fn setting(engine: &Engine, endpoint: Endpoint, step: &Step) -> Option<Value> {
    let uptime = engine.uptime();
    let (name, what, is_active, edge) = match step {
        Step::Inject(_) | Step::Follow => return None,
        Step::Wait(time) => ("latency", format!("answers wait {}", words::time(*time)), true, None),
        Step::Fail(fault) => {
            let (is_active, edge) = match fault.when {
                When::Always | When::Chance(_) => (true, None),
                When::Draining if engine.state().is_draining() => (true, None),
                When::Draining => return None,
                When::Uptime { until: Some(until), .. } if uptime >= until => return None,
                When::Uptime { from, .. } if uptime < from => (false, Some(from)),
                When::Uptime { until, .. } => (true, until),
                When::Turns { pass, fail } => {
                    let turns = engine.state().turns(endpoint);
                    if turns >= pass.saturating_add(fail) {
                        return None;
                    }
                    (turns >= pass, None)
                }
            };
            (fault.reason, format!("answers {} {}", fault.status, fault.when), is_active, edge)
        }
    };
    Some(json!({
        "endpoint": engine.endpoints().name(endpoint),
        "name": name,
        "what": what,
        "is_active": is_active,
        "changes_in_seconds": edge.map(|edge| edge.saturating_sub(uptime).as_secs_f64()),
    }))
}
