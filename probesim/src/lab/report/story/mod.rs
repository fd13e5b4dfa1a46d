//! Everything that is known of the lab so far, from what has happened. All that is shown is read from here.
//!
//! Its size does not grow with time: probes are counted, and the records for the timeline have a limit.

mod container;
mod pod;
mod probe;
mod record;
mod spells;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

pub(super) use self::container::ContainerStory;
pub(super) use self::pod::{PodStory, split};
pub(super) use self::probe::{LAST_ATTEMPT, ProbeStory};
pub(super) use self::record::{Band, Records, Struck, Tick};
pub(super) use self::spells::Spells;
use self::spells::Turn;
use crate::lab::happening::{Fact, Happening};

/// How a pod or a container stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// Nothing of it runs yet.
    Waiting,
    /// It runs, and was not ready yet; a container: since its last start.
    Starting,
    /// Ready.
    Ready,
    /// It was ready before.
    NotReady,
    /// Its next start has to wait.
    BackOff,
    /// It was told to stop.
    Stopping,
    /// It ended well.
    Done,
    /// It ended otherwise.
    Failed,
}

/// The pods of one workload; a pod that belongs to none is a group of its own.
#[derive(Debug)]
pub(super) struct Group {
    /// `deployment/web`, or the pod.
    pub(super) name: Arc<str>,
    /// When one pod of it was Ready at least.
    pub(super) has_one_ready: Spells,
}

/// What is known.
#[derive(Debug)]
pub(super) struct Story {
    pods: Vec<PodStory>,
    /// The newest of each name.
    indices: HashMap<Arc<str>, usize>,
    groups: Vec<Group>,
    records: Records,
    now: Duration,
    home: Option<Arc<str>>,
}

// === impl Standing ===

impl Standing {
    /// As people are told it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Starting => "starting",
            Self::Ready => "Ready",
            Self::NotReady => "not Ready",
            Self::BackOff => "back-off",
            Self::Stopping => "terminating",
            Self::Done => "completed",
            Self::Failed => "failed",
        }
    }
}

// === impl Story ===

impl Story {
    /// Nothing is known; `has_timeline` says whether records are kept for one.
    pub(super) fn new(has_timeline: bool) -> Self {
        Self {
            pods: Vec::new(),
            indices: HashMap::new(),
            groups: Vec::new(),
            records: Records::new(has_timeline),
            now: Duration::ZERO,
            home: None,
        }
    }

    /// Takes in what has happened.
    pub(super) fn learn(&mut self, happening: &Happening) {
        let at = happening.at;
        self.advance(at);
        match &happening.fact {
            Fact::PodAdded { pod, workload, containers } => {
                let group = self.group(pod, workload.as_ref());
                let named = (Arc::clone(pod), workload.clone(), group);
                let new = PodStory::new(named, containers, at, &mut self.records);
                self.home.get_or_insert_with(|| split(pod).1.into());
                self.indices.insert(Arc::clone(pod), self.pods.len());
                self.pods.push(new);
                self.weigh(pod, at);
            }
            Fact::PodGone { pod } => {
                self.with(pod, |story, _| story.gone(at));
                self.weigh(pod, at);
            }
            Fact::Started { pod, container, instance } => {
                self.with_container(pod, container, |story, records| story.started(*instance, at, records));
            }
            Fact::Stopping { pod, container, grace, cause } => {
                self.with_container(pod, container, |story, records| {
                    story.stop(*cause, *grace, at, records);
                });
                self.with(pod, |story, records| story.stop(*cause, at, records));
                self.weigh(pod, at);
            }
            Fact::Exited { pod, container, exit_code } => {
                self.with_container(pod, container, |story, records| story.exited(*exit_code, at, records));
            }
            Fact::BackOff { pod, container, delay } => {
                self.with_container(pod, container, |story, records| story.back_off(*delay, at, records));
            }
            Fact::Probed { pod, container, kind, attempt, outcome, output, took } => {
                self.with_container(pod, container, |story, records| {
                    if let Some(probe) = story.probes.iter_mut().find(|probe| probe.terms.kind == *kind) {
                        probe.learn((*outcome, *attempt), (output, *took), at, records);
                    }
                });
            }
            Fact::Changed { pod, change, status } => {
                self.with(pod, |story, records| story.change(*change, status, at, records));
                self.weigh(pod, at);
            }
            Fact::Event { .. } | Fact::Output { .. } | Fact::Object { .. } => {}
        }
    }

    /// Time goes by.
    pub(super) fn advance(&mut self, now: Duration) {
        self.now = self.now.max(now);
    }

    /// The moment up to which it is known.
    pub(super) const fn now(&self) -> Duration {
        self.now
    }

    /// All pods, in the order in which they were added.
    pub(super) fn pods(&self) -> &[PodStory] {
        &self.pods
    }

    /// The newest pod of this name.
    pub(super) fn pod(&self, name: &str) -> Option<&PodStory> {
        self.indices.get(name).map(|index| &self.pods[*index])
    }

    /// A container of the newest pod of this name.
    pub(super) fn container(&self, pod: &str, container: &str) -> Option<&ContainerStory> {
        self.pod(pod)?.containers.iter().find(|one| &*one.name == container)
    }

    /// The workloads, by the number that their pods have.
    pub(super) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// What the timeline is drawn from.
    pub(super) const fn records(&self) -> &Records {
        &self.records
    }

    /// A pod's name as it is shown: the namespace of the first pod goes without saying.
    pub(super) fn shown<'a>(&self, pod: &'a str) -> &'a str {
        let (name, namespace) = split(pod);
        if self.home.as_deref().is_none_or(|home| home == namespace) { name } else { pod }
    }

    fn with(&mut self, pod: &str, tell: impl FnOnce(&mut PodStory, &mut Records)) {
        if let Some(index) = self.indices.get(pod) {
            tell(&mut self.pods[*index], &mut self.records);
        }
    }

    fn with_container(
        &mut self,
        pod: &str,
        container: &str,
        tell: impl FnOnce(&mut ContainerStory, &mut Records),
    ) {
        self.with(pod, |story, records| {
            if let Some(story) = story.containers.iter_mut().find(|one| &*one.name == container) {
                tell(story, records);
            }
        });
    }

    /// The number of the group that a new pod belongs to.
    fn group(&mut self, pod: &Arc<str>, workload: Option<&Arc<str>>) -> usize {
        let namespace = split(pod).1;
        let is_same = |old: &&PodStory| match workload {
            Some(workload) => old.workload.as_ref() == Some(workload) && split(&old.name).1 == namespace,
            None => old.workload.is_none() && old.name == *pod,
        };
        self.pods.iter().find(is_same).map_or_else(
            || {
                let name = Arc::clone(workload.unwrap_or(pod));
                self.groups.push(Group { name, has_one_ready: Spells::default() });
                self.groups.len() - 1
            },
            |old| old.group,
        )
    }

    /// Puts right whether the pod's group has one that is Ready.
    fn weigh(&mut self, pod: &str, at: Duration) {
        let Some(group) = self.pod(pod).map(|pod| pod.group) else { return };
        let members = || self.pods.iter().filter(|pod| pod.group == group && pod.gone.is_none());
        let turn = if members().any(|pod| pod.standing == Standing::Ready) {
            Turn::Up
        } else if members().any(PodStory::is_expected) {
            Turn::Down
        } else {
            Turn::Over
        };
        self.groups[group].has_one_ready.turn(turn, at);
    }
}
