//! What there is to say of one container.

use std::time::Duration;

use super::closed;
use super::estimate::Estimate;
use super::findings::{Finding, Unit};
use super::measure::{Figure, LongRun, Simulated, Watch, timeout};
use super::subject::Subject;
use super::words::{count, digits, share, time, times};
use super::world::{Assumed, Chances};
use crate::kubelet::{Container, Invalid, Kind};

pub(super) fn startup(
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
    let mut budget = Finding::new("startup-budget", Unit::Seconds, figure, text);
    budget.worst = Some(most.as_secs_f64());
    findings.push(budget);
    if let Some(figure) = watch.startup_kills(subject, number)? {
        let text =
            format!("startup: {} of the starts are killed before they are through", share(figure.value()));
        findings.push(Finding::new("startup-kills", Unit::Share, figure, text));
    }
    Ok(())
}

pub(super) fn liveness(container: &Container, assumed: &Assumed, run: &LongRun, findings: &mut Vec<Finding>) {
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
    let mut restarts = Finding::new("restarts", Unit::PerDay, figure, text);
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

pub(super) fn readiness(
    container: &Container,
    assumed: &Assumed,
    run: &LongRun,
    findings: &mut Vec<Finding>,
) {
    if container.probe(Kind::Readiness).is_none() {
        return;
    }
    if matches!(assumed, Assumed::Chance(chances) if *chances == Chances::NONE) {
        return;
    }
    let (flips, unready) = (run.flips.value(), run.unready.value());
    let is_seen = flips > 0.0 || unready > 0.0;
    let text = match run.unready.simulated {
        Some(simulated) if !is_seen && simulated.high > 0.0 && run.unready.formula.is_none() => {
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
        ..Finding::new(id, unit, figure, text)
    };
    findings.push(told("unready", Unit::Share, run.unready, text));
    if is_seen {
        let text = format!("readiness: {} of its probes find it unready", share(run.unready_probes.value()));
        findings.push(told("unready-probes", Unit::Share, run.unready_probes, text));
        let text = format!("readiness: turns NotReady {} a day", times(flips));
        findings.push(told("not-ready", Unit::PerDay, run.flips, text));
    }
}

fn why_readiness_differs(container: &Container) -> String {
    if container.probe(Kind::Startup).is_some() {
        "the formula does not know the startup probe, which keeps the container unready after each restart"
            .into()
    } else {
        "the formula counts whole periods: it knows neither how long probes take nor how long restarts do"
            .into()
    }
}

/// How fast an outage, and its end, are seen.
pub(super) fn outages(
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
        findings.push(Finding {
            worst: Some(worst.as_secs_f64()),
            ..Finding::new(id, Unit::Seconds, figure, text)
        });
        if kind == Kind::Readiness {
            let (mean, worst) = closed::recovery(probe);
            let text = format!(
                "readiness: back {} after an outage on average, {} at worst",
                time(mean.as_secs_f64()),
                time(worst.as_secs_f64())
            );
            let figure = Figure { formula: Some(mean.as_secs_f64()), simulated: mean_of(&seen.ready_after) };
            let mut found = Finding::new("recovery", Unit::Seconds, figure, text);
            found.worst = Some(worst.as_secs_f64());
            found.note = figure.disagrees().then(|| {
                "while a pod is NotReady, every sync of it probes once more, at the latest every 90 s".into()
            });
            findings.push(found);
        }
    }
    Ok(())
}

pub(super) fn mean_of(samples: &[f64]) -> Option<Simulated> {
    (samples.len() > 1).then(|| Estimate::of(samples).into())
}
