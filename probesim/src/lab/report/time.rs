//! Times as they are shown.

use std::fmt;
use std::time::Duration;

/// To the millisecond, in seconds: `12.004s`.
#[derive(Clone, Copy)]
pub(super) struct Exact(pub(super) Duration);

/// As much as one wants to read: `0.004s`, `2.1s`, `1m30s`, `2h05m`.
#[derive(Clone, Copy)]
pub(super) struct Short(pub(super) Duration);

/// Whole milliseconds, rounded, as many as fit.
pub(super) fn millis(duration: Duration) -> u32 {
    let rounded = duration.saturating_add(Duration::from_micros(500));
    u32::try_from(rounded.as_millis()).unwrap_or(u32::MAX)
}

/// The other way round.
pub(super) const fn from_millis(millis: u32) -> Duration {
    Duration::from_millis(millis as u64)
}

// === impl Exact ===

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = millis(self.0);
        f.pad(&format!("{}.{:03}s", millis / 1000, millis % 1000))
    }
}

// === impl Short ===

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = millis(self.0);
        let (seconds, tenths) = (millis / 1000, (millis % 1000) / 100);
        let text = match seconds {
            0 if millis == 0 => "0s".to_owned(),
            0 => format!("0.{millis:03}s"),
            1..60 if tenths == 0 => format!("{seconds}s"),
            1..60 => format!("{seconds}.{tenths}s"),
            60..3600 if seconds % 60 == 0 => format!("{}m", seconds / 60),
            60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
            _ if seconds % 3600 < 60 => format!("{}h", seconds / 3600),
            _ => format!("{}h{:02}m", seconds / 3600, seconds / 60 % 60),
        };
        f.pad(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_as_long_as_they_matter() {
        for (millis, exact, short) in [
            (0, "0.000s", "0s"),
            (4, "0.004s", "0.004s"),
            (2_101, "2.101s", "2.1s"),
            (10_000, "10.000s", "10s"),
            (90_000, "90.000s", "1m30s"),
            (300_000, "300.000s", "5m"),
            (3_600_000, "3600.000s", "1h"),
            (7_500_000, "7500.000s", "2h05m"),
        ] {
            let time = from_millis(millis);
            assert_eq!((Exact(time).to_string(), Short(time).to_string()), (exact.into(), short.into()));
        }
        assert_eq!(format!("{:>9}", Exact(from_millis(1))), "   0.001s");
    }
}
