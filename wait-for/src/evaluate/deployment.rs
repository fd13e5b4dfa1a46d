//! Deployments: readiness.md 1.1.
//! <https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status>

use std::fmt;

use serde::Deserialize;

use super::check::{Asked, CheckError, write_counted};
use super::guard;
use super::replicas::{Replicas, counted, pods};
use crate::message::clean;
use crate::object::{Metadata, Reported, null_is_default, reported, true_condition};
use crate::verdict::{Finding, Verdict};

/// What can be asked of a Deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It can be called: its own condition says so and a pod is there; or at least this many pods are available.
    Available(Option<u32>),
    /// Every wanted pod is ready, of whatever revision.
    Ready,
    /// Every pod is of the newest revision and available, and no other is left.
    RolledOut,
}

/// A Deployment, as far as it matters.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Deployment {
    pub(super) metadata: Metadata,
    #[serde(deserialize_with = "null_is_default")]
    spec: Spec,
    status: Option<Status>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    replicas: Option<i64>,
    paused: bool,
    min_ready_seconds: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    observed_generation: i64,
    replicas: i64,
    updated_replicas: i64,
    ready_replicas: i64,
    available_replicas: i64,
    #[serde(deserialize_with = "null_is_default")]
    conditions: Vec<Reported>,
}

pub(super) const NAMES: &[&str] = &["available", "ready", "rolled-out"];

/// Decides whether a Deployment meets a condition.
#[must_use]
pub fn evaluate(deployment: &Deployment, condition: &Condition) -> Verdict {
    let observed = deployment.status.as_ref().map(|status| status.observed_generation);
    if let Some(verdict) = guard::strict(&deployment.metadata, observed) {
        return verdict;
    }
    let Some(status) = &deployment.status else {
        return Verdict::NotYet(Finding::because("no status", "the controller has not written one yet"));
    };
    let replicas = replicas(&deployment.spec, status);
    let verdict = match condition {
        Condition::Available(None) => available(replicas, status),
        Condition::Available(at_least) => replicas.available(*at_least),
        Condition::Ready => replicas.ready(),
        Condition::RolledOut => rolled_out(replicas, status),
    };
    match verdict {
        Verdict::NotYet(finding) => {
            let cause = cause(&deployment.spec, status, replicas).or(finding.cause);
            let finding = Finding { state: finding.state, cause };
            if *condition == Condition::RolledOut && is_given_up(&deployment.spec, status) {
                Verdict::Failed(finding)
            } else {
                Verdict::NotYet(finding)
            }
        }
        verdict => verdict,
    }
}

// === impl Condition ===

impl Condition {
    pub(super) fn parse(asked: Asked<'_>) -> Result<Self, CheckError> {
        match asked.known(NAMES) {
            Some(name @ "available") => asked.count(name).map(Self::Available),
            Some(name @ "ready") => asked.plain(name, Self::Ready),
            Some(name) => asked.plain(name, Self::RolledOut),
            None => Err(asked.unknown()),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Available(count) => write_counted(f, "available", *count),
            Self::Ready => f.write_str("ready"),
            Self::RolledOut => f.write_str("rolled-out"),
        }
    }
}

fn replicas(spec: &Spec, status: &Status) -> Replicas {
    Replicas {
        wanted: spec.replicas.unwrap_or(1),
        total: status.replicas,
        ready: status.ready_replicas,
        available: status.available_replicas,
        min_ready_seconds: spec.min_ready_seconds,
    }
}

/// Available=True means no more than "at most maxUnavailable pods are missing": with one replica and maxUnavailable 1
/// it holds with no pod running (k8s #61205). So a pod must be there as well.
fn available(replicas: Replicas, status: &Status) -> Verdict {
    let reported = reported(&status.conditions, "Available");
    let is_available = reported.is_some_and(|condition| condition.is("True"));
    let is_met = replicas.wanted > 0 && is_available && replicas.available >= 1;
    let state = format!("{}/{} available", replicas.available, replicas.wanted);
    let cause = match reported {
        _ if replicas.wanted == 0 || replicas.available < replicas.wanted => replicas.lack(),
        // Enough by the counters: the missing piece is the condition itself.
        Some(condition) => format!("Available is {} {}", clean(&condition.status), condition.explanation()),
        None => "no Available condition yet".to_owned(),
    };
    Verdict::met_if(is_met, Finding { state, cause: Some(cause) })
}

/// The controller's own equality (DeploymentComplete): neither old pods nor surplus ones are left.
fn rolled_out(replicas: Replicas, status: &Status) -> Verdict {
    let Replicas { wanted, total, available, .. } = replicas;
    let updated = status.updated_replicas;
    let is_met = updated == wanted && total == wanted && available == wanted;
    let old = (total - updated).max(0);
    // Old pods come first in the counters' doubt: so many of the updated ones are available at least.
    let done = (available - old).clamp(0, updated);
    let cause = if updated < wanted && old == 0 {
        format!("{updated} of {wanted} updated")
    } else if updated < wanted {
        format!("{updated} of {wanted} updated, {} still counted", counted(old, "old replica"))
    } else if old > 0 {
        format!("{} still counted", counted(old, "old replica"))
    } else if total > wanted {
        format!("{} more than wanted", pods(total - wanted))
    } else {
        replicas.lack()
    };
    Verdict::met_if(is_met, Finding::because(format!("{done}/{wanted} rolled out"), cause))
}

/// What the Deployment itself says is in the way.
fn cause(spec: &Spec, status: &Status, replicas: Replicas) -> Option<String> {
    // Copied from its ReplicaSets: quota and admission, without any further right to read.
    if let Some(failure) = true_condition(&status.conditions, "ReplicaFailure") {
        return Some(failure.explanation());
    }
    if spec.paused {
        return Some("spec.paused=true".to_owned());
    }
    if replicas.wanted == 0 {
        return None;
    }
    let progressing = reported(&status.conditions, "Progressing");
    progressing.filter(|condition| condition.is("False")).map(Reported::explanation)
}

/// Whether the controller has declared the rollout failed. A deadline that passed before a pause stays written
/// while nothing is tried, and says nothing of what follows the pause; scaling to 0 always succeeds.
fn is_given_up(spec: &Spec, status: &Status) -> bool {
    let is_tried = !spec.paused && spec.replicas != Some(0);
    let progressing = reported(&status.conditions, "Progressing").filter(|condition| condition.is("False"));
    is_tried && progressing.is_some_and(|condition| &*condition.reason == "ProgressDeadlineExceeded")
}
