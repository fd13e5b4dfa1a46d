//! The lab: a simulated Kubernetes API server on loopback, driven by manifests, by a recording, or by hand.
//!
//! Deciding, without clock or network:
//! `store` holds `object`s of `resources`; `list`, `watch`, `write`, `patch` and `cascade` are what can be done with
//! it; `schema` says what types there are, and `conform` and `prepare` what becomes of a written object; `scale` is a
//! subresource;
//! `route`, `options`, `selector` and `fields` read a request, `protobuf` its body; `access` says who may make it;
//! `status`, `discovery`, `openapi`, `view` and `table` shape an answer; `recording`, `rebase` and
//! `narrate` read a rollout, move it to now and tell it.
//!
//! Acting: `server` takes connections, `handle` gives each request to `call`, `review` or `plain`; `call` answers
//! reads, `change` and `subresource` answer writes; `body` reads and
//! `respond` writes, `stream` is the body of a watch; `live` shares the store, `replay` and `run` play a recording;
//! `fault` and `requests` are for tests.
//!
//! Running manifests: `up` puts them into the API, `controllers` make pods of them, `node` runs the pods and
//! `termination` gives it time to end them; both write Events with `recorder`; `follow` tells of changes, `log` serves
//! what containers wrote; everything that happens is a `happening`, and `report` shows and judges it.
//!
//! # Caveats
//! What a real API server does and this one does not: authentication other than bearer tokens, admission, validation
//! of values (names, immutable fields, ranges), disruption budgets on eviction, field ownership of writes other than
//! server-side apply (so applies never conflict), versions other than those of `resources`, OpenAPI v2 (kubectl 1.28
//! and older needs it to apply), answers in protobuf or YAML. Namespaces need not exist. Without controllers nobody
//! deletes dependents in the background.

mod access;
mod body;
mod call;
mod cascade;
mod change;
mod conform;
mod controllers;
mod discovery;
mod fault;
mod fields;
mod follow;
mod handle;
mod happening;
mod kubeconfig;
mod list;
mod live;
mod log;
mod narrate;
mod node;
mod object;
mod openapi;
mod options;
mod patch;
mod plain;
mod prepare;
mod protobuf;
mod rebase;
#[allow(dead_code, reason = "the node and the controllers will record")]
mod recorder;
mod recording;
mod replay;
mod report;
mod requests;
mod resources;
mod respond;
mod review;
mod route;
mod run;
mod scale;
mod schema;
mod selector;
mod server;
mod status;
mod store;
mod stream;
mod subresource;
mod table;
mod termination;
#[cfg(test)]
mod tests;
mod timestamp;
mod up;
mod view;
mod watch;
mod write;

pub use access::{Access, Rule, User};
pub use fault::{Cut, Faults, Matching, Reply};
pub use happening::{Fact, Happening, Member, Watched};
pub use live::LiveStore;
pub use node::{GuardArgs, guard};
pub use object::Object;
pub use recording::{Moment, NotARecording, Recording, What};
pub use replay::{Clock, play, prepare};
pub use requests::Request;
pub use resources::{Registry, Resource, ResourceId};
pub use run::{Args, run};
pub use server::{Options, Server};
pub use status::Status;
pub use store::{Change, Store};
