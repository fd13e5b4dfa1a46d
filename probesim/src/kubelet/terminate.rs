//! The end of a pod: `SyncTerminatingPod` and `SyncTerminatedPod` (`pkg/kubelet/kubelet.go`).

use std::time::Duration;

use rand::Rng;

use super::ask::{Ask, Change};
use super::kill::{Announced, Cause};
use super::kind::Kind;
use super::pod::Pod;
use super::role::Role;
use super::time::Time;

/// A pod that ends. Each stage but the first waits, like any sync, for a relist after the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// SyncPod saw that nothing will run any more; SyncTerminatingPod comes at that moment.
    Due(Time),
    /// SyncTerminatingPod stops containers, since then.
    Stopping(Time),
    /// All have ended; SyncTerminatedPod comes at that moment.
    Stopped(Time),
    /// Nothing of it is left.
    Gone,
}

// === impl Ending ===

impl Ending {
    /// When the next stage comes of itself.
    pub(super) const fn due(self) -> Option<Time> {
        match self {
            Self::Due(at) | Self::Stopped(at) => Some(at),
            Self::Stopping(_) | Self::Gone => None,
        }
    }
}

// === impl Pod ===

impl Pod {
    /// The pod was deleted, or its grace period was cut short. `grace` stands for
    /// `deletionGracePeriodSeconds`; `None` is the pod's own.
    ///
    /// A SyncPod that waits for a container gives up; the wait begins anew with this grace period.
    pub fn delete(&mut self, grace: Option<Duration>, now: Time, rng: &mut impl Rng) {
        let pods =
            Duration::from_secs(u64::try_from(self.spec.termination_grace_period_seconds).unwrap_or(0));
        let grace = grace.unwrap_or(pods);
        let has_ended = matches!(self.ending, Some(Ending::Stopped(_) | Ending::Gone));
        if has_ended || self.deletion_grace.is_some_and(|before| before <= grace) {
            return;
        }
        self.deletion_grace = Some(grace);
        self.cancel_sync();
        for slot in &mut self.slots {
            slot.dying = None;
        }
        self.begin_ending(now, rng);
        self.settle(now, rng);
    }

    /// SyncPod found the pod at its end.
    pub(super) fn wind_up(&mut self, now: Time) {
        self.ending = Some(Ending::Due(self.next_relist(now)));
    }

    /// Enters the stage that is due. Says whether one was.
    pub(super) fn step_ending(&mut self, now: Time, rng: &mut impl Rng) -> bool {
        match self.ending {
            Some(Ending::Due(at)) if at <= now => self.begin_ending(now, rng),
            Some(Ending::Stopped(at)) if at <= now => {
                self.ending = Some(Ending::Gone);
                // `RemovePod`. What an attempt that is still under way comes to matters to nobody.
                for worker in &mut self.workers {
                    worker.end(&mut self.results);
                }
                self.ask(Ask::Gone);
            }
            _ => return false,
        }
        true
    }

    /// Liveness and startup probes of the containers proper stop; readiness goes on until the end, and so
    /// do all probes of sidecars. A startup probe that is taken away makes its container count as started.
    fn begin_ending(&mut self, now: Time, rng: &mut impl Rng) {
        self.publish(false, now, rng);
        self.ending = Some(Ending::Stopping(now));
        for worker in &mut self.workers {
            let is_regular = self.slots[worker.container].role == Role::Regular;
            if is_regular && worker.kind != Kind::Readiness {
                worker.stop();
            }
        }
        self.go_on_ending(now, rng);
    }

    /// Stops all containers proper side by side, then the sidecars, the last one first. What the sidecars
    /// have waited is charged against their grace period.
    pub(super) fn go_on_ending(&mut self, now: Time, rng: &mut impl Rng) {
        let Some(Ending::Stopping(since)) = self.ending else {
            return;
        };
        let running = |pod: &Self, index: usize| pod.slots[index].actual.running.is_some();
        for index in 0..self.slots.len() {
            let is_first_wave = self.slots[index].role != Role::Sidecar;
            if is_first_wave && running(self, index) && self.slots[index].dying.is_none() {
                self.kill(index, Cause::PodEnds, Announced::PodEnds, Duration::ZERO, now);
            }
        }
        let mut remaining = (0..self.slots.len()).filter(|&index| running(self, index));
        if let Some(last) = remaining.next_back() {
            let only_sidecars = remaining.chain([last]).all(|index| self.slots[index].role == Role::Sidecar);
            if only_sidecars && self.slots[last].dying.is_none() {
                self.kill(last, Cause::PodEnds, Announced::PodEnds, now.since(since), now);
            }
            return;
        }
        if self.slots.iter().all(|slot| !slot.is_starting()) {
            self.end(now, rng);
        }
    }

    /// The last container is gone: the last status is written.
    fn end(&mut self, now: Time, rng: &mut impl Rng) {
        for slot in &mut self.slots {
            slot.seen = slot.actual;
        }
        self.publish(true, now, rng);
        self.ask(Ask::Change(Change::Phase(self.status.phase)));
        self.ending = Some(Ending::Stopped(self.next_relist(now)));
    }
}
