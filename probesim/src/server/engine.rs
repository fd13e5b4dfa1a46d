//! What all connections share: the plan, the draws, the counters and the clock.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;
use tracing::debug;

use crate::config::Faults;
use crate::decide::{Arrival, Decision, Followed, decide};
use crate::dependency::Dependencies;
use crate::endpoint::{Endpoint, Endpoints};
use crate::metrics::{Metrics, Sample};
use crate::plan::spec::Spec;
use crate::plan::what::Network;
use crate::plan::whom::Asked;
use crate::plan::{Plan, Port, Put, Sources};
use crate::rng::Draws;
use crate::state::State;

/// How many decisions a slow listener of events may lag behind before it misses some.
const EVENTS: usize = 1024;

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Engine {
    endpoints: Endpoints,
    faults: Faults,
    dependencies: Dependencies,
    /// Which start of the container this is, from 1.
    start: u64,
    draws: Draws,
    state: State,
    metrics: Metrics,
    started: Instant,
    plan: RwLock<Arc<Plan>>,
    sources: Mutex<Written>,
    changed: watch::Sender<()>,
    events: broadcast::Sender<Arc<Event>>,
    exit: watch::Sender<Option<u8>>,
    /// Whether anybody ever listened: asking the channel takes a lock.
    was_heard: AtomicBool,
}

/// What a listener hears.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) endpoint: Endpoint,
    /// As a server-sent event.
    pub(crate) frame: String,
}

/// What the plan is made of.
#[derive(Debug, Default)]
struct Written {
    live: Vec<Put>,
    fixed: Vec<Spec>,
}

/// What an engine starts with.
#[derive(Debug, Default)]
pub(crate) struct Setup {
    pub(crate) endpoints: Endpoints,
    pub(crate) faults: Faults,
    pub(crate) dependencies: Dependencies,
    pub(crate) fixed: Vec<Spec>,
    pub(crate) start: u64,
}

// === impl Engine ===

impl Engine {
    pub(crate) fn new(setup: Setup, seed: u64, started: Instant) -> Self {
        let Setup { endpoints, faults, dependencies, fixed, start } = setup;
        let follows = dependencies.are_followed();
        let sources = Sources { fixed: &fixed, start, follows, ..Sources::default() };
        let plan = Plan::build(&faults, sources, &endpoints);
        Self {
            draws: Draws::new(seed),
            state: State::new(endpoints.count()),
            metrics: Metrics::new(endpoints.count()),
            started,
            plan: RwLock::new(Arc::new(plan)),
            sources: Mutex::new(Written { live: vec![], fixed }),
            changed: watch::Sender::new(()),
            events: broadcast::Sender::new(EVENTS),
            exit: watch::Sender::new(None),
            was_heard: AtomicBool::new(false),
            endpoints,
            faults,
            dependencies,
            start,
        }
    }

    pub(crate) fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    pub(crate) fn seed(&self) -> u64 {
        self.draws.seed()
    }

    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    pub(crate) fn plan(&self) -> Arc<Plan> {
        Arc::clone(&self.plan.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Hears of every change of the plan.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Hears of every decision, and of every answer that had to wait.
    pub(crate) fn events(&self) -> broadcast::Receiver<Arc<Event>> {
        self.was_heard.store(true, Relaxed);
        self.events.subscribe()
    }

    /// The process is to end now, with this code.
    pub(crate) fn exit(&self, code: u8) {
        self.exit.send_replace(Some(code));
    }

    /// Waits for [`Engine::exit`].
    pub(crate) async fn exited(&self) -> u8 {
        let mut exit = self.exit.subscribe();
        loop {
            if let Some(code) = *exit.borrow_and_update() {
                return code;
            }
            // The sender is ours, so there is no error.
            let _ = exit.changed().await;
        }
    }

    /// The faults that were put while the server ran and are not gone.
    pub(crate) fn live(&self) -> Vec<Put> {
        let uptime = self.uptime();
        let sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.live.iter().filter(|put| put.expires.is_none_or(|end| uptime < end)).cloned().collect()
    }

    /// The faults of the file and the settings.
    pub(crate) fn fixed(&self) -> Vec<Spec> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner).fixed.clone()
    }

    /// Changes the live faults, and drops those that are gone.
    pub(crate) fn change_live(&self, change: impl FnOnce(&mut Vec<Put>)) {
        let uptime = self.uptime();
        self.rebuild(|sources| {
            sources.live.retain(|put| put.expires.is_none_or(|end| uptime < end));
            change(&mut sources.live);
        });
    }

    /// Replaces the faults of the file.
    pub(crate) fn reload(&self, fixed: Vec<Spec>) {
        self.rebuild(|sources| sources.fixed = fixed);
    }

    fn rebuild(&self, change: impl FnOnce(&mut Written)) {
        {
            let mut written = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
            change(&mut written);
            let before = self.plan();
            let Written { live, fixed } = &*written;
            let follows = self.dependencies.are_followed();
            let sources = Sources { live, fixed, start: self.start, follows, before: Some(&before) };
            let plan = Plan::build(&self.faults, sources, &self.endpoints);
            *self.plan.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(plan);
        }
        self.changed.send_replace(());
    }

    /// What has become of a port, and for how long that is certain unless the plan changes.
    pub(crate) fn network(&self, port: Port) -> (Network, Option<Duration>) {
        let uptime = self.uptime();
        let (network, next) = self.plan().network(port, uptime);
        (network, next.map(|next| next.saturating_sub(uptime)))
    }

    /// Counts a request and decides its answer, at the moment of its arrival.
    pub(crate) fn arrive(&self, endpoint: Endpoint, asked: Asked<'_>) -> Decision {
        let arrival = Arrival {
            sequence: self.state.arrive(endpoint),
            uptime: self.uptime(),
            is_draining: self.state.is_draining(),
            asked,
        };
        let mut decision = {
            let plan = self.plan.read().unwrap_or_else(PoisonError::into_inner);
            let turn = || self.state.take_turn(endpoint);
            decide(&plan, endpoint, arrival, &self.draws, turn, || self.follow(&plan, arrival))
        };
        if decision.planned.is_none() && self.broken(endpoint) {
            (decision.status, decision.body, decision.reason) = (500, "Dependency failure\n", "down");
        }
        self.metrics.count(Sample {
            endpoint,
            caller: asked.caller(),
            outcome: decision.outcome(),
            reason: decision.reason,
            delay: decision.delay,
            uptime: arrival.uptime,
        });
        debug!(
            endpoint = self.endpoints.name(endpoint),
            sequence = arrival.sequence,
            status = decision.status,
            reason = decision.cause(),
            delay = ?decision.delay,
            "decided"
        );
        self.tell("decision", endpoint, || self.event(endpoint, arrival, &decision));
        decision
    }

    /// An answer was given `took` after its request arrived; `injected` of it was to be waited.
    pub(crate) fn served(&self, endpoint: Endpoint, injected: Duration, took: Duration) {
        self.metrics.served(endpoint, took);
        self.tell("served", endpoint, || {
            json!({
                "endpoint": self.endpoints.name(endpoint),
                "arrived": self.uptime().saturating_sub(took).as_secs_f64(),
                "injected": injected.as_secs_f64(),
                "took": took.as_secs_f64(),
            })
        });
    }

    fn tell(&self, kind: &'static str, endpoint: Endpoint, data: impl FnOnce() -> Value) {
        if self.was_heard.load(Relaxed) && self.events.receiver_count() > 0 {
            // Whoever leaves in between misses nothing.
            let _ = self
                .events
                .send(Arc::new(Event { endpoint, frame: format!("event: {kind}\ndata: {}\n\n", data()) }));
        }
    }

    /// Asks every named dependency, as a request of its own to each.
    fn follow(&self, plan: &Plan, arrival: Arrival<'_>) -> Followed {
        let verdicts = self.dependencies.all.iter().map(|dependency| {
            let endpoint = dependency.endpoint;
            let arrival = Arrival { sequence: self.state.arrive(endpoint), ..arrival };
            let decision = decide(plan, endpoint, arrival, &self.draws, || 0, Followed::default);
            dependency.verdict(&decision)
        });
        self.dependencies.policy.followed(verdicts)
    }

    pub(crate) fn dependencies(&self) -> &Dependencies {
        &self.dependencies
    }

    /// What a real dependency's own answer is, if it has failed.
    fn broken(&self, endpoint: Endpoint) -> bool {
        matches!(endpoint, Endpoint::Named(_))
            && self.dependencies.all.iter().any(|of| of.endpoint == endpoint && of.is_down())
    }

    fn event(&self, endpoint: Endpoint, arrival: Arrival<'_>, decision: &Decision) -> Value {
        let address = arrival.asked.address.map(|address: IpAddr| address.to_canonical().to_string());
        json!({
            "endpoint": self.endpoints.name(endpoint),
            "sequence": arrival.sequence,
            "uptime": arrival.uptime.as_secs_f64(),
            "caller": arrival.asked.caller().word(),
            "address": address,
            "outcome": decision.outcome(),
            "status": decision.answer().is_none_or(|answer| answer.manner.has_status()).then_some(decision.status),
            "reason": decision.reason,
            "fault": decision.planned.as_ref().map(|planned| planned.0.name.as_str()),
            "delay": decision.delay.as_secs_f64(),
        })
    }
}
