//! A connection that remembers how the other side began: whether it speaks TLS at all shows there.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Record header, handshake header, and the version that a server chooses.
const REMEMBERED: usize = 11;
const HEADER: usize = 5;
const ALERT: u8 = 21;

/// A connection, and the first bytes that came from it.
pub(super) struct Watched {
    stream: TcpStream,
    pub(super) first: Vec<u8>,
}

// === impl Watched ===

impl Watched {
    pub(super) const fn new(stream: TcpStream) -> Self {
        Self { stream, first: Vec::new() }
    }

    /// Waits until it is known whether the first record is one, since who has failed may have seen less.
    pub(super) async fn see_header(&mut self) {
        let mut more = [0; HEADER];
        while self.first.len() < HEADER && matches!(self.read(&mut more).await, Ok(1..)) {}
    }

    /// The alert with which the other side has stopped listening, if there is one.
    pub(super) async fn last_alert(&mut self) -> Option<u8> {
        let mut record = [0; HEADER + 2];
        self.read_exact(&mut record).await.ok()?;
        if let [ALERT, _, _, 0, 2, _, alert] = record { Some(alert) } else { None }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let room = REMEMBERED - self.first.len();
        let new = &buffer.filled()[before..];
        self.first.extend_from_slice(&new[..new.len().min(room)]);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
