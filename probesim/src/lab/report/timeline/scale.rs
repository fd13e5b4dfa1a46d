//! The axis of time.

use std::time::Duration;

use super::super::time::{Exact, Short, millis};

/// Where the rows begin, to the right of their names.
pub(super) const LEFT: f64 = 215.0;
/// How wide they are.
pub(super) const WIDTH: f64 = 1045.0;

/// Steps between ticks, in milliseconds.
const STEPS: [u32; 22] = [
    10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000,
    600_000, 900_000, 1_800_000, 3_600_000, 7_200_000, 14_400_000, 43_200_000,
];
/// No more ticks than this.
const MOST_TICKS: u32 = 12;

/// From time to place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    end: u32,
}

// === impl Scale ===

impl Scale {
    /// From the beginning to `end`.
    pub(super) fn new(end: Duration) -> Self {
        Self { end: millis(end).max(1) }
    }

    /// The last moment.
    pub(super) const fn end(self) -> u32 {
        self.end
    }

    /// Where a moment is.
    pub(super) fn x(self, millis: u32) -> f64 {
        LEFT + WIDTH * f64::from(millis.min(self.end)) / f64::from(self.end)
    }

    /// The moments with a line, and what is written there.
    pub(super) fn ticks(self) -> Vec<(u32, String)> {
        let day = 86_400_000;
        let step = STEPS.into_iter().find(|step| self.end / step <= MOST_TICKS);
        let step = step.unwrap_or_else(|| day * (self.end / day / MOST_TICKS).max(1));
        let label = |at: u32| {
            let at = Duration::from_millis(at.into());
            if step < 1_000 { Exact(at).to_string() } else { Short(at).to_string() }
        };
        (0..=self.end / step).map(|number| (number * step, label(number * step))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_fall_on_round_times() {
        for (end, count, last) in [
            (1, 1, "0.000s"),
            (500, 11, "0.500s"),
            (12_000, 13, "12s"),
            (60_000, 13, "1m"),
            (95_000, 10, "1m30s"),
            (3_600_000, 13, "1h"),
            (8 * 3_600_000, 9, "8h"),
            (7 * 86_400_000, 8, "168h"),
        ] {
            let ticks = Scale::new(Duration::from_millis(end)).ticks();
            assert_eq!((ticks.len(), ticks[ticks.len() - 1].1.as_str()), (count, last), "{end}");
        }
    }

    #[test]
    fn the_whole_width_is_used() {
        let scale = Scale::new(Duration::from_secs(10));
        assert_eq!((scale.x(0), scale.x(5_000), scale.x(10_000)), (LEFT, LEFT + WIDTH / 2.0, LEFT + WIDTH));
        assert_eq!(scale.x(11_000), LEFT + WIDTH, "nothing is drawn outside");
    }
}
