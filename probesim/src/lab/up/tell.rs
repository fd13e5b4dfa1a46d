//! Tells views of changes in the API: Events, and objects other than pods in one line each.

use std::sync::Arc;

use serde_json::Value;

use crate::lab::happening::Fact;
use crate::lab::narrate::narrate;
use crate::lab::node::Teller;
use crate::lab::store::follow::Follower;

/// Kinds of which views are told otherwise, or of which there is nothing to tell.
const UNTOLD: [&str; 6] = ["Pod", "Node", "Namespace", "Endpoints", "Lease", "ControllerRevision"];

/// Tells every change for ever.
pub(super) async fn run(mut changes: Follower, teller: Teller) {
    loop {
        for change in changes.next().await {
            let before = change.previous.as_ref().map(|object| object.value());
            let after = Some(change.object.value()).filter(|_| !change.is_delete);
            if let Some(fact) = fact(before.as_ref(), after.as_ref()) {
                teller.tell(fact);
            }
        }
    }
}

fn fact(before: Option<&Value>, after: Option<&Value>) -> Option<Fact> {
    let kind = after.or(before)?["kind"].as_str()?;
    if kind == "Event" {
        return after.map(event);
    }
    if UNTOLD.contains(&kind) {
        return None;
    }
    narrate(before, after).map(|line| Fact::Object { line: line.into() })
}

fn event(event: &Value) -> Fact {
    let text = |value: &Value| -> Arc<str> { value.as_str().unwrap_or_default().into() };
    let involved = &event["involvedObject"];
    Fact::Event {
        about: format!("{}/{}", text(&involved["kind"]).to_lowercase(), text(&involved["name"])).into(),
        severity: if event["type"] == "Warning" { "Warning" } else { "Normal" },
        reason: text(&event["reason"]),
        message: text(&event["message"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pods_are_told_by_others_and_events_are_told_as_such() {
        let told = |kind: &str| {
            let object = json!({"kind": kind, "metadata": {"name": "x"}, "type": "Warning", "reason": "Failed",
                                "message": "m", "involvedObject": {"kind": "Pod", "name": "web-0"}});
            match fact(None, Some(&object)) {
                None => "nothing".to_owned(),
                Some(Fact::Object { line }) => line.to_string(),
                Some(Fact::Event { about, severity, reason, message }) => {
                    format!("{about} {severity} {reason} {message}")
                }
                Some(other) => format!("{other:?}"),
            }
        };
        assert_eq!(told("Pod"), "nothing");
        assert_eq!(told("ConfigMap"), "configmap/x new");
        assert_eq!(told("Event"), "pod/web-0 Warning Failed m");
    }
}
