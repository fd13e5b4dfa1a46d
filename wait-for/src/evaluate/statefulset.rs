//! StatefulSets: readiness.md 1.2.
//! <https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#update-strategies>

use std::fmt;

use serde::Deserialize;

use super::check::{Asked, CheckError, write_counted};
use super::guard;
use super::replicas::{Replicas, pods};
use crate::object::{Metadata, null_is_default};
use crate::verdict::{Finding, Verdict};

/// What can be asked of a StatefulSet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// At least this many pods are available; every wanted one where no number is given.
    Available(Option<u32>),
    /// Every wanted pod is ready, of whatever revision.
    Ready,
    /// Every pod that the partition allows is of the newest revision, and all are available.
    RolledOut,
}

/// A StatefulSet, as far as it matters.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct StatefulSet {
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
    #[serde(deserialize_with = "null_is_default")]
    update_strategy: UpdateStrategy,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct UpdateStrategy {
    r#type: Box<str>,
    #[serde(deserialize_with = "null_is_default")]
    rolling_update: RollingUpdate,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RollingUpdate {
    partition: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    observed_generation: i64,
    replicas: i64,
    ready_replicas: i64,
    /// Always there, except from very old clusters.
    available_replicas: Option<i64>,
    updated_replicas: i64,
    current_revision: Box<str>,
    update_revision: Box<str>,
}

pub(super) const NAMES: &[&str] = &["available", "ready", "rolled-out"];

/// Decides whether a StatefulSet meets a condition.
#[must_use]
pub fn evaluate(set: &StatefulSet, condition: &Condition) -> Verdict {
    let observed = set.status.as_ref().map(|status| status.observed_generation);
    if let Some(verdict) = guard::strict(&set.metadata, observed) {
        return verdict;
    }
    let Some(status) = &set.status else {
        return Verdict::NotYet(Finding::because("no status", "the controller has not written one yet"));
    };
    let replicas = replicas(&set.spec, status);
    match condition {
        Condition::Available(at_least) => replicas.available(*at_least),
        Condition::Ready => replicas.ready(),
        Condition::RolledOut => rolled_out(&set.spec.update_strategy, status, replicas),
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
    let without_window = || if spec.min_ready_seconds == 0 { status.ready_replicas } else { 0 };
    Replicas {
        wanted: spec.replicas.unwrap_or(1),
        total: status.replicas,
        ready: status.ready_replicas,
        available: status.available_replicas.unwrap_or_else(without_window),
        min_ready_seconds: spec.min_ready_seconds,
    }
}

/// Both counters and revisions are needed: after a revert in mid-rollout the revisions are equal at once, while pods
/// of the bad one still run. Under a partition, and under OnDelete, the revisions never become equal.
fn rolled_out(strategy: &UpdateStrategy, status: &Status, replicas: Replicas) -> Verdict {
    let Replicas { wanted, total, available, .. } = replicas;
    let is_on_delete = &*strategy.r#type == "OnDelete";
    let partition = if is_on_delete { 0 } else { strategy.rolling_update.partition.unwrap_or(0) };
    let to_update = (wanted - partition).max(0);
    let updated = status.updated_replicas;
    let is_revision_current =
        partition > 0 || is_on_delete || status.current_revision == status.update_revision;
    let is_met = total == wanted && available >= wanted && updated >= to_update && is_revision_current;

    // Under a partition, the others may be of the newest revision as well: at a first rollout all are.
    let count = |updated: i64| match partition {
        0 => format!("{updated}/{to_update} rolled out"),
        _ => format!("{updated}/{to_update} rolled out (partition {partition} of {wanted})"),
    };
    let (state, cause) = if updated < to_update {
        let state = count(updated);
        let rest = to_update - updated;
        let cause = if is_on_delete {
            format!("updateStrategy is OnDelete: {} of the old revision must be deleted by hand", pods(rest))
        } else if total < wanted {
            replicas.lack()
        } else {
            format!("{} still of an old revision, {} of {} ready", pods(rest), replicas.ready, pods(total))
        };
        (state, cause)
    } else if total > wanted {
        (format!("{total}/{wanted} pods"), format!("{} more than wanted", pods(total - wanted)))
    } else if total < wanted || available < wanted {
        (format!("{available}/{wanted} available"), replicas.lack())
    } else {
        let cause = format!(
            "currentRevision {} is not updateRevision {} yet",
            status.current_revision, status.update_revision
        );
        (count(to_update), cause)
    };
    Verdict::met_if(is_met, Finding::because(state, cause))
}
