//! When to read related objects: soon and often while something happens, hardly ever while nothing does.
//!
//! An unchanged hour costs six rounds, see the test: with the sixteen watches and one list of the target that is at most
//! thirty requests.

use std::time::Duration;

/// Most waits are over before anybody wants to know why.
const QUIET: Duration = Duration::from_secs(3);
/// From one round to the next, while each finds the same.
const PAUSES: [Duration; 5] = [
    Duration::from_secs(10),
    Duration::from_secs(40),
    Duration::from_secs(200),
    Duration::from_secs(900),
    Duration::from_secs(1800),
];
/// After a change of the target a round comes at once, but not sooner than this after the last one.
const SOON: Duration = Duration::from_secs(2);
/// So many rounds may be hurried; later ones keep the first pause, until a longer one has passed.
const HURRIED: u32 = 5;
/// What is on its way is looked at so often, until the target changes: then it is stuck.
const FLEETING: u32 = 3;
/// A reading that would end the wait for good is taken twice, this far apart.
const AGAIN: Duration = Duration::from_secs(1);

/// The times of the rounds of one wait, since its start.
#[derive(Debug, Default)]
pub struct Schedule {
    waiting_since: Option<Duration>,
    last: Option<Duration>,
    same: usize,
    hurried: u32,
    is_changed: bool,
    is_doubted: bool,
    is_fleeting: bool,
    fleeting: u32,
    urged: Urged,
}

/// Whether the wait is about to end, for good or bad, unless the next reading says otherwise.
#[derive(Debug, Default, PartialEq, Eq)]
enum Urged {
    #[default]
    No,
    /// What it ends with ought to be explained.
    Yes,
    /// It is.
    Done,
}

impl Schedule {
    /// The target is not met, or is again not met.
    pub fn wait(&mut self, now: Duration) {
        self.waiting_since.get_or_insert(now);
    }

    /// The target is met, or nothing is known of it.
    pub fn rest(&mut self) {
        *self = Self { last: self.last, hurried: self.hurried, ..Self::default() };
    }

    /// The wait is about to end: there is time for one more round, at once.
    pub fn urge(&mut self) {
        if self.urged == Urged::No {
            self.urged = Urged::Yes;
        }
    }

    /// The target has changed.
    pub fn change(&mut self) {
        self.is_changed = true;
    }

    /// When the next round is due; never while nothing is waited for.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        let start = self.waiting_since? + QUIET;
        if self.urged == Urged::Yes {
            return Some(Duration::ZERO);
        }
        let Some(last) = self.last else { return Some(start) };
        let pause = if self.is_doubted {
            AGAIN
        } else if self.is_soon() || (self.is_changed && self.hurried < HURRIED) {
            SOON
        } else if self.is_changed {
            PAUSES[0]
        } else {
            PAUSES[self.same.min(PAUSES.len() - 1)]
        };
        Some(start.max(last + pause))
    }

    /// A round has been made. It found the same as the last one, something to be doubted, or something on its way.
    pub fn made(&mut self, now: Duration, is_same: bool, is_doubted: bool, is_fleeting: bool) {
        if self.urged == Urged::Yes {
            self.urged = Urged::Done;
        }
        if self.last.is_none_or(|last| now >= last + PAUSES[1]) {
            self.hurried = 0;
        }
        let was_soon = self.is_soon();
        if std::mem::take(&mut self.is_changed) {
            self.hurried += 1;
            self.same = 0;
            self.fleeting = 0;
        } else if was_soon {
            // It was looked at again for that, and not because it stays as it is.
            self.same = 0;
        } else if self.last.is_some() && is_same {
            self.same += 1;
        } else {
            // One step back: what changes at every look is no reason to look all the time.
            self.same = self.same.saturating_sub(1);
        }
        self.last = Some(now);
        self.is_doubted = is_doubted;
        self.is_fleeting = is_fleeting;
        self.fleeting += u32::from(is_fleeting);
    }

    /// Whether what was found will soon be another, as far as one may believe that.
    const fn is_soon(&self) -> bool {
        self.is_fleeting && self.fleeting < FLEETING
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resume::lifetime;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    const HOUR: Duration = seconds(3600);

    /// The times of all rounds of an hour, with the changes that `change` makes after each.
    fn hour(is_changed: bool, is_same: bool) -> Vec<u64> {
        let mut schedule = Schedule::default();
        schedule.wait(Duration::ZERO);
        let mut rounds = Vec::new();
        while let Some(due) = schedule.due().filter(|due| *due < HOUR) {
            rounds.push(due.as_secs());
            schedule.made(due, is_same, false, false);
            if is_changed {
                schedule.change();
            }
        }
        rounds
    }

    #[test]
    fn an_unchanged_hour_takes_at_most_thirty_requests() {
        let rounds = hour(false, true);
        assert_eq!(rounds, [3, 13, 53, 253, 1153, 2953]);
        // A Deployment: ReplicaSets once, then pods and the events of one object.
        let reads = 1 + 2 * rounds.len();
        let (mut watches, mut open) = (0, Duration::ZERO);
        while open < HOUR {
            open += lifetime(watches);
            watches += 1;
        }
        let list = 1;
        assert_eq!((reads, watches), (13, 16));
        assert!(list + watches + reads <= 30);
    }

    #[test]
    fn changes_are_followed_at_once_at_first_and_every_ten_seconds_later() {
        let rounds = hour(true, false);
        assert_eq!(rounds[..8], [3, 5, 7, 9, 11, 13, 23, 33]);
        assert!(rounds.len() <= 365, "{}", rounds.len());
    }

    #[test]
    fn pods_that_change_while_the_target_does_not_are_read_every_ten_seconds() {
        let rounds = hour(false, false);
        assert!(rounds.windows(2).all(|pair| pair[1] - pair[0] == 10), "{rounds:?}");
    }

    #[test]
    fn nothing_is_read_before_the_wait_has_lasted_three_seconds() {
        let mut schedule = Schedule::default();
        assert_eq!(schedule.due(), None);
        schedule.wait(seconds(7));
        schedule.change();
        assert_eq!(schedule.due(), Some(seconds(10)));
        schedule.rest();
        assert_eq!(schedule.due(), None);
        schedule.wait(seconds(20));
        assert_eq!(schedule.due(), Some(seconds(23)));
    }

    #[test]
    fn what_is_on_its_way_is_looked_at_again_soon_and_not_for_ever() {
        let mut schedule = Schedule::default();
        schedule.wait(Duration::ZERO);
        let mut rounds = Vec::new();
        while let Some(due) = schedule.due().filter(|due| *due < seconds(100)) {
            rounds.push(due.as_secs());
            schedule.made(due, true, false, true);
        }
        assert_eq!(rounds, [3, 5, 7, 17, 57]);
    }

    #[test]
    fn what_is_about_to_end_is_explained_once_and_at_once() {
        let mut schedule = Schedule::default();
        schedule.wait(Duration::ZERO);
        schedule.urge();
        assert_eq!(schedule.due(), Some(Duration::ZERO));
        schedule.made(seconds(1), false, false, false);
        schedule.urge();
        assert_eq!(schedule.due(), Some(seconds(11)));
        schedule.rest();
        schedule.wait(seconds(20));
        schedule.urge();
        assert_eq!(schedule.due(), Some(Duration::ZERO));
    }

    #[test]
    fn a_doubted_reading_is_taken_again_after_a_second() {
        let mut schedule = Schedule::default();
        schedule.wait(Duration::ZERO);
        schedule.made(seconds(3), false, true, false);
        assert_eq!(schedule.due(), Some(seconds(4)));
    }
}
