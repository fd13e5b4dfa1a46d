//! What is known of one container.

use std::sync::Arc;
use std::time::Duration;

use super::super::time::millis;
use super::Standing;
use super::probe::ProbeStory;
use super::record::{Band, Mark, Records, Struck};
use super::spells::{Spells, Turn};
use crate::kubelet::{Cause, ContainerStatus, Instance, Kind, Role, State, Waiting};
use crate::lab::happening::Member;

/// A container of a pod, through all its instances.
#[derive(Debug)]
pub(in crate::lab::report) struct ContainerStory {
    /// Its name, part, and what stands for it.
    pub(in crate::lab::report) name: Arc<str>,
    pub(in crate::lab::report) role: Role,
    pub(in crate::lab::report) runs: Arc<str>,
    pub(in crate::lab::report) probes: Vec<ProbeStory>,
    pub(in crate::lab::report) standing: Standing,
    /// Since when.
    pub(in crate::lab::report) since: Duration,
    /// When it was ready.
    pub(in crate::lab::report) ready: Spells,
    /// Starts beyond the first.
    pub(in crate::lab::report) restarts: u32,
    /// Stops for a failed liveness and startup probe.
    pub(in crate::lab::report) killed_by_liveness: u32,
    pub(in crate::lab::report) killed_by_startup: u32,
    /// Ends that nobody asked for; an init container that is done is not one.
    pub(in crate::lab::report) exits: u32,
    /// The instance that runs, and since when.
    pub(in crate::lab::report) running: Option<(Instance, Duration)>,
    /// Why it is being stopped.
    pub(in crate::lab::report) stopping: Option<Cause>,
    /// The last end: when, and with which code.
    pub(in crate::lab::report) ended: Option<(Duration, i32)>,
    /// The back-off that it waits for, from its last end.
    pub(in crate::lab::report) back_off: Option<Duration>,
    back_off_since: Option<Duration>,
    backed_off: Duration,
    first_start: Option<Duration>,
    /// When it let the next one start: an init container that ended well, a sidecar that has started.
    pub(in crate::lab::report) done: Option<Duration>,
    was_ready: bool,
    /// As its status has it.
    pub(in crate::lab::report) is_ready: bool,
    /// For the timeline.
    pub(in crate::lab::report) bands: Vec<Band>,
    pub(in crate::lab::report) marks: Vec<Mark>,
}

// === impl ContainerStory ===

impl ContainerStory {
    pub(super) fn new(member: &Member, at: Duration) -> Self {
        Self {
            name: Arc::clone(&member.name),
            role: member.role,
            runs: Arc::clone(&member.runs),
            probes: member.probes.iter().copied().map(ProbeStory::new).collect(),
            standing: Standing::Waiting,
            since: at,
            ready: Spells::default(),
            restarts: 0,
            killed_by_liveness: 0,
            killed_by_startup: 0,
            exits: 0,
            running: None,
            stopping: None,
            ended: None,
            back_off: None,
            back_off_since: None,
            backed_off: Duration::ZERO,
            first_start: None,
            done: None,
            was_ready: false,
            is_ready: false,
            bands: Vec::new(),
            marks: Vec::new(),
        }
    }

    pub(super) fn started(&mut self, instance: Instance, at: Duration, records: &mut Records) {
        self.end_back_off(at);
        self.restarts = instance.restart_count();
        self.running = Some((instance, at));
        self.first_start = self.first_start.or(Some(at));
        (self.stopping, self.was_ready, self.is_ready) = (None, false, false);
        self.mark(Struck::Started(self.restarts), at, records);
        self.settle(at, records);
    }

    pub(super) fn stop(&mut self, cause: Cause, grace: Duration, at: Duration, records: &mut Records) {
        // A shorter grace period has it asked again.
        if self.stopping.is_none() {
            match cause {
                Cause::Liveness => self.killed_by_liveness += 1,
                Cause::Startup => self.killed_by_startup += 1,
                Cause::PostStart | Cause::PodEnds => {}
            }
        }
        self.stopping = Some(cause);
        let grace = u32::try_from(grace.as_secs()).unwrap_or(u32::MAX);
        self.mark(Struck::Stopped(cause, grace), at, records);
        self.settle(at, records);
    }

    pub(super) fn exited(&mut self, code: i32, at: Duration, records: &mut Records) {
        let is_done = self.role == Role::Init && code == 0;
        self.exits += u32::from(self.stopping.is_none() && !is_done);
        self.ended = Some((at, code));
        self.running = None;
        if is_done {
            self.done = self.done.or(Some(at));
        }
        self.mark(Struck::Exited(code), at, records);
        self.settle(at, records);
    }

    pub(super) fn publish(&mut self, status: &ContainerStatus, at: Duration, records: &mut Records) {
        self.is_ready = status.ready && self.running.is_some_and(|(one, _)| status.instance == Some(one));
        self.was_ready |= self.is_ready;
        if self.role == Role::Sidecar && status.started {
            self.done = self.done.or(Some(at));
        }
        match status.state {
            State::Waiting(Waiting::BackOff(delay)) => self.back_off(delay, at, records),
            _ => self.settle(at, records),
        }
    }

    /// The next start has to wait; it is told more than once.
    pub(super) fn back_off(&mut self, delay: Duration, at: Duration, records: &mut Records) {
        if self.running.is_none() && self.back_off.is_none() {
            (self.back_off, self.back_off_since) = (Some(delay), Some(at));
        }
        self.settle(at, records);
    }

    /// Nothing of the pod is left.
    pub(super) fn gone(&mut self, at: Duration) {
        self.end_back_off(at);
        self.ready.turn(Turn::Over, at);
    }

    /// The probe of this kind.
    pub(in crate::lab::report) fn probe(&self, kind: Kind) -> Option<&ProbeStory> {
        self.probes.iter().find(|probe| probe.terms.kind == kind)
    }

    /// Whether it has begun to wait just now.
    pub(in crate::lab::report) fn backs_off_since(&self, at: Duration) -> bool {
        self.back_off_since == Some(at)
    }

    /// How long it waited for back-offs to end.
    pub(in crate::lab::report) fn backed_off(&self, now: Duration) -> Duration {
        self.backed_off + self.back_off_since.map_or(Duration::ZERO, |since| now.saturating_sub(since))
    }

    /// What is left of the back-off.
    pub(in crate::lab::report) fn back_off_left(&self, now: Duration) -> Option<Duration> {
        let (ended, _) = self.ended?;
        Some((ended + self.back_off?).saturating_sub(now))
    }

    /// From its first start until it let the next one start.
    pub(in crate::lab::report) fn held(&self) -> Option<Duration> {
        Some(self.done?.saturating_sub(self.first_start?))
    }

    /// Stops for a failed probe.
    pub(in crate::lab::report) const fn killed(&self) -> u32 {
        self.killed_by_liveness + self.killed_by_startup
    }

    fn end_back_off(&mut self, at: Duration) {
        self.backed_off = self.backed_off(at);
        (self.back_off, self.back_off_since) = (None, None);
    }

    /// Puts right how it stands.
    fn settle(&mut self, at: Duration, records: &mut Records) {
        let standing = self.look();
        if self.standing != standing {
            (self.standing, self.since) = (standing, at);
        }
        let is_over = self.stopping == Some(Cause::PodEnds) || self.standing == Standing::Done;
        let turn = match self.is_ready {
            _ if is_over => Turn::Over,
            // As the status has it: a probe that has the container killed does not make it unready.
            true => Turn::Up,
            false => Turn::Down,
        };
        self.ready.turn(turn, at);
        records.turn(&mut self.bands, self.standing, at);
    }

    fn look(&self) -> Standing {
        match (self.running, self.ended) {
            (Some(_), _) if self.stopping.is_some() => Standing::Stopping,
            (Some(_), _) if self.is_ready => Standing::Ready,
            (Some(_), _) if self.was_ready => Standing::NotReady,
            (Some(_), _) => Standing::Starting,
            (None, _) if self.back_off.is_some() => Standing::BackOff,
            (None, None) => Standing::Waiting,
            (None, Some((_, 0))) => Standing::Done,
            (None, Some(_)) => Standing::Failed,
        }
    }

    fn mark(&mut self, what: Struck, at: Duration, records: &mut Records) {
        records.keep(&mut self.marks, Mark { at: millis(at), what }, at);
    }
}
