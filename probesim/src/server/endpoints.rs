//! From a request to its answer: count it, decide, wait, reply.

use std::convert::Infallible;
use std::future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::{Request, Response, StatusCode};
use tokio::time::{self, Instant};
use tracing::debug;

use crate::decide::{Arrival, Decision, decide};
use crate::endpoint::Endpoint;
use crate::plan::Plan;
use crate::rng::Draws;
use crate::state::State;

/// What all connections share: the plan, the draws, the counters and the clock.
#[derive(Debug)]
pub(crate) struct Engine {
    plan: Plan,
    draws: Draws,
    state: State,
    started: Instant,
}

// === impl Engine ===

impl Engine {
    pub(crate) fn new(plan: Plan, seed: u64, started: Instant) -> Self {
        Self { plan, draws: Draws::new(seed), state: State::default(), started }
    }

    pub(crate) fn plan(&self) -> &Plan {
        &self.plan
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    /// Counts a request and decides its answer, at the moment of its arrival.
    fn arrive(&self, endpoint: Endpoint) -> Decision {
        let arrival = Arrival {
            sequence: self.state.arrive(endpoint),
            uptime: self.uptime(),
            is_draining: self.state.is_draining(),
        };
        let decision = decide(&self.plan, endpoint, arrival, &self.draws, || self.state.take_turn(endpoint));
        debug!(
            endpoint = endpoint.name(),
            sequence = arrival.sequence,
            status = decision.status,
            reason = decision.reason,
            delay = ?decision.delay,
            "decided"
        );
        decision
    }
}

/// Answers one request, whatever its method.
pub(crate) async fn answer(
    engine: Arc<Engine>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let Some(endpoint) = Endpoint::at(request.uri().path()) else {
        return Ok(not_found());
    };
    let decision = engine.arrive(endpoint);
    if !decision.delay.is_zero() {
        wait(&engine.state, decision.delay, request.into_body()).await;
    }
    let status = StatusCode::from_u16(decision.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Ok(text(status, decision.body))
}

/// Waits for `delay`, or until the client is gone. hyper sees that by reading, so it must not be stuck before
/// a body that nobody takes.
async fn wait(state: &State, delay: Duration, mut body: Incoming) {
    let waiting = state.wait();
    let body_fails = async {
        while let Some(frame) = body.frame().await {
            if frame.is_err() {
                return;
            }
        }
        future::pending::<()>().await;
    };
    tokio::select! {
        () = time::sleep(delay) => waiting.finish(),
        () = body_fails => {}
    }
}

/// As Go's `http.NotFound`.
fn not_found() -> Response<Full<Bytes>> {
    let mut response = text(StatusCode::NOT_FOUND, "404 page not found\n");
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn text(status: StatusCode, body: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}
