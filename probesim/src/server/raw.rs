//! Answers that no HTTP server gives: written to the socket by hand.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::{CONTENT_TYPE, HeaderName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{self, Instant};

use super::control::Controlled;
use super::engine::Engine;
use super::peer::Peer;
use crate::decide::Decision;
use crate::plan::what::{Answer, Manner};

/// How long a closed connection waits for the other side to close too: closing it with unread data in it
/// would send a RST.
const LINGER: Duration = Duration::from_secs(1);
/// No HTTP response begins so.
pub(super) const GARBAGE: &[u8] = b"\x16\x03\x01 this is no HTTP\r\n\r\n";
/// A chunk whose length is no number: RFC 9112, section 7.1.
const BROKEN_CHUNK: &[u8] = b"no-number\r\nbroken\r\n";

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Close,
    Reset,
    /// Nothing more comes, and it stays open until the client leaves.
    Hold,
}

/// Does what was decided with a connection, until it is over, the client leaves or the server stops.
pub(crate) async fn serve<I: Peer>(mut io: I, engine: &Engine, decision: &Decision, mut control: Controlled) {
    let Some(answer) = decision.answer() else { return };
    let waiting = engine.state().wait();
    let ended = {
        let acting = act(&mut io, answer, decision.planned_body());
        tokio::select! {
            // A client that left is no error of ours.
            end = acting => end.unwrap_or(End::Close),
            control = control.until(|control| control.is_stopping || control.is_cut()) => {
                if control.is_cut() { End::Reset } else { End::Close }
            }
        }
    };
    waiting.finish();
    if ended == End::Reset {
        io.reset();
    } else {
        let _ = io.shutdown().await;
        let _ = time::timeout(LINGER, until_gone(&mut io)).await;
    }
}

async fn act<I: Peer>(io: &mut I, answer: &Answer, body: Bytes) -> io::Result<End> {
    let half = &body[..body.len() / 2];
    let end = match answer.manner {
        Manner::Whole => {
            io.write_all(&[&head(answer, Some(body.len())), &body[..]].concat()).await?;
            End::Close
        }
        Manner::Never => End::Hold,
        Manner::SlowHeaders => {
            slowly(io, &head(answer, Some(body.len())), answer.over).await?;
            io.write_all(&body).await?;
            End::Close
        }
        Manner::Trickle => {
            io.write_all(&head(answer, Some(body.len()))).await?;
            slowly(io, &body, answer.over).await?;
            End::Close
        }
        Manner::Stall | Manner::Truncate | Manner::Cut => {
            io.write_all(&[&head(answer, Some(body.len())), half].concat()).await?;
            match answer.manner {
                Manner::Stall => End::Hold,
                Manner::Cut => End::Reset,
                _ => End::Close,
            }
        }
        Manner::Malformed => {
            io.write_all(&[&head(answer, None), BROKEN_CHUNK].concat()).await?;
            End::Close
        }
        Manner::Garbage => {
            io.write_all(GARBAGE).await?;
            End::Close
        }
        Manner::Close => End::Close,
        Manner::Reset => End::Reset,
        Manner::HalfClose => {
            io.shutdown().await?;
            End::Hold
        }
    };
    io.flush().await?;
    if end == End::Hold {
        until_gone(io).await;
    }
    Ok(end)
}

/// The head of a response; without a length the body is chunked.
fn head(answer: &Answer, length: Option<usize>) -> Vec<u8> {
    let reason = StatusCode::from_u16(answer.status).ok().and_then(|status| status.canonical_reason());
    let mut head = format!("HTTP/1.1 {} {}\r\n", answer.status, reason.unwrap_or("Injected")).into_bytes();
    let mut field = |name: &HeaderName, value: &[u8]| {
        for part in [name.as_str().as_bytes(), b": ", value, b"\r\n"] {
            head.extend_from_slice(part);
        }
    };
    if !answer.headers.iter().any(|(name, _)| name == CONTENT_TYPE) {
        field(&CONTENT_TYPE, b"text/plain; charset=utf-8");
    }
    for (name, value) in &answer.headers {
        field(name, value.as_bytes());
    }
    let framing = match length {
        Some(length) => format!("content-length: {length}\r\n"),
        None => "transfer-encoding: chunked\r\n".to_owned(),
    };
    head.extend_from_slice(framing.as_bytes());
    head.extend_from_slice(b"connection: close\r\n\r\n");
    head
}

/// Writes byte by byte, the last one after `over`.
pub(super) async fn slowly<I: Peer>(io: &mut I, bytes: &[u8], over: Duration) -> io::Result<()> {
    let begun = Instant::now();
    for (n, byte) in bytes.iter().enumerate() {
        let part = (n + 1) as f64 / bytes.len() as f64;
        let due = begun + over.mul_f64(part);
        tokio::select! {
            () = time::sleep_until(due) => {}
            () = until_gone(io) => return Err(io::ErrorKind::BrokenPipe.into()),
        }
        io.write_all(&[*byte]).await?;
        io.flush().await?;
    }
    Ok(())
}

/// Throws away what comes until the client leaves.
pub(crate) async fn until_gone<I: Peer>(io: &mut I) {
    // Small: ten thousand connections may stand here.
    let mut thrown_away = [0; 64];
    while io.read(&mut thrown_away).await.is_ok_and(|read| read > 0) {}
}
