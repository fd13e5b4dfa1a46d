//! What there is to say of a pod, and of all pods of a workload.

use std::time::Duration;

use super::closed;
use super::estimate::Share;
use super::findings::{AskedOutage, Finding, Unit};
use super::measure::{Figure, LongRun, Simulated, Watch, timeout};
use super::of_container::mean_of;
use super::simulate::Outages;
use super::subject::Subject;
use super::words::{count, digits, share, time};
use crate::kubelet::{Invalid, Kind};

pub(super) fn probes_a_day(subject: &Subject, runs: &[LongRun]) -> Finding {
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
    let mut found = Finding::new("probes", Unit::PerDay, figure, text);
    found.note =
        figure.disagrees().then(|| "after each turn to NotReady, and while it lasts, there are more".into());
    found
}

pub(super) fn all_unready(subject: &Subject, unready: Figure) -> Vec<Finding> {
    let one = unready.value();
    let text = format!("a pod is not Ready for {} of the time", share(one));
    let mut pod = Finding::new("pod-unready", Unit::Share, unready, text);
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
        found.push(Finding::new("all-unready", Unit::Share, figure, text));
    }
    found
}

pub(super) fn rollout(watch: &Watch, subject: &Subject, window: Duration) -> Result<Finding, Vec<Invalid>> {
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
    let mut found = Finding::new("rollout", Unit::Share, figure, text);
    found.note = figure.disagrees().then(|| "the formula does not know what a restart costs".into());
    Ok(found)
}

pub(super) fn asked_outage(
    watch: &Watch,
    subject: &Subject,
    asked: AskedOutage,
) -> Result<Vec<Finding>, Vec<Invalid>> {
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
        found.push(Finding::new("outage-restart", Unit::Share, figure, text));
    }
    let figure = chance(Kind::Readiness, unready);
    let figure = if has(Kind::Readiness) && !has(Kind::Liveness) {
        figure
    } else {
        Figure { formula: None, ..figure }
    };
    let text = format!("{title} makes a pod NotReady in {} of cases", share(figure.value()));
    found.push(Finding::new("outage-unready", Unit::Share, figure, text));
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
            ..Finding::new("outage-unready-for", Unit::Seconds, figure, text)
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
            ..Finding::new("outage-recovery", Unit::Seconds, figure, text)
        });
    }
    if lost > 0 {
        let figure = Figure { formula: None, simulated: Some(Share::of(lost, outages).into()) };
        let text =
            format!("an hour after the outage {} of the pods are still NotReady", share(figure.value()));
        found.push(Finding::new("outage-lost", Unit::Share, figure, text));
    }
    Ok(found)
}
