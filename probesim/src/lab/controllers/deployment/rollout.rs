//! From the old ReplicaSets to the new one: rolling, within the fenceposts, or all at once.

use serde_json::Value;

use super::{Sync, meta, pod};

// === impl Sync ===

impl Sync<'_> {
    /// `rolloutRolling`
    pub(super) fn roll(&mut self) {
        let new = self.ensure_new_set();
        if !self.grow_new_set(new) && !self.shrink_old_sets(new) && self.is_complete() {
            self.clean_up();
        }
        self.sync_rollout_status();
    }

    /// `rolloutRecreate`: first the old pods go, then the new ones come.
    pub(super) fn recreate(&mut self) {
        self.find_new_set();
        let old = self.old_active_sets();
        if !old.is_empty() {
            for at in old {
                self.resize(at, 0);
            }
        } else if !self.has_old_pods() {
            let new = self.ensure_new_set();
            self.resize(new, self.wanted());
            if self.is_complete() {
                self.clean_up();
            }
        }
        self.sync_rollout_status();
    }

    /// `oldPodsRunning`
    fn has_old_pods(&self) -> bool {
        let new = self.new_set().map(|at| meta::uid(&self.sets[at]));
        let counted = |at: usize| meta::count(&self.sets[at], "/status/replicas");
        let is_old = |pod: &Value| meta::controller(pod).and_then(|owner| owner["uid"].as_str()) != new;
        self.old_sets().into_iter().any(|at| counted(at) > 0)
            || self.pods.iter().any(|pod| is_old(pod) && !pod::is_terminal(pod))
    }

    /// `reconcileNewReplicaSet`: as large as the surge allows.
    fn grow_new_set(&mut self, new: usize) -> bool {
        let size = meta::replicas(&self.sets[new]);
        let next = self.new_set_size(new).min(self.wanted());
        if next != size {
            self.resize(new, next);
        }
        next != size
    }

    /// `NewRSNewReplicas`
    pub(super) fn new_set_size(&self, new: usize) -> i64 {
        if !self.is_rolling() {
            return self.wanted();
        }
        let size = meta::replicas(&self.sets[new]);
        let room = self.wanted() + self.max_surge() - self.asked(0..self.sets.len());
        if room <= 0 { size } else { size + room.min(self.wanted() - size) }
    }

    /// `reconcileOldReplicaSets`: unhealthy old pods first, then as many as stay above `maxUnavailable`.
    fn shrink_old_sets(&mut self, new: usize) -> bool {
        let old = self.old_active_sets();
        if old.is_empty() {
            return false;
        }
        let min_available = self.wanted() - self.max_unavailable();
        let new_unavailable = meta::replicas(&self.sets[new]) - available(&self.sets[new]);
        let mut room = self.asked(0..self.sets.len()) - min_available - new_unavailable;
        if room <= 0 {
            return false;
        }
        let mut is_changed = false;
        for at in &old {
            let size = meta::replicas(&self.sets[*at]);
            let unhealthy = (size - available(&self.sets[*at])).clamp(0, room);
            if unhealthy > 0 {
                self.resize(*at, size - unhealthy);
                room -= unhealthy;
                is_changed = true;
            }
        }
        let mut spare = self.counted("/status/availableReplicas") - min_available;
        for at in old {
            let size = meta::replicas(&self.sets[at]);
            let part = size.min(spare);
            if part > 0 {
                self.resize(at, size - part);
                spare -= part;
                is_changed = true;
            }
        }
        is_changed
    }
}

fn available(set: &Value) -> i64 {
    meta::count(set, "/status/availableReplicas")
}
