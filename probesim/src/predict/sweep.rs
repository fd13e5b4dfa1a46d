//! What comes of each value of one field.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde_json::{Value, json};

use super::args::kind;
use super::chart::Words;
use super::closed;
use super::latency::Latency;
use super::measure::{Figure, Watch, timeout};
use super::subject::Subject;
use super::words::{digits, share, time};
use super::world::{Assumed, Chances};
use crate::kubelet::{Container, Invalid, Kind};
use crate::plan::{self, Rate};
use crate::value;

/// More rows than this are no table.
const MOST: usize = 200;

/// The values of one field.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sweep {
    kind: Option<Kind>,
    field: Field,
    values: Vec<f64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Period,
    Timeout,
    FailureThreshold,
    SuccessThreshold,
    FailureRate,
    Latency,
}

/// What comes of one value.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// The value: whole, a share, or seconds.
    pub(super) value: f64,
    /// Restarts a day, of all containers.
    pub(super) restarts: Figure,
    /// The share of time in which the pod is not Ready.
    pub(super) unready: Figure,
    /// How long it takes to see an outage: by liveness, by readiness; the mean and the longest, in seconds.
    pub(super) detection: [Option<(f64, f64)>; 2],
}

// === impl Sweep ===

impl Sweep {
    /// Failure rates from 0.1 % to 50 %, as evenly as a logarithm has them.
    #[must_use]
    pub(super) fn of_failure_rates() -> Self {
        let values = (0..=18).map(|step| 0.001 * 500_f64.powf(f64::from(step) / 18.0)).collect();
        Self { kind: None, field: Field::FailureRate, values }
    }

    /// Whether the values are best seen on a logarithmic axis.
    #[must_use]
    pub(super) fn is_logarithmic(&self) -> bool {
        let (first, last) = (self.values.first().copied(), self.values.last().copied());
        matches!((first, last), (Some(first), Some(last)) if first > 0.0 && last / first >= 50.0)
    }

    /// How its values are written.
    #[must_use]
    pub(super) fn axis(&self) -> Words {
        match self.field {
            Field::FailureRate => Words::Share,
            Field::Latency => Words::Time,
            _ => Words::Number,
        }
    }

    /// Whether the time until an outage is seen depends on it.
    #[must_use]
    pub(super) fn moves_detection(&self) -> bool {
        matches!(self.field, Field::Period | Field::FailureThreshold | Field::Latency)
    }

    /// A value in words.
    #[must_use]
    pub(super) fn words(&self, value: f64) -> String {
        self.axis().of(value)
    }

    /// The workload with one value of the field.
    fn apply(&self, subject: &Subject, value: f64) -> Subject {
        let mut subject = subject.clone();
        let covers = |kind: Kind| self.kind.is_none_or(|only| only == kind);
        let whole = value as i32;
        let containers = subject.spec.init_containers.iter_mut().chain(&mut subject.spec.containers);
        for (container, assumed) in containers.zip(&mut subject.assumed) {
            for kind in Kind::ALL.into_iter().filter(|kind| covers(*kind)) {
                let probe = match kind {
                    Kind::Startup => &mut container.startup_probe,
                    Kind::Readiness => &mut container.readiness_probe,
                    Kind::Liveness => &mut container.liveness_probe,
                };
                if let Some(probe) = probe {
                    match self.field {
                        Field::Period => probe.period_seconds = whole,
                        Field::Timeout => probe.timeout_seconds = whole,
                        Field::FailureThreshold => probe.failure_threshold = whole,
                        // Only readiness may need more than one.
                        Field::SuccessThreshold if kind == Kind::Readiness => probe.success_threshold = whole,
                        _ => {}
                    }
                }
                if matches!(self.field, Field::FailureRate | Field::Latency) {
                    if matches!(assumed, Assumed::Planned(_)) {
                        *assumed = Assumed::Chance(Chances::NONE);
                    }
                    let Assumed::Chance(chances) = assumed else { continue };
                    let faults = &mut chances.faults[kind as usize];
                    match self.field {
                        Field::FailureRate => faults.failure = value,
                        _ => {
                            let fixed = plan::Latency::Fixed(Duration::from_secs_f64(value));
                            faults.latency = Latency::Planned(fixed);
                        }
                    }
                }
            }
        }
        subject
    }

    /// What comes of each value.
    ///
    /// # Errors
    /// The API would not have taken the spec.
    pub(super) fn rows(&self, watch: &Watch, subject: &Subject) -> Result<Vec<Row>, Vec<Invalid>> {
        let mut watch = watch.clone();
        watch.effort.probes /= self.values.len().max(1) as u64;
        let row = |value: &f64| {
            let subject = self.apply(subject, *value);
            let (runs, unready) = watch.long_run(&subject)?;
            let restarts = runs.iter().map(|run| run.restarts).reduce(sum).unwrap_or_default();
            let detection = [Kind::Liveness, Kind::Readiness].map(|kind| detection(&subject, kind));
            Ok(Row { value: *value, restarts, unready, detection })
        };
        self.values.iter().map(row).collect()
    }
}

fn sum(left: Figure, right: Figure) -> Figure {
    let simulated = left.simulated.zip(right.simulated).map(|(mut left, right)| {
        left.mean += right.mean;
        left.low += right.low;
        // What was not seen may still happen, but the bounds of two containers are not added.
        left.high =
            if right.mean > 0.0 { left.high.max(left.mean - right.mean) + right.high } else { left.high };
        left
    });
    Figure { formula: left.formula.zip(right.formula).map(|(left, right)| left + right), simulated }
}

/// How long it takes to see an outage that fails at once; of several containers the fastest.
fn detection(subject: &Subject, kind: Kind) -> Option<(f64, f64)> {
    let of = |container: &Container, assumed: &Assumed| {
        let probe = container.probe(kind)?;
        let answer = match assumed {
            Assumed::Chance(chances) => chances.faults[kind as usize].latency.fixed().unwrap_or_default(),
            Assumed::Planned(_) => Duration::ZERO,
        };
        let (mean, worst) = closed::detection(probe, answer.min(timeout(probe)));
        Some((mean.as_secs_f64(), worst.as_secs_f64()))
    };
    let all = subject.containers().filter_map(|(container, assumed)| of(container, assumed));
    all.reduce(|left, right| if right.0 < left.0 { right } else { left })
}

/// `liveness.failureThreshold=1..10`, `failure-rate=1%..20%:1%`, `latency=10ms..2s`.
impl FromStr for Sweep {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let example = "write for example liveness.failureThreshold=1..10, periodSeconds=5..30:5 or failure-rate=1%..20%";
        let (name, range) = text.split_once('=').ok_or(example)?;
        let (word, field) = name.split_once('.').map_or((None, name), |(word, field)| (Some(word), field));
        let kind = match word {
            None => None,
            Some(word) => Some(kind(word).ok_or_else(|| {
                format!("{word} is no kind of probe: write startup, readiness or liveness")
            })?),
        };
        let field = Field::named(field)?;
        if field == Field::SuccessThreshold && kind.is_some_and(|kind| kind != Kind::Readiness) {
            return Err(
                "successThreshold of liveness and startup must be 1: write readiness.successThreshold".into(),
            );
        }
        let (from, rest) = range.split_once("..").ok_or(example)?;
        let (to, step) = rest.split_once(':').map_or((rest, None), |(to, step)| (to, Some(step)));
        let (from, to) = (field.value(from)?, field.value(to)?);
        let step = step.map(|step| field.value(step)).transpose()?;
        if to < from {
            return Err(format!("{range}: the first value must not be greater than the second"));
        }
        let values = field.values(from, to, step)?;
        Ok(Self { kind, field, values })
    }
}

/// As an axis or a column is called.
impl fmt::Display for Sweep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(kind) = self.kind {
            write!(f, "{}.", kind.to_string().to_lowercase())?;
        }
        f.write_str(self.field.name())
    }
}

// === impl Field ===

impl Field {
    const ALL: [Self; 6] = [
        Self::Period,
        Self::Timeout,
        Self::FailureThreshold,
        Self::SuccessThreshold,
        Self::FailureRate,
        Self::Latency,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Period => "periodSeconds",
            Self::Timeout => "timeoutSeconds",
            Self::FailureThreshold => "failureThreshold",
            Self::SuccessThreshold => "successThreshold",
            Self::FailureRate => "failure-rate",
            Self::Latency => "latency",
        }
    }

    fn named(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|field| field.name() == name);
        let names = || Self::ALL.map(Self::name).join(", ");
        found.ok_or_else(|| format!("{name} is no field to sweep: write one of {}", names()))
    }

    /// Whether it holds whole numbers only, from 1.
    const fn is_whole(self) -> bool {
        !matches!(self, Self::FailureRate | Self::Latency)
    }

    fn value(self, text: &str) -> Result<f64, String> {
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
    fn values(self, from: f64, to: f64, step: Option<f64>) -> Result<Vec<f64>, String> {
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

/// The rows as JSON.
#[must_use]
pub(super) fn json(sweep: &Sweep, rows: &[Row]) -> Value {
    let figure = |figure: &Figure| {
        let simulated = figure.simulated.map(|it| json!({"mean": it.mean, "interval95": [it.low, it.high]}));
        json!({"formula": figure.formula, "simulated": simulated})
    };
    let detection =
        |detection: Option<(f64, f64)>| detection.map(|(mean, worst)| json!({"mean": mean, "worst": worst}));
    let rows = rows.iter().map(|row| {
        json!({
            "value": row.value,
            "restarts": figure(&row.restarts),
            "unready": figure(&row.unready),
            "livenessDetection": detection(row.detection[0]),
            "readinessDetection": detection(row.detection[1]),
        })
    });
    json!({"sweep": sweep.to_string(), "rows": rows.collect::<Value>()})
}

/// The rows as a table.
#[must_use]
pub(super) fn table(sweep: &Sweep, rows: &[Row]) -> String {
    let has = |kind: usize| sweep.moves_detection() && rows.iter().any(|row| row.detection[kind].is_some());
    let has_formula = rows.iter().any(|row| row.restarts.formula.is_some());
    let mut head = vec![sweep.to_string()];
    for title in ["restarts a day", "unready"] {
        if has_formula {
            head.push(title.to_owned());
        }
        head.push(if has_formula { "simulated ± 95 %".into() } else { format!("{title} ± 95 %") });
    }
    for (kind, name) in ["liveness", "readiness"].iter().enumerate() {
        if has(kind) {
            head.push(format!("{name} sees in"));
            head.push("at worst".into());
        }
    }
    let mut lines = vec![head];
    for row in rows {
        let mut line = vec![sweep.words(row.value)];
        for (figure, words) in [(row.restarts, digits as fn(f64) -> String), (row.unready, share)] {
            if has_formula {
                line.push(figure.formula.map_or_else(String::new, words));
            }
            line.push(figure.simulated.map_or_else(String::new, |it| {
                if it.mean == 0.0 && it.high <= 0.0 {
                    "none seen".into()
                } else if it.mean == 0.0 {
                    format!("< {}", words(it.high))
                } else {
                    format!("{} ± {}", words(it.mean), words((it.high - it.low) / 2.0))
                }
            }));
        }
        for kind in [0, 1].into_iter().filter(|kind| has(*kind)) {
            let (mean, worst) = row.detection[kind].unwrap_or_default();
            line.extend([time(mean), time(worst)]);
        }
        lines.push(line);
    }
    aligned(&lines)
}

fn aligned(lines: &[Vec<String>]) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..lines.first().map_or(0, Vec::len)).map(width).collect();
    let mut out = String::new();
    for line in lines {
        out.push_str("  ");
        for (cell, width) in line.iter().zip(&widths) {
            out.extend(std::iter::repeat_n(' ', 2 + width - cell.chars().count()));
            out.push_str(cell);
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<f64> {
        text.parse::<Sweep>().unwrap_or_else(|why| panic!("{text}: {why}")).values
    }

    #[test]
    fn ranges_have_steps() {
        assert_eq!(values("liveness.failureThreshold=1..4"), [1.0, 2.0, 3.0, 4.0]);
        assert_eq!(values("periodSeconds=5..20:5"), [5.0, 10.0, 15.0, 20.0]);
        assert_eq!(values("failure-rate=10%..30%:10%"), [0.1, 0.2, 0.1 + 2.0 * 0.1]);
        assert_eq!(values("latency=0s..1s:500ms"), [0.0, 0.5, 1.0]);
        assert_eq!(values("failure-rate=0.1%..50%").len(), 19);
        assert_eq!(values("timeoutSeconds=3..3"), [3.0]);
        assert_eq!("readiness.latency=1s..2s".parse::<Sweep>().unwrap().to_string(), "readiness.latency");
    }

    #[test]
    fn a_wrong_sweep_says_what_to_write() {
        for (text, words) in [
            ("failureThreshold", "write for example"),
            ("failureThreshold=3", "write for example"),
            ("threshold=1..3", "write one of periodSeconds"),
            ("ready.periodSeconds=1..3", "write startup, readiness or liveness"),
            ("failureThreshold=0..3", "1 or more"),
            ("failureThreshold=3..1", "must not be greater"),
            ("periodSeconds=1..10000:1", "too many"),
            ("failure-rate=1%..5%:0", "more than 0"),
            ("liveness.successThreshold=1..3", "must be 1"),
            ("failure-rate=1%..500%", "percentage"),
        ] {
            let why = text.parse::<Sweep>().expect_err(text);
            assert!(why.contains(words), "{text}: {why}");
        }
    }
}
