//! What is counted, and how Prometheus reads it:
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>.

use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use crate::endpoint::{Endpoint, Endpoints};
use crate::plan::whom::Caller;

const LATENCY_BOUNDS: &[f64] = &[0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
const INTERVAL_BOUNDS: &[f64] = &[0.1, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0];

/// What was counted since the start.
#[derive(Debug)]
pub struct Metrics {
    endpoints: Vec<PerEndpoint>,
}

#[derive(Debug)]
struct PerEndpoint {
    requests: Mutex<Vec<Count>>,
    injected: Histogram,
    served: Histogram,
    intervals: Histogram,
    last_probe: Mutex<Option<Probed>>,
}

/// The requests of an endpoint that have all of this in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// From whom.
    pub caller: Caller,
    /// As in [`Sample`].
    pub outcome: &'static str,
    /// As in [`Sample`].
    pub reason: &'static str,
    /// How many.
    pub requests: u64,
    /// The uptime at which the last one arrived.
    pub last: Duration,
}

/// The last request of a kubelet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Probed {
    /// The uptime at which it arrived.
    pub at: Duration,
    /// Since the one before.
    pub interval: Option<Duration>,
}

/// Counts by upper bounds. The sum is in microseconds.
#[derive(Debug)]
struct Histogram {
    bounds: &'static [f64],
    counts: Vec<AtomicU64>,
    sum: AtomicU64,
}

/// One decided request.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// Where.
    pub endpoint: Endpoint,
    /// From whom.
    pub caller: Caller,
    /// `success`, `failure`, or `none` where no status is sent.
    pub outcome: &'static str,
    /// What answered, in a word.
    pub reason: &'static str,
    /// The wait before the answer.
    pub delay: Duration,
    /// When it arrived.
    pub uptime: Duration,
}

// === impl Metrics ===

impl Metrics {
    /// Nothing has been counted.
    #[must_use]
    pub fn new(endpoints: usize) -> Self {
        let per_endpoint = || PerEndpoint {
            requests: Mutex::default(),
            injected: Histogram::new(LATENCY_BOUNDS),
            served: Histogram::new(LATENCY_BOUNDS),
            intervals: Histogram::new(INTERVAL_BOUNDS),
            last_probe: Mutex::default(),
        };
        Self { endpoints: (0..endpoints).map(|_| per_endpoint()).collect() }
    }

    /// Counts a request that was decided.
    pub fn count(&self, sample: Sample) {
        let endpoint = &self.endpoints[sample.endpoint.index()];
        if let Ok(mut requests) = endpoint.requests.lock() {
            let Sample { caller, outcome, reason, uptime, .. } = sample;
            let known = requests
                .iter_mut()
                .find(|count| count.caller == caller && count.outcome == outcome && count.reason == reason);
            match known {
                Some(count) => (count.requests, count.last) = (count.requests + 1, uptime),
                None => requests.push(Count { caller, outcome, reason, requests: 1, last: uptime }),
            }
        }
        if !sample.delay.is_zero() {
            endpoint.injected.observe(sample.delay);
        }
        if sample.caller == Caller::Probe
            && let Ok(mut last) = endpoint.last_probe.lock()
        {
            let interval = last.map(|last| sample.uptime.saturating_sub(last.at));
            *last = Some(Probed { at: sample.uptime, interval });
            if let Some(interval) = interval {
                endpoint.intervals.observe(interval);
            }
        }
    }

    /// The requests of an endpoint so far.
    #[must_use]
    pub fn counts(&self, endpoint: Endpoint) -> Vec<Count> {
        self.endpoints[endpoint.index()].requests.lock().map(|counts| counts.clone()).unwrap_or_default()
    }

    /// When a kubelet last asked an endpoint.
    #[must_use]
    pub fn probed(&self, endpoint: Endpoint) -> Option<Probed> {
        self.endpoints[endpoint.index()].last_probe.lock().ok().and_then(|last| *last)
    }

    /// Counts an answer that was given so long after its request arrived.
    pub fn served(&self, endpoint: Endpoint, took: Duration) {
        self.endpoints[endpoint.index()].served.observe(took);
    }

    /// Appends it all as text.
    pub fn write(&self, endpoints: &Endpoints, out: &mut String) {
        let names: Vec<(&str, &PerEndpoint)> = endpoints
            .all()
            .map(|endpoint| (endpoints.name(endpoint), &self.endpoints[endpoint.index()]))
            .collect();
        head(out, "probesim_requests_total", "counter", "Requests decided, by what answered them.");
        for (name, endpoint) in &names {
            let Ok(requests) = endpoint.requests.lock() else { continue };
            for Count { caller, outcome, reason, requests, .. } in requests.iter() {
                let caller = caller.word();
                let labels = format!(
                    "endpoint=\"{}\",caller=\"{caller}\",outcome=\"{outcome}\",reason=\"{reason}\"",
                    escape(name)
                );
                let _ = writeln!(out, "probesim_requests_total{{{labels}}} {requests}");
            }
        }
        type Choose = fn(&PerEndpoint) -> &Histogram;
        let histograms: [(&str, &str, Choose); 3] = [
            ("probesim_injected_latency_seconds", "Waits that were injected.", |e| &e.injected),
            (
                "probesim_served_latency_seconds",
                "From a request's arrival to its answer; without an injected wait it counts as 0.",
                |e| &e.served,
            ),
            ("probesim_probe_interval_seconds", "Between two requests of a kubelet to one endpoint.", |e| {
                &e.intervals
            }),
        ];
        for (metric, help, choose) in histograms {
            head(out, metric, "histogram", help);
            for (name, endpoint) in &names {
                let at_once = if metric.contains("_served_") { endpoint.at_once() } else { 0 };
                choose(endpoint).write(metric, &format!("endpoint=\"{}\"", escape(name)), at_once, out);
            }
        }
    }
}

// === impl PerEndpoint ===

impl PerEndpoint {
    /// The requests that were answered without an injected wait. They are not observed one by one: most are.
    fn at_once(&self) -> u64 {
        let requests = self.requests.lock().map(|all| all.iter().map(|count| count.requests).sum());
        requests.unwrap_or(0_u64).saturating_sub(self.injected.total())
    }
}

// === impl Histogram ===

impl Histogram {
    fn new(bounds: &'static [f64]) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Self { bounds, counts, sum: AtomicU64::new(0) }
    }

    fn observe(&self, time: Duration) {
        let seconds = time.as_secs_f64();
        let place = self.bounds.iter().position(|bound| seconds <= *bound).unwrap_or(self.bounds.len());
        self.counts[place].fetch_add(1, Relaxed);
        self.sum.fetch_add(u64::try_from(time.as_micros()).unwrap_or(u64::MAX), Relaxed);
    }

    fn total(&self) -> u64 {
        self.counts.iter().map(|count| count.load(Relaxed)).sum()
    }

    /// Nothing, if nothing was observed. So many `zeros` come on top.
    fn write(&self, metric: &str, labels: &str, zeros: u64, out: &mut String) {
        let total = self.total() + zeros;
        if total == 0 {
            return;
        }
        let mut below = zeros;
        let bounds = self.bounds.iter().map(ToString::to_string).chain(["+Inf".to_owned()]);
        for (bound, count) in bounds.zip(&self.counts) {
            below += count.load(Relaxed);
            let _ = writeln!(out, "{metric}_bucket{{{labels},le=\"{bound}\"}} {below}");
        }
        let sum = self.sum.load(Relaxed) as f64 / 1e6;
        let _ = writeln!(out, "{metric}_sum{{{labels}}} {sum}\n{metric}_count{{{labels}}} {total}");
    }
}

/// The two comments before a metric.
pub fn head(out: &mut String, metric: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {metric} {help}\n# TYPE {metric} {kind}");
}

/// A label's value.
#[must_use]
pub fn escape(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(uptime: u64) -> Sample {
        Sample {
            endpoint: Endpoint::Readiness,
            caller: Caller::Probe,
            outcome: "failure",
            reason: "whole",
            delay: Duration::from_millis(200),
            uptime: Duration::from_secs(uptime),
        }
    }

    #[test]
    fn requests_latencies_and_intervals_are_counted() {
        let (metrics, endpoints) = (Metrics::new(7), Endpoints::default());
        metrics.count(sample(10));
        metrics.count(sample(20));
        metrics.count(Sample { caller: Caller::Other, delay: Duration::ZERO, ..sample(21) });
        metrics.served(Endpoint::Readiness, Duration::from_millis(201));
        let mut text = String::new();
        metrics.write(&endpoints, &mut text);
        for line in [
            "# TYPE probesim_requests_total counter",
            "probesim_requests_total{endpoint=\"readiness\",caller=\"probes\",outcome=\"failure\",reason=\"whole\"} 2",
            "probesim_requests_total{endpoint=\"readiness\",caller=\"others\",outcome=\"failure\",reason=\"whole\"} 1",
            "probesim_injected_latency_seconds_bucket{endpoint=\"readiness\",le=\"0.1\"} 0",
            "probesim_injected_latency_seconds_bucket{endpoint=\"readiness\",le=\"0.25\"} 2",
            "probesim_injected_latency_seconds_bucket{endpoint=\"readiness\",le=\"+Inf\"} 2",
            "probesim_injected_latency_seconds_sum{endpoint=\"readiness\"} 0.4",
            "probesim_injected_latency_seconds_count{endpoint=\"readiness\"} 2",
            "probesim_served_latency_seconds_count{endpoint=\"readiness\"} 2",
            "probesim_probe_interval_seconds_bucket{endpoint=\"readiness\",le=\"10\"} 1",
            "probesim_probe_interval_seconds_count{endpoint=\"readiness\"} 1",
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn the_last_request_of_each_kind_and_the_last_interval_are_known() {
        let metrics = Metrics::new(7);
        assert_eq!(metrics.probed(Endpoint::Readiness), None);
        for uptime in [10, 20, 23] {
            metrics.count(sample(uptime));
        }
        metrics.count(Sample { caller: Caller::Other, ..sample(30) });
        let (at, interval) = (Duration::from_secs(23), Some(Duration::from_secs(3)));
        assert_eq!(metrics.probed(Endpoint::Readiness), Some(Probed { at, interval }));
        let counts = metrics.counts(Endpoint::Readiness);
        let counts: Vec<_> = counts.iter().map(|count| (count.requests, count.last.as_secs())).collect();
        assert_eq!(counts, [(3, 23), (1, 30)]);
    }

    #[test]
    fn labels_are_escaped() {
        assert_eq!(escape("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
    }
}
