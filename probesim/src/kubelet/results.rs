//! The three results caches (`pkg/kubelet/prober/results/results_manager.go`).

use std::collections::VecDeque;

use super::kind::Kind;
use super::runtime::Instance;

/// A result as the caches hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The last run of the same answers reached the success threshold.
    Success,
    /// The last run reached the failure threshold.
    Failure,
    /// Nothing is known yet.
    Unknown,
}

/// What goes down the channel to the sync loop when a result is new or different.
#[derive(Clone, Copy, Debug)]
pub(super) struct Update {
    pub(super) container: usize,
    pub(super) kind: Kind,
    pub(super) instance: Instance,
    pub(super) verdict: Verdict,
}

/// The caches of one pod. Each kind has at most one worker a container, and a worker holds at most one
/// result, that of the instance it knows.
#[derive(Debug)]
pub(super) struct Results {
    slots: Vec<[Option<(Instance, Verdict)>; 3]>,
    updates: VecDeque<Update>,
}

// === impl Results ===

impl Results {
    pub(super) fn new(containers: usize) -> Self {
        Self { slots: vec![[None; 3]; containers], updates: VecDeque::new() }
    }

    /// `Get`: the result of this very instance.
    pub(super) fn get(&self, container: usize, kind: Kind, instance: Instance) -> Option<Verdict> {
        match self.slots[container][kind as usize] {
            Some((known, verdict)) if known == instance => Some(verdict),
            _ => None,
        }
    }

    /// `Set`: sends an update only when the result is new or different.
    pub(super) fn set(&mut self, container: usize, kind: Kind, instance: Instance, verdict: Verdict) {
        let slot = &mut self.slots[container][kind as usize];
        if *slot != Some((instance, verdict)) {
            *slot = Some((instance, verdict));
            self.updates.push_back(Update { container, kind, instance, verdict });
        }
    }

    /// `Remove`: sends nothing.
    pub(super) fn remove(&mut self, container: usize, kind: Kind) {
        self.slots[container][kind as usize] = None;
    }

    /// Takes the oldest update off the channel.
    pub(super) fn next_update(&mut self) -> Option<Update> {
        self.updates.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_new_or_different_result_is_sent() {
        let (container, first, second) = (0, Instance::FIRST, Instance::FIRST.next());
        let mut results = Results::new(1);
        results.set(container, Kind::Liveness, first, Verdict::Success);
        assert!(results.next_update().is_some());
        results.set(container, Kind::Liveness, first, Verdict::Success);
        assert!(results.next_update().is_none());
        results.set(container, Kind::Liveness, second, Verdict::Success);
        assert!(results.next_update().is_some());
        assert_eq!(results.get(container, Kind::Liveness, first), None);
        results.remove(container, Kind::Liveness);
        assert!(results.next_update().is_none());
        assert_eq!(results.get(container, Kind::Liveness, second), None);
    }
}
