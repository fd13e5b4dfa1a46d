//! When a Job has failed, is suspended, or is over.

use std::borrow::Cow;
use std::time::Duration;

use serde_json::{Value, json};

use super::policy::{self, Failure};
use super::{Sync, Target, Told, Write, meta, pod};

/// How a Job ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    /// `SuccessCriteriaMet` or `FailureTarget`: decided, while pods still run.
    pub(super) first: &'static str,
    /// `Complete` or `Failed`.
    pub(super) last: &'static str,
    pub(super) reason: &'static str,
    pub(super) message: Cow<'static, str>,
}

pub(super) const SUCCESS: Ending = Ending {
    first: "SuccessCriteriaMet",
    last: "Complete",
    reason: "CompletionsReached",
    message: Cow::Borrowed("Reached expected number of succeeded pods"),
};

const BACKOFF: Ending = Ending {
    first: "FailureTarget",
    last: "Failed",
    reason: "BackoffLimitExceeded",
    message: Cow::Borrowed("Job has reached the specified backoff limit"),
};

const DEADLINE: Ending = Ending {
    reason: "DeadlineExceeded",
    message: Cow::Borrowed("Job was active longer than specified deadline"),
    ..BACKOFF
};

const POLICY: Ending = Ending { reason: "PodFailurePolicy", message: Cow::Borrowed(""), ..BACKOFF };

const INDEXES: Ending =
    Ending { reason: "FailedIndexes", message: Cow::Borrowed("Job has failed indexes"), ..BACKOFF };

const TOO_MANY_INDEXES: Ending = Ending {
    reason: "MaxFailedIndexesExceeded",
    message: Cow::Borrowed("Job has exceeded the specified maximal number of failed indexes"),
    ..BACKOFF
};

const BY_POLICY: Ending = Ending { reason: "SuccessPolicy", message: Cow::Borrowed(""), ..SUCCESS };

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
        if let Some(decided) =
            self.decided([BACKOFF, DEADLINE, POLICY, INDEXES, TOO_MANY_INDEXES].into_iter())
        {
            return Some(decided);
        }
        let verdicts = self.failed.iter().map(|pod| policy::failure(self.job, pod));
        if let Some(message) = verdicts.into_iter().find_map(|verdict| match verdict {
            Failure::FailsJob(message) => Some(message),
            _ => None,
        }) {
            return Some(Ending { message: message.into(), ..POLICY });
        }
        let default = if policy::is_by_index(self.job) { i32::MAX.into() } else { 6 };
        let limit = meta::number(self.job, "/spec/backoffLimit").unwrap_or(default);
        let failed =
            meta::count(self.job, "/status/failed") + i64::try_from(self.counted().count()).unwrap_or(0);
        if failed > limit || self.is_restarted_too_often(limit) {
            return Some(BACKOFF);
        }
        if let Some(indexes) = self.indexes().filter(|_| policy::is_by_index(self.job)) {
            let most = meta::number(self.job, "/spec/maxFailedIndexes");
            if most.is_some_and(|most| i64::try_from(indexes.failed()).is_ok_and(|failed| failed > most)) {
                return Some(TOO_MANY_INDEXES);
            }
            if indexes.failed() > 0 && indexes.are_all_over() {
                return Some(INDEXES);
            }
        }
        let deadline = self.deadline()?;
        if deadline <= self.now {
            return Some(DEADLINE);
        }
        self.plan.look_again(Some(deadline));
        None
    }

    /// Whether the Job has succeeded before all of it has.
    pub(super) fn early_success(&self) -> Option<Ending> {
        self.decided([BY_POLICY].into_iter()).or_else(|| {
            let rule = policy::success(self.job, &self.indexes()?)?;
            Some(Ending { message: format!("Matched rules at index {rule}").into(), ..BY_POLICY })
        })
    }

    /// What was decided in an earlier look.
    fn decided(&self, endings: impl Iterator<Item = Ending>) -> Option<Ending> {
        let mut decided = endings.filter_map(|ending| {
            let condition = meta::condition(self.job, ending.first)?;
            let message = meta::text(condition, "/message").to_owned();
            (condition["reason"] == ending.reason).then(|| Ending { message: message.into(), ..ending })
        });
        decided.next()
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
