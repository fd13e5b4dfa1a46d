//! EndpointSlices, and the Endpoints that came before them, reduced to what a Service's verdict needs.
//! <https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoint-slice-v1/>

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::object::{Metadata, null_is_default};

/// An EndpointSlice, or Endpoints, each of whose subsets is what a slice is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Tells slices apart: a Service may have many.
    pub name: Box<str>,
    /// Its namespace, which is the Service's too.
    pub namespace: Option<Box<str>>,
    /// The name of the Service that it belongs to.
    pub service: Box<str>,
    /// Whether that Service has no address of its own.
    pub(super) is_headless: bool,
    pub(super) subsets: Vec<Subset>,
}

/// Endpoints that have their ports in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Subset {
    /// Empty for an unnamed one.
    pub(super) port_names: Vec<Box<str>>,
    pub(super) endpoints: Vec<Endpoint>,
}

/// What may answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Endpoint {
    /// The pod's uid, else the first address.
    pub(super) key: Box<str>,
    pub(super) ready: bool,
    pub(super) serving: bool,
    pub(super) terminating: bool,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireSlice {
    metadata: Metadata,
    #[serde(deserialize_with = "null_is_default")]
    endpoints: Vec<WireEndpoint>,
    #[serde(deserialize_with = "null_is_default")]
    ports: Vec<WirePort>,
    /// Only Endpoints have it.
    #[serde(deserialize_with = "null_is_default")]
    subsets: Vec<WireSubset>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireSubset {
    #[serde(deserialize_with = "null_is_default")]
    addresses: Vec<WireAddress>,
    #[serde(deserialize_with = "null_is_default")]
    not_ready_addresses: Vec<WireAddress>,
    #[serde(deserialize_with = "null_is_default")]
    ports: Vec<WirePort>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireAddress {
    ip: Box<str>,
    #[serde(deserialize_with = "null_is_default")]
    target_ref: WireReference,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct WireEndpoint {
    #[serde(deserialize_with = "null_is_default")]
    addresses: Vec<Box<str>>,
    #[serde(deserialize_with = "null_is_default")]
    conditions: WireConditions,
    #[serde(deserialize_with = "null_is_default")]
    target_ref: WireReference,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireConditions {
    ready: Option<bool>,
    serving: Option<bool>,
    terminating: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireReference {
    uid: Box<str>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WirePort {
    #[serde(deserialize_with = "null_is_default")]
    name: Box<str>,
}

// === impl Slice ===

impl Slice {
    /// Reads an EndpointSlice, or Endpoints, and keeps what matters. Endpoints without an address are none.
    ///
    /// # Errors
    /// Where the JSON is none.
    pub fn read(object: &RawValue) -> Result<Self, serde_json::Error> {
        let wire: WireSlice = serde_json::from_str(object.get())?;
        let Metadata { name, namespace, labels, .. } = wire.metadata;
        // A slice says whose it is in a label; Endpoints have the name of their Service.
        let service = if labels.service_name.is_empty() { name.clone() } else { labels.service_name };
        let own = Subset {
            port_names: names(wire.ports),
            endpoints: wire.endpoints.into_iter().filter_map(Endpoint::from_wire).collect(),
        };
        let subsets = std::iter::once(own).chain(wire.subsets.into_iter().map(Subset::from_wire)).collect();
        Ok(Self { name, namespace, service, is_headless: labels.headless.is_some(), subsets })
    }
}

// === impl Subset ===

impl Subset {
    /// <https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoints-v1/>
    fn from_wire(wire: WireSubset) -> Self {
        let WireSubset { addresses, not_ready_addresses, ports } = wire;
        let endpoint = |ready| {
            move |WireAddress { ip, target_ref }: WireAddress| {
                let key = if target_ref.uid.is_empty() { ip } else { target_ref.uid };
                Endpoint { key, ready, serving: ready, terminating: false }
            }
        };
        let ready = addresses.into_iter().map(endpoint(true));
        let endpoints = ready.chain(not_ready_addresses.into_iter().map(endpoint(false))).collect();
        Self { port_names: names(ports), endpoints }
    }

    pub(super) fn has_port(&self, name: &str) -> bool {
        self.port_names.iter().any(|offered| &**offered == name)
    }

    /// Whether its ports may be those of its Service, which cannot be read: a headless one may have none.
    pub(super) fn may_serve(&self, port: Option<&str>, is_headless: bool) -> bool {
        match port {
            Some(port) => self.has_port(port),
            None => is_headless || !self.port_names.is_empty(),
        }
    }
}

// === impl Endpoint ===

impl Endpoint {
    /// An absent condition means the good case.
    fn from_wire(wire: WireEndpoint) -> Option<Self> {
        let address = wire.addresses.into_iter().next()?;
        let uid = wire.target_ref.uid;
        Some(Self {
            key: if uid.is_empty() { address } else { uid },
            ready: wire.conditions.ready.unwrap_or(true),
            serving: wire.conditions.serving.unwrap_or(true),
            terminating: wire.conditions.terminating.unwrap_or(false),
        })
    }

    /// `serving` counts as well, because publishNotReadyAddresses forces `ready`.
    pub(super) fn takes_traffic(&self) -> bool {
        self.ready && self.serving && !self.terminating
    }
}

fn names(ports: Vec<WirePort>) -> Vec<Box<str>> {
    ports.into_iter().map(|port| port.name).collect()
}
