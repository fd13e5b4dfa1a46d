//! What a probe reaches when the simulator stands at the other end.

use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue, USER_AGENT};

use crate::config::Config;
use crate::endpoint::{Endpoint, Endpoints};
use crate::kubelet::{Container, Handler, HttpGet, Port, Probe};
use crate::plan;

/// The User-Agent of HTTP probes, and of gRPC probes.
const KUBE_PROBE: &str = "kube-probe/1.36";

/// What a probe reaches.
#[derive(Clone, Debug)]
pub(super) enum Aim {
    /// An endpoint over HTTP.
    Http { endpoint: Endpoint, path: String, headers: HeaderMap },
    /// A gRPC service.
    Grpc { endpoint: Endpoint, service: String, headers: HeaderMap },
    /// A port, to which it connects and no more.
    Connect(plan::Port),
    /// A port where nobody listens, or where something else is spoken.
    Refused,
    /// The container has no port of that name: the probe errs, which never counts.
    NoPort,
    /// Something that is not the simulator: taken to be well.
    Elsewhere,
}

// === impl Aim ===

impl Aim {
    /// Where this probe of this container goes.
    pub(super) fn of(container: &Container, probe: &Probe, config: &Config, endpoints: &Endpoints) -> Self {
        match probe.handler() {
            Some(Handler::HttpGet(get)) => Self::http(container, &get, config, endpoints),
            Some(Handler::TcpSocket(socket)) if socket.host.is_none() => {
                match port_number(&socket.port, container) {
                    None => Self::NoPort,
                    Some(number) => match listener(number, config) {
                        Listener::Port(port) => Self::Connect(port),
                        Listener::Admin => Self::Elsewhere,
                        Listener::None => Self::Refused,
                    },
                }
            }
            Some(Handler::Grpc(grpc)) => match listener(grpc.port, config) {
                Listener::Port(plan::Port::Grpc) => {
                    let service = grpc.service.unwrap_or_default();
                    let endpoint = if service.is_empty() {
                        Some(Endpoint::Grpc)
                    } else {
                        endpoints.named(&format!("grpc/{service}"))
                    };
                    let headers = user_agent(&format!("{KUBE_PROBE} grpc-go"));
                    // An unknown service is answered NOT_FOUND, which fails.
                    endpoint.map_or(Self::Refused, |endpoint| Self::Grpc { endpoint, service, headers })
                }
                _ => Self::Refused,
            },
            Some(Handler::TcpSocket(_) | Handler::Exec(_)) | None => Self::Elsewhere,
        }
    }

    fn http(container: &Container, get: &HttpGet, config: &Config, endpoints: &Endpoints) -> Self {
        if get.host.as_ref().is_some_and(|host| !host.is_empty()) {
            return Self::Elsewhere;
        }
        let Some(number) = port_number(&get.port, container) else { return Self::NoPort };
        match listener(number, config) {
            // The server speaks plain HTTP only.
            Listener::Port(plan::Port::Http) if get.scheme == "HTTP" => {
                let path = get.path.split(['?', '#']).next().unwrap_or_default();
                let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
                Self::Http { endpoint: endpoints.at(&path), path, headers: headers(get) }
            }
            Listener::Admin => Self::Elsewhere,
            Listener::Port(_) | Listener::None => Self::Refused,
        }
    }
}

enum Listener {
    Port(plan::Port),
    Admin,
    None,
}

fn listener(number: i32, config: &Config) -> Listener {
    let is = |port: u16| i32::from(port) == number;
    if is(config.listen.address().port()) {
        Listener::Port(plan::Port::Http)
    } else if config.grpc.is_some_and(|grpc| is(grpc.address().port())) {
        Listener::Port(plan::Port::Grpc)
    } else if config.tcp.is_some_and(|tcp| is(tcp.address().port())) {
        Listener::Port(plan::Port::Tcp)
    } else if is(config.admin.address.port()) && !config.admin.address.ip().is_loopback() {
        Listener::Admin
    } else {
        Listener::None
    }
}

/// `ResolveContainerPort`, `pkg/probe/util.go`: by number, by a name of this container's ports, or a number in
/// quotes.
pub(crate) fn port_number(port: &Port, container: &Container) -> Option<i32> {
    match port {
        Port::Number(number) => Some(*number),
        Port::Name(name) => {
            let named = container.ports.iter().find(|port| port.name.as_ref() == Some(name));
            named.map(|port| i32::from(port.container_port)).or_else(|| name.parse().ok())
        }
    }
}

fn headers(get: &HttpGet) -> HeaderMap {
    let mut headers = user_agent(KUBE_PROBE);
    for header in &get.http_headers {
        let name = HeaderName::try_from(header.name.as_str());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(&header.value)) {
            if name == USER_AGENT {
                headers.remove(&name);
            }
            headers.append(name, value);
        }
    }
    headers
}

fn user_agent(text: &str) -> HeaderMap {
    let value = HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(KUBE_PROBE));
    HeaderMap::from_iter([(USER_AGENT, value)])
}
