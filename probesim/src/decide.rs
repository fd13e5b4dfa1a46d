//! What one request is answered, from the plan and the moment of its arrival.

#[cfg(test)]
mod tests;

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
        What::Network(_) | What::Load(_) => None,
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
            What::Wait(..) | What::Network(_) | What::Load(_) => None,
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
