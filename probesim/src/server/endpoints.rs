//! From a request to its answer: count it, decide, wait, reply.

use std::fmt;
use std::future::{self, Future};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use hyper::{Request, Response, StatusCode};
use tokio::time::{self, Instant};

use super::engine::Engine;
use crate::decide::Decision;
use crate::endpoint::Endpoint;
use crate::plan::what::Manner;
use crate::plan::whom::Asked;

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// An answer under way. Most are there at once, and need no allocation.
pub(crate) enum Answering {
    Now(Option<Answered>),
    Later(Pin<Box<dyn Future<Output = Answered> + Send>>),
}

/// A response, or a decision that no HTTP response can express.
pub(crate) type Answered = Result<Response<Full<Bytes>>, TakeOver>;

/// The connection is to be taken from HTTP, and this done with it.
#[derive(Clone, Debug)]
pub(crate) struct TakeOver(pub(crate) Decision);

// === impl Answering ===

impl Future for Answering {
    type Output = Answered;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Now(answer) => answer.take().map_or(Poll::Pending, Poll::Ready),
            Self::Later(answer) => answer.as_mut().poll(context),
        }
    }
}

// === impl TakeOver ===

impl std::error::Error for TakeOver {}

impl fmt::Display for TakeOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an injected fault: {}", self.0.reason)
    }
}

/// Answers one request, whatever its method.
pub(crate) fn answer(engine: &Arc<Engine>, address: Option<IpAddr>, request: Request<Incoming>) -> Answering {
    let path = request.uri().path();
    let endpoint = engine.endpoints().at(path);
    let asked = Asked { headers: Some(request.headers()), path, address };
    let decision = engine.arrive(endpoint, asked);
    if decision.delay.is_zero() {
        return Answering::Now(Some(reply(endpoint, decision)));
    }
    let engine = Arc::clone(engine);
    Answering::Later(Box::pin(async move {
        let arrived = Instant::now();
        wait(&engine, &decision, request.into_body()).await;
        engine.served(endpoint, decision.delay, arrived.elapsed());
        reply(endpoint, decision)
    }))
}

/// Waits as decided, or until the client is gone. hyper sees that by reading, so it must not be stuck before
/// a body that nobody takes.
async fn wait(engine: &Engine, decision: &Decision, mut body: Incoming) {
    let waiting = engine.state().wait();
    let body_fails = async {
        while let Some(frame) = body.frame().await {
            if frame.is_err() {
                return;
            }
        }
        future::pending::<()>().await;
    };
    tokio::select! {
        () = time::sleep(decision.delay) => waiting.finish(),
        () = body_fails => {}
    }
}

fn reply(endpoint: Endpoint, decision: Decision) -> Answered {
    let status = StatusCode::from_u16(decision.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let Some(answer) = decision.answer() else {
        let mut response = text(status, Bytes::from_static(decision.body.as_bytes()));
        if endpoint == Endpoint::Http {
            // As Go's `http.NotFound`.
            response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        }
        return Ok(response);
    };
    if answer.manner != Manner::Whole {
        return Err(TakeOver(decision));
    }
    let mut response = text(status, decision.planned_body());
    for (name, value) in &answer.headers {
        response.headers_mut().insert(name, value.clone());
    }
    Ok(response)
}

fn text(status: StatusCode, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, TEXT);
    response
}
