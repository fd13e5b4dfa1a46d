//! One request over HTTP/2, on a connection that is then closed; the frames are read and written in `wire`.
//!
//! What is read of an answer fits into the windows that every connection begins with, so that none is opened further.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use wire::exchange::{Event, Exchange, Fault, Wrong};
use wire::frame::{self, HTTP_1_1_REQUIRED, PREFACE, code_name};
use wire::hpack::Field;

use crate::connection::describe;
use crate::verdict::Finding;

/// `SETTINGS_ENABLE_PUSH`
const NO_PUSH: (u16, u32) = (2, 0);
/// More than any head that servers send; what Go's servers take is half of it.
pub(super) const LONGEST_HEAD: usize = 2 << 20;
const BUFFER: usize = 4 << 10;

/// A connection, whatever it is made of: one copy of the code is enough.
pub(super) trait Bytes: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Bytes for T {}

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum NoAnswer {
    /// The server wants HTTP/1.1 for it.
    WantsHttp1,
    /// The connection failed.
    Cut(io::Error),
    /// Anything else.
    Because(Finding),
}

/// A request that was sent.
pub(super) struct Stream {
    io: Box<dyn Bytes>,
    wire: Exchange,
    is_greeted: bool,
    has_ended: bool,
}

/// What follows the head of an answer.
#[derive(Debug, Default)]
pub(super) struct Rest {
    /// The body, or what was read of it.
    pub(super) body: Vec<u8>,
    /// The fields that come after it.
    pub(super) trailers: Vec<Field>,
}

// === impl Stream ===

impl Stream {
    /// Sends a request, whose body has less than 16 KiB, on a new connection.
    pub(super) async fn open(
        io: Box<dyn Bytes>,
        fields: &[Field],
        body: Option<&[u8]>,
    ) -> Result<Self, NoAnswer> {
        let wire = Exchange::new(frame::LONGEST, LONGEST_HEAD);
        let mut stream = Self { io, wire, is_greeted: false, has_ended: false };
        let headers = stream.wire.headers(fields, body.is_none());
        let body = body.map(frame::last_data).unwrap_or_default();
        stream.send(&[PREFACE, &frame::settings(&[NO_PUSH]), &headers, &body].concat()).await?;
        Ok(stream)
    }

    /// Whether the server speaks HTTP/2 at all: nothing is asked of it.
    pub(super) async fn greet(io: Box<dyn Bytes>) -> Result<(), NoAnswer> {
        let wire = Exchange::new(frame::LONGEST, LONGEST_HEAD);
        let mut stream = Self { io, wire, is_greeted: false, has_ended: false };
        stream.send(&[PREFACE, &frame::settings(&[NO_PUSH])].concat()).await?;
        stream.next().await.map(drop)
    }

    /// The head of the answer.
    pub(super) async fn head(&mut self) -> Result<Vec<Field>, NoAnswer> {
        loop {
            match self.next().await? {
                // Others may come before it: <https://www.rfc-editor.org/rfc/rfc9110#section-15.2>
                Event::Headers { fields, ends: false } if is_interim(&fields) => {}
                Event::Headers { fields, ends } => {
                    self.has_ended = ends;
                    return Ok(fields);
                }
                Event::Data { .. } => return Err(malformed("a body comes before the headers")),
                _ => {}
            }
        }
    }

    /// What comes after the head, up to so many bytes of the body.
    pub(super) async fn rest(&mut self, limit: usize) -> Result<Rest, NoAnswer> {
        let mut rest = Rest::default();
        while !self.has_ended && rest.body.len() < limit {
            match self.next().await? {
                Event::Data { bytes, ends } => {
                    rest.body.extend_from_slice(&bytes);
                    self.has_ended = ends;
                }
                Event::Headers { fields, ends: true } => {
                    rest.trailers = fields;
                    self.has_ended = true;
                }
                Event::Headers { .. } => return Err(malformed("headers come in the middle of the body")),
                _ => {}
            }
        }
        rest.body.truncate(limit);
        Ok(rest)
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), NoAnswer> {
        self.io.write_all(bytes).await.map_err(NoAnswer::Cut)?;
        self.io.flush().await.map_err(NoAnswer::Cut)
    }

    /// The next event that is none of an end.
    async fn next(&mut self) -> Result<Event, NoAnswer> {
        loop {
            let event = self.wire.next_event();
            let replies = self.wire.replies();
            if !replies.is_empty() {
                self.send(&replies).await?;
            }
            let event = match event {
                Ok(Some(event)) => event,
                Ok(None) => {
                    self.read().await?;
                    continue;
                }
                // A server of another protocol shows by its first bytes.
                Err(Wrong::TooLarge { .. }) if !self.is_greeted => return Err(no_http2()),
                Err(Wrong::TooLarge { .. }) => return Err(malformed("a frame is too large")),
                Err(Wrong::Code(code)) => return Err(malformed(&code_name(code))),
            };
            if !self.is_greeted && event != Event::Settings {
                return Err(no_http2());
            }
            self.is_greeted = true;
            return match event {
                Event::Reset(HTTP_1_1_REQUIRED) => Err(NoAnswer::WantsHttp1),
                Event::Reset(code) => {
                    Err(because(format!("request refused: HTTP/2 error {}", code_name(code))))
                }
                Event::GoAway { last_stream: 0, code: HTTP_1_1_REQUIRED, .. } => Err(NoAnswer::WantsHttp1),
                Event::GoAway { last_stream: 0, .. } => Err(because("the server is going away")),
                Event::Malformed(Fault::TooLong) => Err(malformed("its headers are too long")),
                Event::Malformed(_) => Err(malformed("its headers are malformed")),
                event => Ok(event),
            };
        }
    }

    async fn read(&mut self) -> Result<(), NoAnswer> {
        let mut buffer = Vec::with_capacity(BUFFER);
        match self.io.read_buf(&mut buffer).await.map_err(NoAnswer::Cut)? {
            0 => Err(NoAnswer::Cut(io::ErrorKind::UnexpectedEof.into())),
            _ => {
                self.wire.take(&buffer);
                Ok(())
            }
        }
    }
}

// === impl NoAnswer ===

impl NoAnswer {
    /// In words.
    pub(super) fn finding(self) -> Finding {
        match self {
            Self::WantsHttp1 => Finding::state("the server wants HTTP/1.1"),
            Self::Cut(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Finding::state("connection closed without an answer")
            }
            Self::Cut(error) => Finding::state(describe(&error)),
            Self::Because(finding) => finding,
        }
    }
}

/// The last value of a field.
pub(super) fn last<'a>(fields: &'a [Field], name: &str) -> Option<&'a str> {
    fields.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

fn is_interim(fields: &[Field]) -> bool {
    last(fields, ":status").is_some_and(|status| status.len() == 3 && status.starts_with('1'))
}

fn no_http2() -> NoAnswer {
    because("the server does not speak HTTP/2")
}

fn malformed(why: &str) -> NoAnswer {
    NoAnswer::Because(Finding::because("the answer is not HTTP/2", why))
}

fn because(state: impl Into<String>) -> NoAnswer {
    NoAnswer::Because(Finding::state(state))
}

#[cfg(test)]
mod tests {
    use wire::frame::{SETTINGS, frame};

    use super::*;

    const HEADERS: u8 = 1;
    const DATA: u8 = 0;
    const GREETING: (u8, u8, &[u8]) = (SETTINGS, 0, &[0, 3, 0, 0, 0, 100]);

    /// What becomes of a request that these frames answer.
    async fn answered(frames: &[(u8, u8, &[u8])], limit: usize) -> Result<(Vec<Field>, Rest), String> {
        let (ours, mut theirs) = tokio::io::duplex(1 << 20);
        for &(kind, flags, payload) in frames {
            let stream = u32::from(matches!(kind, 0..=3 | 9));
            theirs.write_all(&frame(kind, flags, stream, payload)).await.unwrap();
        }
        let (_reader, mut writer) = tokio::io::split(theirs);
        writer.shutdown().await.unwrap();
        let answer = async {
            let mut stream = Stream::open(Box::new(ours), &[], None).await?;
            let head = stream.head().await?;
            Ok((head, stream.rest(limit).await?))
        };
        answer.await.map_err(|none: NoAnswer| none.finding().to_string())
    }

    #[tokio::test]
    async fn an_answer_has_a_head_a_body_and_trailers() {
        let frames = [
            GREETING,
            (HEADERS, 4, b"\x08\x03103"),
            (HEADERS, 4, b"\x88"),
            (DATA, 0, b"wor"),
            (DATA, 0, b"ld"),
            (HEADERS, 5, b"\x00\x0bgrpc-status\x015"),
        ];
        let (head, rest) = answered(&frames, 100).await.unwrap();
        assert_eq!((last(&head, ":status"), &rest.body[..]), (Some("200"), &b"world"[..]));
        assert_eq!(last(&rest.trailers, "grpc-status"), Some("5"));
        assert_eq!(answered(&frames[..5], 4).await.unwrap().1.body, b"worl");
        assert_eq!(answered(&[GREETING, (HEADERS, 5, b"\x89")], 4).await.unwrap().1.body, b"");
    }

    #[tokio::test]
    async fn a_request_that_is_not_answered_says_why() {
        for (frames, expected) in [
            (&[][..], "connection closed without an answer"),
            (&[GREETING], "connection closed without an answer"),
            (&[(DATA, 1, &b"x"[..])], "the server does not speak HTTP/2"),
            (&[GREETING, (3, 0, &[0, 0, 0, 7])], "request refused: HTTP/2 error REFUSED_STREAM"),
            (&[GREETING, (3, 0, &[0, 0, 0, 13])], "the server wants HTTP/1.1"),
            (&[GREETING, (7, 0, &[0; 8])], "the server is going away"),
            (&[GREETING, (HEADERS, 4, b"\x40")], "the answer is not HTTP/2 — COMPRESSION_ERROR"),
            (&[GREETING, (HEADERS, 4, b"\x82")], "the answer is not HTTP/2 — its headers are malformed"),
            (&[GREETING, (DATA, 0, b"x")], "the answer is not HTTP/2 — a body comes before the headers"),
        ] {
            assert_eq!(answered(frames, 100).await.unwrap_err(), expected);
        }
    }

    #[tokio::test]
    async fn a_server_of_another_protocol_is_told_apart() {
        for said in [&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], b"SSH-2.0-OpenSSH_9.6\r\n"] {
            let (ours, mut theirs) = tokio::io::duplex(1 << 16);
            theirs.write_all(said).await.unwrap();
            let found = Stream::greet(Box::new(ours)).await.unwrap_err();
            assert_eq!(found.finding().to_string(), "the server does not speak HTTP/2");
        }
    }
}
