//! The frames of one call: <https://www.rfc-editor.org/rfc/rfc9113>

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::frame::{self, Head};
use super::hpack::{self, Numbers};
use crate::connection::describe;
use crate::verdict::Finding;

/// What a client says first: <https://www.rfc-editor.org/rfc/rfc9113#section-3.4>
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// HEADER_TABLE_SIZE 0 and ENABLE_PUSH 0: <https://www.rfc-editor.org/rfc/rfc9113#section-6.5.2>
const OUR_SETTINGS: [u8; 12] = [0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0];
/// All that is read of a connection. The windows that every connection begins with are as large, so that
/// none has to be opened further.
const LIMIT: usize = 65_535;

/// A connection, whatever it is made of: one copy of the code is enough.
pub(in crate::network) trait Bytes: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Bytes for T {}

/// A request.
pub(in crate::network) struct Call<'a> {
    /// The connection is encrypted.
    pub(in crate::network) is_secure: bool,
    /// `HOST:PORT`
    pub(in crate::network) authority: &'a str,
    /// `/package.Service/Method`
    pub(in crate::network) path: &'a str,
    /// Who we are.
    pub(in crate::network) user_agent: &'a str,
    /// The body, of less than 16 KiB.
    pub(in crate::network) body: &'a [u8],
}

/// What came back.
#[derive(Debug, Default)]
pub(in crate::network) struct Answer {
    /// `:status`
    pub(in crate::network) status: Option<u16>,
    /// `grpc-status`
    pub(in crate::network) grpc_status: Option<u16>,
    /// The body.
    pub(in crate::network) body: Vec<u8>,
}

/// What was read so far.
#[derive(Default)]
struct Stream {
    answer: Answer,
    /// A header block that is not complete yet, and whether the stream ends with it.
    block: Option<(Vec<u8>, bool)>,
}

/// Makes the call on a new connection.
pub(in crate::network) async fn call(mut io: Box<dyn Bytes>, call: &Call<'_>) -> Result<Answer, Finding> {
    let block = hpack::request(call.is_secure, call.authority, call.path, call.user_agent);
    let mut out = PREFACE.to_vec();
    frame::write(&mut out, frame::SETTINGS, 0, 0, &OUR_SETTINGS);
    frame::write(&mut out, frame::HEADERS, frame::END_HEADERS, frame::STREAM, &block);
    frame::write(&mut out, frame::DATA, frame::END_STREAM, frame::STREAM, call.body);
    io.write_all(&out).await.map_err(|error| cut(&error))?;
    io.flush().await.map_err(|error| cut(&error))?;

    let mut stream = Stream::default();
    let mut read = 0;
    let mut is_first = true;
    loop {
        let mut bytes = [0; Head::LENGTH];
        io.read_exact(&mut bytes).await.map_err(|error| cut(&error))?;
        let head = Head::read(bytes);
        // A server of another protocol is recognised before it is believed to send megabytes.
        if head.length > frame::LARGEST || (is_first && head.kind != frame::SETTINGS) {
            return Err(Finding::state("the server does not speak HTTP/2"));
        }
        is_first = false;
        read += Head::LENGTH + head.length;
        if read > LIMIT {
            return Err(malformed("it does not end"));
        }
        let mut payload = vec![0; head.length];
        io.read_exact(&mut payload).await.map_err(|error| cut(&error))?;
        let is_unanswered = matches!(head.kind, frame::SETTINGS | frame::PING) && !head.has(frame::ACK);
        if is_unanswered {
            let echo: &[u8] = if head.kind == frame::PING { &payload } else { &[] };
            let mut reply = Vec::new();
            frame::write(&mut reply, head.kind, frame::ACK, 0, echo);
            io.write_all(&reply).await.map_err(|error| cut(&error))?;
            io.flush().await.map_err(|error| cut(&error))?;
        }
        if stream.take(&head, &payload)? {
            return Ok(stream.answer);
        }
    }
}

// === impl Stream ===

impl Stream {
    /// Takes a frame; answers whether it was the last.
    fn take(&mut self, head: &Head, payload: &[u8]) -> Result<bool, Finding> {
        let is_ours = head.stream == frame::STREAM;
        if self.block.is_some() && !(is_ours && head.kind == frame::CONTINUATION) {
            return Err(malformed("headers are cut short"));
        }
        match head.kind {
            frame::DATA if is_ours => {
                let content = head.content(payload).ok_or_else(|| malformed("padding without end"))?;
                self.answer.body.extend_from_slice(content);
                Ok(head.has(frame::END_STREAM))
            }
            frame::HEADERS if is_ours => {
                let content = head.content(payload).ok_or_else(|| malformed("padding without end"))?;
                self.block = Some((content.to_vec(), head.has(frame::END_STREAM)));
                self.close_block(head)
            }
            frame::CONTINUATION => {
                let (block, _) =
                    self.block.as_mut().ok_or_else(|| malformed("headers without a beginning"))?;
                block.extend_from_slice(payload);
                self.close_block(head)
            }
            frame::RST_STREAM if is_ours => Err(Finding::state(format!("call refused{}", error(payload)))),
            frame::GOAWAY => {
                // The last stream that the server will still answer comes first.
                let last = payload.first_chunk().map_or(0, |last| u32::from_be_bytes(*last) & 0x7fff_ffff);
                let is_answered = last >= frame::STREAM;
                if is_answered { Ok(false) } else { Err(Finding::state("the server is going away")) }
            }
            _ => Ok(false),
        }
    }

    fn close_block(&mut self, head: &Head) -> Result<bool, Finding> {
        if !head.has(frame::END_HEADERS) {
            return Ok(false);
        }
        let Some((block, is_last)) = self.block.take() else { return Ok(false) };
        let Answer { status, grpc_status, .. } = self.answer;
        let mut numbers = Numbers { status, grpc_status };
        numbers.read(&block).ok_or_else(|| malformed("headers that are none"))?;
        self.answer.status = numbers.status;
        self.answer.grpc_status = numbers.grpc_status;
        Ok(is_last)
    }
}

/// <https://www.rfc-editor.org/rfc/rfc9113#section-7>
fn error(payload: &[u8]) -> String {
    payload
        .first_chunk()
        .map(|code| format!(": HTTP/2 error {}", u32::from_be_bytes(*code)))
        .unwrap_or_default()
}

fn malformed(why: &str) -> Finding {
    Finding::because("the answer is not HTTP/2", why)
}

fn cut(error: &io::Error) -> Finding {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Finding::state("connection closed without an answer"),
        _ => Finding::state(describe(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::frame::*;
    use super::*;

    const CALL: Call<'_> =
        Call { is_secure: false, authority: "a:1", path: "/s/M", user_agent: "u", body: b"hello" };

    /// What becomes of a call that these frames answer.
    async fn answered(frames: &[(u8, u8, u32, &[u8])]) -> Result<Answer, String> {
        let (ours, mut theirs) = tokio::io::duplex(1 << 20);
        let mut bytes = Vec::new();
        for &(kind, flags, stream, payload) in frames {
            frame::write(&mut bytes, kind, flags, stream, payload);
        }
        theirs.write_all(&bytes).await.unwrap();
        let (mut reader, mut writer) = tokio::io::split(theirs);
        writer.shutdown().await.unwrap();
        let answer = call(Box::new(ours), &CALL).await.map_err(|found| found.to_string());
        let mut sent = Vec::new();
        reader.read_to_end(&mut sent).await.unwrap();
        assert!(sent.starts_with(PREFACE));
        answer
    }

    const SERVER_SETTINGS: (u8, u8, u32, &[u8]) = (SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]);

    #[tokio::test]
    async fn an_answer_may_come_in_pieces_between_other_frames() {
        let answer = answered(&[
            SERVER_SETTINGS,
            (SETTINGS, ACK, 0, b""),
            (PING, 0, 0, b"12345678"),
            (8, 0, 0, &[0, 0, 0, 9]),
            (HEADERS, 0, 1, &[]),
            (CONTINUATION, 0, 1, &[0x88, 0x00, 0x0b]),
            (CONTINUATION, END_HEADERS, 1, b"grpc-status\x015"),
            (DATA, 0, 1, b"wor"),
            (GOAWAY, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0]),
            (DATA, 0, 3, b"other"),
            (DATA, END_STREAM, 1, b"ld"),
        ])
        .await
        .unwrap();
        assert_eq!(
            (answer.status, answer.grpc_status, &answer.body[..]),
            (Some(200), Some(5), &b"world"[..])
        );
    }

    #[tokio::test]
    async fn a_call_that_is_not_answered_says_why() {
        let big = [0; LARGEST];
        for (frames, expected) in [
            (&[][..], "connection closed without an answer"),
            (&[SERVER_SETTINGS], "connection closed without an answer"),
            (&[(DATA, END_STREAM, 1, &b"x"[..])], "the server does not speak HTTP/2"),
            (&[SERVER_SETTINGS, (RST_STREAM, 0, 1, &[0, 0, 0, 7])], "call refused: HTTP/2 error 7"),
            (&[SERVER_SETTINGS, (GOAWAY, 0, 0, &[0; 8])], "the server is going away"),
            (
                &[SERVER_SETTINGS, (HEADERS, 0, 1, &[0x88]), (DATA, 0, 1, b"")],
                "the answer is not HTTP/2 — headers are cut short",
            ),
            (
                &[SERVER_SETTINGS, (CONTINUATION, END_HEADERS, 1, &[0x88])],
                "the answer is not HTTP/2 — headers without a beginning",
            ),
            (
                &[SERVER_SETTINGS, (HEADERS, END_HEADERS, 1, &[0x40])],
                "the answer is not HTTP/2 — headers that are none",
            ),
            (&[SERVER_SETTINGS, (DATA, 8, 1, &[9])], "the answer is not HTTP/2 — padding without end"),
            (
                &[SERVER_SETTINGS, (99, 0, 0, &big), (99, 0, 0, &big), (99, 0, 0, &big), (99, 0, 0, &big)],
                "the answer is not HTTP/2 — it does not end",
            ),
        ] {
            assert_eq!(answered(frames).await.unwrap_err(), expected);
        }
    }

    #[tokio::test]
    async fn a_server_of_another_protocol_is_told_apart() {
        let (ours, mut theirs) = tokio::io::duplex(1 << 16);
        theirs.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        let found = call(Box::new(ours), &CALL).await.unwrap_err();
        assert_eq!(found.to_string(), "the server does not speak HTTP/2");
    }
}
