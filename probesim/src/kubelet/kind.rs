//! The three kinds of probe.

use std::fmt;

use super::results::Verdict;

/// A kind of probe. In the order in which `AddPod` creates a container's workers
/// (`pkg/kubelet/prober/prober_manager.go`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Holds the others back until it has succeeded once.
    Startup,
    /// Decides over Ready.
    Readiness,
    /// Decides over restarts.
    Liveness,
}

// === impl Kind ===

impl Kind {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Startup, Self::Readiness, Self::Liveness];

    /// The field of a container that holds the probe.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::Startup => "startupProbe",
            Self::Readiness => "readinessProbe",
            Self::Liveness => "livenessProbe",
        }
    }

    /// The result that a container has before its first probe (`newWorker`, `pkg/kubelet/prober/worker.go`).
    pub(super) const fn initial(self) -> Verdict {
        match self {
            Self::Startup => Verdict::Unknown,
            Self::Readiness => Verdict::Failure,
            Self::Liveness => Verdict::Success,
        }
    }
}

impl fmt::Display for Kind {
    /// As the kubelet begins its messages.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Startup => "Startup",
            Self::Readiness => "Readiness",
            Self::Liveness => "Liveness",
        })
    }
}
