//! The cells of workloads: what is wanted, what is there, and what it is made of.

use serde_json::Value;

use super::{joined, list, number, or, selector, since, text};
use crate::lab::timestamp;

pub(super) fn cell(plural: &str, object: &Value, column: &str, now: u64) -> String {
    let (spec, status) = (&object["spec"], &object["status"]);
    let containers = match plural {
        "cronjobs" => &spec["jobTemplate"]["spec"]["template"]["spec"]["containers"],
        _ => &spec["template"]["spec"]["containers"],
    };
    match column {
        "Containers" => return joined(containers, |one| one["name"].as_str().map(str::to_owned)),
        "Images" => return joined(containers, |one| one["image"].as_str().map(str::to_owned)),
        "Selector" if plural == "cronjobs" => return selector(&spec["jobTemplate"]["spec"]["selector"]),
        "Selector" => return selector(&spec["selector"]),
        _ => {}
    }
    let wanted = spec["replicas"].as_u64().unwrap_or(1);
    match (plural, column) {
        ("deployments" | "statefulsets", "Ready") => format!("{}/{wanted}", number(&status["readyReplicas"])),
        ("deployments", "Up-to-date") => number(&status["updatedReplicas"]),
        ("deployments", _) => number(&status["availableReplicas"]),
        ("daemonsets", column) => daemon_set(spec, status, column),
        ("jobs", column) => job(object, column, now),
        ("cronjobs", column) => cron_job(spec, status, column, now),
        ("controllerrevisions", "Revision") => number(&object["revision"]),
        ("controllerrevisions", _) => controller(object),
        (_, "Desired") => wanted.to_string(),
        (_, "Current") => number(&status["replicas"]),
        _ => number(&status["readyReplicas"]),
    }
}

fn daemon_set(spec: &Value, status: &Value, column: &str) -> String {
    match column {
        "Desired" => number(&status["desiredNumberScheduled"]),
        "Current" => number(&status["currentNumberScheduled"]),
        "Ready" => number(&status["numberReady"]),
        "Up-to-date" => number(&status["updatedNumberScheduled"]),
        "Available" => number(&status["numberAvailable"]),
        _ => selector(&spec["template"]["spec"]["nodeSelector"]),
    }
}

/// `printJob`: `Failed`, `Complete` and so on by its conditions.
fn job(job: &Value, column: &str, now: u64) -> String {
    let (spec, status) = (&job["spec"], &job["status"]);
    let is = |kind: &str| {
        list(&status["conditions"]).iter().any(|one| one["type"] == kind && one["status"] == "True")
    };
    let time = |key: &str| status[key].as_str().and_then(timestamp::parse);
    match column {
        "Status" => {
            let word = if is("Complete") {
                "Complete"
            } else if is("Failed") {
                "Failed"
            } else if job["metadata"]["deletionTimestamp"].is_string() {
                "Terminating"
            } else if is("Suspended") {
                "Suspended"
            } else if is("FailureTarget") {
                "FailureTarget"
            } else if is("SuccessCriteriaMet") {
                "SuccessCriteriaMet"
            } else {
                "Running"
            };
            word.to_owned()
        }
        "Completions" => {
            let succeeded = number(&status["succeeded"]);
            match (spec["completions"].as_u64(), spec["parallelism"].as_u64()) {
                (Some(completions), _) => format!("{succeeded}/{completions}"),
                (None, Some(parallelism @ 2..)) => format!("{succeeded}/1 of {parallelism}"),
                _ => format!("{succeeded}/1"),
            }
        }
        _ => {
            let end = time("completionTime").unwrap_or(now);
            time("startTime").map_or(String::new(), |start| timestamp::age(end.saturating_sub(start)))
        }
    }
}

fn cron_job(spec: &Value, status: &Value, column: &str, now: u64) -> String {
    match column {
        "Schedule" => text(&spec["schedule"]),
        "Timezone" => or(&text(&spec["timeZone"]), "<none>"),
        "Suspend" => if spec["suspend"] == true { "True" } else { "False" }.to_owned(),
        "Active" => list(&status["active"]).len().to_string(),
        _ if status["lastScheduleTime"].is_string() => since(&status["lastScheduleTime"], now),
        _ => "<none>".to_owned(),
    }
}

/// `deployment.apps/web`: who controls it.
fn controller(object: &Value) -> String {
    let owners = list(&object["metadata"]["ownerReferences"]);
    let Some(owner) = owners.iter().find(|one| one["controller"] == true) else { return "<none>".to_owned() };
    let version = text(&owner["apiVersion"]);
    let group = version.split_once('/').map_or(String::new(), |(group, _)| format!(".{group}"));
    format!("{}{group}/{}", text(&owner["kind"]).to_lowercase(), text(&owner["name"]))
}
