//! Where kubelets differ, and what a race or the clock of another goroutine decides.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

use super::time::Time;

/// How the kubelet around the prober behaves.
#[derive(Clone, Debug)]
pub struct Settings {
    /// When the kubelet itself started. `None`: long ago, so that no worker sleeps before its first turn.
    pub kubelet_started: Option<Time>,
    /// kubernetes#141155: `started` goes over to the next instance of a container by its name.
    pub started_carry_over: bool,
    /// `PLEGOnDemandRelist`: how long after a SyncPod that did something the pod is looked at again.
    /// `None`: only the generic relist sees it.
    pub relist_after_sync: Option<Duration>,
    /// The generic relist of the PLEG; zero sees everything at once.
    pub relist_period: Duration,
    /// Where its grid lies.
    pub relist_phase: Duration,
    /// Whether a worker that a SyncPod triggers looks at the status before or after it is published.
    pub race: Race,
    /// When the work queue syncs a pod that nothing else has synced.
    pub requeue: Requeue,
    /// `crashLoopBackOff.maxContainerRestartPeriod`, or less with `ReduceDefaultCrashLoopBackOffDecay`.
    pub max_restart_period: Duration,
    /// The first back-off.
    pub base_restart_period: Duration,
    /// `ContainerRestartRules` and `RestartAllContainersOnContainerExits`.
    pub restart_rules: RestartRules,
    /// kubernetes#140881: exec probes of readiness are not made while the pod ends, and it stays as it was.
    pub is_exec_frozen_at_the_end: bool,
}

/// Which `restartPolicyRules` are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestartRules {
    /// None: the API drops them.
    None,
    /// `Restart`.
    Restart,
    /// `Restart` and `RestartAllContainers`.
    All,
}

/// `UpdatePodStatus` triggers a worker before `SetPodStatus`; on which side the worker comes out is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Race {
    /// The worker finds the new status.
    PublishFirst,
    /// The worker finds the old one. Its ticks begin anew all the same.
    WorkerFirst,
    /// One or the other, by a fair coin.
    Either,
}

/// The work queue (`completeWork`, `pkg/kubelet/pod_workers.go`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requeue {
    /// A back-off ends to the moment, and idle pods are not synced.
    Ideal,
    /// As the kubelet does: with jitter, found by a poll every second, idle pods every 60 to 90 s.
    Jittered,
    /// Only when the model's user calls `sync`.
    Never,
}

/// A version of Kubernetes, such as `1.36.2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    minor: u16,
    patch: u16,
}

/// Not a version.
#[derive(Debug, Error)]
pub enum NotAVersion {
    /// It does not look like one.
    #[error("\"{0}\" is not a version of Kubernetes such as 1.36 or 1.36.2")]
    Malformed(String),
    /// Nobody has looked at it.
    #[error("what Kubernetes {0} does is not known here; write 1.{OLDEST} to 1.{NEWEST}, such as 1.36.2")]
    Unknown(String),
}

/// The oldest minor version that is followed.
const OLDEST: u16 = 29;
/// And the newest.
const NEWEST: u16 = 38;

// === impl Settings ===

impl Settings {
    /// No latency, no jitter, the races decided in favour of the status: what a rule means, undisturbed.
    #[must_use]
    pub const fn ideal() -> Self {
        Self {
            kubelet_started: None,
            started_carry_over: false,
            relist_after_sync: Some(Duration::ZERO),
            relist_period: Duration::ZERO,
            relist_phase: Duration::ZERO,
            race: Race::PublishFirst,
            requeue: Requeue::Ideal,
            max_restart_period: Duration::from_secs(300),
            base_restart_period: Duration::from_secs(10),
            restart_rules: RestartRules::All,
            is_exec_frozen_at_the_end: false,
        }
    }

    /// As a kubelet of that version behaves, with its default feature gates.
    ///
    /// The on-demand relist came with 1.36 and takes 10 to 100 ms; 20 ms stand for it here.
    #[must_use]
    pub fn of(version: Version) -> Self {
        Self {
            started_carry_over: version.carries_started_over(),
            relist_after_sync: version.relists_on_demand().then_some(Duration::from_millis(20)),
            relist_period: Duration::from_secs(1),
            requeue: Requeue::Jittered,
            restart_rules: version.restart_rules(),
            is_exec_frozen_at_the_end: version.freezes_exec_at_the_end(),
            ..Self::ideal()
        }
    }

    /// `isRestart`, `pkg/kubelet/prober/worker.go`: the container was there 10 s before the kubelet. The
    /// API's `startedAt` counts, and that has no fractions.
    pub(super) fn is_older_than_kubelet(&self, started_at: Time) -> bool {
        self.kubelet_started
            .is_some_and(|start| start.since(started_at.whole_second()) > Duration::from_secs(10))
    }
}

// === impl Version ===

impl Version {
    /// The newest that the model was compared with.
    pub const V1_36_2: Self = Self { minor: 36, patch: 2 };

    /// The second number.
    #[must_use]
    pub const fn minor(self) -> u16 {
        self.minor
    }

    /// kubernetes#141155 came with 1.35.0; #141342 mends it in 1.38.0. No release of 1.35 to 1.37 has that yet:
    /// the cherry-picks (#142041 to #142043) are open.
    #[must_use]
    pub const fn carries_started_over(self) -> bool {
        matches!(self.minor, 35..=37)
    }

    /// kubernetes#140881: seen in all releases of 1.35, and neither before nor after.
    #[must_use]
    pub const fn freezes_exec_at_the_end(self) -> bool {
        self.minor == 35
    }

    /// `ContainerRestartRules` is on by default from 1.35, `RestartAllContainersOnContainerExits` from 1.36.
    #[must_use]
    pub const fn restart_rules(self) -> RestartRules {
        match self.minor {
            ..35 => RestartRules::None,
            35 => RestartRules::Restart,
            _ => RestartRules::All,
        }
    }

    /// `ContainerStopSignals` is to be on by default from 1.37 (KEP-4960; not seen in a release).
    #[must_use]
    pub const fn sends_stop_signals(self) -> bool {
        self.minor >= 37
    }

    /// kubernetes#142457: from 1.38 on a gRPC probe that is refused fails at once, instead of trying until its
    /// timeout.
    #[must_use]
    pub const fn grpc_fails_fast(self) -> bool {
        self.minor >= 38
    }

    /// The gate `PLEGOnDemandRelist` is on by default from 1.36.
    #[must_use]
    pub const fn relists_on_demand(self) -> bool {
        self.minor >= 36
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}.{}", self.minor, self.patch)
    }
}

impl FromStr for Version {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let parse = || {
            let mut parts = text.strip_prefix('v').unwrap_or(text).splitn(3, '.');
            let (major, minor, patch) = (parts.next()?, parts.next()?, parts.next().unwrap_or("0"));
            let version = Self { minor: minor.parse().ok()?, patch: patch.parse().ok()? };
            (major == "1").then_some(version)
        };
        let version = parse().ok_or_else(|| NotAVersion::Malformed(text.into()))?;
        let is_known = (OLDEST..=NEWEST).contains(&version.minor);
        is_known.then_some(version).ok_or_else(|| NotAVersion::Unknown(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn started_is_carried_over_from_1_35_0_to_the_last_1_37() {
        for (version, carries) in [
            ("1.34.9", false),
            ("v1.35.0", true),
            ("1.35", true),
            ("1.36.2", true),
            ("1.36.4", true),
            ("1.37.0", true),
            ("1.38.0", false),
        ] {
            assert_eq!(
                version.parse::<Version>().expect(version).carries_started_over(),
                carries,
                "{version}"
            );
        }
    }

    #[test]
    fn a_version_has_a_major_of_one() {
        assert!("2.1".parse::<Version>().is_err());
        assert!("1".parse::<Version>().is_err());
        assert!("1.x".parse::<Version>().is_err());
    }

    #[test]
    fn a_version_that_nobody_has_looked_at_is_refused_with_those_that_are_followed() {
        for unknown in ["1.28.9", "1.39", "v1.99.0"] {
            let refused = unknown.parse::<Version>().expect_err(unknown).to_string();
            assert!(refused.ends_with("write 1.29 to 1.38, such as 1.36.2"), "{refused}");
        }
        assert!(["1.29", "1.38.0"].iter().all(|known| known.parse::<Version>().is_ok()));
    }

    #[test]
    fn what_a_version_follows_comes_and_goes_with_its_minor() {
        let of = |text: &str| text.parse::<Version>().expect(text);
        assert_eq!(of("1.34.3").restart_rules(), RestartRules::None);
        assert_eq!(of("1.35.1").restart_rules(), RestartRules::Restart);
        assert_eq!(of("1.36.0").restart_rules(), RestartRules::All);
        let frozen = ["1.34.9", "1.35.0", "1.35.7", "1.36.2"].map(|text| of(text).freezes_exec_at_the_end());
        assert_eq!(frozen, [false, true, true, false]);
        assert!(of("1.38").grpc_fails_fast() && !of("1.37.9").grpc_fails_fast());
    }
}
