//! The events that the kubelet reports of a pod, with its words.

use super::attempt::Doubt;
use super::kill::Cause;
use super::kind::Kind;
use super::pod::Pod;
use super::role::Role;

/// What the status and an event say of a pod that was active for too long.
pub const LATE: &str = "Pod was active on the node longer than the specified deadline";

/// An event of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A probe failed, whether or not the threshold was reached.
    Unhealthy {
        /// Of which container.
        container: usize,
        /// Which probe.
        kind: Kind,
        /// What the handler said.
        output: Box<str>,
    },
    /// A probe could not tell, three times over.
    Errored {
        /// Of which container.
        container: usize,
        /// Which probe.
        kind: Kind,
        /// What it is taken for in the message.
        doubt: Doubt,
        /// The error.
        output: Box<str>,
    },
    /// A redirect that was not followed.
    ProbeWarning {
        /// Of which container.
        container: usize,
        /// Which probe.
        kind: Kind,
        /// What the handler said.
        output: Box<str>,
    },
    /// A container is being stopped.
    Killing {
        /// Which one.
        container: usize,
        /// Why, as far as the message tells.
        cause: Cause,
        /// Whether another instance follows.
        will_restart: bool,
    },
    /// A start has to wait.
    BackOff {
        /// Of which container.
        container: usize,
        /// The whole wait, from the end of the last instance.
        delay: std::time::Duration,
    },
    /// The hook after a start failed.
    FailedPostStartHook {
        /// Of which container.
        container: usize,
    },
    /// A process could not be started.
    NotStarted {
        /// Of which container.
        container: usize,
        /// The runtime's words.
        why: Box<str>,
    },
    /// `activeDeadlineSeconds` are over.
    DeadlineExceeded,
    /// A container was created.
    Created {
        /// Which one.
        container: usize,
    },
    /// A container was started.
    Started {
        /// Which one.
        container: usize,
    },
}

// === impl Event ===

impl Event {
    /// `type`.
    #[must_use]
    pub const fn severity(&self) -> &'static str {
        match self {
            Self::Killing { .. } | Self::Created { .. } | Self::Started { .. } | Self::DeadlineExceeded => {
                "Normal"
            }
            Self::Unhealthy { .. }
            | Self::Errored { .. }
            | Self::ProbeWarning { .. }
            | Self::FailedPostStartHook { .. }
            | Self::NotStarted { .. }
            | Self::BackOff { .. } => "Warning",
        }
    }

    /// `reason`.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Unhealthy { .. } | Self::Errored { .. } => "Unhealthy",
            Self::ProbeWarning { .. } => "ProbeWarning",
            Self::Killing { .. } => "Killing",
            Self::BackOff { .. } => "BackOff",
            Self::FailedPostStartHook { .. } => "FailedPostStartHook",
            Self::NotStarted { .. } => "Failed",
            Self::DeadlineExceeded => "DeadlineExceeded",
            Self::Created { .. } => "Created",
            Self::Started { .. } => "Started",
        }
    }

    /// Which container `involvedObject.fieldPath` names; none of what is about the whole pod.
    #[must_use]
    pub const fn container(&self) -> Option<usize> {
        match self {
            Self::Unhealthy { container, .. }
            | Self::Errored { container, .. }
            | Self::ProbeWarning { container, .. }
            | Self::Killing { container, .. }
            | Self::BackOff { container, .. }
            | Self::FailedPostStartHook { container }
            | Self::NotStarted { container, .. }
            | Self::Created { container }
            | Self::Started { container } => Some(*container),
            Self::DeadlineExceeded => None,
        }
    }

    /// `message`.
    #[must_use]
    pub fn message(&self, pod: &Pod) -> String {
        let name = self.container().map_or("", |index| pod.container(index).name.as_str());
        match self {
            Self::Unhealthy { kind, output, .. } => format!("{kind} probe failed: {output}"),
            Self::Errored { kind, doubt, output, .. } => {
                let state = match doubt {
                    Doubt::Failure => "failure",
                    Doubt::Unknown => "unknown",
                };
                format!("{kind} probe errored and resulted in {state} state: {output}")
            }
            Self::ProbeWarning { kind, output, .. } => format!("{kind} probe warning: {output}"),
            Self::Killing { container, cause, will_restart } => {
                let probe = match cause {
                    Cause::Liveness => "liveness",
                    Cause::Startup => "startup",
                    Cause::PostStart => return "FailedPostStartHook".into(),
                    Cause::PodEnds => return format!("Stopping container {name}"),
                };
                if pod.role(*container) != Role::Regular {
                    return format!("Init container {name} failed {probe} probe");
                }
                let end = if *will_restart { ", will be restarted" } else { "" };
                format!("Container {name} failed {probe} probe{end}")
            }
            Self::BackOff { .. } => {
                format!("Back-off restarting failed container {name} in pod {}", pod.identity().event_name())
            }
            Self::FailedPostStartHook { .. } => "PostStartHook failed".into(),
            Self::NotStarted { why, .. } => format!("Error: {why}"),
            Self::DeadlineExceeded => LATE.into(),
            Self::Created { .. } => "Container created".into(),
            Self::Started { .. } => "Container started".into(),
        }
    }
}
