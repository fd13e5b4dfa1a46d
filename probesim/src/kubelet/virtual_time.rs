//! Runs a pod in virtual time against a world that is a function: for predictions and for tests.

use std::time::Duration;

use rand::Rng;

use super::ask::{Ask, Attempt, AttemptId};
use super::attempt::Outcome;
use super::kill::Cause;
use super::pod::Pod;
use super::runtime::Instance;
use super::time::Time;

/// What happens around the kubelet.
pub trait World {
    /// What an attempt comes to, and how long it takes.
    fn probe(&mut self, attempt: &Attempt, now: Time, rng: &mut impl Rng) -> (Outcome, Duration);

    /// How long a start takes, and when and how the instance ends of itself after it.
    fn start(&mut self, container: usize, instance: Instance, now: Time) -> Start {
        let _ = (container, instance, now);
        Start { takes: Duration::ZERO, exits: None }
    }

    /// How long a container takes from SIGTERM to its end, and with which exit code.
    fn stop(&mut self, container: usize, grace: Duration, cause: Cause, now: Time) -> (Duration, i32) {
        let _ = (container, grace, cause, now);
        (Duration::ZERO, 0)
    }

    /// How long the hook after a start takes, and whether it goes well.
    fn post_start(&mut self, container: usize, now: Time) -> (Duration, bool) {
        let _ = (container, now);
        (Duration::ZERO, true)
    }

    /// How long a hook takes.
    fn pre_stop(&mut self, container: usize, limit: Duration, now: Time) -> Duration {
        let _ = (container, limit, now);
        Duration::ZERO
    }

    /// Sees every ask, and the ends of containers, as they come.
    fn observe(&mut self, note: &Note<'_>, now: Time) {
        let _ = (note, now);
    }
}

/// How an instance begins and ends of itself.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    /// From the ask to the start.
    pub takes: Duration,
    /// How long it lives, and its exit code.
    pub exits: Option<(Duration, i32)>,
}

/// Something that a world sees.
#[derive(Debug)]
pub enum Note<'a> {
    /// The model asked or told.
    Ask(&'a Ask),
    /// A container started.
    Started(usize),
    /// A container ended.
    Exited(usize, i32),
}

/// A pod in its world.
#[derive(Debug)]
pub struct VirtualTime<W> {
    /// The model.
    pub pod: Pod,
    /// Its surroundings.
    pub world: W,
    now: Time,
    /// What will happen, in no order: there is one thing a container and one a worker at most.
    pending: Vec<(Time, Pending)>,
    outcomes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pending {
    Probe(AttemptId, Outcome),
    Start(usize, Option<(Duration, i32)>),
    Exit(usize, i32),
    PostStart(usize, bool),
    PreStop(usize),
}

// === impl VirtualTime ===

impl<W: World> VirtualTime<W> {
    /// Takes over a pod that was made at `now`.
    pub fn new(pod: Pod, world: W, now: Time, rng: &mut impl Rng) -> Self {
        let mut new = Self { pod, world, now, pending: Vec::new(), outcomes: 0 };
        new.answer(rng);
        new
    }

    /// How many attempts were made.
    pub const fn attempts(&self) -> u64 {
        self.outcomes
    }

    /// The moment that the run has reached.
    pub const fn now(&self) -> Time {
        self.now
    }

    /// Lets time go by until `until`, and leaves what would happen then.
    pub fn run(&mut self, until: Time, rng: &mut impl Rng) {
        while self.step(until, rng) {}
    }

    /// Does the next thing before `until`, if there is one; else the moment is `until`.
    pub fn step(&mut self, until: Time, rng: &mut impl Rng) -> bool {
        let pending = self.pending.iter().map(|(at, _)| *at).min();
        let wake = self.pod.next_wake();
        let is_pending = pending.is_some_and(|at| wake.is_none_or(|wake| at <= wake));
        let next = if is_pending { pending } else { wake };
        let Some(next) = next.filter(|next| *next < until) else {
            self.now = self.now.max(until);
            return false;
        };
        self.now = self.now.max(next);
        if is_pending {
            self.happen(rng);
        } else {
            self.pod.wake(self.now, rng);
        }
        self.answer(rng);
        true
    }

    /// Does something to the pod at the moment that the run has reached.
    pub fn act<R: Rng>(&mut self, rng: &mut R, act: impl FnOnce(&mut Pod, Time, &mut R)) {
        act(&mut self.pod, self.now, rng);
        self.answer(rng);
    }

    /// The oldest of the things that are due now.
    fn happen(&mut self, rng: &mut impl Rng) {
        let Some(index) = self.pending.iter().position(|(at, _)| *at <= self.now) else {
            return;
        };
        match self.pending.remove(index).1 {
            Pending::Probe(id, outcome) => self.pod.probe_done(id, outcome, "", self.now, rng),
            Pending::Start(container, exits) => self.started(container, exits, rng),
            Pending::Exit(container, code) => self.exited(container, code, rng),
            Pending::PostStart(container, is_well) => {
                self.pod.post_start_done(container, is_well, self.now, rng);
            }
            Pending::PreStop(container) => self.pod.pre_stop_done(container, self.now, rng),
        }
    }

    fn started(&mut self, container: usize, exits: Option<(Duration, i32)>, rng: &mut impl Rng) {
        self.world.observe(&Note::Started(container), self.now);
        if let Some((after, code)) = exits {
            self.pending.push((self.now + after, Pending::Exit(container, code)));
        }
        self.pod.container_started(container, self.now, rng);
    }

    fn exited(&mut self, container: usize, code: i32, rng: &mut impl Rng) {
        self.pending.retain(|(_, it)| !matches!(it, Pending::Exit(other, _) if *other == container));
        self.world.observe(&Note::Exited(container, code), self.now);
        self.pod.container_exited(container, code, self.now, rng);
    }

    /// Does what the pod asks for; what takes no time is done on the spot.
    fn answer(&mut self, rng: &mut impl Rng) {
        while let Some(ask) = self.pod.next_ask() {
            self.world.observe(&Note::Ask(&ask), self.now);
            match ask {
                Ask::Probe(attempt) => {
                    self.outcomes += 1;
                    let (outcome, takes) = self.world.probe(&attempt, self.now, rng);
                    if takes.is_zero() {
                        self.pod.probe_done(attempt.id, outcome, "", self.now, rng);
                    } else {
                        self.pending.push((self.now + takes, Pending::Probe(attempt.id, outcome)));
                    }
                }
                Ask::Start { container, instance } => {
                    let Start { takes, exits } = self.world.start(container, instance, self.now);
                    if takes.is_zero() {
                        self.started(container, exits, rng);
                    } else {
                        self.pending.push((self.now + takes, Pending::Start(container, exits)));
                    }
                }
                Ask::Stop { container, grace, cause } => {
                    let (takes, code) = self.world.stop(container, grace, cause, self.now);
                    if takes.is_zero() {
                        self.exited(container, code, rng);
                    } else {
                        self.pending.push((self.now + takes, Pending::Exit(container, code)));
                    }
                }
                Ask::PostStart { container } => {
                    let (takes, is_well) = self.world.post_start(container, self.now);
                    self.pending.push((self.now + takes, Pending::PostStart(container, is_well)));
                }
                Ask::PreStop { container, limit } => {
                    let takes = self.world.pre_stop(container, limit, self.now);
                    self.pending.push((self.now + takes, Pending::PreStop(container)));
                }
                Ask::Report(_) | Ask::Change(_) | Ask::Gone => {}
            }
        }
    }
}
