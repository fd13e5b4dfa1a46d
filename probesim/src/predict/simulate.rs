//! Predictions from the kubelet's model in virtual time.

use std::time::Duration;

use rand::Rng;

use super::estimate::Estimate;
use super::faults::Faults;
use crate::kubelet::{
    Ask, Attempt, Cause, Change, Identity, Instance, Invalid, Note, Outcome, Pod, PodSpec, Settings, Start,
    Time, VirtualTime, World,
};

/// What is simulated, and for how long.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The pod.
    pub spec: PodSpec,
    /// The kubelet.
    pub settings: Settings,
    /// Each container's server, in the spec's order, init containers first.
    pub faults: Vec<Faults>,
    /// How long a container takes to start.
    pub start: Duration,
    /// How long it takes to end once it is asked to.
    pub stop: Duration,
    /// The time of one sample.
    pub sample: Duration,
    /// How many samples are taken, one after another, after one that is thrown away.
    pub samples: u32,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Prediction {
    /// Restarts a day.
    pub restarts_per_day: Estimate,
    /// The share of time in which the pod is not Ready.
    pub unready: Estimate,
    /// The share of readiness probes that find their container not ready.
    pub unready_probes: Estimate,
    /// Liveness probes for each time that they have a container killed.
    pub probes_per_kill: Estimate,
    /// How many attempts of probes were made.
    pub attempts: u64,
}

/// Simulates the plan.
///
/// # Errors
/// The API would not have taken the spec.
pub fn simulate(plan: &Plan, rng: &mut impl Rng) -> Result<Prediction, Vec<Invalid>> {
    let begin = Time::ORIGIN;
    let pod = Pod::try_new(plan.spec.clone(), Identity::default(), plan.settings.clone(), begin, rng)?;
    let mut time = VirtualTime::new(pod, Server::new(plan), begin, rng);
    let days = plan.sample.as_secs_f64() / 86_400.0;
    let (mut restarts, mut unready, mut probes, mut per_kill) = (vec![], vec![], vec![], vec![]);
    for sample in 0..=plan.samples {
        time.run(time.now() + plan.sample, rng);
        let now = time.now();
        let counts = time.world.take(now);
        if sample == 0 {
            continue;
        }
        restarts.push(counts.restarts as f64 / days);
        unready.push(counts.unready.as_secs_f64() / plan.sample.as_secs_f64());
        if counts.readiness > 0 {
            probes.push(counts.unready_readiness as f64 / counts.readiness as f64);
        }
        if counts.kills > 0 {
            per_kill.push(counts.liveness as f64 / counts.kills as f64);
        }
    }
    Ok(Prediction {
        restarts_per_day: Estimate::of(&restarts),
        unready: Estimate::of(&unready),
        unready_probes: Estimate::of(&probes),
        probes_per_kill: Estimate::of(&per_kill),
        attempts: time.attempts(),
    })
}

/// The servers of a pod, and what is counted of it.
struct Server<'a> {
    plan: &'a Plan,
    timeouts: Vec<[Duration; 3]>,
    is_ready: Vec<bool>,
    pod_is_ready: bool,
    since: Time,
    counts: Counts,
}

/// What is counted in one sample.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    restarts: u64,
    kills: u64,
    liveness: u64,
    readiness: u64,
    unready_readiness: u64,
    unready: Duration,
}

// === impl Server ===

impl<'a> Server<'a> {
    fn new(plan: &'a Plan) -> Self {
        use crate::kubelet::Kind::{Liveness, Readiness, Startup};
        let containers = plan.spec.init_containers.iter().chain(&plan.spec.containers);
        let timeouts: Vec<_> = containers
            .map(|container| {
                [Startup, Readiness, Liveness].map(|kind| {
                    let seconds = container.probe(kind).map_or(1, |probe| probe.timeout_seconds);
                    Duration::from_secs(u64::try_from(seconds).unwrap_or(1))
                })
            })
            .collect();
        Self {
            plan,
            is_ready: vec![false; timeouts.len()],
            timeouts,
            pod_is_ready: false,
            since: Time::ORIGIN,
            counts: Counts::default(),
        }
    }

    /// The counts up to `now`; counting begins anew.
    fn take(&mut self, now: Time) -> Counts {
        self.account(now);
        std::mem::take(&mut self.counts)
    }

    fn account(&mut self, now: Time) {
        if !self.pod_is_ready {
            self.counts.unready += now.since(self.since);
        }
        self.since = now;
    }
}

impl World for Server<'_> {
    fn probe(&mut self, attempt: &Attempt, _: Time, rng: &mut impl Rng) -> (Outcome, Duration) {
        use crate::kubelet::Kind::{Liveness, Readiness, Startup};
        match attempt.kind {
            Liveness => self.counts.liveness += 1,
            Readiness => {
                self.counts.readiness += 1;
                self.counts.unready_readiness += u64::from(!self.is_ready[attempt.container]);
            }
            Startup => {}
        }
        let timeout = self.timeouts[attempt.container][attempt.kind as usize];
        self.plan.faults[attempt.container].draw(timeout, rng)
    }

    fn start(&mut self, _: usize, instance: Instance, _: Time) -> Start {
        self.counts.restarts += u64::from(instance != Instance::FIRST);
        Start { takes: self.plan.start, exits: None }
    }

    fn stop(&mut self, _: usize, grace: Duration, cause: Cause, _: Time) -> (Duration, i32) {
        self.counts.kills += u64::from(cause == Cause::Liveness);
        (self.plan.stop.min(grace), 0)
    }

    fn observe(&mut self, note: &Note<'_>, now: Time) {
        match note {
            Note::Ask(Ask::Change(Change::Ready(is_ready))) => {
                self.account(now);
                self.pod_is_ready = *is_ready;
            }
            Note::Ask(Ask::Change(Change::ContainerReady { container, is_ready })) => {
                self.is_ready[*container] = *is_ready;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{closed, faults::Latency};
    use super::*;
    use crate::kubelet::Kind;
    use rand::SeedableRng;
    use rand::rngs::ChaCha8Rng;
    use serde_json::json;

    fn plan(container: serde_json::Value, failure: f64, sample: u64) -> Plan {
        let spec = json!({"containers": [container]});
        Plan {
            spec: serde_json::from_value(spec).expect("a pod"),
            settings: Settings::ideal(),
            faults: vec![Faults { failure, latency: Latency::Constant(Duration::ZERO) }],
            start: Duration::ZERO,
            stop: Duration::ZERO,
            sample: Duration::from_secs(sample),
            samples: 20,
        }
    }

    fn run(plan: &Plan) -> Prediction {
        simulate(plan, &mut ChaCha8Rng::seed_from_u64(11)).expect("a valid plan")
    }

    fn agree(what: &str, estimate: Estimate, formula: f64, share: f64) {
        let off = (estimate.mean - formula).abs() / formula;
        assert!(off < share, "{what}: simulated {estimate:?}, by formula {formula}");
    }

    #[test]
    fn formulas_and_simulation_agree() {
        let probe = json!({"tcpSocket": {"port": 1}});
        for (failure, sample, share) in [(0.5, 100_000, 0.03), (0.3, 100_000, 0.1)] {
            let readiness = plan(json!({"name": "c", "readinessProbe": probe}), failure, sample);
            let seen = run(&readiness);
            let probe = readiness.spec.containers[0].probe(Kind::Readiness).expect("a probe");
            let formula = closed::readiness(probe, failure);
            agree("share of probes", seen.unready_probes, formula.share_of_probes, share);
            agree("share of time", seen.unready, formula.share_of_time, share);
        }
        let liveness = plan(json!({"name": "c", "livenessProbe": probe}), 0.5, 500_000);
        agree("probes per kill", run(&liveness).probes_per_kill, closed::probes_to_run(0.5, 3), 0.04);
    }

    #[test]
    fn restarts_that_are_rare_come_as_often_as_computed() {
        let probe = json!({"tcpSocket": {"port": 1}, "periodSeconds": 1, "failureThreshold": 2});
        let plan = plan(json!({"name": "c", "livenessProbe": probe}), 0.02, 100_000);
        let probe = plan.spec.containers[0].probe(Kind::Liveness).expect("a probe");
        let formula = closed::restarts_per_day(probe, 0.02);
        agree("restarts a day", run(&plan).restarts_per_day, formula, 0.1);
    }

    #[test]
    fn a_probe_that_is_too_slow_counts_as_failed() {
        let probe = json!({"tcpSocket": {"port": 1}});
        let mut plan = plan(json!({"name": "c", "readinessProbe": probe}), 0.2, 100_000);
        plan.faults[0].latency = Latency::Exponential(Duration::from_secs(1));
        let probe = plan.spec.containers[0].probe(Kind::Readiness).expect("a probe");
        let failure = plan.faults[0].effective(Duration::from_secs(1));
        agree("share", run(&plan).unready_probes, closed::readiness(probe, failure).share_of_probes, 0.06);
    }

    #[test]
    #[ignore = "makes 10 million probes for each formula"]
    fn formulas_and_ten_million_probes_agree_to_three_digits() {
        let probe = json!({"tcpSocket": {"port": 1}});
        for failure in [0.5, 0.3] {
            let plan = plan(json!({"name": "c", "readinessProbe": probe}), failure, 5_000_000);
            let seen = run(&plan);
            assert!(seen.attempts > 10_000_000, "{}", seen.attempts);
            let probe = plan.spec.containers[0].probe(Kind::Readiness).expect("a probe");
            let formula = closed::readiness(probe, failure);
            println!("share of probes: {:?}, by formula {}", seen.unready_probes, formula.share_of_probes);
            println!("share of time: {:?}, by formula {}", seen.unready, formula.share_of_time);
            assert!((seen.unready_probes.mean - formula.share_of_probes).abs() < 0.0005);
            assert!((seen.unready.mean - formula.share_of_time).abs() < 0.0005);
        }
        // Back-off lets most of the time go by without probes.
        let plan = plan(json!({"name": "c", "livenessProbe": probe}), 0.5, 150_000_000);
        let seen = run(&plan);
        assert!(seen.attempts > 10_000_000, "{}", seen.attempts);
        println!("probes per kill: {:?}, by formula {}", seen.probes_per_kill, closed::probes_to_run(0.5, 3));
        agree("probes per kill", seen.probes_per_kill, closed::probes_to_run(0.5, 3), 0.001);
    }
}
