//! Whether probes ask for something that is there.

use probesim::endpoint::Endpoint;
use serde_json::Value;

use crate::arguments;
use crate::container::{self, Container};
use crate::file::{File, items, text};

const PROBES: [(&str, Endpoint); 3] = [
    ("startupProbe", Endpoint::Startup),
    ("readinessProbe", Endpoint::Readiness),
    ("livenessProbe", Endpoint::Liveness),
];

/// The probes of simulators that ask for another endpoint, or on another port.
pub(crate) fn misdirected(file: &File) -> Vec<String> {
    container::of(file, "probesim").iter().flat_map(misdirected_in).collect()
}

fn misdirected_in(container: &Container<'_>) -> Vec<String> {
    let name = container.name();
    let served = match arguments::simulator(container) {
        Ok(config) => config.listen.address().port(),
        Err(error) => return vec![format!("{name}: {error}")],
    };
    let mut complaints = Vec::new();
    if container.value.get("readinessProbe").is_none() {
        complaints.push(format!("{name}: without a readinessProbe it is Ready whatever it answers"));
    }
    for (field, endpoint) in PROBES {
        let Some(probe) = container.value.get(field) else { continue };
        let (path, port) = (&probe["httpGet"]["path"], &probe["httpGet"]["port"]);
        if Endpoint::at(text(path)) != Some(endpoint) {
            complaints.push(format!("{name}: {field} asks for {path}"));
        }
        if number(port, container) != Some(u64::from(served)) {
            complaints.push(format!("{name}: {field} asks on port {port}, not on {served}"));
        }
    }
    complaints
}

/// A port's number; by its name, where it has one.
fn number(port: &Value, container: &Container<'_>) -> Option<u64> {
    let named = || items(&container.value["ports"]).iter().find(|candidate| candidate["name"] == *port);
    port.as_u64().or_else(|| named()?["containerPort"].as_u64())
}
