//! Where the trouble is: the worst pod, or that there are too few.

use std::cmp::Reverse;

use super::fail_fast::Row;
use super::patient::Patient;
use super::related::Related;
use super::revision::{are_newest, is_own};
use super::subject::Family;
use crate::evaluate::pod::Pod;
use crate::evaluate::pod_reason::{Class, Why, why};
use crate::object::true_condition;

/// What to talk about.
pub(super) enum Focus<'a> {
    /// A pod that is not ready.
    Pod(Trouble<'a>),
    /// A pod that is going away, which is what keeps another from being made, or the only one that there is.
    Leaving(&'a Pod),
    /// Pods that are not there.
    TooFew {
        /// How many there are.
        count: usize,
        /// Whose events say why.
        owner: Option<&'a str>,
    },
    /// Nothing is wrong with the pods.
    Nothing,
}

/// A pod and what is wrong with it.
pub(super) struct Trouble<'a> {
    pub(super) pod: &'a Pod,
    pub(super) why: Why,
    /// How it keeps a StatefulSet from making new ones, where it is an old one that does.
    pub(super) is_in_the_way: Option<InTheWay>,
    /// What is wrong with the other pods, in a word each.
    pub(super) others: Vec<String>,
    /// What all new pods have in common.
    pub(super) row: Option<Row>,
}

/// A StatefulSet in order replaces no pod before those of lower ordinals are ready.
/// <https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum InTheWay {
    /// It will not get ready.
    Broken,
    /// It is of a revision that was taken back, and not ready yet.
    Withdrawn,
}

/// Chooses what to talk about: readiness.md 3.2, "across pods".
pub(super) fn focus<'a>(patient: &'a Patient, related: &'a Related) -> Focus<'a> {
    let (Some(subject), Some(pods)) = (&patient.subject, related.pods.got()) else { return Focus::Nothing };
    let family = patient.family;
    let own: Vec<&Pod> = pods.iter().filter(|pod| is_own(family, subject, pod)).collect();
    let newest = related.newest.got().and_then(Option::as_ref);
    let flags = are_newest(family, subject, newest, &own);
    if family == Family::Pod
        && let Some(pod) = own.iter().find(|pod| pod.is_terminal())
    {
        let why = why(pod);
        return Focus::Pod(Trouble { pod, why, is_in_the_way: None, others: Vec::new(), row: None });
    }
    let is_active = |pod: &Pod| !pod.metadata.is_being_deleted() && !pod.is_terminal();
    let active: Vec<(&Pod, bool)> =
        own.iter().copied().zip(flags).filter(|(pod, _)| is_active(pod)).collect();

    if family == Family::StatefulSet
        && subject.is_ordered()
        && let Some((pod, is_new)) =
            active.iter().filter(|(pod, _)| !is_ready(pod)).min_by_key(|(pod, _)| ordinal(pod))
    {
        let why = why(pod);
        let is_withdrawn = subject.has_withdrawn(&pod.metadata.labels.revision_hash);
        let is_in_the_way = if *is_new || subject.status.update_revision.is_empty() {
            None
        } else if is_broken(&why) {
            Some(InTheWay::Broken)
        } else {
            is_withdrawn.then_some(InTheWay::Withdrawn)
        };
        let others = active.iter().filter(|(other, _)| !std::ptr::eq(*other, *pod) && !is_ready(other));
        let others = others.map(|(pod, _)| self::why(pod).word).collect();
        let row = match is_in_the_way {
            Some(InTheWay::Withdrawn) if patient.needs_pods => Some(Row::Withdrawn),
            Some(InTheWay::Broken) if patient.is_rollout || (is_withdrawn && patient.needs_pods) => {
                Some(Row::BlockedByOldPod)
            }
            _ => common_row(patient, related.is_partial, &active),
        };
        return Focus::Pod(Trouble { pod, why, is_in_the_way, others, row });
    }
    let unready = |only_newest: bool| {
        let pods = active.iter().filter(move |(pod, is_new)| (*is_new || !only_newest) && !is_ready(pod));
        pods.map(|(pod, _)| *pod).collect::<Vec<_>>()
    };
    let trouble = worst(&unready(true), || common_row(patient, related.is_partial, &active));
    if family == Family::Job && !trouble.as_ref().is_some_and(|trouble| is_broken(&trouble.why)) {
        // What the next try is doing says less than how the last one ended.
        let failed = own.iter().filter(|pod| &*pod.status.phase == "Failed");
        if let Some(pod) = failed.max_by_key(|pod| pod.metadata.creation_timestamp.as_deref()) {
            let why = why(pod);
            return Focus::Pod(Trouble { pod, why, is_in_the_way: None, others: Vec::new(), row: None });
        }
    }
    if let Some(trouble) = trouble {
        return Focus::Pod(trouble);
    }
    let count = active.iter().filter(|(_, is_new)| *is_new).count();
    if count < subject.wanted(family).unwrap_or(usize::from(family != Family::Pod)) {
        let owner = match family {
            Family::Deployment => newest.map(|newest| &*newest.uid),
            Family::Service | Family::Pod => None,
            _ => Some(&*subject.metadata.uid),
        };
        // Old pods make room one by one: there is time enough to complain when none is left to go.
        if count == 0 || active.len() == count {
            let leaving = own.iter().filter(|pod| pod.metadata.is_being_deleted());
            let first = leaving.min_by_key(|pod| pod.metadata.deletion_timestamp.as_deref());
            if let Some(pod) = first.filter(|_| family != Family::Pod) {
                return Focus::Leaving(pod);
            }
            return Focus::TooFew { count, owner };
        }
    }
    worst(&unready(false), || None).map_or(Focus::Nothing, Focus::Pod)
}

/// The worst of several pods; of equals the first by name.
fn worst<'a>(pods: &[&'a Pod], row: impl Fn() -> Option<Row>) -> Option<Trouble<'a>> {
    let mut whys: Vec<(&Pod, Why)> = pods.iter().map(|pod| (*pod, why(pod))).collect();
    let order = |(pod, why): &(&'a Pod, Why)| {
        (why.rank, Reverse(why.class == Class::InvalidImage), &*pod.metadata.name)
    };
    let worst = (0..whys.len()).min_by(|a, b| order(&whys[*a]).cmp(&order(&whys[*b])))?;
    let (pod, why) = whys.swap_remove(worst);
    let others = whys.into_iter().map(|(_, why)| why.word).collect();
    Some(Trouble { pod, why, is_in_the_way: None, others, row: row() })
}

/// What every active pod of the newest revision suffers from, where nothing else could meet the condition.
fn common_row(patient: &Patient, is_partial: bool, active: &[(&Pod, bool)]) -> Option<Row> {
    // A selected pod is replaced by another.
    let is_replaceable = patient.family == Family::Pod && patient.is_selected;
    if !patient.needs_pods
        || is_partial
        || is_replaceable
        || (!patient.is_rollout && active.iter().any(|(_, is_new)| !is_new))
    {
        return None;
    }
    let mut rows = active
        .iter()
        .filter(|(_, is_new)| *is_new)
        .map(|(pod, _)| if is_ready(pod) { None } else { row(why(pod).class) });
    let first = rows.next()??;
    rows.try_fold(first, |first, next| match (first, next?) {
        (Row::Crash(least), Row::Crash(restarts)) => Some(Row::Crash(least.min(restarts))),
        (first, next) => (first == next).then_some(first),
    })
}

const fn row(class: Class) -> Option<Row> {
    match class {
        Class::InvalidImage => Some(Row::InvalidImage),
        Class::ImageRefused => Some(Row::ImageRefused),
        Class::Crash(restarts) => Some(Row::Crash(restarts)),
        Class::RunAsNonRoot => Some(Row::RunAsNonRoot),
        Class::ImageUnusable => Some(Row::ImageUnusable),
        Class::Other => None,
    }
}

/// Whether a pod will not get ready by itself soon; one that only starts slowly will.
fn is_broken(why: &Why) -> bool {
    use crate::evaluate::pod_reason::Rank;
    match why.rank {
        Rank::Unscheduled | Rank::Waiting | Rank::Crashing => true,
        Rank::Initializing => why.word != "initializing",
        _ => false,
    }
}

pub(super) fn is_ready(pod: &Pod) -> bool {
    true_condition(&pod.status.conditions, "Ready").is_some()
}

/// `2` of `web-2`; what has no number comes last.
fn ordinal(pod: &Pod) -> u64 {
    pod.metadata.name.rsplit('-').next().and_then(|number| number.parse().ok()).unwrap_or(u64::MAX)
}
