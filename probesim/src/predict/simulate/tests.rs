use super::*;
use crate::kubelet::Probe;
use crate::predict::closed;
use crate::predict::faults::Faults;
use crate::predict::latency::Latency;
use crate::predict::world::Chances;
use serde_json::json;

fn plan(container: serde_json::Value, failure: f64) -> Plan {
    let spec = json!({"containers": [container]});
    let faults = Faults { failure, latency: Latency::NONE };
    let chances = Chances { faults: [faults.clone(), faults.clone(), faults], startup: Latency::NONE };
    Plan {
        spec: serde_json::from_value(spec).expect("a pod"),
        settings: Settings::ideal(),
        assumed: vec![Assumed::Chance(chances)],
        seed: 11,
    }
}

fn probe_of(plan: &Plan, kind: Kind) -> &Probe {
    plan.spec.containers[0].probe(kind).expect("a probe")
}

fn steady(plan: &Plan, seconds: u64) -> Prediction {
    plan.steady(Span { sample: Duration::from_secs(seconds), samples: 20 }).expect("a valid plan")
}

fn agree(what: &str, simulated: f64, formula: f64, share: f64) {
    println!("{what}: simulated {simulated:.6}, by formula {formula:.6}");
    let off = (simulated - formula).abs() / formula;
    assert!(off < share, "{what}: simulated {simulated}, by formula {formula}");
}

fn mean(samples: &[f64]) -> f64 {
    samples.iter().sum::<f64>() / samples.len() as f64
}

#[test]
fn formulas_and_simulation_agree() {
    let probe = json!({"tcpSocket": {"port": 1}});
    for (failure, seconds, share) in [(0.5, 100_000, 0.03), (0.3, 100_000, 0.1)] {
        let plan = plan(json!({"name": "c", "readinessProbe": probe}), failure);
        let seen = steady(&plan, seconds);
        let probe = probe_of(&plan, Kind::Readiness);
        let formula = closed::readiness(probe, failure);
        let container = &seen.containers[0];
        agree("share of probes", container.unready_probes.mean, formula.share_of_probes, share);
        agree("share of time", container.unready.mean, formula.share_of_time, share);
        agree("flips a day", container.flips.per_day.mean, closed::flips_per_day(probe, failure), share);
    }
    let plan = plan(json!({"name": "c", "livenessProbe": probe}), 0.5);
    let seen = steady(&plan, 500_000);
    agree("probes per kill", seen.containers[0].probes_per_kill.mean, closed::probes_to_run(0.5, 3), 0.04);
}

#[test]
fn restarts_that_are_rare_come_as_often_as_computed() {
    let probe = json!({"tcpSocket": {"port": 1}, "periodSeconds": 1, "failureThreshold": 2});
    let plan = plan(json!({"name": "c", "livenessProbe": probe}), 0.02);
    let formula = closed::restarts_per_day(probe_of(&plan, Kind::Liveness), 0.02);
    agree("restarts a day", steady(&plan, 100_000).containers[0].restarts.per_day.mean, formula, 0.1);
}

#[test]
fn a_probe_that_is_too_slow_counts_as_failed() {
    let probe = json!({"tcpSocket": {"port": 1}});
    let mut plan = plan(json!({"name": "c", "readinessProbe": probe}), 0.0);
    let faults = Faults { failure: 0.2, latency: "exponential 1s".parse().expect("a latency") };
    let failure = faults.effective(Duration::from_secs(1));
    let faults = [faults.clone(), faults.clone(), faults];
    plan.assumed = vec![Assumed::Chance(Chances { faults, startup: Latency::NONE })];
    let formula = closed::readiness(probe_of(&plan, Kind::Readiness), failure);
    let seen = steady(&plan, 100_000);
    agree("share", seen.containers[0].unready_probes.mean, formula.share_of_probes, 0.06);
}

#[test]
fn outages_are_seen_after_the_time_that_the_grid_gives() {
    let probe = json!({"tcpSocket": {"port": 1}, "successThreshold": 2});
    let plan = plan(json!({"name": "c", "readinessProbe": probe}), 0.0);
    let probe = probe_of(&plan, Kind::Readiness);
    for hangs in [false, true] {
        let seen = plan.outages(Duration::from_secs(100), hangs, 200).expect("a valid plan");
        let answer = Duration::from_secs(u64::from(hangs));
        let (formula, worst) = closed::detection(probe, answer);
        agree("detection", mean(&seen.unready_after), formula.as_secs_f64(), 0.03);
        assert!(seen.unready_after.iter().all(|after| *after <= worst.as_secs_f64()));
        agree("recovery", mean(&seen.ready_after), closed::recovery(probe).0.as_secs_f64(), 0.08);
    }
    let seen = plan.outages(Duration::from_secs(24), false, 400).expect("a valid plan");
    let formula = closed::chance_of_detection(probe, Duration::ZERO, Duration::from_secs(24));
    agree("share that is seen", f64::from(seen.unready) / 400.0, formula, 0.1);
}

#[test]
fn a_rollout_trips_as_often_as_computed() {
    let probe = json!({"tcpSocket": {"port": 1}});
    let plan = plan(json!({"name": "c", "readinessProbe": probe, "livenessProbe": probe}), 0.2);
    let window = Duration::from_secs(600);
    let seen = plan.rollouts(window, Duration::ZERO, 500).expect("a valid plan");
    let (liveness, readiness) = (probe_of(&plan, Kind::Liveness), probe_of(&plan, Kind::Readiness));
    let formula = closed::chance_of_trip(&[(Some(liveness), 0.2, Some(readiness), 0.2)], window);
    agree("a rollout", f64::from(seen.tripped) / f64::from(seen.pods), formula, 0.1);
}

#[test]
fn a_long_period_makes_no_pod_late() {
    let probe = json!({"tcpSocket": {"port": 1}, "periodSeconds": i32::MAX});
    let plan = plan(json!({"name": "c", "readinessProbe": probe}), 0.0);
    let seen = plan.rollouts(Duration::from_secs(600), Duration::ZERO, 50).expect("a valid plan");
    assert_eq!(seen.late, 0);
}

#[test]
fn a_start_is_killed_as_often_as_computed() {
    let probe = json!({"tcpSocket": {"port": 1}});
    let mut plan = plan(json!({"name": "c", "startupProbe": probe}), 0.0);
    let faults = Faults { failure: 0.3, latency: Latency::NONE };
    let startup: Latency = "exponential 10s".parse().expect("a latency");
    let chances = Chances { faults: [faults.clone(), faults.clone(), faults], startup: startup.clone() };
    plan.assumed = vec![Assumed::Chance(chances)];
    let formula = closed::chance_of_startup_kill(probe_of(&plan, Kind::Startup), 0.3, &startup);
    // The third probe comes within 30 s of the start, and that within 10 s of the window's beginning.
    let seen = plan.rollouts(Duration::from_secs(41), Duration::ZERO, 2000).expect("a valid plan");
    agree("a start", f64::from(seen.restarted) / 2000.0, formula, 0.1);
}

#[test]
fn the_same_seed_gives_the_same_prediction() {
    let probe = json!({"tcpSocket": {"port": 1}});
    let mut plan = plan(json!({"name": "c", "readinessProbe": probe}), 0.3);
    let seen = |plan: &Plan| steady(plan, 10_000).unready;
    let first = seen(&plan);
    assert_eq!(first, seen(&plan));
    plan.seed += 1;
    assert_ne!(first, seen(&plan));
}

/// Every closed form that the command prints, against so many probes that three digits are certain.
#[test]
#[ignore = "makes 10 million probes for each formula"]
fn formulas_and_ten_million_probes_agree_to_three_digits() {
    let probe = json!({"tcpSocket": {"port": 1}});
    for failure in [0.5, 0.3] {
        let plan = plan(json!({"name": "c", "readinessProbe": probe}), failure);
        let seen = steady(&plan, 5_000_000);
        assert!(seen.attempts > 10_000_000, "{}", seen.attempts);
        let probe = probe_of(&plan, Kind::Readiness);
        let formula = closed::readiness(probe, failure);
        let container = &seen.containers[0];
        let shares = [
            ("share of probes", container.unready_probes.mean, formula.share_of_probes),
            ("share of time", container.unready.mean, formula.share_of_time),
        ];
        for (what, simulated, formula) in shares {
            println!("{what} at {failure}: simulated {simulated:.5}, by formula {formula:.5}");
            assert!((simulated - formula).abs() < 0.0005);
        }
        agree("flips a day", container.flips.per_day.mean, closed::flips_per_day(probe, failure), 0.003);
        let probes = 8640.0 + closed::flips_per_day(probe, failure);
        agree("readiness probes a day", container.probes[1].per_day.mean, probes, 0.002);
    }
    // Back-off lets most of the time go by without probes.
    let restarting = plan(json!({"name": "c", "livenessProbe": probe}), 0.5);
    let seen = steady(&restarting, 150_000_000);
    assert!(seen.attempts > 10_000_000, "{}", seen.attempts);
    agree("probes per kill", seen.containers[0].probes_per_kill.mean, closed::probes_to_run(0.5, 3), 0.001);
    // Restarts so rare that no back-off is in the way, and enough of them for three digits.
    let quick = json!({"tcpSocket": {"port": 1}, "periodSeconds": 10, "failureThreshold": 1});
    let rare = plan(json!({"name": "c", "livenessProbe": quick}), 0.01);
    let seen = steady(&rare, 20_000_000);
    let formula = closed::restarts_per_day(probe_of(&rare, Kind::Liveness), 0.01);
    assert!(seen.attempts > 10_000_000, "{}", seen.attempts);
    agree("restarts a day", seen.containers[0].restarts.per_day.mean, formula, 0.005);
    // Now and then two restarts lie so close to each other that the second one waits.
    agree("liveness probes a day", seen.containers[0].probes[2].per_day.mean, 8640.0, 0.004);
}

#[test]
#[ignore = "watches a hundred thousand outages and rollouts"]
fn formulas_and_a_hundred_thousand_pods_agree_to_three_digits() {
    let probe = json!({"tcpSocket": {"port": 1}, "successThreshold": 2});
    let readiness = plan(json!({"name": "c", "readinessProbe": probe}), 0.0);
    let probe = probe_of(&readiness, Kind::Readiness);
    let seen = readiness.outages(Duration::from_secs(1000), true, 100_000).expect("a valid plan");
    let (detection, worst) = closed::detection(probe, Duration::from_secs(1));
    agree("detection", mean(&seen.unready_after), detection.as_secs_f64(), 0.0005);
    assert!(seen.unready_after.iter().all(|after| *after <= worst.as_secs_f64()));
    agree("recovery", mean(&seen.ready_after), closed::recovery(probe).0.as_secs_f64(), 0.001);
    let seen = readiness.outages(Duration::from_secs(27), true, 100_000).expect("a valid plan");
    let formula = closed::chance_of_detection(probe, Duration::from_secs(1), Duration::from_secs(27));
    agree("share of outages", f64::from(seen.unready) / 100_000.0, formula, 0.001);

    let probe = json!({"tcpSocket": {"port": 1}});
    let both = plan(json!({"name": "c", "readinessProbe": probe, "livenessProbe": probe}), 0.2);
    let window = Duration::from_secs(600);
    let seen = both.rollouts(window, Duration::ZERO, 1_000_000).expect("a valid plan");
    let (liveness, readiness) = (probe_of(&both, Kind::Liveness), probe_of(&both, Kind::Readiness));
    let formula = closed::chance_of_trip(&[(Some(liveness), 0.2, Some(readiness), 0.2)], window);
    agree("rollouts", f64::from(seen.tripped) / f64::from(seen.pods), formula, 0.002);

    let mut slow = plan(json!({"name": "c", "startupProbe": probe}), 0.0);
    let faults = Faults { failure: 0.3, latency: Latency::NONE };
    let startup: Latency = "exponential 10s".parse().expect("a latency");
    let chances = Chances { faults: [faults.clone(), faults.clone(), faults], startup: startup.clone() };
    slow.assumed = vec![Assumed::Chance(chances)];
    let seen = slow.rollouts(Duration::from_secs(41), Duration::ZERO, 1_000_000).expect("a valid plan");
    let formula = closed::chance_of_startup_kill(probe_of(&slow, Kind::Startup), 0.3, &startup);
    agree("starts killed", f64::from(seen.restarted) / 1e6, formula, 0.01);
}
