//! The status manager and its cache (`pkg/kubelet/status/status_manager.go`), and what the sync loop does
//! with a new result (`syncLoopIteration`, `pkg/kubelet/kubelet.go`).

use rand::{Rng, RngExt};

use super::actions::{Actions, View};
use super::ask::{Ask, Change};
use super::init;
use super::kind::Kind;
use super::pod::Pod;
use super::results::{Update, Verdict};
use super::role::Role;
use super::runtime::Instance;
use super::settings::Race;
use super::status::{self, ContainerStatus, PodStatus, Source};
use super::time::Time;

// === impl Pod ===

impl Pod {
    /// `generateAPIPodStatus`, `UpdatePodStatus`, `SetPodStatus`: the status as it follows from what the
    /// PLEG saw and from the results. `is_over` says that nothing will run any more.
    pub(super) fn publish(&mut self, is_over: bool, now: Time, rng: &mut impl Rng) {
        let sources: Vec<Source> = self
            .slots
            .iter()
            .map(|slot| Source {
                role: slot.role,
                policy: slot.policy,
                instances: slot.seen,
                back_off: slot.back_off.filter(|_| !is_over),
            })
            .collect();
        let has_init = self.roles().first().is_some_and(|role| *role != Role::Regular);
        let carries_over = self.settings.started_carry_over;
        let mut containers: Vec<ContainerStatus> = sources
            .iter()
            .enumerate()
            .map(|(index, source)| {
                ContainerStatus::new(source, self.status.containers.get(index), has_init, carries_over)
            })
            .collect();
        self.update_pod_status(&mut containers);
        let worker_first = match self.settings.race {
            Race::PublishFirst => false,
            Race::WorkerFirst => true,
            Race::Either => rng.random(),
        };
        if worker_first && !self.status.containers.is_empty() {
            self.run_workers(now, rng);
        }
        let is_initialized = init::is_past(&self.views())
            || init::init_actions(&self.views(), &mut Actions::default()) == init::Progress::Done;
        let before = self.status.clone();
        self.status.phase = status::phase(&sources, is_initialized, is_over);
        self.status.containers = containers;
        self.tell_changes(&before, now);
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
        let before = self.status.clone();
        if let Some(status) = self.published(container, instance)
            && *field(status) != value
        {
            *field(status) = value;
            self.tell_changes(&before, now);
        }
    }

    /// The container status of this very instance, if it is published.
    pub(super) fn published(&mut self, index: usize, instance: Instance) -> Option<&mut ContainerStatus> {
        self.status.containers.get_mut(index).filter(|status| status.instance == Some(instance))
    }

    /// Puts the conditions right, and tells what differs from `before`.
    fn tell_changes(&mut self, before: &PodStatus, now: Time) {
        let PodStatus { phase, containers, conditions } = &self.status;
        let conditions = conditions.follow(*phase, containers, self.roles(), &self.gates, now);
        self.status.conditions = conditions;
        let asks = &mut self.asks;
        differences(before, &self.status, &mut |change| asks.push_back(Ask::Change(change)));
    }

    /// What `computePodActions` decides from.
    pub(super) fn views(&self) -> Vec<View> {
        (0..self.slots.len())
            .map(|index| View {
                role: self.slots[index].role,
                policy: self.slots[index].policy,
                instances: self.slots[index].seen,
                has_startup_probe: self.container(index).startup_probe.is_some(),
                liveness: self.result(index, Kind::Liveness),
                startup: self.result(index, Kind::Startup),
            })
            .collect()
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
    if after.phase != before.phase && !after.phase.is_terminal() {
        tell(Change::Phase(after.phase));
    }
}
