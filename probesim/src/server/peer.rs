//! The other side of a connection, as far as faults need it.

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// A connection that can be reset.
pub(crate) trait Peer: AsyncRead + AsyncWrite + Unpin + Send + 'static {
    /// Ends it with a RST instead of a FIN.
    fn reset(self);
}

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
