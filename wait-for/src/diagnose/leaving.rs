//! A pod that is going away, and does not go: another of its name, or on its node, is only made when it is gone.

use super::event::newest;
use super::explain::{Explanation, unix};
use super::patient::Patient;
use super::pod_events::NOT_READY;
use super::related::Related;
use super::subject::Family;
use crate::evaluate::pod::Pod;
use crate::message::{clean_whole, cut};
use crate::object::reported;

/// What its explanations have in common.
pub(super) const LEAVING: &str = "leaving";
/// So much of who holds it leaves room for which pod it is.
const BRIEF: usize = 140;

/// `pod db-0: terminating on node n1, which is not ready (NodeNotReady: Node is not ready)`
pub(super) fn leaving(patient: &Patient, related: &Related, pod: &Pod) -> Explanation {
    let metadata = &pod.metadata;
    let node = &pod.spec.node_name;
    let held = if let Some(why) = lost(related, pod) {
        let on =
            if node.is_empty() { " on a node that".to_owned() } else { format!(" on node {node}, which") };
        format!("{on} {why}")
    } else if metadata.finalizers.is_empty() {
        String::new()
    } else {
        format!(", held by {}", metadata.finalizers.join(", "))
    };
    let text = cut(clean_whole(&format!("terminating{held}")), BRIEF);
    let cause = match patient.family {
        Family::Service => {
            format!("its selector matches only pods that are going away; pod {}: {text}", metadata.name)
        }
        _ => format!("pod {}: {text}", metadata.name),
    };
    let grace = metadata.deletion_grace_period_seconds.unwrap_or(0);
    Explanation {
        key: LEAVING.into(),
        cause,
        // It is set to the moment at which patience ends.
        since: unix(metadata.deletion_timestamp.as_deref()).map(|end| end.saturating_sub(grace)),
        is_fleeting: held.is_empty(),
        ..Explanation::default()
    }
}

/// That its kubelet does not answer: then the node controller takes Ready away without a reason, which a kubelet
/// always gives.
fn lost(related: &Related, pod: &Pod) -> Option<String> {
    let ready = reported(&pod.status.conditions, "Ready")?;
    if ready.is("True") || !ready.reason.is_empty() {
        return None;
    }
    let uid = &pod.metadata.uid;
    let created = pod.metadata.creation_timestamp.as_deref();
    let event = newest(related.events_of(uid), uid, created, |event| &*event.reason == NOT_READY);
    Some(match event {
        Some(event) => format!("is not ready ({NOT_READY}: {})", event.message),
        None => "may be lost".to_owned(),
    })
}
