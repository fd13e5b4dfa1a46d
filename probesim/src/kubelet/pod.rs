//! One pod under a kubelet. Its user tells it the time and what became of what it asked for; it asks for
//! probes, starts and stops, and tells events and changes of the status.

use std::collections::VecDeque;
use std::time::Duration;

use rand::Rng;

use super::actions::View;
use super::ask::Ask;
use super::backoff::Entry;
use super::conditions::Conditions;
use super::describe::Identity;
use super::events::Event;
use super::kill::Dying;
use super::restart::Fate;
use super::results::Results;
use super::role::{self, Role};
use super::runtime::{Exited, Instance, Instances, Running};
use super::settings::Settings;
use super::spec::{Container, PodSpec};
use super::status::{ContainerStatus, Phase, PodStatus, Waiting};
use super::sync::Syncs;
use super::terminate::Ending;
use super::time::Time;
use super::validate::{self, Invalid};
use super::worker::Worker;

/// The model of one pod.
///
/// After each call, take what it asks for with [`Pod::next_ask`] until there is nothing more; each ask for
/// a probe, a start or a stop is answered later, or at once, by the call that its documentation names.
/// [`Pod::next_wake`] says when to call [`Pod::wake`] if nothing else happens before.
#[derive(Debug)]
pub struct Pod {
    pub(super) spec: PodSpec,
    pub(super) settings: Settings,
    pub(super) identity: Identity,
    pub(super) slots: Vec<Slot>,
    roles: Vec<Role>,
    pub(super) workers: Vec<Worker>,
    pub(super) results: Results,
    pub(super) status: PodStatus,
    pub(super) gates: Vec<Option<bool>>,
    pub(super) syncs: Syncs,
    pub(super) ending: Option<Ending>,
    pub(super) deletion_grace: Option<Duration>,
    /// When `activeDeadlineSeconds` is over.
    deadline: Option<Time>,
    /// And that it was: the pod fails.
    is_late: bool,
    /// All containers were taken away, and none has started since.
    pub(super) begins_anew: bool,
    pub(super) has_workers: bool,
    pub(super) serial: u32,
    pub(super) serials: Vec<u32>,
    pub(super) asks: VecDeque<Ask>,
    /// What the last decision was made from; kept so that a sync that changes nothing allocates nothing.
    pub(super) views: Vec<View>,
    /// The status before this one, for its memory.
    pub(super) spare: Vec<ContainerStatus>,
}

/// One container.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) role: Role,
    pub(super) fate: Fate,
    pub(super) has_startup_probe: bool,
    /// As they are.
    pub(super) actual: Instances,
    /// As the PLEG saw them last.
    pub(super) seen: Instances,
    /// As an on-demand relist will see them: what happens after the SyncPod is for the generic one.
    pub(super) caught: Option<Instances>,
    pub(super) next_instance: Instance,
    pub(super) dying: Option<Dying>,
    pub(super) entry: Option<Entry>,
    /// The reason cache: what became of the last start, unless it went well.
    pub(super) held: Option<Waiting>,
}

// === impl Slot ===

impl Slot {
    /// Whether an instance was asked for that has not come yet.
    pub(super) fn is_starting(&self) -> bool {
        let ended = self.actual.exited.or(self.actual.lost).map(|it| it.instance);
        let newest = self.actual.running.map(|it| it.instance).max(ended);
        newest.map_or(Instance::FIRST, Instance::next) != self.next_instance
    }

    /// The instance that comes next, or is on its way.
    fn coming(&self) -> Instance {
        let ended = self.actual.exited.or(self.actual.lost);
        ended.map_or(Instance::FIRST, |exited| exited.instance.next())
    }
}

// === impl Pod ===

impl Pod {
    /// A pod that was bound to the kubelet's node at `now`. Its first SyncPod runs at once.
    ///
    /// # Errors
    /// The API would not have taken the spec.
    pub fn try_new(
        spec: PodSpec,
        identity: Identity,
        settings: Settings,
        now: Time,
        rng: &mut impl Rng,
    ) -> Result<Self, Vec<Invalid>> {
        validate::validate(&spec)?;
        let slots: Vec<Slot> = role::cast(&spec, settings.restart_rules)
            .map(|(container, role, fate)| Slot {
                role,
                fate,
                has_startup_probe: container.startup_probe.is_some(),
                actual: Instances::default(),
                seen: Instances::default(),
                caught: None,
                next_instance: Instance::FIRST,
                dying: None,
                entry: None,
                held: None,
            })
            .collect();
        let deadline = spec.active_deadline_seconds.map(|seconds| {
            // The API's `startTime` counts, and that has no fractions.
            now.whole_second() + Duration::from_secs(u64::try_from(seconds).unwrap_or(0))
        });
        let mut pod = Self {
            roles: slots.iter().map(|slot| slot.role).collect(),
            results: Results::new(slots.len()),
            status: PodStatus {
                phase: Phase::Pending,
                containers: Vec::new(),
                conditions: Conditions::none(now),
            },
            gates: vec![None; spec.readiness_gates.len()],
            spec,
            settings,
            identity,
            slots,
            workers: Vec::new(),
            syncs: Syncs::requested(),
            ending: None,
            deletion_grace: None,
            deadline,
            is_late: false,
            begins_anew: false,
            has_workers: false,
            serial: 0,
            serials: Vec::new(),
            asks: VecDeque::new(),
            views: Vec::new(),
            spare: Vec::new(),
        };
        pod.settle(now, rng);
        Ok(pod)
    }

    /// The container of that number: init containers first, then the others, in the spec's order.
    #[must_use]
    pub fn container(&self, index: usize) -> &Container {
        let init = &self.spec.init_containers;
        if index < init.len() { &init[index] } else { &self.spec.containers[index - init.len()] }
    }

    /// The part of the container of that number.
    #[must_use]
    pub fn role(&self, index: usize) -> Role {
        self.slots[index].role
    }

    /// The spec.
    #[must_use]
    pub const fn spec(&self) -> &PodSpec {
        &self.spec
    }

    /// What messages call the pod.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The status as it was published last.
    #[must_use]
    pub const fn status(&self) -> &PodStatus {
        &self.status
    }

    /// Whether nothing of the pod is left.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.ending == Some(Ending::Gone)
    }

    /// When `wake` has to be called if nothing else is called before.
    #[must_use]
    pub fn next_wake(&self) -> Option<Time> {
        let mut next = self.syncs.due();
        let mut earlier = |at: Option<Time>| {
            if let Some(at) = at {
                next = Some(next.map_or(at, |next| next.min(at)));
            }
        };
        earlier(self.ending.and_then(Ending::due));
        earlier(self.deadline);
        for worker in &self.workers {
            earlier(worker.due());
        }
        for index in 0..self.slots.len() {
            earlier(self.stage_until(index));
        }
        next
    }

    /// The next thing to do or to note.
    pub fn next_ask(&mut self) -> Option<Ask> {
        self.asks.pop_front()
    }

    /// Does what is due by `now`.
    pub fn wake(&mut self, now: Time, rng: &mut impl Rng) {
        self.expire_stages(now);
        if self.deadline.is_some_and(|at| at <= now) {
            self.deadline = None;
            self.is_late = self.ending.is_none();
            self.syncs.is_requested |= self.is_late;
        }
        self.settle(now, rng);
    }

    /// Whether it was active for longer than it may be: it fails, or has failed.
    #[must_use]
    pub const fn is_late(&self) -> bool {
        self.is_late
    }

    /// An instance that was asked for runs since `now`.
    pub fn container_started(&mut self, index: usize, now: Time, rng: &mut impl Rng) {
        let slot = &mut self.slots[index];
        if !slot.is_starting() {
            return;
        }
        slot.actual.running = Some(Running { instance: slot.coming(), started_at: now });
        self.begins_anew = false;
        self.ask(Ask::Report(Event::Created { container: index }));
        self.ask(Ask::Report(Event::Started { container: index }));
        self.note_change(now);
        self.answered(index, now, rng);
        self.go_on_ending(now, rng);
        self.settle(now, rng);
    }

    /// An instance that was asked for could not be started: of what the runtime has made of it there is an end.
    pub fn container_not_started(
        &mut self,
        index: usize,
        exit_code: i32,
        why: &str,
        now: Time,
        rng: &mut impl Rng,
    ) {
        let slot = &mut self.slots[index];
        if !slot.is_starting() {
            return;
        }
        let instance = slot.coming();
        let (started_at, finished_at) = (now, now);
        slot.actual.exited_before = slot.actual.exited;
        slot.actual.exited = Some(Exited { instance, exit_code, started_at, finished_at, was_reset: false });
        slot.held = Some(Waiting::RunContainerError);
        self.begins_anew = false;
        self.ask(Ask::Report(Event::Created { container: index }));
        self.ask(Ask::Report(Event::NotStarted { container: index, why: why.into() }));
        self.note_change(now);
        self.fail_sync();
        self.answered(index, now, rng);
        self.go_on_ending(now, rng);
        self.settle(now, rng);
    }

    /// The running instance ended, of itself or because it was stopped.
    pub fn container_exited(&mut self, index: usize, exit_code: i32, now: Time, rng: &mut impl Rng) {
        let slot = &mut self.slots[index];
        if slot.actual.exit(exit_code, now).is_none() {
            return;
        }
        slot.dying = None;
        self.note_change(now);
        self.answered(index, now, rng);
        self.go_on_ending(now, rng);
        self.settle(now, rng);
    }

    /// The hook that was asked for is over.
    pub fn pre_stop_done(&mut self, index: usize, now: Time, rng: &mut impl Rng) {
        self.end_pre_stop(index, now);
        self.settle(now, rng);
    }

    /// Something else has the pod synced: an update of its spec, another controller, a resync.
    pub fn sync(&mut self, now: Time, rng: &mut impl Rng) {
        self.syncs.is_requested = true;
        self.settle(now, rng);
    }

    /// Somebody wrote a condition; where a readiness gate waits for it and it has changed, the pod is synced.
    pub fn set_gate(&mut self, condition_type: &str, is_true: bool, now: Time, rng: &mut impl Rng) {
        let mut has_changed = false;
        for (gate, value) in self.spec.readiness_gates.iter().zip(&mut self.gates) {
            if gate.condition_type == condition_type && *value != Some(is_true) {
                *value = Some(is_true);
                has_changed = true;
            }
        }
        if has_changed {
            self.sync(now, rng);
        }
    }

    pub(super) fn ask(&mut self, ask: Ask) {
        self.asks.push_back(ask);
    }

    /// Lets everything happen that happens at this moment: first the ticks that are due, then, in turn,
    /// updates of results, relists and SyncPods, and the workers that those trigger.
    pub(super) fn settle(&mut self, now: Time, rng: &mut impl Rng) {
        loop {
            self.run_workers(now, rng);
            if let Some(update) = self.results.next_update() {
                self.handle_update(update, now);
            } else if !self.step_sync(now, rng) && !self.step_ending(now, rng) {
                return;
            }
        }
    }

    /// The roles, by number.
    pub(super) fn roles(&self) -> &[Role] {
        &self.roles
    }
}
