//! What the model asks of whoever runs it, and what it tells.

use std::time::Duration;

use super::events::Event;
use super::kill::Cause;
use super::kind::Kind;
use super::runtime::Instance;
use super::status::Phase;

/// Something to do, or to note. Containers are numbered as in `Pod::container`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Make one attempt of a probe, and answer with `Pod::probe_done`.
    Probe(Attempt),
    /// Create and start this instance, and answer with `Pod::container_started`, or with
    /// `Pod::container_not_started`.
    Start {
        /// Of which container.
        container: usize,
        /// Which instance it will be.
        instance: Instance,
    },
    /// Run the hook of a container that has started, and answer with `Pod::post_start_done`.
    PostStart {
        /// Of which container.
        container: usize,
    },
    /// Run the hook, and answer with `Pod::pre_stop_done`. When its time is over, `Stop` is asked; the hook itself
    /// goes on until its container ends.
    PreStop {
        /// Of which container.
        container: usize,
        /// The whole grace period.
        limit: Duration,
    },
    /// Send SIGTERM and, after the grace period, SIGKILL. `Pod::container_exited` is the answer. When it is
    /// asked again of the same instance, the new grace period counts, from now: the pod was deleted while a probe
    /// had a container of it stopped.
    Stop {
        /// Which container.
        container: usize,
        /// From SIGTERM to SIGKILL.
        grace: Duration,
        /// Why.
        cause: Cause,
    },
    /// The kubelet reports this event.
    Report(Event),
    /// The status changed.
    Change(Change),
    /// Nothing of the pod is left; the API may forget it if it was deleted.
    Gone,
}

/// One attempt of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// To answer with.
    pub id: AttemptId,
    /// Of which container.
    pub container: usize,
    /// Which probe.
    pub kind: Kind,
    /// From 1; only errors have it tried again.
    pub number: u8,
}

/// Names an attempt, so that an answer that nobody waits for any more is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptId {
    pub(super) worker: u32,
    pub(super) serial: u32,
}

/// A change in the published status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// `state` or the instance of a container.
    State {
        /// Which one.
        container: usize,
    },
    /// `started` of a container.
    Started {
        /// Which one.
        container: usize,
        /// What it is now.
        is_started: bool,
    },
    /// `ready` of a container.
    ContainerReady {
        /// Which one.
        container: usize,
        /// What it is now.
        is_ready: bool,
    },
    /// The condition `Initialized`.
    Initialized(bool),
    /// The condition `ContainersReady`.
    ContainersReady(bool),
    /// The condition `Ready`.
    Ready(bool),
    /// The condition `AllContainersRestarting`.
    AllContainersRestarting(bool),
    /// `phase`, as the API sees it.
    Phase(Phase),
}
