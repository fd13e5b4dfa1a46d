//! One exchange over HTTP/2, frame by frame, as much of it as a probe needs:
//! <https://www.rfc-editor.org/rfc/rfc9113>. What a probe reads fits into the windows that it opens at first.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::connection::{Connection, describe_read};
use super::http::is_token;
use super::tls;
use super::words::quote;
use wire::hpack::Table;

pub(super) use wire::hpack::Field;

/// What a client begins with, before its settings.
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The one stream.
pub(super) const STREAM: u32 = 1;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 0x20;

/// What comes from the server and matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Settings,
    Headers {
        fields: Vec<Field>,
        ends: bool,
    },
    Data {
        bytes: Vec<u8>,
        ends: bool,
    },
    /// A header list that none may be, with Go's words for it.
    Malformed(String),
    /// A push, which nobody has asked for.
    Push,
    /// The stream is given up, with an error code.
    Reset(u32),
    /// The connection is.
    GoAway {
        last_stream: u32,
        code: u32,
        debug: Vec<u8>,
    },
    /// Anything else.
    Other,
}

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
    longest_frame: usize,
    sent: Table,
    received: Table,
}

// === impl Exchange ===

impl Exchange {
    pub(super) const fn new(connection: Connection, longest_frame: usize) -> Self {
        Self { connection, longest_frame, sent: Table::new(), received: Table::new() }
    }

    /// Sends what is ready to be sent.
    pub(super) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.connection.stream.write_all(bytes).await?;
        self.connection.stream.flush().await
    }

    /// The frames of a header list; the last of the stream, if there is no body.
    pub(super) fn headers(&mut self, fields: &[Field], ends: bool) -> Vec<u8> {
        let block = self.sent.encode(fields);
        let mut chunks = block.chunks(LONGEST_SENT).peekable();
        let mut frames = vec![];
        let (mut kind, mut flags) = (HEADERS, if ends { END_STREAM } else { 0 });
        while let Some(chunk) = chunks.next() {
            if chunks.peek().is_none() {
                flags |= END_HEADERS;
            }
            frames.extend(frame(kind, flags, STREAM, chunk));
            (kind, flags) = (CONTINUATION, 0);
        }
        frames
    }

    /// Waits for the next frame, and answers those that are to be answered.
    pub(super) async fn next(&mut self) -> Result<Event, Ended> {
        let (kind, flags, stream, payload) = self.read().await?;
        Ok(match kind {
            SETTINGS if payload.len() % 6 != 0 => return Err(Ended::Wrong(FRAME_SIZE_ERROR)),
            SETTINGS => {
                if flags & ACK == 0 {
                    let _ = self.send(&frame(SETTINGS, ACK, 0, &[])).await;
                }
                Event::Settings
            }
            PING if flags & ACK == 0 => {
                let _ = self.send(&frame(PING, ACK, 0, &payload)).await;
                Event::Other
            }
            HEADERS => {
                let fields = self.fields(flags, stream, payload).await?;
                let ends = flags & END_STREAM != 0;
                match fault(&fields) {
                    _ if stream != STREAM => Event::Other,
                    Some(why) => Event::Malformed(why),
                    None => Event::Headers { fields, ends },
                }
            }
            DATA if stream == STREAM => {
                let bytes = unpadded(flags, 0, payload).ok_or(Ended::Wrong(PROTOCOL_ERROR))?;
                Event::Data { bytes, ends: flags & END_STREAM != 0 }
            }
            RST_STREAM if stream == STREAM => Event::Reset(number(&payload, 0)?),
            GOAWAY => {
                let debug = payload.get(8..).unwrap_or_default().to_vec();
                Event::GoAway {
                    last_stream: number(&payload, 0)? & STREAM_ID,
                    code: number(&payload, 4)?,
                    debug,
                }
            }
            PUSH_PROMISE => Event::Push,
            CONTINUATION => return Err(Ended::Wrong(PROTOCOL_ERROR)),
            _ => Event::Other,
        })
    }

    /// A header list, with what continues it.
    async fn fields(&mut self, flags: u8, stream: u32, payload: Vec<u8>) -> Result<Vec<Field>, Ended> {
        let priority = if flags & PRIORITY == 0 { 0 } else { 5 };
        let mut block = unpadded(flags, priority, payload).ok_or(Ended::Wrong(PROTOCOL_ERROR))?;
        let mut is_whole = flags & END_HEADERS != 0;
        while !is_whole {
            let (kind, flags, of, more) = self.read().await?;
            if kind != CONTINUATION || of != stream || block.len() > LONGEST_BLOCK {
                return Err(Ended::Wrong(PROTOCOL_ERROR));
            }
            block.extend(more);
            is_whole = flags & END_HEADERS != 0;
        }
        self.received.decode(&block).ok_or(Ended::Wrong(COMPRESSION_ERROR))
    }

    async fn read(&mut self) -> Result<(u8, u8, u32, Vec<u8>), Ended> {
        let mut head = [0; 9];
        self.fill(&mut head, true).await?;
        let [a, b, c, kind, flags, stream @ ..] = head;
        let length = u32::from_be_bytes([0, a, b, c]) as usize;
        if length > self.longest_frame {
            return Err(Ended::Words(
                if head == *b"HTTP/1.1 " { LOOKS_LIKE_HTTP1 } else { TOO_LARGE }.into(),
            ));
        }
        let mut payload = vec![0; length];
        self.fill(&mut payload, false).await?;
        Ok((kind, flags, u32::from_be_bytes(stream) & STREAM_ID, payload))
    }

    async fn fill(&mut self, mut buffer: &mut [u8], is_start: bool) -> Result<(), Ended> {
        let whole = buffer.len();
        while !buffer.is_empty() {
            let read = match self.connection.stream.read(buffer).await {
                Err(error) if tls::is_plain_end(&error) => Ok(0),
                read => read,
            };
            match read {
                Ok(0) if is_start && buffer.len() == whole => return Err(Ended::Closed),
                Ok(0) => return Err(Ended::Words("unexpected EOF".into())),
                Ok(length) => buffer = &mut buffer[length..],
                Err(error) => return Err(Ended::Words(describe_read(&error, &self.connection.addresses))),
            }
        }
        Ok(())
    }
}

/// The longest frame that any server takes.
const LONGEST_SENT: usize = 1 << 14;
/// More than the longest header list.
const LONGEST_BLOCK: usize = 16 << 20;
const STREAM_ID: u32 = 0x7fff_ffff;
pub(super) const PROTOCOL_ERROR: u32 = 1;
const FRAME_SIZE_ERROR: u32 = 6;
pub(super) const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;
const COMPRESSION_ERROR: u32 = 9;
const TOO_LARGE: &str = "http2: frame too large";
const LOOKS_LIKE_HTTP1: &str = "http2: failed reading the frame payload: http2: frame too large, note that the frame header looked like an HTTP/1.1 header";

/// A frame.
pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The end of a connection from this side; before it, that of the stream if that is still open.
pub(super) fn goodbye(cancels: bool, debug: &str) -> Vec<u8> {
    let reset = if cancels { frame(RST_STREAM, 0, STREAM, &CANCEL.to_be_bytes()) } else { vec![] };
    let payload = [&STREAM.to_be_bytes(), &[0; 4], debug.as_bytes()].concat();
    [reset, frame(GOAWAY, 0, 0, &payload)].concat()
}

/// The body, which ends the stream.
pub(super) fn last_data(body: &[u8]) -> Vec<u8> {
    frame(DATA, END_STREAM, STREAM, body)
}

/// What is wrong with a header list of an answer: `readMetaFrame`, `checkPseudos`.
fn fault(fields: &[Field]) -> Option<String> {
    let mut is_regular = false;
    let mut has_status = false;
    for (name, value) in fields {
        let quoted = || quote(name.as_bytes());
        if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            return Some(format!("invalid header field value for {}", quoted()));
        }
        match name.strip_prefix(':') {
            Some(_) if is_regular => return Some("pseudo header field after regular".into()),
            Some("status") if has_status => return Some(format!("duplicate pseudo-header {}", quoted())),
            Some("status") => has_status = true,
            Some(_) => return Some(format!("invalid pseudo-header {}", quoted())),
            None if name.is_empty()
                || name.bytes().any(|byte| byte.is_ascii_uppercase() || !is_token(byte)) =>
            {
                return Some(format!("invalid header field name {}", quoted()));
            }
            None => is_regular = true,
        }
    }
    None
}

fn unpadded(flags: u8, skipped: usize, payload: Vec<u8>) -> Option<Vec<u8>> {
    let (start, padding) = match flags & PADDED {
        0 => (0, 0),
        _ => (1, usize::from(*payload.first()?)),
    };
    let end = payload.len().checked_sub(padding)?;
    payload.get(start + skipped..end).map(<[u8]>::to_vec)
}

fn number(payload: &[u8], at: usize) -> Result<u32, Ended> {
    let bytes = payload.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    bytes.map(u32::from_be_bytes).ok_or(Ended::Wrong(FRAME_SIZE_ERROR))
}

/// The name of an error code, as Go has it: <https://www.rfc-editor.org/rfc/rfc9113#section-7>.
pub(super) fn code_name(code: u32) -> String {
    const NAMES: [&str; 14] = [
        "NO_ERROR",
        "PROTOCOL_ERROR",
        "INTERNAL_ERROR",
        "FLOW_CONTROL_ERROR",
        "SETTINGS_TIMEOUT",
        "STREAM_CLOSED",
        "FRAME_SIZE_ERROR",
        "REFUSED_STREAM",
        "CANCEL",
        "COMPRESSION_ERROR",
        "CONNECT_ERROR",
        "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY",
        "HTTP_1_1_REQUIRED",
    ];
    let known = usize::try_from(code).ok().and_then(|code| NAMES.get(code));
    known.map_or_else(|| format!("unknown error code 0x{code:x}"), |name| (*name).to_owned())
}
