//! When a Job has failed, is suspended, or is over.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Sync, Target, Told, Write, meta, pod};

/// How a Job ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    /// `SuccessCriteriaMet` or `FailureTarget`: decided, while pods still run.
    pub(super) first: &'static str,
    /// `Complete` or `Failed`.
    pub(super) last: &'static str,
    pub(super) reason: &'static str,
    pub(super) message: &'static str,
}

pub(super) const SUCCESS: Ending = Ending {
    first: "SuccessCriteriaMet",
    last: "Complete",
    reason: "CompletionsReached",
    message: "Reached expected number of succeeded pods",
};

const BACKOFF: Ending = Ending {
    first: "FailureTarget",
    last: "Failed",
    reason: "BackoffLimitExceeded",
    message: "Job has reached the specified backoff limit",
};

const DEADLINE: Ending = Ending {
    first: "FailureTarget",
    last: "Failed",
    reason: "DeadlineExceeded",
    message: "Job was active longer than specified deadline",
};

/// `IsJobFinished`
pub(super) fn is_finished(job: &Value) -> bool {
    finished(job).is_some()
}

fn finished(job: &Value) -> Option<&Value> {
    let is_true = |condition: &&Value| condition["status"] == "True";
    ["Complete", "Failed"].iter().find_map(|kind| meta::condition(job, kind).filter(is_true))
}

/// Sets a condition of a Job's status, its time only when it changes.
pub(super) fn set(
    status: &mut Value,
    now: Duration,
    (kind, truth): (&str, &str),
    reason: &str,
    message: &str,
) -> bool {
    let now = meta::stamp(now);
    let condition = json!({"type": kind, "status": truth, "lastProbeTime": now, "lastTransitionTime": now,
                           "reason": reason, "message": message});
    let Some(conditions) = status["conditions"].as_array_mut() else {
        status["conditions"] = json!([condition]);
        return true;
    };
    match conditions.iter_mut().find(|condition| condition["type"] == kind) {
        Some(current) if current["status"] == truth => return false,
        Some(current) => *current = condition,
        None => conditions.push(condition),
    }
    true
}

// === impl Sync ===

impl Sync<'_> {
    /// Why the Job fails, if it does.
    pub(super) fn failure(&mut self) -> Option<Ending> {
        for ending in [BACKOFF, DEADLINE] {
            let is_decided = |condition: &Value| condition["reason"] == ending.reason;
            if meta::condition(self.job, ending.first).is_some_and(is_decided) {
                return Some(ending);
            }
        }
        let limit = meta::number(self.job, "/spec/backoffLimit").unwrap_or(6);
        let failed = meta::count(self.job, "/status/failed") + i64::try_from(self.failed.len()).unwrap_or(0);
        if failed > limit || self.is_restarted_too_often(limit) {
            return Some(BACKOFF);
        }
        let deadline = self.deadline()?;
        if deadline <= self.now {
            return Some(DEADLINE);
        }
        self.plan.look_again(Some(deadline));
        None
    }

    /// `pastBackoffLimitOnFailure`: restarts in place count as failures.
    fn is_restarted_too_often(&self, limit: i64) -> bool {
        if self.job["spec"]["template"]["spec"]["restartPolicy"] != "OnFailure" {
            return false;
        }
        let restarts: i64 = self.active.iter().map(|pod| pod::restarts(pod)).sum();
        if limit == 0 { restarts > 0 } else { restarts >= limit }
    }

    fn deadline(&self) -> Option<Duration> {
        if self.is_suspended() {
            return None;
        }
        let lasts = meta::seconds(self.job, "/spec/activeDeadlineSeconds")?;
        Some(meta::time(&self.status, "/startTime")? + lasts)
    }

    /// Notes that the Job was suspended or goes on; its deadline then begins anew.
    pub(super) fn suspend_or_resume(&mut self) {
        let (truth, reason, message, told) = if self.is_suspended() {
            ("True", "JobSuspended", "Job suspended", Told::normal("Suspended", "Job suspended"))
        } else if meta::condition(self.job, "Suspended").is_some() {
            ("False", "JobResumed", "Job resumed", Told::normal("Resumed", "Job resumed"))
        } else {
            return;
        };
        if set(&mut self.status, self.now, ("Suspended", truth), reason, message) {
            self.plan.push(Write::Event(told));
            if self.is_suspended() {
                self.status.as_object_mut().map(|status| status.shift_remove("startTime"));
            } else {
                self.status["startTime"] = meta::stamp(self.now);
            }
        }
    }

    /// Deletes a finished Job when `ttlSecondsAfterFinished` is over.
    pub(super) fn expire(&mut self) {
        let Some(lasts) = meta::seconds(self.job, "/spec/ttlSecondsAfterFinished") else { return };
        let ended = finished(self.job).and_then(|condition| meta::time(condition, "/lastTransitionTime"));
        match ended.map(|ended| ended + lasts) {
            Some(at) if at <= self.now => self.plan.push(Write::Delete(Target::of(self.job), None)),
            at => self.plan.look_again(at),
        }
    }
}
