//! What the API refuses of a pod's probes: `validateProbe` and its callers
//! (`pkg/apis/core/validation/validation.go`).

use std::fmt;

use super::handler::{Handler, HttpGet, Port};
use super::kind::Kind;
use super::role::Role;
use super::settings::RestartRules;
use super::spec::{PodSpec, Probe};

const NOT_NEGATIVE: &str = "must be greater than or equal to 0";
const POSITIVE: &str = "must be greater than 0";

/// A field that the API does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Such as `spec.containers[0].livenessProbe.successThreshold`.
    pub field: String,
    /// What the API says.
    pub reason: String,
}

// === impl Invalid ===

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.reason)
    }
}

impl std::error::Error for Invalid {}

/// Takes the spec, or names every field that is wrong.
///
/// # Errors
/// The fields, in the spec's order; at least one.
pub fn validate(spec: &PodSpec) -> Result<(), Vec<Invalid>> {
    let mut found = Vec::new();
    let mut report = |field: String, reason: &str| found.push(Invalid { field, reason: reason.into() });
    if spec.containers.is_empty() {
        report("spec.containers".into(), "Required value");
    }
    let containers = super::role::cast(spec, RestartRules::All).enumerate();
    for (number, (container, role, _)) in containers {
        let init = spec.init_containers.len();
        let path = match role {
            Role::Regular => format!("spec.containers[{}]", number - init),
            Role::Init | Role::Sidecar => format!("spec.initContainers[{number}]"),
        };
        for kind in Kind::ALL {
            let Some(probe) = container.probe(kind) else {
                continue;
            };
            let path = format!("{path}.{}", kind.field());
            if role == Role::Init {
                report(path, "must not be set for init containers without restartPolicy=Always");
                continue;
            }
            check(probe, kind, &mut |field, reason| report(format!("{path}{field}"), reason));
        }
    }
    if found.is_empty() { Ok(()) } else { Err(found) }
}

fn check(probe: &Probe, kind: Kind, report: &mut impl FnMut(&str, &str)) {
    let handlers = &probe.handlers;
    let given = [
        handlers.exec.is_some(),
        handlers.http_get.is_some(),
        handlers.tcp_socket.is_some(),
        handlers.grpc.is_some(),
    ];
    match given.iter().filter(|is_given| **is_given).count() {
        0 => report("", "must specify a handler type"),
        1 => {}
        _ => report("", "may not specify more than 1 handler type"),
    }
    if let Some(handler) = probe.handler() {
        check_handler(&handler, report);
    }
    for (field, value) in [
        (".initialDelaySeconds", probe.initial_delay_seconds),
        (".timeoutSeconds", probe.timeout_seconds),
        (".periodSeconds", probe.period_seconds),
        (".successThreshold", probe.success_threshold),
        (".failureThreshold", probe.failure_threshold),
    ] {
        if value < 0 {
            report(field, NOT_NEGATIVE);
        }
    }
    if kind != Kind::Readiness && probe.success_threshold != 1 {
        report(".successThreshold", "must be 1");
    }
    if let Some(grace) = probe.termination_grace_period_seconds {
        if kind == Kind::Readiness {
            report(".terminationGracePeriodSeconds", "must not be set for readinessProbes");
        } else if grace <= 0 {
            report(".terminationGracePeriodSeconds", POSITIVE);
        }
    }
}

fn check_handler(handler: &Handler, report: &mut impl FnMut(&str, &str)) {
    match handler {
        Handler::Exec(exec) if exec.command.is_empty() => report(".exec.command", "Required value"),
        Handler::Exec(_) => {}
        Handler::HttpGet(get) => check_http(get, report),
        Handler::TcpSocket(socket) => check_port(&socket.port, ".tcpSocket.port", report),
        Handler::Grpc(grpc) => check_port(&Port::Number(grpc.port), ".grpc.port", report),
    }
}

fn check_http(get: &HttpGet, report: &mut impl FnMut(&str, &str)) {
    if get.path.is_empty() {
        report(".httpGet.path", "Required value");
    }
    check_port(&get.port, ".httpGet.port", report);
    if get.scheme != "HTTP" && get.scheme != "HTTPS" {
        report(".httpGet.scheme", "Unsupported value: supported values: \"HTTP\", \"HTTPS\"");
    }
    let is_token = |name: &str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
    };
    for header in get.http_headers.iter().filter(|header| !is_token(&header.name)) {
        report(".httpGet.httpHeaders", &format!("Invalid value: \"{}\"", header.name));
    }
}

/// A number from 1 to 65535, or an IANA service name.
fn check_port(port: &Port, field: &str, report: &mut impl FnMut(&str, &str)) {
    match port {
        Port::Number(1..=65_535) => {}
        Port::Number(_) => report(field, "must be between 1 and 65535, inclusive"),
        Port::Name(name) if is_service_name(name) => {}
        Port::Name(_) => report(
            field,
            "must be at most 15 of a-z, 0-9 and '-', with a letter, and no '-' at an end or beside another",
        ),
    }
}

fn is_service_name(name: &str) -> bool {
    name.len() <= 15
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && name.bytes().any(|byte| byte.is_ascii_lowercase())
        && !name.contains("--")
        && !name.starts_with('-')
        && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn refused(kind: &str, probe: Value) -> Vec<String> {
        let spec = json!({"containers": [{"name": "c", kind: probe}]});
        let spec: PodSpec = serde_json::from_value(spec).expect("a pod");
        let found = validate(&spec).err().unwrap_or_default();
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_probe_with_defaults_is_taken() {
        assert!(refused("livenessProbe", json!({"httpGet": {"port": 8080}})).is_empty());
        assert!(
            refused("readinessProbe", json!({"tcpSocket": {"port": "web-1"}, "successThreshold": 3}))
                .is_empty()
        );
    }

    #[test]
    fn each_limit_is_named_with_the_apis_words() {
        for (kind, probe, expected) in [
            ("livenessProbe", json!({}), "livenessProbe: must specify a handler type"),
            (
                "livenessProbe",
                json!({"exec": {"command": ["a"]}, "grpc": {"port": 1}}),
                "livenessProbe: may not specify more than 1 handler type",
            ),
            (
                "startupProbe",
                json!({"grpc": {"port": 1}, "successThreshold": 2}),
                "startupProbe.successThreshold: must be 1",
            ),
            (
                "readinessProbe",
                json!({"grpc": {"port": 1}, "terminationGracePeriodSeconds": 5}),
                "readinessProbe.terminationGracePeriodSeconds: must not be set for readinessProbes",
            ),
            (
                "livenessProbe",
                json!({"grpc": {"port": 1}, "terminationGracePeriodSeconds": 0}),
                "livenessProbe.terminationGracePeriodSeconds: must be greater than 0",
            ),
            (
                "livenessProbe",
                json!({"grpc": {"port": 1}, "failureThreshold": -1}),
                "livenessProbe.failureThreshold: must be greater than or equal to 0",
            ),
            ("livenessProbe", json!({"exec": {}}), "livenessProbe.exec.command: Required value"),
        ] {
            assert_eq!(refused(kind, probe), [format!("spec.containers[0].{expected}")]);
        }
    }

    #[test]
    fn only_sidecars_among_the_init_containers_may_be_probed() {
        let probe = json!({"grpc": {"port": 1}});
        let spec = json!({
            "initContainers": [{"name": "a", "livenessProbe": probe},
                               {"name": "b", "livenessProbe": probe, "restartPolicy": "Always"}],
            "containers": [{"name": "c"}],
        });
        let spec: PodSpec = serde_json::from_value(spec).expect("a pod");
        let found = validate(&spec).expect_err("refused");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].field, "spec.initContainers[0].livenessProbe");
    }

    #[test]
    fn ports_are_numbers_or_service_names() {
        for (port, is_taken) in [
            (json!(1), true),
            (json!(65_535), true),
            (json!(0), false),
            (json!(65_536), false),
            (json!("web"), true),
            (json!("80"), false),
            (json!("a--b"), false),
            (json!("Web"), false),
            (json!("sixteen-letters-"), false),
        ] {
            let found = refused("livenessProbe", json!({"tcpSocket": {"port": port}}));
            assert_eq!(found.is_empty(), is_taken, "{port}");
        }
    }
}
