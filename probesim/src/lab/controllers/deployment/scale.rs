//! A changed `spec.replicas`: one ReplicaSet follows it, or several share it in proportion.

use serde_json::{Value, json};

use super::revision::{DESIRED, MAX};
use super::{Sync, meta};

// === impl Sync ===

impl Sync<'_> {
    /// `isScalingEvent`: the Deployment asks for another number than when its ReplicaSets were sized.
    pub(super) fn is_scaled(&self) -> bool {
        let wanted = self.wanted();
        self.sets
            .iter()
            .filter(|set| meta::replicas(set) > 0)
            .any(|set| annotated(set, DESIRED).is_some_and(|sized_for| sized_for != wanted))
    }

    /// `scale`
    pub(super) fn scale(&mut self) {
        if let Some(at) = self.active_or_newest() {
            if meta::replicas(&self.sets[at]) != self.wanted() {
                self.resize(at, self.wanted());
            }
        } else if self.is_saturated() {
            for at in self.old_active_sets() {
                self.resize(at, 0);
            }
        } else if self.is_rolling() {
            self.scale_in_proportion();
        }
    }

    /// `FindActiveOrLatest`: none when several have pods.
    fn active_or_newest(&self) -> Option<usize> {
        let mut active = (0..self.sets.len()).filter(|at| meta::replicas(&self.sets[*at]) > 0);
        match (active.next(), active.next()) {
            (None, _) => self.new_set().or_else(|| self.sets.len().checked_sub(1)),
            (one, None) => one,
            _ => None,
        }
    }

    /// `IsSaturated`: the new ReplicaSet has all the pods, and they are available.
    fn is_saturated(&self) -> bool {
        let wanted = self.wanted();
        self.new_set().is_some_and(|at| {
            let set = &self.sets[at];
            meta::replicas(set) == wanted
                && annotated(set, DESIRED) == Some(wanted)
                && meta::count(set, "/status/availableReplicas") == wanted
        })
    }

    /// Keeps the share of each ReplicaSet, the remainder going to the largest.
    fn scale_in_proportion(&mut self) {
        let mut sets: Vec<usize> =
            (0..self.sets.len()).filter(|at| meta::replicas(&self.sets[*at]) > 0).collect();
        let allowed = if self.wanted() > 0 { self.wanted() + self.max_surge() } else { 0 };
        let to_add = allowed - self.asked(sets.iter().copied());
        // Of equally large ones the newest grows first, and the oldest shrinks first.
        sets.sort_by_key(|at| {
            let age = i64::try_from(*at).unwrap_or(i64::MAX);
            (-meta::replicas(&self.sets[*at]), if to_add > 0 { -age } else { age })
        });
        let mut added = 0;
        let mut sizes = Vec::new();
        for at in sets {
            let part = self.proportion(&self.sets[at], to_add, added);
            added += part;
            sizes.push((at, meta::replicas(&self.sets[at]) + part));
        }
        if let Some((_, largest)) = sizes.first_mut() {
            *largest = (*largest + to_add - added).max(0);
        }
        for (at, size) in sizes {
            self.resize(at, size);
        }
    }

    /// `GetReplicaSetProportion`
    fn proportion(&self, set: &Value, to_add: i64, added: i64) -> i64 {
        let own = meta::replicas(set);
        if own == 0 || to_add == 0 || to_add == added {
            return 0;
        }
        let fraction = self.fraction(set);
        if to_add > 0 { fraction.min(to_add - added) } else { fraction.max(to_add - added) }
    }

    /// `getReplicaSetFraction`: how its size changes as the Deployment's did.
    fn fraction(&self, set: &Value) -> i64 {
        let own = meta::replicas(set);
        if self.wanted() == 0 {
            return -own;
        }
        let before = annotated(set, MAX).filter(|max| *max > 0);
        let before = before.unwrap_or_else(|| meta::count(&self.deployment, "/status/replicas"));
        if before == 0 {
            return 0;
        }
        // Rounded half up: all of these are above 0.
        let scaled = (2 * own).saturating_mul(self.wanted() + self.max_surge());
        scaled.saturating_add(before).div_euclid(before.saturating_mul(2)) - own
    }

    /// `scaleReplicaSet`: changes the size, notes what it was made for, and tells of it.
    pub(super) fn resize(&mut self, at: usize, size: i64) {
        let before = meta::replicas(&self.sets[at]);
        let annotations = self.replica_annotations();
        let is_noted = meta::has_labels(&annotations, &self.sets[at]["metadata"]["annotations"]);
        if before == size && is_noted {
            return;
        }
        let name = meta::name(&self.sets[at]).to_owned();
        self.patch_set(at, json!({"metadata": {"annotations": annotations}, "spec": {"replicas": size}}));
        if before != size {
            let direction = if size > before { "up" } else { "down" };
            self.tell(format!("Scaled {direction} replica set {name} from {before} to {size}"));
        }
    }
}

fn annotated(set: &Value, key: &str) -> Option<i64> {
    meta::annotation(set, key)?.parse().ok()
}
