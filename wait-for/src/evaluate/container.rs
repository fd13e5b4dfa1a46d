//! A container's own status in words: which one it is, how it ended, why it cannot be made.

use super::image::{self, Cure};
use super::pod::{ContainerStatus, Pod, Terminated};
use super::pod_reason::{Class, INVALID_IMAGE_NAME, Rank, Unsaid, Why};
use super::replicas::counted;
use super::words::cause;
use crate::message::clean_whole;

/// The container that a reason is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: Box<str>,
    /// What it is to the pod.
    pub role: Role,
    /// Whether the pod has no other that could be meant.
    pub is_alone: bool,
    /// When the run began that has ended, where one has.
    pub ran_from: Option<Box<str>>,
}

/// What a container is to its pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// One of `containers`.
    App,
    /// One of `initContainers` that has to end.
    Init,
    /// One of `initContainers` that goes on: <https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/>
    Sidecar,
}

/// A container's status, and which container that is.
#[derive(Clone, Copy)]
pub(super) struct Container<'a> {
    pub(super) status: &'a ContainerStatus,
    pub(super) role: Role,
    is_alone: bool,
}

// === impl Part ===

impl Part {
    /// `sidecar proxy`
    pub(crate) fn label(&self) -> String {
        clean_whole(&format!("{} {}", self.role.noun(), self.name))
    }
}

// === impl Role ===

impl Role {
    const fn noun(self) -> &'static str {
        match self {
            Self::App => "container",
            Self::Init => "init container",
            Self::Sidecar => "sidecar",
        }
    }
}

// === impl Container ===

/// The init containers, sidecars among them, in the spec's order, as the kubelet keeps it.
pub(super) fn init(pod: &Pod) -> impl Iterator<Item = Container<'_>> + Clone {
    let is_sidecar = |name: &str| {
        let container = pod.spec.init_containers.iter().find(|container| &*container.name == name);
        container.and_then(|container| container.restart_policy.as_deref()) == Some("Always")
    };
    pod.status.init_container_statuses.iter().map(move |status| {
        let role = if is_sidecar(&status.name) { Role::Sidecar } else { Role::Init };
        Container { status, role, is_alone: false }
    })
}

/// The containers that the pod is for.
pub(super) fn apps(pod: &Pod) -> impl Iterator<Item = Container<'_>> + Clone {
    let statuses = &pod.status.container_statuses;
    let is_alone = statuses.len() == 1 && sidecars(pod).next().is_none();
    statuses.iter().map(move |status| Container { status, role: Role::App, is_alone })
}

/// What runs beside them.
pub(super) fn sidecars(pod: &Pod) -> impl Iterator<Item = Container<'_>> + Clone {
    init(pod).filter(|container| container.role == Role::Sidecar)
}

impl<'a> Container<'a> {
    pub(super) fn part(self) -> Part {
        let Self { status, role, is_alone } = self;
        let ended = status.state.terminated.as_ref().or(status.last_state.terminated.as_ref());
        let ran_from = ended.and_then(|ended| ended.started_at.clone());
        Part { name: status.name.clone(), role, is_alone, ran_from }
    }

    pub(super) fn label(self) -> String {
        self.part().label()
    }

    pub(super) fn waiting_reason(self) -> &'a str {
        self.status.state.waiting.as_ref().map_or("", |waiting| &waiting.reason)
    }

    /// How it ended, where it ended badly and does not run again.
    pub(super) fn failure(self) -> Option<&'a Terminated> {
        self.status.state.terminated.as_ref().filter(|terminated| terminated.exit_code != 0)
    }

    pub(super) fn running_since(self) -> Option<&'a str> {
        self.status.state.running.as_ref().and_then(|running| running.started_at.as_deref())
    }

    /// `, 7 restarts`, or nothing.
    pub(super) fn restarts(self) -> String {
        match self.status.restart_count {
            0 => String::new(),
            count => format!(", {}", counted(count, "restart")),
        }
    }

    /// `container api: CrashLoopBackOff: exit 137 OOMKilled, 7 restarts: MESSAGE`, where it has ended badly or waits to
    /// be started again.
    pub(super) fn crash(self, rank: Rank) -> Option<Why> {
        let is_backing_off = self.waiting_reason() == "CrashLoopBackOff";
        let last = self.status.last_state.terminated.as_ref().filter(|_| is_backing_off);
        let terminated = self.failure().or(last);
        if !is_backing_off && terminated.is_none() {
            return None;
        }
        let back_off = if is_backing_off { "CrashLoopBackOff" } else { "" };
        let separator = if is_backing_off && terminated.is_some() { ": " } else { "" };
        let exit_code = terminated.map(exit).unwrap_or_default();
        let message = terminated.map(|terminated| cause(&terminated.message)).unwrap_or_default();
        let colon = if message.is_empty() { "" } else { ": " };
        let text =
            format!("{}: {back_off}{separator}{exit_code}{}{colon}{message}", self.label(), self.restarts());
        let word = if is_backing_off { "CrashLoopBackOff" } else { &exit_code };
        let is_known = terminated
            .is_some_and(|ended| matches!(&*ended.reason, "OOMKilled" | "StartError" | "ContainerCannotRun"));
        Some(Why {
            class: Class::Crash(self.status.restart_count),
            since: terminated.and_then(|terminated| terminated.finished_at.clone()),
            unsaid: if is_known { Unsaid::Nothing } else { Unsaid::End },
            part: Some(self.part()),
            ..Why::new(rank, word, text)
        })
    }

    /// `container postgres ImagePullBackOff (registry: not found)`, `container api: CreateContainerConfigError: MESSAGE`
    pub(super) fn cannot_be_made(self, rank: Rank) -> Option<Why> {
        let waiting = self.status.state.waiting.as_ref()?;
        let reason = &*waiting.reason;
        let problem = image::class(&waiting.message).filter(|_| image::is_pull(reason));
        let text = match problem {
            Some((class, _)) => clean_whole(&format!("{} {reason} (registry: {class})", self.label())),
            None => {
                let message = cause(&waiting.message);
                let colon = if message.is_empty() { "" } else { ": " };
                clean_whole(&format!("{}: {reason}{colon}{message}", self.label()))
            }
        };
        let class = match (reason, problem) {
            (INVALID_IMAGE_NAME, _) => Class::InvalidImage,
            (_, Some((_, Cure::Somebody))) => Class::ImageRefused,
            ("ErrImageNeverPull" | "SignatureValidationFailed" | "ImageInspectError", _) => {
                Class::ImageUnusable
            }
            ("RunContainerError" | "PostStartHookError", _) => Class::Crash(self.status.restart_count),
            _ if waiting.message.contains("runAsNonRoot") => Class::RunAsNonRoot,
            _ => Class::Other,
        };
        let is_unexplained = problem.is_none() && image::is_pull(reason);
        let unsaid = if is_unexplained { Unsaid::Pull } else { Unsaid::Nothing };
        Some(Why { class, unsaid, part: Some(self.part()), ..Why::new(rank, reason, text) })
    }
}

/// `exit 137 OOMKilled`
pub(super) fn exit(terminated: &Terminated) -> String {
    let space = if terminated.reason.is_empty() { "" } else { " " };
    clean_whole(&format!("exit {}{space}{}", terminated.exit_code, terminated.reason))
}
