//! DaemonSets: readiness.md 1.3.
//! <https://kubernetes.io/docs/tasks/manage-daemon/update-daemon-set/>

use std::fmt;

use serde::Deserialize;

use super::check::{Asked, CheckError};
use super::{Look, guard};
use crate::object::{Metadata, null_is_default};
use crate::verdict::{Finding, Verdict};

/// What can be asked of a DaemonSet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Its pod is available on every node that it is meant for, and there is such a node.
    Available,
    /// Its pod is ready on every node that it is meant for, and there is such a node.
    Ready,
    /// On every node that it is meant for, its pod is of the newest revision and available.
    RolledOut,
}

/// A DaemonSet, as far as it matters.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DaemonSet {
    pub(super) metadata: Metadata,
    #[serde(deserialize_with = "null_is_default")]
    spec: Spec,
    status: Option<Status>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    min_ready_seconds: i64,
    #[serde(deserialize_with = "null_is_default")]
    update_strategy: UpdateStrategy,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UpdateStrategy {
    r#type: Box<str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    observed_generation: i64,
    desired_number_scheduled: i64,
    current_number_scheduled: i64,
    updated_number_scheduled: i64,
    number_ready: i64,
    number_available: i64,
}

pub(super) const NAMES: &[&str] = &["available", "ready", "rolled-out", "available-here"];

/// Decides whether a DaemonSet meets a condition.
#[must_use]
pub fn evaluate(set: &DaemonSet, condition: &Condition) -> Verdict {
    let observed = set.status.as_ref().map(|status| status.observed_generation);
    if let Some(verdict) = guard::strict(&set.metadata, observed) {
        return verdict;
    }
    let Some(status) = &set.status else {
        return Verdict::NotYet(Finding::because("no status", "the controller has not written one yet"));
    };
    let desired = status.desired_number_scheduled;
    let (available, updated) = (status.number_available, status.updated_number_scheduled);
    let (state, is_met) = match condition {
        Condition::Available => {
            (format!("{available}/{desired} available"), desired > 0 && available >= desired)
        }
        Condition::Ready => {
            let ready = status.number_ready;
            (format!("{ready}/{desired} ready"), desired > 0 && ready >= desired)
        }
        // One pod per node is counted, so both numbers speak of the same pod.
        Condition::RolledOut => (
            format!("{}/{desired} rolled out", updated.min(available)),
            updated >= desired && available >= desired,
        ),
    };
    let is_update_missing = *condition == Condition::RolledOut && updated < desired;
    let cause = lack(&set.spec, status, is_update_missing);
    Verdict::met_if(is_met, Finding::because(state, cause))
}

// === impl Condition ===

impl Condition {
    pub(super) fn parse(asked: Asked<'_>) -> Result<Self, CheckError> {
        match asked.known(NAMES) {
            Some(name @ "available") => asked.plain(name, Self::Available),
            Some(name @ "ready") => asked.plain(name, Self::Ready),
            Some(name @ "rolled-out") => asked.plain(name, Self::RolledOut),
            _ => Err(asked.unknown()),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Available => "available",
            Self::Ready => "ready",
            Self::RolledOut => "rolled-out",
        })
    }
}

/// Whether a pod is managed by the DaemonSet of this name, or by any where none is given.
pub(super) fn is_pod_of(pod: &Metadata, name: Option<&str>) -> bool {
    pod.controller()
        .is_some_and(|owner| &*owner.kind == "DaemonSet" && name.is_none_or(|name| *owner.name == *name))
}

/// Decides `available-here` from the looks at the pods of this node: one of the DaemonSet's is ready.
#[must_use]
pub fn here(pods: &[&Look]) -> Verdict {
    let mut own = pods.iter().filter(|look| look.counts);
    match own.clone().next() {
        None => Verdict::NotYet(Finding::because(
            "no pod on this node",
            "the DaemonSet has made none here yet, or does not mean to",
        )),
        Some(first) => {
            let Finding { state, cause } = first.verdict.finding();
            let cause = format!("pod {}: {}", first.name, cause.as_ref().unwrap_or(state));
            let is_met = own.any(|look| look.verdict.is_met());
            Verdict::met_if(
                is_met,
                Finding::because(if is_met { "ready here" } else { "not ready here" }, cause),
            )
        }
    }
}

/// Why there are not enough, as far as the counters tell.
fn lack(spec: &Spec, status: &Status, is_update_missing: bool) -> String {
    let desired = status.desired_number_scheduled;
    let (scheduled, ready) = (status.current_number_scheduled, status.number_ready);
    if desired == 0 {
        "no node matches its nodeSelector, affinity and tolerations".to_owned()
    } else if is_update_missing && &*spec.update_strategy.r#type == "OnDelete" {
        "updateStrategy is OnDelete: pods of the old revision must be deleted by hand".to_owned()
    } else if is_update_missing {
        format!("{} of {desired} updated, {ready} ready", status.updated_number_scheduled)
    } else if scheduled < desired {
        format!("{scheduled} of {desired} nodes have a pod, {ready} ready")
    } else if ready > status.number_available && spec.min_ready_seconds > 0 {
        format!("{ready} ready, not yet for minReadySeconds {}", spec.min_ready_seconds)
    } else {
        format!("ready on {ready} of {desired} nodes")
    }
}
