//! What all connections share: the plan, the draws, the counters and the clock.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;
use tracing::debug;

use crate::config::Faults;
use crate::decide::{Arrival, Decision, decide};
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
    /// Which start of the container this is, from 1.
    start: u64,
    draws: Draws,
    state: State,
    metrics: Metrics,
    started: Instant,
    plan: RwLock<Arc<Plan>>,
    sources: Mutex<Written>,
    changed: watch::Sender<()>,
    events: broadcast::Sender<Arc<str>>,
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
    pub(crate) fixed: Vec<Spec>,
    pub(crate) start: u64,
}

// === impl Engine ===

impl Engine {
    pub(crate) fn new(setup: Setup, seed: u64, started: Instant) -> Self {
        let Setup { endpoints, faults, fixed, start } = setup;
        let sources = Sources { fixed: &fixed, start, ..Sources::default() };
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
            endpoints,
            faults,
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

    /// Hears of every decision, as JSON.
    pub(crate) fn events(&self) -> broadcast::Receiver<Arc<str>> {
        self.events.subscribe()
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
            let sources = Sources { live, fixed, start: self.start, before: Some(&before) };
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
        let decision = {
            let plan = self.plan.read().unwrap_or_else(PoisonError::into_inner);
            decide(&plan, endpoint, arrival, &self.draws, || self.state.take_turn(endpoint))
        };
        self.metrics.count(Sample {
            endpoint,
            caller: asked.caller(),
            outcome: decision.outcome(),
            reason: decision.reason,
            delay: decision.delay,
            uptime: arrival.uptime,
        });
        if decision.delay.is_zero() {
            self.metrics.served(endpoint, Duration::ZERO);
        }
        debug!(
            endpoint = self.endpoints.name(endpoint),
            sequence = arrival.sequence,
            status = decision.status,
            reason = decision.cause(),
            delay = ?decision.delay,
            "decided"
        );
        if self.events.receiver_count() > 0 {
            // Whoever leaves in between misses nothing.
            let _ = self.events.send(self.event(endpoint, arrival, &decision).to_string().into());
        }
        decision
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
