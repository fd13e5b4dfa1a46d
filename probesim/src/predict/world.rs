//! The servers of a pod, as the kubelet's model meets them, and what is counted of it.

use std::sync::Arc;
use std::time::Duration;

use rand::{Rng, RngExt};

use super::faults::Faults;
use super::latency::Latency;
use super::simulator::Simulator;
use crate::kubelet::{
    Ask, Attempt, Cause, Change, Container, Instance, Kind, LifecycleHandler, Note, Outcome, PodSpec, Start,
    Time, World,
};
use crate::load::Loaded;

/// No image takes longer than this many seconds to come, however long the periods of probes are.
const LONGEST_PREPARATION: i32 = 60;

/// What is assumed of one container.
#[derive(Clone, Debug)]
pub enum Assumed {
    /// Its answers are drawn, each for itself.
    Chance(Chances),
    /// It is the simulator, with these settings and faults.
    Planned(Arc<Loaded>),
}

/// How the probes of a container come out.
#[derive(Clone, Debug, PartialEq)]
pub struct Chances {
    /// By kind, in the order of [`Kind::ALL`].
    pub faults: [Faults; 3],
    /// How long nothing answers after each start.
    pub startup: Latency,
}

/// A time in which nothing works.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outage {
    pub(super) from: Time,
    pub(super) until: Time,
    /// Probes get no answer at all and take their timeout; else they are refused at once.
    pub(super) hangs: bool,
}

/// The servers of a pod, and what is counted of it.
pub(super) struct Servers {
    pub(super) containers: Vec<Server>,
    pub(super) outage: Option<Outage>,
    pub(super) pod: Tally,
    /// When the pod was Ready for the first time.
    pub(super) first_ready: Option<Time>,
}

/// One container.
pub(super) struct Server {
    conduct: Conduct,
    is_init: bool,
    timeouts: [Duration; 3],
    post_start: Duration,
    pre_stop: Duration,
    /// From the pod's creation to the first start: sandbox and image.
    prepared_in: Duration,
    started_at: Time,
    /// From when on this instance answers, once that has been drawn.
    answers_from: Option<Time>,
    pub(super) tally: Tally,
    pub(super) counts: Counts,
    /// When it was last killed for want of liveness or startup.
    pub(super) killed_at: Option<Time>,
}

enum Conduct {
    Chance(Chances),
    Simulator(Box<Simulator>),
}

/// How long something was not ready, and how often it came to that.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) is_ready: bool,
    pub(super) unready: Duration,
    /// How often it turned from ready to unready.
    pub(super) flips: u64,
    /// The last time that it did.
    pub(super) flipped_at: Option<Time>,
    /// The last time that it turned ready.
    pub(super) ready_at: Option<Time>,
    since: Time,
}

/// What is counted of one container in one sample.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub(super) restarts: u64,
    /// Killed, by the kind of probe.
    pub(super) kills: [u64; 3],
    /// Attempts of probes, by kind.
    pub(super) probes: [u64; 3],
    /// Readiness probes that found it unready.
    pub(super) unready_probes: u64,
}

// === impl Chances ===

impl Chances {
    /// Always right, at once.
    pub const NONE: Self =
        Self { faults: [Faults::NONE, Faults::NONE, Faults::NONE], startup: Latency::NONE };
}

// === impl Tally ===

impl Tally {
    fn turn(&mut self, is_ready: bool, now: Time) {
        self.account(now);
        if self.is_ready && !is_ready {
            self.flips += 1;
            self.flipped_at = Some(now);
        } else if is_ready && !self.is_ready {
            self.ready_at = Some(now);
        }
        self.is_ready = is_ready;
    }

    fn account(&mut self, now: Time) {
        if !self.is_ready {
            self.unready += now.since(self.since);
        }
        self.since = now;
    }

    /// What was counted up to `now`; counting begins anew.
    pub(super) fn take(&mut self, now: Time) -> Self {
        self.account(now);
        let taken = *self;
        (self.unready, self.flips) = (Duration::ZERO, 0);
        taken
    }
}

// === impl Servers ===

impl Servers {
    /// A container's first start falls anywhere in the longest period of its probes, or in the first minute: ticks count from the pod's
    /// creation, and when the container is there does not depend on them.
    pub(super) fn new(spec: &PodSpec, assumed: &[Assumed], seed: u64, rng: &mut impl Rng) -> Self {
        let regular_from = spec.init_containers.len();
        let containers = spec.init_containers.iter().chain(&spec.containers).zip(assumed);
        let server = |(number, (container, assumed)): (usize, (&Container, &Assumed))| {
            let conduct = match assumed {
                Assumed::Chance(chances) => Conduct::Chance(chances.clone()),
                Assumed::Planned(loaded) => {
                    Conduct::Simulator(Box::new(Simulator::new(Arc::clone(loaded), container, seed)))
                }
            };
            let is_init = number < regular_from && !container.is_restartable_init();
            Server::new(container, conduct, is_init, rng.random())
        };
        Self {
            containers: containers.enumerate().map(server).collect(),
            outage: None,
            pod: Tally::default(),
            first_ready: None,
        }
    }

    /// No probe takes longer, but for timeouts of more than an hour.
    pub(super) fn longest_probe(&self) -> Duration {
        let longest = self.containers.iter().flat_map(|server| server.timeouts).max().unwrap_or_default();
        longest.min(Duration::from_secs(3600))
    }
}

// === impl Server ===

impl Server {
    fn new(container: &Container, conduct: Conduct, is_init: bool, phase: f64) -> Self {
        let periods = Kind::ALL.iter().filter_map(|kind| Some(container.probe(*kind)?.period_seconds));
        let longest = periods.max().unwrap_or(0).clamp(0, LONGEST_PREPARATION);
        let timeouts = Kind::ALL.map(|kind| {
            let seconds = container.probe(kind).map_or(1, |probe| probe.timeout_seconds);
            Duration::from_secs(u64::try_from(seconds).unwrap_or(1))
        });
        let pause = |hook: Option<&LifecycleHandler>| match hook {
            Some(LifecycleHandler::Sleep { seconds }) => {
                Duration::from_secs(u64::try_from(*seconds).unwrap_or(0))
            }
            _ => Duration::ZERO,
        };
        let hook = container.lifecycle.as_ref().and_then(|lifecycle| lifecycle.pre_stop.as_ref());
        Self {
            conduct,
            is_init,
            timeouts,
            post_start: pause(container.post_start()),
            pre_stop: pause(hook),
            prepared_in: Duration::from_secs_f64(f64::from(longest) * phase),
            started_at: Time::ORIGIN,
            answers_from: None,
            tally: Tally::default(),
            counts: Counts::default(),
            killed_at: None,
        }
    }
}

impl World for Servers {
    fn probe(&mut self, attempt: &Attempt, now: Time, rng: &mut impl Rng) -> (Outcome, Duration) {
        let server = &mut self.containers[attempt.container];
        let kind = attempt.kind as usize;
        let timeout = server.timeouts[kind];
        server.counts.probes[kind] += 1;
        if attempt.kind == Kind::Readiness {
            server.counts.unready_probes += u64::from(!server.tally.is_ready);
        }
        if let Some(outage) = self.outage.filter(|outage| (outage.from..outage.until).contains(&now)) {
            return (Outcome::Failure, if outage.hangs { timeout } else { Duration::ZERO });
        }
        if let Conduct::Chance(chances) = &server.conduct {
            let mut startup = || chances.startup.fixed().unwrap_or_else(|| chances.startup.at(rng.random()));
            if now < *server.answers_from.get_or_insert_with(|| server.started_at + startup()) {
                return (Outcome::Failure, Duration::ZERO);
            }
        }
        match &mut server.conduct {
            Conduct::Chance(chances) => chances.faults[kind].draw(timeout, rng),
            Conduct::Simulator(simulator) => simulator.probe(attempt.kind, timeout, now),
        }
    }

    fn start(&mut self, container: usize, instance: Instance, now: Time) -> Start {
        let server = &mut self.containers[container];
        if server.is_init {
            return Start { takes: Duration::ZERO, exits: Some((Duration::ZERO, 0)) };
        }
        server.counts.restarts += u64::from(instance != Instance::FIRST);
        let takes = if instance == Instance::FIRST { server.prepared_in } else { Duration::ZERO };
        (server.started_at, server.answers_from) = (now + takes, None);
        let exits = match &mut server.conduct {
            Conduct::Chance(_) => None,
            Conduct::Simulator(simulator) => {
                simulator.start(u64::from(instance.restart_count()) + 1, now + takes);
                simulator.exits()
            }
        };
        Start { takes, exits }
    }

    fn stop(&mut self, container: usize, grace: Duration, cause: Cause, now: Time) -> (Duration, i32) {
        let server = &mut self.containers[container];
        let kind = match cause {
            Cause::Liveness => Some(Kind::Liveness),
            Cause::Startup => Some(Kind::Startup),
            Cause::PostStart | Cause::PodEnds => None,
        };
        if let Some(kind) = kind {
            server.counts.kills[kind as usize] += 1;
            server.killed_at = Some(now);
        }
        match &mut server.conduct {
            Conduct::Chance(_) => (Duration::ZERO, 0),
            Conduct::Simulator(simulator) => simulator.stop(grace),
        }
    }

    fn post_start(&mut self, container: usize, _: Time) -> (Duration, bool) {
        (self.containers[container].post_start, true)
    }

    fn pre_stop(&mut self, container: usize, limit: Duration, _: Time) -> Duration {
        self.containers[container].pre_stop.min(limit)
    }

    fn observe(&mut self, note: &Note<'_>, now: Time) {
        match note {
            Note::Ask(Ask::Change(Change::Ready(is_ready))) => {
                self.pod.turn(*is_ready, now);
                if *is_ready {
                    self.first_ready.get_or_insert(now);
                }
            }
            Note::Ask(Ask::Change(Change::ContainerReady { container, is_ready })) => {
                self.containers[*container].tally.turn(*is_ready, now);
            }
            _ => {}
        }
    }
}
