//! How a container is stopped: `killContainer` and `setTerminationGracePeriod`
//! (`pkg/kubelet/kuberuntime/kuberuntime_container.go`).

use std::time::Duration;

use super::ask::Ask;
use super::events::Event;
use super::kind::Kind;
use super::pod::{Pod, Slot};
use super::role::Role;
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
    /// Its postStart hook failed.
    PostStart,
    /// The pod ends.
    PodEnds,
}

/// A container that is being stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dying {
    /// `executePreStopHook`: for as long as the grace period at most.
    PreStop { since: Time, grace: Duration, cause: Cause },
    /// `waitForTurn`: likewise, for what is left of it.
    Turn { since: Time, grace: Duration, cause: Cause },
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
        Cause::PostStart | Cause::PodEnds => None,
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
    /// Begins to stop a container that runs; what is announced is told in the event.
    pub(super) fn kill(&mut self, index: usize, cause: Cause, announced: Announced, now: Time) {
        let event = match announced {
            Announced::Restart => Event::Killing { container: index, cause, will_restart: true },
            Announced::Kill => Event::Killing { container: index, cause, will_restart: false },
            Announced::PodEnds => {
                Event::Killing { container: index, cause: Cause::PodEnds, will_restart: false }
            }
        };
        self.ask(Ask::Report(event));
        let accounted = if announced == Announced::PodEnds { Cause::PodEnds } else { cause };
        let grace = grace(accounted, self.container(index), &self.spec, self.deletion_grace);
        let has_hook = self.container(index).lifecycle.as_ref().is_some_and(|l| l.pre_stop.is_some());
        if has_hook && !grace.is_zero() {
            self.slots[index].dying = Some(Dying::PreStop { since: now, grace, cause });
            self.ask(Ask::PreStop { container: index, limit: grace });
        } else {
            self.take_turn(index, cause, grace, now);
        }
    }

    /// The hook is over, or its time.
    pub(super) fn end_pre_stop(&mut self, index: usize, now: Time) {
        if let Some(Dying::PreStop { since, grace, cause }) = self.slots[index].dying {
            self.take_turn(index, cause, grace.saturating_sub(now.since(since)), now);
        }
    }

    /// Sends SIGTERM, or waits for those that have to end before.
    fn take_turn(&mut self, index: usize, cause: Cause, grace: Duration, now: Time) {
        if self.is_ending() && !grace.is_zero() && self.has_others_first(index) {
            self.slots[index].dying = Some(Dying::Turn { since: now, grace, cause });
        } else {
            self.slots[index].dying = Some(Dying::Stopping);
            self.ask(Ask::Stop { container: index, grace: left(grace, Duration::ZERO), cause });
        }
    }

    /// Sends SIGTERM to the sidecars that have waited for what has now ended.
    pub(super) fn pass_turn(&mut self, now: Time) {
        for index in 0..self.slots.len() {
            if let Some(Dying::Turn { since, grace, cause }) = self.slots[index].dying
                && !self.has_others_first(index)
            {
                self.take_turn(index, cause, grace.saturating_sub(now.since(since)), now);
            }
        }
    }

    /// Sidecars end last, and the last of them first (`termination_order.go`).
    fn has_others_first(&self, index: usize) -> bool {
        let is_running = |slot: &Slot| slot.actual.running.is_some();
        let mut others = self.slots.iter().enumerate().filter(|(other, _)| *other != index);
        self.slots[index].role == Role::Sidecar
            && others.any(|(other, slot)| is_running(slot) && (slot.role != Role::Sidecar || other > index))
    }

    /// Ends the stages whose time is over.
    pub(super) fn expire_stages(&mut self, now: Time) {
        for index in 0..self.slots.len() {
            if self.stage_until(index).is_some_and(|until| until <= now) {
                match self.slots[index].dying {
                    Some(Dying::Turn { cause, .. }) => self.take_turn(index, cause, Duration::ZERO, now),
                    _ => self.end_pre_stop(index, now),
                }
            }
        }
    }

    /// When the time for the stage is over.
    pub(super) fn stage_until(&self, index: usize) -> Option<Time> {
        match self.slots[index].dying {
            Some(Dying::PreStop { since, grace, .. } | Dying::Turn { since, grace, .. }) => {
                Some(since + grace)
            }
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
