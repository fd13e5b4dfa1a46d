//! The model's time: whole nanoseconds since an origin that its user chooses.

use std::ops::{Add, Sub};
use std::time::Duration;

/// A moment. The origin has to lie on a whole second of the wall clock, because the API truncates
/// `startedAt` and `finishedAt` to seconds and the prober reads `startedAt` back from there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(u64);

// === impl Time ===

impl Time {
    /// The origin.
    pub const ORIGIN: Self = Self(0);

    /// The moment so many nanoseconds after the origin.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The moment so many milliseconds after the origin.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis * 1_000_000)
    }

    /// Nanoseconds since the origin.
    #[must_use]
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// How long ago `earlier` was; zero when it is yet to come.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// As `metav1.Time` is written to the API: the second that it falls into.
    #[must_use]
    pub const fn whole_second(self) -> Self {
        Self(self.0 - self.0 % 1_000_000_000)
    }

    /// The first moment after `self` on the grid of `period` through `phase`; `self` when the period is zero.
    #[must_use]
    pub fn next_on_grid(self, period: Duration, phase: Duration) -> Self {
        let period = period.as_nanos() as u64;
        if period == 0 {
            return self;
        }
        let phase = phase.as_nanos() as u64 % period;
        let into = (self.0 + period - phase) % period;
        Self(self.0 + period - into)
    }
}

impl Add<Duration> for Time {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)))
    }
}

impl Sub<Duration> for Time {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grid_point_after_a_grid_point_is_the_next_one() {
        let second = Duration::from_secs(1);
        let phase = Duration::from_millis(300);
        let next = |millis| Time::from_millis(millis).next_on_grid(second, phase);
        assert_eq!(next(0), Time::from_millis(300));
        assert_eq!(next(300), Time::from_millis(1300));
        assert_eq!(next(1299), Time::from_millis(1300));
        assert_eq!(Time::from_millis(7).next_on_grid(Duration::ZERO, phase), Time::from_millis(7));
    }

    #[test]
    fn the_api_knows_whole_seconds_only() {
        assert_eq!(Time::from_millis(2999).whole_second(), Time::from_millis(2000));
    }
}
