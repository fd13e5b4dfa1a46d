//! Whether what was expected is what was seen.

use std::time::Duration;

use super::super::story::{ContainerStory, Group, ProbeStory, Spells, Story};
use super::metric::{Metric, Unit, Value};
use super::scope::Subject;
use super::{Expectation, Operator};
use crate::kubelet::Role;

/// A verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lab::report) struct Judged {
    /// What was expected, as it was given.
    pub(in crate::lab::report) expected: String,
    /// Whether it is so.
    pub(in crate::lab::report) is_met: bool,
    /// What was measured and of what, or why nothing could be.
    pub(in crate::lab::report) found: String,
}

/// A measured value, and of what it is.
type Measured = (Value, String);

/// Judges everything that was expected.
pub(in crate::lab::report) fn judge(expectations: &[Expectation], story: &Story) -> Vec<Judged> {
    expectations
        .iter()
        .map(|expectation| {
            let (is_met, found) = match measure(expectation, story) {
                Ok(measured) => compare(expectation, &measured, story.now()),
                Err(reason) => (false, reason),
            };
            Judged { expected: expectation.text.clone(), is_met, found }
        })
        .collect()
}

/// Counts are added up; times and shares are of each.
fn measure(expectation: &Expectation, story: &Story) -> Result<Vec<Measured>, String> {
    let subjects = expectation.scope.subjects(story);
    if subjects.is_empty() {
        return Err(nothing(story));
    }
    let now = story.now();
    let sum = |count: &dyn Fn(Subject<'_>) -> u64| {
        Ok(vec![(Value::Count(subjects.iter().map(|one| count(*one)).sum()), String::new())])
    };
    let each = |value: &dyn Fn(Subject<'_>) -> Value| {
        Ok(subjects.iter().map(|one| (value(*one), one.name(story))).collect())
    };
    let spells = |one: Subject<'_>| one.container.map_or(one.pod.ready, |container| container.ready);
    let of_containers =
        |count: &dyn Fn(&ContainerStory) -> u64| sum(&|one| one.containers().iter().map(count).sum());
    let of_probes =
        |count: &dyn Fn(&ProbeStory) -> u64| of_containers(&|one| one.probes.iter().map(count).sum());
    match expectation.metric {
        Metric::Ready => each(&|one| since_added(one, spells(one).first())),
        Metric::NotReady => each(&|one| not_ready(spells(one), expectation.unit(), now)),
        Metric::LongestNotReady => {
            each(&|one| up_once(spells(one), |spells| Value::Time(spells.longest(now))))
        }
        Metric::Available => available(&subjects, story),
        Metric::Restarts => of_containers(&|one| u64::from(one.restarts)),
        Metric::Killed => of_containers(&|one| u64::from(one.killed())),
        Metric::Exits => of_containers(&|one| u64::from(one.exits)),
        Metric::Unhealthy => of_probes(&|probe| probe.failed + probe.errored),
        Metric::Probes => of_probes(&|probe| probe.made),
        Metric::BackOff => {
            each(&|one| Value::Time(one.containers().iter().map(|one| one.backed_off(now)).sum()))
        }
        Metric::Opened => opened(&subjects, story),
    }
}

fn since_added(subject: Subject<'_>, at: Option<Duration>) -> Value {
    at.map_or(Value::Never, |at| Value::Time(at.saturating_sub(subject.pod.added)))
}

fn up_once(spells: Spells, value: impl Fn(Spells) -> Value) -> Value {
    if spells.first().is_some() { value(spells) } else { Value::Never }
}

fn not_ready(spells: Spells, unit: Unit, now: Duration) -> Value {
    up_once(spells, |spells| match unit {
        Unit::Percent => Value::Percent(spells.share(now).unwrap_or(0.0)),
        Unit::Time | Unit::Count => Value::Time(spells.down(now)),
    })
}

fn available(subjects: &[Subject<'_>], story: &Story) -> Result<Vec<Measured>, String> {
    if subjects.iter().any(|one| one.container.is_some()) {
        return Err("available is of pods and workloads, not of containers".into());
    }
    let mut groups: Vec<usize> = subjects.iter().map(|one| one.pod.group).collect();
    groups.sort_unstable();
    groups.dedup();
    let of = |group: usize| {
        let Group { name, has_one_ready } = &story.groups()[group];
        let share = has_one_ready.share(story.now());
        (share.map_or(Value::Never, |down| Value::Percent(100.0 - down)), story.shown(name).to_owned())
    };
    Ok(groups.into_iter().map(of).collect())
}

fn opened(subjects: &[Subject<'_>], story: &Story) -> Result<Vec<Measured>, String> {
    let holds = |one: &&Subject<'_>| match one.container {
        Some(container) => container.role != Role::Regular,
        None => one.pod.holds_back(),
    };
    let measured: Vec<Measured> = subjects
        .iter()
        .filter(holds)
        .map(|one| {
            let at = one.container.map_or(one.pod.opened, |container| container.done);
            (since_added(*one, at), one.name(story))
        })
        .collect();
    if measured.is_empty() { Err("there is no init container".into()) } else { Ok(measured) }
}

/// Every value has to compare well; the worst one is told.
fn compare(expectation: &Expectation, measured: &[Measured], now: Duration) -> (bool, String) {
    let (operator, value) = (expectation.operator, expectation.value);
    let told = |(value, name): &Measured| {
        let never = if *value == Value::Never { never(expectation.metric, now) } else { value.to_string() };
        if name.is_empty() { never } else { format!("{never} ({name})") }
    };
    let is_never_met = |(measured, _): &&Measured| *measured == Value::Never && value != Value::Never;
    if let Some(missing) = measured.iter().find(is_never_met) {
        return (false, told(missing));
    }
    let holds = |(measured, _): &Measured| operator.holds(measured.number(), value.number());
    let by_size = |a: &&Measured, b: &&Measured| a.0.number().total_cmp(&b.0.number());
    let worst = match operator {
        Operator::GreaterOrEqual | Operator::Greater => measured.iter().min_by(by_size),
        Operator::LessOrEqual | Operator::Less => measured.iter().max_by(by_size),
        Operator::Equal | Operator::NotEqual => {
            measured.iter().find(|one| !holds(one)).or_else(|| measured.iter().max_by(by_size))
        }
    };
    worst.map_or((false, "nothing to measure".into()), |worst| (holds(worst), told(worst)))
}

fn never(metric: Metric, now: Duration) -> String {
    let what = if metric == Metric::Opened { "not open" } else { "never Ready" };
    format!("{what} within {}", Value::Time(now))
}

/// Why a scope has matched nothing.
fn nothing(story: &Story) -> String {
    if story.pods().is_empty() {
        return "there was no pod".into();
    }
    let mut names: Vec<String> = Vec::new();
    for pod in story.pods() {
        let workload = pod.workload.as_deref().map(str::to_owned);
        for name in workload.into_iter().chain([story.shown(&pod.name).to_owned()]) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.len() >= 8 {
            break;
        }
    }
    format!("nothing has this name; there were {}", names.join(", "))
}
