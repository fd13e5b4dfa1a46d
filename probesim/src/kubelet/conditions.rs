//! The pod's conditions: `pkg/kubelet/status/generate.go`.

use super::role::Role;
use super::status::{ContainerStatus, Phase};
use super::time::Time;

/// The conditions that the kubelet writes and that containers decide over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conditions {
    /// Every init container ended well, and every sidecar has started.
    pub initialized: Condition,
    /// Every container and every sidecar is ready.
    pub containers_ready: Condition,
    /// The same, and every readiness gate is True.
    pub ready: Condition,
    /// All containers begin anew; only of a pod with a rule that can have it so.
    pub all_restarting: Option<Condition>,
}

/// One condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `True` or `False`.
    pub is_true: bool,
    /// Why not.
    pub reason: Option<Reason>,
    /// `lastTransitionTime`.
    pub since: Time,
}

/// `reason` of a condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// `ContainersNotInitialized`.
    ContainersNotInitialized,
    /// `ContainersNotReady`.
    ContainersNotReady,
    /// `ReadinessGatesNotReady`.
    ReadinessGatesNotReady,
    /// `PodCompleted`.
    PodCompleted,
    /// `PodFailed`.
    PodFailed,
    /// `RestartAllContainersStarted`.
    RestartAllContainersStarted,
}

// === impl Conditions ===

impl Conditions {
    /// Those of a pod of which nothing was started.
    pub(super) const fn none(now: Time) -> Self {
        let condition = Condition { is_true: false, reason: None, since: now };
        Self { initialized: condition, containers_ready: condition, ready: condition, all_restarting: None }
    }

    /// The conditions that follow from `containers`; a condition that stays keeps its time.
    pub(super) fn follow(
        self,
        phase: Phase,
        containers: &[ContainerStatus],
        roles: &[Role],
        gates: &[Option<bool>],
        now: Time,
    ) -> Self {
        // Once initialized, a pod stays so, also when its init containers run again.
        let was_initialized = self.initialized.is_true && containers.iter().any(|it| it.restarts > 0);
        let is_incomplete = !was_initialized && incomplete(containers, roles).next().is_some();
        let initialized = match phase {
            Phase::Succeeded => self.initialized.complete(now),
            _ => self.initialized.turn(is_incomplete.then_some(Reason::ContainersNotInitialized), now),
        };
        let containers_ready = match phase {
            Phase::Succeeded => Some(Reason::PodCompleted),
            Phase::Failed => Some(Reason::PodFailed),
            Phase::Pending | Phase::Running => {
                unready(containers, roles).next().map(|_| Reason::ContainersNotReady)
            }
        };
        let ready = containers_ready.or_else(|| {
            gates.iter().any(|gate| *gate != Some(true)).then_some(Reason::ReadinessGatesNotReady)
        });
        Self {
            initialized,
            containers_ready: self.containers_ready.turn(containers_ready, now),
            ready: self.ready.turn(ready, now),
            all_restarting: self.all_restarting,
        }
    }
}

// === impl Condition ===

impl Condition {
    /// True, and with a reason: Initialized of a pod that has succeeded.
    fn complete(self, now: Time) -> Self {
        Self { reason: Some(Reason::PodCompleted), ..self.turn(None, now) }
    }

    /// True with a reason, or False without one: AllContainersRestarting.
    pub(super) fn stand(before: Option<Self>, is_true: bool, reason: Option<Reason>, now: Time) -> Self {
        let since = before.filter(|before| before.is_true == is_true).map_or(now, |before| before.since);
        Self { is_true, reason, since }
    }

    fn turn(self, reason: Option<Reason>, now: Time) -> Self {
        let is_true = reason.is_none();
        Self { is_true, reason, since: if is_true == self.is_true { self.since } else { now } }
    }
}

// === impl Reason ===

impl Reason {
    /// As the API writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ContainersNotInitialized => "ContainersNotInitialized",
            Self::ContainersNotReady => "ContainersNotReady",
            Self::ReadinessGatesNotReady => "ReadinessGatesNotReady",
            Self::PodCompleted => "PodCompleted",
            Self::PodFailed => "PodFailed",
            Self::RestartAllContainersStarted => "RestartAllContainersStarted",
        }
    }
}

/// The containers that keep ContainersReady from being True, sidecars first.
pub(super) fn unready<'a>(
    containers: &'a [ContainerStatus],
    roles: &'a [Role],
) -> impl Iterator<Item = usize> + 'a {
    (0..containers.len()).filter(|&index| roles[index].is_probed() && !containers[index].ready)
}

/// The init containers that keep Initialized from being True. Once a regular container was created, none
/// does any more.
pub(super) fn incomplete<'a>(
    containers: &'a [ContainerStatus],
    roles: &'a [Role],
) -> impl Iterator<Item = usize> + 'a {
    let is_past = containers
        .iter()
        .zip(roles)
        .any(|(status, role)| *role == Role::Regular && status.instance.is_some());
    (0..containers.len()).filter(move |&index| match roles[index] {
        Role::Regular => false,
        _ if is_past => false,
        Role::Init => !containers[index].ready,
        Role::Sidecar => !containers[index].started,
    })
}

/// `message` of ContainersReady and, for the same reason, of Ready.
pub(super) fn containers_message<'a>(
    reason: Reason,
    containers: &[ContainerStatus],
    roles: &[Role],
    name: impl Fn(usize) -> &'a str,
) -> Option<String> {
    let (what, which): (_, Vec<&str>) = match reason {
        Reason::ContainersNotReady => ("unready", unready(containers, roles).map(name).collect()),
        Reason::ContainersNotInitialized => ("incomplete", incomplete(containers, roles).map(name).collect()),
        _ => return None,
    };
    Some(format!("containers with {what} status: [{}]", which.join(" ")))
}

/// `message` of Ready while a gate is not True.
pub(super) fn gates_message<'a>(gates: impl Iterator<Item = (&'a str, Option<bool>)>) -> String {
    let lines: Vec<String> = gates
        .filter_map(|(name, status)| match status {
            Some(true) => None,
            Some(false) => {
                Some(format!("the status of pod readiness gate \"{name}\" is not \"True\", but False"))
            }
            None => Some(format!("corresponding condition of pod readiness gate \"{name}\" does not exist.")),
        })
        .collect();
    lines.join(", ")
}
