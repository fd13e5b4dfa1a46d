//! Formulas for probes that fail independently of each other, with the same chance each time.

use std::time::Duration;

use crate::kubelet::Probe;

/// How a readiness probe's verdict behaves in the long run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Readiness {
    /// Probes from Ready to NotReady, in the mean.
    pub probes_while_ready: f64,
    /// Probes from NotReady to Ready, in the mean.
    pub probes_while_unready: f64,
    /// The share of probes that find the container NotReady; `p^F` when one success is enough.
    pub share_of_probes: f64,
    /// The share of time NotReady. It is smaller, because the flip itself has the probe made once more at once.
    pub share_of_time: f64,
}

/// The mean number of probes until `run` in a row come out in a way that has this chance each time:
/// (1 − p^n) / (p^n · (1 − p)). Infinite when it cannot happen.
#[must_use]
pub fn probes_to_run(chance: f64, run: u32) -> f64 {
    if chance <= 0.0 {
        return f64::INFINITY;
    }
    if chance >= 1.0 {
        return f64::from(run);
    }
    let all = chance.powf(f64::from(run));
    (1.0 - all) / (all * (1.0 - chance))
}

/// The chance that such a run occurs within `probes` probes: of a rollout to trip, or of a day to be spoilt.
#[must_use]
pub fn chance_of_run(chance: f64, run: u32, probes: u64) -> f64 {
    // The state is the length of the run so far; the last one keeps what has got there.
    let run = run as usize;
    let mut states = vec![0.0; run + 1];
    states[0] = 1.0;
    for _ in 0..probes {
        let broken: f64 = states[..run].iter().sum::<f64>() * (1.0 - chance);
        states[run] += states[run - 1] * chance;
        for length in (1..run).rev() {
            states[length] = states[length - 1] * chance;
        }
        states[0] = broken;
    }
    states[run]
}

/// What a readiness probe comes to when each one fails with chance `failure`.
#[must_use]
pub fn readiness(probe: &Probe, failure: f64) -> Readiness {
    let ready = probes_to_run(failure, threshold(probe.failure_threshold));
    let unready = probes_to_run(1.0 - failure, threshold(probe.success_threshold));
    let share = |while_ready: f64, while_unready: f64| {
        if while_ready.is_infinite() {
            0.0
        } else if while_unready.is_infinite() {
            1.0
        } else {
            while_unready / (while_ready + while_unready)
        }
    };
    Readiness {
        probes_while_ready: ready,
        probes_while_unready: unready,
        share_of_probes: share(ready, unready),
        share_of_time: share(ready, unready - 1.0),
    }
}

/// Restarts a day for want of liveness, as long as they are too rare for the back-off to matter.
#[must_use]
pub fn restarts_per_day(probe: &Probe, failure: f64) -> f64 {
    let probes = probes_to_run(failure, threshold(probe.failure_threshold));
    86_400.0 / (probes * f64::from(probe.period_seconds))
}

/// From the beginning of an outage to its verdict: the mean and the longest. `answer` is how long the last
/// failing probe takes, the timeout when the server hangs.
#[must_use]
pub fn detection(probe: &Probe, answer: Duration) -> (Duration, Duration) {
    let period = seconds(probe.period_seconds);
    let others = period * (threshold(probe.failure_threshold) - 1);
    (period / 2 + others + answer, period + others + answer)
}

/// From the end of an outage to Ready: the mean and the longest.
#[must_use]
pub fn recovery(probe: &Probe) -> (Duration, Duration) {
    let period = seconds(probe.period_seconds);
    let others = period * (threshold(probe.success_threshold) - 1);
    (period / 2 + others, period + others)
}

/// How long a container may take to start: more than the first, at most the second, by where the first tick
/// falls. It is a period less than what is often written.
#[must_use]
pub fn startup_budget(probe: &Probe) -> (Duration, Duration) {
    let (period, failures) = (seconds(probe.period_seconds), threshold(probe.failure_threshold));
    (period * (failures - 1), period * failures)
}

fn threshold(value: i32) -> u32 {
    u32::try_from(value).unwrap_or(1).max(1)
}

fn seconds(value: i32) -> Duration {
    Duration::from_secs(u64::try_from(value).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubelet::{Handler, Port, TcpSocket};

    fn probe() -> Probe {
        Probe::new(Handler::TcpSocket(TcpSocket { port: Port::Number(1), host: None }))
    }

    fn hours(failure: f64) -> f64 {
        24.0 / restarts_per_day(&probe(), failure)
    }

    /// The figures that are quoted of the defaults: three failures in a row, every 10 s.
    #[test]
    fn the_defaults_restart_a_container_that_fails_now_and_then() {
        assert!((hours(0.05) - 23.4).abs() < 0.1, "{}", hours(0.05));
        assert!((hours(0.10) - 3.1).abs() < 0.05, "{}", hours(0.10));
        assert!((hours(0.20) * 60.0 - 25.8).abs() < 0.1, "{}", hours(0.20));
    }

    #[test]
    fn with_one_success_to_recover_the_share_is_the_chance_to_the_power_of_the_threshold() {
        for failure in [0.01, 0.2, 0.5, 0.9] {
            let share = readiness(&probe(), failure).share_of_probes;
            assert!((share - f64::powi(failure, 3)).abs() < 1e-12, "{failure}");
        }
    }

    #[test]
    fn what_always_or_never_fails_needs_no_division() {
        assert_eq!(probes_to_run(1.0, 3), 3.0);
        assert_eq!(probes_to_run(0.0, 3), f64::INFINITY);
        assert_eq!(readiness(&probe(), 0.0).share_of_probes, 0.0);
        assert_eq!(readiness(&probe(), 1.0).share_of_probes, 1.0);
        assert_eq!(restarts_per_day(&probe(), 0.0), 0.0);
    }

    #[test]
    fn the_chance_of_a_run_agrees_with_counting() {
        // Of the 16 ways that four coins fall, three in a row are heads in 3.
        assert!((chance_of_run(0.5, 3, 4) - 3.0 / 16.0).abs() < 1e-12);
        assert_eq!(chance_of_run(0.5, 3, 2), 0.0);
        assert!((chance_of_run(0.2, 1, 2) - 0.36).abs() < 1e-12);
    }

    #[test]
    fn times_follow_from_the_tick_grid() {
        let seconds = Duration::from_secs;
        assert_eq!(detection(&probe(), seconds(1)), (seconds(26), seconds(31)));
        assert_eq!(recovery(&probe()), (seconds(5), seconds(10)));
        assert_eq!(startup_budget(&probe()), (seconds(20), seconds(30)));
    }
}
