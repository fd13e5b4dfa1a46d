//! Faults in words, for people.

use std::fmt::Write;
use std::time::Duration;

use crate::duration::{MILLISECOND, MINUTE, SECOND};
use crate::plan::what::{Answer, Manner, Network, What};
use crate::plan::when::{Timing, Turns};
use crate::plan::whom::{Caller, PathPattern, Whom};
use crate::plan::{Latency, Outcomes};

/// What a fault does: `answers 503 after 2s`.
pub(super) fn what(what: &What) -> String {
    match what {
        What::Wait(wait, outcomes) => {
            let which = match outcomes {
                Outcomes::All => "answers wait",
                Outcomes::Successes => "successes wait",
                Outcomes::Failures => "failures wait",
            };
            format!("{which} {}", latency(wait))
        }
        What::Answer(answer) => answered(answer),
        What::Network(network) => network_word(*network).to_owned(),
    }
}

fn answered(answer: &Answer) -> String {
    let mut text = match answer.manner {
        Manner::Whole => format!("answers {}", answer.status),
        Manner::Never => "never answers".to_owned(),
        Manner::SlowHeaders => format!("sends the head of a {} over {}", answer.status, time(answer.over)),
        Manner::Trickle => format!("sends the body of a {} over {}", answer.status, time(answer.over)),
        Manner::Stall => "stops within the answer".to_owned(),
        Manner::Truncate => "ends the connection within the answer".to_owned(),
        Manner::Cut => "resets the connection within the answer".to_owned(),
        Manner::Malformed => "answers with a broken body".to_owned(),
        Manner::Garbage => "answers with garbage".to_owned(),
        Manner::Close => "closes the connection without an answer".to_owned(),
        Manner::Reset => "resets the connection without an answer".to_owned(),
        Manner::HalfClose => "closes its side without an answer".to_owned(),
    };
    if let Some(wait) = &answer.latency {
        let _ = write!(text, " after {}", latency(wait));
    }
    text
}

fn network_word(network: Network) -> &'static str {
    match network {
        Network::Open => "works",
        Network::Refuse => "refuses connections",
        Network::Reset => "resets connections",
        Network::Hang => "accepts and never answers",
        Network::Blackhole => "drops what comes: connecting times out",
    }
}

fn latency(latency: &Latency) -> String {
    match latency {
        Latency::Fixed(fixed) => time(*fixed),
        Latency::Uniform(from, to) => format!("{} to {}", time(*from), time(*to)),
        Latency::Normal { mean, deviation } => format!("about {} ± {}", time(*mean), time(*deviation)),
        Latency::Percentiles(points) => {
            let points = points.iter().map(|(percent, at)| format!("p{percent} {}", time(*at)));
            points.collect::<Vec<_>>().join(" ")
        }
    }
}

/// Which requests it hits: `20% of requests, from 5m on`. Nothing is all.
pub(super) fn when(timing: &Timing) -> String {
    let mut parts = vec![];
    if !timing.rate.is_always() {
        parts.push(format!("{} of requests", timing.rate));
    }
    parts.extend(timing.ramp.map(|ramp| format!("rising over {}", time(ramp))));
    if !timing.after.is_zero() {
        parts.push(format!("from {} on", time(timing.after)));
    }
    parts.extend(timing.until.map(|until| format!("until {}", time(until))));
    parts.extend(timing.turns.map(turns));
    parts.extend(
        timing.flap.map(|flap| format!("for the first {} of every {}", flap.duty, time(flap.period))),
    );
    parts.extend(timing.bursts.map(|_| "in bursts".to_owned()));
    parts.extend(timing.starts.map(|starts| format!("in the first {starts} starts")));
    parts.extend(timing.phase.map(|_| "in a phase of the scenario".to_owned()));
    parts.join(", ")
}

fn turns(turns: Turns) -> String {
    let Turns { pass, fail, repeats } = turns;
    let mut text = match fail {
        Some(fail) => format!("{fail} requests after {pass}"),
        None => format!("all requests after {pass}"),
    };
    if repeats {
        text.push_str(", again and again");
    }
    text
}

/// Whom it hits: `kubelets`. Nothing is everybody.
pub(super) fn whom(whom: &Whom) -> String {
    let mut parts = vec![];
    parts.extend(whom.callers.map(|caller| match caller {
        Caller::Probe => "only kubelets".to_owned(),
        Caller::Other => "all but kubelets".to_owned(),
    }));
    parts.extend(whom.path.as_ref().map(|path| match path {
        PathPattern::Exact(path) => format!("path {path}"),
        PathPattern::Prefix(path) => format!("path {path}*"),
    }));
    parts.extend(whom.headers.iter().map(|(name, value)| match value {
        Some(value) => format!("header {name}: {value}"),
        None => format!("header {name}"),
    }));
    parts.extend(whom.share.map(|share| format!("{share} of addresses")));
    parts.join(", ")
}

/// As one writes it: `90s`, `5m`, `1.5s`, `20ms`.
pub(super) fn time(time: Duration) -> String {
    let nanos = time.as_nanos();
    let is_whole = |unit: u64| nanos > 0 && nanos.is_multiple_of(u128::from(unit));
    if is_whole(60 * MINUTE) {
        format!("{}h", nanos / u128::from(60 * MINUTE))
    } else if is_whole(MINUTE) {
        format!("{}m", nanos / u128::from(MINUTE))
    } else if nanos < u128::from(SECOND) {
        format!("{}ms", nanos as f64 / MILLISECOND as f64)
    } else {
        format!("{}s", time.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Endpoints;
    use crate::plan::spec;
    use crate::yaml::Node;

    #[test]
    fn faults_are_told_in_words() {
        for (written, expected) in [
            ("{on: readiness}", ["answers 500", "", ""]),
            (
                "{on: all, rate: 20%, status: 503, latency: 1500ms}",
                ["answers 503 after 1.5s", "20% of requests", ""],
            ),
            ("{on: all, latency: {p50: 20ms, p99: 900ms}}", ["answers wait p50 20ms p99 900ms", "", ""]),
            (
                "{on: all, latency: {uniform: [1s, 2m]}, latency_on: failures}",
                ["failures wait 1s to 2m", "", ""],
            ),
            (
                "{on: liveness, after: 5m, for: 30s, answer: trickle, callers: probes}",
                ["sends the body of a 200 over 10s", "from 5m on, until 330s", "only kubelets"],
            ),
            (
                "{on: http, path: /a*, header: {x-a: b}, share: 5%, pass: 3, fail: 2, repeat: true}",
                [
                    "answers 500",
                    "2 requests after 3, again and again",
                    "path /a*, header x-a: b, 5% of addresses",
                ],
            ),
            (
                "{on: network, answer: blackhole, flap: {period: 1h, duty: 5%}}",
                ["drops what comes: connecting times out", "for the first 5% of every 1h", ""],
            ),
            (
                "{on: tcp, bursts: {gap: 20, length: 5}, pass: 4}",
                ["answers 500", "all requests after 4, in bursts", ""],
            ),
        ] {
            let node = Node::parse(written).unwrap();
            let spec = spec::read_all(&node, "", "f", &Endpoints::default()).expect(written).remove(0);
            assert_eq!([what(&spec.what), when(&spec.timing), whom(&spec.whom)], expected, "{written}");
        }
    }

    #[test]
    fn times_are_told_as_they_are_written() {
        for (millis, text) in
            [(0, "0ms"), (20, "20ms"), (1_500, "1.5s"), (90_000, "90s"), (120_000, "2m"), (7_200_000, "2h")]
        {
            assert_eq!(time(Duration::from_millis(millis)), text);
        }
    }
}
