//! A sweep as curves: what both the terminal and the SVG draw.

use super::measure::Figure;
use super::sweep::{Row, Sweep};
use super::words::{share, time};

/// The curves of one workload.
#[derive(Debug)]
pub(super) struct Chart {
    pub(super) title: String,
    /// What is swept.
    pub(super) x_label: String,
    pub(super) x: Scale,
    /// How its values are written.
    pub(super) x_words: Words,
    pub(super) panels: Vec<Panel>,
}

/// How values on an axis are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Words {
    Number,
    Share,
    Time,
}

/// One quantity.
#[derive(Debug)]
pub(super) struct Panel {
    pub(super) title: &'static str,
    pub(super) words: Words,
    pub(super) y: Scale,
    pub(super) series: Vec<Series>,
}

/// One curve.
#[derive(Debug)]
pub(super) struct Series {
    pub(super) name: &'static str,
    /// Else points with their intervals.
    pub(super) is_line: bool,
    /// The value, and the ends of its interval.
    pub(super) points: Vec<Point>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Where values lie on an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) is_logarithmic: bool,
}

// === impl Words ===

impl Words {
    pub(super) fn of(self, value: f64) -> String {
        match self {
            Self::Number => super::words::digits(value),
            Self::Share => share(value),
            Self::Time => time(value),
        }
    }
}

// === impl Chart ===

impl Chart {
    /// Quantities that are nothing throughout have no panel.
    pub(super) fn new(title: &str, sweep: &Sweep, rows: &[Row]) -> Self {
        let values: Vec<f64> = rows.iter().map(|row| row.value).collect();
        let x = Scale::of(values.iter().copied(), sweep.is_logarithmic());
        let restarts = figures(rows, |row| row.restarts);
        let unready = figures(rows, |row| row.unready);
        let mut panels = vec![
            Panel::new("restarts a day", Words::Number, restarts),
            Panel::new("share of time in which a pod is not Ready", Words::Share, unready),
        ];
        if sweep.moves_detection() {
            let detection = detection(rows);
            panels.push(Panel::new("time until an outage is seen", Words::Time, detection));
        }
        let panels = panels.into_iter().flatten().collect();
        Self { title: title.to_owned(), x_label: sweep.to_string(), x, x_words: sweep.axis(), panels }
    }
}

fn figures(rows: &[Row], of: impl Fn(&Row) -> Figure) -> Vec<Series> {
    let exact = |row: &Row| {
        let y = of(row).formula?;
        Some(Point { x: row.value, y, low: y, high: y })
    };
    let simulated = |row: &Row| {
        let seen = of(row).simulated.filter(|seen| seen.mean > 0.0)?;
        Some(Point { x: row.value, y: seen.mean, low: seen.low, high: seen.high })
    };
    vec![
        Series { name: "formula", is_line: true, points: rows.iter().filter_map(exact).collect() },
        Series {
            name: "simulated, 95 %",
            is_line: false,
            points: rows.iter().filter_map(simulated).collect(),
        },
    ]
}

fn detection(rows: &[Row]) -> Vec<Series> {
    let names = [("liveness, mean", "liveness, worst"), ("readiness, mean", "readiness, worst")];
    let mut series = vec![];
    for (kind, (mean, worst)) in names.into_iter().enumerate() {
        let points = |of: fn((f64, f64)) -> f64| {
            let point = |row: &Row| {
                let y = of(row.detection[kind]?);
                Some(Point { x: row.value, y, low: y, high: y })
            };
            rows.iter().filter_map(point).collect()
        };
        series.push(Series { name: mean, is_line: true, points: points(|(mean, _)| mean) });
        series.push(Series { name: worst, is_line: true, points: points(|(_, worst)| worst) });
    }
    series
}

// === impl Panel ===

impl Panel {
    fn new(title: &'static str, words: Words, mut series: Vec<Series>) -> Option<Self> {
        let values = || series.iter().flat_map(|series| &series.points).map(|point| point.y);
        let positive = || values().filter(|value| *value > 0.0);
        let (least, most) = (positive().fold(f64::INFINITY, f64::min), positive().fold(0.0, f64::max));
        if most <= 0.0 {
            return None;
        }
        let is_logarithmic = most / least >= 50.0;
        if is_logarithmic {
            // Nothing is at no place of a logarithmic axis.
            series.iter_mut().for_each(|series| series.points.retain(|point| point.y > 0.0));
        }
        series.retain(|series| !series.points.is_empty());
        let y = if is_logarithmic { Scale::decades(least, most) } else { Scale::from_zero(most) };
        Some(Self { title, words, y, series })
    }
}

// === impl Scale ===

impl Scale {
    fn of(values: impl Iterator<Item = f64>, is_logarithmic: bool) -> Self {
        let (from, to) = values.fold((f64::INFINITY, 0.0_f64), |(from, to), it| (from.min(it), to.max(it)));
        let to = if to > from { to } else { from + 1.0 };
        Self { from, to, is_logarithmic }
    }

    /// From a power of ten to another; at most twelve, for what is less nobody sees.
    fn decades(least: f64, most: f64) -> Self {
        let to = most.log10().ceil();
        let from = least.log10().floor().max(to - 12.0);
        Self { from: 10_f64.powf(from), to: 10_f64.powf(to), is_logarithmic: true }
    }

    fn from_zero(most: f64) -> Self {
        let step = nice_step(most);
        Self { from: 0.0, to: (most / step).ceil() * step, is_logarithmic: false }
    }

    /// Where a value lies: 0 at the beginning, 1 at the end.
    pub(super) fn place(&self, value: f64) -> f64 {
        let Self { from, to, is_logarithmic } = *self;
        let part = if is_logarithmic {
            (value.max(f64::MIN_POSITIVE) / from).ln() / (to / from).ln()
        } else {
            (value - from) / (to - from)
        };
        part.clamp(0.0, 1.0)
    }

    /// Values that are easy to read, some five of them.
    pub(super) fn ticks(&self) -> Vec<f64> {
        let Self { from, to, is_logarithmic } = *self;
        if is_logarithmic {
            let (low, high) = ((from.log10() - 1e-9).ceil() as i32, (to.log10() + 1e-9).floor() as i32);
            let every = usize::try_from((high - low) / 6 + 1).unwrap_or(1);
            let mut ticks: Vec<f64> = (low..=high).step_by(every).map(|power| 10_f64.powi(power)).collect();
            if ticks.len() < 4 {
                let more =
                    (low - 1..=high).flat_map(|power| [2.0, 5.0].map(|digit| digit * 10_f64.powi(power)));
                ticks.extend(more.filter(|tick| (from * 0.999..=to * 1.001).contains(tick)));
                ticks.sort_by(f64::total_cmp);
            }
            return ticks;
        }
        let step = nice_step(to - from);
        let first = (from / step - 1e-9).ceil() as i64;
        let last = (to / step + 1e-9).floor() as i64;
        (first..=last).map(|number| number as f64 * step).collect()
    }
}

/// 1, 2 or 5 times a power of ten, about a fifth of the range.
fn nice_step(range: f64) -> f64 {
    let raw = (range / 5.0).max(f64::MIN_POSITIVE);
    let power = 10_f64.powf(raw.log10().floor());
    let digit = [1.0, 2.0, 5.0].into_iter().find(|digit| digit * power >= raw * 0.999).unwrap_or(10.0);
    digit * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_easy_to_read() {
        let linear = |from, to| Scale { from, to, is_logarithmic: false }.ticks();
        assert_eq!(linear(0.0, 10.0), [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]);
        assert_eq!(linear(1.0, 4.0), [1.0, 2.0, 3.0, 4.0]);
        let logarithmic = |from, to| Scale { from, to, is_logarithmic: true }.ticks();
        assert_eq!(logarithmic(1.0, 10_000.0), [1.0, 10.0, 100.0, 1000.0, 10_000.0]);
        let tenths: Vec<_> =
            logarithmic(0.001, 0.5).iter().map(|tick| super::super::words::digits(*tick)).collect();
        assert_eq!(tenths, ["0.001", "0.002", "0.005", "0.01", "0.02", "0.05", "0.1", "0.2", "0.5"]);
    }

    #[test]
    fn places_go_from_beginning_to_end() {
        let scale = Scale { from: 0.001, to: 1.0, is_logarithmic: true };
        let places = [0.001, 0.01, 0.1, 1.0, 0.0].map(|value| (scale.place(value) * 3.0).round());
        assert_eq!(places, [0.0, 1.0, 2.0, 3.0, 0.0]);
        assert_eq!(Scale { from: 2.0, to: 4.0, is_logarithmic: false }.place(3.0), 0.5);
    }
}
