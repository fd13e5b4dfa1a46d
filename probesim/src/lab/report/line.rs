//! What happened, in one line for people, if it matters.

use std::fmt;
use std::time::Duration;

use super::clean::clean;
use super::story::{ContainerStory, PodStory, Story, split};
use super::time::{Exact, Short};
use super::words;
use crate::kubelet::{Cause, Change, PodStatus, Reason, Role};
use crate::lab::happening::{Fact, Happening, Member};

/// Of a text, so many characters are shown.
const LONGEST: usize = 400;

/// Events that say what other lines say already.
const TOLD_OTHERWISE: [&str; 10] = [
    "BackOff",
    "Created",
    "Killing",
    "ProbeWarning",
    "Pulled",
    "Pulling",
    "Scheduled",
    "Started",
    "SuccessfulCreate",
    "Unhealthy",
];

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// When.
    pub(super) at: Duration,
    /// Which pod, or which other object.
    pub(super) who: String,
    /// Which container, and which of its probes.
    pub(super) part: String,
    /// What.
    pub(super) text: String,
    /// How it is to be taken.
    pub(super) tone: Tone,
}

/// How a line is to be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// It goes on.
    Plain,
    /// As it should be.
    Good,
    /// On the way to trouble.
    Warning,
    /// Trouble.
    Bad,
}

/// How wide the columns are; they only grow.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Columns {
    who: usize,
    part: usize,
}

/// A line in its columns.
pub(super) struct InColumns<'a>(pub(super) &'a Line, pub(super) Columns);

/// What is worth a line; with `is_verbose`, each probe is, and whatever else there is. `story` has learnt it.
pub(super) fn tell(story: &Story, happening: &Happening, is_verbose: bool) -> Option<Line> {
    let told = told(story, &happening.fact, is_verbose)?;
    Some(Line { at: happening.at, ..told })
}

fn told(story: &Story, fact: &Fact, is_verbose: bool) -> Option<Line> {
    let of = |pod: &str, part: &str, tone, text: String| Line {
        at: Duration::ZERO,
        who: story.shown(pod).to_owned(),
        part: part.to_owned(),
        text: clean(&text, LONGEST),
        tone,
    };
    Some(match fact {
        Fact::PodAdded { pod, workload, containers } => {
            of(pod, "", Tone::Plain, added(workload.as_deref(), containers))
        }
        Fact::PodGone { pod } => of(pod, "", Tone::Plain, "gone".into()),
        Fact::Started { pod, container, instance } => match instance.restart_count() {
            0 => of(pod, container, Tone::Plain, "started".into()),
            count => of(pod, container, Tone::Warning, format!("restarted, restart count {count}")),
        },
        Fact::Stopping { pod, container, grace, cause } => {
            let (tone, text) = stopping(*cause, *grace);
            of(pod, container, tone, text)
        }
        Fact::Exited { pod, container, exit_code } => exited(story, pod, container, *exit_code, of),
        Fact::BackOff { pod, container, .. } => {
            let one = story.container(pod, container)?;
            of(pod, container, Tone::Bad, back_off(one, story.now())?)
        }
        Fact::Probed { pod, container, kind, attempt, outcome, output, took } => {
            let probe = story.container(pod, container)?.probe(*kind)?;
            let is_ready = story.container(pod, container)?.is_ready;
            let (tone, mut text) = words::probed(probe, (*outcome, *attempt), output, is_ready, is_verbose)?;
            if is_verbose {
                text += &format!(" [{}]", Exact(*took));
            }
            of(pod, &format!("{container} {}", kind.to_string().to_lowercase()), tone, text)
        }
        Fact::Changed { pod, change, status } => {
            let (part, tone, text) = changed(story, pod, *change, status, is_verbose)?;
            of(pod, &part, tone, text)
        }
        Fact::Event { about, severity, reason, message } => {
            if !is_verbose && TOLD_OTHERWISE.contains(&&**reason) {
                return None;
            }
            let tone = if *severity == "Warning" { Tone::Warning } else { Tone::Plain };
            let who = about.strip_prefix("pod/").unwrap_or(about);
            other(who, tone, &format!("{reason}: {message}"))
        }
        Fact::Output { pod, container, line } => {
            of(pod, container, Tone::Plain, format!("| {}", line.trim_end()))
        }
        Fact::Object { line } => {
            let (who, text) = line.split_once(' ').unwrap_or((line, ""));
            other(who, Tone::Plain, text)
        }
    })
}

/// Of what is not known as a pod.
fn other(who: &str, tone: Tone, text: &str) -> Line {
    let (who, text) = (clean(who, LONGEST), clean(text, LONGEST));
    Line { at: Duration::ZERO, who, part: String::new(), text, tone }
}

fn added(workload: Option<&str>, containers: &[Member]) -> String {
    let named = |member: &Member| {
        let part = match member.role {
            Role::Init => "init container ",
            Role::Sidecar => "sidecar ",
            Role::Regular => "",
        };
        format!("{part}{}: {}", member.name, member.runs)
    };
    let containers: Vec<String> = containers.iter().map(named).collect();
    let workload = workload.map_or(String::new(), |name| format!(" for {}", split_workload(name)));
    format!("added{workload}; {}", containers.join(", "))
}

/// A workload may come with its namespace, as pods do.
fn split_workload(name: &str) -> &str {
    if name.matches('/').count() > 1 { split(name).0 } else { name }
}

fn stopping(cause: Cause, grace: Duration) -> (Tone, String) {
    let (tone, why) = match cause {
        Cause::Liveness => (Tone::Bad, "killed for its liveness probe"),
        Cause::Startup => (Tone::Bad, "killed for its startup probe"),
        Cause::PostStart => (Tone::Bad, "killed for its postStart hook"),
        Cause::PodEnds => (Tone::Plain, "stopped with its pod"),
    };
    (tone, format!("{why}: SIGTERM, and SIGKILL {} later", Short(grace)))
}

fn exited(
    story: &Story,
    pod: &str,
    container: &str,
    code: i32,
    of: impl Fn(&str, &str, Tone, String) -> Line,
) -> Line {
    let known = story.container(pod, container);
    let was_asked = known.is_some_and(|one| one.stopping.is_some());
    let tone = if code == 0 || was_asked { Tone::Plain } else { Tone::Bad };
    let held = known.filter(|one| one.role == Role::Init && code == 0).and_then(ContainerStory::held);
    let text = match held {
        Some(held) => format!("done after {}", Short(held)),
        None => format!("exited with {}", words::exit_code(code)),
    };
    of(pod, container, tone, text)
}

fn changed(
    story: &Story,
    pod: &str,
    change: Change,
    status: &PodStatus,
    is_verbose: bool,
) -> Option<(String, Tone, String)> {
    let known = story.pod(pod)?;
    let name = |index: usize| known.containers.get(index).map_or(String::new(), |it| it.name.to_string());
    Some(match change {
        Change::Ready(true) => (String::new(), Tone::Good, ready(known)),
        Change::Ready(false) => not_ready(known, status)?,
        Change::Initialized(true) if known.holds_back() => {
            let took = known.opened.map_or(Duration::ZERO, |at| at.saturating_sub(known.added));
            (String::new(), Tone::Good, format!("init containers done, {} after it was added", Short(took)))
        }
        Change::ContainerReady { container, is_ready } => {
            let others = known.containers.iter().filter(|one| one.role.is_probed()).count() > 1;
            if !others && !is_verbose {
                return None;
            }
            let (tone, text) = if is_ready { (Tone::Good, "ready") } else { (Tone::Warning, "not ready") };
            (name(container), tone, text.to_owned())
        }
        Change::Started { container, is_started } => {
            let has_probe = known.containers.get(container)?.probe(crate::kubelet::Kind::Startup).is_some();
            if !(is_verbose || has_probe && is_started) {
                return None;
            }
            let text = if is_started { "started up: the other probes begin" } else { "not started up" };
            (name(container), Tone::Good, text.to_owned())
        }
        Change::State { container } => {
            let one = known.containers.get(container)?;
            (name(container), Tone::Bad, back_off(one, story.now())?)
        }
        Change::Phase(phase) if (phase.is_terminal() && !known.is_ending) || is_verbose => {
            (String::new(), Tone::Plain, format!("phase {}", phase.name()))
        }
        Change::ContainersReady(true)
            if status.conditions.ready.reason == Some(Reason::ReadinessGatesNotReady) =>
        {
            let text = "all containers are ready; Ready waits for the readiness gates".to_owned();
            (String::new(), Tone::Warning, text)
        }
        Change::AllContainersRestarting(true) => {
            let text = "all containers begin anew, init containers first".to_owned();
            (String::new(), Tone::Bad, text)
        }
        Change::AllContainersRestarting(false)
        | Change::ContainersReady(_)
        | Change::Initialized(_)
        | Change::Phase(_) => return None,
    })
}

/// Told when it begins.
fn back_off(one: &ContainerStory, now: Duration) -> Option<String> {
    let delay = one.back_off.filter(|_| one.backs_off_since(now))?;
    Some(format!("back-off: the next start is {} after its end", Short(delay)))
}

fn ready(known: &PodStory) -> String {
    let spells = known.ready;
    match (known.took(), spells.last()) {
        (Some(took), Duration::ZERO) => format!("Ready, {} after it was added", Short(took)),
        (_, last) => format!("Ready again, after {}", Short(last)),
    }
}

fn not_ready(known: &PodStory, status: &PodStatus) -> Option<(String, Tone, String)> {
    let text = match status.conditions.ready.reason? {
        // The phase tells it.
        Reason::PodCompleted | Reason::PodFailed | Reason::RestartAllContainersStarted => return None,
        Reason::ReadinessGatesNotReady => "not Ready: a readiness gate is not True".to_owned(),
        Reason::ContainersNotReady | Reason::ContainersNotInitialized => {
            let unready = known.containers.iter().zip(&status.containers);
            let unready: Vec<&str> = unready
                .filter(|(story, status)| story.role.is_probed() && !status.ready)
                .map(|(story, _)| &*story.name)
                .collect();
            let verb = if unready.len() == 1 { "is" } else { "are" };
            format!("not Ready: {} {verb} not ready", unready.join(", "))
        }
    };
    known.ready.first()?;
    Some((String::new(), Tone::Bad, text))
}

// === impl Columns ===

impl Columns {
    /// Makes room for a line, within reason.
    pub(super) fn fit(&mut self, line: &Line) {
        if line.part.is_empty() && !line.text.is_empty() && line.who.contains('/') {
            // Other objects are few and may have long names.
            return;
        }
        self.who = self.who.max(line.who.chars().count()).min(40);
        self.part = self.part.max(line.part.chars().count()).min(30);
    }
}

impl fmt::Display for InColumns<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(Line { at, who, part, text, .. }, Columns { who: first, part: second }) = self;
        write!(f, "{:>10}  {who:<first$}  ", Exact(*at))?;
        // What is too long for its column takes from the next one.
        let over = who.chars().count().saturating_sub(*first);
        let second = second.saturating_sub(over);
        if second > 0 || !part.is_empty() {
            write!(f, "{part:<second$}  ")?;
        }
        f.write_str(text)
    }
}
