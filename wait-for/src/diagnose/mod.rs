//! Why a target is not ready, in one line: readiness.md 3.
//!
//! The rules are plain functions: what to read for which target (`related`), which pods are of the newest revision
//! (`revision`), where the trouble is (`focus`), what events add to it (`pod_events`, `creation`), the line (`explain`),
//! when to read (`schedule`), what may be read (`rights`) and when to give up (`fail_fast`). Around them, `reader` reads
//! through the API, on a connection that all targets share (`ward`), in step (`pace`) and once for all who ask the same
//! (`kept`); `doctor` makes rounds of it, and `beside` does so while a target is not met.
//!
//! A diagnosis never changes a verdict, except where the policy of [`FailFast`] says so, and never fails.

pub mod beside;
mod creation;
pub mod doctor;
mod event;
mod explain;
pub mod fail_fast;
mod focus;
mod kept;
mod leaving;
pub mod own_pod;
mod pace;
mod patient;
mod pod_events;
mod probe;
mod reader;
mod related;
mod revision;
pub mod rights;
pub mod schedule;
mod subject;
#[cfg(test)]
mod tests;
pub mod ward;

use tokio::time::Instant;

pub use self::explain::Explanation;
pub use self::fail_fast::FailFast;
use self::leaving::LEAVING;
pub use self::own_pod::OwnPod;
use crate::message::cut;
use crate::target::Which;
use crate::verdict::{Finding, Verdict};

/// What a round of reading has come to.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// What is wrong.
    pub explanation: Explanation,
    /// Since when.
    pub since: Instant,
    /// Whether the policy says to give up; it was read twice.
    pub is_hopeless: bool,
}

/// Findings that only say that something is not there.
const NO_CAUSES: [&str; 2] = ["no endpoint", "no EndpointSlice"];
/// What a Service says of them, where its pods say more.
const GOING: &str = ", all terminating";
/// So much of the finding's own cause is kept before another.
const OWN: usize = 110;
/// A Service's port that no pod offers is a mistake of its own, whatever its pods do.
const PORT: &str = "(targetPort)";

/// A cause that is better than the finding's own, and what follows from it. Both are safe to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Because {
    /// Such as `pod web-0: container web ImagePullBackOff (registry: not found)`.
    pub cause: String,
    /// Such as `run: kubectl delete pod web-0`.
    pub hint: Option<String>,
}

/// Whether a diagnosis that was begun when `examined` was found still is one of what is found `now`. How many other
/// objects of a selection are not ready is no news of the one that was looked into.
#[must_use]
pub fn is_current(which: &Which, examined: &Finding, now: &Finding) -> bool {
    let cause = |finding: &'_ Finding| {
        let cause = finding.cause.clone().unwrap_or_default();
        cause.split(" (+").next().map(ToOwned::to_owned)
    };
    match which {
        Which::Name(_) => examined == now,
        Which::Selector(_) => cause(examined) == cause(now),
    }
}

impl Because {
    /// Whether the verdict reads the same without it.
    #[must_use]
    pub fn says(&self, verdict: &Verdict) -> bool {
        self.hint.is_none() && verdict.finding().cause.as_ref() == Some(&self.cause)
    }
}

impl Diagnosis {
    /// The verdict with the diagnosis, where there is something to explain. What `is_final`, a failure that is only
    /// doubted included, keeps its own cause.
    #[must_use]
    pub fn apply(&self, verdict: Verdict, is_final: bool) -> (Verdict, Option<Because>) {
        let (finding, was_failed) = match verdict {
            Verdict::NotYet(finding) => (finding, false),
            Verdict::Failed(finding) => (finding, true),
            Verdict::Met(_) | Verdict::Misused(_) => return (verdict, None),
        };
        let because = self.because(&finding, is_final || was_failed);
        let verdict = if self.is_hopeless && !was_failed {
            Verdict::Failed(Finding::because(finding.state, because.cause.clone()))
        } else if was_failed {
            Verdict::Failed(finding)
        } else {
            Verdict::NotYet(finding)
        };
        (verdict, Some(because))
    }

    fn because(&self, finding: &Finding, is_final: bool) -> Because {
        let Explanation { cause, hint, extends, replaces, .. } = &self.explanation;
        let own = finding.cause.as_deref().unwrap_or_default().trim_end_matches('.');
        // Whatever this says of it, once is enough.
        let is_said = *replaces
            || own.is_empty()
            || cause.contains(own)
            || NO_CAUSES.iter().any(|start| own.starts_with(start))
            || (self.explanation.key == LEAVING && own.ends_with(GOING));
        let is_cause = *extends || is_final || own.contains(PORT);
        let cause = match own.rfind(" (+") {
            _ if is_cause && !is_said => format!("{}; {cause}", cut(own.to_owned(), OWN)),
            // How many more there are is in the selection's own finding.
            Some(at) if own.ends_with(" more)") && !cause.ends_with(" more)") => {
                format!("{cause}{}", &own[at..])
            }
            _ => cause.clone(),
        };
        Because { cause, hint: hint.clone() }
    }
}
