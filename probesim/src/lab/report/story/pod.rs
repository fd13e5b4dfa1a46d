//! What is known of one pod.

use std::sync::Arc;
use std::time::Duration;

use super::Standing;
use super::container::ContainerStory;
use super::record::{Band, Records};
use super::spells::{Spells, Turn};
use crate::kubelet::{Cause, Change, Phase, PodStatus, Reason, Role};
use crate::lab::happening::Member;

/// A pod, from its being bound to the node to its being gone.
#[derive(Debug)]
pub(in crate::lab::report) struct PodStory {
    /// `namespace/name`.
    pub(in crate::lab::report) name: Arc<str>,
    pub(in crate::lab::report) workload: Option<Arc<str>>,
    /// Of `Story::groups`.
    pub(in crate::lab::report) group: usize,
    pub(in crate::lab::report) added: Duration,
    pub(in crate::lab::report) gone: Option<Duration>,
    pub(in crate::lab::report) containers: Vec<ContainerStory>,
    pub(in crate::lab::report) standing: Standing,
    /// Since when.
    pub(in crate::lab::report) since: Duration,
    /// When it was Ready.
    pub(in crate::lab::report) ready: Spells,
    /// When the init containers were done.
    pub(in crate::lab::report) opened: Option<Duration>,
    /// It is deleted, or ends for want of containers: nobody expects it to be Ready any more.
    pub(in crate::lab::report) is_ending: bool,
    /// For the timeline.
    pub(in crate::lab::report) bands: Vec<Band>,
}

// === impl PodStory ===

impl PodStory {
    pub(super) fn new(
        (name, workload, group): (Arc<str>, Option<Arc<str>>, usize),
        members: &[Member],
        at: Duration,
        records: &mut Records,
    ) -> Self {
        let mut new = Self {
            name,
            workload,
            group,
            added: at,
            gone: None,
            containers: members.iter().map(|member| ContainerStory::new(member, at)).collect(),
            standing: Standing::Starting,
            since: at,
            ready: Spells::default(),
            opened: None,
            is_ending: false,
            bands: Vec::new(),
        };
        records.turn(&mut new.bands, Standing::Starting, at);
        for container in &mut new.containers {
            records.turn(&mut container.bands, Standing::Waiting, at);
        }
        new
    }

    pub(super) fn change(&mut self, change: Change, status: &PodStatus, at: Duration, records: &mut Records) {
        for (story, container) in self.containers.iter_mut().zip(&status.containers) {
            story.publish(container, at, records);
        }
        if status.conditions.initialized.is_true && self.holds_back() {
            self.opened = self.opened.or(Some(at));
        }
        let standing = match change {
            Change::Phase(Phase::Succeeded) => Standing::Done,
            Change::Phase(Phase::Failed) => Standing::Failed,
            _ if status.conditions.ready.is_true => Standing::Ready,
            _ if status.conditions.ready.reason == Some(Reason::PodCompleted) => Standing::Done,
            _ if status.conditions.ready.reason == Some(Reason::PodFailed) => Standing::Failed,
            _ if self.ready.first().is_some() => Standing::NotReady,
            _ => Standing::Starting,
        };
        // Nothing but its end follows the beginning of its end.
        let is_final = |standing| matches!(standing, Standing::Done | Standing::Failed);
        if !is_final(self.standing) && (!self.is_ending || is_final(standing)) {
            self.stand(standing, at, records);
        }
    }

    /// A container is told to stop.
    pub(super) fn stop(&mut self, cause: Cause, at: Duration, records: &mut Records) {
        if cause == Cause::PodEnds && !matches!(self.standing, Standing::Done | Standing::Failed) {
            self.is_ending = true;
            self.stand(Standing::Stopping, at, records);
        }
    }

    pub(super) fn gone(&mut self, at: Duration) {
        self.gone = Some(at);
        self.ready.turn(Turn::Over, at);
        for container in &mut self.containers {
            container.gone(at);
        }
    }

    /// From its being bound to its first being Ready.
    pub(in crate::lab::report) fn took(&self) -> Option<Duration> {
        Some(self.ready.first()?.saturating_sub(self.added))
    }

    /// Until when it was there.
    pub(in crate::lab::report) fn end(&self, now: Duration) -> Duration {
        self.gone.unwrap_or(now)
    }

    /// Whether it is meant to be Ready, or to become so.
    pub(super) fn is_expected(&self) -> bool {
        self.gone.is_none() && !self.is_ending && self.standing != Standing::Done
    }

    /// Whether init containers, sidecars among them, come before the others.
    pub(in crate::lab::report) fn holds_back(&self) -> bool {
        self.containers.iter().any(|container| container.role != Role::Regular)
    }

    fn stand(&mut self, standing: Standing, at: Duration, records: &mut Records) {
        if self.standing != standing {
            (self.standing, self.since) = (standing, at);
        }
        let turn = match standing {
            _ if self.is_ending => Turn::Over,
            Standing::Ready => Turn::Up,
            Standing::Done => Turn::Over,
            _ => Turn::Down,
        };
        self.ready.turn(turn, at);
        records.turn(&mut self.bands, standing, at);
    }
}

/// `name` and `namespace` of `namespace/name`.
pub(in crate::lab::report) fn split(full: &str) -> (&str, &str) {
    full.split_once('/').map_or((full, ""), |(namespace, name)| (name, namespace))
}
