//! A round of attempts and what the worker makes of it: `pkg/kubelet/prober/prober.go`.

use super::results::Verdict;

/// `maxProbeRetries`.
const MAX_ATTEMPTS: u8 = 3;

/// What one attempt of a handler came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// As it should be.
    Success,
    /// A redirect that was not followed: a success with an event.
    Warning,
    /// Answered wrongly, refused, or too late.
    Failure,
    /// The handler could not tell: tried again, and in the end thrown away.
    Error(Doubt),
}

/// What the event says of a probe that erred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The body could not be read to its end.
    Failure,
    /// The probe could not be made: no such port, a runtime that does not answer.
    Unknown,
}

/// What follows from an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Followed {
    /// Another attempt, at once.
    Again,
    /// This counts.
    Counts(Verdict),
    /// Nothing counts.
    Discarded,
}

/// `runProbeWithRetries` and `probe`: only an error is tried again; a failure never is.
pub(super) const fn follow(outcome: Outcome, attempt: u8) -> Followed {
    match outcome {
        Outcome::Success | Outcome::Warning => Followed::Counts(Verdict::Success),
        Outcome::Failure => Followed::Counts(Verdict::Failure),
        Outcome::Error(_) if attempt < MAX_ATTEMPTS => Followed::Again,
        Outcome::Error(_) => Followed::Discarded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_errors_are_tried_again_and_thrown_away_in_the_end() {
        let error = Outcome::Error(Doubt::Failure);
        assert_eq!(follow(error, 1), Followed::Again);
        assert_eq!(follow(error, 2), Followed::Again);
        assert_eq!(follow(error, 3), Followed::Discarded);
        assert_eq!(follow(Outcome::Failure, 1), Followed::Counts(Verdict::Failure));
        assert_eq!(follow(Outcome::Warning, 1), Followed::Counts(Verdict::Success));
    }
}
