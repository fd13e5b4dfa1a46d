//! Reading as Go's `bufio` and `textproto` do, down to what they make of a cut-off line.

use tokio::io::AsyncReadExt;

use super::super::connection::{Connection, describe_read};
use super::super::tls;

/// `bufio`'s buffer, which bounds the lines between chunks.
pub(super) const BUFFER: usize = 4096;
/// `Transport.MaxResponseHeaderBytes`.
const LONGEST_HEAD: u64 = 10 << 20;

/// Why there is nothing more to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// The other side has closed.
    End,
    /// Something else, in Go's words.
    Words(String),
}

/// A connection with what was read ahead.
pub(super) struct Reader {
    connection: Connection,
    buffer: Vec<u8>,
    /// How much of the buffer was taken: what is left of it moves only when more is read.
    taken: usize,
    /// What the head may still have; no limit in the body.
    left: Option<u64>,
}

// === impl Reader ===

impl Reader {
    pub(super) const fn new(connection: Connection) -> Self {
        Self { connection, buffer: Vec::new(), taken: 0, left: Some(LONGEST_HEAD) }
    }

    /// The head is read: no limit any more.
    pub(super) fn end_head(&mut self) {
        self.left = None;
    }

    /// Whether the head was too long, whatever the reading of it came to.
    pub(super) fn is_exhausted(&self) -> bool {
        self.left == Some(0)
    }

    /// Reads more.
    async fn fill(&mut self) -> Result<(), Broken> {
        let room = self.left.map_or(BUFFER, |left| BUFFER.min(usize::try_from(left).unwrap_or(BUFFER)));
        if room == 0 {
            return Err(Broken::Words(format!("read limit of {LONGEST_HEAD} bytes exhausted")));
        }
        let mut chunk = [0; BUFFER];
        let read = self.connection.stream.read(&mut chunk[..room]).await;
        match read {
            Ok(0) => Err(Broken::End),
            Ok(length) => {
                // Once for each read, so that many short lines cost no more than one long one.
                self.buffer.drain(..self.taken);
                self.taken = 0;
                self.buffer.extend_from_slice(&chunk[..length]);
                self.left = self.left.map(|left| left - length as u64);
                Ok(())
            }
            // What ends without the formal goodbye of TLS has ended all the same.
            Err(error) if tls::is_plain_end(&error) => Err(Broken::End),
            Err(error) => Err(Broken::Words(describe_read(&error, &self.connection.addresses))),
        }
    }

    /// What was read and not taken.
    fn ahead(&self) -> &[u8] {
        self.buffer.get(self.taken..).unwrap_or_default()
    }

    /// Takes so many bytes, or what there is.
    fn take(&mut self, length: usize) -> Vec<u8> {
        let ahead = self.ahead();
        let taken = ahead.get(..length).unwrap_or(ahead).to_vec();
        self.skip(taken.len());
        taken
    }

    /// So many bytes, which stay; fewer, and why, where there are no more.
    pub(super) async fn peek(&mut self, length: usize) -> (&[u8], Result<(), Broken>) {
        while self.ahead().len() < length {
            if let Err(broken) = self.fill().await {
                return (self.ahead(), Err(broken));
            }
        }
        (&self.ahead()[..length], Ok(()))
    }

    /// Takes what was peeked at.
    pub(super) fn skip(&mut self, length: usize) {
        self.taken = (self.taken + length).min(self.buffer.len());
    }

    /// At least one byte and so many at most.
    pub(super) async fn some(&mut self, most: usize) -> Result<Vec<u8>, Broken> {
        if self.ahead().is_empty() {
            self.fill().await?;
        }
        Ok(self.take(most))
    }

    /// `ReadSlice`: up to and with the line feed; `None` where it is not within the buffer.
    pub(super) async fn slice(&mut self) -> Result<Option<Vec<u8>>, Broken> {
        loop {
            if let Some(at) = self.line_feed(0) {
                return Ok((at < BUFFER).then(|| self.take(at + 1)));
            }
            if self.ahead().len() >= BUFFER {
                return Ok(None);
            }
            self.fill().await?;
        }
    }

    /// `ReadLine`: without its end. What comes before the end of everything is a line too.
    pub(super) async fn line(&mut self) -> Result<Vec<u8>, Broken> {
        let mut searched = 0;
        loop {
            if let Some(at) = self.line_feed(searched) {
                let mut line = self.take(at + 1);
                line.pop();
                if line.last() == Some(&b'\r') {
                    line.pop();
                }
                return Ok(line);
            }
            searched = self.ahead().len();
            match self.fill().await {
                Ok(()) => {}
                Err(broken) if self.ahead().is_empty() => return Err(broken),
                Err(_) => return Ok(self.take(usize::MAX)),
            }
        }
    }

    fn line_feed(&self, from: usize) -> Option<usize> {
        let rest = self.ahead().get(from..).unwrap_or_default();
        rest.iter().position(|&byte| byte == b'\n').map(|at| from + at)
    }
}
