//! How long something was as it should be, from the first time that it was.

use std::time::Duration;

/// What a clock is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lab::report) enum Turn {
    /// As it should be.
    Up,
    /// Not as it should be.
    Down,
    /// Nobody expects anything any more: from here on no time counts, unless it goes on.
    Over,
}

/// Runs from the first `Up`. Bounded: keeps sums only.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::lab::report) struct Spells {
    first: Option<Duration>,
    down_since: Option<Duration>,
    over_since: Option<Duration>,
    down: Duration,
    longest: Duration,
    last: Duration,
}

// === impl Spells ===

impl Spells {
    /// Notes a change; the same again is none. What follows `Over` was down from then on.
    pub(in crate::lab::report) fn turn(&mut self, turn: Turn, at: Duration) {
        let over = self.over_since.take().filter(|_| self.first.is_some());
        match turn {
            Turn::Up => {
                self.down_since = self.down_since.or(over);
                self.end_spell(at);
                self.first = self.first.or(Some(at));
            }
            Turn::Down if self.first.is_some() => {
                self.down_since = self.down_since.or(over).or(Some(at));
            }
            Turn::Down => {}
            Turn::Over => {
                if over.is_none() {
                    self.end_spell(at);
                }
                self.over_since = over.or(Some(at));
            }
        }
    }

    /// When it was `Up` first.
    pub(in crate::lab::report) const fn first(&self) -> Option<Duration> {
        self.first
    }

    /// For how long it was not, in all, as of `now`.
    pub(in crate::lab::report) fn down(&self, now: Duration) -> Duration {
        self.down + self.spell(now)
    }

    /// The last time without a break that is over.
    pub(in crate::lab::report) const fn last(&self) -> Duration {
        self.last
    }

    /// The longest time without a break.
    pub(in crate::lab::report) fn longest(&self, now: Duration) -> Duration {
        self.longest.max(self.spell(now))
    }

    /// Which share of the time since the first `Up` it was not, in percent; `None` if it never was `Up`.
    pub(in crate::lab::report) fn share(&self, now: Duration) -> Option<f64> {
        let all = self.over_since.unwrap_or(now).saturating_sub(self.first?);
        let down = self.down(now);
        Some(if down.is_zero() { 0.0 } else { 100.0 * down.as_secs_f64() / all.as_secs_f64() })
    }

    /// The spell that goes on.
    fn spell(&self, now: Duration) -> Duration {
        self.down_since.map_or(Duration::ZERO, |since| now.saturating_sub(since))
    }

    fn end_spell(&mut self, at: Duration) {
        if self.down_since.is_none() {
            return;
        }
        let spell = self.spell(at);
        (self.down_since, self.last) = (None, spell);
        self.down += spell;
        self.longest = self.longest.max(spell);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spells(turns: &[(Turn, u64)]) -> Spells {
        let mut spells = Spells::default();
        for (turn, at) in turns {
            spells.turn(*turn, Duration::from_secs(*at));
        }
        spells
    }

    #[test]
    fn time_counts_from_the_first_up_until_it_is_over() {
        use Turn::{Down, Over, Up};
        let now = Duration::from_secs(100);
        for (turns, first, down, longest, share) in [
            (&[(Down, 0)][..], None, 0, 0, None),
            (&[(Down, 0), (Up, 50)], Some(50), 0, 0, Some(0.0)),
            (&[(Up, 0), (Down, 10), (Up, 15), (Down, 95)], Some(0), 10, 5, Some(10.0)),
            (&[(Up, 0), (Down, 10), (Down, 12), (Over, 20)], Some(0), 10, 10, Some(50.0)),
            (&[(Up, 0), (Over, 50), (Over, 60)], Some(0), 0, 0, Some(0.0)),
            (&[(Up, 0), (Over, 50), (Down, 60), (Up, 75)], Some(0), 25, 25, Some(25.0)),
            (&[(Up, 0), (Over, 50), (Up, 75)], Some(0), 25, 25, Some(25.0)),
            (&[(Over, 5), (Up, 10)], Some(10), 0, 0, Some(0.0)),
        ] {
            let spells = spells(turns);
            let seconds = Duration::from_secs;
            assert_eq!(spells.first(), first.map(seconds), "{turns:?}");
            assert_eq!(
                (spells.down(now), spells.longest(now)),
                (seconds(down), seconds(longest)),
                "{turns:?}"
            );
            assert_eq!(spells.share(now), share, "{turns:?}");
        }
    }
}
