//! Why a pod is not ready, from its own status: readiness.md 3.2, where the first hit wins.

use super::image::{self, Cure};
use super::pod::{Container, ContainerStatus, Pod, Terminated};
use super::replicas::counted;
use crate::message::clean;
use crate::object::{Reported, explanation, reported};

/// Nobody but an editor of the pod gets it out of this one.
const INVALID_IMAGE_NAME: &str = "InvalidImageName";

/// The one reason that explains best why a pod does not get further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// Its place in the order of priority; of several pods the one with the least is the worst.
    pub rank: Rank,
    /// What it is called where there is only room for a word.
    pub word: String,
    /// All of it.
    pub text: String,
    /// Since when, where a condition says so.
    pub since: Option<Box<str>>,
    /// What a policy may make of it.
    pub class: Class,
}

/// The rows of readiness.md 3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Evicted, rejected, or a container has ended badly for good.
    Ended,
    /// No node yet.
    Unscheduled,
    /// An init container is not done.
    Initializing,
    /// A container cannot be made.
    Waiting,
    /// A container ends again and again.
    Crashing,
    /// A container is being made.
    Creating,
    /// A container does not pass its probes.
    Probing,
    /// A readiness gate is closed.
    Gated,
    /// Ready, but not for long enough.
    Window,
    /// Its node does not answer.
    Lost,
}

/// What somebody who must decide whether to give up wants to know: readiness.md 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Nothing to go by.
    Other,
    /// Row 7: the image reference cannot be parsed.
    InvalidImage,
    /// Row 16: the registry says no.
    ImageRefused,
    /// Row 18: a container ends badly; so many restarts.
    Crash(i64),
    /// Row 20: the image wants to run as root and may not.
    RunAsNonRoot,
    /// Row 21: the node will not take or use the image.
    ImageUnusable,
}

/// The one reason that explains best why a pod does not get further, in words.
#[must_use]
pub fn reason(pod: &Pod) -> String {
    why(pod).text
}

/// The one reason that explains best why a pod does not get further.
#[must_use]
pub fn why(pod: &Pod) -> Why {
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
        "Running" => crashing(pod).map_or_else(
            || "phase Running: its containers have not all ended".to_owned(),
            |crashing| crashing.text,
        ),
        _ => reason(pod),
    }
}

/// The few words that a failed pull comes down to, such as `not found`.
#[must_use]
pub fn pull_problem(message: &str) -> Option<&'static str> {
    image::class(message).map(|(class, _)| class)
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
fn ended(pod: &Pod) -> Option<Why> {
    let status = &pod.status;
    match &*status.phase {
        "Succeeded" => return Some(Why::new(Rank::Ended, "Succeeded", "all its containers have ended")),
        "Failed" => {}
        _ => return None,
    }
    if !status.reason.is_empty() || !status.message.is_empty() {
        let word = if status.reason.is_empty() { "Failed" } else { &status.reason };
        return Some(Why::new(Rank::Ended, word, explanation(&status.reason, &status.message)));
    }
    let mut containers = status.init_container_statuses.iter().chain(&status.container_statuses);
    let failed = containers.find_map(|container| {
        let terminated = container.failure()?;
        Some(format!("container {}: {}", container.name, exit(terminated)))
    });
    Some(Why::new(Rank::Ended, "Failed", failed.unwrap_or_else(|| "it has failed".to_owned())))
}

/// 2: no node yet.
fn not_scheduled(pod: &Pod) -> Option<Why> {
    let scheduled =
        reported(&pod.status.conditions, "PodScheduled").filter(|condition| !condition.is("True"))?;
    let reason = if scheduled.reason.is_empty() { "not scheduled" } else { &scheduled.reason };
    let text = if reason == "SchedulingGated" && !pod.spec.scheduling_gates.is_empty() {
        let gates: Vec<&str> = pod.spec.scheduling_gates.iter().map(|gate| gate.name.as_str()).collect();
        clean(&format!("SchedulingGated: waits for {}", gates.join(", ")))
    } else {
        // What preemption could not do is long, and nobody's cause.
        explanation(reason, scheduled.message.split("preemption:").next().unwrap_or_default().trim())
    };
    Some(Why::new(Rank::Unscheduled, reason, text).since(scheduled))
}

/// 3: the first init container that is not done. The others, and the app's, only say PodInitializing.
fn initializing(pod: &Pod) -> Option<Why> {
    let is_initialized =
        reported(&pod.status.conditions, "Initialized").is_some_and(|found| found.is("True"));
    let statuses = &pod.status.init_container_statuses;
    let is_sidecar = |name: &str| {
        let container = pod.spec.init_containers.iter().find(|container| &*container.name == name);
        container.is_some_and(Container::is_sidecar)
    };
    let is_done = |status: &ContainerStatus| match &status.state.terminated {
        _ if is_sidecar(&status.name) => status.started == Some(true),
        Some(ended) => is_initialized || ended.exit_code == 0,
        None => false,
    };
    // The kubelet keeps the statuses in the spec's order.
    let (position, status) = statuses.iter().enumerate().find(|(_, status)| !is_done(status))?;
    let name = &status.name;
    let which = format!("init container {name}");
    if let Some(why) = crash(Rank::Initializing, &which, status) {
        return Some(why);
    }
    if is_telling(status.waiting_reason()) {
        return cannot_be_made(Rank::Initializing, &which, status);
    }
    let doing = if status.state.waiting.is_some() {
        "not started"
    } else if is_sidecar(name) {
        "startup probe has not succeeded yet"
    } else {
        "running"
    };
    let text = format!("init {}/{}: {name} {doing}", position + 1, statuses.len());
    Some(Why::new(Rank::Initializing, "initializing", text))
}

/// 4: a container that the kubelet cannot make: image, configuration, runtime.
fn waiting(pod: &Pod) -> Option<Why> {
    let statuses = &pod.status.container_statuses;
    let worst = statuses.iter().find(|status| status.waiting_reason() == INVALID_IMAGE_NAME);
    let status = worst.or_else(|| statuses.iter().find(|status| is_telling(status.waiting_reason())))?;
    cannot_be_made(Rank::Waiting, &format!("container {}", status.name), status)
}

/// Whether a reason to wait says more than that the container waits; a crash has a story of its own.
fn is_telling(reason: &str) -> bool {
    !matches!(reason, "" | "ContainerCreating" | "PodInitializing" | "CrashLoopBackOff")
}

/// `container postgres ImagePullBackOff (registry: not found)`, `container api: CreateContainerConfigError: MESSAGE`
fn cannot_be_made(rank: Rank, which: &str, status: &ContainerStatus) -> Option<Why> {
    let waiting = status.state.waiting.as_ref()?;
    let reason = &*waiting.reason;
    let problem = image::class(&waiting.message).filter(|_| image::is_pull(reason));
    let text = match problem {
        Some((class, _)) => clean(&format!("{which} {reason} (registry: {class})")),
        None => format!("{which}: {}", explanation(reason, &waiting.message)),
    };
    let class = match (reason, problem) {
        (INVALID_IMAGE_NAME, _) => Class::InvalidImage,
        (_, Some((_, Cure::Somebody))) => Class::ImageRefused,
        ("ErrImageNeverPull" | "SignatureValidationFailed" | "ImageInspectError", _) => Class::ImageUnusable,
        ("RunContainerError", _) => Class::Crash(status.restart_count),
        _ if waiting.message.contains("runAsNonRoot") => Class::RunAsNonRoot,
        _ => Class::Other,
    };
    Some(Why::new(rank, reason, text).class(class))
}

/// 5: a container that ends again and again.
fn crashing(pod: &Pod) -> Option<Why> {
    pod.status
        .container_statuses
        .iter()
        .find_map(|status| crash(Rank::Crashing, &format!("container {}", status.name), status))
}

/// 6: a container that is being made. What holds it up is in events only.
fn creating(pod: &Pod) -> Option<Why> {
    let status = pod.status.container_statuses.iter().find(|status| status.state.waiting.is_some())?;
    let reason = match status.waiting_reason() {
        "" => "ContainerCreating",
        reason => reason,
    };
    let sandbox = reported(&pod.status.conditions, "PodReadyToStartContainers");
    let has_sandbox = sandbox.is_none_or(|condition| condition.is("True"));
    let hint = if has_sandbox { "" } else { ", its sandbox, volumes or network are not ready" };
    Some(Why::new(Rank::Creating, reason, format!("container {}: {reason}{hint}", status.name)))
}

/// 7: a container that runs but does not pass its probes.
fn probing(pod: &Pod) -> Option<Why> {
    let status = pod.status.container_statuses.iter().find(|status| !status.ready)?;
    let what = if status.state.terminated.is_some() {
        "has ended"
    } else if status.started == Some(false) {
        "running, its startup probe has not succeeded yet"
    } else {
        "running, not ready: its readiness probe does not succeed"
    };
    let text = format!("container {} {what}{}", status.name, restarts(status));
    Some(Why::new(Rank::Probing, "not ready", text))
}

/// 8: every container is ready, and something outside must agree.
fn gated(pod: &Pod) -> Option<Why> {
    let ready = reported(&pod.status.conditions, "Ready").filter(|condition| !condition.is("True"))?;
    let is_open = |gate: &str| reported(&pod.status.conditions, gate).is_some_and(|found| found.is("True"));
    let closed = pod.spec.readiness_gates.iter().find(|gate| !is_open(&gate.condition_type));
    let text = match closed {
        Some(gate) => format!("readiness gate {} is not True", gate.condition_type),
        None if &*ready.reason == "ReadinessGatesNotReady" => format!("readiness gate: {}", ready.message),
        None => return None,
    };
    Some(Why::new(Rank::Gated, "readiness gate", clean(&text)).since(ready))
}

/// What is left: a lost node keeps its pods' containers ready and takes away Ready.
fn fallback(pod: &Pod) -> Why {
    let ready = reported(&pod.status.conditions, "Ready").filter(|condition| !condition.is("True"));
    let reason = ready.map(Reported::explanation).filter(|reason| !reason.is_empty());
    let text = match (&*pod.status.phase, ready, reason) {
        (_, _, Some(reason)) => format!("Ready is not True: {reason}"),
        ("Running", Some(_), None) => {
            "containers are ready, Ready is not True: its node may be lost".to_owned()
        }
        ("Unknown", _, None) => "phase Unknown: its node does not report".to_owned(),
        ("", _, None) => "no status yet".to_owned(),
        (phase, _, None) => format!("phase {}", clean(phase)),
    };
    let why = Why::new(Rank::Lost, "not ready", text);
    ready.map_or(why.clone(), |ready| why.since(ready))
}

// === impl Why ===

impl Why {
    /// A reason of which nothing more is known.
    #[must_use]
    pub fn new(rank: Rank, word: &str, text: impl Into<String>) -> Self {
        Self { rank, word: clean(word), text: text.into(), since: None, class: Class::Other }
    }

    fn since(self, condition: &Reported) -> Self {
        Self { since: condition.last_transition_time.clone(), ..self }
    }

    fn class(self, class: Class) -> Self {
        Self { class, ..self }
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
fn crash(rank: Rank, which: &str, status: &ContainerStatus) -> Option<Why> {
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
    let text = format!("{which}: {back_off}{separator}{exit_code}{}{colon}{message}", restarts(status));
    let word = if is_backing_off { "CrashLoopBackOff" } else { &exit_code };
    Some(Why::new(rank, word, clean(&text)).class(Class::Crash(status.restart_count)))
}

/// `exit 137 OOMKilled`
pub(super) fn exit(terminated: &Terminated) -> String {
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
