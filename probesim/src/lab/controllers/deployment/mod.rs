//! The Deployment controller: a ReplicaSet for each template, and the way from the old ones to the new one.
//!
//! Rules: `pkg/controller/deployment/` (`deployment_controller.go`, `sync.go`, `rolling.go`, `recreate.go`,
//! `progress.go`) and `util/deployment_util.go`.

mod revision;
mod rollout;
mod scale;
mod status;

use std::time::Duration;

use serde_json::{Value, json};

use super::meta;
use super::plan::{Plan, Target, Told, Write};
use super::{pod, share};

/// One look at a Deployment; its copies change as its writes will change the objects.
struct Sync<'a> {
    deployment: Value,
    /// The ReplicaSets that it controls, oldest first.
    sets: Vec<Value>,
    pods: &'a [&'a Value],
    now: Duration,
    plan: Plan,
}

/// Looks at a Deployment, its ReplicaSets, and the pods of these.
pub(super) fn sync(deployment: &Value, sets: &[&Value], pods: &[&Value], now: Duration) -> Plan {
    let mut sets: Vec<Value> = sets.iter().map(|set| (*set).clone()).collect();
    sets.sort_by_cached_key(|set| {
        (meta::text(set, "/metadata/creationTimestamp").to_owned(), meta::name(set).to_owned())
    });
    let mut sync = Sync { deployment: deployment.clone(), sets, pods, now, plan: Plan::default() };
    sync.run();
    sync.plan
}

// === impl Sync ===

impl Sync<'_> {
    fn run(&mut self) {
        if meta::is_deleting(&self.deployment) {
            self.sync_plain_status();
            return;
        }
        self.tell_pause();
        if self.is_paused() || self.is_scaled() {
            self.find_new_set();
            self.scale();
            if self.is_paused() {
                self.clean_up();
            }
            self.sync_plain_status();
        } else if self.deployment["spec"]["strategy"]["type"] == "Recreate" {
            self.recreate();
        } else {
            self.roll();
        }
    }

    fn is_paused(&self) -> bool {
        self.deployment["spec"]["paused"] == true
    }

    fn wanted(&self) -> i64 {
        meta::replicas(&self.deployment)
    }

    fn is_rolling(&self) -> bool {
        self.deployment["spec"]["strategy"]["type"] != "Recreate"
    }

    /// `maxSurge` and `maxUnavailable` as numbers; a quarter each where nothing is said.
    fn fenceposts(&self) -> (i64, i64) {
        if !self.is_rolling() {
            return (0, 0);
        }
        let rolling = &self.deployment["spec"]["strategy"]["rollingUpdate"];
        let or_quarter = |key: &str| match &rolling[key] {
            Value::Null => json!("25%"),
            given => given.clone(),
        };
        share::fenceposts(&or_quarter("maxSurge"), &or_quarter("maxUnavailable"), self.wanted())
    }

    fn max_surge(&self) -> i64 {
        self.fenceposts().0
    }

    fn max_unavailable(&self) -> i64 {
        self.fenceposts().1.min(self.wanted())
    }

    /// How many pods all these ReplicaSets are to have.
    fn asked(&self, sets: impl IntoIterator<Item = usize>) -> i64 {
        sets.into_iter().map(|at| meta::replicas(&self.sets[at])).sum()
    }

    /// The sum of a counter of their statuses.
    fn counted(&self, pointer: &str) -> i64 {
        self.sets.iter().map(|set| meta::count(set, pointer)).sum()
    }

    /// The ReplicaSets of other templates, oldest first.
    fn old_sets(&self) -> Vec<usize> {
        let new = self.new_set();
        (0..self.sets.len()).filter(|at| Some(*at) != new).collect()
    }

    /// Those of them that are to have pods.
    fn old_active_sets(&self) -> Vec<usize> {
        let mut sets = self.old_sets();
        sets.retain(|at| meta::replicas(&self.sets[*at]) > 0);
        sets
    }

    /// Changes a ReplicaSet by a merge patch, here and in the store.
    fn patch_set(&mut self, at: usize, change: Value) {
        let set = &mut self.sets[at];
        self.plan.push(Write::Patch(Target::of(set), change.clone()));
        *set = crate::lab::store::patch::merge(set.take(), change);
    }

    fn tell(&mut self, message: String) {
        self.plan.push(Write::Event(Told::normal("ScalingReplicaSet", message)));
    }
}

#[cfg(test)]
mod tests;
