//! One HTTP/1.1 connection.

use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulConnection;
use tokio::io::{AsyncRead, AsyncWrite};

use super::endpoints::{self, Engine};

/// The longest wait for a request's head, which is also how long an idle connection is kept.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Answers the requests of one connection, one after the other, until either side closes it.
///
/// While an answer waits, hyper reads on: a client that closes its side ends the wait.
///
/// # Caveats
/// A client that has sent its next request already is not seen to leave before the answer is written.
pub(crate) fn serve<I>(io: I, engine: Arc<Engine>) -> impl GracefulConnection<Error = hyper::Error>
where
    I: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let service = hyper::service::service_fn(move |request| endpoints::answer(Arc::clone(&engine), request));
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_READ_TIMEOUT)
        // One write either way; beside a head this small a copied body costs 5 % less processor time than a
        // gathered one.
        .writev(false)
        .serve_connection(TokioIo::new(io), service)
}
