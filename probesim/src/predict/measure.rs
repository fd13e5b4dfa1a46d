//! The figures of a workload: each by formula and by simulation, as far as there is one.

use std::cell::Cell;
use std::time::Duration;

use super::closed;
use super::estimate::{Estimate, Rate, Share};
use super::simulate::{Outages, Plan, Prediction, Rollouts, Span};
use super::subject::Subject;
use super::world::{Assumed, Chances};
use crate::kubelet::{Invalid, Kind, Probe, Settings};

/// A figure.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Figure {
    /// By formula.
    pub(super) formula: Option<f64>,
    /// By simulation.
    pub(super) simulated: Option<Simulated>,
}

/// A simulated figure with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Simulated {
    /// The mean.
    pub(super) mean: f64,
    /// Where the interval begins.
    pub(super) low: f64,
    /// Where it ends; of what never happened, how often it may.
    pub(super) high: f64,
}

/// A pod without probes is synced every 60 to 90 s.
const SYNCS: f64 = 1.0 / 75.0;
/// What takes longer than this to happen once is left to the formulas.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

/// How much is simulated.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Attempts of probes, about.
    pub(super) probes: u64,
    /// The time of one sample, if somebody says.
    pub(super) sample: Option<Duration>,
    /// How many samples, if somebody says.
    pub(super) samples: Option<u32>,
}

/// How the pods of a workload are watched.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    /// The kubelet.
    pub(super) settings: Settings,
    /// The seed.
    pub(super) seed: u64,
    /// How much is simulated.
    pub(super) effort: Effort,
    /// How many attempts of probes were simulated so far.
    pub(super) attempts: Cell<u64>,
}

/// The long run of one container.
#[derive(Clone, Debug, Default)]
pub(super) struct LongRun {
    /// Restarts a day.
    pub(super) restarts: Figure,
    /// How often a day it turns NotReady.
    pub(super) flips: Figure,
    /// The share of time in which it is not ready.
    pub(super) unready: Figure,
    /// The share of readiness probes that find it not ready.
    pub(super) unready_probes: Figure,
    /// Probes a day, by kind.
    pub(super) probes: [Figure; 3],
}

// === impl Simulated ===

impl Simulated {
    /// A share of time or of probes: there is no more than all of it.
    fn share(estimate: Estimate) -> Self {
        let Self { mean, low, high } = estimate.into();
        Self { mean, low, high: high.min(1.0) }
    }
}

impl From<Estimate> for Simulated {
    fn from(estimate: Estimate) -> Self {
        let Estimate { mean, half_width } = estimate;
        Self { mean, low: (mean - half_width).max(0.0), high: mean + half_width }
    }
}

impl From<Rate> for Simulated {
    fn from(rate: Rate) -> Self {
        if rate.events == 0 {
            Self { mean: 0.0, low: 0.0, high: rate.at_most() }
        } else {
            rate.per_day.into()
        }
    }
}

impl From<Share> for Simulated {
    fn from(Share { mean, low, high }: Share) -> Self {
        Self { mean, low, high }
    }
}

// === impl Figure ===

impl Figure {
    /// What to go by: the formula as long as it holds, else the simulation.
    #[must_use]
    pub(super) fn value(&self) -> f64 {
        let formula = self.formula.filter(|_| !self.disagrees());
        formula.or(self.simulated.map(|simulated| simulated.mean)).unwrap_or_default()
    }

    /// Whether the two are further apart than chance has them: by their interval again, and more than 2 %.
    #[must_use]
    pub(super) fn disagrees(&self) -> bool {
        let (Some(formula), Some(simulated)) = (self.formula, self.simulated) else { return false };
        let reach = (simulated.high - simulated.low).max(formula.abs() * 0.02);
        (formula - simulated.mean).abs() > reach
    }
}

// === impl Watch ===

impl Watch {
    /// The workload as the simulation takes it.
    #[must_use]
    pub(super) fn plan(&self, subject: &Subject) -> Plan {
        Plan {
            spec: subject.spec.clone(),
            settings: self.settings.clone(),
            assumed: subject.assumed.clone(),
            seed: self.seed,
        }
    }

    /// The long run of every container, and the share of time in which the pod is not Ready.
    ///
    /// # Errors
    /// The API would not have taken the spec.
    pub(super) fn long_run(&self, subject: &Subject) -> Result<(Vec<LongRun>, Figure), Vec<Invalid>> {
        let plan = self.plan(subject);
        let span = self.span(subject);
        let seen = if subject.is_steady() { plan.steady(span)? } else { plan.fresh(span)? };
        self.count(seen.attempts);
        let runs = subject.containers().zip(&seen.containers).map(|((container, assumed), observed)| {
            let mut run = formulas(assumed, |kind| container.probe(kind));
            run.restarts.simulated = Some(observed.restarts.into());
            run.flips.simulated = Some(observed.flips.into());
            run.unready.simulated = Some(Simulated::share(observed.unready));
            run.unready_probes.simulated = Some(Simulated::share(observed.unready_probes));
            for (figure, rate) in run.probes.iter_mut().zip(observed.probes) {
                figure.simulated = Some(rate.into());
            }
            run
        });
        let runs: Vec<_> = runs.collect();
        let unready = pod_unready(&runs, &seen);
        Ok((runs, unready))
    }

    /// How long is watched: as long as somebody says, else so that the effort is spent.
    fn span(&self, subject: &Subject) -> Span {
        let a_second = probes_a_second(subject);
        let Effort { probes, sample, samples } = self.effort;
        let seconds = |seconds: f64| Duration::from_secs_f64(seconds.clamp(3600.0, 1e9).round());
        if subject.is_steady() {
            let samples = samples.unwrap_or(20).max(2);
            let share = probes as f64 / a_second / f64::from(samples);
            Span { sample: sample.unwrap_or_else(|| seconds(share)), samples }
        } else {
            // Each decision of the simulator costs as much as several probes.
            let sample = sample.unwrap_or(Duration::from_secs(86_400));
            let share = probes as f64 / 4.0 / a_second / sample.as_secs_f64();
            Span { sample, samples: samples.unwrap_or(share.clamp(5.0, 1000.0) as u32).max(2) }
        }
    }

    /// What becomes of new pods within `window`.
    ///
    /// # Errors
    /// The API would not have taken the spec.
    pub(super) fn rollouts(
        &self,
        subject: &Subject,
        window: Duration,
    ) -> Result<(Figure, Rollouts), Vec<Invalid>> {
        let a_pod = (probes_a_second(subject) * window.as_secs_f64()).max(1.0);
        let pods = (self.budget(subject) / 5.0 / a_pod).clamp(50.0, 20_000.0) as u32;
        let seen = self.plan(subject).rollouts(window, subject.min_ready, pods)?;
        self.count(seen.attempts);
        let simulated = Share::of(seen.tripped, seen.pods).of_any(subject.replicas);
        let trip = pod_trip(subject, window).map(|one| 1.0 - (1.0 - one).powf(f64::from(subject.replicas)));
        Ok((Figure { formula: trip, simulated: Some(simulated.into()) }, seen))
    }

    /// What outages of this length come to.
    ///
    /// # Errors
    /// The API would not have taken the spec.
    pub(super) fn outages(
        &self,
        subject: &Subject,
        length: Duration,
        hangs: bool,
    ) -> Result<Outages, Vec<Invalid>> {
        let a_pod = (probes_a_second(subject) * (1800.0 + length.as_secs_f64())).max(1.0);
        let number = (self.budget(subject) / 10.0 / a_pod).clamp(40.0, 1000.0) as u32;
        let seen = self.plan(subject).outages(length, hangs, number)?;
        self.count(seen.attempts);
        Ok(seen)
    }

    /// Outages that end in a verdict, of a container with this one probe and an otherwise healthy server.
    ///
    /// # Errors
    /// The API would not have taken the spec.
    pub(super) fn outages_of(
        &self,
        subject: &Subject,
        container: usize,
        kind: Kind,
        hangs: bool,
    ) -> Result<Outages, Vec<Invalid>> {
        let alone = alone(subject, container, kind, Chances::NONE);
        let probe = alone.spec.containers[0].probe(kind);
        let length = probe.map_or(Duration::ZERO, |probe| {
            let answer = Duration::from_secs(if hangs { seconds(probe.timeout_seconds) } else { 0 });
            closed::detection(probe, answer).1 + answer + Duration::from_secs(1)
        });
        if length > LONGEST {
            return Ok(Outages::default());
        }
        self.outages(&alone, length, hangs)
    }

    /// The share of starts that the startup probe ends.
    ///
    /// # Errors
    /// The API would not have taken the spec.
    pub(super) fn startup_kills(
        &self,
        subject: &Subject,
        container: usize,
    ) -> Result<Option<Figure>, Vec<Invalid>> {
        let Some((found, Assumed::Chance(chances))) = subject.containers().nth(container) else {
            return Ok(None);
        };
        let Some(probe) = found.probe(Kind::Startup) else { return Ok(None) };
        let failure = chances.faults[Kind::Startup as usize].effective(timeout(probe));
        let formula = closed::chance_of_startup_kill(probe, failure, &chances.startup);
        // Less than that nobody will ever see.
        if formula < 1e-9 {
            return Ok(None);
        }
        let alone = alone(subject, container, Kind::Startup, chances.clone());
        // Every first start falls into the first period, and has its verdict within the budget.
        let period = Duration::from_secs(seconds(probe.period_seconds));
        let window = closed::startup_budget(probe).1 + period + timeout(probe);
        if window > LONGEST {
            return Ok(Some(Figure { formula: Some(formula), simulated: None }));
        }
        let a_pod = (probes_a_second(&alone) * window.as_secs_f64()).max(1.0);
        let pods = (self.budget(subject) / 10.0 / a_pod).clamp(50.0, 20_000.0) as u32;
        let seen = self.plan(&alone).rollouts(window, Duration::ZERO, pods)?;
        self.count(seen.attempts);
        let simulated = Some(Share::of(seen.restarted, seen.pods).into());
        Ok(Some(Figure { formula: Some(formula), simulated }))
    }

    fn count(&self, attempts: u64) {
        self.attempts.set(self.attempts.get() + attempts);
    }

    /// Attempts of probes that may be spent.
    fn budget(&self, subject: &Subject) -> f64 {
        let Effort { probes, sample, samples } = self.effort;
        match (sample, samples) {
            (None, None) => probes as f64,
            _ => {
                let span = self.span(subject);
                let all = probes_a_second(subject) * span.sample.as_secs_f64() * f64::from(span.samples);
                all.min(probes as f64)
            }
        }
    }
}

/// One container of the workload with one of its probes.
fn alone(subject: &Subject, container: usize, kind: Kind, chances: Chances) -> Subject {
    let mut alone = subject.clone();
    if let Some((found, _)) = subject.containers().nth(container) {
        let mut found = found.clone();
        found.restart_policy = None;
        for other in Kind::ALL.into_iter().filter(|other| *other != kind) {
            match other {
                Kind::Startup => found.startup_probe = None,
                Kind::Readiness => found.readiness_probe = None,
                Kind::Liveness => found.liveness_probe = None,
            }
        }
        alone.spec.init_containers.clear();
        alone.spec.containers = vec![found];
        alone.assumed = vec![Assumed::Chance(chances)];
        alone.spec.restart_policy = Default::default();
    }
    alone
}

/// What formulas say of a container.
pub(super) fn formulas<'p>(assumed: &Assumed, probe: impl Fn(Kind) -> Option<&'p Probe>) -> LongRun {
    let mut run = LongRun::default();
    let Assumed::Chance(chances) = assumed else { return run };
    let failure = |kind: Kind, probe: &Probe| chances.faults[kind as usize].effective(timeout(probe));
    let formula = |value| Figure { formula: Some(value), simulated: None };
    run.restarts = formula(0.0);
    if let Some(probe) = probe(Kind::Liveness) {
        run.restarts = formula(closed::restarts_per_day(probe, failure(Kind::Liveness, probe)));
        run.probes[Kind::Liveness as usize] = formula(86_400.0 / f64::from(probe.period_seconds));
    }
    run.unready = formula(0.0);
    if let Some(probe) = probe(Kind::Readiness) {
        let failure = failure(Kind::Readiness, probe);
        let closed = closed::readiness(probe, failure);
        let (probes, restarts) = (86_400.0 / f64::from(probe.period_seconds), run.restarts.value());
        // A restart turns it NotReady until the first probe, which is made at once.
        run.flips = formula(closed::flips_per_day(probe, failure) + restarts);
        run.unready = formula(closed.share_of_time);
        run.unready_probes = formula((closed.share_of_probes + restarts / probes).min(1.0));
        // Each turn to NotReady has it probed once more.
        run.probes[Kind::Readiness as usize] = formula(probes + run.flips.value());
    }
    run
}

fn pod_unready(runs: &[LongRun], seen: &Prediction) -> Figure {
    let shares: Option<Vec<f64>> = runs.iter().map(|run| run.unready.formula).collect();
    let formula = shares.map(|shares| 1.0 - shares.iter().map(|share| 1.0 - share).product::<f64>());
    Figure { formula, simulated: Some(Simulated::share(seen.unready)) }
}

/// There is a formula for pods without startup probes whose answers are drawn.
fn pod_trip(subject: &Subject, window: Duration) -> Option<f64> {
    let probes: Option<Vec<_>> = subject
        .containers()
        .map(|(container, assumed)| {
            let Assumed::Chance(chances) = assumed else { return None };
            let is_plain = container.startup_probe.is_none()
                && chances.startup.fixed() == Some(Duration::ZERO)
                && [Kind::Liveness, Kind::Readiness]
                    .iter()
                    .all(|kind| container.probe(*kind).is_none_or(|probe| probe.initial_delay_seconds == 0));
            let of = |kind: Kind| {
                let probe = container.probe(kind);
                let failure = probe.map(|probe| chances.faults[kind as usize].effective(timeout(probe)));
                (probe, failure.unwrap_or_default())
            };
            let ((liveness, liveness_failure), (readiness, readiness_failure)) =
                (of(Kind::Liveness), of(Kind::Readiness));
            is_plain.then_some((liveness, liveness_failure, readiness, readiness_failure))
        })
        .collect();
    probes.map(|probes| closed::chance_of_trip(&probes, window))
}

/// About how many probes a second a pod is asked, for the work that it makes: a sync counts as much.
fn probes_a_second(subject: &Subject) -> f64 {
    let of = |probe: Option<&Probe>| probe.map_or(0.0, |probe| 1.0 / f64::from(probe.period_seconds.max(1)));
    subject
        .containers()
        .map(|(container, _)| of(container.probe(Kind::Readiness)) + of(container.probe(Kind::Liveness)))
        .sum::<f64>()
        .max(SYNCS)
}

pub(super) fn timeout(probe: &Probe) -> Duration {
    Duration::from_secs(seconds(probe.timeout_seconds))
}

pub(super) fn seconds(value: i32) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_share_is_more_than_all() {
        let share = Simulated::share(Estimate { mean: 0.5, half_width: 0.8 });
        assert_eq!((share.low, share.high), (0.0, 1.0));
        let always = Chances {
            faults: std::array::from_fn(|_| super::super::faults::Faults {
                failure: 1.0,
                latency: super::super::latency::Latency::NONE,
            }),
            ..Chances::NONE
        };
        let probe: Probe = serde_json::from_str(r#"{"tcpSocket": {"port": 1}}"#).unwrap();
        assert_eq!(formulas(&Assumed::Chance(always), |_| Some(&probe)).unready_probes.formula, Some(1.0));
    }
}
