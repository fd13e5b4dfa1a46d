//! What a Deployment says of itself: counts, whether it is available, whether it gets on.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::revision::REVISION;
use super::{Sync, Target, Write, meta};

// === impl Sync ===

impl Sync<'_> {
    /// `HasProgressDeadline`: the largest number means none.
    pub(super) fn has_deadline(&self) -> bool {
        self.deadline().is_some()
    }

    fn deadline(&self) -> Option<Duration> {
        let lasts = meta::seconds(&self.deployment, "/spec/progressDeadlineSeconds");
        lasts.filter(|lasts| lasts.as_secs() < i32::MAX.unsigned_abs().into())
    }

    /// `syncDeploymentStatus`: while it is paused, scaled or deleted, only the counts follow.
    pub(super) fn sync_plain_status(&mut self) {
        let status = self.status();
        self.write_new_status(status);
    }

    /// `syncRolloutStatus`
    pub(super) fn sync_rollout_status(&mut self) {
        let mut status = self.status();
        if self.has_deadline() {
            self.judge_progress(&mut status);
        } else {
            remove_condition(&mut status, "Progressing");
        }
        self.write_new_status(status);
        self.look_again();
    }

    fn judge_progress(&mut self, status: &mut Value) {
        let current = meta::condition(&self.deployment, "Progressing").cloned();
        let is_settled = status["replicas"] == status["updatedReplicas"]
            && current.as_ref().is_some_and(|current| current["reason"] == "NewReplicaSetAvailable");
        if is_settled {
            return;
        }
        let what = match self.new_set() {
            Some(at) => format!("ReplicaSet \"{}\"", meta::name(&self.sets[at])),
            None => format!("Deployment \"{}\"", meta::name(&self.deployment)),
        };
        if self.is_complete_with(status) {
            let message = format!("{what} has successfully progressed.");
            self.put_condition(status, "Progressing", "True", "NewReplicaSetAvailable", &message);
        } else if self.gets_on(status) {
            // Each step is noted, even if the reason stays.
            let message = format!("{what} is progressing.");
            let mut condition = self.new_condition("Progressing", "True", "ReplicaSetUpdated", &message);
            if let Some(current) = current.filter(|current| current["status"] == "True") {
                condition["lastTransitionTime"] = current["lastTransitionTime"].clone();
            }
            remove_condition(status, "Progressing");
            push_condition(status, condition);
        } else if self.is_timed_out() {
            let message = format!("{what} has timed out progressing.");
            self.put_condition(status, "Progressing", "False", "ProgressDeadlineExceeded", &message);
        }
    }

    /// `calculateStatus`
    fn status(&self) -> Value {
        let available = self.counted("/status/availableReplicas");
        let updated = self.new_set().map_or(0, |at| meta::count(&self.sets[at], "/status/replicas"));
        let unavailable = (self.asked(0..self.sets.len()) - available).max(0);
        let mut status = Map::new();
        for (key, count) in [
            ("observedGeneration", meta::count(&self.deployment, "/metadata/generation")),
            ("replicas", self.counted("/status/replicas")),
            ("updatedReplicas", updated),
            ("readyReplicas", self.counted("/status/readyReplicas")),
            ("availableReplicas", available),
            ("unavailableReplicas", unavailable),
        ] {
            meta::set_count(&mut status, key, count);
        }
        status.insert("terminatingReplicas".to_owned(), json!(self.counted("/status/terminatingReplicas")));
        status.insert("conditions".to_owned(), self.deployment["status"]["conditions"].clone());
        let mut status = Value::Object(status);
        let (truth, reason, message) = if available >= self.wanted() - self.max_unavailable() {
            ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        };
        self.put_condition(&mut status, "Available", truth, reason, message);
        status
    }

    /// `DeploymentComplete`, by the status that is stored.
    pub(super) fn is_complete(&self) -> bool {
        self.is_complete_with(&self.deployment["status"])
    }

    fn is_complete_with(&self, status: &Value) -> bool {
        let wanted = self.wanted();
        ["/updatedReplicas", "/replicas", "/availableReplicas"]
            .iter()
            .all(|pointer| meta::count(status, pointer) == wanted)
            && meta::count(status, "/observedGeneration")
                >= meta::count(&self.deployment, "/metadata/generation")
    }

    /// `DeploymentProgressing`: more new, ready or available pods, or fewer old ones.
    fn gets_on(&self, status: &Value) -> bool {
        let before = &self.deployment["status"];
        let old = |status: &Value| meta::count(status, "/replicas") - meta::count(status, "/updatedReplicas");
        old(status) < old(before)
            || ["/updatedReplicas", "/readyReplicas", "/availableReplicas"]
                .iter()
                .any(|pointer| meta::count(status, pointer) > meta::count(before, pointer))
    }

    /// `DeploymentTimedOut`
    fn is_timed_out(&self) -> bool {
        let Some(condition) = meta::condition(&self.deployment, "Progressing") else { return false };
        match condition["reason"].as_str() {
            Some("NewReplicaSetAvailable") => false,
            Some("ProgressDeadlineExceeded") => true,
            _ => self.times_out_at(condition).is_some_and(|at| at < self.now),
        }
    }

    fn times_out_at(&self, condition: &Value) -> Option<Duration> {
        Some(meta::time(condition, "/lastUpdateTime")? + self.deadline()?)
    }

    /// `requeueStuckDeployment`: a second after the deadline, because times are whole seconds.
    fn look_again(&mut self) {
        let Some(condition) = meta::condition(&self.deployment, "Progressing") else { return };
        // Neither of these ever times out, however long pods are unavailable then.
        let is_final = matches!(
            condition["reason"].as_str(),
            Some("NewReplicaSetAvailable" | "ProgressDeadlineExceeded")
        );
        if is_final || self.is_complete() {
            return;
        }
        let at = self.times_out_at(condition).map(|at| at + Duration::from_secs(1));
        self.plan.look_again(at);
    }

    /// `checkPausedConditions`
    pub(super) fn tell_pause(&mut self) {
        if !self.has_deadline() {
            return;
        }
        let reason =
            meta::condition(&self.deployment, "Progressing").map_or("", |c| meta::text(c, "/reason"));
        let (reason, message) = match (self.is_paused(), reason) {
            (_, "ProgressDeadlineExceeded") | (true, "DeploymentPaused") => return,
            (true, _) => ("DeploymentPaused", "Deployment is paused"),
            (false, "DeploymentPaused") => ("DeploymentResumed", "Deployment is resumed"),
            (false, _) => return,
        };
        self.set_condition("Progressing", "Unknown", reason, message);
        self.write_status(None);
    }

    /// Sets a condition of the working copy.
    pub(super) fn set_condition(&mut self, kind: &str, truth: &str, reason: &str, message: &str) {
        let mut status = self.deployment["status"].take();
        if !status.is_object() {
            status = json!({});
        }
        self.put_condition(&mut status, kind, truth, reason, message);
        self.deployment["status"] = status;
    }

    /// Writes the status of the working copy, and the revision with it.
    pub(super) fn write_status(&mut self, revision: Option<&str>) {
        let annotations = revision.map(|revision| json!({REVISION: revision}));
        if let Some(revision) = revision {
            meta::put(&mut self.deployment, &["metadata", "annotations", REVISION], json!(revision));
        }
        let mut status = self.deployment["status"].clone();
        if !status.is_object() {
            status = json!({});
        }
        self.plan.push(Write::Status(Target::of(&self.deployment), status, annotations));
    }

    fn write_new_status(&mut self, status: Value) {
        if self.deployment["status"] != status {
            self.deployment["status"] = status;
            self.write_status(None);
        }
    }

    /// `SetDeploymentCondition`: the same state for the same reason changes nothing.
    fn put_condition(&self, status: &mut Value, kind: &str, truth: &str, reason: &str, message: &str) {
        let mut condition = self.new_condition(kind, truth, reason, message);
        if let Some(current) = find(status, kind) {
            if current["status"] == truth && current["reason"] == reason {
                return;
            }
            if current["status"] == truth {
                condition["lastTransitionTime"] = current["lastTransitionTime"].clone();
            }
        }
        remove_condition(status, kind);
        push_condition(status, condition);
    }

    fn new_condition(&self, kind: &str, truth: &str, reason: &str, message: &str) -> Value {
        let now = meta::stamp(self.now);
        json!({"type": kind, "status": truth, "lastUpdateTime": now, "lastTransitionTime": now,
               "reason": reason, "message": message})
    }
}

fn find<'a>(status: &'a Value, kind: &str) -> Option<&'a Value> {
    status["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
}

fn remove_condition(status: &mut Value, kind: &str) {
    if let Some(conditions) = status["conditions"].as_array_mut() {
        conditions.retain(|condition| condition["type"] != kind);
    }
}

fn push_condition(status: &mut Value, condition: Value) {
    match status["conditions"].as_array_mut() {
        Some(conditions) => conditions.push(condition),
        None => status["conditions"] = json!([condition]),
    }
}
