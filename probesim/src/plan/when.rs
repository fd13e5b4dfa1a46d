//! Which requests a planned fault applies to. Every condition that is given must hold.

use std::time::Duration;

use super::Rate;
use crate::rng::Draws;

/// When a fault applies.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// The share of the requests, drawn for each.
    pub rate: Rate,
    /// The rate grows from 0 over this time.
    pub ramp: Option<Duration>,
    /// From this moment on.
    pub after: Duration,
    /// Before this moment.
    pub until: Option<Duration>,
    /// By the number of the request.
    pub turns: Option<Turns>,
    /// On and off.
    pub flap: Option<Flap>,
    /// In bursts.
    pub bursts: Option<Bursts>,
    /// Only in so many first starts of the container.
    pub starts: Option<u64>,
    /// Only in this phase of the scenario; the moments above count from its beginning.
    pub phase: Option<Phase>,
}

/// `pass` go by, `fail` fail, all others go by; or so again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turns {
    /// How many go by first.
    pub pass: u64,
    /// How many fail then; `None` is all.
    pub fail: Option<u64>,
    /// Whether it begins anew after that.
    pub repeats: bool,
}

/// On for a share of each period, which is its first part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flap {
    /// On and off together; more than 0.
    pub period: Duration,
    /// The share that is on.
    pub duty: Rate,
}

/// Gilbert and Elliott's model: runs of failing requests of random length, with random gaps between them.
/// E. N. Gilbert, "Capacity of a Burst-Noise Channel", 1960.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bursts {
    enter: f64,
    leave: f64,
}

/// A stretch of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase {
    /// Its first moment.
    pub from: Duration,
    /// The first moment after it; `None` lasts.
    pub until: Option<Duration>,
    /// The length of the whole scenario, if it repeats; more than 0.
    pub cycle: Option<Duration>,
}

// === impl Timing ===

impl Default for Timing {
    /// All requests.
    fn default() -> Self {
        Self {
            rate: Rate::ALWAYS,
            ramp: None,
            after: Duration::ZERO,
            until: None,
            turns: None,
            flap: None,
            bursts: None,
            starts: None,
            phase: None,
        }
    }
}

impl Timing {
    /// How long the fault's window has been open at time `t`; `None` outside of it.
    #[must_use]
    pub fn open_since(&self, t: Duration) -> Option<Duration> {
        let t = t.checked_sub(self.origin(t)?)?;
        if self.until.is_some_and(|until| t >= until) {
            return None;
        }
        let since = t.checked_sub(self.after)?;
        self.flap.is_none_or(|flap| flap.is_on(since)).then_some(since)
    }

    /// The next moment after `t` at which [`Timing::open_since`] may change between some and none.
    #[must_use]
    pub fn next_edge(&self, t: Duration) -> Option<Duration> {
        let phase_edge = self.phase.and_then(|phase| phase.next_edge(t));
        let edges = self.origin(t).map(|origin| {
            let local = t.saturating_sub(origin);
            let flap = self.flap.and_then(|flap| {
                let since = local.checked_sub(self.after)?;
                Some(self.after.saturating_add(flap.next_edge(since)))
            });
            [Some(self.after), self.until, flap].map(|edge| edge.map(|edge| edge.saturating_add(origin)))
        });
        let all = edges.into_iter().flatten().flatten().chain(phase_edge);
        all.filter(|edge| *edge > t).min()
    }

    /// Whether a request at time `t` is hit. `sequence` is its number at the endpoint; `turn` counts the
    /// requests that came within the window.
    pub fn hits(
        &self,
        t: Duration,
        sequence: u64,
        turn: impl FnOnce() -> u64,
        draws: &Draws,
        stream: u64,
    ) -> bool {
        let Some(since) = self.open_since(t) else { return false };
        // The turn is taken first: whether a request counts must not depend on luck.
        if self.turns.is_some_and(|turns| !turns.covers(turn())) {
            return false;
        }
        if self.bursts.is_some_and(|bursts| !bursts.covers(sequence, draws, stream)) {
            return false;
        }
        let rate = match self.ramp {
            Some(ramp) => self.rate.scaled(since.as_secs_f64() / ramp.as_secs_f64()),
            None => self.rate,
        };
        rate.is_always() || rate.covers(draws.at(stream, sequence))
    }

    /// When time 0 of the moments was; `None` outside of the phase.
    fn origin(&self, t: Duration) -> Option<Duration> {
        self.phase.map_or(Some(Duration::ZERO), |phase| phase.origin(t))
    }
}

// === impl Turns ===

impl Turns {
    /// Whether request number `turn`, from 0, fails.
    #[must_use]
    pub fn covers(self, turn: u64) -> bool {
        let Some(fail) = self.fail else { return turn >= self.pass };
        let length = self.pass.saturating_add(fail);
        let turn = if self.repeats { turn % length.max(1) } else { turn };
        turn >= self.pass && turn < length
    }
}

// === impl Flap ===

impl Flap {
    fn is_on(self, since: Duration) -> bool {
        self.within(since) < self.on()
    }

    fn next_edge(self, since: Duration) -> Duration {
        let within = self.within(since);
        let edge = if within < self.on() { self.on() } else { self.period };
        since.saturating_add(edge - within)
    }

    fn on(self) -> Duration {
        self.period.mul_f64(self.duty.fraction())
    }

    fn within(self, since: Duration) -> Duration {
        remainder(since, self.period)
    }
}

// === impl Bursts ===

impl Bursts {
    /// A longer mean length would make a decision slow.
    pub const MAX_LENGTH: u64 = 1_000;

    /// `gap` and `length` are the mean numbers of requests between and in bursts; `None` if they are 0, or
    /// the length is above [`Bursts::MAX_LENGTH`].
    #[must_use]
    pub fn new(gap: u64, length: u64) -> Option<Self> {
        let is_right = gap > 0 && (1..=Self::MAX_LENGTH).contains(&length);
        is_right.then(|| Self { enter: 1.0 / gap as f64, leave: 1.0 / length as f64 })
    }

    /// Whether the request falls in a burst.
    ///
    /// The state is a function of the draws of this request and those before it: each draw sends both
    /// states to the same one, keeps them or swaps them. So one goes back only to the last draw that decides,
    /// about as far as a burst is long, and no state has to be kept.
    #[must_use]
    pub fn covers(self, sequence: u64, draws: &Draws, stream: u64) -> bool {
        // A stream of its own, or the rate would be drawn from the same numbers.
        let stream = !stream;
        let stay = 1.0 - self.leave;
        let mut is_swapped = false;
        for earlier in (0..=sequence).rev() {
            let draw = draws.at(stream, earlier);
            if draw < self.enter.min(stay) {
                return !is_swapped;
            }
            if draw >= self.enter.max(stay) {
                return is_swapped;
            }
            is_swapped ^= self.enter > stay;
        }
        is_swapped
    }
}

// === impl Phase ===

impl Phase {
    /// When the phase that `t` lies in began.
    fn origin(self, t: Duration) -> Option<Duration> {
        let within = self.within(t);
        let is_inside = within >= self.from && self.until.is_none_or(|until| within < until);
        is_inside.then(|| t - (within - self.from))
    }

    fn next_edge(self, t: Duration) -> Option<Duration> {
        let within = self.within(t);
        let edges = [Some(self.from), self.until, self.cycle.map(|cycle| cycle.saturating_add(self.from))];
        let next = edges.into_iter().flatten().filter(|edge| *edge > within).min()?;
        Some(t.saturating_add(next - within))
    }

    fn within(self, t: Duration) -> Duration {
        self.cycle.map_or(t, |cycle| remainder(t, cycle))
    }
}

fn remainder(time: Duration, period: Duration) -> Duration {
    let nanos = time.as_nanos() % period.as_nanos().max(1);
    // Both are cut to 64 bits of nanoseconds when they are read.
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: u64 = 99;

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn rate(percent: f64) -> Rate {
        Rate::from_percent(percent).unwrap()
    }

    /// The seconds, of those below `end`, at which the window is open.
    fn open(timing: &Timing, end: u64) -> Vec<u64> {
        (0..end).filter(|t| timing.open_since(secs(*t)).is_some()).collect()
    }

    /// The edges from 0 on, in seconds.
    fn edges(timing: &Timing, count: usize) -> Vec<u64> {
        let mut t = Duration::ZERO;
        let next = || timing.next_edge(t).inspect(|edge| t = *edge).map(|edge| edge.as_secs());
        std::iter::from_fn(next).take(count).collect()
    }

    #[test]
    fn a_window_is_half_open() {
        let timing = Timing { after: secs(3), until: Some(secs(5)), ..Timing::default() };
        assert_eq!(open(&timing, 10), [3, 4]);
        assert_eq!(edges(&timing, 9), [3, 5]);
        assert_eq!(timing.open_since(secs(4)), Some(secs(1)));
    }

    #[test]
    fn flapping_is_on_first_and_for_the_duty() {
        let flap = Flap { period: secs(4), duty: rate(25.0) };
        let timing = Timing { after: secs(2), flap: Some(flap), ..Timing::default() };
        assert_eq!(open(&timing, 14), [2, 6, 10]);
        assert_eq!(edges(&timing, 5), [2, 3, 6, 7, 10]);
    }

    #[test]
    fn a_phase_shifts_the_moments_and_comes_again() {
        let phase = Phase { from: secs(2), until: Some(secs(5)), cycle: Some(secs(10)) };
        let timing = Timing { after: secs(1), phase: Some(phase), ..Timing::default() };
        assert_eq!(open(&timing, 30), [3, 4, 13, 14, 23, 24]);
        assert_eq!(edges(&timing, 6), [2, 3, 5, 12, 13, 15]);
        let once = Timing { phase: Some(Phase { cycle: None, ..phase }), ..timing };
        assert_eq!(open(&once, 30), [3, 4]);
        assert_eq!(edges(&once, 6), [2, 3, 5]);
    }

    #[test]
    fn turns_pass_then_fail_once_or_again_and_again() {
        let failing = |pass, fail, repeats| {
            let turns = Turns { pass, fail, repeats };
            (0..10).filter(|turn| turns.covers(*turn)).collect::<Vec<u64>>()
        };
        assert_eq!(failing(3, Some(2), false), [3, 4]);
        assert_eq!(failing(3, Some(2), true), [3, 4, 8, 9]);
        assert_eq!(failing(7, None, false), [7, 8, 9]);
        assert_eq!(failing(0, Some(2), false), [0, 1]);
    }

    #[test]
    fn a_ramp_grows_to_the_rate() {
        let timing = Timing { rate: rate(80.0), ramp: Some(secs(100)), ..Timing::default() };
        let draws = Draws::new(1);
        for (t, expected) in [(0, 0.0), (50, 0.4), (100, 0.8), (1_000, 0.8)] {
            let hit = (0..10_000).filter(|n| timing.hits(secs(t), *n, || 0, &draws, STREAM)).count();
            let four_sigma = 4.0 * (0.25_f64 / 10_000.0).sqrt();
            assert!((hit as f64 / 10_000.0 - expected).abs() <= four_sigma, "{t} s: {hit}");
        }
    }

    #[test]
    fn a_rate_of_0_hits_nothing() {
        let timing = Timing { rate: rate(0.0), ..Timing::default() };
        let draws = Draws::new(1);
        assert_eq!((0..1_000).filter(|n| timing.hits(secs(1), *n, || 0, &draws, STREAM)).count(), 0);
    }

    /// The chain as the paper has it, one step after the other.
    fn chain(gap: u64, length: u64, requests: u64, draws: &Draws) -> Vec<bool> {
        let mut is_bad = false;
        let step = |n| {
            let draw = draws.at(!STREAM, n);
            is_bad = if is_bad { draw < 1.0 - 1.0 / length as f64 } else { draw < 1.0 / gap as f64 };
            is_bad
        };
        (0..requests).map(step).collect()
    }

    #[test]
    fn bursts_are_those_of_the_chain_from_any_request() {
        let draws = Draws::new(42);
        for (gap, length) in [(20, 5), (1, 1), (1, 3), (2, 1), (3, 1), (100, 30), (5, 1_000)] {
            let bursts = Bursts::new(gap, length).unwrap();
            let expected = chain(gap, length, 500, &draws);
            let got: Vec<bool> = (0..500).map(|n| bursts.covers(n, &draws, STREAM)).collect();
            assert_eq!(got, expected, "gap {gap}, length {length}");
        }
    }

    #[test]
    fn bursts_have_their_mean_length_and_share() {
        let draws = Draws::new(7);
        let bursts = Bursts::new(40, 10).unwrap();
        let states: Vec<bool> = (0..40_000).map(|n| bursts.covers(n, &draws, STREAM)).collect();
        let bad = states.iter().filter(|bad| **bad).count() as f64;
        let begun = states.windows(2).filter(|pair| !pair[0] && pair[1]).count() as f64;
        assert!((0.17..0.23).contains(&(bad / 40_000.0)), "{bad} bad");
        assert!((9.0..11.0).contains(&(bad / begun)), "{} long", bad / begun);
    }

    #[test]
    fn bursts_without_a_length_are_refused() {
        assert_eq!(Bursts::new(0, 1), None);
        assert_eq!(Bursts::new(1, 0), None);
        assert_eq!(Bursts::new(1, 1_001), None);
    }
}
