//! Settings that do something else than one may think, said at start.

use std::time::Duration;

use crate::config::Faults;
use crate::endpoint::Endpoint;
use crate::plan::spec::{Spec, Target};
use crate::plan::what::{Manner, What};
use crate::plan::{Latency, Plan, Step, When};

/// The kubelet's default `timeoutSeconds`:
/// <https://kubernetes.io/docs/tasks/configure-pod-container/configure-liveness-readiness-startup-probes/>.
const PROBE_TIMEOUT: Duration = Duration::from_secs(1);
/// The longest time in which the kubelet's default `failureThreshold` of 3 and `periodSeconds` of 10 end a
/// container.
const TIME_TO_RESTART: Duration = Duration::from_secs(30);

/// A remark on one setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// The variable, or the planned fault.
    pub setting: String,
    /// What it does, or why it does nothing.
    pub effect: String,
}

/// Everything worth saying about these settings.
#[must_use]
pub fn on(faults: &Faults) -> Vec<Advice> {
    let advice = [
        latency(faults),
        restart_before(faults, "READINESS_FAIL_AFTER_TIME", faults.readiness_fail_after),
        restart_before(faults, "DISCONNECT_AFTER", faults.disconnect_after),
        startup(faults),
    ];
    whatever_the_probes(faults).into_iter().chain(advice.into_iter().flatten()).collect()
}

/// What is worth saying however the probes are set.
#[must_use]
pub fn whatever_the_probes(faults: &Faults) -> Vec<Advice> {
    let advice = [certain_failure(faults), partition(faults), reconnect_alone(faults), counts(faults)];
    advice.into_iter().flatten().collect()
}

/// What is worth saying about planned faults of endpoints that are probed.
#[must_use]
pub fn on_planned(planned: &[Spec]) -> Vec<Advice> {
    let is_probed = |target: &Target| match target {
        Target::All => true,
        Target::Endpoint(endpoint) => {
            matches!(endpoint, Endpoint::Liveness | Endpoint::Readiness | Endpoint::Startup)
        }
        Target::Port(_) | Target::Process => false,
    };
    let remark = |spec: &Spec| {
        let effect = if spec.on == [Target::Endpoint(Endpoint::Tcp)] {
            Some(TCP_FAULT)
        } else if spec.on.iter().any(is_probed) {
            effect_on_probes(&spec.what)
        } else {
            None
        };
        effect.map(|effect| say(&format!("fault {:?}", spec.name), effect))
    };
    planned.iter().filter_map(remark).collect()
}

/// `pkg/probe/tcp/tcp.go` connects and closes.
const TCP_FAULT: &str = "never fails a tcpSocket probe, which succeeds as soon as the kernel has accepted; write \
                         `on: network/tcp`";

fn effect_on_probes(what: &What) -> Option<&'static str> {
    match what {
        What::Answer(answer) => match answer.manner {
            // `pkg/probe/http/http.go`: an error while the body is read is an error of the probe, not a failure,
            // and `pkg/kubelet/prober/prober.go` throws errors away.
            Manner::Stall | Manner::Truncate | Manner::Cut | Manner::Malformed => Some(
                "never fails an HTTP probe: a body that breaks off, whatever the status, is an error to the kubelet, \
                 tried three times and thrown away",
            ),
            Manner::Trickle if answer.over >= PROBE_TIMEOUT => Some(
                "never fails an HTTP probe: a body that takes longer than timeoutSeconds is an error to the kubelet, \
                 tried three times and thrown away",
            ),
            _ => None,
        },
        What::Wait(Latency::Fixed(time), _) if *time >= PROBE_TIMEOUT => {
            Some("every probe that it hits fails with the kubelet's default timeoutSeconds of 1")
        }
        What::Wait(..) | What::Network(_) | What::Load(_) => None,
    }
}

fn certain_failure(faults: &Faults) -> Option<Advice> {
    let effect = "every liveness and readiness probe fails";
    faults.failure_rate.is_always().then(|| say("FAILURE_RATE", effect))
}

fn latency(faults: &Faults) -> Option<Advice> {
    let effect = "every liveness and readiness probe fails with the kubelet's default timeoutSeconds of 1";
    (faults.latency >= PROBE_TIMEOUT).then(|| say("LATENCY", effect))
}

fn partition(faults: &Faults) -> Option<Advice> {
    faults.disconnect_after?;
    match faults.reconnect_after {
        None => {
            Some(say("DISCONNECT_AFTER", "no RECONNECT_AFTER: readiness fails until the container restarts"))
        }
        Some(Duration::ZERO) => {
            Some(say("DISCONNECT_AFTER", "does nothing: RECONNECT_AFTER is 0, no partition"))
        }
        Some(_) => None,
    }
}

fn reconnect_alone(faults: &Faults) -> Option<Advice> {
    let is_alone =
        faults.disconnect_after.is_none() && faults.reconnect_after.is_some_and(|time| !time.is_zero());
    is_alone.then(|| say("RECONNECT_AFTER", "does nothing without DISCONNECT_AFTER"))
}

fn counts(faults: &Faults) -> Option<Advice> {
    let has_turns =
        |step: &Step| matches!(step, Step::Fail(fault) if matches!(fault.when, When::Turns { .. }));
    let acts = Plan::new(faults).of(Endpoint::Liveness).steps.iter().any(has_turns);
    let is_set = faults.fail_count != 0;
    let why = if faults.recovery_period == 0 { "RECOVERY_PERIOD is 0" } else { "it cancels RECOVERY_PERIOD" };
    (is_set && !acts).then(|| say("FAIL_COUNT", &format!("does nothing: {why}, no request fails")))
}

/// kube-probesim's own example: liveness fails at 60 s, so nothing planned for 120 s is ever seen.
fn restart_before(faults: &Faults, setting: &'static str, moment: Option<Duration>) -> Option<Advice> {
    let (liveness, moment) = (faults.liveness_fail_after?, moment?);
    let restart = liveness.saturating_add(TIME_TO_RESTART);
    (restart <= moment).then(|| {
        let effect = format!(
            "not reached with a liveness probe: LIVENESS_FAIL_AFTER_TIME restarts the container by about {restart:?} \
             (kubelet defaults), before {moment:?}, and the uptime begins anew"
        );
        say(setting, &effect)
    })
}

fn startup(faults: &Faults) -> Option<Advice> {
    let delay = faults.startup_delay;
    (delay > TIME_TO_RESTART).then(|| {
        let periods = delay.as_secs().div_ceil(10) + 1;
        let effect = format!(
            "a startup probe with the kubelet's default failureThreshold of 3 and periodSeconds of 10 restarts the \
             container first; set failureThreshold to {periods} or more"
        );
        say("STARTUP_DELAY", &effect)
    })
}

fn say(setting: &str, effect: &str) -> Advice {
    Advice { setting: setting.to_owned(), effect: effect.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Rate;

    fn secs(seconds: u64) -> Option<Duration> {
        Some(Duration::from_secs(seconds))
    }

    /// The settings that something is said about.
    fn advised(faults: &Faults) -> Vec<String> {
        on(faults).into_iter().map(|advice| advice.setting).collect()
    }

    #[test]
    fn planned_faults_that_no_probe_sees_are_said() {
        for (fault, expected) in [
            ("{on: liveness, answer: stall}", "never fails an HTTP probe"),
            ("{on: all, answer: truncate}", "never fails an HTTP probe"),
            ("{on: readiness, answer: trickle}", "never fails an HTTP probe"),
            ("{on: readiness, answer: trickle, over: 100ms}", ""),
            ("{on: dependency, answer: stall}", ""),
            ("{on: liveness}", ""),
            ("{on: tcp, answer: reset}", "never fails a tcpSocket probe"),
            ("{on: readiness, latency: 2s}", "default timeoutSeconds of 1"),
            ("{on: readiness, latency: 900ms}", ""),
            ("{on: network/tcp, answer: refuse}", ""),
        ] {
            let node = crate::yaml::Node::parse(fault).unwrap();
            let specs = crate::plan::spec::read_all(&node, "", "fault-", &Default::default()).unwrap();
            let said = on_planned(&specs).into_iter().map(|advice| advice.effect).collect::<String>();
            assert!(said.contains(expected) && said.is_empty() == expected.is_empty(), "{fault}: {said}");
        }
    }

    #[test]
    fn ordinary_settings_need_no_advice() {
        assert_eq!(on(&Faults::default()), []);
        let ordinary = Faults {
            failure_rate: Rate::from_percent(99.0).unwrap(),
            latency: Duration::from_millis(999),
            liveness_fail_after: secs(120),
            readiness_fail_after: secs(60),
            disconnect_after: secs(60),
            reconnect_after: secs(60),
            fail_dependency: true,
            fail_count: 3,
            recovery_period: 2,
            startup_delay: Duration::from_secs(30),
        };
        assert_eq!(on(&ordinary), []);
    }

    #[test]
    fn a_latency_of_the_default_timeout_is_a_certain_failure() {
        let faults = Faults { latency: Duration::from_secs(1), ..Faults::default() };
        let effect =
            "every liveness and readiness probe fails with the kubelet's default timeoutSeconds of 1";
        assert_eq!(on(&faults), [say("LATENCY", effect)]);
    }

    #[test]
    fn a_rate_of_100_percent_is_a_certain_failure() {
        let faults = Faults { failure_rate: Rate::from_percent(100.0).unwrap(), ..Faults::default() };
        assert_eq!(advised(&faults), ["FAILURE_RATE"]);
    }

    #[test]
    fn a_liveness_failure_hides_what_is_planned_after_the_restart() {
        let readme = Faults {
            liveness_fail_after: secs(60),
            readiness_fail_after: secs(120),
            disconnect_after: secs(1800),
            reconnect_after: secs(300),
            ..Faults::default()
        };
        assert_eq!(advised(&readme), ["READINESS_FAIL_AFTER_TIME", "DISCONNECT_AFTER"]);
        assert!(on(&readme)[0].effect.contains("restarts the container by about 90s"));
        assert_eq!(
            advised(&Faults { readiness_fail_after: secs(89), disconnect_after: None, ..readme }),
            ["RECONNECT_AFTER"]
        );
    }

    #[test]
    fn a_partition_says_how_it_ends() {
        let faults = |disconnect_after, reconnect_after| Faults {
            disconnect_after,
            reconnect_after,
            ..Faults::default()
        };
        assert!(on(&faults(secs(60), None))[0].effect.contains("until the container restarts"));
        assert!(on(&faults(secs(60), secs(0)))[0].effect.contains("does nothing"));
        assert_eq!(advised(&faults(None, secs(60))), ["RECONNECT_AFTER"]);
        assert!(advised(&faults(None, secs(0))).is_empty());
    }

    #[test]
    fn a_count_that_fails_nothing_is_said() {
        for (fail_count, recovery_period, expected) in
            [(3, 0, vec!["FAIL_COUNT"]), (-5, 5, vec!["FAIL_COUNT"]), (0, 5, vec![]), (-2, 5, vec![])]
        {
            let faults = Faults { fail_count, recovery_period, ..Faults::default() };
            assert_eq!(advised(&faults), expected, "({fail_count}, {recovery_period})");
        }
    }

    #[test]
    fn a_startup_longer_than_the_default_patience_says_the_threshold_it_needs() {
        let faults = Faults { startup_delay: Duration::from_secs(65), ..Faults::default() };
        assert!(on(&faults)[0].effect.contains("failureThreshold to 8 or more"));
    }
}
