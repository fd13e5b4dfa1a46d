//! The fields that can be swept, and their values.

use super::chart::Words;
use crate::plan::Rate;
use crate::value;

/// More rows than this are no table.
const MOST: usize = 200;

/// A field that can be swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Period,
    Timeout,
    FailureThreshold,
    SuccessThreshold,
    FailureRate,
    Latency,
}

// === impl Field ===

impl Field {
    /// How its values are written.
    pub(super) const fn words(self) -> Words {
        match self {
            Self::FailureRate => Words::Share,
            Self::Latency => Words::Time,
            _ => Words::Number,
        }
    }

    pub(super) const ALL: [Self; 6] = [
        Self::Period,
        Self::Timeout,
        Self::FailureThreshold,
        Self::SuccessThreshold,
        Self::FailureRate,
        Self::Latency,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Period => "periodSeconds",
            Self::Timeout => "timeoutSeconds",
            Self::FailureThreshold => "failureThreshold",
            Self::SuccessThreshold => "successThreshold",
            Self::FailureRate => "failure-rate",
            Self::Latency => "latency",
        }
    }

    pub(super) fn named(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|field| field.name() == name);
        let names = || Self::ALL.map(Self::name).join(", ");
        found.ok_or_else(|| format!("{name} is no field to sweep: write one of {}", names()))
    }

    /// Whether it holds whole numbers only, from 1.
    const fn is_whole(self) -> bool {
        !matches!(self, Self::FailureRate | Self::Latency)
    }

    pub(super) fn value(self, text: &str) -> Result<f64, String> {
        match self {
            Self::FailureRate => value::rate(text).map(Rate::fraction).map_err(|why| why.to_string()),
            Self::Latency => value::with_unit(text).map(|it| it.as_secs_f64()).map_err(|why| why.to_string()),
            _ => {
                let number: Option<i32> = text.parse().ok().filter(|number| *number > 0);
                let wrong = || format!("{text:?}: {} is a whole number of 1 or more", self.name());
                number.map(f64::from).ok_or_else(wrong)
            }
        }
    }

    /// From the one to the other, by the step; without one, by 1, or in so many steps as are easy to read.
    pub(super) fn values(self, from: f64, to: f64, step: Option<f64>) -> Result<Vec<f64>, String> {
        if step == Some(0.0) {
            return Err("a step of 0 never comes to an end: write a step of more than 0".into());
        }
        let is_wide = from > 0.0 && to / from >= 50.0;
        let values: Vec<f64> = match step {
            None if !self.is_whole() && is_wide => {
                (0..=18).map(|step| from * (to / from).powf(f64::from(step) / 18.0)).collect()
            }
            step => {
                let default =
                    if self.is_whole() { ((to - from) / 20.0).ceil().max(1.0) } else { (to - from) / 10.0 };
                let step = step.unwrap_or(default).max(f64::MIN_POSITIVE);
                let count = ((to - from) / step + 1e-9).floor();
                if count > MOST as f64 {
                    return Err(format!(
                        "{count} values are too many: write a greater step, for at most {MOST}"
                    ));
                }
                (0..=count as u32).map(|number| from + f64::from(number) * step).collect()
            }
        };
        Ok(values)
    }
}
