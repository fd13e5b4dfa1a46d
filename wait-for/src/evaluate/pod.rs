//! Pods: readiness.md 1.6.
//! <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/>

use std::fmt;

use serde::Deserialize;

use super::check::{Asked, CheckError, write_counted};
use super::{guard, pod_reason};
use crate::object::{Metadata, Reported, null_is_default, reported, true_condition};
use crate::verdict::{Finding, Verdict};

/// What can be asked of a Pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// A node was found for it.
    Scheduled,
    /// Its init containers are done.
    Initialized,
    /// It runs, ready or not.
    Running,
    /// It is ready; of a selection, at least so many, all where no number is given.
    Ready(Option<u32>),
    /// All its containers have ended well.
    Succeeded,
    /// A container has ended badly, for good.
    Failed,
    /// All its containers have ended.
    Finished,
}

/// A Pod, as far as it matters.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Pod {
    pub(crate) metadata: Metadata,
    #[serde(deserialize_with = "null_is_default")]
    pub(crate) spec: Spec,
    #[serde(deserialize_with = "null_is_default")]
    pub(crate) status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Spec {
    pub(crate) restart_policy: Box<str>,
    #[serde(deserialize_with = "null_is_default")]
    pub(crate) containers: Vec<Container>,
    #[serde(deserialize_with = "null_is_default")]
    pub(crate) init_containers: Vec<Container>,
    #[serde(deserialize_with = "null_is_default")]
    pub(crate) readiness_gates: Vec<ReadinessGate>,
    #[serde(deserialize_with = "null_is_default")]
    pub(crate) scheduling_gates: Vec<SchedulingGate>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Container {
    pub(crate) name: Box<str>,
    /// Instead of the pod's; `Always` makes an init container a sidecar.
    pub(crate) restart_policy: Option<Box<str>>,
    /// Only whether there are some.
    #[serde(deserialize_with = "null_is_default")]
    pub(crate) restart_policy_rules: Vec<serde::de::IgnoredAny>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ReadinessGate {
    pub(crate) condition_type: Box<str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct SchedulingGate {
    pub(crate) name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Status {
    pub(crate) phase: Box<str>,
    pub(crate) reason: Box<str>,
    pub(crate) message: String,
    pub(crate) observed_generation: Option<i64>,
    #[serde(deserialize_with = "null_is_default")]
    pub(crate) conditions: Vec<Reported>,
    #[serde(deserialize_with = "null_is_default")]
    pub(crate) init_container_statuses: Vec<ContainerStatus>,
    #[serde(deserialize_with = "null_is_default")]
    pub(crate) container_statuses: Vec<ContainerStatus>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct ContainerStatus {
    pub(crate) name: Box<str>,
    pub(crate) ready: bool,
    pub(crate) started: Option<bool>,
    pub(crate) restart_count: i64,
    #[serde(deserialize_with = "null_is_default")]
    pub(crate) state: ContainerState,
    #[serde(deserialize_with = "null_is_default")]
    pub(crate) last_state: ContainerState,
}

/// At most one is set.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ContainerState {
    pub(crate) waiting: Option<Waiting>,
    pub(crate) terminated: Option<Terminated>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Waiting {
    pub(crate) reason: Box<str>,
    pub(crate) message: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Terminated {
    pub(crate) exit_code: i64,
    pub(crate) reason: Box<str>,
    pub(crate) message: String,
}

pub(super) const NAMES: &[&str] =
    &["ready", "running", "scheduled", "initialized", "succeeded", "failed", "finished"];

/// Decides whether a Pod meets a condition, taken by itself: of a count, one pod is its part.
#[must_use]
pub fn evaluate(pod: &Pod, condition: &Condition) -> Verdict {
    let phase = &*pod.status.phase;
    let holds = |r#type| true_condition(&pod.status.conditions, r#type).is_some();
    // Terminal facts stay true while the object goes away.
    let is_met = match condition {
        Condition::Succeeded => phase == "Succeeded",
        Condition::Failed => phase == "Failed",
        Condition::Finished => pod.is_terminal(),
        _ if pod.metadata.is_being_deleted() => false,
        Condition::Scheduled => holds("PodScheduled"),
        Condition::Initialized => holds("Initialized") && !pod.is_initializing_again(),
        Condition::Running => phase == "Running",
        Condition::Ready(_) => phase == "Running" && holds("Ready"),
    };
    if is_met && let Condition::Ready(_) = condition {
        let ready = reported(&pod.status.conditions, "Ready");
        let stale = guard::lax(&pod.metadata, ready, pod.status.observed_generation);
        return stale.unwrap_or_else(|| Verdict::Met(Finding::state("ready")));
    }
    if is_met {
        return Verdict::Met(Finding::state(condition.past()));
    }
    if pod.is_terminal() {
        return ended(pod, condition);
    }
    if let Some(verdict) = guard::deletion(&pod.metadata) {
        return verdict;
    }
    let state = format!("not {}", condition.past());
    let cause =
        if condition.is_ending() { pod_reason::reason_not_to_end(pod) } else { pod_reason::reason(pod) };
    let finding = Finding::because(state, cause);
    if pod_reason::cannot_start(pod) && condition.needs_start(pod) {
        return Verdict::Failed(finding);
    }
    match gone_for_good(pod, condition) {
        Some(cause) => Verdict::Failed(Finding::because(finding.state, cause)),
        None => Verdict::NotYet(finding),
    }
}

/// A container that has ended and that nothing starts again: the pod goes on without it, and is never ready again.
/// <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy>
fn gone_for_good(pod: &Pod, condition: &Condition) -> Option<String> {
    // Rules by exit code may restart the container, or all of them.
    if pod.spec.containers.iter().chain(&pod.spec.init_containers).any(Container::has_rules) {
        return None;
    }
    let policy_of = |name: &str| {
        let container = pod.spec.containers.iter().find(|container| &*container.name == name);
        container
            .and_then(|container| container.restart_policy.as_deref())
            .unwrap_or(&pod.spec.restart_policy)
    };
    pod.status.container_statuses.iter().find_map(|status| {
        let ended = status.state.terminated.as_ref()?;
        let is_over = match policy_of(&status.name) {
            "Never" => true,
            "OnFailure" => ended.exit_code == 0,
            _ => false,
        };
        let matters = match condition {
            Condition::Ready(_) => true,
            Condition::Succeeded => ended.exit_code != 0,
            _ => false,
        };
        (is_over && matters).then(|| {
            let exit = pod_reason::exit(ended);
            format!("container {}: {exit}; its restartPolicy does not start it again", status.name)
        })
    })
}

/// What an ended pod that does not meet the condition means: it stays as it is, so nothing more comes of it, except
/// where a StatefulSet makes another of the same name.
fn ended(pod: &Pod, condition: &Condition) -> Verdict {
    let state = format!("phase {}", pod.status.phase);
    if pod.metadata.is_controlled_by_statefulset() {
        let reason = pod_reason::reason(pod);
        let cause = format!("{reason}; its StatefulSet will make it anew");
        return Verdict::NotYet(Finding::because(state, cause));
    }
    if !condition.is_ending()
        && let Some(verdict) = guard::deletion(&pod.metadata)
    {
        return verdict;
    }
    Verdict::Failed(Finding::because(state, pod_reason::reason(pod)))
}

// === impl Pod ===

impl Pod {
    /// Whether it has ended: neither phase ever changes, whatever the restartPolicy.
    pub(crate) fn is_terminal(&self) -> bool {
        matches!(&*self.status.phase, "Succeeded" | "Failed")
    }

    /// Whether its ordinary init containers run again, as after a restart of all containers: the condition
    /// Initialized stays True then. <https://github.com/kubernetes/enhancements/issues/5532>
    pub(crate) fn is_initializing_again(&self) -> bool {
        let is_sidecar = |name: &str| {
            let container = self.spec.init_containers.iter().find(|container| &*container.name == name);
            container.is_some_and(Container::is_sidecar)
        };
        let mut statuses = self.status.init_container_statuses.iter();
        statuses.any(|status| status.state.terminated.is_none() && !is_sidecar(&status.name))
    }

    /// How often its containers have been restarted, all of them together.
    pub(super) fn restarts(&self) -> i64 {
        let statuses = self.status.init_container_statuses.iter().chain(&self.status.container_statuses);
        statuses.fold(0, |sum, status| sum.saturating_add(status.restart_count))
    }

    /// Whether a selection asked for this condition takes the pod into account: pods that are on their way out or
    /// have ended are leftovers, unless ending is what is waited for.
    pub(super) fn counts(&self, condition: &Condition) -> bool {
        condition.is_ending() || !(self.metadata.is_being_deleted() || self.is_terminal())
    }
}

// === impl Container ===

impl Container {
    /// Whether it is an init container that goes on running.
    pub(crate) fn is_sidecar(&self) -> bool {
        self.restart_policy.as_deref() == Some("Always")
    }

    fn has_rules(&self) -> bool {
        !self.restart_policy_rules.is_empty()
    }
}

// === impl Condition ===

impl Condition {
    pub(super) fn parse(asked: Asked<'_>) -> Result<Self, CheckError> {
        match asked.known(NAMES) {
            Some(name @ "ready") => asked.count(name).map(Self::Ready),
            Some(name @ "running") => asked.plain(name, Self::Running),
            Some(name @ "scheduled") => asked.plain(name, Self::Scheduled),
            Some(name @ "initialized") => asked.plain(name, Self::Initialized),
            Some(name @ "succeeded") => asked.plain(name, Self::Succeeded),
            Some(name @ "failed") => asked.plain(name, Self::Failed),
            Some(name) => asked.plain(name, Self::Finished),
            None => Err(asked.unknown()),
        }
    }

    /// Whether it asks for the end of the pod, which no pod takes back.
    pub(super) const fn is_ending(&self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed | Self::Finished)
    }

    /// Whether it speaks of containers that run: one that was restarted in between has not held.
    pub(super) const fn is_of_containers(&self) -> bool {
        matches!(self, Self::Ready(_) | Self::Running | Self::Initialized)
    }

    /// The word for a pod of which it holds.
    pub(super) const fn past(&self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Initialized => "initialized",
            Self::Running => "running",
            Self::Ready(_) => "ready",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Finished => "finished",
        }
    }

    /// Whether a pod with a container that cannot start can never meet it. It may still fail: by eviction, say.
    fn needs_start(&self, pod: &Pod) -> bool {
        match self {
            Self::Ready(_) | Self::Running | Self::Succeeded => true,
            Self::Initialized => pod_reason::cannot_initialize(pod),
            Self::Scheduled | Self::Failed | Self::Finished => false,
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(count) => write_counted(f, "ready", *count),
            other => f.write_str(other.past()),
        }
    }
}
