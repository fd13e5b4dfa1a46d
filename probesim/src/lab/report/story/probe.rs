//! What is known of one probe.

use std::collections::VecDeque;
use std::time::Duration;

use super::super::time::millis;
use super::record::{Records, Tick};
use crate::kubelet::{Kind, Outcome};
use crate::lab::happening::Watched;

/// An error is tried again up to this attempt (`maxProbeRetries`, `pkg/kubelet/prober/prober.go`).
pub(in crate::lab::report) const LAST_ATTEMPT: u8 = 3;
/// As many as a wide terminal shows.
const RECENT: usize = 200;

/// A probe of a container.
#[derive(Debug)]
pub(in crate::lab::report) struct ProbeStory {
    /// Its kind and thresholds.
    pub(in crate::lab::report) terms: Watched,
    /// How often it was made; an error that is tried again counts once, when it is over.
    pub(in crate::lab::report) made: u64,
    /// How often it failed.
    pub(in crate::lab::report) failed: u64,
    /// How often it erred three times over and did not count.
    pub(in crate::lab::report) errored: u64,
    /// Whether the last one that counted was a success, and how many like it came in a row.
    pub(in crate::lab::report) run: Option<(bool, u32)>,
    /// The last ones, the newest at the end.
    pub(in crate::lab::report) recent: VecDeque<Outcome>,
    /// For the timeline.
    pub(in crate::lab::report) ticks: Vec<Tick>,
}

// === impl ProbeStory ===

impl ProbeStory {
    pub(super) const fn new(terms: Watched) -> Self {
        Self { terms, made: 0, failed: 0, errored: 0, run: None, recent: VecDeque::new(), ticks: Vec::new() }
    }

    /// Counts as the worker does (`doProbe`, `pkg/kubelet/prober/worker.go`).
    pub(super) fn learn(
        &mut self,
        (outcome, attempt): (Outcome, u8),
        (output, took): (&str, Duration),
        at: Duration,
        records: &mut Records,
    ) {
        let text = records.number(output);
        records.keep(&mut self.ticks, Tick { at: millis(at), took: millis(took), outcome, text }, at);
        let is_success = match outcome {
            Outcome::Success | Outcome::Warning => true,
            Outcome::Failure => false,
            Outcome::Error(_) => {
                if attempt >= LAST_ATTEMPT {
                    self.made += 1;
                    self.errored += 1;
                    self.remember(outcome);
                }
                return;
            }
        };
        self.made += 1;
        self.failed += u64::from(!is_success);
        self.remember(outcome);
        let before =
            self.run.filter(|run| run.0 == is_success && !self.is_spent(*run)).map_or(0, |run| run.1);
        self.run = Some((is_success, before.saturating_add(1)));
    }

    /// What the one before the last came to.
    pub(in crate::lab::report) fn before(&self) -> Option<Outcome> {
        self.recent.iter().rev().nth(1).copied()
    }

    /// How many in a row it takes.
    pub(in crate::lab::report) const fn threshold(&self, is_success: bool) -> u32 {
        if is_success { self.terms.successes } else { self.terms.failures }
    }

    /// Whether the last one made the result turn, or confirmed it.
    pub(in crate::lab::report) fn has_reached_threshold(&self) -> bool {
        self.run.is_some_and(|(is_success, run)| run >= self.threshold(is_success))
    }

    /// A liveness probe that has failed, and a startup probe that has come to a result, begin anew.
    fn is_spent(&self, (is_success, run): (bool, u32)) -> bool {
        let ends = match self.terms.kind {
            Kind::Startup => true,
            Kind::Liveness => !is_success,
            Kind::Readiness => false,
        };
        ends && run >= self.threshold(is_success)
    }

    fn remember(&mut self, outcome: Outcome) {
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubelet::Doubt;

    fn runs(kind: Kind, letters: &str) -> Vec<u32> {
        let mut probe = ProbeStory::new(Watched { kind, successes: 1, failures: 2 });
        let mut records = Records::new(false);
        let outcome = |letter| match letter {
            'S' => Outcome::Success,
            'F' => Outcome::Failure,
            _ => Outcome::Error(Doubt::Failure),
        };
        letters
            .chars()
            .map(|letter| {
                let answer = (outcome(letter), LAST_ATTEMPT);
                probe.learn(answer, ("", Duration::ZERO), Duration::ZERO, &mut records);
                probe.run.map_or(0, |run| run.1)
            })
            .collect()
    }

    #[test]
    fn runs_are_counted_as_the_worker_counts_them() {
        assert_eq!(runs(Kind::Readiness, "SSFFFS"), [1, 2, 1, 2, 3, 1]);
        assert_eq!(runs(Kind::Readiness, "FEF"), [1, 1, 2], "an error neither counts nor ends a run");
        assert_eq!(runs(Kind::Liveness, "SSFFFF"), [1, 2, 1, 2, 1, 2], "a kill begins a new run");
        assert_eq!(runs(Kind::Startup, "FFFSS"), [1, 2, 1, 1, 1]);
    }
}
