//! The pod's status as the kubelet writes it, and how it follows from the runtime: `generateAPIPodStatus`
//! and `convertToAPIContainerStatuses` (`pkg/kubelet/kubelet_pods.go`).

use std::time::Duration;

use super::actions::View;
use super::conditions::Conditions;
use super::role::Role;
use super::runtime::{Exited, Instance, Instances, Running};

/// `pod.status`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodStatus {
    /// As the kubelet has it. The API shows a terminal phase only once nothing runs any more, which
    /// `Change::Phase` tells.
    pub phase: Phase,
    /// Init containers first, then the others, in the spec's order.
    pub containers: Vec<ContainerStatus>,
    /// `Initialized`, `ContainersReady` and `Ready`.
    pub conditions: Conditions,
}

/// `containerStatuses[]` and `initContainerStatuses[]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContainerStatus {
    /// Stands for `containerID`; `None` before the first start, and when all containers begin anew.
    pub instance: Option<Instance>,
    /// `restartCount`.
    pub restarts: u32,
    /// `state`.
    pub state: State,
    /// `lastState`.
    pub last: Option<Exited>,
    /// `ready`.
    pub ready: bool,
    /// `started`.
    pub started: bool,
}

/// `state` of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// `waiting`.
    Waiting(Waiting),
    /// `running`.
    Running(Running),
    /// `terminated`.
    Terminated(Exited),
}

/// `state.waiting.reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// The first start is under way.
    ContainerCreating,
    /// Init containers come first.
    PodInitializing,
    /// `CrashLoopBackOff`, with the length of the back-off.
    BackOff(Duration),
    /// Its process could not be started.
    RunContainerError,
    /// Its postStart hook failed.
    PostStartHookError,
    /// All containers of the pod begin anew.
    RestartingAllContainers,
}

/// `phase`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Not everything was started yet.
    Pending,
    /// Everything was started, and something runs or will.
    Running,
    /// All ended with 0, for good.
    Succeeded,
    /// All ended, for good, and one not with 0.
    Failed,
}

// === impl Phase ===

impl Phase {
    /// Whether it is the last one.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }

    /// As the API writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
        }
    }
}

// === impl Waiting ===

impl Waiting {
    /// As the API writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ContainerCreating => "ContainerCreating",
            Self::PodInitializing => "PodInitializing",
            Self::BackOff(_) => "CrashLoopBackOff",
            Self::RunContainerError => "RunContainerError",
            Self::PostStartHookError => "PostStartHookError",
            Self::RestartingAllContainers => "RestartingAllContainers",
        }
    }
}

// === impl ContainerStatus ===

impl ContainerStatus {
    /// `convertToAPIContainerStatuses` for one container. `ready` and `started` are the prober's to fill in
    /// (`trigger.rs`), except for what `started` inherits.
    ///
    /// From 1.35 to 1.37 it inherits from whatever was published under this name; before and after, only from
    /// the same instance.
    pub(super) fn new(view: &View, old: Option<&Self>, first: Waiting, carries_over: bool) -> Self {
        let Instances { running, exited, exited_before, lost } = view.instances;
        let (instance, state, last) = match (running, exited) {
            (Some(running), _) => (Some(running.instance), State::Running(running), exited.or(lost)),
            (None, Some(exited)) => match view.held {
                Some(waiting) if view.comes_back() => {
                    (Some(exited.instance), State::Waiting(waiting), Some(exited))
                }
                _ => (Some(exited.instance), State::Terminated(exited), exited_before.or(lost)),
            },
            (None, None) => (None, State::Waiting(first), lost),
        };
        let inherits = old.is_some_and(|old| old.started && (carries_over || old.instance == instance));
        // What was taken away counts as restarted before the next one is there.
        let restarts = match (instance, lost) {
            (Some(instance), _) => instance.restart_count(),
            (None, Some(lost)) => lost.instance.next().restart_count(),
            (None, None) => 0,
        };
        let started = inherits && running.is_some();
        Self { instance, restarts, state, last, ready: false, started }
    }

    /// Whether it runs.
    #[must_use]
    pub const fn is_running(&self) -> bool {
        matches!(self.state, State::Running(_))
    }
}

/// `getPhase`. An init container that failed for good fails the pod; sidecars do not count.
pub(super) fn phase(views: &[View], is_initialized: bool, is_over: bool) -> Phase {
    let init_failed = views.iter().any(|view| {
        view.role == Role::Init
            && view.instances.running.is_none()
            && view.instances.exited.is_some_and(|exited| exited.exit_code != 0)
            && !view.comes_back()
    });
    if init_failed {
        return Phase::Failed;
    }
    let mut regular = views.iter().filter(|view| view.role == Role::Regular);
    if is_over {
        let all_well = regular.all(|view| view.instances.exited.is_some_and(|e| e.exit_code == 0));
        return if all_well { Phase::Succeeded } else { Phase::Failed };
    }
    // Containers that begin anew have a last state, and only an init container that runs is waited for.
    let begins_anew = views.iter().any(|view| view.instances.lost.is_some());
    let is_pending = if begins_anew {
        views.iter().any(|view| view.role == Role::Init && view.instances.running.is_some())
    } else {
        !is_initialized || regular.clone().any(|view| view.instances.is_none())
    };
    if is_pending {
        return Phase::Pending;
    }
    let goes_on =
        |view: &View| view.instances.running.is_some() || view.comes_back() || view.instances.is_none();
    if regular.clone().any(goes_on) {
        return Phase::Running;
    }
    let all_well = regular.all(|view| view.instances.exited.is_some_and(|exited| exited.exit_code == 0));
    if all_well { Phase::Succeeded } else { Phase::Failed }
}
