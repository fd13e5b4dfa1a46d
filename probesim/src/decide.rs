//! What one request is answered, from the plan and the moment of its arrival.

use std::time::Duration;

use crate::endpoint::Endpoint;
use crate::plan::{Plan, Step, When};
use crate::rng::Draws;

/// What a decision may depend on.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// How many requests reached this endpoint before.
    pub sequence: u64,
    /// Since the process began.
    pub uptime: Duration,
    /// Whether the process was asked to stop.
    pub is_draining: bool,
}

/// What a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The wait before the answer.
    pub delay: Duration,
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: &'static str,
    /// For logs: the fault that answered, or `healthy`.
    pub reason: &'static str,
}

/// Takes the script of `endpoint` step by step; the first fault that applies answers.
///
/// All is decided on arrival, so that neither concurrency nor a client that leaves changes what others get.
/// kube-probesim looks at the clock after its sleep: here the steps after a wait see the uptime that will
/// then be.
///
/// `take_turn` gives the number of earlier requests that got as far as the counting step. It is called only
/// there.
pub fn decide(
    plan: &Plan,
    endpoint: Endpoint,
    arrival: Arrival,
    draws: &Draws,
    take_turn: impl Fn() -> u64,
) -> Decision {
    let script = plan.of(endpoint);
    let mut delay = Duration::ZERO;
    for step in &script.steps {
        let fault = match step {
            Step::Wait(time) => {
                delay = delay.saturating_add(*time);
                continue;
            }
            Step::Fail(fault) => fault,
        };
        let applies = match fault.when {
            When::Always => true,
            When::Draining => arrival.is_draining,
            When::Chance(rate) => rate.covers(draws.at(endpoint.index() as u64, arrival.sequence)),
            When::Uptime { from, until } => {
                let uptime = arrival.uptime.saturating_add(delay);
                uptime >= from && until.is_none_or(|until| uptime < until)
            }
            When::Turns { pass, fail } => (pass..pass.saturating_add(fail)).contains(&take_turn()),
        };
        if applies {
            return Decision { delay, status: fault.status, body: fault.body, reason: fault.reason };
        }
    }
    Decision { delay, status: 200, body: script.healthy, reason: "healthy" }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::config::Faults;
    use crate::plan::Rate;

    use Endpoint::{Dependency, Liveness, Readiness, Startup};

    /// One endpoint asked again and again, as a server would be.
    struct Asked {
        plan: Plan,
        draws: Draws,
        sequence: Cell<u64>,
        turn: Cell<u64>,
        is_draining: bool,
    }

    impl Asked {
        fn new(faults: &Faults) -> Self {
            let plan = Plan::new(faults);
            Self {
                plan,
                draws: Draws::new(42),
                sequence: Cell::new(0),
                turn: Cell::new(0),
                is_draining: false,
            }
        }

        fn at(&self, endpoint: Endpoint, uptime: Duration) -> Decision {
            let sequence = self.sequence.replace(self.sequence.get() + 1);
            let arrival = Arrival { sequence, uptime, is_draining: self.is_draining };
            decide(&self.plan, endpoint, arrival, &self.draws, || self.turn.replace(self.turn.get() + 1))
        }

        fn ask(&self, endpoint: Endpoint) -> Decision {
            self.at(endpoint, Duration::ZERO)
        }

        fn statuses(&self, endpoint: Endpoint, requests: usize) -> Vec<u16> {
            (0..requests).map(|_| self.ask(endpoint).status).collect()
        }
    }

    fn percent(percent: f64) -> Rate {
        Rate::from_percent(percent).unwrap()
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn healthy_answers_are_the_seeds() {
        let asked = Asked::new(&Faults::default());
        for (endpoint, body) in [
            (Liveness, "Liveness probe successful\n"),
            (Readiness, "Readiness probe successful\n"),
            (Startup, "Startup probe successful\n"),
            (Dependency, "Dependency is healthy\n"),
        ] {
            let healthy = Decision { delay: Duration::ZERO, status: 200, body, reason: "healthy" };
            assert_eq!(asked.ask(endpoint), healthy);
        }
    }

    #[test]
    fn the_first_fault_that_applies_answers() {
        let mut faults = Faults {
            failure_rate: percent(100.0),
            disconnect_after: Some(secs(60)),
            fail_dependency: true,
            liveness_fail_after: Some(secs(60)),
            readiness_fail_after: Some(secs(60)),
            recovery_period: 10,
            ..Faults::default()
        };
        let bodies = |faults: &Faults| {
            let asked = Asked::new(faults);
            (asked.at(Liveness, secs(60)).body, asked.at(Readiness, secs(60)).body)
        };
        let random = ("Randomized liveness probe failure\n", "Randomized readiness probe failure\n");
        assert_eq!(bodies(&faults), random);
        faults.failure_rate = Rate::default();
        let threshold = "Liveness probe failed due to time threshold\n";
        assert_eq!(bodies(&faults), (threshold, "Network partition simulated\n"));
        faults.disconnect_after = None;
        assert_eq!(bodies(&faults), (threshold, "Readiness probe failed due to dependency\n"));
        faults.fail_dependency = false;
        assert_eq!(bodies(&faults), (threshold, "Readiness probe failed due to time threshold\n"));
        (faults.liveness_fail_after, faults.readiness_fail_after) = (None, None);
        let recoverable = ("Recoverable liveness probe failure\n", "Recoverable readiness probe failure\n");
        assert_eq!(bodies(&faults), recoverable);
        faults.recovery_period = 0;
        assert_eq!(bodies(&faults), ("Liveness probe successful\n", "Readiness probe successful\n"));
    }

    #[test]
    fn every_fault_of_the_seed_is_a_500() {
        let asked = Asked::new(&Faults { failure_rate: percent(100.0), ..Faults::default() });
        assert_eq!(asked.ask(Liveness).status, 500);
        let asked = Asked::new(&Faults { fail_dependency: true, ..Faults::default() });
        let broken = asked.ask(Dependency);
        assert_eq!((broken.status, broken.body), (500, "Dependency failure\n"));
        assert_eq!(asked.ask(Readiness).status, 500);
        assert_eq!(asked.ask(Liveness).status, 200);
    }

    #[test]
    fn counts_pass_then_fail_then_pass_for_ever() {
        for (fail_count, recovery_period, failing) in
            [(0, 0, 0..0), (0, 5, 0..5), (3, 0, 0..0), (3, 2, 3..5), (-2, 5, 0..3), (-5, 5, 0..0)]
        {
            for endpoint in [Liveness, Readiness] {
                let asked = Asked::new(&Faults { fail_count, recovery_period, ..Faults::default() });
                let expected: Vec<u16> =
                    (0..20).map(|n| if failing.contains(&n) { 500 } else { 200 }).collect();
                assert_eq!(asked.statuses(endpoint, 20), expected, "({fail_count}, {recovery_period})");
            }
        }
    }

    #[test]
    fn only_requests_that_reach_the_count_are_counted() {
        let faults = Faults {
            fail_count: 1,
            recovery_period: 1,
            disconnect_after: Some(secs(60)),
            reconnect_after: Some(secs(60)),
            ..Faults::default()
        };
        let asked = Asked::new(&faults);
        let answers = [0, 60, 119, 120, 121].map(|uptime| asked.at(Readiness, secs(uptime)).reason);
        assert_eq!(answers, ["healthy", "partition", "partition", "fail-count", "healthy"]);

        let asked =
            Asked::new(&Faults { failure_rate: percent(50.0), recovery_period: 5, ..Faults::default() });
        let reasons: Vec<_> = (0..100).map(|_| asked.ask(Liveness).reason).collect();
        assert_eq!(reasons.iter().filter(|reason| **reason == "fail-count").count(), 5);
    }

    #[test]
    fn a_partition_is_readiness_only_and_half_open() {
        let faults = Faults {
            disconnect_after: Some(secs(120)),
            reconnect_after: Some(secs(60)),
            ..Faults::default()
        };
        let asked = Asked::new(&faults);
        for (millis, status) in [(119_999, 200), (120_000, 500), (179_999, 500), (180_000, 200)] {
            let uptime = Duration::from_millis(millis);
            assert_eq!(asked.at(Readiness, uptime).status, status, "{uptime:?}");
            assert_eq!(asked.at(Liveness, uptime).status, 200);
            assert_eq!(asked.at(Dependency, uptime).status, 200);
        }
    }

    #[test]
    fn a_partition_without_an_end_lasts() {
        let asked = Asked::new(&Faults { disconnect_after: Some(secs(60)), ..Faults::default() });
        assert_eq!(asked.at(Readiness, secs(59)).status, 200);
        assert_eq!(asked.at(Readiness, secs(10_000_000)).status, 500);
    }

    #[test]
    fn a_time_threshold_fails_for_ever() {
        let asked = Asked::new(&Faults { liveness_fail_after: Some(secs(2)), ..Faults::default() });
        for (millis, status) in [(0, 200), (1_999, 200), (2_000, 500), (999_999_999, 500)] {
            assert_eq!(asked.at(Liveness, Duration::from_millis(millis)).status, status, "{millis}");
        }
        assert_eq!(asked.at(Readiness, secs(3)).status, 200);
    }

    #[test]
    fn thresholds_see_the_time_after_the_wait() {
        let faults = Faults { latency: secs(3), liveness_fail_after: Some(secs(10)), ..Faults::default() };
        let asked = Asked::new(&faults);
        assert_eq!(asked.at(Liveness, Duration::from_millis(6_999)).status, 200);
        assert_eq!(asked.at(Liveness, secs(7)).status, 500);
    }

    #[test]
    fn random_failures_are_not_delayed_and_dependency_and_startup_never_are() {
        let latency = secs(1);
        let asked = Asked::new(&Faults { latency, failure_rate: percent(100.0), ..Faults::default() });
        assert_eq!([Liveness, Readiness].map(|endpoint| asked.ask(endpoint).delay), [Duration::ZERO; 2]);
        let asked = Asked::new(&Faults { latency, recovery_period: 1, ..Faults::default() });
        assert_eq!([Liveness, Readiness].map(|endpoint| asked.ask(endpoint).delay), [latency; 2]);
        assert_eq!([Dependency, Startup].map(|endpoint| asked.ask(endpoint).delay), [Duration::ZERO; 2]);
    }

    #[test]
    fn startup_fails_until_its_delay_has_passed_and_by_nothing_else() {
        let faults = Faults { startup_delay: secs(5), failure_rate: percent(100.0), ..Faults::default() };
        let asked = Asked::new(&faults);
        let early = asked.at(Startup, Duration::from_millis(4_999));
        assert_eq!((early.status, early.body), (500, "Startup probe failed: not started yet\n"));
        assert_eq!(asked.at(Startup, secs(5)).status, 200);
    }

    #[test]
    fn readiness_alone_fails_while_draining_at_once() {
        let mut asked = Asked::new(&Faults { latency: secs(1), ..Faults::default() });
        asked.is_draining = true;
        let answer = asked.ask(Readiness);
        assert_eq!((answer.status, answer.body, answer.delay), (503, "Shutting down\n", Duration::ZERO));
        assert_eq!([Liveness, Startup, Dependency].map(|e| asked.ask(e).status), [200; 3]);
    }

    #[test]
    fn the_share_of_failures_is_the_rate() {
        for rate in [0.0, 0.5, 20.0, 50.0, 99.0, 100.0] {
            let asked = Asked::new(&Faults { failure_rate: percent(rate), ..Faults::default() });
            let failed = asked.statuses(Liveness, 20_000).iter().filter(|status| **status == 500).count();
            let (n, p) = (20_000.0, rate / 100.0);
            let four_sigma = 4.0 * (p * (1.0 - p) / n).sqrt();
            assert!((failed as f64 / n - p).abs() <= four_sigma, "{rate}%: {failed} of {n}");
        }
    }

    #[test]
    fn liveness_and_readiness_draw_independently() {
        let faults = Faults { failure_rate: percent(50.0), ..Faults::default() };
        let (liveness, readiness) = (Asked::new(&faults), Asked::new(&faults));
        let both = liveness.statuses(Liveness, 10_000).into_iter().zip(readiness.statuses(Readiness, 10_000));
        let equal = both.filter(|(left, right)| left == right).count();
        assert!((4_800..5_200).contains(&equal), "{equal} of 10000 agree");
    }

    /// Found with another implementation of ChaCha8: a change here breaks what users wrote down.
    #[test]
    fn seed_42_always_gives_these_outcomes() {
        let asked = Asked::new(&Faults { failure_rate: percent(20.0), ..Faults::default() });
        let failing = |endpoint| {
            asked.sequence.set(0);
            let statuses = asked.statuses(endpoint, 40);
            (0..40).filter(|n| statuses[*n] == 500).collect::<Vec<_>>()
        };
        assert_eq!(failing(Liveness), [3, 4, 7, 12, 17, 26, 29, 30, 32, 35]);
        assert_eq!(failing(Readiness), [1, 6, 8, 10, 15, 23, 25, 29, 31, 33, 34, 37]);
    }
}
