//! What can be measured, and in which unit.

use std::fmt;
use std::time::Duration;

use super::super::time::Exact;
use crate::duration;

/// Something that can be measured. The help of `--expect` says what each means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Metric {
    Ready,
    NotReady,
    LongestNotReady,
    Available,
    Restarts,
    Killed,
    Exits,
    Unhealthy,
    Probes,
    BackOff,
    Opened,
}

/// In what it is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Time,
    Percent,
    Count,
}

/// With what it is compared, or what was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    Time(Duration),
    Percent(f64),
    Count(u64),
    /// It did not happen.
    Never,
}

// === impl Metric ===

impl Metric {
    const ALL: [Self; 11] = [
        Self::Ready,
        Self::NotReady,
        Self::LongestNotReady,
        Self::Available,
        Self::Restarts,
        Self::Killed,
        Self::Exits,
        Self::Unhealthy,
        Self::Probes,
        Self::BackOff,
        Self::Opened,
    ];

    /// For a message.
    pub(super) const NAMES: &str = "ready, notReady, longestNotReady, available, restarts, killed, exits, unhealthy, probes, backoff, opened";

    pub(super) fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name().eq_ignore_ascii_case(text))
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::NotReady => "notReady",
            Self::LongestNotReady => "longestNotReady",
            Self::Available => "available",
            Self::Restarts => "restarts",
            Self::Killed => "killed",
            Self::Exits => "exits",
            Self::Unhealthy => "unhealthy",
            Self::Probes => "probes",
            Self::BackOff => "backoff",
            Self::Opened => "opened",
        }
    }

    /// Reads a value of its own.
    pub(super) fn read(self, text: &str) -> Option<Value> {
        let time = || if text == "0" { Some(Duration::ZERO) } else { duration::parse(text) };
        match self {
            Self::Ready | Self::Opened if text == "never" => Some(Value::Never),
            Self::Ready | Self::Opened | Self::LongestNotReady | Self::BackOff => time().map(Value::Time),
            Self::NotReady => percent(text).or_else(|| time().map(Value::Time)),
            Self::Available => percent(text),
            Self::Restarts | Self::Killed | Self::Exits | Self::Unhealthy | Self::Probes => {
                text.parse().ok().map(Value::Count)
            }
        }
    }

    /// What to write as a value.
    pub(super) const fn example(self) -> &'static str {
        match self {
            Self::Ready | Self::Opened => "a time with its unit, such as 30s, or never",
            Self::LongestNotReady | Self::BackOff => "a time with its unit, such as 30s",
            Self::NotReady => "a share such as 1%, or a time such as 30s",
            Self::Available => "a share, such as 99.5%",
            Self::Restarts | Self::Killed | Self::Exits | Self::Unhealthy | Self::Probes => {
                "a whole number, such as 0"
            }
        }
    }

    /// A value.
    pub(super) const fn simple_example(self) -> &'static str {
        match self {
            Self::Ready | Self::Opened | Self::LongestNotReady | Self::BackOff => "30s",
            Self::NotReady => "1%",
            Self::Available => "99.5%",
            Self::Restarts | Self::Killed | Self::Exits | Self::Unhealthy | Self::Probes => "0",
        }
    }
}

fn percent(text: &str) -> Option<Value> {
    let number = text.strip_suffix('%')?.trim_end();
    let percent: f64 = if duration::is_decimal(number) { number.parse().ok()? } else { return None };
    (percent <= 100.0).then_some(Value::Percent(percent))
}

// === impl Value ===

impl Value {
    pub(super) const fn unit(self) -> Unit {
        match self {
            Self::Time(_) | Self::Never => Unit::Time,
            Self::Percent(_) => Unit::Percent,
            Self::Count(_) => Unit::Count,
        }
    }

    /// What is compared; what never happened is later than everything.
    #[expect(clippy::cast_precision_loss, reason = "counts and times of a lab are far below 2^52")]
    pub(super) const fn number(self) -> f64 {
        match self {
            // Whole microseconds, so that equal times are equal.
            Self::Time(time) => time.as_micros() as f64,
            Self::Percent(percent) => percent,
            Self::Count(count) => count as f64,
            Self::Never => f64::INFINITY,
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time(time) => write!(f, "{}", Exact(*time)),
            Self::Percent(percent) => {
                let text = format!("{percent:.3}");
                write!(f, "{}%", text.trim_end_matches('0').trim_end_matches('.'))
            }
            Self::Count(count) => write!(f, "{count}"),
            Self::Never => f.write_str("never"),
        }
    }
}
