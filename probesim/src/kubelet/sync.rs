//! The pod worker: SyncPods of one pod come one after another, and each works on what the PLEG saw last
//! (`pkg/kubelet/pod_workers.go`, `pkg/kubelet/kubelet.go`, `pkg/kubelet/pleg/generic.go`).

use std::collections::VecDeque;
use std::time::Duration;

use rand::{Rng, RngExt};

use super::actions::{self, Actions};
use super::ask::Ask;
use super::backoff;
use super::events::Event;
use super::kill::{Announced, Cause};
use super::pod::Pod;
use super::runtime::Exited;
use super::settings::Requeue;
use super::status::Waiting;
use super::time::Time;

/// An idle pod is synced after this long, times [1, 1.5); also the longest single wait for a back-off.
const RESYNC: Duration = Duration::from_secs(60);

/// When the pod's next SyncPod runs, and the one that is under way.
#[derive(Debug, Default)]
pub(super) struct Syncs {
    /// Requests coalesce.
    pub(super) is_requested: bool,
    pub(super) current: Option<Current>,
    /// `GetNewerThan`: a SyncPod waits for a relist that began after the one before had ended.
    fresh_from: Time,
    /// The next relist that has something to see.
    relist_at: Option<Time>,
    /// The work queue's entry.
    requeue_at: Option<Time>,
}

/// A SyncPod that waits for the runtime.
#[derive(Debug)]
pub(super) struct Current {
    kill: VecDeque<(usize, Cause, Announced)>,
    start: VecDeque<usize>,
    /// The newest exited instances as they were when the SyncPod began.
    exited: Vec<Option<Exited>>,
    did_something: bool,
    /// A start failed.
    has_failed: bool,
    /// All that has ended is taken away in the end.
    resets: bool,
    back_off_until: Option<Time>,
    awaits: Awaits,
}

/// What a SyncPod waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaits {
    Nothing,
    Exit(usize),
    Start(usize),
    Hook(usize),
}

// === impl Syncs ===

impl Syncs {
    /// A pod that has just come.
    pub(super) fn requested() -> Self {
        Self { is_requested: true, ..Self::default() }
    }

    /// When something is due that nobody has to ask for.
    pub(super) fn due(&self) -> Option<Time> {
        let sync = (self.is_requested && self.current.is_none()).then_some(self.fresh_from);
        [sync, self.relist_at, self.requeue_at].into_iter().flatten().min()
    }
}

// === impl Pod ===

impl Pod {
    /// Something changed in the runtime; the generic relist will see it.
    pub(super) fn note_change(&mut self, now: Time) {
        self.relist_by(self.next_relist(now));
    }

    /// When the generic relist comes next.
    pub(super) fn next_relist(&self, now: Time) -> Time {
        now.next_on_grid(self.settings.relist_period, self.settings.relist_phase)
    }

    fn relist_by(&mut self, at: Time) {
        self.syncs.relist_at = Some(self.syncs.relist_at.map_or(at, |before| before.min(at)));
    }

    /// Does what is due: relists, takes work off the queue, begins a SyncPod. Says whether it did anything.
    pub(super) fn step_sync(&mut self, now: Time, rng: &mut impl Rng) -> bool {
        if self.syncs.relist_at.is_some_and(|at| at <= now) {
            self.syncs.relist_at = None;
            self.relist(now);
            return true;
        }
        if self.syncs.requeue_at.is_some_and(|at| at <= now) {
            self.syncs.requeue_at = None;
            self.syncs.is_requested = true;
        }
        let may_begin =
            self.syncs.is_requested && self.syncs.current.is_none() && self.syncs.fresh_from <= now;
        if may_begin {
            self.syncs.is_requested = false;
            self.sync_pod(now, rng);
        }
        may_begin
    }

    /// The PLEG looks at the runtime, and wakes the pod worker when it sees something new.
    ///
    /// On demand it looks right after the SyncPod: what has started is seen to run, though it may end soon after.
    fn relist(&mut self, now: Time) {
        let mut is_stale = false;
        for slot in &mut self.slots {
            let found = slot.caught.take().unwrap_or(slot.actual);
            is_stale |= found != slot.actual;
            if slot.seen != found {
                slot.seen = found;
                self.syncs.is_requested = true;
            }
        }
        if is_stale {
            self.note_change(now);
        }
    }

    /// `SyncPod`: publishes the status, makes the workers, kills and starts.
    fn sync_pod(&mut self, now: Time, rng: &mut impl Rng) {
        if self.ending.is_some() {
            return;
        }
        self.publish(false, now, rng);
        if self.status.phase.is_terminal() {
            self.wind_up(now);
            return;
        }
        self.add_pod(now, rng);
        self.look(false);
        let resets = self.is_to_reset();
        let actions = if resets { Actions::default() } else { actions::compute(&self.views) };
        let mut kill = VecDeque::new();
        if resets {
            kill.extend((0..self.slots.len()).map(|index| (index, Cause::PodEnds, Announced::PodEnds)));
        } else if actions.kill_pod {
            let failed = |index| actions.kill.iter().find(|(it, _)| *it == index).map(|(_, cause)| *cause);
            for index in 0..self.slots.len() {
                let cause = failed(index).unwrap_or(Cause::PodEnds);
                kill.push_back((index, cause, Announced::PodEnds));
            }
        } else {
            kill.extend(actions.kill.iter().map(|&(index, cause)| {
                let restarts = actions.start.contains(&index);
                (index, cause, if restarts { Announced::Restart } else { Announced::Kill })
            }));
        }
        let exited = if actions.start.is_empty() {
            Vec::new()
        } else {
            self.slots.iter().map(|slot| slot.seen.exited).collect()
        };
        self.syncs.current = Some(Current {
            kill,
            start: actions.start.into(),
            exited,
            did_something: resets,
            has_failed: false,
            resets,
            back_off_until: None,
            awaits: Awaits::Nothing,
        });
        self.go_on(now, rng);
    }

    /// The runtime answered for this container; the SyncPod that waits for it goes on.
    pub(super) fn answered(&mut self, container: usize, now: Time, rng: &mut impl Rng) {
        let has_hook = self.has_post_start(container) && self.slots[container].actual.running.is_some();
        let Some(current) = &mut self.syncs.current else {
            return;
        };
        match current.awaits {
            Awaits::Start(awaited) if awaited == container && has_hook => {
                current.awaits = Awaits::Hook(container);
                self.ask(Ask::PostStart { container });
            }
            Awaits::Exit(awaited) | Awaits::Start(awaited) if awaited == container => {
                current.awaits = Awaits::Nothing;
                self.go_on(now, rng);
            }
            _ => {}
        }
    }

    /// Whether the SyncPod waits for the hook of this container.
    pub(super) fn is_hooked(&self, container: usize) -> bool {
        self.syncs.current.as_ref().is_some_and(|current| current.awaits == Awaits::Hook(container))
    }

    /// The hook went well: the SyncPod goes on.
    pub(super) fn end_hook(&mut self, now: Time, rng: &mut impl Rng) {
        if let Some(current) = &mut self.syncs.current {
            current.awaits = Awaits::Nothing;
            self.go_on(now, rng);
        }
    }

    /// The hook failed: the SyncPod goes on when its container has ended.
    pub(super) fn await_exit_of_hook(&mut self, container: usize) {
        self.fail_sync();
        if let Some(current) = &mut self.syncs.current {
            current.awaits = Awaits::Exit(container);
        }
    }

    /// A start of the SyncPod that is under way failed.
    pub(super) fn fail_sync(&mut self) {
        if let Some(current) = &mut self.syncs.current {
            current.has_failed = true;
        }
    }

    /// One container after another: first those to kill, then those to start.
    fn go_on(&mut self, now: Time, rng: &mut impl Rng) {
        while let Some(current) = &mut self.syncs.current {
            if let Some((index, cause, announced)) = current.kill.pop_front() {
                if self.slots[index].actual.running.is_some() {
                    current.awaits = Awaits::Exit(index);
                    current.did_something = true;
                    self.kill(index, cause, announced, now);
                    return;
                }
            } else if let Some(index) = current.start.pop_front() {
                match backoff::start(self.slots[index].entry, current.exited[index], &self.settings, now) {
                    Ok(entry) => {
                        current.awaits = Awaits::Start(index);
                        current.did_something = true;
                        self.slots[index].entry = entry;
                        self.slots[index].held = None;
                        let instance = self.slots[index].next_instance;
                        self.slots[index].next_instance = instance.next();
                        self.ask(Ask::Start { container: index, instance });
                        return;
                    }
                    Err(held) => {
                        let until =
                            current.back_off_until.map_or(held.until, |before| before.min(held.until));
                        current.back_off_until = Some(until);
                        self.slots[index].held = Some(Waiting::BackOff(held.delay));
                        self.ask(Ask::Report(Event::BackOff { container: index, delay: held.delay }));
                    }
                }
            } else {
                self.end_sync(now, rng);
            }
        }
    }

    /// `completeWork`.
    fn end_sync(&mut self, now: Time, rng: &mut impl Rng) {
        let Some(current) = self.syncs.current.take() else {
            return;
        };
        let Current { did_something, has_failed, resets, back_off_until, .. } = current;
        if resets {
            self.reset();
        }
        let generic = self.next_relist(now);
        self.syncs.fresh_from = generic;
        let is_clean = did_something && !has_failed && back_off_until.is_none();
        if let Some(after) = self.settings.relist_after_sync.filter(|_| is_clean) {
            // With a generic relist that sees everything at once, this one is what a start waits for.
            let at = now + after;
            let is_instant = self.settings.relist_period.is_zero();
            self.syncs.fresh_from = if is_instant { at } else { at.min(generic) };
            self.syncs.relist_at = if is_instant { None } else { self.syncs.relist_at };
            for slot in &mut self.slots {
                slot.caught = Some(slot.actual);
            }
            self.relist_by(at);
        }
        self.syncs.requeue_at = match self.settings.requeue {
            Requeue::Never => None,
            Requeue::Ideal => back_off_until,
            Requeue::Jittered => {
                let base = back_off_until.map_or(RESYNC, |until| until.since(now).min(RESYNC));
                let jitter = base.mul_f64(0.5 * rng.random::<f64>());
                let poll = Duration::from_nanos(rng.random_range(0..1_000_000_000));
                Some(now + base + jitter + poll)
            }
        };
    }

    /// A deletion cancels the SyncPod that is under way.
    pub(super) fn cancel_sync(&mut self) {
        self.syncs = Syncs::default();
    }
}
