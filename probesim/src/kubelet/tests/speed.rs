//! How many probes a second virtual time makes. Prints its figures:
//! `cargo test -p probesim --profile server --lib kubelet::tests::speed -- --ignored --nocapture`

use rand::{Rng, RngExt};
use serde_json::json;

use super::super::*;
use super::{Duration, pod, rng};

const PROBES: u64 = 20_000_000;

/// Fails by chance, at once.
struct Chance(f64);

impl World for Chance {
    fn probe(&mut self, _: &Attempt, _: Time, rng: &mut impl Rng) -> (Outcome, Duration) {
        let outcome = if rng.random::<f64>() < self.0 { Outcome::Failure } else { Outcome::Success };
        (outcome, Duration::ZERO)
    }
}

#[test]
#[ignore = "takes a while, and its figure means something only when optimised"]
fn virtual_time_makes_five_million_probes_a_second() {
    let probe = json!({"tcpSocket": {"port": 1}});
    for (name, container) in [
        ("liveness alone", json!({"name": "c", "livenessProbe": probe})),
        (
            "all three",
            json!({"name": "c", "startupProbe": probe, "readinessProbe": probe, "livenessProbe": probe}),
        ),
    ] {
        for chance in [0.0, 0.01, 0.2] {
            let spec = json!({"containers": [container]});
            let pod = pod(&spec, Settings::of(Version::V1_36_2), Time::ORIGIN);
            let mut rng = rng();
            let mut time = VirtualTime::new(pod, Chance(chance), Time::ORIGIN, &mut rng);
            let begun = tokio::time::Instant::now();
            while time.attempts() < PROBES {
                let until = time.now() + Duration::from_secs(100_000);
                time.run(until, &mut rng);
            }
            let rate = time.attempts() as f64 / begun.elapsed().as_secs_f64();
            println!("{name}, p = {chance}: {:.1} million probes a second", rate / 1e6);
            if !cfg!(debug_assertions) {
                assert!(rate >= 5e6, "{rate} probes a second");
            }
        }
    }
}
