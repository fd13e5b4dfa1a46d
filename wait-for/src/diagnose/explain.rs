//! The one line: what is wrong, since when, and what to do about it. readiness.md 3.3.

use super::creation::refusal;
use super::event::{Event, newest};
use super::fail_fast::Row;
use super::focus::{Focus, InTheWay, Trouble, focus, is_ready};
use super::leaving::leaving;
use super::patient::Patient;
use super::pod_events::refine;
use super::related::{Namespace, Related};
use super::subject::{Family, Subject};
use crate::evaluate::pod::Pod;
use crate::evaluate::pod_reason::{Class, Rank, Why};
use crate::evaluate::words;
use crate::message::{clean_whole, cut};
use crate::object::reported;

/// So much of what somebody else says leaves room for who says it, since when, and what to do.
const BRIEF: usize = 140;
const NEXT_POD: &str = "the next pod comes after a back-off";
const RETRIES: &str = "controller retries with backoff";
const FIRST_CONSUMER: &str =
    "waits for its first consumer; it binds only when a Pod that mounts it is scheduled";

/// Why a target is not ready.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The same for the same sort of trouble, however its words change.
    pub key: String,
    /// The cause; safe to print.
    pub cause: String,
    /// What to do, or what will happen.
    pub hint: Option<String>,
    /// Since when, in seconds of Unix time, where an object says so.
    pub since: Option<i64>,
    /// Whether that is how it ended last, and it began before.
    pub is_recurring: bool,
    /// Whether it is about something on its way, and will soon be another.
    pub is_fleeting: bool,
    /// Whether the target's own finding stays, as the cause behind this one.
    pub extends: bool,
    /// Whether the target's own finding is said by this one, which knows more.
    pub replaces: bool,
    /// What a policy may make of it.
    pub row: Option<Row>,
}

/// Explains a target by what was read.
pub(super) fn explain(patient: &Patient, related: &Related, now: i64) -> Option<Explanation> {
    let Some(subject) = &patient.subject else { return absent(related) };
    if subject.metadata.is_being_deleted() || !subject.is_observed(patient.family) {
        return None;
    }
    let explained = match patient.family {
        Family::Claim => Some(claim(subject, related)),
        Family::Other => last_warning(subject, related),
        _ => by_pods(patient, subject, related, now),
    };
    let overdue = subject.overdue().filter(|_| patient.needs_pods && !patient.is_rollout);
    match (explained, overdue) {
        (Some(found), overdue) => {
            let extends = found.extends || subject.speaks_for_itself();
            let row = found.row.or(overdue.map(|_| Row::DeadlinePassed));
            Some(Explanation { extends, row, ..found })
        }
        (None, Some(overdue)) => Some(Explanation {
            key: "overdue".into(),
            cause: overdue.explanation(),
            since: unix(overdue.last_transition_time.as_deref()),
            row: Some(Row::DeadlinePassed),
            ..Explanation::default()
        }),
        (None, None) => None,
    }
}

fn by_pods(patient: &Patient, subject: &Subject, related: &Related, now: i64) -> Option<Explanation> {
    let refused = creation(patient, subject, related);
    match focus(patient, related) {
        Focus::Pod(trouble) => {
            let told = pod(patient, subject, related, trouble);
            Some(match refused {
                // That pods cannot be made is the cause; what ails those that were is the rest of it.
                Some(refused) => Explanation {
                    cause: format!("{}; {}", refused.cause, told.cause),
                    row: told.row,
                    ..refused
                },
                None => told,
            })
        }
        Focus::Leaving(pod) => refused.or_else(|| Some(leaving(patient, related, pod))),
        Focus::TooFew { count: 0, .. } if patient.family == Family::Service => Some(Explanation {
            key: "no pods".into(),
            cause: match related.pods.got().map_or(&[][..], Vec::as_slice) {
                [] => "its selector matches no pod".into(),
                [pod, ..] => {
                    format!("its selector matches only pods that have ended, such as {}", pod.metadata.name)
                }
            },
            // Endpoints that are there all the same have something to say.
            extends: true,
            ..Explanation::default()
        }),
        Focus::TooFew { .. } => refused,
        Focus::Nothing => refused.or_else(|| window(subject, related, now)),
    }
}

/// A pod's reason, with the other pods in brackets.
fn pod(patient: &Patient, subject: &Subject, related: &Related, trouble: Trouble<'_>) -> Explanation {
    let Trouble { pod, why, is_in_the_way, others, row } = trouble;
    let name = &pod.metadata.name;
    let why = refine(why, pod, related.events_of(&pod.metadata.uid));
    if let Some(how) = is_in_the_way {
        let revision = &pod.metadata.labels.revision_hash;
        let text = cut(why.text, BRIEF / 2);
        return Explanation {
            key: format!("blocked by {name}"),
            cause: clean_whole(&match how {
                InTheWay::Broken => {
                    format!("pod {name} of old revision {revision} is broken and blocks the rollout ({text})")
                }
                InTheWay::Withdrawn => {
                    format!("pod {name} of withdrawn revision {revision} is not ready ({text})")
                }
            }),
            hint: Some(match how {
                InTheWay::Broken => format!("run: kubectl delete pod {name} (k8s #67250)"),
                InTheWay::Withdrawn => {
                    format!("nothing replaces it until you run: kubectl delete pod {name}")
                }
            }),
            row,
            ..Explanation::default()
        };
    }
    let text = cut(why.text.clone(), BRIEF);
    let cause = match patient.family {
        Family::Pod if patient.is_selected => format!("{name}: {text}"),
        Family::Pod => text,
        _ => format!("pod {name}: {text}{}", tail(&why.word, &others)),
    };
    let hint = match patient.family {
        Family::Service => owner(pod).filter(|_| subject.metadata.name != *name),
        Family::Job if why.rank == Rank::Ended && subject.goes_on() && is_last(related) => {
            Some(NEXT_POD.to_owned())
        }
        Family::Pod if pod.is_terminal() && pod.metadata.is_controlled_by_statefulset() => {
            Some("its StatefulSet will make it anew".to_owned())
        }
        _ => None,
    };
    Explanation {
        key: key(&why),
        cause,
        hint,
        since: unix(why.since.as_deref()),
        is_recurring: matches!(why.class, Class::Crash(_)) && why.rank != Rank::Ended,
        is_fleeting: why.is_fleeting(),
        replaces: patient.family == Family::Pod,
        row,
        ..Explanation::default()
    }
}

/// Whether no other pod runs.
fn is_last(related: &Related) -> bool {
    related.pods.got().is_some_and(|pods| pods.iter().all(Pod::is_terminal))
}

/// What stays the same while a container is restarted, or its image is pulled again.
fn key(why: &Why) -> String {
    let word = match why.rank {
        Rank::Waiting if matches!(&*why.word, "ErrImagePull" | "ImagePullBackOff") => "pull",
        Rank::Ended | Rank::Unscheduled | Rank::Waiting | Rank::Creating => &why.word,
        _ => "",
    };
    format!("{:?} {word}", why.rank)
}

/// ` (+2 more: 1 ContainerCreating)`: how many others, and those that suffer from something else.
fn tail(word: &str, others: &[String]) -> String {
    let mut different: Vec<(&str, usize)> = Vec::new();
    for other in others.iter().filter(|other| *other != word) {
        match different.iter_mut().find(|(known, _)| known == other) {
            Some((_, count)) => *count += 1,
            None => different.push((other, 1)),
        }
    }
    let listed: Vec<String> =
        different.iter().take(2).map(|(word, count)| format!("{count} {word}")).collect();
    let more = if different.len() > 2 { ", …" } else { "" };
    match (others.len(), listed.len()) {
        (0, _) => String::new(),
        (count, 0) => format!(" (+{count} more)"),
        (count, _) => format!(" (+{count} more: {}{more})", listed.join(", ")),
    }
}

/// Pods that their controller may not make.
fn creation(patient: &Patient, subject: &Subject, related: &Related) -> Option<Explanation> {
    let count = match focus(patient, related) {
        Focus::TooFew { count, owner } => {
            let condition = subject.failure().map(|failure| &*failure.message);
            return told_creation(
                subject,
                patient.family,
                condition.or_else(|| failed(related, owner?)),
                count,
            );
        }
        _ => {
            let pods = related.pods.got().map_or(&[][..], Vec::as_slice);
            pods.iter().filter(|pod| !pod.metadata.is_being_deleted() && !pod.is_terminal()).count()
        }
    };
    told_creation(subject, patient.family, subject.failure().map(|failure| &*failure.message), count)
}

/// What an owner's events say of pods that could not be made.
fn failed<'a>(related: &'a Related, owner: &str) -> Option<&'a str> {
    let is_it = |event: &Event| &*event.reason == "FailedCreate";
    newest(related.events_of(owner), owner, None, is_it).map(|event| &*event.message)
}

fn told_creation(
    subject: &Subject,
    family: Family,
    message: Option<&str>,
    count: usize,
) -> Option<Explanation> {
    let refusal = refusal(message?);
    let how_many = match (count, subject.wanted(family)) {
        (0, _) => "no pods".to_owned(),
        (count, Some(wanted)) if count < wanted => format!("only {count} of {wanted} pods"),
        _ => "more pods cannot be made".to_owned(),
    };
    Some(Explanation {
        key: "creation".into(),
        cause: format!("{how_many}: {}", cut(refusal.text, BRIEF)),
        hint: Some(RETRIES.into()),
        since: unix(subject.failure().and_then(|failure| failure.last_transition_time.as_deref())),
        row: refusal.row.filter(|_| count == 0),
        ..Explanation::default()
    })
}

/// Ready, but not for long enough to count as available: the youngest decides.
fn window(subject: &Subject, related: &Related, now: i64) -> Option<Explanation> {
    let needed = subject.spec.min_ready_seconds;
    let pods = related.pods.got()?.iter().filter(|pod| needed > 0 && is_ready(pod));
    let since = |pod: &Pod| {
        unix(
            reported(&pod.status.conditions, "Ready").and_then(|ready| ready.last_transition_time.as_deref()),
        )
    };
    let (pod, since) = pods.filter_map(|pod| Some((pod, since(pod)?))).max_by_key(|(_, since)| *since)?;
    let lasted = (now - since).max(0);
    (lasted < needed).then(|| Explanation {
        key: "window".into(),
        cause: format!("pod {}: ready {lasted}s of minReadySeconds {needed}", pod.metadata.name),
        ..Explanation::default()
    })
}

/// `deployment/api`, of which a Service's pod is.
fn owner(pod: &Pod) -> Option<String> {
    let owner = pod.metadata.controller()?;
    let name = match &*owner.kind {
        "ReplicaSet" => {
            let hash = &*pod.metadata.labels.template_hash;
            let name = owner.name.strip_suffix(hash)?.strip_suffix('-')?;
            return Some(format!("see deployment/{name}"));
        }
        "StatefulSet" | "DaemonSet" => &owner.name,
        _ => return None,
    };
    Some(format!("see {}/{name}", owner.kind.to_ascii_lowercase()))
}

/// A claim is bound when there is a volume, or when somebody needs one: a deadlock where that somebody waits for it.
fn claim(subject: &Subject, related: &Related) -> Explanation {
    let uid = &*subject.metadata.uid;
    let created = subject.metadata.creation_timestamp.as_deref();
    let said = newest(related.events_of(uid), uid, created, |event| {
        event.is_warning()
            || matches!(&*event.reason, "WaitForFirstConsumer" | "FailedBinding" | "ExternalProvisioning")
    });
    let cause = match said {
        Some(event) if &*event.reason == "WaitForFirstConsumer" => FIRST_CONSUMER.to_owned(),
        Some(event) => told(event),
        None => {
            "no volume yet; where its class is WaitForFirstConsumer, it waits for its first consumer: a Pod that mounts it"
                .to_owned()
        }
    };
    let key = said.map_or("claim", |event| &*event.reason).to_owned();
    Explanation { key, cause, since: unix(said.and_then(Event::first)), ..Explanation::default() }
}

/// The last complaint about an object of which nothing more is known.
fn last_warning(subject: &Subject, related: &Related) -> Option<Explanation> {
    let uid = &*subject.metadata.uid;
    let created = subject.metadata.creation_timestamp.as_deref();
    let event = newest(related.events_of(uid), uid, created, Event::is_warning)?;
    Some(Explanation {
        key: event.reason.to_string(),
        cause: told(event),
        since: unix(event.first()),
        extends: true,
        ..Explanation::default()
    })
}

/// `ProvisioningFailed: MESSAGE`
fn told(event: &Event) -> String {
    cut(clean_whole(&format!("{}: {}", event.reason, words::cause(&event.message))), BRIEF)
}

/// An object that is not there may lack its namespace.
fn absent(related: &Related) -> Option<Explanation> {
    let (cause, row) = match related.namespace.got()? {
        Namespace::Absent => ("its namespace does not exist", None),
        Namespace::Terminating => ("its namespace is being terminated", Some(Row::NamespaceTerminating)),
        Namespace::Active => return None,
    };
    Some(Explanation { key: cause.into(), cause: cause.into(), row, ..Explanation::default() })
}

/// Seconds of Unix time of a time as the API server writes it.
pub(super) fn unix(time: Option<&str>) -> Option<i64> {
    time?.parse::<k8s_openapi::jiff::Timestamp>().ok().map(k8s_openapi::jiff::Timestamp::as_second)
}
