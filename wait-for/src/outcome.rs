//! How a run can end, and when it does.

use std::process::ExitCode;

use crate::verdict::Verdict;

/// The end of a run; the exit codes are part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every (any) target met.
    Met,
    /// A target can never be met.
    Failed,
    /// Usage: nothing was waited for.
    Usage,
    /// The time ran out.
    TimedOut,
    /// The API refused us for good.
    Refused,
    /// Ended by a signal: SIGTERM 15, SIGINT 2.
    Signalled(u8),
}

impl Outcome {
    /// The exit code, the same as design and README list them.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Met => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::TimedOut => 3,
            Self::Refused => 4,
            // What a shell reports for a child that a signal ended.
            Self::Signalled(signal) => 128 + signal,
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(outcome.code())
    }
}

/// How many of the targets must be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quorum {
    /// Every one, at the same time.
    All,
    /// One is enough.
    Any,
}

/// What is known of a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// Nothing yet.
    Nothing,
    /// What the last look said.
    Verdict(Verdict),
    /// The API will not tell us.
    Refused(String),
}

/// Whether the run has ended. `None`: go on waiting.
#[must_use]
pub fn decide(targets: &[Known], quorum: Quorum) -> Option<Outcome> {
    let ends = targets.iter().map(end);
    match quorum {
        Quorum::All => {
            let hopeless =
                ends.clone().flatten().filter(|end| *end != Outcome::Met).min_by_key(|end| end.code());
            hopeless.or_else(|| ends.clone().all(|end| end == Some(Outcome::Met)).then_some(Outcome::Met))
        }
        Quorum::Any => {
            if ends.clone().any(|end| end == Some(Outcome::Met)) {
                return Some(Outcome::Met);
            }
            // Hopeless only when each of them is.
            ends.collect::<Option<Vec<_>>>()?.into_iter().min_by_key(|end| end.code())
        }
    }
}

/// The outcome, if this were the only target.
fn end(known: &Known) -> Option<Outcome> {
    match known {
        Known::Nothing | Known::Verdict(Verdict::NotYet(_)) => None,
        Known::Verdict(Verdict::Met(_)) => Some(Outcome::Met),
        Known::Verdict(Verdict::Failed(_)) => Some(Outcome::Failed),
        Known::Verdict(Verdict::Misused(_)) => Some(Outcome::Usage),
        Known::Refused(_) => Some(Outcome::Refused),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Finding;

    fn finding() -> Finding {
        Finding { state: "s".into(), cause: None }
    }

    fn met() -> Known {
        Known::Verdict(Verdict::Met(finding()))
    }

    fn not_yet() -> Known {
        Known::Verdict(Verdict::NotYet(finding()))
    }

    fn failed() -> Known {
        Known::Verdict(Verdict::Failed(finding()))
    }

    #[test]
    fn all_targets_must_be_met_and_one_hopeless_target_ends_the_wait() {
        let all = |targets: &[Known]| decide(targets, Quorum::All);
        assert_eq!(all(&[met(), met()]), Some(Outcome::Met));
        assert_eq!(all(&[met(), not_yet()]), None);
        assert_eq!(all(&[met(), Known::Nothing]), None);
        assert_eq!(all(&[not_yet(), failed()]), Some(Outcome::Failed));
        assert_eq!(all(&[Known::Refused("no".into()), met()]), Some(Outcome::Refused));
    }

    #[test]
    fn any_target_is_enough_and_all_must_be_hopeless_to_give_up() {
        let any = |targets: &[Known]| decide(targets, Quorum::Any);
        assert_eq!(any(&[failed(), met()]), Some(Outcome::Met));
        assert_eq!(any(&[failed(), not_yet()]), None);
        assert_eq!(any(&[failed(), Known::Refused("no".into())]), Some(Outcome::Failed));
        assert_eq!(any(&[Known::Nothing, failed()]), None);
    }

    #[test]
    fn exit_codes_are_those_of_the_interface() {
        let codes = [
            (Outcome::Met, 0),
            (Outcome::Failed, 1),
            (Outcome::Usage, 2),
            (Outcome::TimedOut, 3),
            (Outcome::Refused, 4),
            (Outcome::Signalled(15), 143),
            (Outcome::Signalled(2), 130),
        ];
        for (outcome, code) in codes {
            assert_eq!(outcome.code(), code);
        }
    }
}
