//! Formulas for probes that fail independently of each other, with the same chance each time.

use std::time::Duration;

use super::latency::Latency;
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

/// How often a day the verdict turns to NotReady.
#[must_use]
pub fn flips_per_day(probe: &Probe, failure: f64) -> f64 {
    let Readiness { probes_while_ready, probes_while_unready, .. } = readiness(probe, failure);
    86_400.0 / ((probes_while_ready + probes_while_unready - 1.0) * f64::from(probe.period_seconds))
}

/// The chance that a new pod which is probed so often turns NotReady after it has been Ready.
#[must_use]
pub fn chance_of_unready(probe: &Probe, failure: f64, probes: u64) -> f64 {
    let (up, down) =
        (threshold(probe.success_threshold) as usize, threshold(probe.failure_threshold) as usize);
    // First the runs of successes on the way to Ready, then those of failures on the way back.
    let mut states = vec![0.0; up + down + 1];
    states[0] = 1.0;
    for _ in 0..probes {
        let mut next = vec![0.0; states.len()];
        next[up + down] = states[up + down];
        for (state, share) in states[..up + down].iter().enumerate() {
            let (falls_back, goes_on) = if state < up { (0, 1.0 - failure) } else { (up, failure) };
            next[state + 1] += share * goes_on;
            next[falls_back] += share * (1.0 - goes_on);
        }
        states = next;
    }
    states[up + down]
}

/// The chance that a rollout disturbs a new pod whose probes these are: restarted, unready after it was Ready, or
/// never Ready within the window.
#[must_use]
pub fn chance_of_trip(probes: &[(Option<&Probe>, f64, Option<&Probe>, f64)], window: Duration) -> f64 {
    let ticks = |probe: &Probe| (window.as_secs_f64() / f64::from(probe.period_seconds)).ceil() as u64;
    let undisturbed = probes.iter().map(|(liveness, liveness_failure, readiness, readiness_failure)| {
        let restarted = liveness.map_or(0.0, |probe| {
            let probes = ticks(probe).saturating_sub(1);
            chance_of_run(*liveness_failure, threshold(probe.failure_threshold), probes)
        });
        let unready = readiness.map_or(0.0, |probe| {
            // As soon as the container runs it is probed twice, once for its start and once for its first result.
            let (failure, probes) = (*readiness_failure, ticks(probe) + 1);
            let never = 1.0 - chance_of_run(1.0 - failure, threshold(probe.success_threshold), probes);
            chance_of_unready(probe, failure, probes) + never
        });
        (1.0 - restarted) * (1.0 - unready.min(1.0))
    });
    1.0 - undisturbed.product::<f64>()
}

/// The chance that a start does not come to its end because the startup probe fails to see it in time. `startup`
/// is how long nothing answers.
///
/// All F probes fail: k of them come before the application answers, the others by chance. The first one falls
/// anywhere in a period.
#[must_use]
pub fn chance_of_startup_kill(probe: &Probe, failure: f64, startup: &Latency) -> f64 {
    const PHASES: u32 = 200;
    let period = seconds(probe.period_seconds);
    let failures = threshold(probe.failure_threshold);
    // How likely so many probes come too early, for the mean of all phases.
    let early = |probes: u32| {
        if probes == 0 {
            return 1.0;
        }
        let phases = (0..PHASES).map(|phase| (f64::from(phase) + 0.5) / f64::from(PHASES));
        let chance = |phase: f64| startup.reaches(period.mul_f64(phase) + period * (probes - 1));
        phases.map(chance).sum::<f64>() / f64::from(PHASES)
    };
    let mut chance = 0.0;
    let mut at_least = 1.0;
    for probes in 0..failures {
        let more = early(probes + 1);
        chance += (at_least - more) * failure.powi(i32::try_from(failures - probes).unwrap_or(i32::MAX));
        at_least = more;
    }
    chance + at_least
}

/// From the beginning of an outage to its verdict: the mean and the longest. `answer` is how long each failing
/// probe takes, the timeout when the server hangs. A probe that takes longer than the period is followed by the
/// next one at once.
#[must_use]
pub fn detection(probe: &Probe, answer: Duration) -> (Duration, Duration) {
    let period = seconds(probe.period_seconds);
    let others = period.max(answer) * (threshold(probe.failure_threshold) - 1);
    (period / 2 + others + answer, period + others + answer)
}

/// The chance that an outage of this length comes to the verdict.
#[must_use]
pub fn chance_of_detection(probe: &Probe, answer: Duration, outage: Duration) -> f64 {
    let (_, longest) = detection(probe, answer);
    let period = seconds(probe.period_seconds).as_secs_f64();
    // A probe that begins within the outage counts even if it ends after it.
    let slack = outage.as_secs_f64() + answer.as_secs_f64() - (longest.as_secs_f64() - period);
    (slack / period).clamp(0.0, 1.0)
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
    fn an_outage_is_seen_if_it_covers_enough_probes() {
        let chance = |outage| chance_of_detection(&probe(), Duration::ZERO, Duration::from_secs(outage));
        assert_eq!([15, 20, 25, 30, 60].map(chance), [0.0, 0.0, 0.5, 1.0, 1.0]);
    }

    #[test]
    fn turning_unready_needs_to_have_been_ready() {
        // One success, then three failures: of the 16 ways that four coins fall, one.
        assert!((chance_of_unready(&probe(), 0.5, 4) - 1.0 / 16.0).abs() < 1e-12);
        assert_eq!(chance_of_unready(&probe(), 0.5, 3), 0.0);
        assert_eq!(chance_of_unready(&probe(), 1.0, 100), 0.0);
    }

    #[test]
    fn a_start_is_killed_when_it_takes_longer_than_the_budget() {
        let chance =
            |failure, startup: &str| chance_of_startup_kill(&probe(), failure, &startup.parse().unwrap());
        assert!((chance(0.5, "0s") - 0.125).abs() < 1e-12);
        assert_eq!(chance(0.0, "20s"), 0.0);
        assert!((chance(0.0, "25s") - 0.5).abs() < 1e-9);
        assert_eq!(chance(0.0, "31s"), 1.0);
    }

    #[test]
    fn times_follow_from_the_tick_grid() {
        let seconds = Duration::from_secs;
        assert_eq!(detection(&probe(), seconds(1)), (seconds(26), seconds(31)));
        assert_eq!(detection(&probe(), seconds(30)), (seconds(5 + 60 + 30), seconds(10 + 60 + 30)));
        assert_eq!(recovery(&probe()), (seconds(5), seconds(10)));
        assert_eq!(startup_budget(&probe()), (seconds(20), seconds(30)));
    }
}
