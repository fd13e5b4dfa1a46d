//! The other side of a connection, as far as faults need it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A connection that can be reset.
pub(crate) trait Peer: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Ends it with a RST instead of a FIN.
    fn reset(self);
}

/// A connection whose owner does not give it back: whoever has the [`IsReset`] decides how it ends.
#[derive(Debug)]
pub(crate) struct Resettable {
    stream: TcpStream,
    is_reset: IsReset,
}

/// Whether a connection is to end with a RST.
#[derive(Clone, Debug, Default)]
pub(crate) struct IsReset(Arc<AtomicBool>);

impl Peer for TcpStream {
    fn reset(self) {
        // Closing with unsent data thrown away is what makes the kernel send a RST.
        let _ = self.set_zero_linger();
    }
}

#[cfg(test)]
impl Peer for tokio::io::DuplexStream {
    fn reset(self) {}
}

// === impl IsReset ===

impl IsReset {
    /// It is.
    pub(crate) fn set(&self) {
        self.0.store(true, Relaxed);
    }
}

// === impl Resettable ===

impl Resettable {
    pub(crate) fn new(stream: TcpStream) -> (Self, IsReset) {
        let is_reset = IsReset::default();
        (Self { stream, is_reset: is_reset.clone() }, is_reset)
    }
}

impl Drop for Resettable {
    fn drop(&mut self) {
        if self.is_reset.0.load(Relaxed) {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Resettable {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Resettable {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
