//! Jobs: readiness.md 1.5. Conditions only: work queues, indexes and policies break every test by counters.
//! <https://kubernetes.io/docs/concepts/workloads/controllers/job/#job-termination-and-cleanup>

use std::fmt;

use serde::Deserialize;

use super::check::{Asked, CheckError};
use super::guard;
use crate::object::{Metadata, Reported, null_is_default, true_condition};
use crate::verdict::{Finding, Verdict};

/// What can be asked of a Job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It has succeeded and its pods are gone.
    Complete,
    /// It has succeeded, though its last pods may still be ending.
    Succeeded,
    /// It has failed.
    Failed,
    /// It has succeeded or failed.
    Finished,
    /// It runs, or has run.
    Started,
}

/// A Job, as far as it matters.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Job {
    pub(super) metadata: Metadata,
    #[serde(deserialize_with = "null_is_default")]
    spec: Spec,
    #[serde(deserialize_with = "null_is_default")]
    status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    completions: Option<i64>,
    backoff_limit: Option<i64>,
    suspend: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    start_time: Option<Box<str>>,
    active: i64,
    succeeded: i64,
    failed: i64,
    #[serde(deserialize_with = "null_is_default")]
    conditions: Vec<Reported>,
}

pub(super) const NAMES: &[&str] = &["complete", "succeeded", "failed", "finished", "started"];

/// Decides whether a Job meets a condition.
#[must_use]
pub fn evaluate(job: &Job, condition: Condition) -> Verdict {
    let holds = |r#type| true_condition(&job.status.conditions, r#type);
    let (complete, failed) = (holds("Complete"), holds("Failed"));
    // The first says what the Job will be before its pods are gone; it always becomes the second.
    let succeeding = complete.or_else(|| holds("SuccessCriteriaMet"));
    let failing = failed.or_else(|| holds("FailureTarget"));
    // Terminal facts stay true while the object goes away, which is how a TTL removes it.
    let met = |state: &str| Verdict::Met(Finding::state(state));
    match condition {
        Condition::Complete if complete.is_some() => return met("complete"),
        Condition::Succeeded if succeeding.is_some() => return met("succeeded"),
        Condition::Failed if failed.is_some() => return met("failed"),
        Condition::Finished if complete.is_some() => return met("complete"),
        Condition::Finished if failed.is_some() => return met("failed"),
        Condition::Complete | Condition::Succeeded => {
            if let Some(reason) = failing {
                return hopeless("failed", reason, failed.is_some());
            }
        }
        Condition::Failed => {
            if let Some(reason) = succeeding {
                return hopeless("succeeded", reason, complete.is_some());
            }
        }
        Condition::Finished | Condition::Started => {}
    }
    if let Some(verdict) = guard::deletion(&job.metadata) {
        return verdict;
    }
    let is_finished = complete.or(failed).is_some();
    let is_running = job.status.active > 0 || is_finished;
    if condition == Condition::Started && job.status.start_time.is_some() && is_running {
        return met("started");
    }
    Verdict::NotYet(Finding::because(state(job, condition), lack(job, succeeding, failing)))
}

// === impl Condition ===

impl Condition {
    /// Whether it asks how the Job has ended, which no Job takes back.
    pub(super) const fn is_ending(self) -> bool {
        !matches!(self, Self::Started)
    }

    pub(super) fn parse(asked: Asked<'_>) -> Result<Self, CheckError> {
        match asked.known(NAMES) {
            Some(name @ "complete") => asked.plain(name, Self::Complete),
            Some(name @ "succeeded") => asked.plain(name, Self::Succeeded),
            Some(name @ "failed") => asked.plain(name, Self::Failed),
            Some(name @ "finished") => asked.plain(name, Self::Finished),
            Some(name) => asked.plain(name, Self::Started),
            None => Err(asked.unknown()),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Complete => "complete",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Finished => "finished",
            Self::Started => "started",
        })
    }
}

fn hopeless(outcome: &str, reason: &Reported, is_over: bool) -> Verdict {
    let state = if is_over { outcome.to_owned() } else { format!("{outcome}, pods still ending") };
    let explanation = reason.explanation();
    let cause =
        if explanation.is_empty() { "a Job that has ended stays as it is".to_owned() } else { explanation };
    Verdict::Failed(Finding::because(state, cause))
}

fn state(job: &Job, condition: Condition) -> String {
    match (condition, job.spec.completions) {
        (Condition::Complete | Condition::Succeeded, Some(completions)) => {
            format!("{}/{completions} complete", job.status.succeeded)
        }
        (Condition::Complete | Condition::Succeeded, None) => "not complete".to_owned(),
        (condition, _) => format!("not {condition}"),
    }
}

/// Why it is not over yet.
fn lack(job: &Job, succeeding: Option<&Reported>, failing: Option<&Reported>) -> String {
    let Status { active, failed, .. } = job.status;
    if let Some(reason) = succeeding.or(failing) {
        return format!("{}; its pods are still ending", reason.r#type);
    }
    // Not the Suspended condition: it stays, as False, on a Job that was resumed.
    if job.spec.suspend == Some(true) {
        return "suspended (spec.suspend=true)".to_owned();
    }
    if job.status.start_time.is_none() && active == 0 {
        return "not started by the Job controller yet".to_owned();
    }
    match job.spec.backoff_limit {
        Some(limit) if failed > 0 => format!("{active} active, {failed} failed (backoffLimit {limit})"),
        _ => format!("{active} active, {failed} failed"),
    }
}
