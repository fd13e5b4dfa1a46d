//! What the container runtime has to tell of a container, and how the kubelet comes to know it.

use super::time::Time;

/// Stands for a container ID: the how-manieth start of that container in its pod, which is also its
/// restart count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Instance(u32);

/// An instance that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Running {
    /// Which one.
    pub instance: Instance,
    /// When it began.
    pub started_at: Time,
}

/// An instance that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exited {
    /// Which one.
    pub instance: Instance,
    /// How.
    pub exit_code: i32,
    /// When it began.
    pub started_at: Time,
    /// When it ended.
    pub finished_at: Time,
    /// It was taken away when all containers began anew: its own end is forgotten.
    pub was_reset: bool,
}

/// One container's instances, as far as anybody looks at them: the one that runs and the two that ended last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Instances {
    pub(super) running: Option<Running>,
    pub(super) exited: Option<Exited>,
    pub(super) exited_before: Option<Exited>,
    /// The one that was taken away when all containers began anew.
    pub(super) lost: Option<Exited>,
}

// === impl Instance ===

impl Instance {
    /// The first start.
    pub const FIRST: Self = Self(0);

    /// The start after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }

    /// How often the container had been restarted when this instance began.
    #[must_use]
    pub const fn restart_count(self) -> u32 {
        self.0
    }
}

// === impl Exited ===

impl Exited {
    /// `state.terminated.reason`, as containerd gives it.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self.exit_code {
            _ if self.was_reset => "RestartingAllContainers",
            0 => "Completed",
            _ => "Error",
        }
    }
}

// === impl Instances ===

impl Instances {
    /// The running instance ended.
    pub(super) fn exit(&mut self, exit_code: i32, finished_at: Time) -> Option<Exited> {
        let Running { instance, started_at } = self.running.take()?;
        self.exited_before = self.exited;
        self.exited = Some(Exited { instance, exit_code, started_at, finished_at, was_reset: false });
        self.exited
    }

    /// Everything that ended is taken away; what is left is that something was (`removeContainer`).
    pub(super) fn reset(&mut self) {
        let newest = self.exited.or(self.lost);
        *self = Self {
            lost: newest.map(|exited| Exited { exit_code: 137, was_reset: true, ..exited }),
            ..Self::default()
        };
    }

    /// Whether no instance was ever created.
    pub(super) const fn is_none(&self) -> bool {
        self.running.is_none() && self.exited.is_none()
    }
}
