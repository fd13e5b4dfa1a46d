//! How long answers take, as an assumption: what a planned fault may say, and a queue's exponential.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::endpoint::Endpoints;
use crate::plan::what::What;
use crate::plan::{self, spec};
use crate::value;
use crate::yaml::Node;

/// A distribution of times.
#[derive(Clone, Debug, PartialEq)]
pub enum Latency {
    /// As planned faults have it.
    Planned(plan::Latency),
    /// As of a queue: short mostly, with a tail; by its mean.
    Exponential(Duration),
}

/// Not a latency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotALatency(String);

// === impl Latency ===

impl Latency {
    /// No time at all.
    pub const NONE: Self = Self::Planned(plan::Latency::Fixed(Duration::ZERO));

    /// The time for a draw from [0, 1): the quantile function.
    #[must_use]
    pub fn at(&self, draw: f64) -> Duration {
        match self {
            Self::Planned(latency) => latency.at(draw),
            // 1 − u is never 0; beyond 700 means no latency differs from never.
            Self::Exponential(mean) => mean.mul_f64((-(1.0 - draw).ln()).min(700.0)),
        }
    }

    /// Whether it is always the same, and what.
    #[must_use]
    pub const fn fixed(&self) -> Option<Duration> {
        match self {
            Self::Planned(plan::Latency::Fixed(time)) => Some(*time),
            Self::Planned(_) | Self::Exponential(_) => None,
        }
    }

    /// The chance of an answer that is too late for `limit`. The quantile function rises, so the place where
    /// it passes the limit is found by halving.
    #[must_use]
    pub fn reaches(&self, limit: Duration) -> f64 {
        let is_in_time = |draw: f64| self.at(draw) < limit;
        let (mut low, mut high) = (0.0, 1.0 - f64::EPSILON);
        if !is_in_time(low) {
            return 1.0;
        }
        if is_in_time(high) {
            return 0.0;
        }
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            *if is_in_time(middle) { &mut low } else { &mut high } = middle;
        }
        1.0 - high
    }
}

impl fmt::Display for Latency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Planned(plan::Latency::Fixed(time)) => write!(f, "{time:?}"),
            Self::Planned(plan::Latency::Uniform(from, to)) => write!(f, "uniformly {from:?} to {to:?}"),
            Self::Planned(plan::Latency::Normal { mean, deviation }) => {
                write!(f, "normally {mean:?} ± {deviation:?}")
            }
            Self::Planned(plan::Latency::Percentiles(points)) => {
                for (n, (percent, time)) in points.iter().enumerate() {
                    write!(f, "{}p{percent} {time:?}", if n == 0 { "" } else { ", " })?;
                }
                Ok(())
            }
            Self::Exponential(mean) => write!(f, "exponentially, {mean:?} on average"),
        }
    }
}

/// `200ms`, `uniform 10ms..2s`, `normal 300ms..50ms` (mean and deviation), `exponential 300ms`,
/// `p50=20ms,p99=900ms`; or as in a planned fault, `{uniform: [10ms, 2s]}`.
impl FromStr for Latency {
    type Err = NotALatency;

    fn from_str(text: &str) -> Result<Self, NotALatency> {
        let text = text.trim();
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let pair = || rest.split_once("..").map(|(from, to)| (from.trim(), to.trim()));
        let yaml = match (word, pair()) {
            ("exponential", _) => {
                return value::positive(rest.trim())
                    .map(Self::Exponential)
                    .map_err(|why| NotALatency(why.to_string()));
            }
            ("uniform", Some((from, to))) => format!("{{uniform: ['{from}', '{to}']}}"),
            ("uniform", None) => return Err(NotALatency("write for example `uniform 10ms..2s`".into())),
            ("normal", Some((mean, deviation))) => {
                format!("{{normal: {{mean: '{mean}', deviation: '{deviation}'}}}}")
            }
            ("normal", None) => {
                let message = "write the mean and the deviation, for example `normal 300ms..50ms`";
                return Err(NotALatency(message.into()));
            }
            _ if text.starts_with('{') => text.to_owned(),
            _ if text.contains('=') => format!("{{{}}}", text.replace('=', ": ")),
            _ => return Self::fixed_from(text),
        };
        planned(&yaml)
    }
}

impl Latency {
    fn fixed_from(text: &str) -> Result<Self, NotALatency> {
        let forms = "a time such as 200ms, `uniform 10ms..2s`, `normal 300ms..50ms`, `exponential 300ms` or \
                     `p50=20ms,p99=900ms`";
        let read = value::with_unit(text).map_err(|why| {
            let is_number = text.starts_with(|c: char| c.is_ascii_digit() || c == '-');
            NotALatency(if is_number { why.to_string() } else { format!("expected {forms}") })
        });
        read.map(|time| Self::Planned(plan::Latency::Fixed(time)))
    }
}

/// As a planned fault's `latency`, read by the same reader.
fn planned(yaml: &str) -> Result<Latency, NotALatency> {
    let fault = format!("{{on: all, latency: {yaml}}}");
    let read = Node::parse(&fault).and_then(|node| spec::read_all(&node, "", "", &Endpoints::default()));
    let specs = read.map_err(|problems| {
        let said = |problem: &crate::yaml::Problem| {
            let field = problem.field.trim_start_matches('.');
            if field.is_empty() { problem.message.clone() } else { format!("{field}: {}", problem.message) }
        };
        NotALatency(problems.0.iter().map(said).collect::<Vec<_>>().join("; "))
    })?;
    match specs.into_iter().next().map(|spec| spec.what) {
        Some(What::Wait(latency, _)) => Ok(Latency::Planned(latency)),
        _ => Err(NotALatency("expected a latency alone".into())),
    }
}

// === impl NotALatency ===

impl fmt::Display for NotALatency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotALatency {}

#[cfg(test)]
mod tests {
    use super::*;

    fn latency(text: &str) -> Latency {
        text.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
    }

    #[test]
    fn every_way_to_write_a_latency_is_read() {
        let ms = Duration::from_millis;
        assert_eq!(latency("200ms").fixed(), Some(ms(200)));
        assert_eq!(latency("uniform 10ms..2s"), latency("{uniform: [10ms, 2s]}"));
        assert_eq!(latency("normal 300ms..50ms"), latency("{normal: {mean: 300ms, deviation: 50ms}}"));
        assert_eq!(latency("p50=20ms,p99=900ms"), latency("{p50: 20ms, p99: 900ms}"));
        assert_eq!(latency("exponential 300ms"), Latency::Exponential(ms(300)));
        assert_eq!(latency("p50=20ms,p99=900ms").at(0.5), ms(20));
    }

    #[test]
    fn a_wrong_latency_says_what_to_write() {
        for (text, words) in [
            ("5", "write 5s"),
            ("fast", "expected a time such as 200ms"),
            ("uniform 5ms", "uniform 10ms..2s"),
            ("uniform 5s..1s", "must not be longer"),
            ("normal 5ms", "normal 300ms..50ms"),
            ("p50=20ms,p99=10ms", "must rise"),
            ("q50=20ms", "percentiles such as p50"),
            ("exponential 0s", "more than 0"),
            ("{uniform: [", "not YAML"),
        ] {
            let why = text.parse::<Latency>().expect_err(text).to_string();
            assert!(why.contains(words), "{text}: {why}");
        }
    }

    #[test]
    fn the_chance_of_being_late_agrees_with_the_distributions() {
        let second = Duration::from_secs(1);
        for (text, expected) in [
            ("999ms", 0.0),
            ("1s", 1.0),
            ("uniform 500ms..2500ms", 0.75),
            ("exponential 500ms", (-2.0_f64).exp()),
            ("normal 1s..10ms", 0.5),
            ("p50=500ms,p100=1500ms", 0.25),
            ("p50=20ms,p99=900ms", 0.0),
        ] {
            let chance = latency(text).reaches(second);
            assert!((chance - expected).abs() < 1e-6, "{text}: {chance}");
        }
    }
}
