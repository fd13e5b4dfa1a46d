//! What a change means, in one short line: `deployment/postgres 1/2 available`.

use serde_json::Value;

/// Tells a change: the object before (if any) and after it (`None`: it is gone).
///
/// `None` when there is nothing to tell: only versions, times or bookkeeping have changed.
pub(super) fn narrate(before: Option<&Value>, after: Option<&Value>) -> Option<String> {
    let named = after.or(before)?;
    let kind = named["kind"].as_str().unwrap_or_default().to_lowercase();
    let name = named["metadata"]["name"].as_str().unwrap_or_default();
    let Some(after) = after else { return Some(format!("{kind}/{name} gone")) };
    if kind == "event" {
        return Some(event(after));
    }
    let state = state(&kind, after);
    let mark = match before {
        None => "new, ",
        Some(before) if is_terminating(after) && !is_terminating(before) => "deleted, ",
        Some(before) if generation(before) != generation(after) => "changed, ",
        Some(before) if self::state(&kind, before) == state => return None,
        Some(_) => "",
    };
    Some(format!("{kind}/{name} {mark}{state}").trim_end_matches(", ").trim_end().to_owned())
}

/// A Kubernetes Event, as `kubectl get events` tells it.
fn event(event: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let involved = &event["involvedObject"];
    let count =
        event["count"].as_u64().filter(|count| *count > 1).map_or(String::new(), |n| format!(" (x{n})"));
    format!(
        "{}/{} {}: {}{count}",
        text(&involved["kind"]).to_lowercase(),
        text(&involved["name"]),
        text(&event["reason"]),
        text(&event["message"]).trim_end()
    )
}

/// The few words that matter about an object of this kind.
fn state(kind: &str, object: &Value) -> String {
    let (spec, status) = (&object["spec"], &object["status"]);
    let count = |value: &Value| value.as_u64().unwrap_or(0);
    let wanted = spec["replicas"].as_u64().unwrap_or(1);
    match kind {
        "deployment" => {
            let trouble =
                condition(status, "Progressing", "False").map_or(String::new(), |why| format!(", {why}"));
            let updated = count(&status["updatedReplicas"]);
            let available = count(&status["availableReplicas"]);
            if updated < wanted {
                format!("{updated}/{wanted} updated, {available} available{trouble}")
            } else {
                format!("{available}/{wanted} available{trouble}")
            }
        }
        "statefulset" | "replicaset" | "replicationcontroller" => {
            format!("{}/{wanted} ready", count(&status["readyReplicas"]))
        }
        "daemonset" => {
            format!("{}/{} ready", count(&status["numberReady"]), count(&status["desiredNumberScheduled"]))
        }
        "job" => job(spec, status),
        "pod" => pod(object),
        "endpointslice" => {
            let endpoints = object["endpoints"].as_array().map_or(&[][..], Vec::as_slice);
            let ready = endpoints.iter().filter(|one| one["conditions"]["ready"] != false).count();
            format!("{ready}/{} endpoints ready", endpoints.len())
        }
        "service" => spec["type"].as_str().unwrap_or_default().to_owned(),
        _ => status["phase"].as_str().unwrap_or_default().to_owned(),
    }
}

fn job(spec: &Value, status: &Value) -> String {
    if let Some(why) = condition(status, "Failed", "True") {
        return format!("failed: {why}");
    }
    let count = |key: &str| status[key].as_u64().unwrap_or(0);
    let failed = if count("failed") > 0 { format!(", {} failed", count("failed")) } else { String::new() };
    let done = if condition(status, "Complete", "True").is_some() { ", complete" } else { "" };
    format!("{}/{} succeeded{failed}{done}", count("succeeded"), spec["completions"].as_u64().unwrap_or(1))
}

/// The phase, or the reason why a container waits, and how many containers are ready.
fn pod(pod: &Value) -> String {
    let status = &pod["status"];
    let containers = status["containerStatuses"].as_array().map_or(&[][..], Vec::as_slice);
    let ready = containers.iter().filter(|one| one["ready"] == true).count();
    let restarts: u64 = containers.iter().filter_map(|one| one["restartCount"].as_u64()).sum();
    let waiting = containers.iter().find_map(|one| one["state"]["waiting"]["reason"].as_str());
    let phase = waiting.or(status["phase"].as_str()).unwrap_or_default();
    let total = pod["spec"]["containers"].as_array().map_or(containers.len(), Vec::len);
    let restarts = if restarts > 0 { format!(", restarts {restarts}") } else { String::new() };
    format!("{phase} {ready}/{total} ready{restarts}").trim_start().to_owned()
}

/// The reason of a condition that has this status.
fn condition<'a>(status: &'a Value, kind: &str, wanted: &str) -> Option<&'a str> {
    let conditions = status["conditions"].as_array()?;
    let found = conditions.iter().find(|one| one["type"] == kind && one["status"] == wanted)?;
    Some(found["reason"].as_str().unwrap_or_default())
}

fn is_terminating(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

fn generation(object: &Value) -> Option<u64> {
    object["metadata"]["generation"].as_u64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn deployment(available: u32) -> Value {
        json!({"kind": "Deployment", "metadata": {"name": "postgres", "generation": 1}, "spec": {"replicas": 2},
               "status": {"updatedReplicas": 2, "availableReplicas": available}})
    }

    #[test]
    fn a_change_is_told_by_what_matters_of_it() {
        let (none, one) = (deployment(0), deployment(1));
        let mut scaled = deployment(1);
        scaled["metadata"]["generation"] = json!(2);
        for (before, after, expected) in [
            (None, Some(&none), Some("deployment/postgres new, 0/2 available")),
            (Some(&none), Some(&one), Some("deployment/postgres 1/2 available")),
            (Some(&one), Some(&one), None),
            (Some(&one), Some(&scaled), Some("deployment/postgres changed, 1/2 available")),
            (Some(&one), None, Some("deployment/postgres gone")),
        ] {
            assert_eq!(narrate(before, after).as_deref(), expected);
        }
    }

    #[test]
    fn each_kind_has_its_own_words() {
        for (object, expected) in [
            (
                json!({"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{}]}, "status": {
                    "phase": "Running", "containerStatuses": [
                        {"ready": false, "restartCount": 2, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}}),
                "pod/p new, CrashLoopBackOff 0/1 ready, restarts 2",
            ),
            (
                json!({"kind": "Job", "metadata": {"name": "j"}, "spec": {"completions": 1}, "status": {
                    "failed": 2, "conditions": [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]}}),
                "job/j new, failed: BackoffLimitExceeded",
            ),
            (
                json!({"kind": "EndpointSlice", "metadata": {"name": "e"},
                       "endpoints": [{"conditions": {"ready": true}}, {"conditions": {"ready": false}}]}),
                "endpointslice/e new, 1/2 endpoints ready",
            ),
            (
                json!({"kind": "Event", "metadata": {"name": "e"}, "involvedObject": {"kind": "Pod", "name": "p"},
                       "reason": "BackOff", "message": "restarting", "count": 3}),
                "pod/p BackOff: restarting (x3)",
            ),
            (json!({"kind": "ConfigMap", "metadata": {"name": "c"}}), "configmap/c new"),
        ] {
            assert_eq!(narrate(None, Some(&object)).as_deref(), Some(expected));
        }
    }
}
