//! kube-probesim's settings as steps, in its order of precedence.

use std::fmt;
use std::time::Duration;

use super::{Planned, Rate, Script, Step};
use crate::config::Faults;
use crate::endpoint::Endpoint;

/// What readiness says when a dependency fails.
pub(crate) const BROKEN_DEPENDENCY: &str = "Readiness probe failed due to dependency\n";

/// Why a real dependency's endpoint fails while what it stands for is down.
pub(crate) const DOWN: &str = "down";
/// What it says then.
pub(crate) const BROKEN: &str = "Dependency failure\n";

/// A failure, and when it happens.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// The requests that it applies to.
    pub when: When,
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: &'static str,
    /// For logs: the setting that asked for it, in a word.
    pub reason: &'static str,
}

/// Which requests a fault applies to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// All.
    Always,
    /// Those that come after SIGTERM.
    Draining,
    /// A random share.
    Chance(Rate),
    /// Those answered at an uptime in [from, until), or for ever.
    Uptime {
        /// The first moment.
        from: Duration,
        /// The first moment after.
        until: Option<Duration>,
    },
    /// Counting the requests that get as far as this step: `pass` go by, `fail` fail, all others go by.
    Turns {
        /// How many go by first.
        pass: u64,
        /// How many fail then.
        fail: u64,
    },
}

// === impl Script ===

/// For the operator: `500 at 20%, wait 50ms, 500 from 60s, else 200`.
impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            match step {
                Step::Wait(time) => write!(f, "wait {time:?}, ")?,
                Step::Fail(fault) => write!(f, "{} {}, ", fault.status, fault.when)?,
                Step::Follow => f.write_str("500 as dependencies, ")?,
                Step::Inject(Planned(fault)) => write!(f, "{} ({}), ", fault.name, fault.what)?,
            }
        }
        f.write_str(if self.steps.is_empty() { "" } else { "else " })?;
        write!(f, "{}", self.healthy_status)
    }
}

// === impl Step ===

impl Step {
    /// Whether kube-probesim looks at its dependency first.
    pub(super) fn is_after_dependencies(&self) -> bool {
        matches!(self, Self::Fail(Fault { reason: "fail-after-time" | "fail-count", .. }))
    }

    /// Whether it acts only after SIGTERM.
    pub(super) fn is_drain(&self) -> bool {
        matches!(self, Self::Fail(Fault { when: When::Draining, .. }))
    }
}

// === impl When ===

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            When::Always => f.write_str("always"),
            When::Draining => f.write_str("while draining"),
            When::Chance(rate) => write!(f, "at {rate}"),
            When::Uptime { from, until: None } => write!(f, "from {from:?}"),
            When::Uptime { from: Duration::ZERO, until: Some(until) } => write!(f, "until {until:?}"),
            When::Uptime { from, until: Some(until) } => write!(f, "from {from:?} until {until:?}"),
            When::Turns { pass: 0, fail } => write!(f, "for {fail} requests"),
            When::Turns { pass, fail } => write!(f, "for {fail} requests after {pass}"),
        }
    }
}

/// What an endpoint says for a reason that no planned fault is, as a record has it; `None` if it has no such reason.
pub(crate) fn said(endpoint: Endpoint, name: &str, reason: &str) -> Option<(&'static str, &'static str)> {
    let all = Faults {
        failure_rate: Rate::ALWAYS,
        liveness_fail_after: Some(Duration::ZERO),
        readiness_fail_after: Some(Duration::ZERO),
        disconnect_after: Some(Duration::ZERO),
        fail_dependency: true,
        recovery_period: 1,
        startup_delay: Duration::MAX,
        ..Faults::default()
    };
    let script = script(&all, endpoint, name);
    let others = [("healthy", script.healthy), (DOWN, BROKEN)];
    let failures = script.steps.iter().filter_map(|step| match step {
        Step::Fail(fault) => Some((fault.reason, fault.body)),
        Step::Wait(_) | Step::Follow | Step::Inject(_) => None,
    });
    failures.chain(others).find(|(known, _)| *known == reason)
}

/// The steps of an endpoint. Those that can never act are left out.
pub(super) fn script(faults: &Faults, endpoint: Endpoint, name: &str) -> Script {
    match endpoint {
        _ if name.starts_with("grpc") => drained(),
        Endpoint::Liveness => liveness(faults),
        Endpoint::Readiness => readiness(faults),
        Endpoint::Startup => startup(faults),
        Endpoint::Dependency => dependency(faults),
        // As Go's `http.NotFound`.
        Endpoint::Http => Script { steps: vec![], healthy_status: 404, healthy: "404 page not found\n" },
        Endpoint::Grpc | Endpoint::Tcp | Endpoint::Named(_) => healthy(vec![], "OK\n"),
    }
}

fn liveness(faults: &Faults) -> Script {
    let steps = [
        chance(faults, "Randomized liveness probe failure\n"),
        wait(faults),
        threshold(faults.liveness_fail_after, "Liveness probe failed due to time threshold\n"),
        turns(faults, "Recoverable liveness probe failure\n"),
    ];
    healthy(steps.into_iter().flatten().collect(), "Liveness probe successful\n")
}

/// Fails only while draining.
fn drained() -> Script {
    healthy(vec![drain()], "OK\n")
}

fn drain() -> Step {
    Step::Fail(Fault { when: When::Draining, status: 503, body: "Shutting down\n", reason: "draining" })
}

fn readiness(faults: &Faults) -> Script {
    let steps = [
        Some(drain()),
        chance(faults, "Randomized readiness probe failure\n"),
        wait(faults),
        partition(faults, "Network partition simulated\n"),
        broken_dependency(faults, BROKEN_DEPENDENCY),
        threshold(faults.readiness_fail_after, "Readiness probe failed due to time threshold\n"),
        turns(faults, "Recoverable readiness probe failure\n"),
    ];
    healthy(steps.into_iter().flatten().collect(), "Readiness probe successful\n")
}

fn startup(faults: &Faults) -> Script {
    let unstarted = When::Uptime { from: Duration::ZERO, until: Some(faults.startup_delay) };
    let step = fail(unstarted, "Startup probe failed: not started yet\n", "startup-delay");
    let steps = if faults.startup_delay.is_zero() { vec![] } else { vec![step] };
    healthy(steps, "Startup probe successful\n")
}

fn dependency(faults: &Faults) -> Script {
    let steps = broken_dependency(faults, BROKEN).into_iter().collect();
    healthy(steps, "Dependency is healthy\n")
}

fn healthy(steps: Vec<Step>, body: &'static str) -> Script {
    Script { steps, healthy_status: 200, healthy: body }
}

fn chance(faults: &Faults, body: &'static str) -> Option<Step> {
    let rate = faults.failure_rate;
    (!rate.is_never()).then(|| fail(When::Chance(rate), body, "failure-rate"))
}

fn wait(faults: &Faults) -> Option<Step> {
    (!faults.latency.is_zero()).then_some(Step::Wait(faults.latency))
}

fn threshold(after: Option<Duration>, body: &'static str) -> Option<Step> {
    after.map(|from| fail(When::Uptime { from, until: None }, body, "fail-after-time"))
}

/// Without `RECONNECT_AFTER` the partition lasts; with an explicit 0 there is none.
fn partition(faults: &Faults, body: &'static str) -> Option<Step> {
    let from = faults.disconnect_after?;
    let until = faults.reconnect_after.map(|length| from.saturating_add(length));
    (until != Some(from)).then(|| fail(When::Uptime { from, until }, body, "partition"))
}

fn broken_dependency(faults: &Faults, body: &'static str) -> Option<Step> {
    faults.fail_dependency.then(|| fail(When::Always, body, "dependency"))
}

/// Request c (from 0) fails when `FAIL_COUNT` ≤ c < `FAIL_COUNT` + `RECOVERY_PERIOD`: a negative count cuts
/// the window from the left.
fn turns(faults: &Faults, body: &'static str) -> Option<Step> {
    let pass = u64::try_from(faults.fail_count).unwrap_or(0);
    let cut = if faults.fail_count < 0 { faults.fail_count.unsigned_abs() } else { 0 };
    let fail_turns = faults.recovery_period.saturating_sub(cut);
    (fail_turns > 0).then(|| fail(When::Turns { pass, fail: fail_turns }, body, "fail-count"))
}

/// kube-probesim's failures are all 500.
fn fail(when: When, body: &'static str, reason: &'static str) -> Step {
    Step::Fail(Fault { when, status: 500, body, reason })
}

#[cfg(test)]
mod tests {
    use super::super::Plan;
    use super::*;

    #[test]
    fn no_settings_leave_only_the_drain() {
        let plan = Plan::new(&Faults::default());
        assert_eq!(plan.of(Endpoint::Liveness).to_string(), "200");
        assert_eq!(plan.of(Endpoint::Readiness).to_string(), "503 while draining, else 200");
        assert_eq!(plan.of(Endpoint::Startup).to_string(), "200");
        assert_eq!(plan.of(Endpoint::Dependency).to_string(), "200");
    }

    #[test]
    fn steps_stand_in_the_order_of_precedence() {
        let plan = Plan::new(&Faults {
            failure_rate: Rate::from_percent(20.0).unwrap(),
            latency: Duration::from_millis(50),
            liveness_fail_after: Some(Duration::from_secs(60)),
            readiness_fail_after: Some(Duration::from_secs(120)),
            disconnect_after: Some(Duration::from_secs(1800)),
            reconnect_after: Some(Duration::from_secs(300)),
            fail_dependency: true,
            fail_count: 3,
            recovery_period: 2,
            startup_delay: Duration::from_secs(5),
        });
        assert_eq!(
            plan.of(Endpoint::Liveness).to_string(),
            "500 at 20%, wait 50ms, 500 from 60s, 500 for 2 requests after 3, else 200"
        );
        assert_eq!(
            plan.of(Endpoint::Readiness).to_string(),
            "503 while draining, 500 at 20%, wait 50ms, 500 from 1800s until 2100s, 500 always, 500 from 120s, \
             500 for 2 requests after 3, else 200"
        );
        assert_eq!(plan.of(Endpoint::Startup).to_string(), "500 until 5s, else 200");
        assert_eq!(plan.of(Endpoint::Dependency).to_string(), "500 always, else 200");
    }

    #[test]
    fn reconnect_after_is_the_length_of_the_partition() {
        let minutes = |n: u64| Duration::from_secs(60 * n);
        let window = |reconnect_after| {
            let faults = Faults { disconnect_after: Some(minutes(2)), reconnect_after, ..Faults::default() };
            partition(&faults, "")
        };
        let uptime = |until| Some(fail(When::Uptime { from: minutes(2), until }, "", "partition"));
        assert_eq!(window(Some(minutes(3))), uptime(Some(minutes(5))));
        assert_eq!(window(None), uptime(None), "until restart");
        assert_eq!(window(Some(Duration::ZERO)), None, "an explicit 0 is no window");
    }

    #[test]
    fn a_window_of_turns_that_is_empty_is_no_step() {
        for (fail_count, recovery_period, expected) in [
            (0, 0, None),
            (3, 0, None),
            (-5, 5, None),
            (-9, 5, None),
            (0, 5, Some((0, 5))),
            (3, 2, Some((3, 2))),
            (-2, 5, Some((0, 3))),
            (i64::MIN, u64::MAX, Some((0, u64::MAX - (1 << 63)))),
        ] {
            let faults = Faults { fail_count, recovery_period, ..Faults::default() };
            let expected = expected
                .map(|(pass, fail_turns)| fail(When::Turns { pass, fail: fail_turns }, "", "fail-count"));
            assert_eq!(turns(&faults, ""), expected, "({fail_count}, {recovery_period})");
        }
    }
}
