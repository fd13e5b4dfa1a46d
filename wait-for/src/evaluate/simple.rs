//! Kinds whose rules are one look at their status: readiness.md 1.5, 1.7, 1.8 and, for custom resources, 1.9.

use serde_json::Value;

use super::any::AnyObject;
use super::check::{Asked, CheckError};
use super::{custom, guard};
use crate::kind::Kind;
use crate::message::clean;
use crate::object::{Reported, explanation, reported};
use crate::verdict::{Finding, Verdict};

/// What can be asked of these kinds; one name may stand for several, each of another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Simple {
    /// A CronJob's Job has succeeded before.
    HasSucceeded,
    /// An Ingress has an address.
    HasAddress,
    /// A PersistentVolumeClaim has its volume.
    ClaimBound,
    /// A PersistentVolume can be claimed.
    VolumeAvailable,
    /// A PersistentVolume is claimed.
    VolumeBound,
    /// A Node takes pods.
    NodeReady,
    /// A Namespace takes objects.
    NamespaceActive,
    /// A HorizontalPodAutoscaler can see what it needs and scale.
    ScalerActive,
    /// A PodDisruptionBudget has as many pods as it asks for.
    Healthy,
    /// A PodDisruptionBudget would let a pod go.
    DisruptionsAllowed,
    /// A CustomResourceDefinition's kind is served.
    Established,
    /// An APIService answers.
    ApiAvailable,
    /// A custom resource says that it is ready.
    CustomReady,
}

/// Decides whether an object meets its condition.
#[must_use]
pub fn evaluate(object: &AnyObject, condition: Simple) -> Verdict {
    if let Some(verdict) = guard::deletion(&object.metadata) {
        return verdict;
    }
    match condition {
        Simple::HasSucceeded => has_succeeded(object),
        Simple::HasAddress => has_address(object),
        Simple::ClaimBound => phase(object, "Bound", Some("Lost"), |phase| match phase {
            // https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode
            "Pending" => {
                "no volume is bound to it; one that waits for its first consumer is only bound when a \
                          pod that mounts it is scheduled"
            }
            "Lost" => "its volume is gone",
            _ => "",
        }),
        Simple::VolumeAvailable => phase(object, "Available", Some("Failed"), |phase| match phase {
            "Bound" => "it is claimed already",
            // https://kubernetes.io/docs/concepts/storage/persistent-volumes/#retain
            "Released" => {
                "its claim is gone; under the reclaim policy Retain somebody must clear spec.claimRef"
            }
            "Failed" => "its reclamation has failed",
            _ => "",
        }),
        Simple::VolumeBound => phase(object, "Bound", Some("Failed"), |phase| match phase {
            "Available" => "no claim has taken it yet",
            "Released" => "its claim is gone",
            "Failed" => "its reclamation has failed",
            _ => "",
        }),
        Simple::NamespaceActive => phase(object, "Active", None, |_| ""),
        Simple::NodeReady => all_true(object, &["Ready"], "ready"),
        Simple::ScalerActive => all_true(object, &["AbleToScale", "ScalingActive"], "active"),
        Simple::ApiAvailable => all_true(object, &["Available"], "available"),
        Simple::Established => established(object),
        Simple::Healthy | Simple::DisruptionsAllowed => budget(object, condition),
        Simple::CustomReady => custom::ready(object),
    }
}

// === impl Simple ===

impl Simple {
    /// The conditions of a kind; the first is the default where there is one.
    pub(super) const fn of(kind: &Kind) -> &'static [Self] {
        match kind {
            Kind::CronJob => &[Self::HasSucceeded],
            Kind::Ingress => &[Self::HasAddress],
            Kind::PersistentVolumeClaim => &[Self::ClaimBound],
            Kind::PersistentVolume => &[Self::VolumeAvailable, Self::VolumeBound],
            Kind::Node => &[Self::NodeReady],
            Kind::Namespace => &[Self::NamespaceActive],
            Kind::HorizontalPodAutoscaler => &[Self::ScalerActive],
            Kind::PodDisruptionBudget => &[Self::Healthy, Self::DisruptionsAllowed],
            Kind::CustomResourceDefinition => &[Self::Established],
            Kind::ApiService => &[Self::ApiAvailable],
            Kind::Custom(_) => &[Self::CustomReady],
            _ => &[],
        }
    }

    /// The condition of a kind that is waited for where none is named; `exists` for the others (readiness.md 1).
    pub(super) fn default_of(kind: &Kind) -> Option<Self> {
        let is_default = |simple: &Self| {
            matches!(
                simple,
                Self::ClaimBound
                    | Self::NodeReady
                    | Self::NamespaceActive
                    | Self::Established
                    | Self::ApiAvailable
                    | Self::CustomReady
            )
        };
        Self::of(kind).iter().copied().find(is_default)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::HasSucceeded => "has-succeeded",
            Self::HasAddress => "has-address",
            Self::ClaimBound | Self::VolumeBound => "bound",
            Self::VolumeAvailable | Self::ApiAvailable => "available",
            Self::NodeReady | Self::CustomReady => "ready",
            Self::NamespaceActive | Self::ScalerActive => "active",
            Self::Healthy => "healthy",
            Self::DisruptionsAllowed => "disruptions-allowed",
            Self::Established => "established",
        }
    }

    pub(super) fn parse(kind: &Kind, asked: Asked<'_>) -> Result<Self, CheckError> {
        let simple = Self::of(kind).iter().find(|simple| asked.known(&[simple.name()]).is_some());
        simple.map_or_else(|| Err(asked.unknown()), |simple| asked.plain(simple.name(), *simple))
    }
}

/// `met` in one phase, `failed` in another, which both are the controller's last word.
fn phase(object: &AnyObject, met: &str, failed: Option<&str>, hint: fn(&str) -> &'static str) -> Verdict {
    let phase = Some(object.text("/status/phase")).filter(|phase| !phase.is_empty()).unwrap_or("no phase");
    let state = clean(phase);
    if phase == met {
        return Verdict::Met(Finding::state(state));
    }
    let explanation = explanation(object.text("/status/reason"), object.text("/status/message"));
    let cause = match (explanation.as_str(), hint(phase)) {
        ("", "") => format!("its phase is not {met} yet"),
        ("", hint) => hint.to_owned(),
        (explanation, _) => explanation.to_owned(),
    };
    let finding = Finding::because(state, cause);
    if Some(phase) == failed { Verdict::Failed(finding) } else { Verdict::NotYet(finding) }
}

/// `met` when all these conditions are True; the first that is not says why.
fn all_true(object: &AnyObject, types: &[&str], word: &str) -> Verdict {
    let conditions = object.conditions();
    for r#type in types {
        let found = reported(&conditions, r#type);
        if let Some(stale) = guard::lax(&object.metadata, found, object.observed_generation()) {
            return stale;
        }
        if !found.is_some_and(|condition| condition.is("True")) {
            return Verdict::NotYet(lack(word, r#type, found));
        }
    }
    Verdict::Met(Finding::state(word))
}

/// Why a condition that should be True is not.
pub(super) fn lack(word: &str, r#type: &str, found: Option<&Reported>) -> Finding {
    let cause = match found {
        None => format!("no {type} condition yet"),
        Some(found) => match found.explanation() {
            explanation if explanation.is_empty() => clean(&format!("{type}={}", found.status)),
            explanation => explanation,
        },
    };
    Finding::because(format!("not {word}"), cause)
}

/// `status.lastSuccessfulTime`:
/// <https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/cron-job-v1/#CronJobStatus>
fn has_succeeded(object: &AnyObject) -> Verdict {
    let cause = match (object.text("/status/lastSuccessfulTime"), object.text("/status/lastScheduleTime")) {
        ("", _) if object.tree.pointer("/spec/suspend") == Some(&Value::Bool(true)) => {
            "suspended (spec.suspend=true)".to_owned()
        }
        ("", "") => "never scheduled".to_owned(),
        ("", time) => clean(&format!("last scheduled at {time}")),
        (time, _) => return Verdict::Met(Finding::state(clean(&format!("succeeded at {time}")))),
    };
    Verdict::NotYet(Finding::because("no success yet", cause))
}

/// An address is enough; some controllers never publish one, which is no failure.
fn has_address(object: &AnyObject) -> Verdict {
    let entries = object.list("/status/loadBalancer/ingress").iter();
    let mut addresses =
        entries.flat_map(|entry| [&entry["ip"], &entry["hostname"]]).filter_map(Value::as_str);
    match addresses.find(|address| !address.is_empty()) {
        Some(address) => Verdict::Met(Finding::state(format!("address {}", clean(address)))),
        None => Verdict::NotYet(Finding::because(
            "no address",
            "its controller has published none (status.loadBalancer); some never do: use exists",
        )),
    }
}

/// Established stays True until deletion, so a later conflict of names does not matter.
/// <https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/>
fn established(object: &AnyObject) -> Verdict {
    let verdict = all_true(object, &["Established"], "established");
    match reported(&object.conditions(), "NamesAccepted") {
        Some(names)
            if names.is("False")
                && !verdict.is_met()
                && guard::lax(&object.metadata, Some(names), object.observed_generation()).is_none() =>
        {
            Verdict::Failed(Finding::because("names not accepted", names.explanation()))
        }
        _ => verdict,
    }
}

/// <https://kubernetes.io/docs/tasks/run-application/configure-pdb/#check-the-status-of-the-pdb>
fn budget(object: &AnyObject, condition: Simple) -> Verdict {
    if let Some(stale) = guard::strict(&object.metadata, object.observed_generation()) {
        return stale;
    }
    let (current, desired) = (object.count("/status/currentHealthy"), object.count("/status/desiredHealthy"));
    let pods = format!("{current}/{desired} healthy");
    if condition == Simple::Healthy {
        let cause = "fewer healthy pods than the budget asks for";
        return Verdict::met_if(current >= desired, Finding::because(pods, cause));
    }
    let allowed = object.count("/status/disruptionsAllowed");
    let state = format!("{allowed} disruptions allowed");
    Verdict::met_if(allowed > 0, Finding::because(state, pods))
}
