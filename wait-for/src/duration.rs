//! Durations as people write them: a number and a unit, as in Go and Kubernetes (`90s`, `1m30s`, `1.5h`).

use std::fmt;
use std::time::Duration;

/// Why a text is no duration.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// A bare number could be anything.
    #[error("{0:?} has no unit: write {0}s for seconds or {0}m for minutes")]
    NoUnit(String),
    /// Time does not run backwards.
    #[error("{0:?} is negative: write a duration such as 90s, or 0 for none")]
    Negative(String),
    /// Anything else.
    #[error("{0:?} is no duration: write a number and a unit (ms, s, m, h), such as 90s or 1m30s")]
    Malformed(String),
}

/// Reads a duration; `0` needs no unit.
///
/// # Errors
/// [`DurationError`], which says what to write instead.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let text = text.trim();
    if text.parse::<f64>() == Ok(0.0) {
        return Ok(Duration::ZERO);
    }
    if text.starts_with('-') {
        return Err(DurationError::Negative(text.to_owned()));
    }
    if text.parse::<f64>().is_ok_and(f64::is_finite) {
        return Err(DurationError::NoUnit(text.to_owned()));
    }
    let malformed = || DurationError::Malformed(text.to_owned());
    if !is_plain(text) {
        return Err(malformed());
    }
    text.parse::<kube::core::Duration>().map(Duration::from).map_err(|_| malformed())
}

/// Digits and letters only, and no number so long that the parser would overflow.
fn is_plain(text: &str) -> bool {
    let number = |c: char| c.is_ascii_digit() || c == '.';
    !text.is_empty()
        && text.chars().all(|c| number(c) || c.is_alphabetic())
        && text.split(|c| !number(c)).all(|digits| digits.len() <= 12)
}

/// A duration as one reads it: `0.4s`, `12s`, `3m05s`, `2h07m`.
#[derive(Debug, Clone, Copy)]
pub struct Short(pub Duration);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        match seconds {
            0 if !self.0.is_zero() => write!(f, "{}ms", self.0.as_millis().max(1)),
            1..10 if self.0.subsec_millis() >= 50 => write!(f, "{:.1}s", self.0.as_secs_f64()),
            0..60 => write!(f, "{seconds}s"),
            60..3600 => match seconds % 60 {
                0 => write!(f, "{}m", seconds / 60),
                rest => write!(f, "{}m{rest:02}s", seconds / 60),
            },
            _ => match seconds % 3600 / 60 {
                0 => write!(f, "{}h", seconds / 3600),
                rest => write!(f, "{}h{rest:02}m", seconds / 3600),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_and_a_unit_is_a_duration() {
        for (text, millis) in [
            ("0", 0),
            ("0s", 0),
            ("10s", 10_000),
            ("1m30s", 90_000),
            ("1.5h", 5_400_000),
            ("250ms", 250),
            (" 2s ", 2000),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn anything_else_is_refused_with_what_to_write() {
        assert_eq!(parse("10"), Err(DurationError::NoUnit("10".into())));
        assert_eq!(parse("-5s"), Err(DurationError::Negative("-5s".into())));
        for text in [
            "",
            "s",
            "ten",
            "10 minutes",
            "1d",
            "5s5",
            "inf",
            "NaN",
            "1e999s",
            "99999999999999999999h",
            "1s-2s",
        ] {
            assert_eq!(parse(text), Err(DurationError::Malformed(text.into())), "{text}");
        }
        assert!(DurationError::NoUnit("10".into()).to_string().contains("10s for seconds"));
    }

    #[test]
    fn durations_are_short_to_read() {
        for (millis, text) in [
            (0, "0s"),
            (40, "40ms"),
            (3001, "3s"),
            (6420, "6.4s"),
            (10_400, "10s"),
            (60_000, "1m"),
            (185_000, "3m05s"),
            (7_620_000, "2h07m"),
        ] {
            assert_eq!(Short(Duration::from_millis(millis)).to_string(), text);
        }
    }
}
