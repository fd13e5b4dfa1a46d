//! What an object says about a condition: plain functions from an object, as the API server wrote it, to a verdict.
//!
//! The rules are in one file for each kind. Nothing here reads a clock, a network or a file.

pub mod any;
mod check;
mod compare;
pub mod condition;
mod custom;
pub mod daemonset;
pub mod deployment;
mod guard;
mod image;
pub mod job;
mod json;
mod jsonpath;
pub mod keys;
pub mod pod;
pub mod pod_reason;
mod replicas;
pub mod replicaset;
pub mod selection;
pub mod service;
pub mod simple;
pub mod slice;
pub mod statefulset;
#[cfg(test)]
mod tests;

use serde::Deserialize;
use serde_json::value::RawValue;

use self::any::AnyObject;
pub use self::check::{Check, CheckError};
pub(crate) use self::replicas::counted;
pub use self::selection::combine;
use crate::kind::Kind;
use crate::moment::Moment;
use crate::object::Metadata;
use crate::target::{Target, Which};
use crate::verdict::{Finding, Verdict};

/// One object, as far as the waiting is concerned. The object itself can be dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Another one means another object, even under the same name.
    pub uid: Box<str>,
    /// Its name.
    pub name: Box<str>,
    /// Its namespace.
    pub namespace: Option<Box<str>>,
    /// When it was made.
    pub created: Option<Moment>,
    /// Whether a selection takes it into account.
    pub counts: bool,
    /// Whether the verdict is a fact that nothing takes back, not even the object's deletion: that a Job has ended, or
    /// a Pod.
    pub is_final: bool,
    /// How often its containers have been restarted, where that matters: what was restarted has not held.
    pub restarts: i64,
    /// The object taken by itself.
    pub verdict: Verdict,
}

/// Looks at an object: who it is, and whether it meets the check.
///
/// A Service's endpoints are elsewhere: without them `has-endpoints` is not yet met, see [`service::evaluate`].
///
/// # Errors
/// Where the JSON is no object of this kind.
pub fn look(target: &Target, object: &RawValue) -> Result<Look, serde_json::Error> {
    let Target { kind, which, check, .. } = target;
    let json = object.get();
    match check {
        Check::Exists | Check::Deleted => {
            let OnlyMetadata { metadata } = serde_json::from_str(json)?;
            let counts = *check == Check::Deleted || !metadata.is_being_deleted();
            let verdict = if *check == Check::Deleted { still_there(&metadata) } else { exists(&metadata) };
            Ok(Look::new(metadata, counts, verdict))
        }
        Check::Condition(condition) => look_at_condition(kind, condition, json),
        Check::Deployment(condition) => {
            let object: deployment::Deployment = serde_json::from_str(json)?;
            let verdict = deployment::evaluate(&object, condition);
            Ok(Look::new(object.metadata, true, verdict))
        }
        Check::StatefulSet(condition) => {
            let object: statefulset::StatefulSet = serde_json::from_str(json)?;
            let verdict = statefulset::evaluate(&object, condition);
            Ok(Look::new(object.metadata, true, verdict))
        }
        Check::DaemonSet(condition) => {
            let object: daemonset::DaemonSet = serde_json::from_str(json)?;
            let verdict = daemonset::evaluate(&object, condition);
            Ok(Look::new(object.metadata, true, verdict))
        }
        Check::ReplicaSet(condition) => {
            let object: replicaset::ReplicaSet = serde_json::from_str(json)?;
            let verdict = replicaset::evaluate(&object, condition);
            Ok(Look::new(object.metadata, true, verdict))
        }
        Check::Job(condition) => {
            let object: job::Job = serde_json::from_str(json)?;
            Ok(look_at_job(object, *condition))
        }
        Check::Pod(condition) => {
            let object: pod::Pod = serde_json::from_str(json)?;
            Ok(look_at_pod(object, condition))
        }
        Check::Service(condition) => {
            let object = service::Service::read(object)?;
            let verdict = service::evaluate(Some(&object), std::iter::empty(), condition);
            Ok(Look::new(object.metadata, true, verdict))
        }
        Check::AvailableHere => {
            let pod: pod::Pod = serde_json::from_str(json)?;
            let name = if let Which::Name(name) = which { Some(name.as_str()) } else { None };
            let is_of = daemonset::is_pod_of(&pod.metadata, name);
            let look = look_at_pod(pod, &pod::Condition::Ready(None));
            Ok(Look { counts: look.counts && is_of, ..look })
        }
        Check::Simple(condition) => {
            let object = AnyObject::read(json)?;
            let verdict = simple::evaluate(&object, *condition);
            Ok(Look::new(object.metadata, true, verdict))
        }
        Check::HasKey(condition) => {
            let object = AnyObject::read(json)?;
            let verdict = keys::evaluate(&object, condition);
            Ok(Look::new(object.metadata, true, verdict))
        }
        Check::Json(check) => {
            let object = AnyObject::read(json)?;
            let verdict = json::evaluate(kind, &object, check);
            let counts = !object.metadata.is_being_deleted();
            Ok(Look::new(object.metadata, counts, verdict))
        }
    }
}

/// What it means that an object is not there.
#[must_use]
pub fn missing(kind: &Kind, check: &Check) -> Verdict {
    if *check == Check::Deleted {
        return Verdict::Met(Finding::state("not found"));
    }
    let cause = match kind {
        Kind::Job => "never created, or removed by its TTL / a Helm hook policy",
        _ => "not created yet, or deleted",
    };
    Verdict::NotYet(Finding::because("not found", cause))
}

/// What it means that the API server does not know the kind; `hint` is what may have been meant.
#[must_use]
pub fn not_served(check: &Check, hint: Option<&str>) -> Verdict {
    let state = "kind not served yet (CRD not installed?)";
    match hint {
        _ if *check == Check::Deleted => Verdict::Met(Finding::state("kind not served, so none is there")),
        None => Verdict::NotYet(Finding::state(state)),
        Some(hint) => Verdict::NotYet(Finding::because(state, format!("did you mean \"{hint}\"?"))),
    }
}

// === impl Look ===

impl Look {
    fn new(metadata: Metadata, counts: bool, verdict: Verdict) -> Self {
        let Metadata { uid, name, namespace, creation_timestamp, .. } = metadata;
        let created = creation_timestamp.and_then(|time| time.parse().ok());
        Self { uid, name, namespace, created, counts, is_final: false, restarts: 0, verdict }
    }

    /// Takes no account of an object that is older than `limit`: what a previous release has left proves nothing. Made
    /// in the same second counts as newer, because that is as exact as the API server's times are.
    #[must_use]
    pub fn newer_than(mut self, limit: Option<Moment>) -> Self {
        let Some(limit) = limit.filter(|limit| self.created.is_none_or(|created| created < *limit)) else {
            return self;
        };
        let state =
            self.created.map_or_else(|| "of unknown age".to_owned(), |made| format!("created {made}"));
        let cause = format!("one that is newer than {limit} is waited for");
        self.counts = false;
        self.is_final = false;
        self.verdict = Verdict::NotYet(Finding::because(state, cause));
        self
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct OnlyMetadata {
    metadata: Metadata,
}

fn exists(metadata: &Metadata) -> Verdict {
    guard::deletion(metadata).unwrap_or_else(|| Verdict::Met(Finding::state("exists")))
}

/// Deletion shows in the object's absence, or in another uid: neither is in the object.
fn still_there(metadata: &Metadata) -> Verdict {
    guard::deletion(metadata).unwrap_or_else(|| {
        Verdict::NotYet(Finding::because("still there", "nobody has asked for its deletion"))
    })
}

fn look_at_job(job: job::Job, condition: job::Condition) -> Look {
    let verdict = job::evaluate(&job, condition);
    let is_final = verdict.is_met() && condition.is_ending();
    Look { is_final, ..Look::new(job.metadata, true, verdict) }
}

fn look_at_pod(pod: pod::Pod, condition: &pod::Condition) -> Look {
    let verdict = pod::evaluate(&pod, condition);
    let is_final = verdict.is_met() && condition.is_ending();
    let restarts = if condition.is_of_containers() { pod.restarts() } else { 0 };
    let counts = pod.counts(condition);
    Look { is_final, restarts, ..Look::new(pod.metadata, counts, verdict) }
}

/// A kind's own rules know more than a list of conditions where the two ask the same: that a Job which has failed
/// never completes, that an ended pod is never ready, and that a definition whose names are taken is never served.
fn look_at_condition(
    kind: &Kind,
    condition: &condition::StatusCondition,
    json: &str,
) -> Result<Look, serde_json::Error> {
    if *kind == Kind::Job {
        let same = [("Complete", job::Condition::Complete), ("Failed", job::Condition::Failed)];
        if let Some((_, condition)) = same.into_iter().find(|(r#type, _)| condition.is_true(r#type)) {
            return Ok(look_at_job(serde_json::from_str(json)?, condition));
        }
    }
    let counts = if *kind == Kind::Pod {
        let object: pod::Pod = serde_json::from_str(json)?;
        let same = [
            ("Ready", pod::Condition::Ready(None)),
            ("Initialized", pod::Condition::Initialized),
            ("PodScheduled", pod::Condition::Scheduled),
        ];
        if let Some((_, condition)) = same.iter().find(|(r#type, _)| condition.is_true(r#type)) {
            return Ok(look_at_pod(object, condition));
        }
        object.counts(&pod::Condition::Ready(None))
    } else {
        true
    };
    let object = AnyObject::read(json)?;
    let verdict = if *kind == Kind::CustomResourceDefinition && condition.is_true("Established") {
        simple::evaluate(&object, simple::Simple::Established)
    } else {
        condition::evaluate(&object, condition)
    };
    Ok(Look::new(object.metadata, counts, verdict))
}
