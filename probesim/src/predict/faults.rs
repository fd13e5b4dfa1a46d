//! What is assumed of a server: how often it fails, and how long it takes.

use std::time::Duration;

use rand::{Rng, RngExt};

use super::latency::Latency;
use crate::kubelet::Outcome;

/// A server whose answers do not depend on each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Faults {
    /// The chance of a wrong answer.
    pub failure: f64,
    /// How long an answer takes, right or wrong.
    pub latency: Latency,
}

// === impl Faults ===

impl Faults {
    /// Always right, at once.
    pub const NONE: Self = Self { failure: 0.0, latency: Latency::NONE };

    /// The chance that a probe fails, by its answer or for want of one in time: p + (1 − p) · P(latency ≥ timeout).
    #[must_use]
    pub fn effective(&self, timeout: Duration) -> f64 {
        self.failure + (1.0 - self.failure) * self.latency.reaches(timeout)
    }

    /// One probe: what it comes to, and how long it takes.
    pub fn draw(&self, timeout: Duration, rng: &mut impl Rng) -> (Outcome, Duration) {
        let fails = self.failure > 0.0 && rng.random::<f64>() < self.failure;
        let latency = self.latency.fixed().unwrap_or_else(|| self.latency.at(rng.random()));
        if latency >= timeout {
            (Outcome::Failure, timeout)
        } else {
            (if fails { Outcome::Failure } else { Outcome::Success }, latency)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    #[test]
    fn draws_are_too_late_as_often_as_computed() {
        let (timeout, mut rng) = (Duration::from_secs(1), ChaCha8Rng::seed_from_u64(1));
        for latency in ["999ms", "1s", "uniform 500ms..2500ms", "exponential 400ms", "p50=600ms,p100=1100ms"]
        {
            let faults = Faults { failure: 0.1, latency: latency.parse().expect(latency) };
            let failed =
                (0..200_000).filter(|_| faults.draw(timeout, &mut rng).0 == Outcome::Failure).count();
            let share = failed as f64 / 200_000.0;
            assert!((share - faults.effective(timeout)).abs() < 0.005, "{latency}: {share}");
        }
    }
}
