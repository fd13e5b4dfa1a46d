//! One pod of the node: its model, what it runs, and what happens to both.

use std::future::pending;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use serde_json::Value;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::Kubelet;
use super::owner::{Owner, owners};
use super::process::Process;
use super::publish::Details;
use super::pull::Pulls;
use super::stand_in::StandIn;
use crate::kubelet::{AttemptId, Identity, Instance, Kind, Phase, Pod, PodSpec, Role, Time};
use crate::lab::happening::{Fact, Member};
use crate::probe::Answer;
use crate::rng::fnv1a;

/// One pod that runs.
#[derive(Debug)]
pub(super) struct PodRun {
    pub(super) kubelet: Arc<Kubelet>,
    /// `namespace/name`.
    pub(super) name: Arc<str>,
    /// As the API had it last.
    pub(super) object: Value,
    pub(super) pod: Pod,
    pub(super) slots: Vec<Slot>,
    pub(super) ip: Ipv4Addr,
    /// When the kubelet saw it.
    pub(super) since: Time,
    /// Whether there is a sandbox, and since when that is so.
    pub(super) has_sandbox: (bool, Time),
    /// Whether there has ever been one.
    pub(super) is_placed: bool,
    /// As the API may see it.
    pub(super) phase: Phase,
    /// The status is to be written.
    pub(super) is_dirty: bool,
    /// The API has it no more.
    pub(super) is_removed: bool,
    pub(super) rng: ChaCha8Rng,
    pub(super) done: UnboundedSender<Done>,
    /// Probes, hooks and pauses; they end with the pod.
    pub(super) tasks: JoinSet<()>,
    inbox: UnboundedReceiver<Done>,
}

/// One container.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) name: Arc<str>,
    /// `spec.containers{name}`.
    pub(super) field_path: String,
    /// As the manifest has it.
    pub(super) spec: Value,
    pub(super) role: Role,
    /// What stands for it, or why nothing does.
    pub(super) stand_in: Result<StandIn, String>,
    pub(super) process: Option<Process>,
    /// Of the instance that was started last.
    pub(super) environment: Arc<Vec<(String, String)>>,
    pub(super) termination_log: PathBuf,
    /// The instance that runs or is to be started.
    pub(super) instance: Instance,
    /// The hook that runs.
    pub(super) hook: Option<Hook>,
    pub(super) details: Details,
    pub(super) pulls: Pulls,
    /// How often the start that is asked for was tried in vain.
    pub(super) tries: u32,
    /// The pod went before an instance could be started: nothing more is told of it.
    pub(super) is_abandoned: bool,
}

/// A hook that runs.
#[derive(Debug)]
pub(super) struct Hook {
    pub(super) task: AbortHandle,
    pub(super) when: When,
    /// It only waits, and the end of its container does not make it fail.
    pub(super) is_pause: bool,
}

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    PostStart,
    PreStop,
}

/// What the node tells a pod.
#[derive(Debug)]
pub(super) enum Order {
    /// The API has it like this now.
    Changed(Box<Value>),
    /// The API has it no more.
    Removed,
}

/// What became of something that the model asked for.
#[derive(Debug)]
pub(super) enum Done {
    /// An attempt of a probe.
    Probed { id: AttemptId, container: usize, kind: Kind, number: u8, answer: Answer, took: Duration },
    /// An instance ended.
    Exited { container: usize, instance: Instance, code: i32 },
    /// A hook, or why it failed.
    Hooked { container: usize, when: When, result: Result<(), String> },
    /// It is time to try again to start a container.
    Retry { container: usize },
}

// === impl Slot ===

impl Slot {
    /// Whether something of it runs that a command could join.
    pub(super) fn is_alive(&self) -> bool {
        self.process.is_some() || matches!(self.stand_in, Ok(StandIn::Target(_)))
    }
}

// === impl PodRun ===

impl PodRun {
    /// A pod that has been bound. `Err`: the model does not take its spec.
    pub(super) fn try_new(kubelet: Arc<Kubelet>, object: Value) -> Result<Self, String> {
        let spec = spec(&object)?;
        let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default().to_owned();
        let identity = Identity { name: text("name"), namespace: text("namespace"), uid: text("uid") };
        let now = kubelet.clock.now();
        let mut rng = ChaCha8Rng::seed_from_u64(kubelet.node.seed);
        // Each pod draws from a stream of its own.
        rng.set_stream(fnv1a(full_name(&object).as_bytes()));
        let pod = Pod::try_new(spec, identity, kubelet.settings.clone(), now, &mut rng)
            .map_err(|wrong| wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
        let owners = owners(&kubelet.node.store, &object);
        let slots = slots(&kubelet, &object, &pod, &owners);
        let (done, inbox) = unbounded_channel();
        let run = Self {
            name: full_name(&object).into(),
            ip: kubelet.node.addresses.next(),
            since: now,
            has_sandbox: (false, now),
            is_placed: false,
            phase: Phase::Pending,
            is_dirty: false,
            is_removed: false,
            tasks: JoinSet::new(),
            kubelet,
            object,
            pod,
            slots,
            rng,
            done,
            inbox,
        };
        run.announce(&owners);
        Ok(run)
    }

    fn announce(&self, owners: &[Owner]) {
        let workload = owners.last().map(|owner| format!("{}/{}", owner.kind.to_lowercase(), owner.name));
        let containers = self.slots.iter().enumerate().map(|(index, slot)| {
            let runs = slot.stand_in.as_ref().map_or_else(|_| "nothing".into(), StandIn::words);
            Member::new(self.pod.container(index), slot.role, runs.into())
        });
        self.tell(Fact::PodAdded {
            pod: self.name.clone(),
            workload: workload.map(Into::into),
            containers: containers.collect(),
        });
    }

    /// Runs it until nothing of it is left.
    pub(super) async fn run(mut self, mut orders: UnboundedReceiver<Order>) {
        let clock = self.kubelet.clock;
        loop {
            self.carry_out();
            if self.pod.is_gone() {
                break;
            }
            let wake = self.pod.next_wake().map(|time| clock.instant(time));
            tokio::select! {
                Some(done) = self.inbox.recv() => self.take(done),
                order = orders.recv() => match order {
                    Some(order) => self.obey(order),
                    None => break,
                },
                () = at(wake) => self.pod.wake(clock.now(), &mut self.rng),
                Some(_) = self.tasks.join_next(), if !self.tasks.is_empty() => {}
            }
        }
        self.finish();
    }

    fn obey(&mut self, order: Order) {
        let now = self.kubelet.clock.now();
        match order {
            Order::Removed => {
                self.is_removed = true;
                self.delete(Duration::ZERO);
            }
            Order::Changed(object) => {
                self.object = *object;
                let metadata = &self.object["metadata"];
                if metadata["deletionTimestamp"].is_string() {
                    let grace = metadata["deletionGracePeriodSeconds"].as_u64().unwrap_or(0);
                    self.is_dirty |= self.object["status"]["observedGeneration"] != metadata["generation"];
                    self.delete(Duration::from_secs(grace));
                }
                let conditions = self.object["status"]["conditions"].as_array();
                for condition in conditions.into_iter().flatten() {
                    let kind = condition["type"].as_str().unwrap_or_default();
                    // The model knows which conditions it waits for.
                    self.pod.set_gate(kind, condition["status"] == "True", now, &mut self.rng);
                }
            }
        }
    }

    /// The pod is to end; what could not be started counts as ended.
    fn delete(&mut self, grace: Duration) {
        let now = self.kubelet.clock.now();
        self.pod.delete(Some(grace), now, &mut self.rng);
        for index in 0..self.slots.len() {
            if self.slots[index].tries > 0 {
                self.slots[index].tries = 0;
                self.slots[index].is_abandoned = true;
                self.pod.container_started(index, now, &mut self.rng);
                self.pod.container_exited(index, 137, now, &mut self.rng);
            }
        }
    }

    /// What was asked for is done.
    fn take(&mut self, done: Done) {
        match done {
            Done::Probed { id, container, kind, number, answer, took } => {
                self.tell(Fact::Probed {
                    pod: self.name.clone(),
                    container: self.slots[container].name.clone(),
                    kind,
                    attempt: number,
                    outcome: answer.outcome,
                    output: answer.output.as_str().into(),
                    took,
                });
                let now = self.kubelet.clock.now();
                self.pod.probe_done(id, answer.outcome, &answer.output, now, &mut self.rng);
            }
            Done::Exited { container, instance, code } => self.exited(container, instance, code),
            Done::Hooked { container, when, result } => self.hooked(container, when, result),
            Done::Retry { container } => self.try_start(container),
        }
    }

    /// A hook is over.
    pub(super) fn hooked(&mut self, container: usize, when: When, result: Result<(), String>) {
        self.slots[container].hook = None;
        let now = self.kubelet.clock.now();
        match when {
            When::PostStart => {
                let is_well = result.is_ok();
                if let Err(why) = result {
                    self.slots[container].details.failure = why;
                }
                self.pod.post_start_done(container, is_well, now, &mut self.rng);
            }
            When::PreStop => {
                if result.is_err() {
                    self.record(container, "Warning", "FailedPreStopHook", "PreStopHook failed");
                }
                self.pod.pre_stop_done(container, now, &mut self.rng);
            }
        }
    }

    pub(super) fn tell(&self, fact: Fact) {
        self.kubelet.node.teller.tell(fact);
    }

    /// An Event about a container.
    pub(super) fn record(&self, container: usize, severity: &str, reason: &str, message: &str) {
        let path = &self.slots[container].field_path;
        self.kubelet.recorder.record(&self.object, Some(path), severity, reason, message);
    }
}

/// The pod's spec as the model reads it.
pub(super) fn spec(object: &Value) -> Result<PodSpec, String> {
    let spec: PodSpec = serde_json::from_value(object["spec"].clone()).map_err(|error| error.to_string())?;
    crate::kubelet::validate(&spec)
        .map_err(|wrong| wrong.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))?;
    Ok(spec)
}

/// `namespace/name`.
pub(super) fn full_name(object: &Value) -> String {
    let text = |key: &str| object["metadata"][key].as_str().unwrap_or_default();
    format!("{}/{}", text("namespace"), text("name"))
}

fn slots(kubelet: &Kubelet, object: &Value, pod: &Pod, owners: &[Owner]) -> Vec<Slot> {
    let uid = object["metadata"]["uid"].as_str().unwrap_or_default();
    let mut names = vec![object["metadata"]["name"].as_str().unwrap_or_default()];
    names.extend(owners.iter().map(|owner| owner.name.as_str()));
    let list =
        |key: &'static str| object["spec"][key].as_array().into_iter().flatten().map(move |it| (key, it));
    let containers = list("initContainers").chain(list("containers")).enumerate();
    containers
        .map(|(index, (key, spec))| {
            let name = pod.container(index).name.as_str();
            let role = pod.role(index);
            Slot {
                name: name.into(),
                field_path: format!("spec.{key}{{{name}}}"),
                stand_in: kubelet.node.choice.stand_in(&names, spec, role),
                spec: spec.clone(),
                role,
                process: None,
                environment: Arc::default(),
                termination_log: kubelet.node.directory.join(format!("{uid}-{name}")),
                instance: Instance::FIRST,
                hook: None,
                details: Details::default(),
                pulls: Pulls::default(),
                tries: 0,
                is_abandoned: false,
            }
        })
        .collect()
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => pending().await,
    }
}
