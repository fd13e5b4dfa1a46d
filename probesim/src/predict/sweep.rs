//! What comes of each value of one field.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::args::kind;
use super::chart::Words;
use super::closed;
use super::field::Field;
use super::latency::Latency;
use super::measure::{Figure, Watch, timeout};
use super::subject::Subject;
use super::world::{Assumed, Chances};
use crate::kubelet::{Container, Invalid, Kind};
use crate::plan;

/// The values of one field.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sweep {
    kind: Option<Kind>,
    field: Field,
    values: Vec<f64>,
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
        self.field.words()
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
