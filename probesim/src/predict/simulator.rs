//! The simulator in virtual time: the real plan and the real decisions, with the clock as an argument.

use std::sync::Arc;
use std::time::Duration;

use super::aim::Aim;
use crate::decide::{Arrival, Decision, Followed, decide};
use crate::endpoint::Endpoint;
use crate::kubelet::{Container, Doubt, Kind, Outcome, Time};
use crate::load::Loaded;
use crate::plan::what::{Manner, Network};
use crate::plan::whom::Asked;
use crate::plan::{Plan, Port, Sources};
use crate::rng::Draws;
use crate::server::without_partition;
use crate::state::State;

/// One instance of the simulator after another, in one container.
#[derive(Debug)]
pub(super) struct Simulator {
    loaded: Arc<Loaded>,
    aims: [Aim; 3],
    draws: Draws,
    plan: Plan,
    state: State,
    began: Time,
}

// === impl Simulator ===

impl Simulator {
    /// As it would start in this container.
    pub(super) fn new(loaded: Arc<Loaded>, container: &Container, seed: u64) -> Self {
        let aim = |kind: Kind| {
            let probe = container.probe(kind);
            probe.map_or(Aim::Elsewhere, |it| Aim::of(container, it, &loaded.config, &loaded.endpoints))
        };
        let aims = Kind::ALL.map(aim);
        let plan = Plan::build(&without_partition(&loaded.config), Sources::default(), &loaded.endpoints);
        let state = State::new(loaded.endpoints.count());
        let mut new = Self { aims, draws: Draws::new(seed), plan, state, began: Time::ORIGIN, loaded };
        new.start(1, Time::ORIGIN);
        new
    }

    /// A new instance: every count and the uptime begin anew. `start` is its number, from 1.
    pub(super) fn start(&mut self, start: u64, now: Time) {
        let follows = self.loaded.dependencies.are_followed();
        let sources = Sources { fixed: &self.loaded.fixed, start, follows, ..Sources::default() };
        self.plan = Plan::build(&without_partition(&self.loaded.config), sources, &self.loaded.endpoints);
        self.state = State::new(self.loaded.endpoints.count());
        self.began = now;
    }

    /// When and how it ends of itself.
    pub(super) fn exits(&self) -> Option<(Duration, i32)> {
        let process = self.loaded.config.process;
        process.exit_after.map(|after| (after, i32::from(process.exit_code)))
    }

    /// SIGTERM: from now on readiness fails; how long it takes to end, and its exit code.
    pub(super) fn stop(&mut self, grace: Duration) -> (Duration, i32) {
        let config = &self.loaded.config;
        if config.process.ignores_sigterm {
            return (grace, 137);
        }
        self.state.start_draining();
        let takes = config.drain.delay + config.process.exit_delay;
        if takes > grace { (grace, 137) } else { (takes, 0) }
    }

    /// One attempt of a probe: what it comes to, and how long it takes.
    pub(super) fn probe(&self, kind: Kind, timeout: Duration, now: Time) -> (Outcome, Duration) {
        let (endpoint, asked, port) = match &self.aims[kind as usize] {
            Aim::Http { endpoint, path, headers } => {
                (*endpoint, Asked { headers: Some(headers), path, address: None }, Port::Http)
            }
            Aim::Grpc { endpoint, service, headers } => {
                (*endpoint, Asked { headers: Some(headers), path: service, address: None }, Port::Grpc)
            }
            Aim::Connect(port) => {
                return connected(self.plan.network(*port, now.since(self.began)).0, timeout);
            }
            Aim::Refused => return (Outcome::Failure, Duration::ZERO),
            Aim::NoPort => return (Outcome::Error(Doubt::Unknown), Duration::ZERO),
            Aim::Elsewhere => return (Outcome::Success, Duration::ZERO),
        };
        let uptime = now.since(self.began);
        match (self.plan.network(port, uptime).0, port) {
            (Network::Open, _) => {}
            // A gRPC client connects again until its time is up.
            (Network::Hang | Network::Blackhole, _) | (_, Port::Grpc) => return (Outcome::Failure, timeout),
            (Network::Refuse | Network::Reset, _) => return (Outcome::Failure, Duration::ZERO),
        }
        answered(&self.decide(endpoint, uptime, asked), port, timeout)
    }

    fn decide(&self, endpoint: Endpoint, uptime: Duration, asked: Asked<'_>) -> Decision {
        let arrival = Arrival {
            sequence: self.state.arrive(endpoint),
            uptime,
            is_draining: self.state.is_draining(),
            asked,
        };
        let turn = || self.state.take_turn(endpoint);
        decide(&self.plan, endpoint, arrival, &self.draws, turn, || self.follow(arrival))
    }

    /// Every named dependency, asked as the server does. Real ones are taken to be up.
    fn follow(&self, arrival: Arrival<'_>) -> Followed {
        let dependencies = &self.loaded.dependencies;
        let verdicts = dependencies.all.iter().map(|dependency| {
            let arrival = Arrival { sequence: self.state.arrive(dependency.endpoint), ..arrival };
            let decision =
                decide(&self.plan, dependency.endpoint, arrival, &self.draws, || 0, Followed::default);
            dependency.verdict(&decision)
        });
        dependencies.policy.followed(verdicts)
    }
}

/// A tcpSocket probe: it succeeds as soon as the kernel has accepted.
fn connected(network: Network, timeout: Duration) -> (Outcome, Duration) {
    match network {
        Network::Open | Network::Hang | Network::Reset => (Outcome::Success, Duration::ZERO),
        Network::Refuse => (Outcome::Failure, Duration::ZERO),
        Network::Blackhole => (Outcome::Failure, timeout),
    }
}

/// What the kubelet makes of an answer (`pkg/probe/http`, `pkg/probe/grpc`). A body that cannot be read to its
/// end is an error, whatever the status, and errors never count; over gRPC it is a failure.
fn answered(decision: &Decision, port: Port, timeout: Duration) -> (Outcome, Duration) {
    let delay = decision.delay;
    if delay >= timeout {
        return (Outcome::Failure, timeout);
    }
    let is_success = (200..400).contains(&decision.status);
    let by_status = if is_success { Outcome::Success } else { Outcome::Failure };
    let unread = if port == Port::Http { Outcome::Error(Doubt::Failure) } else { Outcome::Failure };
    let Some(answer) = decision.answer() else { return (by_status, delay) };
    let end = delay.saturating_add(answer.over);
    match answer.manner {
        Manner::Whole => (by_status, delay),
        Manner::SlowHeaders | Manner::Trickle if end < timeout => (by_status, end),
        Manner::SlowHeaders | Manner::Never => (Outcome::Failure, timeout),
        Manner::Trickle | Manner::Stall => (unread, timeout),
        Manner::Truncate | Manner::Cut | Manner::Malformed => (unread, delay),
        Manner::Garbage | Manner::Close | Manner::Reset | Manner::HalfClose => (Outcome::Failure, delay),
    }
}
