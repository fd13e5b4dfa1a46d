//! The decisions of a record, by endpoint and number.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use tracing::warn;

use super::line::{self, Line, Lines};
use crate::decide::Decision;
use crate::endpoint::{Endpoint, Endpoints};
use crate::plan::Port;
use crate::plan::what::Network;

/// A record to be given again.
#[derive(Debug)]
pub(crate) struct Replay {
    /// The recorded seed: after the end of the record the draws go on as they would have.
    pub(crate) seed: u64,
    endpoints: Vec<Track>,
    ports: Vec<(Port, Duration, Network)>,
    end: Duration,
}

/// The decisions of one endpoint, by number.
#[derive(Debug, Default)]
struct Track {
    decisions: Vec<Decision>,
    is_over: AtomicBool,
}

/// Reads a record.
///
/// # Errors
/// What is wrong, by line.
pub(crate) fn read(text: &str, endpoints: &Endpoints) -> Result<Replay, Vec<String>> {
    // What a killed process was writing has no end.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut lines = whole.lines().enumerate();
    let (_, first) = lines.next().unwrap_or_default();
    let seed = line::seed(first).map_err(|why| vec![format!("1: {why}")])?;
    let tracks = (0..endpoints.count()).map(|_| Track::default()).collect();
    let mut replay = Replay { seed, endpoints: tracks, ports: vec![], end: Duration::ZERO };
    let (mut reader, mut wrong) = (Lines::new(endpoints), vec![]);
    for (n, text) in lines {
        let added = reader.read(text).and_then(|line| replay.add(line));
        wrong.extend(added.err().map(|why| format!("{}: {why}", n + 1)));
        if wrong.len() == 10 {
            break;
        }
    }
    if wrong.is_empty() { Ok(replay) } else { Err(wrong) }
}

// === impl Replay ===

impl Replay {
    fn add(&mut self, line: Line) -> Result<(), String> {
        match line {
            Line::Decided(endpoint, sequence, at, decision) => {
                self.end = self.end.max(at);
                self.endpoints[endpoint.index()].add(sequence, decision)
            }
            Line::Network(port, at, network) => {
                if self.ports.iter().any(|(other, earlier, _)| *other == port && *earlier > at) {
                    return Err("at: earlier than the line before of this port".into());
                }
                self.end = self.end.max(at);
                self.ports.push((port, at, network));
                Ok(())
            }
            Line::End(at) => {
                self.end = at;
                Ok(())
            }
        }
    }

    /// How many decisions there are.
    pub(crate) fn count(&self) -> usize {
        self.endpoints.iter().map(|track| track.decisions.len()).sum()
    }

    /// What was decided; `None` past the end of the record, which is logged once for each endpoint.
    pub(crate) fn decision(
        &self,
        endpoint: Endpoint,
        sequence: u64,
        endpoints: &Endpoints,
    ) -> Option<Decision> {
        let track = &self.endpoints[endpoint.index()];
        let place = usize::try_from(sequence).unwrap_or(usize::MAX);
        let decision = track.decisions.get(place).cloned();
        if decision.is_none() && !track.is_over.swap(true, Relaxed) {
            warn!(
                endpoint = endpoints.name(endpoint),
                recorded = track.decisions.len(),
                "the record is over for this endpoint: the plan answers from now on"
            );
        }
        decision
    }

    /// What had become of a port at this uptime, and when that changed; `None` past the end of the record.
    pub(crate) fn network(&self, port: Port, uptime: Duration) -> Option<(Network, Option<Duration>)> {
        let of_port = || self.ports.iter().filter(|(of, ..)| *of == port);
        let now = of_port().rfind(|(_, at, _)| *at <= uptime).map_or(Network::Open, |(.., network)| *network);
        let next = of_port().find(|(_, at, _)| *at > uptime).map_or(self.end, |(_, at, _)| *at);
        (uptime < self.end).then_some((now, Some(next)))
    }
}

// === impl Track ===

impl Track {
    fn add(&mut self, sequence: u64, decision: Decision) -> Result<(), String> {
        let next = self.decisions.len();
        if usize::try_from(sequence) != Ok(next) {
            return Err(format!(
                "sequence: {sequence} where {next} is next: a record is whole but for its end"
            ));
        }
        self.decisions.push(decision);
        Ok(())
    }
}
