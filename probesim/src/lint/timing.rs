//! Periods, timeouts, delays and thresholds.

use std::time::Duration;

use super::workload::Workload;
use super::{Finding, Severity};
use crate::kubelet::{Handler, Kind, Probe};
use crate::predict::words::time;
use crate::predict::{detection, restarts_per_day, startup_budget};

/// A delay of so many seconds is there for the start, and a startup probe does that better.
const LONG_DELAY: i32 = 30;
/// A command more often than every so many seconds costs.
const OFTEN: i32 = 2;

pub(super) fn check(workload: &Workload<'_>, found: &mut Vec<Finding>) {
    for (site, kind, probe, path) in workload.probes() {
        let mut say = |rule, field: &str, (reason, instead): (String, String)| {
            workload.remark(found, rule, &format!("{path}.{field}"), reason, instead);
        };
        if let Some(said) = timeout_longer_than_period(probe) {
            say(("timeout-longer-than-period", Severity::Warning), "timeoutSeconds", said);
        }
        let is_gated = site.container.probe(Kind::Startup).is_some();
        if let Some(said) = delay_between_ticks(probe, kind).filter(|_| !is_gated) {
            say(("delay-between-ticks", Severity::Note), "initialDelaySeconds", said);
        }
        if let Some(said) = command_every_second(probe) {
            say(("frequent-command", Severity::Warning), "periodSeconds", said);
        }
        if kind != Kind::Liveness {
            continue;
        }
        if let Some(said) = no_second_chance(probe) {
            say(("liveness-without-tolerance", Severity::Warning), "failureThreshold", said);
        }
        if !is_gated {
            if let Some(said) = delay_for_the_start(probe) {
                say(("delay-instead-of-startup-probe", Severity::Warning), "initialDelaySeconds", said);
            } else {
                let said = no_startup_probe(probe);
                workload.remark(found, ("no-startup-probe", Severity::Note), &path, said.0, said.1);
            }
        }
    }
}

/// A probe blocks its worker, and one tick waits: `doProbe` in `pkg/kubelet/prober/worker.go`, Go's `time.Ticker`.
fn timeout_longer_than_period(probe: &Probe) -> Option<(String, String)> {
    let (timeout, period) = (probe.timeout_seconds, probe.period_seconds);
    if timeout <= period {
        return None;
    }
    let (_, worst) = detection(probe, Duration::from_secs(timeout.unsigned_abs().into()));
    let reason = format!(
        "a server that hangs is probed without a pause, each probe for {timeout} s, so that periodSeconds {period} \
         means nothing then and the verdict takes up to {}",
        time(worst.as_secs_f64())
    );
    Some((reason, format!("write timeoutSeconds: {period} or less")))
}

/// The delay is looked at on ticks only, and a NotReady container's ticks count from its start
/// (`pkg/kubelet/prober/worker.go`, `UpdatePodStatus`).
fn delay_between_ticks(probe: &Probe, kind: Kind) -> Option<(String, String)> {
    let (delay, period) = (probe.initial_delay_seconds, probe.period_seconds);
    if kind != Kind::Readiness || delay % period == 0 {
        return None;
    }
    let first = (delay / period + 1) * period;
    let reason = format!(
        "the first probe is not made after {delay} s but with the next tick, {first} s after the start"
    );
    Some((reason, format!("write initialDelaySeconds: {first}, or a shorter periodSeconds")))
}

/// Each exec probe is a process that the runtime starts in the container (CRI `ExecSync`).
fn command_every_second(probe: &Probe) -> Option<(String, String)> {
    let Some(Handler::Exec(_)) = probe.handler() else { return None };
    if probe.period_seconds > OFTEN {
        return None;
    }
    let a_day = 86_400 / probe.period_seconds;
    let reason = format!("the runtime starts a process in the container {a_day} times a day");
    Some((reason, "write a longer periodSeconds, or a probe without a process: httpGet or grpc".into()))
}

/// The first failure counts: `failureThreshold`, `pkg/kubelet/prober/worker.go`.
fn no_second_chance(probe: &Probe) -> Option<(String, String)> {
    if probe.failure_threshold > 1 {
        return None;
    }
    let every = time(86_400.0 / restarts_per_day(probe, 0.01));
    let reason =
        format!("one late answer restarts the container; at 1 % failing probes that is every {every}");
    Some((reason, "write failureThreshold: 3".into()))
}

/// The delay is waited for after every restart: it counts from the container's start.
fn delay_for_the_start(probe: &Probe) -> Option<(String, String)> {
    let delay = probe.initial_delay_seconds;
    if delay < LONG_DELAY {
        return None;
    }
    let (_, budget) = startup_budget(probe);
    let limit = time(budget.as_secs_f64() + f64::from(delay));
    let reason = format!(
        "nothing looks at the container for {delay} s after each start, and a start of more than {limit} is killed \
         all the same"
    );
    let (delay, period) = (i64::from(delay), i64::from(probe.period_seconds));
    let threshold = ((delay + period - 1) / period + 1).min(i64::from(i32::MAX));
    let instead = format!(
        "write a startupProbe with the same handler, periodSeconds: {}, failureThreshold: {threshold}, and no \
         initialDelaySeconds",
        probe.period_seconds
    );
    Some((reason, instead))
}

/// Without a startup probe a container is Started at once, and the first tick may come at once.
fn no_startup_probe(probe: &Probe) -> (String, String) {
    let (least, most) = startup_budget(probe);
    let delay = f64::from(probe.initial_delay_seconds);
    let (least, most) = (time(least.as_secs_f64() + delay), time(most.as_secs_f64() + delay));
    let reason =
        format!("there is no startupProbe: a start that takes longer than {least} to {most} is killed");
    (reason, "write a startupProbe if starts may take that long".into())
}
