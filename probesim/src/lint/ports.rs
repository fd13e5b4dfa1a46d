//! Ports of probes, and of Services.

use serde_json::Value;

use super::workload::{Site, Workload};
use super::{Finding, Severity};
use crate::kubelet::{Handler, Kind, Port, Probe};
use crate::predict::port_number;

pub(super) fn check(workload: &Workload<'_>, found: &mut Vec<Finding>) {
    for (site, kind, probe, path) in workload.probes() {
        if let Some((field, reason, instead)) = port_without_name(site, kind, probe) {
            workload.remark(
                found,
                ("unknown-port-name", Severity::Error),
                &format!("{path}.{field}.port"),
                reason,
                instead,
            );
        }
        if let Some((field, reason, instead)) = another_host(probe) {
            workload.remark(
                found,
                ("probe-of-another-host", Severity::Warning),
                &format!("{path}.{field}.host"),
                reason,
                instead,
            );
        }
    }
    for service in workload.services() {
        service_ports(workload, service, found);
    }
    service_without_readiness(workload, found);
}

/// The port of a handler, and the handler's field.
fn port(handler: Option<Handler>) -> Option<(&'static str, Port)> {
    match handler? {
        Handler::HttpGet(get) => Some(("httpGet", get.port)),
        Handler::TcpSocket(socket) => Some(("tcpSocket", socket.port)),
        Handler::Exec(_) | Handler::Grpc(_) => None,
    }
}

/// `ResolveContainerPort`, `pkg/probe/util.go`, errs; an error is tried three times and thrown away
/// (`pkg/kubelet/prober/prober.go`), so the result stays what it was before the first probe.
fn port_without_name(site: &Site, kind: Kind, probe: &Probe) -> Option<(&'static str, String, String)> {
    let (field, port) = port(probe.handler())?;
    if port_number(&port, &site.container).is_some() {
        return None;
    }
    let Port::Name(name) = port else { return None };
    let comes_of_it = match kind {
        Kind::Startup => "the container is never Started, never Ready and never restarted",
        Kind::Readiness => "the container is never Ready",
        Kind::Liveness => "the container is never restarted, whatever happens to it",
    };
    let names: Vec<_> = site.container.ports.iter().filter_map(|port| port.name.as_deref()).collect();
    let instead = if names.is_empty() {
        format!("write `name: {name}` at the container's port, or the number here")
    } else {
        format!("write one of the container's: {}", names.join(", "))
    };
    let reason = format!(
        "the container has no port called {name}: each probe errs, errors count neither as failure nor as success, \
         and {comes_of_it}"
    );
    Some((field, reason, instead))
}

/// `host` replaces the pod's address; 127.0.0.1 is then the node's (`pkg/kubelet/prober/prober.go`).
fn another_host(probe: &Probe) -> Option<(&'static str, String, String)> {
    let (field, host) = match probe.handler()? {
        Handler::HttpGet(get) => ("httpGet", get.host),
        Handler::TcpSocket(socket) => ("tcpSocket", socket.host),
        Handler::Exec(_) | Handler::Grpc(_) => return None,
    };
    let host = host.filter(|host| !host.is_empty())?;
    let is_node = host == "localhost" || host.starts_with("127.");
    let whom = if is_node { "the node itself".to_owned() } else { host };
    let reason =
        format!("the kubelet probes {whom} from the node, not the pod: all replicas pass and fail together");
    Some((field, reason, "leave host out; a virtual host goes into httpHeaders as Host".into()))
}

/// The EndpointSlice controller leaves a port out that no container has by that name
/// (`FindPort`, `pkg/api/v1/pod/util.go`).
fn service_ports(workload: &Workload<'_>, service: &crate::manifest::Object, found: &mut Vec<Finding>) {
    let ports = service.get("spec.ports").and_then(Value::as_array);
    for (number, port) in ports.into_iter().flatten().enumerate() {
        let Some(name) = port["targetPort"].as_str() else { continue };
        let containers = workload.sites.iter().flat_map(|site| &site.container.ports);
        let names: Vec<_> = containers.filter_map(|port| port.name.as_deref()).collect();
        if names.contains(&name) {
            continue;
        }
        let field = format!("spec.ports[{number}].targetPort");
        let reason = format!(
            "{} is selected but none of its containers has a port called {name}: nothing is sent to it",
            workload.object.name()
        );
        let instead = if names.is_empty() {
            format!("write `name: {name}` at the container's port, or the number here")
        } else {
            format!("write one of {}", names.join(", "))
        };
        found.push(Finding {
            rule: "unknown-target-port",
            severity: Severity::Error,
            file: service.file.display().to_string(),
            line: service.line_of(&field),
            field,
            reason,
            instead,
        });
    }
}

/// Without a readiness probe a container is ready as soon as it runs (`UpdatePodStatus`,
/// `pkg/kubelet/prober/prober_manager.go`).
fn service_without_readiness(workload: &Workload<'_>, found: &mut Vec<Finding>) {
    if workload.sites.iter().any(|site| site.container.probe(Kind::Readiness).is_some()) {
        return;
    }
    let names: Vec<_> = workload.services().map(|service| format!("service/{}", service.name())).collect();
    let (Some(first), Some(site)) = (names.first(), workload.sites.last()) else { return };
    let reason = format!(
        "{first} sends traffic as soon as the container runs, whether it listens or not, also after each restart"
    );
    let instead = "write a readinessProbe".to_owned();
    workload.remark(found, ("service-without-readiness", Severity::Warning), &site.path, reason, instead);
}
