//! What changes while the server runs: counters and the draining mark.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use crate::endpoint::Endpoint;

/// Shared by all connections. Each counter stands alone, so no ordering between them is needed.
#[derive(Debug)]
pub struct State {
    arrived: Vec<AtomicU64>,
    turns: Vec<AtomicU64>,
    waiting: AtomicU64,
    abandoned: AtomicU64,
    is_draining: AtomicBool,
}

/// An injected wait under way. Dropped before [`Waiting::finish`], it counts as abandoned by its client.
#[derive(Debug)]
pub struct Waiting<'a> {
    state: &'a State,
    is_finished: bool,
}

// === impl State ===

impl State {
    /// Nothing has happened at any of so many endpoints.
    #[must_use]
    pub fn new(endpoints: usize) -> Self {
        let zeros = || (0..endpoints).map(|_| AtomicU64::new(0)).collect();
        Self {
            arrived: zeros(),
            turns: zeros(),
            waiting: AtomicU64::new(0),
            abandoned: AtomicU64::new(0),
            is_draining: AtomicBool::new(false),
        }
    }

    /// Counts a request on arrival and returns its sequence number, from 0.
    pub fn arrive(&self, endpoint: Endpoint) -> u64 {
        self.arrived[endpoint.index()].fetch_add(1, Relaxed)
    }

    /// How many requests arrived at an endpoint.
    #[must_use]
    pub fn arrived(&self, endpoint: Endpoint) -> u64 {
        self.arrived[endpoint.index()].load(Relaxed)
    }

    /// Counts a request that got as far as the counting step and returns its number, from 0.
    pub fn take_turn(&self, endpoint: Endpoint) -> u64 {
        self.turns[endpoint.index()].fetch_add(1, Relaxed)
    }

    /// How many requests got as far as the counting step.
    #[must_use]
    pub fn turns(&self, endpoint: Endpoint) -> u64 {
        self.turns[endpoint.index()].load(Relaxed)
    }

    /// Begins an injected wait.
    pub fn wait(&self) -> Waiting<'_> {
        self.waiting.fetch_add(1, Relaxed);
        Waiting { state: self, is_finished: false }
    }

    /// From now on readiness fails.
    pub fn start_draining(&self) {
        self.is_draining.store(true, Relaxed);
    }

    /// Whether the process was asked to stop.
    #[must_use]
    pub fn is_draining(&self) -> bool {
        self.is_draining.load(Relaxed)
    }

    /// How many requests arrived at all endpoints together.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.arrived.iter().map(|count| count.load(Relaxed)).sum()
    }

    /// How many injected waits are under way.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Relaxed)
    }

    /// How many injected waits ended because the client went away.
    #[must_use]
    pub fn abandoned(&self) -> u64 {
        self.abandoned.load(Relaxed)
    }
}

// === impl Waiting ===

impl Waiting<'_> {
    /// The wait came to its end.
    pub fn finish(mut self) {
        self.is_finished = true;
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.state.waiting.fetch_sub(1, Relaxed);
        if !self.is_finished {
            self.state.abandoned.fetch_add(1, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_count_on_their_own() {
        let state = State::new(7);
        assert_eq!([0, 1, 2].map(|_| state.arrive(Endpoint::Liveness)), [0, 1, 2]);
        assert_eq!(state.arrive(Endpoint::Readiness), 0);
        assert_eq!(state.take_turn(Endpoint::Liveness), 0);
        assert_eq!(state.requests(), 4);
    }

    #[test]
    fn a_wait_that_is_dropped_is_abandoned() {
        let state = State::new(7);
        let (kept, dropped) = (state.wait(), state.wait());
        assert_eq!((state.waiting(), state.abandoned()), (2, 0));
        drop(dropped);
        kept.finish();
        assert_eq!((state.waiting(), state.abandoned()), (0, 1));
    }
}
