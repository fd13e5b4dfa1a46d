//! What the events of a pod add to its own status: readiness.md 3.2, rows 4 to 7 and 10.

use super::event::{Event, newest};
use crate::evaluate::pod::Pod;
use crate::evaluate::pod_reason::{Class, Rank, Why, pull_problem};
use crate::message::clean;

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
/// So much of a probe's output is worth printing.
const OUTPUT: usize = 80;

/// Whether events can say more than the status does.
pub(super) fn would_help(why: &Why) -> bool {
    match why.rank {
        Rank::Creating | Rank::Probing | Rank::Lost => true,
        Rank::Initializing => is_initializing(why),
        Rank::Waiting => is_unexplained_pull(why),
        Rank::Crashing => is_killed(why),
        Rank::Ended | Rank::Unscheduled | Rank::Gated | Rank::Window => false,
    }
}

/// The reason with what the events say.
pub(super) fn refine(why: Why, pod: &Pod, events: &[Event]) -> Why {
    let find: &Find =
        &|is_it| newest(events, &pod.metadata.uid, pod.metadata.creation_timestamp.as_deref(), is_it);
    let refined = match why.rank {
        Rank::Creating => obstacle(&why, find),
        Rank::Initializing if is_initializing(&why) => {
            probe(&why, "Startup", find).or_else(|| obstacle(&why, find))
        }
        Rank::Waiting if is_unexplained_pull(&why) => pull(&why, find),
        Rank::Crashing if is_killed(&why) => killed(&why, find),
        Rank::Probing if !why.text.contains("has ended") => {
            let kind = if why.text.contains("startup probe") { "Startup" } else { "Readiness" };
            probe(&why, kind, find)
        }
        Rank::Lost => {
            let lost = find(&|event| &*event.reason == "NodeNotReady");
            lost.map(|event| Why { text: named(event), ..why.clone() }).or_else(|| obstacle(&why, find))
        }
        _ => None,
    };
    refined.unwrap_or(why)
}

/// The newest event of the pod that answers to a question.
type Find<'a> = dyn Fn(&dyn Fn(&Event) -> bool) -> Option<&'a Event> + 'a;

/// A mount, a network, an image that does not come; or that one is on its way.
fn obstacle<'a>(why: &Why, find: &Find<'a>) -> Option<Why> {
    if let Some(event) = find(&|event| event.is_warning() && OBSTACLES.contains(&&*event.reason)) {
        let text = match pull_problem(&event.message).filter(|_| is_pull(event)) {
            Some(class) => format!("image cannot be pulled (registry: {class})"),
            None if &*event.reason == "Failed" => clean(&event.message),
            None => named(event),
        };
        return Some(Why { text, word: event.reason.to_string(), ..why.clone() });
    }
    let last = find(&|event| matches!(&*event.reason, "Pulling" | "Pulled" | "Created"))?;
    (&*last.reason == "Pulling").then(|| {
        let image = last.message.strip_prefix("Pulling image ").unwrap_or(&last.message);
        Why { text: clean(&format!("pulling image {image}")), word: "Pulling".to_owned(), ..why.clone() }
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

/// The kubelet ends a container whose liveness probe fails with the signals that others use too.
fn killed<'a>(why: &Why, find: &Find<'a>) -> Option<Why> {
    let event = find(&|event| &*event.reason == "Unhealthy" && event.message.starts_with("Liveness probe"))?;
    Some(Why { text: format!("{}; {}", why.text, failing(&event.message)), ..why.clone() })
}

fn probe<'a>(why: &Why, kind: &str, find: &Find<'a>) -> Option<Why> {
    let event = find(&|event| &*event.reason == "Unhealthy" && event.message.starts_with(kind))?;
    Some(Why { text: failing(&event.message), ..why.clone() })
}

/// `readiness probe failing (HTTP 503)`
fn failing(message: &str) -> String {
    let (probe, output) = message.split_once(':').unwrap_or((message, ""));
    let kind = probe.split(' ').next().unwrap_or_default().to_ascii_lowercase();
    let output = output.trim();
    let output = if let Some(code) = output.strip_prefix("HTTP probe failed with statuscode: ") {
        clean(&format!("HTTP {code}"))
    } else if output.contains("context deadline exceeded")
        || output.contains("Client.Timeout")
        || output.contains("timed out")
        || output.contains("i/o timeout")
    {
        "timeout".to_owned()
    } else if output.contains("connection refused") {
        "connection refused".to_owned()
    } else {
        let output = clean(output);
        match output.char_indices().nth(OUTPUT) {
            Some((end, _)) => format!("{}…", &output[..end]),
            None => output,
        }
    };
    match &*output {
        "" => format!("{kind} probe failing"),
        output => format!("{kind} probe failing ({output})"),
    }
}

/// `FailedMount: MESSAGE`
fn named(event: &Event) -> String {
    clean(&format!("{}: {}", event.reason, event.message))
}

fn is_initializing(why: &Why) -> bool {
    why.word == "initializing"
}

fn is_unexplained_pull(why: &Why) -> bool {
    matches!(&*why.word, "ErrImagePull" | "ImagePullBackOff") && !why.text.contains("(registry: ")
}

fn is_killed(why: &Why) -> bool {
    (why.text.contains("exit 137") || why.text.contains("exit 143")) && !why.text.contains("OOMKilled")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_is_told_by_what_it_saw() {
        let long = format!("Readiness probe failed: {}", "x".repeat(200));
        let cases = [
            (
                "Readiness probe failed: HTTP probe failed with statuscode: 503",
                "readiness probe failing (HTTP 503)",
            ),
            ("Readiness probe failed: ", "readiness probe failing"),
            (
                "Startup probe failed: dial tcp 10.0.0.1:80: connect: connection refused",
                "startup probe failing (connection refused)",
            ),
            (
                "Readiness probe failed: Get \"http://10.0.0.1/\": context deadline exceeded (Client.Timeout exceeded)",
                "readiness probe failing (timeout)",
            ),
            ("Liveness probe failed: cat: no\nfile", "liveness probe failing (cat: no file)"),
            (&long, &format!("readiness probe failing ({}…)", "x".repeat(80))),
        ];
        for (message, text) in cases {
            assert_eq!(failing(message), text);
        }
    }
}
