//! What there is to say of a workload: sentences with their figures.

use std::time::Duration;

use super::measure::{Figure, LongRun, Watch, timeout};
use super::of_container::{liveness, outages, readiness, startup};
use super::of_pods::{all_unready, asked_outage, probes_a_day, rollout};
use super::subject::Subject;
use super::words::{digits, share, time};
use super::world::{Assumed, Chances};
use crate::kubelet::{Invalid, Kind, Probe};

/// A finding.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    /// What it is about, in kebab case.
    pub(super) id: &'static str,
    /// The sentence.
    pub(super) text: String,
    /// What the figure is counted in.
    pub(super) unit: Unit,
    /// The figure.
    pub(super) figure: Figure,
    /// The worst case, where there is one.
    pub(super) worst: Option<f64>,
    /// What the formula does not know.
    pub(super) note: Option<String>,
}

/// What a figure is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// So often a day.
    PerDay,
    /// A share of 1.
    Share,
    /// Seconds.
    Seconds,
}

/// What there is to say of a workload.
#[derive(Clone, Debug)]
pub(super) struct Report {
    /// `deployment/web`.
    pub(super) title: String,
    /// Where it is written.
    pub(super) place: String,
    /// How many pods there are.
    pub(super) replicas: u32,
    /// What was assumed of the servers, a line each.
    pub(super) assumptions: Vec<String>,
    /// Of each container that has probes, by its name.
    pub(super) containers: Vec<(String, Vec<Finding>)>,
    /// Of the pod, and of all pods.
    pub(super) pods: Vec<Finding>,
    /// What could not be known.
    pub(super) notes: Vec<String>,
}

/// An outage that is asked about.
#[derive(Clone, Copy, Debug)]
pub(super) struct AskedOutage {
    /// How long it lasts.
    pub(super) length: Duration,
    /// Whether probes hang in it.
    pub(super) hangs: bool,
}

/// What is asked besides.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    /// An outage.
    pub(super) outage: Option<AskedOutage>,
    /// The time of a rollout, instead of `progressDeadlineSeconds`.
    pub(super) rollout: Option<Duration>,
}

/// Says it.
///
/// # Errors
/// The API would not have taken the spec.
pub(super) fn report(watch: &Watch, subject: &Subject, asked: Asked) -> Result<Report, Vec<Invalid>> {
    let (runs, unready) = watch.long_run(subject)?;
    let mut containers = vec![];
    for (number, ((container, assumed), run)) in subject.containers().zip(&runs).enumerate() {
        if Kind::ALL.iter().all(|kind| container.probe(*kind).is_none()) {
            continue;
        }
        let mut findings = vec![];
        startup(watch, subject, number, container, &mut findings)?;
        liveness(container, assumed, run, &mut findings);
        readiness(container, assumed, run, &mut findings);
        outages(watch, subject, number, container, &mut findings)?;
        containers.push((container.name.clone(), findings));
    }
    let mut pods = vec![probes_a_day(subject, &runs)];
    if fails(&runs) {
        pods.extend(all_unready(subject, unready));
    }
    pods.push(rollout(watch, subject, asked.rollout.unwrap_or(subject.deadline))?);
    if let Some(outage) = asked.outage {
        pods.extend(asked_outage(watch, subject, outage)?);
    }
    Ok(Report {
        title: subject.title.clone(),
        place: subject.place.clone(),
        replicas: subject.replicas,
        assumptions: assumptions(subject),
        containers,
        pods,
        notes: subject.notes.clone(),
    })
}

// === impl Finding ===

impl Finding {
    /// One with nothing more to say.
    pub(super) fn new(id: &'static str, unit: Unit, figure: Figure, text: String) -> Self {
        Self { id, text, unit, figure, worst: None, note: None }
    }
}

// === impl Unit ===

impl Unit {
    /// Its name in JSON.
    #[must_use]
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::PerDay => "per-day",
            Self::Share => "share",
            Self::Seconds => "seconds",
        }
    }

    /// A value, and how far the truth may be from it.
    #[must_use]
    pub(super) fn with_reach(self, value: f64, reach: f64) -> String {
        match self {
            Self::PerDay => format!("{} ± {} a day", digits(value), digits(reach)),
            Self::Share => format!("{} ± {} %", digits(value * 100.0), digits(reach * 100.0)),
            Self::Seconds => format!("{} ± {}", time(value), time(reach)),
        }
    }

    /// A value of it in words.
    #[must_use]
    pub(super) fn words(self, value: f64) -> String {
        match self {
            Self::PerDay => format!("{} a day", digits(value)),
            Self::Share => share(value),
            Self::Seconds => time(value),
        }
    }
}

/// Whether anything ever fails.
fn fails(runs: &[LongRun]) -> bool {
    runs.iter().any(|run| run.restarts.value() > 0.0 || run.flips.value() > 0.0 || run.unready.value() > 0.0)
}

fn assumptions(subject: &Subject) -> Vec<String> {
    let mut lines = vec![];
    for (container, assumed) in subject.containers() {
        let probes: Vec<(Kind, &Probe)> =
            Kind::ALL.iter().filter_map(|kind| Some((*kind, container.probe(*kind)?))).collect();
        if probes.is_empty() {
            continue;
        }
        let name = &container.name;
        lines.push(match assumed {
            Assumed::Planned(_) => format!("{name}: the simulator, with its settings and faults"),
            Assumed::Chance(chances) if *chances == Chances::NONE => {
                format!(
                    "{name}: no probe fails; --failure-rate 5% or --latency says what failing ones come to"
                )
            }
            Assumed::Chance(chances) => format!("{name}: {}", chances_in_words(chances, &probes)),
        });
    }
    lines
}

/// `5 % of the probes fail, each for itself; answers take 20 ms`.
fn chances_in_words(chances: &Chances, probes: &[(Kind, &Probe)]) -> String {
    let each = |(kind, probe): &(Kind, &Probe)| {
        let failure = chances.faults[*kind as usize].effective(timeout(probe));
        let words = format!("{} of the {} probes fail", share(failure), kind.to_string().to_lowercase());
        (failure, words)
    };
    let of: Vec<_> = probes.iter().map(each).collect();
    let is_same = of.windows(2).all(|pair| (pair[0].0 - pair[1].0).abs() < 1e-12);
    let mut text = match of.first() {
        Some((failure, _)) if is_same => format!("{} of the probes fail", share(*failure)),
        _ => of.into_iter().map(|(_, words)| words).collect::<Vec<_>>().join(", "),
    };
    text += ", each for itself";
    if let Some(faults) = chances.faults.iter().find(|faults| faults.latency.fixed() != Some(Duration::ZERO))
    {
        text += &format!("; answers take {}", faults.latency);
    }
    if chances.startup.fixed() != Some(Duration::ZERO) {
        text += &format!("; nothing answers after a start for {}", chances.startup);
    }
    text
}
