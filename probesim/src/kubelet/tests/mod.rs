//! The model against the vectors, against a real kubelet, and against the clock.

mod chance;
mod restarts;
mod rules;
mod runs;
mod speed;
mod vectors;

use super::*;

use rand::SeedableRng;
use rand::rngs::ChaCha8Rng;
use std::time::Duration;

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(7)
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_millis((seconds * 1000.0).round() as u64)
}

fn pod(spec: &serde_json::Value, settings: Settings, now: Time) -> Pod {
    let spec: PodSpec = serde_json::from_value(spec.clone()).expect("a pod's spec");
    let identity = Identity { name: "p".into(), namespace: "n".into(), uid: "u".into() };
    Pod::try_new(spec, identity, settings, now, &mut rng()).expect("a valid spec")
}
