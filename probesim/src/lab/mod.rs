//! The lab: a simulated Kubernetes API server on loopback, driven by a recording or by hand.
//!
//! Deciding (no clock, no network): `store` with its `object`s and `resources`; `list`, `watch` and `write` on it;
//! `route`, `options`, `selector` and `fields` read a request; `status`, `discovery` and `view` shape an answer;
//! `access` and `patch` are rules. Acting: `server` takes connections, `handle` and `respond` answer them, `stream`
//! is the body of a watch, `live` shares the store, `fault` and `requests` are for tests. `recording` and `narrate` are
//! what `replay` and `run` play and tell.

mod access;
mod discovery;
mod fault;
mod fields;
mod handle;
mod kubeconfig;
mod list;
mod live;
mod narrate;
mod object;
mod options;
mod patch;
mod recording;
mod replay;
mod requests;
mod resources;
mod respond;
mod route;
mod run;
mod selector;
mod server;
mod status;
mod store;
mod stream;
#[cfg(test)]
mod tests;
mod timestamp;
mod view;
mod watch;
mod write;

pub use access::{Access, Rule, User};
pub use fault::{Cut, Faults, Matching, Reply};
pub use live::LiveStore;
pub use object::Object;
pub use recording::{Moment, NotARecording, Recording, What};
pub use replay::{Clock, play, prepare};
pub use requests::Request;
pub use resources::{Registry, Resource, ResourceId};
pub use run::{Args, run};
pub use server::{Options, Server};
pub use status::Status;
pub use store::{Change, Store};
