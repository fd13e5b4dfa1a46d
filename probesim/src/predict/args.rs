//! The command line of `probesim predict`.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::latency::Latency;
use super::sweep::Sweep;
use crate::kubelet::{Kind, Version};
use crate::plan::Rate;
use crate::value;

const NOTES: &str = "\
Latencies: 200ms, `uniform 10ms..2s`, `normal 300ms..50ms` (mean and deviation), `exponential 300ms`, or
percentiles `p50=20ms,p99=900ms`. A container of the simulator's image is taken to be the simulator, with the
settings of its manifest; any other is taken to be well, unless an option says what to assume.

Every figure is printed by formula and by simulation, where there is both. Intervals are those of 95 %. The same seed
gives the same figures.

Exit codes: 0 predicted; 1 --strict, and the manifests have findings; 2 usage, or a manifest is wrong.";

/// What to predict, and from what.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = NOTES)]
pub struct Args {
    /// Manifest to predict from: YAML or JSON, a directory, or - for the standard input; may be repeated
    #[arg(short, long = "filename", value_name = "FILE")]
    pub(super) filename: Vec<PathBuf>,

    /// Share of the probes that fail, each for itself; of one kind: readiness=5%
    #[arg(long, value_name = "[KIND=]PERCENT", value_parser = PerKind::<f64>::rate, allow_negative_numbers = true)]
    pub(super) failure_rate: Vec<PerKind<f64>>,

    /// How long answers take; of one kind: liveness=p50=20ms,p99=900ms
    #[arg(long, value_name = "[KIND=]LATENCY", value_parser = PerKind::<Latency>::latency, allow_negative_numbers = true)]
    pub(super) latency: Vec<PerKind<Latency>>,

    /// How long nothing answers after each start
    #[arg(long, value_name = "LATENCY", value_parser = Latency::from_str)]
    pub(super) startup_time: Option<Latency>,

    /// Take every container for the simulator, with the faults of this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["failure_rate", "latency", "startup_time"])]
    pub(super) config: Option<PathBuf>,

    /// Take every container for the simulator, with these faults: a YAML list, such as `[{on: readiness, rate: 20%}]`
    #[arg(long, value_name = "YAML", conflicts_with_all = ["failure_rate", "latency", "startup_time"])]
    pub(super) faults: Option<String>,

    /// Pods of each workload, instead of what the manifest says
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) replicas: Option<u32>,

    /// An outage of this length at a random moment: what comes of it
    #[arg(long, value_name = "TIME", value_parser = value::positive)]
    pub(super) outage: Option<Duration>,

    /// Nothing answers in that outage: each probe takes its timeout
    #[arg(long, requires = "outage")]
    pub(super) outage_hangs: bool,

    /// The time of a rollout, in which no new pod is to be disturbed [default: progressDeadlineSeconds]
    #[arg(long, value_name = "TIME", value_parser = value::positive)]
    pub(super) rollout: Option<Duration>,

    /// Kubelet to model
    #[arg(long, value_name = "VERSION", value_parser = Version::from_str, default_value = "1.36.2")]
    pub(super) kubernetes_version: Version,

    /// The time of one sample [default: so that it takes about a second; of planned faults 24h]
    #[arg(long = "for", value_name = "TIME", value_parser = value::positive)]
    pub(super) sample: Option<Duration>,

    /// How many samples to simulate [default: 20; of planned faults so that it takes about a second]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(2..=100_000))]
    pub(super) samples: Option<u32>,

    /// Seed of the simulation
    #[arg(long, value_name = "NUMBER", value_parser = value::seed, default_value = "1")]
    pub(super) seed: u64,

    #[command(flatten)]
    pub(super) probe: ProbeArgs,

    /// A table over the values of one field: periodSeconds, timeoutSeconds, failureThreshold, successThreshold,
    /// failure-rate or latency; of one kind: liveness.failureThreshold=1..10, failure-rate=1%..20%:1%
    #[arg(long, value_name = "[KIND.]FIELD=FROM..TO[:STEP]", value_parser = Sweep::from_str)]
    pub(super) sweep: Option<Sweep>,

    /// Plot the sweep; without one, what failure rates from 0.1 % to 50 % come to
    #[arg(long)]
    pub(super) plot: bool,

    /// Write the plot to this file as SVG too
    #[arg(long, value_name = "FILE")]
    pub(super) svg: Option<PathBuf>,

    /// Only the findings of the linter, no figures
    #[arg(long)]
    pub(super) lint: bool,

    /// Exit with 1 if the linter has findings
    #[arg(long)]
    pub(super) strict: bool,

    /// How to print
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = Output::Text)]
    pub(super) output: Output,
}

/// A probe without a manifest.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "A probe without a manifest")]
pub(super) struct ProbeArgs {
    /// periodSeconds [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = whole_seconds, conflicts_with = "filename")]
    pub(super) period: Option<i32>,

    /// failureThreshold [default: 3]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i32).range(1..), conflicts_with = "filename")]
    pub(super) threshold: Option<i32>,

    /// timeoutSeconds [default: 1s]
    #[arg(long, value_name = "TIME", value_parser = whole_seconds, conflicts_with = "filename")]
    pub(super) timeout: Option<i32>,

    /// successThreshold of readiness [default: 1]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(i32).range(1..), conflicts_with = "filename")]
    pub(super) success_threshold: Option<i32>,
}

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Output {
    /// Sentences.
    Text,
    /// One JSON object.
    Json,
}

/// A value for one kind of probe, or for all of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PerKind<T> {
    pub(super) kind: Option<Kind>,
    pub(super) value: T,
}

// === impl PerKind ===

impl PerKind<f64> {
    fn rate(text: &str) -> Result<Self, String> {
        Self::read(text, |text| value::rate(text).map(Rate::fraction).map_err(|why| why.to_string()))
    }
}

impl PerKind<Latency> {
    fn latency(text: &str) -> Result<Self, String> {
        Self::read(text, |text| text.parse().map_err(|why: super::latency::NotALatency| why.to_string()))
    }
}

impl<T> PerKind<T> {
    fn read(text: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Result<Self, String> {
        let named = text.split_once('=').and_then(|(word, rest)| Some((kind(word)?, rest)));
        let (kind, rest) = named.map_or((None, text), |(kind, rest)| (Some(kind), rest));
        parse(rest).map(|value| Self { kind, value })
    }
}

impl<T: Clone> PerKind<T> {
    /// What holds for `kind`: the last value that names it, else the last for all.
    pub(super) fn of(given: &[Self], kind: Kind) -> Option<T> {
        let named = given.iter().rev().find(|it| it.kind == Some(kind));
        named.or_else(|| given.iter().rev().find(|it| it.kind.is_none())).map(|it| it.value.clone())
    }
}

// === impl ProbeArgs ===

impl ProbeArgs {
    /// Whether any of them was given.
    pub(super) fn are_given(&self) -> bool {
        let Self { period, threshold, timeout, success_threshold } = self;
        [period, threshold, timeout, success_threshold].iter().any(|it| it.is_some())
    }
}

/// The kind of this name.
pub(super) fn kind(word: &str) -> Option<Kind> {
    Kind::ALL.into_iter().find(|kind| kind.to_string().eq_ignore_ascii_case(word))
}

/// A time that a field of whole seconds can hold.
fn whole_seconds(text: &str) -> Result<i32, String> {
    let time = value::positive(text).map_err(|why| why.to_string())?;
    let seconds = i32::try_from(time.as_secs()).ok().filter(|_| time.subsec_nanos() == 0);
    seconds.ok_or_else(|| "expected whole seconds, as the field has; write for example 10s".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_may_be_for_one_kind() {
        let rates = ["1", "readiness=5%", "2"].map(|text| PerKind::rate(text).unwrap());
        assert_eq!(PerKind::of(&rates, Kind::Readiness), Some(0.05));
        assert_eq!(PerKind::of(&rates, Kind::Liveness), Some(0.02));
        assert_eq!(PerKind::of(&rates[1..2], Kind::Liveness), None);
        let latency = PerKind::latency("liveness=p50=20ms,p99=900ms").unwrap();
        assert_eq!(
            (latency.kind, latency.value),
            (Some(Kind::Liveness), "p50=20ms,p99=900ms".parse().unwrap())
        );
        assert!(PerKind::rate("Readyness=5%").is_err());
    }

    #[test]
    fn fields_hold_whole_seconds() {
        assert_eq!(whole_seconds("2m"), Ok(120));
        assert!(whole_seconds("1.5s").unwrap_err().contains("whole seconds"));
        assert!(whole_seconds("10").is_err());
    }
}
