//! What there is to say of a workload: sentences with their figures.

use std::time::Duration;

use super::closed;
use super::measure::{Figure, LongRun, Simulated, Watch, timeout};
use super::simulate::Outages;
use super::subject::Subject;
use super::words::{count, digits, share, time};
use super::world::{Assumed, Chances};
use super::{Share, estimate::Estimate};
use crate::kubelet::{Container, Invalid, Kind, Probe};

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

fn finding(id: &'static str, unit: Unit, figure: Figure, text: String) -> Finding {
    Finding { id, text, unit, figure, worst: None, note: None }
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

fn startup(
    watch: &Watch,
    subject: &Subject,
    number: usize,
    container: &Container,
    findings: &mut Vec<Finding>,
) -> Result<(), Vec<Invalid>> {
    let Some(probe) = container.probe(Kind::Startup) else { return Ok(()) };
    let (least, most) = closed::startup_budget(probe);
    let text = format!(
        "startup: killed unless it answers within {} to {} of its start, by where the ticks fall ({}, every {} s)",
        time(least.as_secs_f64()),
        time(most.as_secs_f64()),
        count(u32::try_from(probe.failure_threshold).unwrap_or(0), "probe"),
        probe.period_seconds,
    );
    let figure = Figure { formula: Some(least.as_secs_f64()), simulated: None };
    let mut budget = finding("startup-budget", Unit::Seconds, figure, text);
    budget.worst = Some(most.as_secs_f64());
    findings.push(budget);
    if let Some(figure) = watch.startup_kills(subject, number)? {
        let text =
            format!("startup: {} of the starts are killed before they are through", share(figure.value()));
        findings.push(finding("startup-kills", Unit::Share, figure, text));
    }
    Ok(())
}

fn liveness(container: &Container, assumed: &Assumed, run: &LongRun, findings: &mut Vec<Finding>) {
    let figure = run.restarts;
    let rate = figure.value();
    let has_probe = container.probe(Kind::Liveness).is_some();
    let is_well = matches!(assumed, Assumed::Chance(chances) if *chances == Chances::NONE);
    // Without a liveness probe, a container may still exit, or not get through its startup probe.
    if is_well || (!has_probe && rate == 0.0) {
        return;
    }
    let by = if has_probe { "liveness restarts this container" } else { "this container is restarted" };
    let text = match figure.simulated {
        Some(simulated) if rate == 0.0 && figure.formula.is_none() => {
            format!("no restart was seen; there are fewer than {} a day", digits(simulated.high))
        }
        _ if rate == 0.0 => "liveness restarts nothing".to_owned(),
        _ => format!("{by} every {} ({} a day)", time(86_400.0 / rate), digits(rate)),
    };
    let mut restarts = finding("restarts", Unit::PerDay, figure, text);
    restarts.note = figure.disagrees().then(|| why_restarts_differ(container, rate));
    findings.push(restarts);
}

fn why_restarts_differ(container: &Container, rate: f64) -> String {
    let slow = Kind::ALL.iter().filter_map(|kind| container.probe(*kind));
    if slow.into_iter().any(|probe| probe.timeout_seconds > probe.period_seconds) {
        "the formula does not know probes that take longer than their period".into()
    } else if rate > 24.0 {
        "the formula does not know the back-off: restarts so close to each other wait up to 5 min each \
         (CrashLoopBackOff)"
            .into()
    } else if container.probe(Kind::Startup).is_some() {
        "the formula does not know the startup probe, which holds the other probes back after each restart"
            .into()
    } else {
        "the formula does not know what a restart costs".into()
    }
}

fn readiness(container: &Container, assumed: &Assumed, run: &LongRun, findings: &mut Vec<Finding>) {
    if container.probe(Kind::Readiness).is_none() {
        return;
    }
    if matches!(assumed, Assumed::Chance(chances) if *chances == Chances::NONE) {
        return;
    }
    let (flips, unready) = (run.flips.value(), run.unready.value());
    let is_seen = flips > 0.0 || unready > 0.0;
    let text = match run.unready.simulated {
        Some(simulated) if !is_seen && run.unready.formula.is_none() => {
            format!("readiness: was never unready; it is for less than {} of the time", share(simulated.high))
        }
        _ if !is_seen => "readiness: never unready".to_owned(),
        _ => format!(
            "readiness: unready for {} of the time, {} a day; {}",
            share(unready),
            time(unready * 86_400.0),
            if flips > 0.0 {
                format!("it turns NotReady every {}", time(86_400.0 / flips))
            } else {
                "it does not turn, it stays".to_owned()
            }
        ),
    };
    let told = |id, unit, figure: Figure, text| Finding {
        note: figure.disagrees().then(|| why_readiness_differs(container)),
        ..finding(id, unit, figure, text)
    };
    findings.push(told("unready", Unit::Share, run.unready, text));
    if is_seen {
        let text = format!("readiness: {} of its probes find it unready", share(run.unready_probes.value()));
        findings.push(told("unready-probes", Unit::Share, run.unready_probes, text));
        let text = format!("readiness: turns NotReady {} times a day", digits(flips));
        findings.push(told("not-ready", Unit::PerDay, run.flips, text));
    }
}

fn why_readiness_differs(container: &Container) -> String {
    if container.probe(Kind::Startup).is_some() {
        "the formula does not know the startup probe, which keeps the container unready after each restart"
            .into()
    } else if container.probe(Kind::Liveness).is_some() {
        "the formula does not know how long the container is away when liveness restarts it".into()
    } else {
        "the formula knows neither how long probes take nor that a NotReady pod is probed at each sync".into()
    }
}

/// How fast an outage, and its end, are seen.
fn outages(
    watch: &Watch,
    subject: &Subject,
    number: usize,
    container: &Container,
    findings: &mut Vec<Finding>,
) -> Result<(), Vec<Invalid>> {
    for kind in [Kind::Liveness, Kind::Readiness] {
        let Some(probe) = container.probe(kind) else { continue };
        let seen = watch.outages_of(subject, number, kind, false)?;
        let (mean, worst) = closed::detection(probe, Duration::ZERO);
        let (hanging, hanging_worst) = closed::detection(probe, timeout(probe));
        let after = if kind == Kind::Liveness { &seen.kill_after } else { &seen.unready_after };
        let verdict = if kind == Kind::Liveness { "kills it" } else { "takes it out" };
        let word = kind.to_string().to_lowercase();
        let text = format!(
            "{word}: an outage {verdict} after {} on average, {} at worst; {} and {} if nothing answers in it",
            time(mean.as_secs_f64()),
            time(worst.as_secs_f64()),
            time(hanging.as_secs_f64()),
            time(hanging_worst.as_secs_f64()),
        );
        let figure = Figure { formula: Some(mean.as_secs_f64()), simulated: mean_of(after) };
        let id = if kind == Kind::Liveness { "liveness-detection" } else { "readiness-detection" };
        findings
            .push(Finding { worst: Some(worst.as_secs_f64()), ..finding(id, Unit::Seconds, figure, text) });
        if kind == Kind::Readiness {
            let (mean, worst) = closed::recovery(probe);
            let text = format!(
                "readiness: back {} after an outage on average, {} at worst",
                time(mean.as_secs_f64()),
                time(worst.as_secs_f64())
            );
            let figure = Figure { formula: Some(mean.as_secs_f64()), simulated: mean_of(&seen.ready_after) };
            let mut found = finding("recovery", Unit::Seconds, figure, text);
            found.worst = Some(worst.as_secs_f64());
            found.note = figure.disagrees().then(|| {
                "while a pod is NotReady, every sync of it probes once more, at the latest every 90 s".into()
            });
            findings.push(found);
        }
    }
    Ok(())
}

fn mean_of(samples: &[f64]) -> Option<Simulated> {
    (samples.len() > 1).then(|| Estimate::of(samples).into())
}

fn probes_a_day(subject: &Subject, runs: &[LongRun]) -> Finding {
    let all = f64::from(subject.replicas);
    let sum = |of: fn(&Figure) -> Option<f64>| {
        let figures = runs.iter().flat_map(|run| &run.probes);
        figures.filter_map(of).sum::<f64>() * all
    };
    let formula = subject.is_steady().then(|| sum(|figure| figure.formula));
    let low = sum(|figure| figure.simulated.map(|simulated| simulated.low));
    let high = sum(|figure| figure.simulated.map(|it| if it.mean > 0.0 { it.high } else { 0.0 }));
    let mean = sum(|figure| figure.simulated.map(|simulated| simulated.mean));
    let figure = Figure { formula, simulated: Some(Simulated { mean, low, high }) };
    let text = format!("{}: {} probes a day", count(subject.replicas, "pod"), digits(figure.value().round()));
    let mut found = finding("probes", Unit::PerDay, figure, text);
    found.note =
        figure.disagrees().then(|| "after each turn to NotReady, and while it lasts, there are more".into());
    found
}

fn all_unready(subject: &Subject, unready: Figure) -> Vec<Finding> {
    let one = unready.value();
    let text = format!("a pod is not Ready for {} of the time", share(one));
    let mut pod = finding("pod-unready", Unit::Share, unready, text);
    pod.note = unready.disagrees().then(|| "the formula knows only the readiness probes".into());
    let mut found = vec![pod];
    if subject.replicas > 1 {
        let all = |share: f64| share.powf(f64::from(subject.replicas));
        let figure = Figure {
            formula: unready.formula.filter(|_| !unready.disagrees()).map(all),
            simulated: unready.simulated.map(|Simulated { mean, low, high }| Simulated {
                mean: all(mean),
                low: all(low),
                high: all(high),
            }),
        };
        let text = format!(
            "all {} pods at once: {} of the time if they fail each for itself, {} if they share the cause, such as \
             a dependency that readiness probes look at",
            subject.replicas,
            share(figure.value()),
            share(one),
        );
        found.push(finding("all-unready", Unit::Share, figure, text));
    }
    found
}

fn rollout(watch: &Watch, subject: &Subject, window: Duration) -> Result<Finding, Vec<Invalid>> {
    let (figure, seen) = watch.rollouts(subject, window)?;
    let of = |number: u32| share(Share::of(number, seen.pods).mean);
    let all = if subject.replicas == 1 {
        "the new pod".to_owned()
    } else {
        format!("one of {} new pods", subject.replicas)
    };
    let text = match (figure.value(), figure.simulated) {
        (0.0, Some(simulated)) => format!(
            "a rollout: not one of {} new pods was restarted, unready again or late within {}; that is less than {} \
             of the rollouts",
            seen.pods,
            time(window.as_secs_f64()),
            share(simulated.high)
        ),
        (value, _) => format!(
            "a rollout trips in {} of cases: within {}, {all} is restarted ({} of the pods), turns unready again ({}) \
             or is not available in time ({})",
            share(value),
            time(window.as_secs_f64()),
            of(seen.restarted),
            of(seen.unready),
            of(seen.late),
        ),
    };
    let mut found = finding("rollout", Unit::Share, figure, text);
    found.note = figure.disagrees().then(|| "the formula does not know what a restart costs".into());
    Ok(found)
}

fn asked_outage(watch: &Watch, subject: &Subject, asked: AskedOutage) -> Result<Vec<Finding>, Vec<Invalid>> {
    let AskedOutage { length, hangs } = asked;
    let Outages { outages, killed, unready, unready_for, ready_after, lost, .. } =
        watch.outages(subject, length, hangs)?;
    let title = format!("an outage of {}", time(length.as_secs_f64()));
    let chance = |kind: Kind, seen: u32| {
        let chances = subject.containers().filter_map(|(container, _)| {
            let probe = container.probe(kind)?;
            let answer = if hangs { timeout(probe) } else { Duration::ZERO };
            Some(closed::chance_of_detection(probe, answer, length))
        });
        // Probes of one pod tick together, so the surest one decides.
        let formula = chances.reduce(f64::max);
        let formula =
            formula.filter(|_| subject.containers().filter(|(it, _)| it.probe(kind).is_some()).count() == 1);
        Figure { formula, simulated: Some(Share::of(seen, outages).into()) }
    };
    let mut found = vec![];
    let has = |kind: Kind| subject.containers().any(|(container, _)| container.probe(kind).is_some());
    if has(Kind::Liveness) {
        let figure = chance(Kind::Liveness, killed);
        let text = format!("{title} restarts a container in {} of cases", share(figure.value()));
        found.push(finding("outage-restart", Unit::Share, figure, text));
    }
    let figure = chance(Kind::Readiness, unready);
    let figure = if has(Kind::Readiness) && !has(Kind::Liveness) {
        figure
    } else {
        Figure { formula: None, ..figure }
    };
    let text = format!("{title} makes a pod NotReady in {} of cases", share(figure.value()));
    found.push(finding("outage-unready", Unit::Share, figure, text));
    if let Some(simulated) = mean_of(&unready_for) {
        let figure = Figure { formula: None, simulated: Some(simulated) };
        let longest = unready_for.iter().copied().fold(0.0, f64::max);
        let text = format!(
            "then it is NotReady for {} on average, {} at worst",
            time(simulated.mean),
            time(longest)
        );
        found.push(Finding {
            worst: Some(longest),
            ..finding("outage-unready-for", Unit::Seconds, figure, text)
        });
    }
    if let Some(simulated) = mean_of(&ready_after) {
        let figure = Figure { formula: None, simulated: Some(simulated) };
        let longest = ready_after.iter().copied().fold(0.0, f64::max);
        let text = format!(
            "and Ready again {} after the outage on average, {} at worst",
            time(simulated.mean),
            time(longest)
        );
        found.push(Finding {
            worst: Some(longest),
            ..finding("outage-recovery", Unit::Seconds, figure, text)
        });
    }
    if lost > 0 {
        let figure = Figure { formula: None, simulated: Some(Share::of(lost, outages).into()) };
        let text = format!("a day after the outage {} of the pods are still NotReady", share(figure.value()));
        found.push(finding("outage-lost", Unit::Share, figure, text));
    }
    Ok(found)
}
