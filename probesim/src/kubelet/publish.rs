//! The status manager and its cache (`pkg/kubelet/status/status_manager.go`), and what the sync loop does
//! with a new result (`syncLoopIteration`, `pkg/kubelet/kubelet.go`).

use rand::{Rng, RngExt};

use super::actions::{Actions, View};
use super::ask::{Ask, Change};
use super::events::Event;
use super::init;
use super::kind::Kind;
use super::pod::Pod;
use super::results::{Update, Verdict};
use super::role::Role;
use super::runtime::{Instance, Instances};
use super::settings::Race;
use super::status::{self, ContainerStatus, Phase, PodStatus, Waiting};
use super::time::Time;

// === impl Pod ===

impl Pod {
    /// `generateAPIPodStatus`, `UpdatePodStatus`, `SetPodStatus`: the status as it follows from what the
    /// PLEG saw and from the results. `is_over` says that nothing will run any more.
    pub(super) fn publish(&mut self, is_over: bool, now: Time, rng: &mut impl Rng) {
        self.look(is_over);
        let has_init = self.roles().first().is_some_and(|role| *role != Role::Regular);
        let first = match has_init {
            _ if self.begins_anew => Waiting::RestartingAllContainers,
            true => Waiting::PodInitializing,
            false => Waiting::ContainerCreating,
        };
        let carries_over = self.settings.started_carry_over;
        let mut containers = std::mem::take(&mut self.spare);
        containers.clear();
        containers.extend(self.views.iter().enumerate().map(|(index, view)| {
            ContainerStatus::new(view, self.status.containers.get(index), first, carries_over)
        }));
        self.update_pod_status(&mut containers);
        let worker_first = match self.settings.race {
            Race::PublishFirst => false,
            Race::WorkerFirst => true,
            Race::Either => rng.random(),
        };
        if worker_first && !self.status.containers.is_empty() {
            self.run_workers(now, rng);
        }
        let is_initialized = init::is_past(&self.views)
            || init::init_actions(&self.views, &mut Actions::default()) == init::Progress::Done;
        if self.is_late() {
            self.ask(Ask::Report(Event::DeadlineExceeded));
        }
        let phase = match self.is_late() {
            true => Phase::Failed,
            false => status::phase(&self.views, is_initialized, is_over),
        };
        let mut conditions = self.status.conditions;
        conditions.all_restarting = self.all_restarting(phase, now);
        self.replace(PodStatus { phase, containers, conditions }, now);
    }

    /// A result changed. Only a failure matters of liveness; readiness and startup go into the status at
    /// once, even while the pod worker is busy, and all three have the pod synced.
    pub(super) fn handle_update(&mut self, update: Update, now: Time) {
        let Update { container, kind, instance, verdict } = update;
        let is_success = verdict == Verdict::Success;
        match kind {
            Kind::Liveness if verdict != Verdict::Failure => return,
            Kind::Liveness => {}
            Kind::Readiness => {
                self.set_status(container, instance, now, |status| &mut status.ready, is_success);
            }
            Kind::Startup => {
                self.set_status(container, instance, now, |status| &mut status.started, is_success);
            }
        }
        self.syncs.is_requested = true;
    }

    /// `SetContainerReadiness` and `SetContainerStartup`: nothing happens when the instance is not the one
    /// that is published, or the value is.
    fn set_status(
        &mut self,
        container: usize,
        instance: Instance,
        now: Time,
        field: impl Fn(&mut ContainerStatus) -> &mut bool,
        value: bool,
    ) {
        let mut new = self.status.clone();
        let status = &mut new.containers[container];
        if status.instance == Some(instance) && *field(status) != value {
            *field(status) = value;
            self.replace(new, now);
        }
    }

    /// `SetPodStatus`: puts the conditions right, and tells what differs.
    fn replace(&mut self, mut new: PodStatus, now: Time) {
        new.conditions = new.conditions.follow(new.phase, &new.containers, self.roles(), &self.gates, now);
        let before = std::mem::replace(&mut self.status, new);
        let asks = &mut self.asks;
        differences(&before, &self.status, &mut |change| asks.push_back(Ask::Change(change)));
        self.spare = before.containers;
    }

    /// Brings `views` up to date.
    pub(super) fn look(&mut self, is_over: bool) {
        let result = |index: usize, kind: Kind, seen: Instances| {
            let instance = seen.running?.instance;
            self.results.get(index, kind, instance).map(|verdict| (instance, verdict))
        };
        self.views.clear();
        self.views.extend(self.slots.iter().enumerate().map(|(index, slot)| View {
            role: slot.role,
            policy: slot.fate.policy(),
            has_rule: slot.seen.exited.is_some_and(|exited| slot.fate.has_rule(exited.exit_code)),
            instances: slot.seen,
            has_startup_probe: slot.has_startup_probe,
            liveness: result(index, Kind::Liveness, slot.seen),
            startup: result(index, Kind::Startup, slot.seen),
            held: slot.held.filter(|_| !is_over),
        }));
    }
}

/// What changed, containers first. A terminal phase is told when the pod has ended.
fn differences(before: &PodStatus, after: &PodStatus, tell: &mut impl FnMut(Change)) {
    for (container, new) in after.containers.iter().enumerate() {
        let old = before.containers.get(container);
        if old.is_none_or(|old| old.state != new.state || old.instance != new.instance) {
            tell(Change::State { container });
        }
        if old.is_some_and(|old| old.started) != new.started {
            tell(Change::Started { container, is_started: new.started });
        }
        if old.is_some_and(|old| old.ready) != new.ready {
            tell(Change::ContainerReady { container, is_ready: new.ready });
        }
    }
    let (new, old) = (after.conditions, before.conditions);
    if new.initialized.is_true != old.initialized.is_true {
        tell(Change::Initialized(new.initialized.is_true));
    }
    if new.containers_ready.is_true != old.containers_ready.is_true {
        tell(Change::ContainersReady(new.containers_ready.is_true));
    }
    if new.ready.is_true != old.ready.is_true {
        tell(Change::Ready(new.ready.is_true));
    }
    if new.all_restarting.map(|it| it.is_true) != old.all_restarting.map(|it| it.is_true) {
        tell(Change::AllContainersRestarting(new.all_restarting.is_some_and(|it| it.is_true)));
    }
    if after.phase != before.phase && !after.phase.is_terminal() {
        tell(Change::Phase(after.phase));
    }
}
