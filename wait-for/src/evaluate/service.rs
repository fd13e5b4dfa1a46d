//! Services, through their EndpointSlices: readiness.md 1.7.
//! <https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#conditions>

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::check::{Asked, CheckError, number};
use super::guard;
use super::slice::{Endpoint, Slice, Subset};
use crate::message::clean;
use crate::object::{Metadata, null_is_default};
use crate::verdict::{Finding, Verdict};

/// What can be asked of a Service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Something answers behind it.
    HasEndpoints {
        /// At least so many; one where not given.
        at_least: Option<u32>,
        /// On the port of this name; on any of the Service's where not given.
        port: Option<String>,
    },
    /// Its load balancer has an address.
    HasAddress,
}

/// A Service, as far as it matters.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Service {
    /// Whose service it is.
    pub metadata: Metadata,
    #[serde(deserialize_with = "null_is_default")]
    spec: Spec,
    #[serde(deserialize_with = "null_is_default")]
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    r#type: Box<str>,
    #[serde(rename = "clusterIP")]
    cluster_ip: Box<str>,
    external_name: String,
    /// Only whether there is one.
    #[serde(deserialize_with = "null_is_default")]
    selector: Selector,
    #[serde(deserialize_with = "null_is_default")]
    ports: Vec<ServicePort>,
}

type Selector = BTreeMap<Box<str>, serde::de::IgnoredAny>;

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ServicePort {
    #[serde(deserialize_with = "null_is_default")]
    name: Box<str>,
    /// A number, or the name of a container's port.
    target_port: Option<Box<RawValue>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    #[serde(deserialize_with = "null_is_default")]
    load_balancer: LoadBalancer,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LoadBalancer {
    #[serde(deserialize_with = "null_is_default")]
    ingress: Vec<Ingress>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Ingress {
    ip: Box<str>,
    hostname: Box<str>,
}

pub(super) const NAMES: &[&str] = &["has-endpoints", "has-address"];

/// Decides whether a Service meets a condition.
///
/// Without the Service, which may be forbidden to read, the slices alone decide. Slices of other Services are
/// ignored where it is there.
#[must_use]
pub fn evaluate<'a>(
    service: Option<&Service>,
    slices: impl Iterator<Item = &'a Slice>,
    condition: &Condition,
) -> Verdict {
    match (condition, service) {
        (Condition::HasEndpoints { at_least, port }, service) => {
            let barred = service.and_then(|service| service.endless().or_else(|| service.deletion()));
            let at_least = at_least.map_or(1, |count| count as usize);
            barred.unwrap_or_else(|| has_endpoints(service, slices, at_least, port.as_deref()))
        }
        (Condition::HasAddress, Some(service)) => has_address(service),
        (Condition::HasAddress, None) => Verdict::NotYet(Finding::because(
            "address unknown",
            "the Service may not be read; grant get on services",
        )),
    }
}

// === impl Service ===

impl Service {
    /// Reads a Service.
    ///
    /// # Errors
    /// Where the JSON is none.
    pub fn read(object: &RawValue) -> Result<Self, serde_json::Error> {
        serde_json::from_str(object.get())
    }

    fn is_external(&self) -> bool {
        &*self.spec.r#type == "ExternalName"
    }

    /// The controllers never write a slice for an ExternalName.
    fn endless(&self) -> Option<Verdict> {
        self.is_external().then(|| {
            let state = clean(&format!("ExternalName {}", self.spec.external_name));
            let cause = "it never has endpoints: use exists, or a TCP check of that name";
            Verdict::Misused(Finding::because(state.trim_end(), cause))
        })
    }

    fn deletion(&self) -> Option<Verdict> {
        guard::deletion(&self.metadata)
    }

    /// Whether a subset's ports lead to it: nothing to check for a headless Service without ports.
    fn is_served_by(&self, subset: &Subset, port: Option<&str>) -> bool {
        match port {
            Some(port) => subset.has_port(port),
            None if self.spec.ports.is_empty() && &*self.spec.cluster_ip == "None" => true,
            None => self.spec.ports.iter().any(|port| subset.has_port(&port.name)),
        }
    }

    /// Why ready endpoints do not offer the port.
    fn port_problem(&self, wanted: Option<&str>) -> String {
        let mut ports = self.spec.ports.iter();
        let port = ports.find(|port| wanted.is_none_or(|wanted| &*port.name == wanted));
        let target = port.and_then(|port| port.target_port.as_deref()).map(RawValue::get);
        match (port, wanted, target) {
            (None, Some(wanted), _) => {
                let names: Vec<&str> = self.spec.ports.iter().map(|port| &*port.name).collect();
                format!("the Service has no port named \"{wanted}\" (its ports: {})", names.join(", "))
            }
            // Quoted in JSON, quoted in the line.
            (Some(_), _, Some(target)) if target.starts_with('"') => {
                format!("no container declares port name {} (targetPort)", clean(target))
            }
            _ => "their slices do not offer the Service's port".to_owned(),
        }
    }
}

fn has_endpoints<'a>(
    service: Option<&Service>,
    slices: impl Iterator<Item = &'a Slice>,
    at_least: usize,
    port: Option<&str>,
) -> Verdict {
    let mut ready = BTreeSet::new();
    let mut portless = BTreeSet::new();
    let mut others: BTreeSet<&Endpoint> = BTreeSet::new();
    let mut slice_count = 0;
    for slice in slices.filter(|slice| service.is_none_or(|service| slice.service == service.metadata.name)) {
        slice_count += 1;
        for subset in &slice.subsets {
            let is_served = match service {
                Some(service) => service.is_served_by(subset, port),
                None => subset.may_serve(port, slice.is_headless),
            };
            for endpoint in &subset.endpoints {
                // Dual stack has every endpoint once for each address family.
                if !endpoint.takes_traffic() {
                    others.insert(endpoint);
                } else if is_served {
                    ready.insert(&*endpoint.key);
                } else {
                    portless.insert(&*endpoint.key);
                }
            }
        }
    }
    let count = ready.len();
    let state = match (count, at_least) {
        (1, 0 | 1) => "1 ready endpoint".to_owned(),
        (_, 0 | 1) => format!("{count} ready endpoints"),
        _ => format!("{count}/{at_least} ready endpoints"),
    };
    let terminating = others.iter().filter(|endpoint| endpoint.terminating).count();
    let cause = match service {
        Some(service) if !portless.is_empty() => service.port_problem(port),
        None if !portless.is_empty() => "their slices do not offer the port".to_owned(),
        _ if !others.is_empty() => unready(count, others.len(), terminating),
        Some(service) if count == 0 && service.spec.selector.is_empty() => {
            "the Service has no selector: somebody must write its EndpointSlices".to_owned()
        }
        _ if slice_count == 0 => "no EndpointSlice yet".to_owned(),
        _ if count == 0 => "no endpoint: its selector matches no pod that has an address".to_owned(),
        _ => "no other endpoint".to_owned(),
    };
    Verdict::met_if(count >= at_least, Finding::because(state, cause))
}

/// `2 endpoints, all terminating`, `1 not ready, 2 terminating`
fn unready(ready: usize, others: usize, terminating: usize) -> String {
    let noun = if others == 1 { "endpoint" } else { "endpoints" };
    match (others - terminating, terminating) {
        (0, _) if ready == 0 => format!("{others} {noun}, all terminating"),
        (_, 0) if ready == 0 => format!("{others} {noun}, none ready"),
        (waiting, 0) => format!("{waiting} not ready"),
        (0, terminating) => format!("{terminating} terminating"),
        (waiting, terminating) => format!("{waiting} not ready, {terminating} terminating"),
    }
}

fn has_address(service: &Service) -> Verdict {
    if &*service.spec.r#type != "LoadBalancer" {
        let r#type = if service.spec.r#type.is_empty() { "ClusterIP" } else { &service.spec.r#type };
        let cause = "only a LoadBalancer gets an address: use has-endpoints or exists";
        return Verdict::Misused(Finding::because(format!("type {}", clean(r#type)), cause));
    }
    service.deletion().unwrap_or_else(|| match address(&service.status.load_balancer) {
        Some(address) => Verdict::Met(Finding::state(format!("address {}", clean(address)))),
        None => Verdict::NotYet(Finding::because(
            "no address",
            "its load balancer has given none yet (status.loadBalancer)",
        )),
    })
}

/// The first address that a load balancer has given.
fn address(given: &LoadBalancer) -> Option<&str> {
    let addresses = given.ingress.iter().flat_map(|entry| [&entry.ip, &entry.hostname]);
    addresses.map(|address| &**address).find(|address| !address.is_empty())
}

// === impl Condition ===

impl Condition {
    pub(super) fn parse(asked: Asked<'_>) -> Result<Self, CheckError> {
        match asked.known(NAMES) {
            Some(name @ "has-endpoints") => {
                let (count, port) = match asked.argument() {
                    None => (None, None),
                    Some(argument) => match argument.split_once(':') {
                        Some((count, port)) => (Some(count).filter(|count| !count.is_empty()), Some(port)),
                        None => (Some(argument), None),
                    },
                };
                let at_least = count.map(|count| number(name, count)).transpose()?;
                let port = port.map(port_name).transpose()?;
                Ok(Self::HasEndpoints { at_least, port })
            }
            Some(name) => asked.plain(name, Self::HasAddress),
            None => Err(asked.unknown()),
        }
    }
}

/// Names of Service ports are DNS labels; a number is not one of them.
fn port_name(text: &str) -> Result<String, CheckError> {
    let is_name = crate::name::label(text).is_ok() && text.bytes().any(|byte| byte.is_ascii_lowercase());
    if is_name { Ok(text.to_owned()) } else { Err(CheckError::Port(text.to_owned())) }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HasEndpoints { at_least, port } => {
                super::check::write_counted(f, "has-endpoints", *at_least)?;
                port.as_ref().map_or(Ok(()), |port| write!(f, ":{port}"))
            }
            Self::HasAddress => f.write_str("has-address"),
        }
    }
}
