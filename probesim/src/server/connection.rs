//! One HTTP/1.1 connection.

use std::error::Error;
use std::future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tracing::debug;

use super::control::Controlled;
use super::endpoints::{self, TakeOver};
use super::engine::Engine;
use super::peer::Peer;
use super::raw;
use crate::decide::Decision;

/// The longest wait for a request's head, which is also how long an idle connection is kept.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Answers the requests of one connection, one after the other, until either side closes it.
///
/// While an answer waits, hyper reads on: a client that closes its side ends the wait.
///
/// # Caveats
/// A client that has sent its next request already is not seen to leave before the answer is written.
pub(crate) async fn serve<I: Peer>(
    io: I,
    engine: Arc<Engine>,
    address: Option<IpAddr>,
    mut control: Controlled,
) {
    // Boxed, so that a connection that was taken from hyper keeps nothing of it in memory.
    let taken = Box::pin(talk(io, &engine, address, &mut control)).await;
    if let Some((io, decision)) = taken {
        raw::serve(io, &engine, &decision, control).await;
    }
}

/// Speaks HTTP; returns the connection if a fault takes it.
async fn talk<I: Peer>(
    io: I,
    engine: &Arc<Engine>,
    address: Option<IpAddr>,
    control: &mut Controlled,
) -> Option<(I, Decision)> {
    let service = service_fn(|request| endpoints::answer(engine, address, request));
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT)
        // One write either way; beside a head this small a copied body costs 5 % less processor time than a
        // gathered one.
        .writev(false)
        .serve_connection(TokioIo::new(io), service);
    let ended = loop {
        let now = control.now();
        if now.is_cut() {
            connection.into_parts().io.into_inner().reset();
            return None;
        }
        if now.is_frozen() {
            control.changed().await;
            continue;
        }
        if now.is_stopping {
            Pin::new(&mut connection).graceful_shutdown();
        }
        tokio::select! {
            ended = future::poll_fn(|context| connection.poll_without_shutdown(context)) => break ended,
            () = control.changed() => {}
        }
    };
    let mut io = connection.into_parts().io.into_inner();
    if let Err(error) = &ended {
        let cause = error.source().and_then(|cause| cause.downcast_ref::<TakeOver>());
        if let Some(TakeOver(decision)) = cause {
            return Some((io, decision.clone()));
        }
        debug!(%error, "connection ended");
    }
    // The client may have left already.
    let _ = io.shutdown().await;
    None
}
