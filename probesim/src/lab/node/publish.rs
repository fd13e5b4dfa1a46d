//! `pod.status` as the API shows it, from the status in the model.

use std::net::Ipv4Addr;

use serde_json::{Map, Value, json};

use super::clock::Clock;
use super::quality;
use crate::kubelet::{
    Condition, ContainerStatus, Exited, Instance, LATE, Phase, Pod, Reason, Role, State, Time, Waiting,
};

/// Conditions that the kubelet writes; others belong to others.
const OWN: [&str; 6] = [
    "PodReadyToStartContainers",
    "Initialized",
    "Ready",
    "ContainersReady",
    "PodScheduled",
    "AllContainersRestarting",
];

/// What the model does not know of its pod.
#[derive(Debug)]
pub(super) struct Surroundings<'a> {
    pub(super) clock: Clock,
    /// The pod as the API has it.
    pub(super) object: &'a Value,
    /// `phase` as the API may see it.
    pub(super) phase: Phase,
    pub(super) host_ip: Ipv4Addr,
    /// Once it has had a sandbox.
    pub(super) pod_ip: Option<Ipv4Addr>,
    /// When the kubelet saw the pod.
    pub(super) since: Time,
    /// Whether there is a sandbox for containers, and since when that is so.
    pub(super) has_sandbox: (bool, Time),
    /// By the container's number.
    pub(super) containers: Vec<Details>,
}

/// What the model does not know of a container.
#[derive(Clone, Debug, Default)]
pub(super) struct Details {
    /// `imageID`, once it was started.
    pub(super) image_id: String,
    /// Why it cannot be started: a reason and a message.
    pub(super) held: Option<(&'static str, String)>,
    /// Why its last start failed.
    pub(super) failure: String,
    /// Of the instances that ended last.
    pub(super) last_words: Vec<LastWords>,
}

/// What is told of the end of an instance besides its exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LastWords {
    pub(super) instance: Instance,
    /// Instead of what follows from the exit code.
    pub(super) reason: Option<&'static str>,
    pub(super) message: String,
}

/// The status, with the conditions of others as they are.
pub(super) fn status(pod: &Pod, around: &Surroundings<'_>) -> Value {
    let observed = &around.object["metadata"]["generation"];
    let mut status = json!({
        "observedGeneration": observed,
        "phase": around.phase.name(),
        "conditions": conditions(pod, around),
        "hostIP": around.host_ip.to_string(),
        "hostIPs": [{"ip": around.host_ip.to_string()}],
    });
    if around.phase == Phase::Failed && pod.is_late() {
        status["reason"] = json!("DeadlineExceeded");
        status["message"] = json!(LATE);
    }
    if let Some(ip) = around.pod_ip {
        status["podIP"] = json!(ip.to_string());
        status["podIPs"] = json!([{"ip": ip.to_string()}]);
    }
    status["startTime"] = json!(around.clock.text(around.since));
    let (mut init, mut regular) = (Vec::new(), Vec::new());
    for (index, container) in pod.status().containers.iter().enumerate() {
        let shown = container_status(pod, around, index, *container);
        if pod.role(index) == Role::Regular { &mut regular } else { &mut init }.push(shown);
    }
    if !init.is_empty() {
        status["initContainerStatuses"] = Value::Array(init);
    }
    status["containerStatuses"] = Value::Array(regular);
    status["qosClass"] = json!(quality::class(&around.object["spec"]));
    status["resources"] = json!({});
    status
}

fn conditions(pod: &Pod, around: &Surroundings<'_>) -> Vec<Value> {
    let generation = &around.object["metadata"]["generation"];
    let conditions = pod.status().conditions;
    let [initialized, containers_ready, ready] = pod.condition_messages();
    let made = |name: &str, condition: Condition, message: Option<String>| {
        let reason = condition.reason.map(Reason::name);
        make(name, condition.is_true, &around.clock.text(condition.since), generation, reason, message)
    };
    let plain = |name: &str, (is_true, since): (bool, Time)| {
        make(name, is_true, &around.clock.text(since), generation, None, None)
    };
    let mut shown = vec![
        plain(OWN[0], around.has_sandbox),
        made(OWN[1], conditions.initialized, initialized),
        made(OWN[2], conditions.ready, ready),
        made(OWN[3], conditions.containers_ready, containers_ready),
    ];
    if let Some(condition) = conditions.all_restarting {
        let message = condition.is_true.then(|| "container exited with restart policy rule".to_owned());
        shown.insert(0, made(OWN[5], condition, message));
    }
    let known = around.object["status"]["conditions"].as_array();
    for condition in known.into_iter().flatten() {
        let name = condition["type"].as_str().unwrap_or_default();
        if name == "PodScheduled" {
            let mut scheduled = condition.clone();
            scheduled["observedGeneration"] = generation.clone();
            shown.push(scheduled);
        } else if !OWN.contains(&name) {
            shown.push(condition.clone());
        }
    }
    shown
}

fn make(
    name: &str,
    is_true: bool,
    since: &str,
    generation: &Value,
    reason: Option<&str>,
    message: Option<String>,
) -> Value {
    let mut condition = json!({
        "type": name, "observedGeneration": generation, "status": if is_true { "True" } else { "False" },
        "lastProbeTime": null, "lastTransitionTime": since,
    });
    if let Some(reason) = reason {
        condition["reason"] = json!(reason);
    }
    if let Some(message) = message {
        condition["message"] = json!(message);
    }
    condition
}

fn container_status(pod: &Pod, around: &Surroundings<'_>, index: usize, status: ContainerStatus) -> Value {
    let container = pod.container(index);
    let details = &around.containers[index];
    let terminated = |exited: &Exited| terminated(around, index, &container.name, exited);
    let state = match &status.state {
        State::Running(running) => json!({"running": {"startedAt": around.clock.text(running.started_at)}}),
        State::Terminated(exited) => json!({"terminated": terminated(exited)}),
        State::Waiting(waiting) => json!({"waiting": waits(pod, index, *waiting, details)}),
    };
    let last = status.last.as_ref().map_or(json!({}), |exited| json!({"terminated": terminated(exited)}));
    let mut shown = Map::new();
    let mut put = |key: &str, value: Value| shown.insert(key.to_owned(), value);
    put("name", json!(container.name));
    put("state", state);
    put("lastState", last);
    put("ready", json!(status.ready));
    put("restartCount", json!(status.restarts));
    put("image", json!(container.image));
    put("imageID", json!(if status.instance.is_some() { details.image_id.as_str() } else { "" }));
    if let Some(instance) = status.instance {
        put("containerID", json!(container_id(around, &container.name, instance)));
    }
    put("started", json!(status.started));
    if status.instance.is_some() {
        put("resources", json!({}));
    }
    Value::Object(shown)
}

fn waits(pod: &Pod, index: usize, waiting: Waiting, details: &Details) -> Value {
    if let Some((reason, message)) = &details.held {
        return json!({"reason": reason, "message": message});
    }
    match waiting {
        Waiting::BackOff(delay) => {
            json!({"reason": waiting.name(), "message": pod.back_off_message(index, delay)})
        }
        Waiting::RunContainerError | Waiting::PostStartHookError => {
            json!({"reason": waiting.name(), "message": details.failure})
        }
        other => json!({"reason": other.name()}),
    }
}

fn terminated(around: &Surroundings<'_>, index: usize, name: &str, exited: &Exited) -> Value {
    let known = around.containers[index].last_words.iter().filter(|_| !exited.was_reset);
    let words = known.rev().find(|words| words.instance == exited.instance);
    let reason = words.and_then(|words| words.reason).unwrap_or_else(|| exited.reason());
    let mut shown = json!({"exitCode": exited.exit_code, "reason": reason});
    if let Some(words) = words {
        shown["message"] = json!(words.message);
    }
    shown["startedAt"] = json!(around.clock.text(exited.started_at));
    shown["finishedAt"] = json!(around.clock.text(exited.finished_at));
    shown["containerID"] = json!(container_id(around, name, exited.instance));
    shown
}

fn container_id(around: &Surroundings<'_>, container: &str, instance: Instance) -> String {
    let uid = around.object["metadata"]["uid"].as_str().unwrap_or_default();
    format!("lab://{uid}/{container}/{}", instance.restart_count())
}
