//! The cells of a pod.

use serde_json::Value;

use super::{joined, list, or, text};
use crate::lab::timestamp;

pub(super) fn cell(pod: &Value, column: &str, now: u64) -> String {
    match column {
        "Ready" => ready(pod),
        "Status" => status(pod),
        "Restarts" => restarts(pod, now),
        "IP" => joined(&pod["status"]["podIPs"], |ip| ip["ip"].as_str().map(str::to_owned))
            .split(',')
            .next()
            .filter(|ip| *ip != "<none>")
            .map_or_else(|| or(&text(&pod["status"]["podIP"]), "<none>"), str::to_owned),
        "Node" => or(&text(&pod["spec"]["nodeName"]), "<none>"),
        "Nominated Node" => or(&text(&pod["status"]["nominatedNodeName"]), "<none>"),
        _ => readiness_gates(pod),
    }
}

/// Of the init containers as long as one of them is at work, then of sidecars and containers (`printPod`).
fn restarts(pod: &Value, now: u64) -> String {
    let inits = list(&pod["status"]["initContainerStatuses"]);
    let containers: Vec<&Value> = match initializing(pod, inits).filter(|_| !is_initialized(pod)) {
        Some(at) => inits.iter().take(at + 1).collect(),
        None => {
            let sidecars = inits.iter().filter(|one| is_sidecar(pod, one));
            sidecars.chain(list(&pod["status"]["containerStatuses"])).collect()
        }
    };
    let restarts: u64 = containers.iter().filter_map(|one| one["restartCount"].as_u64()).sum();
    let ends = containers
        .iter()
        .filter_map(|one| one["lastState"]["terminated"]["finishedAt"].as_str().and_then(timestamp::parse));
    match (restarts, ends.max()) {
        (1.., Some(end)) => format!("{restarts} ({} ago)", timestamp::age(now.saturating_sub(end))),
        _ => restarts.to_string(),
    }
}

/// `2/3`: sidecars count from the moment they have started, the containers proper once the pod is initialized.
fn ready(pod: &Value) -> String {
    let inits = list(&pod["status"]["initContainerStatuses"]);
    let at = initializing(pod, inits);
    let is_up = |one: &&Value| one["started"] == true && one["ready"] == true;
    let passed = inits.iter().take(at.unwrap_or(inits.len()));
    let sidecars = passed.filter(|one| is_sidecar(pod, one)).filter(is_up).count();
    let containers = list(&pod["status"]["containerStatuses"]);
    let is_ready = |one: &&Value| one["ready"] == true && one["state"]["running"].is_object();
    let ready =
        if at.is_none() || is_initialized(pod) { containers.iter().filter(is_ready).count() } else { 0 };
    let specs = list(&pod["spec"]["initContainers"]);
    let all = specs.iter().filter(|spec| spec["restartPolicy"] == "Always").count();
    let total = all + list(&pod["spec"]["containers"]).len().max(containers.len());
    format!("{}/{total}", sidecars + ready)
}

fn is_initialized(pod: &Value) -> bool {
    is_true(pod, "Initialized")
}

fn is_true(pod: &Value, condition: &str) -> bool {
    let conditions = list(&pod["status"]["conditions"]);
    conditions.iter().any(|one| one["type"] == condition && one["status"] == "True")
}

/// How many of the gates are open.
fn readiness_gates(pod: &Value) -> String {
    let gates = list(&pod["spec"]["readinessGates"]);
    let is_open = |gate: &&Value| {
        let conditions = list(&pod["status"]["conditions"]);
        conditions.iter().any(|one| one["type"] == gate["conditionType"] && one["status"] == "True")
    };
    match gates.len() {
        0 => "<none>".to_owned(),
        all => format!("{}/{all}", gates.iter().filter(is_open).count()),
    }
}

/// The STATUS of a pod: init containers first, then what the first container in trouble says (`printPod`).
pub(super) fn status(pod: &Value) -> String {
    let found = &pod["status"];
    let is_over = matches!(found["phase"].as_str(), Some("Succeeded" | "Failed"));
    if pod["metadata"]["deletionTimestamp"].is_string() && found["reason"] == "NodeLost" {
        return "Unknown".to_owned();
    }
    if pod["metadata"]["deletionTimestamp"].is_string() && !is_over {
        return "Terminating".to_owned();
    }
    let init = init_status(pod);
    if init.is_some() && !is_initialized(pod) {
        return init.unwrap_or_default();
    }
    let word = |value: &Value| value.as_str().filter(|word| !word.is_empty()).map(str::to_owned);
    let containers = list(&found["containerStatuses"]);
    let shown = containers.iter().find_map(|one| {
        let state = &one["state"];
        word(&state["waiting"]["reason"]).or_else(|| ended(&state["terminated"]))
    });
    let is_running = containers.iter().any(|one| one["ready"] == true && one["state"]["running"].is_object());
    match shown.or(init) {
        Some(done) if done == "Completed" && is_running => {
            if is_true(pod, "Ready") { "Running" } else { "NotReady" }.to_owned()
        }
        Some(shown) => shown,
        None => word(&found["reason"]).or_else(|| word(&found["phase"])).unwrap_or_default(),
    }
}

fn is_sidecar(pod: &Value, status: &Value) -> bool {
    let specs = list(&pod["spec"]["initContainers"]);
    specs.iter().any(|spec| spec["name"] == status["name"] && spec["restartPolicy"] == "Always")
}

/// The first init container that has not done its work.
fn initializing(pod: &Value, inits: &[Value]) -> Option<usize> {
    inits.iter().position(|one| {
        let is_done = one["state"]["terminated"]["exitCode"] == 0;
        !(is_done || is_sidecar(pod, one) && one["started"] == true)
    })
}

/// `Init:1/2` or `Init:CrashLoopBackOff` while an init container has not done its work.
fn init_status(pod: &Value) -> Option<String> {
    let inits = list(&pod["status"]["initContainerStatuses"]);
    let at = initializing(pod, inits)?;
    let one = inits.get(at)?;
    let state = &one["state"];
    let waiting = state["waiting"]["reason"].as_str().filter(|reason| *reason != "PodInitializing");
    Some(match (ended(&state["terminated"]), waiting) {
        (Some(ended), _) => format!("Init:{ended}"),
        (None, Some(reason)) if !reason.is_empty() => format!("Init:{reason}"),
        _ => format!("Init:{at}/{}", list(&pod["spec"]["initContainers"]).len()),
    })
}

/// Why a container has ended.
fn ended(terminated: &Value) -> Option<String> {
    if !terminated.is_object() {
        return None;
    }
    let reason = terminated["reason"].as_str().filter(|reason| !reason.is_empty());
    let signal = terminated["signal"].as_u64().filter(|signal| *signal > 0);
    Some(match (reason, signal) {
        (Some(reason), _) => reason.to_owned(),
        (None, Some(signal)) => format!("Signal:{signal}"),
        (None, None) => format!("ExitCode:{}", terminated["exitCode"]),
    })
}
