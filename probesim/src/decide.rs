//! What one request is answered, from the plan and the moment of its arrival.

use std::time::Duration;

use bytes::Bytes;

use crate::endpoint::Endpoint;
use crate::plan::what::{Answer, What};
use crate::plan::whom::Asked;
use crate::plan::{BROKEN_DEPENDENCY, Outcomes, Plan, Planned, Script, Step, When};
use crate::rng::Draws;

/// What a decision may depend on.
#[derive(Clone, Copy, Debug)]
pub struct Arrival<'a> {
    /// How many requests reached this endpoint before.
    pub sequence: u64,
    /// Since the process began.
    pub uptime: Duration,
    /// Whether the process was asked to stop.
    pub is_draining: bool,
    /// The request.
    pub asked: Asked<'a>,
}

/// What a request is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The wait before the answer.
    pub delay: Duration,
    /// The HTTP status.
    pub status: u16,
    /// The body, unless the planned fault has one.
    pub body: &'static str,
    /// For logs: what answered, in a word; `healthy` if no fault did.
    pub reason: &'static str,
    /// The planned fault that answers.
    pub planned: Option<Planned>,
}

/// What the named dependencies come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// How long it took to ask them, all at once.
    pub delay: Duration,
    /// Whether readiness is to fail.
    pub is_failing: bool,
}

/// The waits that were planned so far.
#[derive(Clone, Copy, Debug, Default)]
struct Delays {
    all: Duration,
    successes: Duration,
    failures: Duration,
}

/// Takes the script of `endpoint` step by step; the first fault that applies answers.
///
/// All is decided on arrival, so that neither concurrency nor a client that leaves changes what others get.
/// kube-probesim looks at the clock after its sleep: here the steps after a wait see the uptime that will
/// then be.
///
/// `take_turn` gives the number of earlier requests that got as far as the counting step, and `follow` what the
/// dependencies come to. Both are called only where a step needs them.
pub fn decide(
    plan: &Plan,
    endpoint: Endpoint,
    arrival: Arrival<'_>,
    draws: &Draws,
    take_turn: impl Fn() -> u64,
    follow: impl Fn() -> Followed,
) -> Decision {
    let script = plan.of(endpoint);
    let mut delays = Delays::default();
    for step in &script.steps {
        let fault = match step {
            Step::Wait(time) => {
                delays.all = delays.all.saturating_add(*time);
                continue;
            }
            Step::Inject(planned) => match inject(planned, arrival, draws, &mut delays) {
                Some(answer) => return planned_answer(script, planned, answer, delays),
                None => continue,
            },
            Step::Follow => {
                let followed = follow();
                delays.all = delays.all.saturating_add(followed.delay);
                if !followed.is_failing {
                    continue;
                }
                let (delay, body) = (delays.of(500), BROKEN_DEPENDENCY);
                return Decision { delay, status: 500, body, reason: "dependency", planned: None };
            }
            Step::Fail(fault) => fault,
        };
        let applies = match fault.when {
            When::Always => true,
            When::Draining => arrival.is_draining,
            When::Chance(rate) => rate.covers(draws.at(endpoint.index() as u64, arrival.sequence)),
            When::Uptime { from, until } => {
                let uptime = arrival.uptime.saturating_add(delays.all);
                uptime >= from && until.is_none_or(|until| uptime < until)
            }
            When::Turns { pass, fail } => (pass..pass.saturating_add(fail)).contains(&take_turn()),
        };
        if applies {
            let delay = delays.of(fault.status);
            let (status, body, reason) = (fault.status, fault.body, fault.reason);
            return Decision { delay, status, body, reason, planned: None };
        }
    }
    let (status, body) = (script.healthy_status, script.healthy);
    Decision { delay: delays.of(200), status, body, reason: "healthy", planned: None }
}

/// The answer of a planned fault, if it applies and has one; a wait is added to the others.
fn inject<'a>(
    Planned(fault): &'a Planned,
    arrival: Arrival<'_>,
    draws: &Draws,
    delays: &mut Delays,
) -> Option<&'a Answer> {
    let t = fault.time(arrival.uptime.saturating_add(delays.all))?;
    let applies = fault.whom.covers(arrival.asked, draws.seed(), fault.stream)
        && fault.timing.hits(t, arrival.sequence, || fault.take_turn(), draws, fault.stream);
    if !applies {
        return None;
    }
    fault.count_hit();
    let second = || draws.second_at(fault.stream, arrival.sequence);
    match &fault.what {
        What::Wait(latency, outcomes) => {
            let delay = match outcomes {
                Outcomes::All => &mut delays.all,
                Outcomes::Successes => &mut delays.successes,
                Outcomes::Failures => &mut delays.failures,
            };
            *delay = delay.saturating_add(latency.at(second()));
            None
        }
        What::Answer(answer) => {
            if let Some(latency) = &answer.latency {
                delays.all = delays.all.saturating_add(latency.at(second()));
            }
            Some(answer)
        }
        What::Network(_) => None,
    }
}

fn planned_answer(script: &Script, planned: &Planned, answer: &Answer, delays: Delays) -> Decision {
    let body = if answer.status >= 400 {
        "Injected failure\n"
    } else if script.healthy_status >= 400 {
        "OK\n"
    } else {
        script.healthy
    };
    Decision {
        delay: delays.of(answer.status),
        status: answer.status,
        body,
        reason: answer.manner.word(),
        planned: Some(planned.clone()),
    }
}

// === impl Decision ===

impl Decision {
    /// The planned answer, if there is one.
    #[must_use]
    pub fn answer(&self) -> Option<&Answer> {
        match &self.planned.as_ref()?.0.what {
            What::Answer(answer) => Some(answer),
            What::Wait(..) | What::Network(_) => None,
        }
    }

    /// The planned body, else the endpoint's.
    #[must_use]
    pub fn planned_body(&self) -> Bytes {
        let planned = self.answer().and_then(|answer| answer.body.clone());
        planned.unwrap_or(Bytes::from_static(self.body.as_bytes()))
    }

    /// `success`, `failure`, or `none` if no status is sent.
    #[must_use]
    pub fn outcome(&self) -> &'static str {
        if self.answer().is_some_and(|answer| !answer.manner.has_status()) {
            "none"
        } else if self.status < 400 {
            "success"
        } else {
            "failure"
        }
    }

    /// The name of the planned fault, else the reason.
    #[must_use]
    pub fn cause(&self) -> &str {
        self.planned.as_ref().map_or(self.reason, |planned| &planned.0.name)
    }
}

// === impl Delays ===

impl Delays {
    fn of(self, status: u16) -> Duration {
        self.all.saturating_add(if status < 400 { self.successes } else { self.failures })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::config::Faults;
    use crate::endpoint::Endpoints;
    use crate::plan::{Rate, Sources, spec};
    use crate::yaml::Node;

    use Endpoint::{Dependency, Liveness, Readiness, Startup};

    /// One endpoint asked again and again, as a server would be.
    struct Server {
        plan: Plan,
        draws: Draws,
        sequence: Cell<u64>,
        turn: Cell<u64>,
        is_draining: bool,
    }

    impl Server {
        fn new(faults: &Faults) -> Self {
            Self::with(Plan::new(faults))
        }

        /// With faults as a user writes them.
        fn planned(text: &str) -> Self {
            let endpoints = Endpoints::default();
            let fixed = spec::read_all(&Node::parse(text).unwrap(), "", "fault-", &endpoints).unwrap();
            let sources = Sources { fixed: &fixed, ..Sources::default() };
            Self::with(Plan::build(&Faults::default(), sources, &endpoints))
        }

        fn with(plan: Plan) -> Self {
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
            let asked = Asked { headers: None, path: "", address: None };
            let arrival = Arrival { sequence, uptime, is_draining: self.is_draining, asked };
            let turn = || self.turn.replace(self.turn.get() + 1);
            decide(&self.plan, endpoint, arrival, &self.draws, turn, Followed::default)
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
        let asked = Server::new(&Faults::default());
        for (endpoint, body) in [
            (Liveness, "Liveness probe successful\n"),
            (Readiness, "Readiness probe successful\n"),
            (Startup, "Startup probe successful\n"),
            (Dependency, "Dependency is healthy\n"),
        ] {
            let healthy =
                Decision { delay: Duration::ZERO, status: 200, body, reason: "healthy", planned: None };
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
            let asked = Server::new(faults);
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
        let asked = Server::new(&Faults { failure_rate: percent(100.0), ..Faults::default() });
        assert_eq!(asked.ask(Liveness).status, 500);
        let asked = Server::new(&Faults { fail_dependency: true, ..Faults::default() });
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
                let asked = Server::new(&Faults { fail_count, recovery_period, ..Faults::default() });
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
        let asked = Server::new(&faults);
        let answers = [0, 60, 119, 120, 121].map(|uptime| asked.at(Readiness, secs(uptime)).reason);
        assert_eq!(answers, ["healthy", "partition", "partition", "fail-count", "healthy"]);

        let asked =
            Server::new(&Faults { failure_rate: percent(50.0), recovery_period: 5, ..Faults::default() });
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
        let asked = Server::new(&faults);
        for (millis, status) in [(119_999, 200), (120_000, 500), (179_999, 500), (180_000, 200)] {
            let uptime = Duration::from_millis(millis);
            assert_eq!(asked.at(Readiness, uptime).status, status, "{uptime:?}");
            assert_eq!(asked.at(Liveness, uptime).status, 200);
            assert_eq!(asked.at(Dependency, uptime).status, 200);
        }
    }

    #[test]
    fn a_partition_without_an_end_lasts() {
        let asked = Server::new(&Faults { disconnect_after: Some(secs(60)), ..Faults::default() });
        assert_eq!(asked.at(Readiness, secs(59)).status, 200);
        assert_eq!(asked.at(Readiness, secs(10_000_000)).status, 500);
    }

    #[test]
    fn a_time_threshold_fails_for_ever() {
        let asked = Server::new(&Faults { liveness_fail_after: Some(secs(2)), ..Faults::default() });
        for (millis, status) in [(0, 200), (1_999, 200), (2_000, 500), (999_999_999, 500)] {
            assert_eq!(asked.at(Liveness, Duration::from_millis(millis)).status, status, "{millis}");
        }
        assert_eq!(asked.at(Readiness, secs(3)).status, 200);
    }

    #[test]
    fn thresholds_see_the_time_after_the_wait() {
        let faults = Faults { latency: secs(3), liveness_fail_after: Some(secs(10)), ..Faults::default() };
        let asked = Server::new(&faults);
        assert_eq!(asked.at(Liveness, Duration::from_millis(6_999)).status, 200);
        assert_eq!(asked.at(Liveness, secs(7)).status, 500);
    }

    #[test]
    fn random_failures_are_not_delayed_and_dependency_and_startup_never_are() {
        let latency = secs(1);
        let asked = Server::new(&Faults { latency, failure_rate: percent(100.0), ..Faults::default() });
        assert_eq!([Liveness, Readiness].map(|endpoint| asked.ask(endpoint).delay), [Duration::ZERO; 2]);
        let asked = Server::new(&Faults { latency, recovery_period: 1, ..Faults::default() });
        assert_eq!([Liveness, Readiness].map(|endpoint| asked.ask(endpoint).delay), [latency; 2]);
        assert_eq!([Dependency, Startup].map(|endpoint| asked.ask(endpoint).delay), [Duration::ZERO; 2]);
    }

    #[test]
    fn startup_fails_until_its_delay_has_passed_and_by_nothing_else() {
        let faults = Faults { startup_delay: secs(5), failure_rate: percent(100.0), ..Faults::default() };
        let asked = Server::new(&faults);
        let early = asked.at(Startup, Duration::from_millis(4_999));
        assert_eq!((early.status, early.body), (500, "Startup probe failed: not started yet\n"));
        assert_eq!(asked.at(Startup, secs(5)).status, 200);
    }

    #[test]
    fn readiness_alone_fails_while_draining_at_once() {
        let mut asked = Server::new(&Faults { latency: secs(1), ..Faults::default() });
        asked.is_draining = true;
        let answer = asked.ask(Readiness);
        assert_eq!((answer.status, answer.body, answer.delay), (503, "Shutting down\n", Duration::ZERO));
        assert_eq!([Liveness, Startup, Dependency].map(|e| asked.ask(e).status), [200; 3]);
    }

    #[test]
    fn the_share_of_failures_is_the_rate() {
        for rate in [0.0, 0.5, 20.0, 50.0, 99.0, 100.0] {
            let asked = Server::new(&Faults { failure_rate: percent(rate), ..Faults::default() });
            let failed = asked.statuses(Liveness, 20_000).iter().filter(|status| **status == 500).count();
            let (n, p) = (20_000.0, rate / 100.0);
            let four_sigma = 4.0 * (p * (1.0 - p) / n).sqrt();
            assert!((failed as f64 / n - p).abs() <= four_sigma, "{rate}%: {failed} of {n}");
        }
    }

    #[test]
    fn liveness_and_readiness_draw_independently() {
        let faults = Faults { failure_rate: percent(50.0), ..Faults::default() };
        let (liveness, readiness) = (Server::new(&faults), Server::new(&faults));
        let both = liveness.statuses(Liveness, 10_000).into_iter().zip(readiness.statuses(Readiness, 10_000));
        let equal = both.filter(|(left, right)| left == right).count();
        assert!((4_800..5_200).contains(&equal), "{equal} of 10000 agree");
    }

    /// Found with another implementation of ChaCha8: a change here breaks what users wrote down.
    #[test]
    fn seed_42_always_gives_these_outcomes() {
        let asked = Server::new(&Faults { failure_rate: percent(20.0), ..Faults::default() });
        let failing = |endpoint| {
            asked.sequence.set(0);
            let statuses = asked.statuses(endpoint, 40);
            (0..40).filter(|n| statuses[*n] == 500).collect::<Vec<_>>()
        };
        assert_eq!(failing(Liveness), [3, 4, 7, 12, 17, 26, 29, 30, 32, 35]);
        assert_eq!(failing(Readiness), [1, 6, 8, 10, 15, 23, 25, 29, 31, 33, 34, 37]);
    }

    #[test]
    fn the_first_planned_fault_that_applies_answers_and_waits_add_up() {
        let asked = Server::planned(
            "[{on: all, latency: 1s}, {on: liveness, after: 5s, status: 429, body: no, latency: 2s},
              {on: liveness, status: 204}, {on: all, latency: 1h}]",
        );
        let early = asked.ask(Liveness);
        assert_eq!((early.status, early.delay, early.cause()), (204, secs(1), "fault-3"));
        assert_eq!(early.body, "Liveness probe successful\n");
        let late = asked.at(Liveness, secs(4));
        assert_eq!((late.status, late.delay, late.cause()), (429, secs(3), "fault-2"), "after the wait");
        let other = asked.ask(Startup);
        assert_eq!((other.status, other.delay, other.cause()), (200, secs(3_601), "healthy"));
        assert!(other.planned.is_none());
    }

    #[test]
    fn latency_may_be_for_successes_or_failures_alone() {
        let asked = Server::planned(
            "[{on: all, latency: 1s, latency_on: successes}, {on: all, latency: 3s, latency_on: failures},
              {on: all, pass: 1, fail: 1, repeat: true}]",
        );
        let delays: Vec<_> = (0..4).map(|_| asked.ask(Readiness).delay.as_secs()).collect();
        assert_eq!(delays, [1, 3, 1, 3]);
    }

    #[test]
    fn turns_count_only_the_requests_within_the_window() {
        let asked = Server::planned("{on: liveness, after: 10s, pass: 1, fail: 1}");
        let statuses = [0, 5, 10, 11, 12].map(|uptime| asked.at(Liveness, secs(uptime)).status);
        assert_eq!(statuses, [200, 200, 200, 500, 200]);
    }

    #[test]
    fn faults_draw_independently_of_each_other_and_by_their_names() {
        let failing = |text: &str| {
            let asked = Server::planned(text);
            let statuses = asked.statuses(Liveness, 2_000);
            (0..2_000).filter(|n| statuses[*n] == 500).collect::<Vec<_>>()
        };
        let first = failing("{on: liveness, rate: 50%, name: a}");
        assert_eq!(first, failing("[{on: startup}, {on: liveness, rate: 50%, name: a}]"));
        let second = failing("{on: liveness, rate: 50%, name: b}");
        let both = first.iter().filter(|n| second.contains(n)).count();
        assert!((400..600).contains(&both), "{both} in common");
    }

    #[test]
    fn a_planned_latency_has_its_distribution() {
        let asked = Server::planned("{on: liveness, latency: {p50: 100ms, p90: 300ms, p99: 1s}}");
        let mut millis: Vec<_> = (0..20_000).map(|_| asked.ask(Liveness).delay.as_millis()).collect();
        millis.sort_unstable();
        for (percent, low, high) in [(25, 48, 52), (50, 97, 103), (90, 290, 310), (99, 950, 1_000)] {
            let found = millis[200 * percent];
            assert!((low..=high).contains(&found), "p{percent} is {found} ms");
        }
    }
}
