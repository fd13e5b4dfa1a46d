//! What the events of a pod add to its own status: readiness.md 3.2, rows 4 to 7 and 10.

use super::event::{Event, newest};
use super::probe::{self, Kind};
use crate::evaluate::container::Part;
use crate::evaluate::pod::Pod;
use crate::evaluate::pod_reason::{Class, Rank, Unsaid, Why, pull_problem};
use crate::evaluate::words;
use crate::message::clean_whole;

/// What keeps a container from being made; none of it ever reaches the pod's status.
const OBSTACLES: [&str; 8] = [
    "FailedMount",
    "FailedAttachVolume",
    "FailedMapVolume",
    "FailedCreatePodSandBox",
    "FailedCreatePodContainer",
    "NetworkNotReady",
    "FailedScheduling",
    "Failed",
];
/// What says that an obstacle is out of the way.
const STEPS: [&str; 5] = ["Scheduled", "Pulling", "Pulled", "Created", "Started"];
const HOOK: &str = "FailedPostStartHook";

/// Whether events can say more than the status does.
pub(super) fn would_help(why: &Why) -> bool {
    why.unsaid != Unsaid::Nothing
}

/// The reason with what the events say.
pub(super) fn refine(why: Why, pod: &Pod, events: &[Event]) -> Why {
    let find: &Find =
        &|is_it| newest(events, &pod.metadata.uid, pod.metadata.creation_timestamp.as_deref(), is_it);
    let refined = match why.unsaid {
        Unsaid::Nothing => None,
        Unsaid::Obstacle => obstacle(&why, find),
        Unsaid::Pull => pull(&why, find),
        Unsaid::End => end(&why, pod, find),
        Unsaid::Startup => seen(&why, Kind::Startup, find),
        Unsaid::Readiness => seen(&why, Kind::Readiness, find),
        Unsaid::Node => node(&why, pod, find).or_else(|| obstacle(&why, find)),
    };
    refined.unwrap_or(why)
}

/// The newest event of the pod that answers to a question.
type Find<'a> = dyn Fn(&dyn Fn(&Event) -> bool) -> Option<&'a Event> + 'a;

/// A mount, a network, an image that does not come; or that one is on its way. Only the last word counts: what was
/// mounted at last keeps nobody waiting.
fn obstacle<'a>(why: &Why, find: &Find<'a>) -> Option<Why> {
    let is_obstacle = |event: &Event| event.is_warning() && OBSTACLES.contains(&&*event.reason);
    let last = find(&|event| is_obstacle(event) || STEPS.contains(&&*event.reason))?;
    if is_obstacle(last) {
        let text = match pull_problem(&last.message).filter(|_| is_pull(last)) {
            Some(class) => format!("image cannot be pulled (registry: {class})"),
            None if &*last.reason == "Failed" => words::cause(&last.message),
            None => named(last),
        };
        let since = last.first().map(Into::into);
        return Some(Why { text, word: last.reason.to_string(), since, ..why.clone() });
    }
    (&*last.reason == "Pulling").then(|| {
        let image = last.message.strip_prefix("Pulling image ").unwrap_or(&last.message);
        let since = last.first().map(Into::into);
        let text = clean_whole(&format!("pulling image {image}"));
        Why { text, word: "Pulling".to_owned(), since, ..why.clone() }
    })
}

fn is_pull(event: &Event) -> bool {
    event.message.starts_with("Failed to pull image")
}

/// Kubelets before 1.36 back off without a word about the reason.
fn pull<'a>(why: &Why, find: &Find<'a>) -> Option<Why> {
    let event = find(&|event| &*event.reason == "Failed" && is_pull(event))?;
    let class = pull_problem(&event.message)?;
    let start = why.text.split(": ").next().unwrap_or_default();
    let is_refused = matches!(class, "not found" | "unauthorized" | "access denied");
    let class_of_why = if is_refused { Class::ImageRefused } else { why.class };
    Some(Why {
        text: format!("{start} {} (registry: {class})", why.word),
        class: class_of_why,
        ..why.clone()
    })
}

/// A kubelet ends a container whose probe or hook fails with signals that others use too; how the container takes them
/// is its own affair, so that its exit code says nothing.
fn end<'a>(why: &Why, pod: &Pod, find: &Find<'a>) -> Option<Why> {
    let part = why.part.as_ref()?;
    // What it was told in the run before does not count.
    let is_of_run = |event: &Event| {
        let from = part.ran_from.as_deref().unwrap_or_default().trim_end_matches('Z');
        event.is_about(&part.name, part.is_alone) && event.time() >= from
    };
    let of_run = |is_it: &dyn Fn(&Event) -> bool| find(&|event| is_of_run(event) && is_it(event));
    if of_run(&|event| &*event.reason == HOOK).is_some() {
        return Some(Why { text: format!("{}; its postStart hook fails ({HOOK})", why.text), ..why.clone() });
    }
    let is_killing = |event: &Event| &*event.reason == "Killing";
    let kind = match of_run(&is_killing) {
        Some(killing) => match Kind::that_kills(&killing.message) {
            Some(kind) => kind,
            // With restartPolicy Never, the kubelet does not say what for.
            None if why.rank == Rank::Ended && !pod.metadata.is_being_deleted() => {
                let is_ill = |event: &Event| {
                    let kind = Kind::of(event.said()).filter(|kind| *kind != Kind::Readiness);
                    &*event.reason == "Unhealthy" && kind.is_some()
                };
                Kind::of(of_run(&is_ill)?.said())?
            }
            None => return None,
        },
        // A kubelet that has too much to say about a pod is cut short: then the run before was ended in the same way.
        None if is_killed(why) => {
            let killing = find(&|event| is_killing(event) && event.is_about(&part.name, part.is_alone))?;
            Kind::that_kills(&killing.message)?
        }
        None => return None,
    };
    let is_of_any = |event: &Event| event.is_about(&part.name, part.is_alone);
    let seen = find(&|event| {
        &*event.reason == "Unhealthy" && Kind::of(event.said()) == Some(kind) && is_of_any(event)
    });
    let failing = seen.map_or_else(|| format!("{kind} probe failing"), |event| probe::failing(event.said()));
    Some(Why { text: format!("{}; {failing}", why.text), ..why.clone() })
}

fn is_killed(why: &Why) -> bool {
    ["exit 137", "exit 143"].iter().any(|code| why.text.contains(code))
}

/// What a probe saw last.
fn seen<'a>(why: &Why, kind: Kind, find: &Find<'a>) -> Option<Why> {
    let is_about =
        |event: &Event| why.part.as_ref().is_none_or(|part: &Part| event.is_about(&part.name, part.is_alone));
    let event = find(&|event| {
        &*event.reason == "Unhealthy" && Kind::of(event.said()) == Some(kind) && is_about(event)
    })?;
    let failing = probe::failing(event.said());
    let text = match &why.part {
        Some(part) if !part.is_alone => format!("{}: {failing}", part.label()),
        _ => failing,
    };
    Some(Why { text, ..why.clone() })
}

/// `NodeNotReady: Node is not ready (node n1)`
fn node<'a>(why: &Why, pod: &Pod, find: &Find<'a>) -> Option<Why> {
    let event = find(&|event| &*event.reason == NOT_READY)?;
    let name = &pod.spec.node_name;
    let which = if name.is_empty() { String::new() } else { format!(" (node {})", clean_whole(name)) };
    Some(Why { text: format!("{}{which}", named(event)), word: NOT_READY.to_owned(), ..why.clone() })
}

pub(super) const NOT_READY: &str = "NodeNotReady";

/// `FailedMount: MESSAGE`
fn named(event: &Event) -> String {
    clean_whole(&format!("{}: {}", event.reason, words::cause(&event.message)))
}
