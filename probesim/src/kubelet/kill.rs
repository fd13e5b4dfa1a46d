//! How a container is stopped: `killContainer` and `setTerminationGracePeriod`
//! (`pkg/kubelet/kuberuntime/kuberuntime_container.go`).

use std::time::Duration;

use super::ask::Ask;
use super::events::Event;
use super::kind::Kind;
use super::pod::Pod;
use super::spec::{Container, PodSpec};
use super::time::Time;

/// `minimumGracePeriodInSeconds`.
const MINIMUM_GRACE: Duration = Duration::from_secs(2);

/// Why a container is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its liveness probe failed.
    Liveness,
    /// Its startup probe failed.
    Startup,
    /// The pod ends.
    PodEnds,
}

/// A container that is being stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dying {
    /// `executePreStopHook`: for as long as the grace period at most.
    PreStop { since: Time, grace: Duration, cause: Cause },
    /// `StopContainer`.
    Stopping,
}

/// The grace period before `preStop` is charged against it.
///
/// The probe's own counts only while the pod is not being deleted, and only for the container that it has
/// killed: a pod that ends for want of containers goes by the pod's.
pub(super) fn grace(
    cause: Cause,
    container: &Container,
    pod: &PodSpec,
    deletion: Option<Duration>,
) -> Duration {
    if let Some(deletion) = deletion {
        return deletion;
    }
    let probe = match cause {
        Cause::Liveness => container.probe(Kind::Liveness),
        Cause::Startup => container.probe(Kind::Startup),
        Cause::PodEnds => None,
    };
    let seconds = probe
        .and_then(|probe| probe.termination_grace_period_seconds)
        .unwrap_or(pod.termination_grace_period_seconds);
    Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
}

/// What is left of the grace period for SIGTERM.
pub(super) fn left(grace: Duration, spent: Duration) -> Duration {
    grace.saturating_sub(spent).max(MINIMUM_GRACE)
}

// === impl Pod ===

impl Pod {
    /// Begins to stop a container that runs; `spent` is what waiting for its turn took. `will_restart`
    /// is told in the event.
    pub(super) fn kill(
        &mut self,
        index: usize,
        cause: Cause,
        announced: Announced,
        spent: Duration,
        now: Time,
    ) {
        let event = match announced {
            Announced::Restart => Event::Killing { container: index, cause, will_restart: true },
            Announced::Kill => Event::Killing { container: index, cause, will_restart: false },
            Announced::PodEnds => {
                Event::Killing { container: index, cause: Cause::PodEnds, will_restart: false }
            }
        };
        self.ask(Ask::Report(event));
        let accounted = if announced == Announced::PodEnds { Cause::PodEnds } else { cause };
        let grace =
            grace(accounted, self.container(index), &self.spec, self.deletion_grace).saturating_sub(spent);
        let has_hook = self.container(index).lifecycle.as_ref().is_some_and(|l| l.pre_stop.is_some());
        if has_hook && !grace.is_zero() {
            self.slots[index].dying = Some(Dying::PreStop { since: now, grace, cause });
            self.ask(Ask::PreStop { container: index, limit: grace });
        } else {
            self.slots[index].dying = Some(Dying::Stopping);
            self.ask(Ask::Stop { container: index, grace: left(grace, Duration::ZERO), cause });
        }
    }

    /// The hook is over, or its time.
    pub(super) fn end_pre_stop(&mut self, index: usize, now: Time) {
        if let Some(Dying::PreStop { since, grace, cause }) = self.slots[index].dying {
            self.slots[index].dying = Some(Dying::Stopping);
            self.ask(Ask::Stop { container: index, grace: left(grace, now.since(since)), cause });
        }
    }

    /// Ends the hooks whose time is over.
    pub(super) fn expire_pre_stops(&mut self, now: Time) {
        for index in 0..self.slots.len() {
            if self.pre_stop_until(index).is_some_and(|until| until <= now) {
                self.end_pre_stop(index, now);
            }
        }
    }

    /// When the hook's time is over.
    pub(super) fn pre_stop_until(&self, index: usize) -> Option<Time> {
        match self.slots[index].dying {
            Some(Dying::PreStop { since, grace, .. }) => Some(since + grace),
            _ => None,
        }
    }
}

/// What the Killing event says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Announced {
    /// `Container c failed liveness probe, will be restarted`.
    Restart,
    /// `Container c failed liveness probe`.
    Kill,
    /// `Stopping container c`.
    PodEnds,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn graces(deletion: Option<u64>) -> [u64; 3] {
        let spec: PodSpec = serde_json::from_value(json!({
            "terminationGracePeriodSeconds": 20,
            "containers": [{"name": "c",
                "livenessProbe": {"tcpSocket": {"port": 1}, "terminationGracePeriodSeconds": 60},
                "startupProbe": {"tcpSocket": {"port": 1}}}],
        }))
        .expect("a pod");
        [Cause::Liveness, Cause::Startup, Cause::PodEnds].map(|cause| {
            grace(cause, &spec.containers[0], &spec, deletion.map(Duration::from_secs)).as_secs()
        })
    }

    #[test]
    fn a_probes_grace_period_may_exceed_the_pods() {
        assert_eq!(graces(None), [60, 20, 20]);
    }

    #[test]
    fn a_deletions_grace_period_comes_first() {
        assert_eq!(graces(Some(5)), [5, 5, 5]);
    }

    #[test]
    fn the_hook_is_charged_but_two_seconds_are_left() {
        let seconds = Duration::from_secs;
        assert_eq!(left(seconds(20), seconds(5)), seconds(15));
        assert_eq!(left(seconds(20), seconds(19)), seconds(2));
        assert_eq!(left(seconds(1), seconds(0)), seconds(2));
    }
}
