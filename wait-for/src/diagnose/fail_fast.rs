//! When waiting is given up: readiness.md 2, the rows that related objects show.

use std::time::Duration;

use crate::evaluate::{Check, job, pod};
use crate::verdict::Verdict;

/// How sure one has to be to give up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FailFast {
    /// Only where nothing but an edit can help.
    #[default]
    Certain,
    /// Also where experience says that it will not get better.
    Likely,
    /// Never.
    Off,
}

/// A row of the table: a state that somebody may want to give up on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// 7: every new pod's image reference cannot be parsed.
    InvalidImage,
    /// 11: the rollout's deadline has passed, though something else is waited for.
    DeadlinePassed,
    /// 15: the gate waits for its own controller.
    OwnController,
    /// 16: the registry says no.
    ImageRefused,
    /// 18: every new pod ends badly; the least restarts of any.
    Crash(i64),
    /// 20: the image wants to run as root and may not.
    RunAsNonRoot,
    /// 21: the nodes will not take or use the image.
    ImageUnusable,
    /// 25: admission denies the pods.
    CreationDenied,
    /// 27: the namespace is going away.
    NamespaceTerminating,
    /// 28: a broken pod of an older revision is in the way.
    BlockedByOldPod,
    /// 28: a pod of a revision that was taken back is not ready, and nothing replaces it.
    Withdrawn,
}

/// What may be somebody's slip of a minute is given that minute.
const PATIENCE: Duration = Duration::from_secs(60);
/// What runs may still get ready, though nothing is done about it.
const START: Duration = Duration::from_secs(10);
/// A container that ended so often is not waiting for a slow dependency.
const RESTARTS: i64 = 5;

impl FailFast {
    /// The words of `--fail-fast`.
    pub const WORDS: [(&'static str, Self); 3] =
        [("certain", Self::Certain), ("likely", Self::Likely), ("off", Self::Off)];

    /// What becomes of a verdict under this policy, before any diagnosis.
    #[must_use]
    pub fn temper(self, verdict: Verdict) -> Verdict {
        match (self, verdict) {
            (Self::Off, Verdict::Failed(finding)) => Verdict::NotYet(finding),
            (_, verdict) => verdict,
        }
    }

    /// How long a state has to last before it ends the wait; `None` where it never does.
    #[must_use]
    pub fn patience(self, row: Row) -> Option<Duration> {
        match (self, row) {
            (Self::Certain | Self::Likely, Row::InvalidImage) => Some(Duration::ZERO),
            (Self::Off | Self::Certain, _) => None,
            (Self::Likely, Row::ImageRefused | Row::CreationDenied) => Some(PATIENCE),
            (Self::Likely, Row::Withdrawn) => Some(START),
            (Self::Likely, Row::Crash(restarts)) => (restarts >= RESTARTS).then_some(Duration::ZERO),
            (
                Self::Likely,
                Row::DeadlinePassed
                | Row::OwnController
                | Row::RunAsNonRoot
                | Row::ImageUnusable
                | Row::NamespaceTerminating
                | Row::BlockedByOldPod,
            ) => Some(Duration::ZERO),
        }
    }

    /// Whether a state that has lasted so long ends the wait.
    #[must_use]
    pub fn gives_up(self, row: Row, lasted: Duration) -> bool {
        self.patience(row).is_some_and(|patience| lasted >= patience)
    }
}

/// Whether pods that do not come up keep a check from being met: not where failing is what is waited for, nor where
/// a bare condition or field is.
#[must_use]
pub fn needs_pods(check: &Check) -> bool {
    match check {
        Check::Deployment(_) | Check::StatefulSet(_) | Check::DaemonSet(_) | Check::ReplicaSet(_) => true,
        Check::Job(condition) => matches!(condition, job::Condition::Complete | job::Condition::Succeeded),
        Check::Pod(condition) => matches!(condition, pod::Condition::Ready(_) | pod::Condition::Succeeded),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn off_never_gives_up_and_certain_only_on_what_needs_an_edit() {
        let rows = [
            Row::InvalidImage,
            Row::DeadlinePassed,
            Row::OwnController,
            Row::ImageRefused,
            Row::Crash(100),
            Row::RunAsNonRoot,
            Row::ImageUnusable,
            Row::CreationDenied,
            Row::NamespaceTerminating,
            Row::BlockedByOldPod,
            Row::Withdrawn,
        ];
        for row in rows {
            assert!(!FailFast::Off.gives_up(row, PATIENCE), "{row:?}");
            assert_eq!(FailFast::Certain.gives_up(row, PATIENCE), row == Row::InvalidImage, "{row:?}");
            assert!(FailFast::Likely.gives_up(row, PATIENCE), "{row:?}");
        }
    }

    #[test]
    fn likely_has_its_thresholds() {
        let likely = |row, seconds| FailFast::Likely.gives_up(row, Duration::from_secs(seconds));
        assert!(!likely(Row::ImageRefused, 59) && likely(Row::ImageRefused, 60));
        assert!(!likely(Row::CreationDenied, 59) && likely(Row::CreationDenied, 60));
        assert!(!likely(Row::Crash(4), 600) && likely(Row::Crash(5), 0));
        assert!(FailFast::Likely.gives_up(Row::RunAsNonRoot, NOW));
    }

    #[test]
    fn a_check_that_waits_for_the_end_does_not_need_pods_that_start() {
        let check = |kind: &str, condition| Check::parse(&kind.parse().unwrap(), condition).unwrap();
        let needs = |kind, condition| needs_pods(&check(kind, condition));
        assert!(needs("deployment", "available") && needs("statefulset", "rolled-out"));
        assert!(needs("job", "complete") && !needs("job", "failed") && !needs("job", "finished"));
        assert!(needs("pod", "ready") && !needs("pod", "failed") && !needs("deployment", "exists"));
        assert!(!needs("deployment", "condition=Available"));
    }
}
