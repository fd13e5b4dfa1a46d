//! The node `lab`: binds pods, and runs each under the kubelet's model.
//!
//! | file | what it decides or does |
//! |---|---|
//! | `rule`, `image`, `stand_in` | what stands for a container |
//! | `pull` | images that cannot be had |
//! | `expand`, `field`, `environment`, `prepare` | the words and variables of its process |
//! | `bind`, `place`, `owner`, `addresses` | where a pod runs, what it belongs to, its address |
//! | `evict`, `toleration` | which pods a taint drives away |
//! | `pod_run`, `asks`, `start`, `probing` | one pod: carries out what the model asks |
//! | `publish`, `quality`, `clock` | the pod's status as the API shows it |
//! | `process`, `groups`, `guard`, `output`, `books` | processes, their ends, their lines |
//! | `teller` | what views are told |

mod addresses;
mod asks;
mod bind;
mod books;
mod clock;
mod environment;
mod evict;
mod expand;
mod field;
mod groups;
mod guard;
mod image;
mod output;
mod owner;
mod place;
mod pod_run;
mod prepare;
mod probing;
mod process;
mod publish;
#[cfg(test)]
mod publish_tests;
mod pull;
mod quality;
mod rule;
mod stand_in;
mod start;
mod teller;
mod toleration;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use super::happening::Fact;
use super::recorder::Recorder;
use super::store::follow::Follower;
use super::store::live::LiveStore;
use crate::kubelet::{Settings, Version};

pub(super) use addresses::Addresses;
pub(super) use bind::NODE;
pub(super) use books::{Books, Line, Page};
pub(super) use environment::check as check_environment;
pub(super) use evict::run as evict;
pub(super) use groups::Groups;
pub(super) use guard::SCRATCH;
pub use guard::{Args as GuardArgs, guard};
pub(super) use output::Logs;
pub(super) use rule::{Run, Stand};
pub(super) use stand_in::Choice;
pub(super) use teller::Teller;

use clock::Clock;
use place::{Asked, Misfit};
use pod_run::{Order, PodRun};

/// More pods than this would rather stop the machine than show anything.
pub(super) const MOST_PODS: usize = 1000;

/// The node, and all that its pods share.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) store: LiveStore,
    pub(super) choice: Choice,
    pub(super) version: Version,
    pub(super) seed: u64,
    pub(super) teller: Teller,
    pub(super) groups: Groups,
    pub(super) logs: Logs,
    pub(super) addresses: Addresses,
    /// For kubeconfigs and termination logs; goes with the lab.
    pub(super) directory: PathBuf,
    /// Where the API listens.
    pub(super) api: SocketAddr,
    /// What processes have of the lab's own environment.
    pub(super) inherited: Vec<(String, String)>,
}

/// What all of a node's pods use besides.
#[derive(Debug)]
struct Kubelet {
    node: Node,
    settings: Settings,
    clock: Clock,
    recorder: Recorder,
}

/// Runs pods for ever: those that are there already, and those that come.
pub(super) async fn run(node: Node, mut pods: Follower) {
    let (store, clock) = (node.store.clone(), Clock::start(node.store.now()));
    let scheduler = Recorder::new(store.clone(), "default-scheduler");
    let recorder = Recorder::new(store.clone(), "kubelet").on_host(NODE);
    let kubelet = Arc::new(Kubelet { settings: Settings::of(node.version), clock, recorder, node });
    let mut known = Known { runs: HashMap::new(), tasks: JoinSet::new(), has_waiting: false };
    let mut nodes = Follower::of(&store, "nodes");
    loop {
        let changes = tokio::select! {
            changes = pods.next() => changes,
            _ = nodes.next() => Vec::new(),
        };
        // A node that changed, or a pod that went, may leave room for those that wait.
        let mut has_room = changes.is_empty();
        for change in changes {
            let pod = change.object.value();
            if change.is_delete {
                known.remove(&kubelet, &pod);
                has_room = true;
            } else if !known.update(&pod) {
                known.take(&kubelet, &scheduler, pod);
            }
        }
        if has_room && std::mem::take(&mut known.has_waiting) {
            for pod in store.list("pods", "").into_iter().filter(bind::is_waiting) {
                known.take(&kubelet, &scheduler, pod);
            }
        }
        while known.tasks.try_join_next().is_some() {}
    }
}

/// The node as an object.
pub(super) fn object(addresses: &Addresses, now: &str) -> Value {
    let condition = |name: &str, status: &str, reason: &str, message: &str| {
        json!({"type": name, "status": status, "lastHeartbeatTime": now, "lastTransitionTime": now,
               "reason": reason, "message": message})
    };
    let resources =
        json!({"cpu": "64", "memory": "256Gi", "pods": MOST_PODS.to_string(), "ephemeral-storage": "1Ti"});
    json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": NODE, "labels": {"kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux"}},
        "spec": {},
        "status": {
            "capacity": resources, "allocatable": resources,
            "conditions": [condition("Ready", "True", "KubeletReady", "kubelet is posting ready status")],
            "addresses": [{"type": "InternalIP", "address": addresses.node().to_string()},
                          {"type": "Hostname", "address": NODE}],
            "nodeInfo": {"kubeletVersion": concat!("probesim-", env!("CARGO_PKG_VERSION")), "operatingSystem": "linux"},
        },
    })
}

/// Binds a pod that can run here, or says why it cannot.
fn schedule(
    kubelet: &Kubelet,
    scheduler: &Recorder,
    pod: &Value,
    (is_full, taken): (bool, Asked),
) -> Option<Value> {
    let store = &kubelet.node.store;
    let misfit = || match store.get("nodes", "", NODE) {
        Some(node) => place::misfit(&node, pod, taken).or(is_full.then_some(Misfit::Full)),
        // Somebody deleted it.
        None => Some(Misfit::Unschedulable),
    };
    let why_not = match pod_run::spec(pod) {
        Err(why) => Some(format!("0/1 nodes are available: the lab cannot run the pod: {why}")),
        Ok(_) => misfit().map(|misfit| place::refusal(&[misfit])),
    };
    if let Some(message) = why_not {
        bind::refuse(store, pod, &message);
        scheduler.record(pod, None, "Warning", "FailedScheduling", &message);
        return None;
    }
    let bound = bind::bind(store, pod)?;
    let name = pod_run::full_name(&bound);
    scheduler.record(&bound, None, "Normal", "Scheduled", &format!("Successfully assigned {name} to {NODE}"));
    Some(bound)
}

/// The pods of the node, by their UID.
struct Known {
    runs: HashMap<String, (UnboundedSender<Order>, Asked)>,
    tasks: JoinSet<()>,
    /// There are pods that found no place.
    has_waiting: bool,
}

// === impl Known ===

impl Known {
    /// Whether as many pods run as the node takes.
    fn is_full(&self) -> bool {
        self.runs.len() >= MOST_PODS
            && self.runs.values().filter(|(orders, _)| !orders.is_closed()).count() >= MOST_PODS
    }

    /// What the pods that run ask for.
    fn taken(&self) -> Asked {
        let running = self.runs.values().filter(|(orders, _)| !orders.is_closed());
        running.fold(Asked::default(), |all, (_, one)| Asked {
            cpu: all.cpu.saturating_add(one.cpu),
            memory: all.memory.saturating_add(one.memory),
        })
    }

    /// Runs a pod that is bound to the node, or can be.
    fn take(&mut self, kubelet: &Arc<Kubelet>, scheduler: &Recorder, pod: Value) {
        let bound = match bind::is_waiting(&pod) {
            true => schedule(kubelet, scheduler, &pod, (self.is_full(), self.taken())),
            false => Some(pod),
        };
        self.has_waiting |= bound.is_none();
        if let Some(pod) = bound.filter(bind::is_ours) {
            self.add(kubelet, pod);
        }
    }

    fn add(&mut self, kubelet: &Arc<Kubelet>, pod: Value) {
        let uid = uid(&pod);
        let (orders, inbox) = unbounded_channel();
        let asked = place::asked(&pod);
        if let Ok(run) = PodRun::try_new(kubelet.clone(), pod) {
            self.runs.insert(uid, (orders, asked));
            self.tasks.spawn(run.run(inbox));
        }
    }

    /// Tells a pod that runs how the API has it now. Says whether there is one.
    fn update(&self, pod: &Value) -> bool {
        let Some((orders, _)) = self.runs.get(&uid(pod)) else { return false };
        // A pod that has ended takes no more orders.
        let _ = orders.send(Order::Changed(Box::new(pod.clone())));
        true
    }

    fn remove(&mut self, kubelet: &Kubelet, pod: &Value) {
        if let Some((orders, _)) = self.runs.remove(&uid(pod)) {
            let _ = orders.send(Order::Removed);
            let name: Arc<str> = pod_run::full_name(pod).into();
            kubelet.node.logs.books().forget(&name);
            kubelet.node.teller.tell(Fact::PodGone { pod: name });
        }
    }
}

fn uid(pod: &Value) -> String {
    pod["metadata"]["uid"].as_str().unwrap_or_default().to_owned()
}
