//! Pods made by chance: whatever happens to them, these things hold.

use rand::rngs::ChaCha8Rng;
use rand::{Rng, RngExt, SeedableRng};
use serde_json::{Value, json};

use super::super::*;
use super::{Duration, pod};

/// Answers by chance, and checks what it is asked.
struct Checks {
    rng: ChaCha8Rng,
    runs: Vec<bool>,
    is_gone: bool,
}

impl Checks {
    fn duration(&mut self) -> Duration {
        let longest = if self.rng.random_ratio(1, 10) { 40_000 } else { 300 };
        Duration::from_millis(self.rng.random_range(0..longest))
    }
}

impl World for Checks {
    fn probe(&mut self, attempt: &Attempt, _: Time, _: &mut impl Rng) -> (Outcome, Duration) {
        assert!(!self.is_gone, "nothing is probed after the end");
        assert!((1..=3).contains(&attempt.number));
        let outcome = match self.rng.random_range(0..10) {
            0..=2 => Outcome::Failure,
            3 => Outcome::Error(Doubt::Unknown),
            4 => Outcome::Warning,
            _ => Outcome::Success,
        };
        (outcome, self.duration())
    }

    fn start(&mut self, container: usize, _: Instance, _: Time) -> Start {
        assert!(!self.runs[container], "only one instance runs at a time");
        let exits = self.rng.random_ratio(1, 3).then(|| (self.duration() * 10, self.rng.random_range(0..2)));
        Start { takes: self.duration(), exits }
    }

    fn stop(&mut self, container: usize, grace: Duration, _: Cause, _: Time) -> (Duration, i32) {
        assert!(self.runs[container], "only what runs is stopped");
        assert!(grace >= Duration::from_secs(2));
        (self.duration().min(grace), 137)
    }

    fn post_start(&mut self, _: usize, _: Time) -> (Duration, bool) {
        (self.duration(), self.rng.random_ratio(2, 3))
    }

    fn pre_stop(&mut self, _: usize, _: Duration, _: Time) -> Duration {
        self.duration()
    }

    fn observe(&mut self, note: &Note<'_>, _: Time) {
        match note {
            Note::Started(container) => self.runs[*container] = true,
            Note::Exited(container, _) => self.runs[*container] = false,
            Note::Ask(Ask::Gone) => {
                assert!(!self.is_gone && !self.runs.contains(&true), "the end comes once, and last");
                self.is_gone = true;
            }
            Note::Ask(_) => {}
        }
    }
}

#[test]
fn no_pod_gets_out_of_step() {
    for seed in 0..300 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let (spec, containers) = spec(&mut rng);
        let begin = Time::from_millis(rng.random_range(0..100_000));
        let pod = pod(&spec, settings(&mut rng), begin);
        let world =
            Checks { rng: ChaCha8Rng::seed_from_u64(seed), runs: vec![false; containers], is_gone: false };
        let mut time = VirtualTime::new(pod, world, begin, &mut rng);
        for _ in 0..20 {
            let until = time.now() + Duration::from_secs(rng.random_range(1..200));
            while time.step(until, &mut rng) {
                check(&time.pod);
            }
            time.act(&mut rng, Pod::sync);
        }
        time.act(&mut rng, |pod, now, rng| pod.delete(None, now, rng));
        time.run(time.now() + Duration::from_secs(300), &mut rng);
        assert!(time.pod.is_gone() && time.world.is_gone, "seed {seed}: {:?}", time.pod.status());
        assert!(time.pod.next_wake().is_none(), "seed {seed}: nothing is left to do");
    }
}

/// What the API never shows. A late answer may show as ready or started what has just ended, for as long as
/// the pod worker is busy; that is the kubelet's way.
fn check(pod: &Pod) {
    let conditions = pod.status().conditions;
    assert!(!conditions.ready.is_true || conditions.containers_ready.is_true);
    for (index, it) in pod.status().containers.iter().enumerate() {
        // Init containers that are to run again are shown as they were.
        let is_old = it.state == State::Waiting(Waiting::RestartingAllContainers);
        let is_kept = is_old && pod.role(index) == Role::Init;
        assert!(it.instance.is_some() || is_kept || !(it.ready || it.started), "not created, not ready");
    }
}

fn settings(rng: &mut ChaCha8Rng) -> Settings {
    let mut settings = match rng.random_range(0..3) {
        0 => Settings::ideal(),
        1 => Settings::of(Version::V1_36_2),
        _ => Settings::of("1.34".parse().expect("a version")),
    };
    settings.race = [Race::PublishFirst, Race::WorkerFirst, Race::Either][rng.random_range(0..3)];
    settings
}

fn spec(rng: &mut ChaCha8Rng) -> (Value, usize) {
    let policy = ["Always", "OnFailure", "Never"][rng.random_range(0..3)];
    let (init, regular) = (rng.random_range(0..3), rng.random_range(1..4));
    let mut container = |name: String, is_init: bool| {
        let mut it = json!({"name": name});
        let is_sidecar = is_init && rng.random();
        if is_sidecar {
            it["restartPolicy"] = "Always".into();
        }
        for kind in Kind::ALL {
            if (is_sidecar || !is_init) && rng.random() {
                it[kind.field()] = json!({"tcpSocket": {"port": 1},
                    "periodSeconds": rng.random_range(1..12),
                    "failureThreshold": rng.random_range(1..4),
                    "initialDelaySeconds": rng.random_range(0..12)});
            }
        }
        if rng.random_ratio(1, 4) {
            it["lifecycle"] = json!({"preStop": {"exec": {"command": ["x"]}}});
        }
        if (is_sidecar || !is_init) && rng.random_ratio(1, 4) {
            it["lifecycle"]["postStart"] = json!({"exec": {"command": ["x"]}});
        }
        if !is_init && rng.random_ratio(1, 6) {
            it["restartPolicy"] = "Never".into();
            it["restartPolicyRules"] = json!([{"action": "RestartAllContainers",
                "exitCodes": {"operator": "In", "values": [1]}}]);
        }
        it
    };
    let init: Vec<Value> = (0..init).map(|n| container(format!("i{n}"), true)).collect();
    let regular: Vec<Value> = (0..regular).map(|n| container(format!("c{n}"), false)).collect();
    let containers = init.len() + regular.len();
    (json!({"restartPolicy": policy, "initContainers": init, "containers": regular}), containers)
}
