//! Times as the API server writes them: RFC 3339, to the second.

use std::fmt;
use std::str::FromStr;

use k8s_openapi::jiff::Timestamp;

/// A point in time, in seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(i64);

/// A text that is no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no time; write, for example, 2026-01-31T12:00:00Z")]
pub struct MomentError(String);

// === impl Moment ===

impl FromStr for Moment {
    type Err = MomentError;

    /// `2026-01-31T12:00:00Z`, with an offset in place of the `Z`, with or without a fraction, which is left out.
    fn from_str(text: &str) -> Result<Self, MomentError> {
        let time = text.parse::<Timestamp>().map_err(|_| MomentError(text.to_owned()))?;
        Ok(Self(time.as_second()))
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Timestamp::from_second(self.0) {
            Ok(time) => time.fmt(f),
            Err(_) => self.0.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        let cases = [
            ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"),
            ("2026-11-21T02:05:34Z", 1_795_226_734, "2026-11-21T02:05:34Z"),
            ("2024-02-29T23:59:59.999999Z", 1_709_251_199, "2024-02-29T23:59:59Z"),
            ("2024-03-01T01:00:00+01:00", 1_709_251_200, "2024-03-01T00:00:00Z"),
            ("2000-12-31t19:30:00-04:30", 978_307_200, "2001-01-01T00:00:00Z"),
        ];
        for (text, seconds, written) in cases {
            let moment: Moment = text.parse().unwrap();
            assert_eq!(moment, Moment(seconds), "{text}");
            assert_eq!(moment.to_string(), written);
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "now",
            "2026-01-31",
            "2026-01-31T12:00:00",
            "2026-01-31T12:00:00+1:00",
            "2026-13-31T12:00:00Z",
            "2026-01-31T25:00:00Z",
            "2026/01/31T12:00:00Z",
            "2026-01-3éT12:00:00Z",
            "2026-01-31T12:00:00Zé",
        ] {
            assert!(text.parse::<Moment>().is_err(), "{text}");
        }
    }
}
