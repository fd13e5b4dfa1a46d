//! Durations as people write them: a number and a unit, as in Go and Kubernetes (`90s`, `1m30s`, `1.5h`).

use std::fmt;
use std::time::Duration;

/// Clocks overflow at some time after this.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

/// Why a text is no duration.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// A bare number could be anything.
    #[error("{0:?} has no unit: write {0}s for seconds or {0}m for minutes")]
    NoUnit(String),
    /// Time does not run backwards.
    #[error("{0:?} is negative: write a duration such as 90s, or 0 for none")]
    Negative(String),
    /// Not nothing, and still none that can be measured.
    #[error("{0:?} is shorter than a nanosecond: write 0 for none, or a duration such as 90s")]
    TooShort(String),
    /// Nobody waits so long.
    #[error("{0:?} is longer than a hundred years: write a duration such as 90s, or 0 for none")]
    TooLong(String),
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
    let is_something = text.contains(|c: char| c.is_ascii_digit() && c != '0');
    if !is_something && text.parse::<f64>() == Ok(0.0) {
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
    let duration = text.parse::<kube::core::Duration>().map(Duration::from).map_err(|_| malformed())?;
    match duration {
        _ if duration.is_zero() && is_something => Err(DurationError::TooShort(text.to_owned())),
        _ if duration > LONGEST => Err(DurationError::TooLong(text.to_owned())),
        _ => Ok(duration),
    }
}

/// So many seconds, where that is not too long.
///
/// # Errors
/// [`DurationError::TooLong`].
pub fn seconds(text: &str, seconds: u64) -> Result<Duration, DurationError> {
    let duration = Duration::from_secs(seconds);
    if duration > LONGEST { Err(DurationError::TooLong(text.to_owned())) } else { Ok(duration) }
}

/// Digits and letters only, a unit last, and nothing so long that the parser would overflow.
fn is_plain(text: &str) -> bool {
    let number = |c: char| c.is_ascii_digit() || c == '.';
    (1..=60).contains(&text.len())
        && text.ends_with(char::is_alphabetic)
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
            ("0h0m0.0s", 0),
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
        for text in ["1e-400", &format!("0.{}1", "0".repeat(400))] {
            assert_eq!(parse(text), Err(DurationError::NoUnit(text.into())), "not none: {text}");
        }
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
        for text in ["0.1ns", "0.0000000001s"] {
            assert_eq!(parse(text), Err(DurationError::TooShort(text.into())), "{text}");
        }
        let many = "999999999999h".repeat(6000);
        for text in [&many, "5s0"] {
            assert_eq!(parse(text), Err(DurationError::Malformed(text.into())), "{text}");
        }
        for text in ["999999999999h", "876001h"] {
            assert_eq!(parse(text), Err(DurationError::TooLong(text.into())), "{text}");
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
