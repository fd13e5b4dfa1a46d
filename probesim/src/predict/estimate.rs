//! Means, rates and shares, and how sure they are.

/// The mean of independent samples with its 95 % confidence interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// The interval reaches this far to either side.
    pub half_width: f64,
}

// === impl Estimate ===

impl Estimate {
    /// Of at least two samples, by Student's t; fewer have an interval without end.
    #[must_use]
    pub fn of(samples: &[f64]) -> Self {
        let count = samples.len() as f64;
        let mean = samples.iter().sum::<f64>() / count.max(1.0);
        if samples.len() < 2 {
            return Self { mean, half_width: f64::INFINITY };
        }
        let variance = samples.iter().map(|sample| (sample - mean).powi(2)).sum::<f64>() / (count - 1.0);
        Self { mean, half_width: student(samples.len() - 1) * (variance / count).sqrt() }
    }

    /// Whether the interval holds `value`.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        (self.mean - value).abs() <= self.half_width
    }
}

/// How often something happens in a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// A day.
    pub per_day: Estimate,
    /// How often it was seen.
    pub events: u64,
    /// In so many days.
    pub days: f64,
}

// === impl Rate ===

impl Rate {
    /// From the counts of samples of the same length, which are so many days together.
    #[must_use]
    pub fn of(counts: &[f64], days: f64) -> Self {
        let samples_a_day = counts.len() as f64 / days;
        let per_sample = Estimate::of(counts);
        let per_day = Estimate {
            mean: per_sample.mean * samples_a_day,
            half_width: per_sample.half_width * samples_a_day,
        };
        Self { per_day, events: counts.iter().sum::<f64>() as u64, days }
    }

    /// What never happened happens less often than this, with 95 % certainty: the rule of three.
    #[must_use]
    pub fn at_most(&self) -> f64 {
        3.0 / self.days
    }
}

/// A share of `count` among `of`, with Wilson's 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Share {
    /// The share.
    pub mean: f64,
    /// Where the interval begins.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
}

// === impl Share ===

impl Share {
    /// E. B. Wilson, "Probable Inference", 1927: sound also where nothing, or everything, was seen.
    #[must_use]
    pub fn of(count: u32, of: u32) -> Self {
        let (n, z) = (f64::from(of).max(1.0), 1.959_964_f64);
        let share = f64::from(count) / n;
        let middle = (share + z * z / (2.0 * n)) / (1.0 + z * z / n);
        let reach = z / (1.0 + z * z / n) * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
        Self { mean: share, low: (middle - reach).max(0.0), high: (middle + reach).min(1.0) }
    }

    /// Of at least one among `replicas` that do not depend on each other.
    #[must_use]
    pub fn of_any(self, replicas: u32) -> Self {
        let any = |share: f64| 1.0 - (1.0 - share).powf(f64::from(replicas));
        Self { mean: any(self.mean), low: any(self.low), high: any(self.high) }
    }

    /// Whether the interval holds `value`.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// The 97.5 % quantile of Student's t.
fn student(freedom: usize) -> f64 {
    const SMALL: [f64; 10] = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];
    if let Some(value) = freedom.checked_sub(1).and_then(|index| SMALL.get(index)) {
        return *value;
    }
    // Cornish and Fisher's expansion is good to three digits from here on.
    let (z, n) = (1.959_964_f64, freedom as f64);
    let first = (z.powi(3) + z) / (4.0 * n);
    let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * n * n);
    z + first + second
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn students_t_is_as_in_the_tables() {
        for (freedom, value) in
            [(1, 12.706), (5, 2.571), (6, 2.447), (10, 2.228), (29, 2.045), (11, 2.201), (100, 1.984)]
        {
            assert!((student(freedom) - value).abs() < 0.003, "{freedom}: {}", student(freedom));
        }
    }

    #[test]
    fn rates_are_counted_by_the_day() {
        let rate = Rate::of(&[1.0, 3.0], 0.5);
        assert_eq!((rate.per_day.mean, rate.events), (8.0, 4));
        assert_eq!(Rate::of(&[0.0, 0.0], 30.0).at_most(), 0.1);
    }

    /// The textbook's example: 10 of 100 lie in 5.5 % to 17.4 %.
    #[test]
    fn shares_have_wilsons_interval() {
        let share = Share::of(10, 100);
        assert!((share.low - 0.0552).abs() < 1e-4 && (share.high - 0.1744).abs() < 1e-4, "{share:?}");
        let never = Share::of(0, 100);
        assert!(never.low < 1e-12 && (never.high - 0.037).abs() < 1e-3, "{never:?}");
        assert!((Share::of(1, 2).of_any(2).mean - 0.75).abs() < 1e-12);
    }

    #[test]
    fn an_interval_is_as_wide_as_the_samples_are_far_apart() {
        let estimate = Estimate::of(&[1.0, 3.0]);
        assert_eq!(estimate.mean, 2.0);
        assert!((estimate.half_width - 12.706).abs() < 1e-9);
        assert!(Estimate::of(&[5.0]).half_width.is_infinite());
        assert_eq!(Estimate::of(&[2.0, 2.0, 2.0]).half_width, 0.0);
    }
}
