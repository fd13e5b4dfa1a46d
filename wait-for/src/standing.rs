//! Where a target stands over time: a met condition may have to hold for a while, and patience may end.

use std::time::Duration;

use crate::outcome::{OnTimeout, Outcome};
use crate::verdict::Verdict;

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

/// What one target is given besides its condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Terms {
    /// A met condition must hold so long.
    pub stable_for: Duration,
    /// The target must be met by then, from the start of the run.
    pub timeout: Option<Duration>,
    /// What it means that it is not.
    pub on_timeout: OnTimeout,
}

/// A target's state and its history, as far as it matters. All times run from the start of the run.
#[derive(Debug)]
pub struct Standing {
    known: Known,
    met_since: Option<Duration>,
    terms: Terms,
}

impl Standing {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(terms: Terms) -> Self {
        Self { known: Known::Nothing, met_since: None, terms }
    }

    /// What is known.
    #[must_use]
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// Takes note; answers whether it is new.
    pub fn learn(&mut self, known: Known, now: Duration) -> bool {
        let is_met = matches!(&known, Known::Verdict(Verdict::Met(_)));
        self.met_since = if is_met { self.met_since.or(Some(now)) } else { None };
        let is_new = self.known != known;
        self.known = known;
        is_new
    }

    /// The condition holds, but has not held all the time: its time starts anew. Answers whether that matters.
    pub fn start_anew(&mut self, now: Duration) -> bool {
        self.met_since = self.met_since.map(|_| now);
        self.met_since.is_some() && !self.terms.stable_for.is_zero()
    }

    /// How this target would end the run, if it were the only one.
    #[must_use]
    pub fn end(&self, now: Duration) -> Option<Outcome> {
        let end = match &self.known {
            Known::Verdict(Verdict::Met(_)) => (self.holding(now).is_none()).then_some(Outcome::Met),
            Known::Verdict(Verdict::Failed(_)) => Some(Outcome::Failed),
            Known::Verdict(Verdict::Misused(_)) => Some(Outcome::Usage),
            Known::Refused(_) => Some(Outcome::Refused),
            Known::Nothing | Known::Verdict(Verdict::NotYet(_)) => None,
        };
        match (end, self.terms.on_timeout) {
            _ if self.terms.timeout.is_none_or(|limit| now < limit) => end,
            (Some(Outcome::Met | Outcome::Usage), _) => end,
            // Whatever becomes of it after its time does not matter.
            (_, OnTimeout::Continue) => Some(Outcome::Waived),
            (end, OnTimeout::Fail) => end.or(Some(Outcome::TimedOut)),
        }
    }

    /// How long the condition has held so far, while that is not long enough.
    #[must_use]
    pub fn holding(&self, now: Duration) -> Option<Duration> {
        self.met_since.map(|since| now.saturating_sub(since)).filter(|held| *held < self.terms.stable_for)
    }

    /// How long it has to hold.
    #[must_use]
    pub fn stable_for(&self) -> Duration {
        self.terms.stable_for
    }

    /// The next moment at which time alone changes [`Standing::end`].
    #[must_use]
    pub fn turns_at(&self, now: Duration) -> Option<Duration> {
        let stable = self.met_since.map(|since| since + self.terms.stable_for);
        [stable, self.terms.timeout].into_iter().flatten().filter(|at| *at > now).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::Finding;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn met(state: &str) -> Known {
        Known::Verdict(Verdict::Met(Finding::state(state)))
    }

    fn not_yet() -> Known {
        Known::Verdict(Verdict::NotYet(Finding::state("0/2 available")))
    }

    #[test]
    fn a_met_condition_ends_the_wait_at_once_by_default() {
        let mut standing = Standing::new(Terms::default());
        assert_eq!(standing.end(at(0)), None);
        assert!(standing.learn(met("1/2 available"), at(1)));
        assert_eq!(standing.end(at(1)), Some(Outcome::Met));
    }

    #[test]
    fn a_condition_must_hold_without_a_break() {
        let mut standing = Standing::new(Terms { stable_for: at(3), ..Terms::default() });
        standing.learn(met("1/2 available"), at(1));
        assert_eq!((standing.end(at(3)), standing.turns_at(at(3))), (None, Some(at(4))));
        standing.learn(met("2/2 available"), at(3));
        assert_eq!(standing.end(at(4)), Some(Outcome::Met), "another number is no break");
        standing.learn(not_yet(), at(4));
        standing.learn(met("2/2 available"), at(5));
        assert_eq!((standing.end(at(7)), standing.holding(at(7))), (None, Some(at(2))));
        assert_eq!(standing.end(at(8)), Some(Outcome::Met));
        assert!(standing.start_anew(at(9)), "a restart in between is a break");
        assert_eq!((standing.end(at(9)), standing.turns_at(at(9))), (None, Some(at(12))));
    }

    #[test]
    fn a_target_with_a_timeout_of_its_own_runs_out_of_time_alone() {
        let mut standing = Standing::new(Terms { timeout: Some(at(10)), ..Terms::default() });
        standing.learn(not_yet(), at(1));
        assert_eq!((standing.end(at(9)), standing.turns_at(at(9))), (None, Some(at(10))));
        assert_eq!(standing.end(at(10)), Some(Outcome::TimedOut));
        standing.learn(met("2/2 available"), at(11));
        assert_eq!(standing.end(at(11)), Some(Outcome::Met));
    }

    #[test]
    fn a_target_that_is_waived_stays_so_unless_it_is_met() {
        let terms = Terms { timeout: Some(at(10)), on_timeout: OnTimeout::Continue, ..Terms::default() };
        let mut standing = Standing::new(terms);
        assert_eq!((standing.end(at(9)), standing.turns_at(at(9))), (None, Some(at(10))));
        assert_eq!(standing.end(at(10)), Some(Outcome::Waived));
        standing.learn(Known::Verdict(Verdict::Failed(Finding::state("failed"))), at(11));
        assert_eq!(
            standing.end(at(9)),
            Some(Outcome::Failed),
            "within its time, what is hopeless is hopeless"
        );
        assert_eq!(standing.end(at(11)), Some(Outcome::Waived));
        standing.learn(met("2/2 available"), at(12));
        assert_eq!(standing.end(at(12)), Some(Outcome::Met));
    }

    #[test]
    fn the_same_again_is_no_news() {
        let mut standing = Standing::new(Terms::default());
        assert!(standing.learn(not_yet(), at(1)));
        assert!(!standing.learn(not_yet(), at(2)));
    }
}
