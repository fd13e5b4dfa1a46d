//! What is assumed of a server: how often it fails, and how long it takes.

use std::time::Duration;

use rand::{Rng, RngExt};

use crate::kubelet::Outcome;

/// A server whose answers do not depend on each other.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    /// The chance of a wrong answer.
    pub failure: f64,
    /// How long an answer takes, right or wrong.
    pub latency: Latency,
}

/// A distribution of latencies.
#[derive(Clone, Copy, Debug)]
pub enum Latency {
    /// Always the same.
    Constant(Duration),
    /// Anything between the two, alike.
    Uniform(Duration, Duration),
    /// As of a queue: short mostly, with a tail; by its mean.
    Exponential(Duration),
}

// === impl Faults ===

impl Faults {
    /// The chance that a probe fails, by its answer or for want of one in time: p + (1 − p) · P(latency > timeout).
    #[must_use]
    pub fn effective(&self, timeout: Duration) -> f64 {
        self.failure + (1.0 - self.failure) * self.latency.exceeds(timeout)
    }

    /// One probe: what it comes to, and how long it takes.
    pub fn draw(&self, timeout: Duration, rng: &mut impl Rng) -> (Outcome, Duration) {
        let fails = rng.random::<f64>() < self.failure;
        let latency = self.latency.draw(rng);
        if latency > timeout {
            (Outcome::Failure, timeout)
        } else {
            (if fails { Outcome::Failure } else { Outcome::Success }, latency)
        }
    }
}

// === impl Latency ===

impl Latency {
    /// The chance of a latency longer than `limit`.
    #[must_use]
    pub fn exceeds(&self, limit: Duration) -> f64 {
        match *self {
            Self::Constant(latency) => f64::from(u8::from(latency > limit)),
            Self::Uniform(from, to) if from >= to => f64::from(u8::from(from > limit)),
            Self::Uniform(from, to) => {
                let inside = limit.saturating_sub(from).as_secs_f64() / (to - from).as_secs_f64();
                (1.0 - inside).max(0.0)
            }
            Self::Exponential(mean) if mean.is_zero() => 0.0,
            Self::Exponential(mean) => (-limit.as_secs_f64() / mean.as_secs_f64()).exp(),
        }
    }

    fn draw(&self, rng: &mut impl Rng) -> Duration {
        match *self {
            Self::Constant(latency) => latency,
            Self::Uniform(from, to) if from >= to => from,
            Self::Uniform(from, to) => from + (to - from).mul_f64(rng.random()),
            // 1 − u is never 0; beyond 700 means no latency differs from never.
            Self::Exponential(mean) => mean.mul_f64((-(1.0 - rng.random::<f64>()).ln()).min(700.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;

    #[test]
    fn draws_exceed_the_timeout_as_often_as_computed() {
        let (timeout, mut rng) = (Duration::from_secs(1), ChaCha8Rng::seed_from_u64(1));
        for latency in [
            Latency::Constant(Duration::from_millis(999)),
            Latency::Constant(Duration::from_millis(1001)),
            Latency::Uniform(Duration::from_millis(500), Duration::from_millis(2500)),
            Latency::Exponential(Duration::from_millis(400)),
        ] {
            let faults = Faults { failure: 0.1, latency };
            let failed =
                (0..200_000).filter(|_| faults.draw(timeout, &mut rng).0 == Outcome::Failure).count();
            let share = failed as f64 / 200_000.0;
            assert!((share - faults.effective(timeout)).abs() < 0.005, "{latency:?}: {share}");
        }
    }
}
