//! What happens in the lab, as views, the summary and the expectations are told it.

use std::sync::Arc;
use std::time::Duration;

use crate::kubelet::{Cause, Change, Container, Instance, Kind, Outcome, PodStatus, Role};

/// Something that happened.
#[derive(Clone, Debug)]
pub struct Happening {
    /// Since the lab began.
    pub at: Duration,
    /// What it was.
    pub fact: Fact,
}

/// What happened. A pod is called `namespace/name`, a container by its name.
#[derive(Clone, Debug)]
pub enum Fact {
    /// A pod was bound to the lab's node.
    PodAdded {
        /// Which one.
        pod: Arc<str>,
        /// What it belongs to in the end: `deployment/web`; `None` for a bare pod.
        workload: Option<Arc<str>>,
        /// Its containers, init containers first, as the kubelet's model numbers them.
        containers: Vec<Member>,
    },
    /// A pod is gone from the API.
    PodGone {
        /// Which one.
        pod: Arc<str>,
    },
    /// An instance of a container runs.
    Started {
        /// Of which pod.
        pod: Arc<str>,
        /// Which container.
        container: Arc<str>,
        /// Which of its instances; each after the first is a restart.
        instance: Instance,
    },
    /// An instance of a container is told to stop.
    Stopping {
        /// Of which pod.
        pod: Arc<str>,
        /// Which container.
        container: Arc<str>,
        /// From SIGTERM to SIGKILL.
        grace: Duration,
        /// Why.
        cause: Cause,
    },
    /// An instance of a container ended.
    Exited {
        /// Of which pod.
        pod: Arc<str>,
        /// Which container.
        container: Arc<str>,
        /// As the kubelet has it: 128+n when signal n ended it.
        exit_code: i32,
    },
    /// The next start of a container has to wait. The status shows it later, and not always.
    BackOff {
        /// Of which pod.
        pod: Arc<str>,
        /// Which container.
        container: Arc<str>,
        /// The whole wait, from the end of its last instance.
        delay: Duration,
    },
    /// One attempt of a probe is over.
    Probed {
        /// Of which pod.
        pod: Arc<str>,
        /// Which container.
        container: Arc<str>,
        /// Which probe.
        kind: Kind,
        /// From 1; only errors are tried again.
        attempt: u8,
        /// What it came to.
        outcome: Outcome,
        /// What the handler said, in the kubelet's words; empty for most successes.
        output: Arc<str>,
        /// How long it took.
        took: Duration,
    },
    /// The status of a pod changed.
    Changed {
        /// Of which pod.
        pod: Arc<str>,
        /// In which respect.
        change: Change,
        /// The whole of it, after the change.
        status: Arc<PodStatus>,
    },
    /// An Event was written to the API.
    Event {
        /// About what: `pod/web-0`, `deployment/web`.
        about: Arc<str>,
        /// `Normal` or `Warning`.
        severity: &'static str,
        /// `reason`.
        reason: Arc<str>,
        /// `message`.
        message: Arc<str>,
    },
    /// A container wrote a line.
    Output {
        /// Of which pod.
        pod: Arc<str>,
        /// Which container.
        container: Arc<str>,
        /// Without its end.
        line: Arc<str>,
    },
    /// An object other than a pod changed, told in one line: `deployment/web 1/2 available`.
    Object {
        /// The line.
        line: Arc<str>,
    },
}

/// A container of a pod that was added.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its name.
    pub name: Arc<str>,
    /// Its part in the pod.
    pub role: Role,
    /// What stands for it: `simulator`, `process ./app --port 80`, `target 127.0.0.1:8080`.
    pub runs: Arc<str>,
    /// Its probes, in the order of `Kind::ALL`.
    pub probes: Vec<Watched>,
}

/// A probe of a container that was added, as far as it decides what its results come to.
#[derive(Clone, Copy, Debug)]
pub struct Watched {
    /// Which one.
    pub kind: Kind,
    /// `successThreshold`.
    pub successes: u32,
    /// `failureThreshold`.
    pub failures: u32,
}

// === impl Member ===

impl Member {
    /// What there is to tell of a container of a pod's spec.
    #[must_use]
    pub fn new(container: &Container, role: Role, runs: Arc<str>) -> Self {
        let times = |threshold: i32| u32::try_from(threshold).unwrap_or(1);
        let probes = Kind::ALL.into_iter().filter_map(|kind| {
            let probe = container.probe(kind)?;
            let (successes, failures) = (times(probe.success_threshold), times(probe.failure_threshold));
            Some(Watched { kind, successes, failures })
        });
        Self { name: container.name.as_str().into(), role, runs, probes: probes.collect() }
    }
}
