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
    /// SyncTerminatingPod stops containers.
    Stopping,
    /// All have ended; SyncTerminatedPod comes at that moment.
    Stopped(Time),
    /// Nothing of it is left.
    Gone,
}

/// `calculateEffectiveGracePeriod` (`pkg/kubelet/pod_workers.go`).
const LEAST_GRACE: Duration = Duration::from_secs(1);

// === impl Ending ===

impl Ending {
    /// When the next stage comes of itself.
    pub(super) const fn due(self) -> Option<Time> {
        match self {
            Self::Due(at) | Self::Stopped(at) => Some(at),
            Self::Stopping | Self::Gone => None,
        }
    }
}

// === impl Pod ===

impl Pod {
    /// The pod was deleted. `grace` stands for `deletionGracePeriodSeconds`; `None` is the pod's own, and a
    /// second is the least.
    ///
    /// A SyncPod that waits for a container gives up; the wait begins anew with this grace period. A second
    /// deletion with a shorter one shortens nothing: the runtime has its orders.
    pub fn delete(&mut self, grace: Option<Duration>, now: Time, rng: &mut impl Rng) {
        let pods =
            Duration::from_secs(u64::try_from(self.spec.termination_grace_period_seconds).unwrap_or(0));
        let grace = grace.unwrap_or(pods).max(LEAST_GRACE);
        let has_ended = matches!(self.ending, Some(Ending::Stopped(_) | Ending::Gone));
        if has_ended || self.deletion_grace.is_some() {
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
        self.ending = Some(Ending::Stopping);
        for worker in &mut self.workers {
            let is_regular = self.slots[worker.container].role == Role::Regular;
            if is_regular && worker.kind != Kind::Readiness {
                worker.stop();
            } else if self.settings.is_exec_frozen_at_the_end {
                worker.freeze();
            }
        }
        self.go_on_ending(now, rng);
    }

    /// Stops all containers side by side; sidecars run their hooks with the others and then wait for their turn,
    /// which is charged against their grace period.
    pub(super) fn go_on_ending(&mut self, now: Time, rng: &mut impl Rng) {
        if !self.is_ending() {
            return;
        }
        for index in 0..self.slots.len() {
            if self.slots[index].actual.running.is_some() && self.slots[index].dying.is_none() {
                self.kill(index, Cause::PodEnds, Announced::PodEnds, now);
            }
        }
        self.pass_turn(now);
        if self.slots.iter().all(|slot| slot.actual.running.is_none() && !slot.is_starting()) {
            self.end(now, rng);
        }
    }

    /// Whether its containers are being stopped for good.
    pub(super) const fn is_ending(&self) -> bool {
        matches!(self.ending, Some(Ending::Stopping))
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
