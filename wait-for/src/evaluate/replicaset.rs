//! ReplicaSets: readiness.md 1.4.
//! <https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/>

use std::fmt;

use serde::Deserialize;

use super::check::{Asked, CheckError, write_counted};
use super::guard;
use super::replicas::Replicas;
use crate::object::{Metadata, Reported, null_is_default, true_condition};
use crate::verdict::{Finding, Verdict};

/// What can be asked of a ReplicaSet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// At least this many pods are available; every wanted one where no number is given.
    Available(Option<u32>),
    /// Every wanted pod is ready.
    Ready,
}

/// A ReplicaSet, as far as it matters.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ReplicaSet {
    pub(super) metadata: Metadata,
    #[serde(deserialize_with = "null_is_default")]
    spec: Spec,
    status: Option<Status>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    replicas: Option<i64>,
    min_ready_seconds: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    observed_generation: i64,
    replicas: i64,
    ready_replicas: i64,
    available_replicas: i64,
    #[serde(deserialize_with = "null_is_default")]
    conditions: Vec<Reported>,
}

pub(super) const NAMES: &[&str] = &["available", "ready"];

/// Decides whether a ReplicaSet meets a condition.
#[must_use]
pub fn evaluate(set: &ReplicaSet, condition: &Condition) -> Verdict {
    let observed = set.status.as_ref().map(|status| status.observed_generation);
    if let Some(verdict) = guard::strict(&set.metadata, observed) {
        return verdict;
    }
    let Some(status) = &set.status else {
        return Verdict::NotYet(Finding::because("no status", "the controller has not written one yet"));
    };
    let replicas = Replicas {
        wanted: set.spec.replicas.unwrap_or(1),
        total: status.replicas,
        ready: status.ready_replicas,
        available: status.available_replicas,
        min_ready_seconds: set.spec.min_ready_seconds,
    };
    let verdict = match condition {
        Condition::Available(at_least) => replicas.available(*at_least),
        Condition::Ready => replicas.ready(),
    };
    match (verdict, true_condition(&status.conditions, "ReplicaFailure")) {
        (Verdict::NotYet(finding), Some(failure)) => {
            Verdict::NotYet(Finding::because(finding.state, failure.explanation()))
        }
        (verdict, _) => verdict,
    }
}

// === impl Condition ===

impl Condition {
    pub(super) fn parse(asked: Asked<'_>) -> Result<Self, CheckError> {
        match asked.known(NAMES) {
            Some(name @ "available") => asked.count(name).map(Self::Available),
            Some(name) => asked.plain(name, Self::Ready),
            None => Err(asked.unknown()),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Available(count) => write_counted(f, "available", *count),
            Self::Ready => f.write_str("ready"),
        }
    }
}
