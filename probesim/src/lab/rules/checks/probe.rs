//! `validateProbe`, `validateLifecycle` and `validateHandler`.

use serde_json::{Value, json};

use super::{Broken, Scope, items};
use crate::lab::rules::format;
use crate::lab::rules::table::walk;
use crate::lab::schema::Type;

const PROBE_HANDLERS: [&str; 4] = ["exec", "httpGet", "tcpSocket", "grpc"];
const HOOK_HANDLERS: [&str; 4] = ["exec", "httpGet", "tcpSocket", "sleep"];

/// Exactly one handler; what is in the first one is looked at.
pub(super) fn handlers(probe: &Value, path: &str, scope: Scope<'_>, found: &mut Vec<Broken>) {
    one_of(probe, &PROBE_HANDLERS, path, scope, found);
}

fn one_of(value: &Value, known: &[&str], path: &str, scope: Scope<'_>, found: &mut Vec<Broken>) {
    let mut given = known.iter().filter(|handler| !value[**handler].is_null());
    let Some(first) = given.next() else {
        found.push(Broken::required(path, "must specify a handler type"));
        return;
    };
    let path = |handler: &str| format!("{path}.{handler}");
    let of = match *first {
        "exec" => "ExecAction",
        "httpGet" => "HTTPGetAction",
        "tcpSocket" => "TCPSocketAction",
        "grpc" => "GRPCAction",
        _ => "SleepAction",
    };
    if let Some(of) = Type::named(of) {
        walk(&value[*first], &of, &path(first), scope, found);
    }
    let others =
        given.map(|handler| Broken::forbidden(path(handler), "may not specify more than 1 handler type"));
    found.extend(others);
}

/// Only the list of the headers is named, not which.
pub(super) fn headers(get: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    for header in items(get, "httpHeaders") {
        let name = header["name"].as_str().unwrap_or_default();
        let wrong = format::header(name);
        let path = format!("{path}.httpHeaders");
        found.extend(wrong.iter().map(|why| Broken::invalid_text(path.as_str(), name, why)));
    }
}

pub(super) fn probes(container: &Value, path: &str, scope: Scope<'_>, found: &mut Vec<Broken>) {
    let Some(of) = Type::named("Probe") else { return };
    for kind in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let probe = &container[kind];
        if probe.is_null() {
            continue;
        }
        let path = format!("{path}.{kind}");
        walk(probe, &of, &path, scope, found);
        let grace = &probe["terminationGracePeriodSeconds"];
        let own = format!("{path}.terminationGracePeriodSeconds");
        if kind == "readinessProbe" {
            if !grace.is_null() {
                found.push(Broken::invalid(own, grace, "must not be set for readinessProbes"));
            }
            continue;
        }
        if grace.as_i64().is_some_and(|grace| grace <= 0) {
            found.push(Broken::invalid(own, grace, "must be greater than 0"));
        }
        let threshold = &probe["successThreshold"];
        // Zero is filled in, and what is negative has been said.
        if threshold.as_i64().is_some_and(|threshold| threshold != 1 && threshold != 0) {
            found.push(Broken::invalid(format!("{path}.successThreshold"), threshold, "must be 1"));
        }
    }
}

pub(super) fn lifecycle(container: &Value, path: &str, scope: Scope<'_>, found: &mut Vec<Broken>) {
    let grace = scope.pod.and_then(|pod| pod["terminationGracePeriodSeconds"].as_i64()).unwrap_or(30);
    for hook in ["postStart", "preStop"] {
        let handler = &container["lifecycle"][hook];
        if handler.is_null() {
            continue;
        }
        let path = format!("{path}.lifecycle.{hook}");
        one_of(handler, &HOOK_HANDLERS, &path, scope, found);
        let seconds = handler["sleep"]["seconds"].as_i64().unwrap_or(0);
        let is_too_long = if hook == "postStart" { seconds >= grace && seconds > 0 } else { seconds > grace };
        if !handler["sleep"].is_null() && (seconds < 0 || is_too_long) {
            let why = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
            found.push(Broken::invalid(format!("{path}.sleep"), &json!(seconds), why));
        }
    }
}
