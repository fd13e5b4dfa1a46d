//! How a run can end, and when it does.

use std::process::ExitCode;

/// The end of a run; the exit codes are part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every (any) target met.
    Met,
    /// The time ran out, and the user said to go on regardless.
    Waived,
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
            Self::Met | Self::Waived => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::TimedOut => 3,
            Self::Refused => 4,
            // What a shell reports for a child that a signal ended.
            Self::Signalled(signal) => 128 + signal,
        }
    }
}

impl Outcome {
    /// The outcome in one word, for programs.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Waived => "waived",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::TimedOut => "timed-out",
            Self::Refused => "refused",
            Self::Signalled(_) => "signalled",
        }
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(outcome.code())
    }
}

/// `--on-timeout`, and `onTimeout` of one target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnTimeout {
    /// The run ends with exit code 3.
    #[default]
    Fail,
    /// What was waited for counts as met, with a warning.
    Continue,
}

impl OnTimeout {
    /// The words of the flag.
    pub const WORDS: [(&'static str, Self); 2] = [("fail", Self::Fail), ("continue", Self::Continue)];
}

/// How many of the targets must be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quorum {
    /// Every one, at the same time.
    All,
    /// One is enough.
    Any,
}

/// Whether the run has ended, from how each target would end it. `None`: go on waiting.
#[must_use]
pub fn decide(ends: &[Option<Outcome>], quorum: Quorum) -> Option<Outcome> {
    let met = Some(Outcome::Met);
    match quorum {
        Quorum::All if ends.iter().all(|end| *end == met) => met,
        Quorum::All => {
            let open = |end: &&Outcome| matches!(end, Outcome::Met | Outcome::Waived);
            // One that cannot be met is enough to give up.
            let given_up =
                ends.iter().flatten().filter(|end| !open(end)).min_by_key(|end| end.code()).copied();
            // What was waived does not count, unless there was nothing else.
            let is_open = || ends.iter().all(|end| end.as_ref().is_some_and(|end| open(&end)));
            let is_met = || ends.contains(&met);
            given_up.or_else(|| is_open().then(|| if is_met() { Outcome::Met } else { Outcome::Waived }))
        }
        Quorum::Any if ends.contains(&met) => met,
        // Hopeless only when each of them is.
        Quorum::Any => {
            ends.iter().copied().collect::<Option<Vec<_>>>()?.into_iter().min_by_key(|end| end.code())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MET: Option<Outcome> = Some(Outcome::Met);
    const FAILED: Option<Outcome> = Some(Outcome::Failed);
    const REFUSED: Option<Outcome> = Some(Outcome::Refused);
    const TIMED_OUT: Option<Outcome> = Some(Outcome::TimedOut);

    #[test]
    fn all_targets_must_be_met_and_one_hopeless_target_ends_the_wait() {
        let all = |ends: &[Option<Outcome>]| decide(ends, Quorum::All);
        assert_eq!(all(&[MET, MET]), MET);
        assert_eq!(all(&[MET, None]), None);
        assert_eq!(all(&[None, FAILED]), FAILED);
        assert_eq!(all(&[REFUSED, MET]), REFUSED);
        assert_eq!(all(&[TIMED_OUT, FAILED, None]), FAILED);
    }

    #[test]
    fn a_target_that_is_waived_does_not_count_and_the_others_still_do() {
        const WAIVED: Option<Outcome> = Some(Outcome::Waived);
        let all = |ends: &[Option<Outcome>]| decide(ends, Quorum::All);
        assert_eq!(all(&[WAIVED, None]), None);
        assert_eq!(all(&[WAIVED, MET]), MET);
        assert_eq!(all(&[WAIVED, FAILED]), FAILED);
        assert_eq!(all(&[WAIVED, WAIVED]), WAIVED);
        let any = |ends: &[Option<Outcome>]| decide(ends, Quorum::Any);
        assert_eq!(any(&[WAIVED, None]), None);
        assert_eq!(any(&[WAIVED, FAILED]), WAIVED);
    }

    #[test]
    fn any_target_is_enough_and_all_must_be_hopeless_to_give_up() {
        let any = |ends: &[Option<Outcome>]| decide(ends, Quorum::Any);
        assert_eq!(any(&[FAILED, MET]), MET);
        assert_eq!(any(&[FAILED, None]), None);
        assert_eq!(any(&[FAILED, REFUSED]), FAILED);
        assert_eq!(any(&[TIMED_OUT, REFUSED]), TIMED_OUT);
    }

    #[test]
    fn exit_codes_are_those_of_the_interface() {
        let codes = [
            (Outcome::Met, 0),
            (Outcome::Waived, 0),
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
