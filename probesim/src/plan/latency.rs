//! How long an answer is made to wait.

use std::time::Duration;

/// A wait, or what it is drawn from.
#[derive(Clone, Debug, PartialEq)]
pub enum Latency {
    /// Always the same.
    Fixed(Duration),
    /// Any time from the first to the second alike.
    Uniform(Duration, Duration),
    /// The normal distribution, cut at 0.
    Normal {
        /// The mean.
        mean: Duration,
        /// The standard deviation.
        deviation: Duration,
    },
    /// Percentiles (from 0 to 100) and their times, both rising; straight lines between them.
    Percentiles(Vec<(f64, Duration)>),
}

/// The answers that wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcomes {
    /// All of them.
    All,
    /// Those below 400.
    Successes,
    /// The others.
    Failures,
}

// === impl Latency ===

impl Latency {
    /// The wait for a draw from [0, 1): the quantile function of the distribution.
    #[must_use]
    pub fn at(&self, draw: f64) -> Duration {
        match self {
            Self::Fixed(time) => *time,
            Self::Uniform(from, to) => between(*from, *to, draw),
            Self::Normal { mean, deviation } => {
                let seconds = deviation.as_secs_f64().mul_add(normal_quantile(draw), mean.as_secs_f64());
                Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO)
            }
            Self::Percentiles(points) => percentile(points, draw * 100.0),
        }
    }
}

fn between(from: Duration, to: Duration, part: f64) -> Duration {
    from.saturating_add(to.saturating_sub(from).mul_f64(part))
}

/// Below the first point the line comes from (0, 0); above the last one the time stays.
fn percentile(points: &[(f64, Duration)], percent: f64) -> Duration {
    let mut low = (0.0, Duration::ZERO);
    for high in points {
        if percent < high.0 {
            return between(low.1, high.1, (percent - low.0) / (high.0 - low.0));
        }
        low = *high;
    }
    low.1
}

/// Peter Acklam's rational approximation, wrong by less than 1.2e-9 (relative).
fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 5] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 4] =
        [7.784_695_709_041_462e-3, 3.224_671_290_700_398e-1, 2.445_134_137_142_996, 3.754_408_661_907_416];
    const TAIL: f64 = 0.02425;
    let horner = |terms: &[f64], x: f64| terms.iter().fold(0.0, |sum: f64, term| sum.mul_add(x, *term));
    let tail = |p: f64| {
        let q = (-2.0 * p.max(f64::MIN_POSITIVE).ln()).sqrt();
        horner(&C, q) / (horner(&D, q) * q + 1.0)
    };
    if p < TAIL {
        tail(p)
    } else if p > 1.0 - TAIL {
        -tail(1.0 - p)
    } else {
        let q = p - 0.5;
        let r = q * q;
        horner(&A, r) * q / (horner(&B, r) * r + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    /// In whole milliseconds, rounded.
    fn at(latency: &Latency, draw: f64) -> u128 {
        (latency.at(draw).as_micros() + 500) / 1_000
    }

    #[test]
    fn every_distribution_has_its_quantiles() {
        let percentiles = Latency::Percentiles(vec![(50.0, ms(100)), (90.0, ms(300)), (99.0, ms(1_200))]);
        let normal = Latency::Normal { mean: ms(200), deviation: ms(50) };
        for (latency, draw, expected) in [
            (&Latency::Fixed(ms(70)), 0.9, 70),
            (&Latency::Uniform(ms(100), ms(300)), 0.0, 100),
            (&Latency::Uniform(ms(100), ms(300)), 0.25, 150),
            (&normal, 0.5, 200),
            (&normal, 0.841_344_746, 250),
            (&normal, 0.158_655_254, 150),
            (&normal, 0.998_650_102, 350),
            (&normal, 0.0, 0),
            (&percentiles, 0.25, 50),
            (&percentiles, 0.5, 100),
            (&percentiles, 0.7, 200),
            (&percentiles, 0.9, 300),
            (&percentiles, 0.999, 1_200),
        ] {
            assert_eq!(at(latency, draw), expected, "{latency:?} at {draw}");
        }
    }
}
