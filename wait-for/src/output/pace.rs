//! How often there is a line about one target: at once where its state is of another sort, at growing intervals while
//! only numbers change, and never twice the same. The last state is always said.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

/// Time between two lines about a target that goes on changing, at first and at most.
const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(10);
/// After so long without a line, the next changes count as the first ones.
const QUIET: Duration = Duration::from_secs(20);

/// The lines about every target so far, and those to come. All times run from the start of the run.
#[derive(Debug, Default)]
pub struct Pace {
    targets: Vec<Said>,
    /// Lines that were put off, by when they are due.
    due: BTreeSet<(Duration, usize)>,
}

/// The last line about a target; of many targets, words would take much memory.
#[derive(Debug, Default)]
struct Said {
    sort: u64,
    gist: u64,
    at: Duration,
    gap: Duration,
    due: Option<Duration>,
}

impl Pace {
    /// Whether a target's line is to be printed now. `sort` and `gist` are those of its row.
    pub fn allows(&mut self, index: usize, sort: &str, gist: &str, now: Duration) -> bool {
        let (sort, gist) = (hash(sort), hash(gist));
        if self.targets.len() <= index {
            self.targets.resize_with(index + 1, Said::default);
        }
        let Some(said) = self.targets.get_mut(index) else { return true };
        if said.gist == gist {
            // What changed in between has changed back.
            if let Some(at) = said.due.take() {
                self.due.remove(&(at, index));
            }
            return false;
        }
        let is_of_its_sort = said.sort == sort;
        let earliest = said.at + said.gap;
        if is_of_its_sort && now < earliest {
            said.due = Some(earliest);
            self.due.insert((earliest, index));
            return false;
        }
        let is_quiet = now.saturating_sub(said.at) >= QUIET;
        said.gap = if is_of_its_sort && !is_quiet { (said.gap * 2).clamp(FIRST, LONGEST) } else { FIRST };
        (said.sort, said.gist, said.at) = (sort, gist, now);
        if let Some(at) = said.due.take() {
            self.due.remove(&(at, index));
        }
        true
    }

    /// When the next line that was put off is due.
    #[must_use]
    pub fn next(&self) -> Option<Duration> {
        self.due.first().map(|(at, _)| *at)
    }

    /// A target whose line is due.
    pub fn take_due(&mut self, now: Duration) -> Option<usize> {
        let (at, index) = self.due.first().copied().filter(|(at, _)| *at <= now)?;
        self.due.remove(&(at, index));
        if let Some(said) = self.targets.get_mut(index) {
            said.due = None;
        }
        Some(index)
    }
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    /// Lines that are printed while a selection's pods turn ready one by one, and after.
    fn lines(pods: u64, every: Duration) -> Vec<String> {
        let mut pace = Pace::default();
        let mut lines = Vec::new();
        let mut now = Duration::ZERO;
        for ready in 0..=pods {
            let sort = if ready == pods { "met" } else { "not-yet" };
            now = every * u32::try_from(ready).unwrap();
            while let Some(0) = pace.take_due(now) {
                let gist = format!("{} ready", ready - 1);
                if pace.allows(0, "not-yet", &gist, now) {
                    lines.push(gist);
                }
            }
            let gist = format!("{ready} ready");
            if pace.allows(0, sort, &gist, now) {
                lines.push(gist);
            }
        }
        assert_eq!(pace.next(), None, "at {now:?}");
        lines
    }

    #[test]
    fn thousands_of_small_steps_are_a_few_lines_and_the_last_of_them_is_said() {
        for every in [at(0), at(6), at(50), at(150)] {
            let lines = lines(2000, every);
            assert!(lines.len() <= 50, "{every:?}: {} lines", lines.len());
            assert_eq!(
                (lines.first().unwrap().as_str(), lines.last().unwrap().as_str()),
                ("0 ready", "2000 ready")
            );
        }
    }

    #[test]
    fn a_state_of_another_sort_is_said_at_once_and_the_same_state_once() {
        let mut pace = Pace::default();
        assert!(pace.allows(3, "a", "a 1", at(0)));
        assert!(pace.allows(3, "b", "b 1", at(1)));
        assert!(!pace.allows(3, "b", "b 1", at(9000)));
        assert!(pace.allows(3, "b", "b 2", at(9001)));
    }

    #[test]
    fn a_line_that_was_put_off_is_due_later_unless_it_changed_back() {
        let mut pace = Pace::default();
        assert!(pace.allows(0, "a", "a 1", at(0)));
        assert!(!pace.allows(0, "a", "a 2", at(10)));
        assert_eq!((pace.next(), pace.take_due(at(249))), (Some(FIRST), None));
        assert_eq!((pace.take_due(at(250)), pace.next()), (Some(0), None));
        assert!(pace.allows(0, "a", "a 2", at(250)));
        assert!(!pace.allows(0, "a", "a 3", at(260)));
        assert!(!pace.allows(0, "a", "a 2", at(270)));
        assert_eq!(pace.next(), None);
    }
}
