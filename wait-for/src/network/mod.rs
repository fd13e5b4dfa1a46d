//! Targets on the network: a port, an HTTP answer, a gRPC health status, a name.
//!
//! `target` and `options` are the grammar; `prober` makes one attempt, through `dial`, `secure` and one module
//! for each protocol; `follow` makes attempts for as long as the run lasts. Success is what the kubelet counts
//! as success, except that certificates are checked.

mod address;
mod deadline;
mod dial;
mod dns;
mod follow;
mod grpc;
mod h2;
mod http;
mod names;
mod options;
mod prober;
mod race;
mod secure;
mod target;
#[cfg(test)]
mod tls_tests;
mod trust;

pub use address::{Address, AddressError};
pub use follow::Follow;
pub use http::{Ask, StatusSet, Url, UrlError};
pub use options::OptionError;
pub use prober::Prober;
pub use target::{Protocol, Query, Record, Target, TargetError, redacted};
pub use trust::Trust;
