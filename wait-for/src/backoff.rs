//! How long to leave a troubled API server alone: doubling, with jitter, up to a limit.

use std::time::Duration;

use rand::{Rng, RngExt};

/// The first delay; short, because most trouble is a blip and a gate must open at once.
const FIRST: Duration = Duration::from_millis(100);
/// No delay is longer than this: an API server that is back must be noticed soon.
const LONGEST: Duration = Duration::from_secs(5);
/// A server's own `Retry-After` is obeyed up to this long.
const LONGEST_ASKED: Duration = Duration::from_secs(30);

/// Counts consecutive failures.
#[derive(Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
    failures: u32,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::between(FIRST, LONGEST)
    }
}

impl Backoff {
    /// Delays that begin with `first` and double up to `longest`.
    #[must_use]
    pub const fn between(first: Duration, longest: Duration) -> Self {
        Self { first, longest, failures: 0 }
    }

    /// The delay before the next attempt; `asked` is the server's `Retry-After`, which is never undercut.
    pub fn next(&mut self, asked: Option<Duration>, rng: &mut impl Rng) -> Duration {
        let delay = jitter(base(self.first, self.longest, self.failures), rng);
        self.failures = self.failures.saturating_add(1);
        delay.max(asked.unwrap_or_default().min(LONGEST_ASKED))
    }

    /// An exchange went well: the next failure starts from the shortest delay again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

fn base(first: Duration, longest: Duration, failures: u32) -> Duration {
    first.saturating_mul(1 << failures.min(10)).min(longest)
}

/// Between half of `base` and all of it, so that many gates do not come back in step.
fn jitter(base: Duration, rng: &mut impl Rng) -> Duration {
    base.mul_f64(rng.random_range(0.5..=1.0))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::Xoshiro256PlusPlus;

    use super::*;

    fn rng() -> impl Rng {
        Xoshiro256PlusPlus::seed_from_u64(7)
    }

    #[test]
    fn delays_double_up_to_the_limit() {
        let bases: Vec<u128> = (0..8).map(|n| base(FIRST, LONGEST, n).as_millis()).collect();
        assert_eq!(bases, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(base(FIRST, LONGEST, u32::MAX), LONGEST);
    }

    #[test]
    fn jitter_stays_between_half_and_whole() {
        let mut rng = rng();
        for _ in 0..1000 {
            let delay = jitter(LONGEST, &mut rng);
            assert!((LONGEST / 2..=LONGEST).contains(&delay), "{delay:?}");
        }
    }

    #[test]
    fn the_servers_wish_is_obeyed_but_not_without_limit() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.next(Some(Duration::from_secs(7)), &mut rng()), Duration::from_secs(7));
        assert_eq!(backoff.next(Some(Duration::from_secs(3600)), &mut rng()), LONGEST_ASKED);
    }

    #[test]
    fn success_starts_over() {
        let mut backoff = Backoff::default();
        for _ in 0..9 {
            backoff.next(None, &mut rng());
        }
        backoff.reset();
        assert!(backoff.next(None, &mut rng()) <= FIRST);
    }
}
