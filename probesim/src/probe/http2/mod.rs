//! One exchange over HTTP/2, whose frames are read and written in `wire`. What a probe reads fits into the windows that
//! it opens at first.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::connection::{Connection, describe_read};
use super::tls;
use super::words::quote;
use wire::exchange::{Fault, Wrong};
use wire::frame::LONGEST;

pub(super) use wire::exchange::Event;
pub(super) use wire::frame::{
    PREFACE, PROTOCOL_ERROR, REFUSED_STREAM, SETTINGS, WINDOW_UPDATE, code_name, frame, goodbye, last_data,
    settings,
};
pub(super) use wire::hpack::Field;

/// Why nothing more comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Closed between two frames.
    Closed,
    /// In Go's words.
    Words(String),
    /// Something that no server may send, as an error code.
    Wrong(u32),
}

/// A connection with one stream on it.
pub(super) struct Exchange {
    connection: Connection,
    wire: wire::exchange::Exchange,
    buffer: Box<[u8]>,
}

// === impl Exchange ===

impl Exchange {
    pub(super) fn new(connection: Connection, longest_list: usize) -> Self {
        let wire = wire::exchange::Exchange::new(LONGEST, longest_list);
        Self { connection, wire, buffer: vec![0; BUFFER].into() }
    }

    /// Sends what is ready to be sent.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.connection.stream.write_all(bytes).await?;
        self.connection.stream.flush().await
    }

    /// The frames of a header list; the last of the stream, if there is no body.
    pub(super) fn headers(&mut self, fields: &[Field], ends: bool) -> Vec<u8> {
        self.wire.headers(fields, ends)
    }

    /// Waits for the next frame, and answers those that are to be answered.
    pub(super) async fn next(&mut self) -> Result<Event, Ended> {
        loop {
            let event = self.wire.next_event();
            let replies = self.wire.replies();
            if !replies.is_empty() {
                let _ = self.send(&replies).await;
            }
            match event {
                Ok(Some(event)) => return Ok(event),
                Ok(None) => self.read().await?,
                Err(Wrong::Code(code)) => return Err(Ended::Wrong(code)),
                Err(Wrong::TooLarge { is_http1 }) => {
                    return Err(Ended::Words(if is_http1 { LOOKS_LIKE_HTTP1 } else { TOO_LARGE }.into()));
                }
            }
        }
    }

    async fn read(&mut self) -> Result<(), Ended> {
        let read = match self.connection.stream.read(&mut self.buffer).await {
            Err(error) if tls::is_plain_end(&error) => Ok(0),
            read => read,
        };
        match read {
            Ok(0) if self.wire.is_between_frames() => Err(Ended::Closed),
            Ok(0) => Err(Ended::Words("unexpected EOF".into())),
            Ok(length) => {
                self.wire.take(&self.buffer[..length]);
                Ok(())
            }
            Err(error) => Err(Ended::Words(describe_read(&error, &self.connection.addresses))),
        }
    }
}

const BUFFER: usize = 4 << 10;
const TOO_LARGE: &str = "http2: frame too large";
const LOOKS_LIKE_HTTP1: &str = "http2: failed reading the frame payload: http2: frame too large, note that the frame header looked like an HTTP/1.1 header";

/// What is wrong with a header list, in Go's words: `readMetaFrame`, `checkPseudos`.
pub(super) fn words(fault: &Fault) -> String {
    let (what, name) = match fault {
        Fault::TooLong => return "http2: response header list larger than advertised limit".into(),
        Fault::PseudoAfterRegular => return "pseudo header field after regular".into(),
        Fault::Value(name) => ("invalid header field value for", name),
        Fault::Duplicate(name) => ("duplicate pseudo-header", name),
        Fault::Pseudo(name) => ("invalid pseudo-header", name),
        Fault::Name(name) => ("invalid header field name", name),
    };
    format!("{what} {}", quote(name.as_bytes()))
}
