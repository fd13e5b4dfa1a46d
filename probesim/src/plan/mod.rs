//! What each endpoint is to do: an ordered list of steps, the first that applies answers.

mod compat;
mod latency;
mod rate;
pub mod spec;
pub mod what;
pub mod when;
pub mod whom;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

pub(crate) use compat::BROKEN_DEPENDENCY;
pub use compat::{Fault, When};
pub use latency::{Latency, Outcomes};
pub use rate::Rate;
use serde_json::Value;
use spec::{Spec, Target};
use what::{Network, What};
use when::Timing;
use whom::Whom;

use crate::config::Faults;
use crate::endpoint::{Endpoint, Endpoints};
use crate::rng::fnv1a;

/// The plan of every endpoint and port.
#[derive(Clone, Debug)]
pub struct Plan {
    scripts: Vec<Script>,
    ports: Vec<(Port, Arc<Injection>)>,
}

/// The plan of one endpoint: its steps in order of precedence, then the answer when none of them fails it.
#[derive(Clone, Debug)]
pub struct Script {
    /// Tried in order.
    pub steps: Vec<Step>,
    /// The status when no step answers.
    pub healthy_status: u16,
    /// The body then.
    pub healthy: &'static str,
}

/// One step of a script.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// Wait; the later steps see the time after it.
    Wait(Duration),
    /// Answer with a failure if its moment has come.
    Fail(Fault),
    /// Fail as the named dependencies do.
    Follow,
    /// A fault that somebody planned.
    Inject(Planned),
}

/// A listening port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// The main one.
    Http,
    /// gRPC health.
    Grpc,
    /// Plain TCP.
    Tcp,
}

/// A planned fault in force at one endpoint or port; equal only to itself.
#[derive(Clone, Debug)]
pub struct Planned(pub Arc<Injection>);

/// A fault in force at one endpoint or port.
#[derive(Debug)]
pub struct Injection {
    /// Its name.
    pub name: String,
    /// The stream of its draws.
    pub stream: u64,
    /// When.
    pub timing: Timing,
    /// Whom.
    pub whom: Whom,
    /// What.
    pub what: What,
    /// The uptime that its moments count from.
    pub epoch: Duration,
    /// The uptime at which it is gone.
    pub expires: Option<Duration>,
    turns: AtomicU64,
    hits: AtomicU64,
}

/// A fault that was put while the server ran, or was there from the start.
#[derive(Clone, Debug, PartialEq)]
pub struct Put {
    /// What was written.
    pub spec: Spec,
    /// The uptime that its moments count from.
    pub epoch: Duration,
    /// The uptime at which it is gone.
    pub expires: Option<Duration>,
}

/// What the planned faults of a plan are made of. The first ones have precedence.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sources<'a> {
    /// Faults that were put while the server ran.
    pub live: &'a [Put],
    /// Faults from the file and the settings.
    pub fixed: &'a [Spec],
    /// Which start of the container this is, from 1.
    pub start: u64,
    /// Whether readiness follows named dependencies.
    pub follows: bool,
    /// The plan before: a fault that is in both goes on counting.
    pub before: Option<&'a Plan>,
}

// === impl Plan ===

impl Plan {
    /// Puts the planned faults before kube-probesim's, and after the drain.
    #[must_use]
    pub fn build(faults: &Faults, sources: Sources<'_>, endpoints: &Endpoints) -> Self {
        let mut ports = vec![];
        let mut injected = vec![vec![]; endpoints.count()];
        let live = sources.live.iter().map(|put| (&put.spec, put.epoch, put.expires));
        let fixed = sources.fixed.iter().map(|spec| (spec, Duration::ZERO, None));
        for (spec, epoch, expires) in live.chain(fixed) {
            if spec.timing.starts.is_some_and(|starts| sources.start > starts) {
                continue;
            }
            let inject = |place: &str| {
                let new = Injection::new(spec, place, epoch, expires);
                let old = sources.before.and_then(|plan| plan.all().find(|old| old.is_same(&new)));
                old.map_or_else(|| Arc::new(new), Arc::clone)
            };
            let mut at = |endpoint: Endpoint| {
                let step = Step::Inject(Planned(inject(endpoints.name(endpoint))));
                injected[endpoint.index()].push(step);
            };
            for target in &spec.on {
                match target {
                    Target::All => endpoints.all().for_each(&mut at),
                    Target::Endpoint(endpoint) => at(*endpoint),
                    Target::Port(port) => ports.push((*port, inject(port.name()))),
                }
            }
        }
        let script = |endpoint: Endpoint| {
            let is_grpc = endpoints.name(endpoint).starts_with("grpc");
            let mut script = if is_grpc { compat::drained() } else { compat::script(faults, endpoint) };
            let drain = script.steps.iter().take_while(|step| step.is_drain()).count();
            if sources.follows && endpoint == Endpoint::Readiness {
                let place = script.steps.iter().position(Step::is_after_dependencies);
                script.steps.insert(place.unwrap_or(script.steps.len()), Step::Follow);
            }
            script.steps.splice(drain..drain, injected[endpoint.index()].drain(..));
            script
        };
        Self { scripts: endpoints.all().map(script).collect(), ports }
    }

    /// kube-probesim's settings alone, in its order of precedence.
    #[must_use]
    pub fn new(faults: &Faults) -> Self {
        Self::build(faults, Sources::default(), &Endpoints::default())
    }

    /// The script of an endpoint.
    #[must_use]
    pub fn of(&self, endpoint: Endpoint) -> &Script {
        &self.scripts[endpoint.index()]
    }

    /// What has become of a port at this uptime, and when that may change.
    #[must_use]
    pub fn network(&self, port: Port, uptime: Duration) -> (Network, Option<Duration>) {
        let faults = || self.ports.iter().filter(|(of, _)| *of == port).map(|(_, fault)| fault);
        let network = faults().find_map(|fault| match fault.what {
            What::Network(network) if fault.is_open(uptime) => Some(network),
            _ => None,
        });
        (network.unwrap_or_default(), faults().filter_map(|fault| fault.next_edge(uptime)).min())
    }

    /// Every planned fault in force.
    fn all(&self) -> impl Iterator<Item = &Arc<Injection>> {
        let steps = self.scripts.iter().flat_map(|script| &script.steps);
        let injected = steps.filter_map(|step| match step {
            Step::Inject(Planned(fault)) => Some(fault),
            Step::Wait(_) | Step::Fail(_) | Step::Follow => None,
        });
        injected.chain(self.ports.iter().map(|(_, fault)| fault))
    }

    /// Every planned fault in force, with the place of each.
    pub fn injections<'a>(
        &'a self,
        endpoints: &'a Endpoints,
    ) -> impl Iterator<Item = (&'a str, &'a Injection)> {
        let steps = endpoints.all().flat_map(move |endpoint| {
            let injected = self.of(endpoint).steps.iter().filter_map(|step| match step {
                Step::Inject(Planned(fault)) => Some(&**fault),
                Step::Wait(_) | Step::Fail(_) | Step::Follow => None,
            });
            injected.map(move |fault| (endpoints.name(endpoint), fault))
        });
        steps.chain(self.ports.iter().map(|(port, fault)| (port.name(), &**fault)))
    }
}

// === impl Port ===

impl Port {
    /// Its name in a plan.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Http => "network",
            Self::Grpc => "network/grpc",
            Self::Tcp => "network/tcp",
        }
    }
}

// === impl Injection ===

impl Injection {
    fn new(spec: &Spec, place: &str, epoch: Duration, expires: Option<Duration>) -> Self {
        Self {
            name: spec.name.clone(),
            stream: fnv1a(format!("{place}/{}", spec.name).as_bytes()),
            timing: spec.timing.clone(),
            whom: spec.whom.clone(),
            what: spec.what.clone(),
            epoch,
            expires,
            turns: AtomicU64::new(0),
            hits: AtomicU64::new(0),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        (self.stream, self.epoch, self.expires) == (other.stream, other.epoch, other.expires)
            && (&self.timing, &self.whom, &self.what) == (&other.timing, &other.whom, &other.what)
    }

    /// The time that its moments are compared with; `None` once it is gone.
    #[must_use]
    pub fn time(&self, uptime: Duration) -> Option<Duration> {
        let is_gone = self.expires.is_some_and(|expires| uptime >= expires);
        if is_gone { None } else { uptime.checked_sub(self.epoch) }
    }

    /// Whether its moment is now.
    #[must_use]
    pub fn is_open(&self, uptime: Duration) -> bool {
        self.time(uptime).is_some_and(|t| self.timing.open_since(t).is_some())
    }

    /// The uptime at which its moment may begin or end next.
    #[must_use]
    pub fn next_edge(&self, uptime: Duration) -> Option<Duration> {
        let edge = self.timing.next_edge(self.time(uptime)?).map(|edge| edge.saturating_add(self.epoch));
        edge.into_iter().chain(self.expires).min()
    }

    /// Counts a request that came within its window and returns its number, from 0.
    pub fn take_turn(&self) -> u64 {
        self.turns.fetch_add(1, Relaxed)
    }

    /// Counts a request that it hit.
    pub fn count_hit(&self) {
        self.hits.fetch_add(1, Relaxed);
    }

    /// How many requests it hit.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.hits.load(Relaxed)
    }
}

// === impl Planned ===

impl PartialEq for Planned {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Planned {}

// === impl Put ===

impl Put {
    /// What was written, and the time that is left.
    #[must_use]
    pub fn to_json(&self, uptime: Duration) -> Value {
        let mut source = self.spec.source.clone();
        if let (Value::Object(map), Some(expires)) = (&mut source, self.expires) {
            let left = expires.saturating_sub(uptime);
            map.insert("expires_in_seconds".into(), left.as_secs_f64().into());
        }
        source
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::Node;

    fn specs(text: &str) -> Vec<Spec> {
        spec::read_all(&Node::parse(text).unwrap(), "", "fault-", &Endpoints::default()).unwrap()
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn planned_faults_stand_after_the_drain_and_before_kube_probesims() {
        let faults = Faults { fail_dependency: true, ..Faults::default() };
        let fixed = specs("[{on: readiness, status: 503}, {on: all, latency: 1s}]");
        let sources = Sources { fixed: &fixed, ..Sources::default() };
        let plan = Plan::build(&faults, sources, &Endpoints::default());
        let text = plan.of(Endpoint::Readiness).to_string();
        assert_eq!(text, "503 while draining, fault-1 (whole 503), fault-2 (latency), 500 always, else 200");
        assert_eq!(plan.of(Endpoint::Liveness).to_string(), "fault-2 (latency), else 200");
        assert_eq!(plan.of(Endpoint::Http).to_string(), "fault-2 (latency), else 404");
    }

    #[test]
    fn a_fault_for_the_first_starts_is_gone_after_them() {
        let fixed = specs("{on: startup, starts: 2}");
        for (start, steps) in [(1, 1), (2, 1), (3, 0)] {
            let sources = Sources { fixed: &fixed, start, ..Sources::default() };
            let plan = Plan::build(&Faults::default(), sources, &Endpoints::default());
            assert_eq!(plan.of(Endpoint::Startup).steps.len(), steps, "start {start}");
        }
    }

    #[test]
    fn a_port_knows_its_state_and_when_to_look_again() {
        let fixed = specs("[{on: network, answer: blackhole, after: 10s, for: 5s}]");
        let live = [Put {
            spec: specs("{on: network, answer: hang, after: 1s}").remove(0),
            epoch: secs(11),
            expires: Some(secs(14)),
        }];
        let sources = Sources { live: &live, fixed: &fixed, start: 1, ..Sources::default() };
        let plan = Plan::build(&Faults::default(), sources, &Endpoints::default());
        for (uptime, network, next) in [
            (0, Network::Open, Some(10)),
            (10, Network::Blackhole, Some(15)),
            (11, Network::Blackhole, Some(12)),
            (12, Network::Hang, Some(14)),
            (14, Network::Blackhole, Some(15)),
            (15, Network::Open, None),
        ] {
            assert_eq!(plan.network(Port::Http, secs(uptime)), (network, next.map(secs)), "{uptime} s");
            assert_eq!(plan.network(Port::Tcp, secs(uptime)), (Network::Open, None));
        }
    }
}
