//! Why a pod is not ready, from its own status: readiness.md 3.2, where the first hit wins.

use super::container::{self, Container, Part, Role, exit};
use super::image;
use super::pod::{ContainerStatus, Pod};
use super::words;
use crate::message::{clean_whole, cut};
use crate::object::{Reported, explanation, reported, true_condition};

/// Nobody but an editor of the pod gets it out of this one.
pub(super) const INVALID_IMAGE_NAME: &str = "InvalidImageName";
/// So much of a reason is a target's own finding.
const FINDING: usize = 200;

/// The one reason that explains best why a pod does not get further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// Its place in the order of priority; of several pods the one with the least is the worst.
    pub rank: Rank,
    /// What it is called where there is only room for a word.
    pub word: String,
    /// All of it.
    pub text: String,
    /// Since when, where the pod says so.
    pub since: Option<Box<str>>,
    /// What a policy may make of it.
    pub class: Class,
    /// Which container it is about.
    pub part: Option<Part>,
    /// What only events say.
    pub unsaid: Unsaid,
}

/// What the events of a pod may add to a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsaid {
    /// Nothing.
    Nothing,
    /// What keeps a container from being made: mounts, the network, a pull that goes on.
    Obstacle,
    /// What the registry said.
    Pull,
    /// Who ended it: a probe or a hook.
    End,
    /// What the startup probe sees.
    Startup,
    /// What the readiness probe sees.
    Readiness,
    /// What became of its node.
    Node,
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
    cut(why(pod).text, FINDING)
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
            |crashing| cut(crashing.text, FINDING),
        ),
        _ => reason(pod),
    }
}

/// What is known of a pod that has gone, from the last that was seen of it: who deleted it, or only that it was.
#[must_use]
pub fn last_words(pod: &Pod) -> Option<String> {
    let target = true_condition(&pod.status.conditions, "DisruptionTarget").map(Reported::explanation);
    match target.filter(|words| !words.is_empty()) {
        Some(words) => Some(format!("deleted ({words})")),
        None => pod.metadata.is_being_deleted().then(|| "deleted".to_owned()),
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
    let mut waiting = statuses.iter().filter_map(|status| status.state.waiting.as_ref());
    waiting.any(|waiting| &*waiting.reason == INVALID_IMAGE_NAME)
}

/// 1: evicted, rejected by the node, out of time; else the container that ended badly. A sidecar is ended with the
/// others: how that went is nobody's cause.
fn ended(pod: &Pod) -> Option<Why> {
    let status = &pod.status;
    let since = reported(&status.conditions, "Ready").and_then(|ready| ready.last_transition_time.clone());
    let last = |part: Option<Part>, unsaid, word: &str, text: String| Why {
        since: since.clone(),
        part,
        unsaid,
        ..Why::new(Rank::Ended, word, text)
    };
    match &*status.phase {
        "Succeeded" => {
            let part = container::apps(pod).next().map(Container::part);
            let text = "completed (all its containers have ended)".to_owned();
            return Some(last(part, Unsaid::End, "Succeeded", text));
        }
        "Failed" => {}
        _ => return None,
    }
    if !status.reason.is_empty() || !status.message.is_empty() {
        let word = if status.reason.is_empty() { "Failed" } else { &status.reason };
        let text = explanation(&status.reason, &status.message);
        return Some(last(None, Unsaid::Nothing, word, text));
    }
    let init = container::init(pod).filter(|container| container.role == Role::Init);
    let mut containers = init.chain(container::apps(pod)).chain(container::sidecars(pod));
    let failed = containers.find_map(|container| Some((container, container.failure()?)));
    Some(match failed {
        Some((container, terminated)) => {
            let message = words::cause(&terminated.message);
            let colon = if message.is_empty() { "" } else { ": " };
            let text = format!("{}: {}{colon}{message}", container.label(), exit(terminated));
            last(Some(container.part()), Unsaid::End, "Failed", text)
        }
        None => last(None, Unsaid::Nothing, "Failed", "it has failed".to_owned()),
    })
}

/// 2: no node yet.
fn not_scheduled(pod: &Pod) -> Option<Why> {
    let scheduled =
        reported(&pod.status.conditions, "PodScheduled").filter(|condition| !condition.is("True"))?;
    let reason = if scheduled.reason.is_empty() { "not scheduled" } else { &scheduled.reason };
    let text = if reason == "SchedulingGated" && !pod.spec.scheduling_gates.is_empty() {
        let gates: Vec<&str> = pod.spec.scheduling_gates.iter().map(|gate| gate.name.as_str()).collect();
        clean_whole(&format!("SchedulingGated: waits for {}", gates.join(", ")))
    } else {
        explanation(reason, &words::scheduling(&scheduled.message))
    };
    Some(Why::new(Rank::Unscheduled, reason, text).since(scheduled))
}

/// 3: the first init container that is not done. The others, and the app's, only say `PodInitializing`. `Initialized`
/// stays True while they run again (`RestartAllContainers`, KEP-5532).
fn initializing(pod: &Pod) -> Option<Why> {
    let is_initialized = true_condition(&pod.status.conditions, "Initialized").is_some();
    let is_done = |container: &Container<'_>| {
        let state = &container.status.state;
        match container.role {
            Role::Sidecar => container.status.started == Some(true),
            _ if state.terminated.is_none() && state.running.is_none() && state.waiting.is_none() => {
                is_initialized
            }
            _ => state.terminated.as_ref().is_some_and(|ended| ended.exit_code == 0),
        }
    };
    let (position, container) =
        container::init(pod).enumerate().find(|(_, container)| !is_done(container))?;
    if let Some(why) = container.crash(Rank::Initializing) {
        return Some(why);
    }
    if is_telling(container.waiting_reason()) {
        return container.cannot_be_made(Rank::Initializing);
    }
    let before = position.checked_sub(1).and_then(|before| container::init(pod).nth(before));
    let before = before.and_then(|before| before.status.state.terminated.as_ref()?.finished_at.clone());
    let ready_to_start = || condition_time(pod, "PodScheduled");
    let (doing, since, unsaid) = if container.status.state.waiting.is_some() {
        let sandbox = no_sandbox(pod).unwrap_or_default();
        (format!("not started{sandbox}"), before.or_else(ready_to_start), Unsaid::Obstacle)
    } else if container.role == Role::Sidecar {
        let since = container.running_since().map(Into::into);
        ("startup probe has not succeeded yet".to_owned(), since, Unsaid::Startup)
    } else {
        ("running".to_owned(), container.running_since().map(Into::into), Unsaid::Nothing)
    };
    let count = pod.status.init_container_statuses.len();
    let text = clean_whole(&format!("init {}/{count}: {} {doing}", position + 1, container.status.name));
    let part = Some(container.part());
    Some(Why { since, part, unsaid, ..Why::new(Rank::Initializing, "initializing", text) })
}

/// 4: a container that the kubelet cannot make: image, configuration, runtime, hook.
fn waiting(pod: &Pod) -> Option<Why> {
    let mut invalid =
        container::apps(pod).filter(|container| container.waiting_reason() == INVALID_IMAGE_NAME);
    let mut telling = container::apps(pod).filter(|container| is_telling(container.waiting_reason()));
    let container = invalid.next().or_else(|| telling.next())?;
    let why = container.cannot_be_made(Rank::Waiting)?;
    // It has waited since it could have begun, unless it has run before.
    let is_first = container.status.restart_count == 0 && container.status.last_state.terminated.is_none();
    Some(Why { since: condition_time(pod, "Initialized").filter(|_| is_first), ..why })
}

/// Whether a reason to wait says more than that the container waits; a crash has a story of its own.
fn is_telling(reason: &str) -> bool {
    !matches!(reason, "" | "ContainerCreating" | "PodInitializing" | "CrashLoopBackOff")
}

/// 5: a container that ends again and again; a sidecar among them, once the others run.
fn crashing(pod: &Pod) -> Option<Why> {
    container::apps(pod).chain(container::sidecars(pod)).find_map(|container| container.crash(Rank::Crashing))
}

/// 6: a container that is being made. What holds it up is in events only.
fn creating(pod: &Pod) -> Option<Why> {
    let container = container::apps(pod).find(|container| container.status.state.waiting.is_some())?;
    let reason = match container.waiting_reason() {
        "" => "ContainerCreating",
        reason => reason,
    };
    let sandbox = no_sandbox(pod).unwrap_or_default();
    Some(Why {
        since: condition_time(pod, "Initialized"),
        part: Some(container.part()),
        unsaid: Unsaid::Obstacle,
        ..Why::new(Rank::Creating, reason, clean_whole(&format!("{}: {reason}{sandbox}", container.label())))
    })
}

/// `, no pod sandbox yet`: its volumes come first, then its network. Kubelets of 1.37 say why.
/// <https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-has-network>
fn no_sandbox(pod: &Pod) -> Option<String> {
    let sandbox = reported(&pod.status.conditions, "PodReadyToStartContainers");
    let sandbox = sandbox.filter(|condition| !condition.is("True"))?;
    let why = match &*sandbox.message {
        "" => "its volumes or network are not ready".to_owned(),
        message => words::cause(message),
    };
    Some(format!(", no pod sandbox yet ({why})"))
}

/// 7: a container that runs but does not pass its probes.
fn probing(pod: &Pod) -> Option<Why> {
    let mut containers = container::apps(pod).chain(container::sidecars(pod));
    let container = containers.find(|container| !container.status.ready)?;
    let running = container.running_since();
    let unready = condition_time(pod, "Ready");
    let (what, since, unsaid) = if let Some(ended) = &container.status.state.terminated {
        ("has completed (exit 0)", ended.finished_at.clone(), Unsaid::End)
    } else if container.status.started == Some(false) {
        ("running, its startup probe has not succeeded yet", running.map(Into::into), Unsaid::Startup)
    } else {
        // Times of one form compare as text.
        let since = unready.as_deref().max(running).map(Into::into);
        ("running, not ready: its readiness probe does not succeed", since, Unsaid::Readiness)
    };
    let text = format!("{} {what}{}", container.label(), container.restarts());
    Some(Why { since, part: Some(container.part()), unsaid, ..Why::new(Rank::Probing, "not ready", text) })
}

/// 8: every container is ready, and something outside must agree.
fn gated(pod: &Pod) -> Option<Why> {
    let ready = reported(&pod.status.conditions, "Ready").filter(|condition| !condition.is("True"))?;
    let gates = || pod.spec.readiness_gates.iter().map(|gate| &*gate.condition_type);
    let condition = |gate: &str| reported(&pod.status.conditions, gate);
    let closed = gates().find(|gate| !condition(gate).is_some_and(|found| found.is("True")));
    let (text, since) = match closed.map(|gate| (gate, condition(gate))) {
        Some((gate, None)) => (format!("readiness gate {gate}: nobody has set that condition yet"), ready),
        Some((gate, Some(own))) => {
            let explanation = own.explanation();
            let status = if own.status.is_empty() { "not True" } else { &own.status };
            let said =
                if explanation.is_empty() { format!(" is {status}") } else { format!(": {explanation}") };
            (format!("readiness gate {gate}{said}"), own)
        }
        None if &*ready.reason != "ReadinessGatesNotReady" => return None,
        // The kubelet has not yet written what follows from them.
        None if gates().next().is_some() => {
            ("its readiness gates are True, Ready is not yet".to_owned(), ready)
        }
        None => (format!("readiness gate: {}", ready.message), ready),
    };
    Some(Why::new(Rank::Gated, "readiness gate", clean_whole(&text)).since(since))
}

/// What is left: a lost node keeps its pods' containers ready and takes away Ready.
fn fallback(pod: &Pod) -> Why {
    let ready = reported(&pod.status.conditions, "Ready").filter(|condition| !condition.is("True"));
    let reason = ready.map(Reported::explanation).filter(|reason| !reason.is_empty());
    let (text, unsaid) = match (&*pod.status.phase, ready, reason) {
        (_, _, Some(reason)) => (format!("Ready is not True: {reason}"), Unsaid::Node),
        ("Running", Some(_), None) => {
            ("containers are ready, Ready is not True: its node may be lost".to_owned(), Unsaid::Node)
        }
        ("Unknown", _, None) => ("phase Unknown: its node does not report".to_owned(), Unsaid::Node),
        ("", _, None) => ("no status yet".to_owned(), Unsaid::Obstacle),
        (phase, _, None) => (clean_whole(&format!("phase {phase}")), Unsaid::Obstacle),
    };
    let why = Why { unsaid, ..Why::new(Rank::Lost, "not ready", text) };
    ready.map_or(why.clone(), |ready| why.since(ready))
}

/// When a condition got the status that it has.
fn condition_time(pod: &Pod, condition: &str) -> Option<Box<str>> {
    reported(&pod.status.conditions, condition)?.last_transition_time.clone()
}

// === impl Why ===

impl Why {
    /// A reason of which nothing more is known.
    #[must_use]
    pub fn new(rank: Rank, word: &str, text: impl Into<String>) -> Self {
        Self {
            rank,
            word: clean_whole(word),
            text: text.into(),
            since: None,
            class: Class::Other,
            part: None,
            unsaid: Unsaid::Nothing,
        }
    }

    /// Whether it will soon be another, as a rule: a pod that is on its way.
    #[must_use]
    pub fn is_fleeting(&self) -> bool {
        match self.rank {
            Rank::Creating => true,
            Rank::Initializing => self.word == "initializing",
            Rank::Lost => self.since.is_none(),
            _ => false,
        }
    }

    fn since(self, condition: &Reported) -> Self {
        Self { since: condition.last_transition_time.clone(), ..self }
    }
}
