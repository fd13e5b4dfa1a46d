//! The lab: a simulated Kubernetes API server on loopback, driven by manifests, by a recording, or by hand.
//!
//! | folder or file | what is in it |
//! |---|---|
//! | `run` | `probesim lab`: manifests or a recording, until it is told to stop |
//! | `api/` | the API server over HTTP: requests, rights, answers, faults |
//! | `store/` | the objects, and what can be done with them |
//! | `rules/` | which values and changes of an object the API refuses |
//! | `schema/` | which resources and types there are, and whether an object is of its type |
//! | `replay/` | drives the store with a recording |
//! | `up/` | puts manifests into the store, and starts what runs them |
//! | `controllers/` | makes pods of workloads, and the status of workloads of pods |
//! | `node/` | the node that runs the pods |
//! | `report/` | shows and judges what happens |
//! | `happening`, `narrate` | what happens, as `report` is told it; a change in one short line |
//! | `recorder` | Events, as components write them |
//! | `timestamp` | times, as Kubernetes writes them |
//!
//! # Caveats
//! What a real API server does and this one does not: authentication other than bearer tokens, admission, versions
//! other than those of `schema/resources`, OpenAPI v2 (kubectl 1.28 and older needs it to apply), answers in protobuf
//! or YAML. Without controllers nobody deletes dependents in the background. Values and changes are looked at in what
//! manifests and clients of `probesim lab -f` write; whoever drives a store by hand may write what no API server takes.

mod api;
mod controllers;
mod happening;
mod narrate;
mod node;
mod recorder;
mod replay;
mod report;
mod rules;
mod run;
mod schema;
mod store;
mod timestamp;
mod up;

pub use api::access::{Access, Rule, User};
pub use api::answer::status::Status;
pub use api::fault::{Cut, Faults, Matching, Reply};
pub use api::requests::Request;
pub use api::server::{Options, Server};
pub use happening::{Fact, Happening, Member, Watched};
pub use node::{GuardArgs, guard};
pub use replay::recording::{Moment, NotARecording, Recording, What};
pub use replay::{Clock, play, prepare};
pub use run::{Args, run};
pub use schema::resources::{Registry, Resource, ResourceId};
pub use store::live::LiveStore;
pub use store::object::Object;
pub use store::{Change, Store};
pub(crate) use up::refused;
