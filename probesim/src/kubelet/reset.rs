//! RestartAllContainers: all that has run is taken away, and the pod begins anew in its sandbox
//! (`ShouldAllContainersRestart` and `ContainersToReset`, `pkg/kubelet/kuberuntime/kuberuntime_manager.go`).

use super::conditions::{Condition, Reason};
use super::pod::Pod;
use super::status::Phase;
use super::time::Time;

// === impl Pod ===

impl Pod {
    /// Whether an end that was seen has all containers begin anew.
    pub(super) fn is_to_reset(&self) -> bool {
        self.slots.iter().any(|slot| {
            let ended = slot.seen.exited.filter(|_| slot.seen.running.is_none());
            ended.is_some_and(|exited| slot.fate.resets_after(exited.exit_code))
        })
    }

    /// Nothing runs any more: everything is taken away, and the next sync begins with the init containers. Nothing
    /// is held back for it.
    pub(super) fn reset(&mut self) {
        for slot in &mut self.slots {
            slot.actual.reset();
            slot.held = None;
        }
        self.begins_anew = true;
    }

    /// `GenerateAllContainersRestartingCondition`
    pub(super) fn all_restarting(&self, phase: Phase, now: Time) -> Option<Condition> {
        if !self.slots.iter().any(|slot| slot.fate.may_reset()) {
            return None;
        }
        let (is_true, reason) = match phase {
            Phase::Succeeded => (false, Some(Reason::PodCompleted)),
            Phase::Failed => (false, Some(Reason::PodFailed)),
            _ if self.is_to_reset() => (true, Some(Reason::RestartAllContainersStarted)),
            _ => (false, None),
        };
        Some(Condition::stand(self.status.conditions.all_restarting, is_true, reason, now))
    }
}
