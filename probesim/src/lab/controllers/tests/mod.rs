//! The whole loop, in process, in paused time; pods are run by hand.

mod cascade;
mod jobs;
pub(super) mod recordings;
mod replay;
mod rollouts;
mod services;
mod stateful;
mod world;
