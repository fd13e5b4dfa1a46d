//! The status has the shape of those that a real kubelet wrote.

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use serde_json::{Value, json};

use super::clock::Clock;
use super::publish::{Details, LastWords, Surroundings, status};
use crate::kubelet::{Ask, Change, Identity, Instance, Outcome, Phase, Pod, Settings, Time};

const LIVENESS: &str = include_str!("../../../../tests/fixtures/recordings/pod-liveness.jsonl");
const FAIL: &str = include_str!("../../../../tests/fixtures/recordings/pod-fail.jsonl");

/// A pod of a recording in the model, and what was recorded of it.
struct Scene {
    pod: Pod,
    object: Value,
    recorded: Vec<Value>,
    phase: Phase,
    has_sandbox: bool,
    is_placed: bool,
    details: Details,
    rng: ChaCha8Rng,
}

impl Scene {
    /// Container `main` of the recorded pod starts at once; its probes fail.
    fn new(recording: &str) -> Self {
        let frames = recording.lines().filter_map(|line| {
            let frame: Value = serde_json::from_str(line).unwrap();
            let object = frame["event"]["object"].clone();
            (frame["resource"] == "pods" && object["status"]["containerStatuses"].is_array())
                .then_some(object)
        });
        let frames: Vec<Value> = frames.collect();
        let mut object = frames[0].clone();
        object["status"]["conditions"].as_array_mut().unwrap().retain(|one| one["type"] == "PodScheduled");
        let text = |key: &str| object["metadata"][key].as_str().unwrap().to_owned();
        let identity = Identity { name: text("name"), namespace: text("namespace"), uid: text("uid") };
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let spec = super::pod_run::spec(&object).unwrap();
        let pod = Pod::try_new(spec, identity, Settings::ideal(), Time::ORIGIN, &mut rng).unwrap();
        let recorded = frames.into_iter().map(|frame| frame["status"].clone()).collect();
        Self {
            pod,
            object,
            recorded,
            phase: Phase::Pending,
            has_sandbox: false,
            is_placed: false,
            details: Details::default(),
            rng,
        }
    }

    /// Does what the model asks at this second. Says whether it asked for a start.
    fn settle(&mut self, second: u64) -> bool {
        let now = Time::from_millis(second * 1000);
        let mut is_started = false;
        while let Some(ask) = self.pod.next_ask() {
            match ask {
                Ask::Start { container, .. } => {
                    is_started = true;
                    (self.has_sandbox, self.is_placed) = (true, true);
                    self.pod.container_started(container, now, &mut self.rng);
                }
                Ask::Probe(attempt) => {
                    self.pod.probe_done(attempt.id, Outcome::Failure, "", now, &mut self.rng);
                }
                Ask::Stop { container, .. } => self.pod.container_exited(container, 137, now, &mut self.rng),
                Ask::Change(Change::Phase(phase)) => {
                    self.phase = phase;
                    self.has_sandbox &= !phase.is_terminal();
                }
                _ => {}
            }
        }
        is_started
    }

    /// Lets time go by until an instance is started; the number of starts has to be reached.
    fn until_starts(&mut self, starts: usize, mut second: u64) -> u64 {
        let mut seen = 0;
        loop {
            self.pod.wake(Time::from_millis(second * 1000), &mut self.rng);
            seen += usize::from(self.settle(second));
            if seen == starts {
                return second;
            }
            second += 1;
            assert!(second < 100, "it was not started {starts} times");
        }
    }

    fn status(&self) -> Value {
        let around = Surroundings {
            clock: Clock::start(std::time::Duration::from_secs(1_795_226_721)),
            object: &self.object,
            phase: self.phase,
            host_ip: [127, 20, 0, 1].into(),
            pod_ip: self.is_placed.then_some([127, 20, 1, 1].into()),
            since: Time::ORIGIN,
            has_sandbox: (self.has_sandbox, Time::ORIGIN),
            containers: vec![self.details.clone()],
        };
        status(&self.pod, &around)
    }

    #[track_caller]
    fn is_recorded(&self, frame: usize) {
        let (ours, theirs) = (self.status(), self.recorded[frame].clone());
        assert_eq!(format!("{:#}", shape(ours)), format!("{:#}", shape(theirs)), "frame {frame}");
    }
}

/// Without what differs from one cluster to the next: times, addresses, names of images, what is mounted.
fn shape(mut value: Value) -> Value {
    match &mut value {
        Value::Object(map) => {
            map.shift_remove("volumeMounts");
            for (key, inner) in map.iter_mut() {
                let differs =
                    key.ends_with("Time") || key.ends_with("At") || key.ends_with("IP") || key == "ip";
                *inner = match inner.as_str() {
                    Some(text) if differs || ["image", "imageID", "containerID"].contains(&key.as_str()) => {
                        json!(if text.is_empty() { "" } else { "…" })
                    }
                    _ => shape(inner.take()),
                };
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = shape(item.take())),
        _ => {}
    }
    value
}

#[test]
fn a_pod_that_is_restarted_looks_as_it_was_recorded() {
    let mut scene = Scene::new(LIVENESS);
    scene.is_recorded(0);
    scene.details.image_id = "lab://process".into();
    let first = scene.until_starts(1, 0);
    scene.is_recorded(2);
    let second = scene.until_starts(1, first + 1);
    scene.is_recorded(3);
    assert_eq!(scene.status()["containerStatuses"][0]["restartCount"], 1);
    scene.until_starts(1, second + 1);
    scene.is_recorded(4);
}

#[test]
fn a_pod_in_back_off_looks_as_it_was_recorded() {
    let mut scene = Scene::new(LIVENESS);
    scene.details.image_id = "lab://process".into();
    let third = scene.until_starts(3, 0);
    // The fourth failure in a row comes four seconds later, and the restart has to wait.
    for second in third + 1..third + 6 {
        scene.pod.wake(Time::from_millis(second * 1000), &mut scene.rng);
        scene.settle(second);
    }
    scene.is_recorded(5);
}

#[test]
fn a_pod_that_failed_looks_as_it_was_recorded() {
    let mut scene = Scene::new(FAIL);
    scene.details.image_id = "lab://process".into();
    scene.until_starts(1, 0);
    scene.is_recorded(2);
    scene.pod.container_exited(0, 5, Time::from_millis(2000), &mut scene.rng);
    scene.settle(2);
    scene.is_recorded(scene.recorded.len() - 1);
    let words = LastWords { instance: Instance::FIRST, reason: None, message: "out of luck".into() };
    scene.details.last_words.push(words);
    let state = &scene.status()["containerStatuses"][0]["state"]["terminated"];
    assert_eq!((&state["reason"], &state["message"]), (&json!("Error"), &json!("out of luck")));
}

#[test]
fn a_container_that_is_held_says_why() {
    let mut scene = Scene::new(FAIL);
    scene.details.held = Some(("ErrImagePull", "no such thing".into()));
    let waiting = &scene.status()["containerStatuses"][0]["state"]["waiting"];
    assert_eq!(waiting, &json!({"reason": "ErrImagePull", "message": "no such thing"}));
}

#[test]
fn conditions_of_others_stay() {
    let mut scene = Scene::new(FAIL);
    let other = json!({"type": "example.com/gate", "status": "True"});
    scene.object["status"]["conditions"].as_array_mut().unwrap().push(other.clone());
    assert_eq!(scene.status()["conditions"].as_array().unwrap().last(), Some(&other));
}
