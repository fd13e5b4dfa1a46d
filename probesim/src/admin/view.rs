//! What the admin port shows.

use std::fmt::Write;

use serde_json::{Value, json};

use super::dashboard;
use crate::metrics::{escape, head};
use crate::plan::Port;
use crate::server::engine::Engine;

/// What there is.
pub(super) const INDEX: &str = "\
probesim, admin port
  GET    /dashboard          a page for people; browsers get it at /, too
  GET    /metrics            for Prometheus
  GET    /state              all that is in force, as JSON
  GET    /events[?limit=N]   every decision as it happens (server-sent events); at most N a second and endpoint
  GET    /faults             the live faults
  PUT    /faults[/ENDPOINT]  replaces the live faults: one, or a list, as JSON or YAML
  PATCH  /faults[/ENDPOINT]  adds to them
  DELETE /faults[/ENDPOINT]  takes them away; DELETE /faults?name=NAME one of them
  POST   /reset              takes all live faults away
  POST   /exit[?code=N]      ends the process, as a crash does
";

/// The live faults.
pub(super) fn faults(engine: &Engine) -> Value {
    let uptime = engine.uptime();
    json!({"faults": engine.live().iter().map(|put| put.to_json(uptime)).collect::<Vec<_>>()})
}

/// All that is in force.
pub(super) fn state(engine: &Engine) -> Value {
    let (plan, uptime, endpoints) = (engine.plan(), engine.uptime(), engine.endpoints());
    let seen = endpoints.all().map(|endpoint| dashboard::endpoint(engine, endpoint));
    let faults = plan.injections(endpoints).map(|(place, fault)| {
        let mut told = json!({
            "endpoint": place,
            "name": fault.name,
            "what": fault.what.to_string(),
            "is_active": fault.is_open(uptime),
            "hits": fault.hits(),
            "expires_in_seconds": fault.expires.map(|end| end.saturating_sub(uptime).as_secs_f64()),
        });
        if let (Value::Object(told), Value::Object(more)) = (&mut told, dashboard::fault(engine, fault)) {
            told.extend(more);
        }
        told
    });
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "seed": engine.seed(),
        "uptime_seconds": uptime.as_secs_f64(),
        "start": engine.start(),
        "is_draining": engine.state().is_draining(),
        "waiting": engine.state().waiting(),
        "abandoned": engine.state().abandoned(),
        "network": plan.network(Port::Http, uptime).0.word(),
        "endpoints": seen.collect::<Vec<_>>(),
        "faults": faults.collect::<Vec<_>>(),
        "settings": dashboard::settings(engine),
        "callers": dashboard::callers(engine),
        "live": faults_of(engine),
        "fixed": engine.fixed().iter().map(|spec| spec.source.clone()).collect::<Vec<_>>(),
    })
}

fn faults_of(engine: &Engine) -> Value {
    faults(engine)["faults"].take()
}

/// For Prometheus.
pub(super) fn metrics(engine: &Engine) -> String {
    let mut out = String::with_capacity(4096);
    let (plan, uptime) = (engine.plan(), engine.uptime());
    engine.metrics().write(engine.endpoints(), &mut out);
    let faults: Vec<_> = plan.injections(engine.endpoints()).collect();
    let labels = |place: &str, name: &str, what: &str| {
        format!("endpoint=\"{}\",fault=\"{}\",what=\"{what}\"", escape(place), escape(name))
    };
    head(&mut out, "probesim_fault_active", "gauge", "Whether the moment of a planned fault is now.");
    for (place, fault) in &faults {
        let (labels, is_active) = (labels(place, &fault.name, fault.what.word()), fault.is_open(uptime));
        let _ = writeln!(out, "probesim_fault_active{{{labels}}} {}", u8::from(is_active));
    }
    head(&mut out, "probesim_fault_hits_total", "counter", "Requests that a planned fault hit.");
    for (place, fault) in &faults {
        let labels = labels(place, &fault.name, fault.what.word());
        let _ = writeln!(out, "probesim_fault_hits_total{{{labels}}} {}", fault.hits());
    }
    for (metric, kind, help, value) in [
        ("probesim_waiting", "gauge", "Injected waits under way.", engine.state().waiting()),
        (
            "probesim_abandoned_total",
            "counter",
            "Injected waits whose client left.",
            engine.state().abandoned(),
        ),
        ("probesim_draining", "gauge", "Whether the server stops.", engine.state().is_draining().into()),
        ("probesim_container_start", "gauge", "Which start of the container this is.", engine.start()),
    ] {
        head(&mut out, metric, kind, help);
        let _ = writeln!(out, "{metric} {value}");
    }
    head(&mut out, "probesim_uptime_seconds", "gauge", "Since the process began.");
    let _ = writeln!(out, "probesim_uptime_seconds {}", uptime.as_secs_f64());
    out
}
