//! EndpointSlices, reduced to what a Service's verdict needs.
//! <https://kubernetes.io/docs/reference/kubernetes-api/service-resources/endpoint-slice-v1/>

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::object::{Metadata, null_is_default};

/// An EndpointSlice.
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
    /// The names of the ports that all its endpoints have; empty for an unnamed one.
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
    /// Reads an EndpointSlice and keeps what matters. Endpoints without an address are none.
    ///
    /// # Errors
    /// Where the JSON is none.
    pub fn read(object: &RawValue) -> Result<Self, serde_json::Error> {
        let wire: WireSlice = serde_json::from_str(object.get())?;
        Ok(Self {
            name: wire.metadata.name,
            namespace: wire.metadata.namespace,
            service: wire.metadata.labels.service_name,
            is_headless: wire.metadata.labels.headless.is_some(),
            port_names: wire.ports.into_iter().map(|port| port.name).collect(),
            endpoints: wire.endpoints.into_iter().filter_map(Endpoint::from_wire).collect(),
        })
    }

    /// Whether its ports may be those of its Service, which cannot be read: a headless one may have none.
    pub(super) fn may_serve(&self, port: Option<&str>) -> bool {
        match port {
            Some(port) => self.port_names.iter().any(|name| &**name == port),
            None => self.is_headless || !self.port_names.is_empty(),
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
