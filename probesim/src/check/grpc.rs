//! One call of `grpc.health.v1.Health/Check` over HTTP/2, by hand: <https://www.rfc-editor.org/rfc/rfc9113>. Only the
//! message is read; a status without one is a failure.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Failed, USER_AGENT};
use crate::grpc::message::{self, Health};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
/// The one stream that we open.
const STREAM: u32 = 1;

/// Asks a server for the health of a service.
pub(crate) async fn check(address: &str, service: &str) -> Result<(), Failed> {
    let mut stream = TcpStream::connect(address).await?;
    let request = [
        PREFACE,
        &frame(SETTINGS, 0, 0, &[]),
        &frame(HEADERS, END_HEADERS, STREAM, &headers(address)),
        &frame(DATA, END_STREAM, STREAM, &message::request(service)),
    ];
    stream.write_all(&request.concat()).await?;
    let mut answer = vec![];
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        let [a, b, c, kind, flags, id @ ..] = head;
        let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
        stream.read_exact(&mut payload).await?;
        let is_ours = u32::from_be_bytes(id) == STREAM;
        match kind {
            SETTINGS if flags & ACK == 0 => stream.write_all(&frame(SETTINGS, ACK, 0, &[])).await?,
            PING if flags & ACK == 0 => stream.write_all(&frame(PING, ACK, 0, &payload)).await?,
            DATA if is_ours => {
                let padding =
                    if flags & PADDED == 0 { 0 } else { 1 + usize::from(*payload.first().unwrap_or(&0)) };
                let begin = usize::from(flags & PADDED != 0);
                let end = payload.len().saturating_sub(padding) + begin;
                answer.extend_from_slice(payload.get(begin..end).unwrap_or_default());
            }
            RST_STREAM if is_ours => return Err(Failed::NoHealth),
            GOAWAY => return Err(Failed::NoHealth),
            _ => {}
        }
        // The trailers come last, and the message may be in several pieces.
        if is_ours && matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0 {
            return verdict(&answer);
        }
    }
}

fn verdict(answer: &[u8]) -> Result<(), Failed> {
    match message::Health::parse(answer).map_err(|_| Failed::NoHealth)? {
        1 => Ok(()),
        number if number == Health::NotServing as u64 => Err(Failed::NotServing("NOT_SERVING")),
        number if number == Health::ServiceUnknown as u64 => Err(Failed::NotServing("SERVICE_UNKNOWN")),
        _ => Err(Failed::NotServing("UNKNOWN")),
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// HPACK without compression or tables: "literal header field without indexing, new name",
/// <https://www.rfc-editor.org/rfc/rfc7541#section-6.2.2>.
fn headers(authority: &str) -> Vec<u8> {
    let mut block = vec![];
    for (name, value) in [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/grpc.health.v1.Health/Check"),
        (":authority", authority),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        ("user-agent", USER_AGENT),
    ] {
        block.push(0);
        for text in [name, value] {
            // A length below 127 is one byte; a longer authority is cut, since it changes nothing.
            let text = &text.as_bytes()[..text.len().min(126)];
            block.push(text.len() as u8);
            block.extend_from_slice(text);
        }
    }
    block
}
