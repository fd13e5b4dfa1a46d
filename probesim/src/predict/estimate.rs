//! A mean, and how sure it is.

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
    fn an_interval_is_as_wide_as_the_samples_are_far_apart() {
        let estimate = Estimate::of(&[1.0, 3.0]);
        assert_eq!(estimate.mean, 2.0);
        assert!((estimate.half_width - 12.706).abs() < 1e-9);
        assert!(Estimate::of(&[5.0]).half_width.is_infinite());
        assert_eq!(Estimate::of(&[2.0, 2.0, 2.0]).half_width, 0.0);
    }
}
