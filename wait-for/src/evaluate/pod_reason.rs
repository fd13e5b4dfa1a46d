//! Why a pod is not ready, from its own status: readiness.md 3.2, where the first hit wins.

use super::pod::{ContainerStatus, Pod, Terminated};
use super::replicas::counted;
use crate::message::clean;
use crate::object::{Reported, explanation, reported};

/// Nobody but an editor of the pod gets it out of this one.
const INVALID_IMAGE_NAME: &str = "InvalidImageName";

/// The one reason that explains best why a pod does not get further.
#[must_use]
pub fn reason(pod: &Pod) -> String {
    ended(pod)
        .or_else(|| not_scheduled(pod))
        .or_else(|| initializing(pod))
        .or_else(|| waiting(pod))
        .or_else(|| crashing(pod))
        .or_else(|| creating(pod))
        .or_else(|| probing(pod))
        .or_else(|| gated(pod))
        .unwrap_or_else(|| fallback(pod))
}

/// Why a pod has not ended: it does not get as far, or it runs.
#[must_use]
pub fn reason_not_to_end(pod: &Pod) -> String {
    match &*pod.status.phase {
        "Running" => {
            crashing(pod).unwrap_or_else(|| "phase Running: its containers have not all ended".to_owned())
        }
        _ => reason(pod),
    }
}

/// Whether a container's image reference cannot even be parsed.
pub(super) fn cannot_start(pod: &Pod) -> bool {
    has_invalid_image(&pod.status.container_statuses) || cannot_initialize(pod)
}

/// Whether that container is an init container.
pub(super) fn cannot_initialize(pod: &Pod) -> bool {
    has_invalid_image(&pod.status.init_container_statuses)
}

fn has_invalid_image(statuses: &[ContainerStatus]) -> bool {
    statuses.iter().any(|status| status.waiting_reason() == INVALID_IMAGE_NAME)
}

/// 1: evicted, rejected by the node, out of time; else the container that ended badly.
fn ended(pod: &Pod) -> Option<String> {
    let status = &pod.status;
    match &*status.phase {
        "Succeeded" => return Some("all its containers have ended".to_owned()),
        "Failed" => {}
        _ => return None,
    }
    if !status.reason.is_empty() || !status.message.is_empty() {
        return Some(explanation(&status.reason, &status.message));
    }
    let mut containers = status.init_container_statuses.iter().chain(&status.container_statuses);
    let failed = containers.find_map(|container| {
        let terminated = container.failure()?;
        Some(format!("container {}: {}", container.name, exit(terminated)))
    });
    Some(failed.unwrap_or_else(|| "it has failed".to_owned()))
}

/// 2: no node yet.
fn not_scheduled(pod: &Pod) -> Option<String> {
    let scheduled =
        reported(&pod.status.conditions, "PodScheduled").filter(|condition| !condition.is("True"))?;
    if &*scheduled.reason == "SchedulingGated" && !pod.spec.scheduling_gates.is_empty() {
        let gates: Vec<&str> = pod.spec.scheduling_gates.iter().map(|gate| gate.name.as_str()).collect();
        return Some(clean(&format!("SchedulingGated: waits for {}", gates.join(", "))));
    }
    // What preemption could not do is long, and nobody's cause.
    let message = scheduled.message.split("preemption:").next().unwrap_or_default().trim();
    let reason = if scheduled.reason.is_empty() { "not scheduled" } else { &scheduled.reason };
    Some(explanation(reason, message))
}

/// 3: the first init container that is not done. The others, and the app's, only say PodInitializing.
fn initializing(pod: &Pod) -> Option<String> {
    let is_initialized =
        reported(&pod.status.conditions, "Initialized").is_some_and(|found| found.is("True"));
    let statuses = &pod.status.init_container_statuses;
    let is_sidecar = |name: &str| {
        let container = pod.spec.init_containers.iter().find(|container| &*container.name == name);
        container.and_then(|container| container.restart_policy.as_deref()) == Some("Always")
    };
    let is_done = |status: &ContainerStatus| {
        if is_sidecar(&status.name) {
            status.started == Some(true)
        } else {
            is_initialized || status.state.terminated.as_ref().is_some_and(|ended| ended.exit_code == 0)
        }
    };
    // The kubelet keeps the statuses in the spec's order.
    let (position, status) = statuses.iter().enumerate().find(|(_, status)| !is_done(status))?;
    let name = &status.name;
    let which = format!("init container {name}");
    if let Some(crash) = crash(status) {
        return Some(clean(&format!("{which}: {crash}")));
    }
    if let Some(waiting) = &status.state.waiting {
        return Some(match &*waiting.reason {
            "" | "PodInitializing" => format!("init {}/{}: {name} not started", position + 1, statuses.len()),
            reason => format!("{which}: {}", explanation(reason, &waiting.message)),
        });
    }
    let doing = if is_sidecar(name) { "startup probe has not succeeded yet" } else { "running" };
    Some(format!("init {}/{}: {name} {doing}", position + 1, statuses.len()))
}

/// 4: a container that the kubelet cannot make: image, configuration, runtime.
fn waiting(pod: &Pod) -> Option<String> {
    let statuses = &pod.status.container_statuses;
    let is_telling =
        |reason: &str| !matches!(reason, "" | "ContainerCreating" | "PodInitializing" | "CrashLoopBackOff");
    let worst = statuses.iter().find(|status| status.waiting_reason() == INVALID_IMAGE_NAME);
    let status = worst.or_else(|| statuses.iter().find(|status| is_telling(status.waiting_reason())))?;
    let waiting = status.state.waiting.as_ref()?;
    Some(format!("container {}: {}", status.name, explanation(&waiting.reason, &waiting.message)))
}

/// 5: a container that ends again and again.
fn crashing(pod: &Pod) -> Option<String> {
    pod.status.container_statuses.iter().find_map(|status| {
        let crash = crash(status)?;
        Some(clean(&format!("container {}: {crash}", status.name)))
    })
}

/// 6: a container that is being made. What holds it up is in events only.
fn creating(pod: &Pod) -> Option<String> {
    let status = pod.status.container_statuses.iter().find(|status| status.state.waiting.is_some())?;
    let reason = match status.waiting_reason() {
        "" => "ContainerCreating",
        reason => reason,
    };
    let sandbox = reported(&pod.status.conditions, "PodReadyToStartContainers");
    let has_sandbox = sandbox.is_none_or(|condition| condition.is("True"));
    let hint = if has_sandbox { "" } else { ", its sandbox, volumes or network are not ready" };
    Some(format!("container {}: {reason}{hint}", status.name))
}

/// 7: a container that runs but does not pass its probes.
fn probing(pod: &Pod) -> Option<String> {
    let status = pod.status.container_statuses.iter().find(|status| !status.ready)?;
    let what = if status.state.terminated.is_some() {
        "has ended"
    } else if status.started == Some(false) {
        "running, its startup probe has not succeeded yet"
    } else {
        "running, not ready: its readiness probe does not succeed"
    };
    Some(format!("container {} {what}{}", status.name, restarts(status)))
}

/// 8: every container is ready, and something outside must agree.
fn gated(pod: &Pod) -> Option<String> {
    let ready = reported(&pod.status.conditions, "Ready").filter(|condition| !condition.is("True"))?;
    let is_open = |gate: &str| reported(&pod.status.conditions, gate).is_some_and(|found| found.is("True"));
    let closed = pod.spec.readiness_gates.iter().find(|gate| !is_open(&gate.condition_type));
    match closed {
        Some(gate) => Some(clean(&format!("readiness gate {} is not True", gate.condition_type))),
        None if &*ready.reason == "ReadinessGatesNotReady" => {
            Some(clean(&format!("readiness gate: {}", ready.message)))
        }
        None => None,
    }
}

/// What is left: a lost node keeps its pods' containers ready and takes away Ready.
fn fallback(pod: &Pod) -> String {
    let ready = reported(&pod.status.conditions, "Ready").filter(|condition| !condition.is("True"));
    let reason = ready.map(Reported::explanation).filter(|reason| !reason.is_empty());
    match (&*pod.status.phase, ready, reason) {
        (_, _, Some(reason)) => format!("Ready is not True: {reason}"),
        ("Running", Some(_), None) => {
            "containers are ready, Ready is not True: its node may be lost".to_owned()
        }
        ("Unknown", _, None) => "phase Unknown: its node does not report".to_owned(),
        ("", _, None) => "no status yet".to_owned(),
        (phase, _, None) => format!("phase {}", clean(phase)),
    }
}

// === impl ContainerStatus ===

impl ContainerStatus {
    fn waiting_reason(&self) -> &str {
        self.state.waiting.as_ref().map_or("", |waiting| &waiting.reason)
    }

    /// How it ended, where it ended badly and does not run again.
    fn failure(&self) -> Option<&Terminated> {
        self.state.terminated.as_ref().filter(|terminated| terminated.exit_code != 0)
    }
}

/// `CrashLoopBackOff: exit 137 OOMKilled, 7 restarts: MESSAGE`, where the container has ended badly or waits to be
/// started again.
fn crash(status: &ContainerStatus) -> Option<String> {
    let is_backing_off = status.waiting_reason() == "CrashLoopBackOff";
    let last = status.last_state.terminated.as_ref().filter(|_| is_backing_off);
    let terminated = status.failure().or(last);
    if !is_backing_off && terminated.is_none() {
        return None;
    }
    let back_off = if is_backing_off { "CrashLoopBackOff" } else { "" };
    let separator = if is_backing_off && terminated.is_some() { ": " } else { "" };
    let exit_code = terminated.map(exit).unwrap_or_default();
    let message = terminated.map_or("", |terminated| terminated.message.trim());
    let colon = if message.is_empty() { "" } else { ": " };
    Some(format!("{back_off}{separator}{exit_code}{}{colon}{message}", restarts(status)))
}

/// `exit 137 OOMKilled`
fn exit(terminated: &Terminated) -> String {
    let space = if terminated.reason.is_empty() { "" } else { " " };
    clean(&format!("exit {}{space}{}", terminated.exit_code, terminated.reason))
}

/// `, 7 restarts`, or nothing.
fn restarts(status: &ContainerStatus) -> String {
    match status.restart_count {
        0 => String::new(),
        count => format!(", {}", counted(count, "restart")),
    }
}
