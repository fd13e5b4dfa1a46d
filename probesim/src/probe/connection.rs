//! A connection, plain or secured, and Go's words for what befalls it.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

use super::network_error::describe;

/// Something to read from and to write to. One type for all of them, so that what works on it is compiled once.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// A connection.
pub(super) struct Connection {
    pub(super) stream: Box<dyn Stream>,
    /// `10.0.0.1:40000->10.0.0.5:80`
    pub(super) addresses: String,
}

// === impl Connection ===

impl Connection {
    /// A plain one.
    pub(super) fn new(stream: TcpStream) -> Self {
        Self { addresses: addresses(&stream), stream: Box::new(stream) }
    }
}

/// Both ends, as Go's errors name them.
pub(super) fn addresses(stream: &TcpStream) -> String {
    match (stream.local_addr(), stream.peer_addr()) {
        (Ok(local), Ok(peer)) => format!("{local}->{peer}"),
        _ => String::new(),
    }
}

/// A read that failed.
pub(super) fn describe_read(error: &io::Error, addresses: &str) -> String {
    let words = super::tls::describe(error);
    words.unwrap_or_else(|| format!("read tcp {addresses}: read: {}", describe(error)))
}
