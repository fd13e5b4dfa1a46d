//! Predictions from the kubelet's model in virtual time.

use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;

use super::estimate::{Estimate, Rate};
use super::world::{Assumed, Outage, Servers, Tally};
use crate::kubelet::{Identity, Invalid, Kind, Pod, PodSpec, Settings, Time, VirtualTime};
use crate::rng::mix;

/// What is simulated.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The pod.
    pub spec: PodSpec,
    /// The kubelet.
    pub settings: Settings,
    /// What is assumed of each container, in the spec's order, init containers first.
    pub assumed: Vec<Assumed>,
    /// The same seed gives the same prediction.
    pub seed: u64,
}

/// How long it is watched.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    /// The time of one sample.
    pub sample: Duration,
    /// How many samples there are.
    pub samples: u32,
}

/// What came of it in the long run.
#[derive(Clone, Debug)]
pub struct Prediction {
    /// Of each container.
    pub containers: Vec<Observed>,
    /// The share of time in which the pod is not Ready.
    pub unready: Estimate,
    /// How many attempts of probes were made.
    pub attempts: u64,
}

/// What came of one container.
#[derive(Clone, Debug)]
pub struct Observed {
    /// Restarts.
    pub restarts: Rate,
    /// How often it turned NotReady.
    pub flips: Rate,
    /// The share of time in which it is not ready.
    pub unready: Estimate,
    /// The share of readiness probes that find it not ready.
    pub unready_probes: Estimate,
    /// Liveness probes for each time that they have it killed.
    pub probes_per_kill: Estimate,
    /// Attempts of probes a day, by kind.
    pub probes: [Rate; 3],
}

/// What came of new pods.
#[derive(Clone, Debug, Default)]
pub struct Rollouts {
    /// How many were watched.
    pub pods: u32,
    /// Not available when the deadline came.
    pub late: u32,
    /// A container was restarted within the window.
    pub restarted: u32,
    /// Turned NotReady within the window.
    pub unready: u32,
    /// Any of these.
    pub tripped: u32,
    /// Seconds from creation to Ready.
    pub ready_after: Vec<f64>,
    /// How many attempts of probes were made.
    pub attempts: u64,
}

/// What came of outages, in seconds.
#[derive(Clone, Debug, Default)]
pub struct Outages {
    /// How many there were.
    pub outages: u32,
    /// A container was killed.
    pub killed: u32,
    /// From their begin to the first kill.
    pub kill_after: Vec<f64>,
    /// The pod turned NotReady.
    pub unready: u32,
    /// From their begin to NotReady.
    pub unready_after: Vec<f64>,
    /// How long the pod was NotReady.
    pub unready_for: Vec<f64>,
    /// From their end to Ready, of those that made it NotReady.
    pub ready_after: Vec<f64>,
    /// Not Ready again an hour after their end.
    pub lost: u32,
    /// How many attempts of probes were made.
    pub attempts: u64,
}

/// A pod in its world.
struct Run {
    time: VirtualTime<Servers>,
    rng: ChaCha8Rng,
}

// === impl Plan ===

impl Plan {
    /// Watches one pod for a long time; what is assumed of it must not depend on the time. The first sample is
    /// thrown away.
    ///
    /// # Errors
    /// The API would not have taken the spec.
    pub fn steady(&self, span: Span) -> Result<Prediction, Vec<Invalid>> {
        let mut run = Run::begin(self, 0)?;
        let mut samples = Samples::new(self.assumed.len());
        for sample in 0..=span.samples {
            run.until(run.time.now() + span.sample);
            if sample == 0 {
                run.forget();
            } else {
                samples.take(&mut run, span.sample);
            }
        }
        Ok(samples.finish(run.time.attempts()))
    }

    /// Watches many pods, each from its creation on. What is counted begins with Ready, if that comes.
    ///
    /// # Errors
    /// The API would not have taken the spec.
    pub fn fresh(&self, span: Span) -> Result<Prediction, Vec<Invalid>> {
        let mut samples = Samples::new(self.assumed.len());
        let mut attempts = 0;
        for number in 0..span.samples {
            let mut run = Run::begin(self, u64::from(number))?;
            let end = Time::ORIGIN + span.sample;
            run.until_ready(end);
            if run.time.world.pod.is_ready {
                run.forget();
                let begin = run.time.now();
                run.until(begin + span.sample);
            }
            samples.take(&mut run, span.sample);
            attempts += run.time.attempts();
        }
        Ok(samples.finish(attempts))
    }

    /// Watches new pods for the time of a rollout's `window`; they are available once they were Ready for `steady`.
    ///
    /// # Errors
    /// The API would not have taken the spec.
    pub fn rollouts(&self, window: Duration, steady: Duration, pods: u32) -> Result<Rollouts, Vec<Invalid>> {
        let mut all = Rollouts { pods, ..Rollouts::default() };
        for number in 0..pods {
            let mut run = Run::begin(self, u64::from(number))?;
            let end = Time::ORIGIN + window;
            run.until_ready(end);
            let ready = run.time.world.first_ready;
            run.until(end);
            let world = &run.time.world;
            let since = world.pod.flipped_at.max(ready).unwrap_or_default();
            let is_late = !world.pod.is_ready || end.since(since) < steady;
            let is_restarted = world.containers.iter().any(|container| container.counts.restarts > 0);
            let is_unready = world.pod.flips > 0;
            all.late += u32::from(is_late);
            all.restarted += u32::from(is_restarted);
            all.unready += u32::from(is_unready);
            all.tripped += u32::from(is_late || is_restarted || is_unready);
            all.attempts += run.time.attempts();
            all.ready_after.extend(ready.map(|ready| ready.since(Time::ORIGIN).as_secs_f64()));
        }
        Ok(all)
    }

    /// Lets nothing work for the time of an outage, at a random moment in the life of each of many pods.
    ///
    /// # Errors
    /// The API would not have taken the spec.
    pub fn outages(&self, length: Duration, hangs: bool, outages: u32) -> Result<Outages, Vec<Invalid>> {
        let mut all = Outages { outages, ..Outages::default() };
        let hour = Duration::from_secs(3600);
        for number in 0..outages {
            let mut run = Run::begin(self, u64::from(number))?;
            run.until_ready(Time::ORIGIN + hour);
            // Long enough for ticks to lie anywhere: every n-th part of an hour for the n-th of them.
            let share = (f64::from(number) + 0.5) / f64::from(outages);
            let from = run.time.now() + Duration::from_secs(60) + hour.mul_f64(share);
            run.until(from);
            let until = from + length;
            run.time.world.outage = Some(Outage { from, until, hangs });
            run.forget();
            // A probe that began in it may end after it.
            run.until(until + run.time.world.longest_probe());
            run.until_ready(until + hour);
            all.add(&mut run, from, until);
        }
        Ok(all)
    }
}

// === impl Outages ===

impl Outages {
    fn add(&mut self, run: &mut Run, from: Time, until: Time) {
        let now = run.time.now();
        self.attempts += run.time.attempts();
        let world = &mut run.time.world;
        let killed = world.containers.iter().filter_map(|container| container.killed_at).min();
        if let Some(killed) = killed {
            self.killed += 1;
            self.kill_after.push(killed.since(from).as_secs_f64());
        }
        let Tally { is_ready, unready, flipped_at, ready_at, .. } = world.pod.take(now);
        if let Some(flipped) = flipped_at {
            self.unready += 1;
            self.unready_after.push(flipped.since(from).as_secs_f64());
            self.unready_for.push(unready.as_secs_f64());
            if let Some(ready) = ready_at.filter(|_| is_ready) {
                self.ready_after.push(ready.since(until).as_secs_f64());
            } else {
                self.lost += 1;
            }
        }
    }
}

// === impl Run ===

impl Run {
    fn begin(plan: &Plan, number: u64) -> Result<Self, Vec<Invalid>> {
        let seed = mix(plan.seed ^ mix(number));
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (settings, spec) = (plan.settings.clone(), plan.spec.clone());
        let gates: Vec<String> =
            spec.readiness_gates.iter().map(|gate| gate.condition_type.clone()).collect();
        let pod = Pod::try_new(spec, Identity::default(), settings, Time::ORIGIN, &mut rng)?;
        let servers = Servers::new(&plan.spec, &plan.assumed, seed, &mut rng);
        let mut time = VirtualTime::new(pod, servers, Time::ORIGIN, &mut rng);
        for gate in gates {
            time.act(&mut rng, |pod, now, rng| pod.set_gate(&gate, true, now, rng));
        }
        Ok(Self { time, rng })
    }

    fn until(&mut self, end: Time) {
        self.time.run(end, &mut self.rng);
    }

    /// Until the pod is Ready, or `end` at the latest.
    fn until_ready(&mut self, end: Time) {
        while !self.time.world.pod.is_ready && self.time.step(end, &mut self.rng) {}
    }

    /// Counting begins here.
    fn forget(&mut self) {
        let now = self.time.now();
        let world = &mut self.time.world;
        world.pod.take(now);
        world.pod.flipped_at = None;
        for container in &mut world.containers {
            container.tally.take(now);
            (container.counts, container.killed_at) = (Default::default(), None);
        }
    }
}

/// The samples of one figure each.
struct Samples {
    unready: Vec<f64>,
    containers: Vec<OfContainer>,
}

#[derive(Clone, Debug, Default)]
struct OfContainer {
    restarts: Vec<f64>,
    flips: Vec<f64>,
    unready: Vec<f64>,
    unready_probes: Vec<f64>,
    per_kill: Vec<f64>,
    probes: [Vec<f64>; 3],
    days: f64,
}

// === impl Samples ===

impl Samples {
    fn new(containers: usize) -> Self {
        Self { unready: vec![], containers: vec![OfContainer::default(); containers] }
    }

    /// What the run counted in the time of one sample.
    fn take(&mut self, run: &mut Run, length: Duration) {
        let (now, seconds) = (run.time.now(), length.as_secs_f64());
        let world = &mut run.time.world;
        self.unready.push(world.pod.take(now).unready.as_secs_f64() / seconds);
        for (of, container) in self.containers.iter_mut().zip(&mut world.containers) {
            let tally = container.tally.take(now);
            let counts = std::mem::take(&mut container.counts);
            let liveness = Kind::Liveness as usize;
            of.restarts.push(counts.restarts as f64);
            of.flips.push(tally.flips as f64);
            of.unready.push(tally.unready.as_secs_f64() / seconds);
            of.days += seconds / 86_400.0;
            for (samples, count) in of.probes.iter_mut().zip(counts.probes) {
                samples.push(count as f64);
            }
            let readiness = counts.probes[Kind::Readiness as usize];
            if readiness > 0 {
                of.unready_probes.push(counts.unready_probes as f64 / readiness as f64);
            }
            if counts.kills[liveness] > 0 {
                of.per_kill.push(counts.probes[liveness] as f64 / counts.kills[liveness] as f64);
            }
        }
    }

    fn finish(self, attempts: u64) -> Prediction {
        let containers = self.containers.into_iter().map(|of| {
            let rate = |counts: &[f64]| Rate::of(counts, of.days);
            Observed {
                restarts: rate(&of.restarts),
                flips: rate(&of.flips),
                unready: Estimate::of(&of.unready),
                unready_probes: Estimate::of(&of.unready_probes),
                probes_per_kill: Estimate::of(&of.per_kill),
                probes: [0, 1, 2].map(|kind| rate(&of.probes[kind])),
            }
        });
        Prediction { containers: containers.collect(), unready: Estimate::of(&self.unready), attempts }
    }
}

#[cfg(test)]
mod tests;
