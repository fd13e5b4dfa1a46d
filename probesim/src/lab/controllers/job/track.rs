//! Counting ended pods without losing one: first noted as uncounted, then let go, then counted.

use serde_json::{Value, json};

use super::conditions::{self, Ending};
use super::index::Indexes;
use super::{Sync, Target, Told, Write, is_tracked, meta, policy, untrack};

// === impl Sync ===

impl<'a> Sync<'a> {
    /// `trackJobStatusAndRemoveFinalizers` and `flushUncountedAndRemoveFinalizers`
    pub(super) fn track(&mut self, target: Option<Ending>) {
        if let Some(ending) = &target {
            let Ending { first, reason, message, .. } = ending;
            conditions::set(&mut self.status, self.now, (first, "True"), reason, message);
        }
        let ended: Vec<&'a Value> = self.succeeded.iter().chain(&self.failed).copied().collect();
        if !ended.is_empty() {
            self.note_uncounted();
        }
        if let Some(indexes) = self.indexes() {
            self.set_completed_indexes(&indexes);
        }
        self.write_status();
        self.free(ended);
        self.count();
        let is_running =
            self.pods.iter().any(|pod| super::pod::is_terminating(pod)) || !self.active.is_empty();
        // Pods that were told to go in this look are still there: another look follows when they are gone.
        let is_deleting = self.plan.writes.iter().any(|write| matches!(write, Write::Delete(..)));
        if let Some(ending) = target.filter(|_| !is_running && !is_deleting) {
            self.finish(ending);
        }
        self.write_status();
    }

    fn note_uncounted(&mut self) {
        let uids =
            |pods: &[&Value]| Value::from(pods.iter().map(|pod| json!(meta::uid(pod))).collect::<Vec<_>>());
        let mut uncounted = json!({});
        if !self.succeeded.is_empty() {
            uncounted["succeeded"] = uids(&self.succeeded);
        }
        let failed: Vec<&Value> = self.counted().collect();
        if !failed.is_empty() {
            uncounted["failed"] = uids(&failed);
        }
        self.status["uncountedTerminatedPods"] = uncounted;
    }

    /// Lets pods go that were held until they were counted.
    pub(super) fn free(&mut self, pods: impl IntoIterator<Item = &'a Value>) {
        for pod in pods {
            if is_tracked(pod) {
                self.plan.push(untrack(pod));
            }
        }
    }

    fn count(&mut self) {
        for (key, ended) in [("succeeded", self.succeeded.len()), ("failed", self.counted().count())] {
            let before = meta::count(&self.status[key], "");
            let all = before + i64::try_from(ended).unwrap_or(0);
            if all > 0 {
                self.status[key] = json!(all);
            }
        }
        if let Some(indexes) = Indexes::of(self.job, &self.succeeded) {
            self.status["succeeded"] = json!(indexes.succeeded());
        }
        self.status["uncountedTerminatedPods"] = json!({});
    }

    fn set_completed_indexes(&mut self, indexes: &Indexes) {
        let text = indexes.to_string();
        if !text.is_empty() {
            self.status["completedIndexes"] = json!(text);
        }
        if policy::is_by_index(self.job) {
            self.status["failedIndexes"] = json!(indexes.failed_text());
        }
    }

    /// `enactJobFinished`
    fn finish(&mut self, ending: Ending) {
        let Ending { last, reason, message, .. } = ending;
        conditions::set(&mut self.status, self.now, (last, "True"), reason, &message);
        self.plan.push(Write::Event(match last {
            "Complete" => Told::normal("Completed", "Job completed"),
            _ => Told::warning(reason, message.into_owned()),
        }));
        if last == "Complete" {
            self.status["completionTime"] = meta::stamp(self.now);
        }
    }

    /// Writes the status unless the object has it, or it was the last one written here.
    fn write_status(&mut self) {
        let written = self.plan.writes.iter().rev().find_map(|write| match write {
            Write::Status(_, status, _) => Some(status),
            _ => None,
        });
        if written.unwrap_or(&self.job["status"]) != &self.status {
            self.plan.push(Write::Status(Target::of(self.job), self.status.clone(), None));
        }
    }
}
