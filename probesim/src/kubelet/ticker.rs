//! Go's `time.Ticker` from 1.23 on, as `worker.run` uses it (`pkg/kubelet/prober/worker.go`).

use super::time::Time;

/// At most one tick waits to be taken; a reset drops one that does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticker {
    period: u64,
    /// The oldest tick that was not taken, due or not.
    next: u64,
}

// === impl Ticker ===

impl Ticker {
    /// `time.NewTicker`: the first tick comes a period from now.
    pub(super) fn new(period_seconds: i32, now: Time) -> Self {
        let period = u64::try_from(period_seconds).unwrap_or(0).max(1) * 1_000_000_000;
        Self { period, next: now.nanos() + period }
    }

    /// When a tick will wait, or has been waiting since.
    pub(super) const fn due(&self) -> Time {
        Time::from_nanos(self.next)
    }

    /// Takes the waiting tick. Those that would have come while it waited are lost; the grid stays.
    pub(super) fn take(&mut self, now: Time) -> bool {
        if self.next > now.nanos() {
            return false;
        }
        self.next += self.period;
        if self.next <= now.nanos() {
            self.next += ((now.nanos() - self.next) / self.period + 1) * self.period;
        }
        true
    }

    /// `Reset(period)`: the grid begins anew at this moment.
    pub(super) fn reset(&mut self, now: Time) {
        self.next = now.nanos() + self.period;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_that_nobody_takes_are_lost_but_one() {
        let at = Time::from_millis;
        let mut ticker = Ticker::new(2, at(500));
        assert!(!ticker.take(at(2499)));
        assert!(ticker.take(at(9000)));
        assert!(!ticker.take(at(9000)));
        assert_eq!(ticker.due(), at(10_500));
        assert!(ticker.take(at(10_500)));
        assert_eq!(ticker.due(), at(12_500));
    }

    #[test]
    fn a_reset_drops_the_waiting_tick() {
        let at = Time::from_millis;
        let mut ticker = Ticker::new(2, at(0));
        ticker.reset(at(5000));
        assert!(!ticker.take(at(5000)));
        assert_eq!(ticker.due(), at(7000));
    }
}
