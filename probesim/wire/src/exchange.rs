//! One connection with one stream on it, seen from the client: bytes in, events out. It waits for nothing.

use crate::frame::{
    ACK, COMPRESSION_ERROR, CONTINUATION, DATA, END_HEADERS, END_STREAM, FRAME_SIZE_ERROR, GOAWAY, HEADERS,
    Head, LONGEST, PING, PROTOCOL_ERROR, PUSH_PROMISE, RST_STREAM, SETTINGS, STREAM, frame, number,
    stream_id,
};
use crate::hpack::{Field, Table, Unreadable};

/// What comes from the server and matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Settings, which every server begins with.
    Settings,
    /// A header list, or trailers.
    Headers {
        /// In the order in which they came.
        fields: Vec<Field>,
        /// Whether nothing follows.
        ends: bool,
    },
    /// A part of the body.
    Data {
        /// Without padding.
        bytes: Vec<u8>,
        /// Whether nothing follows.
        ends: bool,
    },
    /// A header list that none may be.
    Malformed(Fault),
    /// A push, which nobody has asked for.
    Push,
    /// The stream is given up, with an error code.
    Reset(u32),
    /// The connection is.
    GoAway {
        /// The last stream that may still be answered.
        last_stream: u32,
        /// Why.
        code: u32,
        /// Whatever the server has to say of it.
        debug: Vec<u8>,
    },
    /// Anything else.
    Other,
}

/// What is wrong with a header list; the name of the field is the server's own word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is longer than the client has said that it takes.
    TooLong,
    /// The value of this field has control characters.
    Value(String),
    /// This is no name.
    Name(String),
    /// There is no such pseudo-header field.
    Pseudo(String),
    /// This pseudo-header field is there twice.
    Duplicate(String),
    /// A pseudo-header field comes after the others.
    PseudoAfterRegular,
}

/// Why nothing more can be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// Something that no server may send, as an error code.
    Code(u32),
    /// A frame that is longer than any that the client takes.
    TooLarge {
        /// It began as an answer of HTTP/1.1 does.
        is_http1: bool,
    },
}

/// A connection with one stream on it.
#[derive(Clone, Debug)]
pub struct Exchange {
    longest_frame: usize,
    longest_list: usize,
    sent: Table,
    received: Table,
    unread: Vec<u8>,
    /// How much of it was understood.
    at: usize,
    block: Option<Block>,
    replies: Vec<u8>,
}

/// A header list whose end has not come.
#[derive(Clone, Debug)]
struct Block {
    bytes: Vec<u8>,
    stream: u32,
    ends: bool,
}

// === impl Exchange ===

impl Exchange {
    /// A connection on which nothing was said, with what the client takes: the payload of a frame, and the fields of
    /// a header list with 32 bytes for each.
    #[must_use]
    pub const fn new(longest_frame: usize, longest_list: usize) -> Self {
        Self {
            longest_frame,
            longest_list,
            sent: Table::new(),
            received: Table::new(),
            unread: Vec::new(),
            at: 0,
            block: None,
            replies: Vec::new(),
        }
    }

    /// The frames of a header list; the last of the stream, if there is no body.
    #[must_use]
    pub fn headers(&mut self, fields: &[Field], ends: bool) -> Vec<u8> {
        let block = self.sent.encode(fields);
        let mut chunks = block.chunks(LONGEST).peekable();
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

    /// Takes what came from the server.
    pub fn take(&mut self, bytes: &[u8]) {
        self.unread.drain(..self.at);
        self.at = 0;
        self.unread.extend_from_slice(bytes);
    }

    /// The next event; none where more bytes are needed for one.
    ///
    /// # Errors
    /// Where the server breaks the rules; the connection is of no use then.
    pub fn next_event(&mut self) -> Result<Option<Event>, Wrong> {
        loop {
            let rest = self.unread.get(self.at..).unwrap_or_default();
            let Some((head, rest)) = rest.split_first_chunk::<{ Head::LENGTH }>() else { return Ok(None) };
            let bytes = *head;
            let head = Head::read(bytes);
            if head.length > self.longest_frame {
                return Err(Wrong::TooLarge { is_http1: bytes == *b"HTTP/1.1 " });
            }
            let Some(payload) = rest.get(..head.length) else { return Ok(None) };
            let payload = payload.to_vec();
            self.at += Head::LENGTH + head.length;
            if let Some(event) = self.event(&head, payload)? {
                return Ok(Some(event));
            }
        }
    }

    /// What has to be sent before anything else is waited for.
    #[must_use]
    pub fn replies(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.replies)
    }

    /// Whether everything that came was understood, so that the server may end here.
    #[must_use]
    pub fn is_between_frames(&self) -> bool {
        self.at == self.unread.len()
    }

    fn event(&mut self, head: &Head, payload: Vec<u8>) -> Result<Option<Event>, Wrong> {
        if self.block.is_some() || head.kind == CONTINUATION {
            return self.continuation(head, &payload);
        }
        Ok(Some(match head.kind {
            SETTINGS if !payload.len().is_multiple_of(6) => return Err(Wrong::Code(FRAME_SIZE_ERROR)),
            SETTINGS => {
                if !head.has(ACK) {
                    self.replies.extend(frame(SETTINGS, ACK, 0, &[]));
                }
                Event::Settings
            }
            PING if !head.has(ACK) => {
                self.replies.extend(frame(PING, ACK, 0, &payload));
                Event::Other
            }
            HEADERS => {
                let bytes = head.content(&payload).ok_or(Wrong::Code(PROTOCOL_ERROR))?.to_vec();
                let block = Block { bytes, stream: head.stream, ends: head.has(END_STREAM) };
                return self.block(head, block);
            }
            DATA if head.stream == STREAM => {
                let bytes = head.content(&payload).ok_or(Wrong::Code(PROTOCOL_ERROR))?.to_vec();
                Event::Data { bytes, ends: head.has(END_STREAM) }
            }
            RST_STREAM if head.stream == STREAM => Event::Reset(code(&payload, 0)?),
            GOAWAY => Event::GoAway {
                last_stream: stream_id(code(&payload, 0)?),
                code: code(&payload, 4)?,
                debug: payload.get(8..).unwrap_or_default().to_vec(),
            },
            PUSH_PROMISE => Event::Push,
            _ => Event::Other,
        }))
    }

    fn continuation(&mut self, head: &Head, payload: &[u8]) -> Result<Option<Event>, Wrong> {
        let block =
            self.block.take().filter(|block| head.kind == CONTINUATION && head.stream == block.stream);
        let mut block = block.ok_or(Wrong::Code(PROTOCOL_ERROR))?;
        // As Go has it, since a list of which nothing will be kept need not be read.
        if block.bytes.len() > self.longest_list.saturating_mul(2) {
            return Err(Wrong::Code(PROTOCOL_ERROR));
        }
        block.bytes.extend_from_slice(payload);
        self.block(head, block)
    }

    /// Reads a header list, if it is whole; one of another stream only because later ones build upon it.
    fn block(&mut self, head: &Head, block: Block) -> Result<Option<Event>, Wrong> {
        if !head.has(END_HEADERS) {
            self.block = Some(block);
            return Ok(None);
        }
        let fields = match self.received.decode(&block.bytes, self.longest_list) {
            Err(Unreadable::Malformed) => return Err(Wrong::Code(COMPRESSION_ERROR)),
            Err(Unreadable::TooLong) => Err(Fault::TooLong),
            Ok(fields) => fault(&fields).map_or(Ok(fields), Err),
        };
        Ok(Some(match fields {
            _ if block.stream != STREAM => Event::Other,
            Ok(fields) => Event::Headers { fields, ends: block.ends },
            Err(fault) => Event::Malformed(fault),
        }))
    }
}

/// What is wrong with a header list of an answer: <https://www.rfc-editor.org/rfc/rfc9113#section-8.3>
fn fault(fields: &[Field]) -> Option<Fault> {
    let mut is_regular = false;
    let mut has_status = false;
    for (name, value) in fields {
        if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            return Some(Fault::Value(name.clone()));
        }
        match name.strip_prefix(':') {
            Some(_) if is_regular => return Some(Fault::PseudoAfterRegular),
            Some("status") if has_status => return Some(Fault::Duplicate(name.clone())),
            Some("status") => has_status = true,
            Some(_) => return Some(Fault::Pseudo(name.clone())),
            None if name.is_empty() || !name.bytes().all(is_name) => return Some(Fault::Name(name.clone())),
            None => is_regular = true,
        }
    }
    None
}

/// <https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2>, without capital letters.
fn is_name(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn code(payload: &[u8], at: usize) -> Result<u32, Wrong> {
    number(payload, at).ok_or(Wrong::Code(FRAME_SIZE_ERROR))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What these frames come to, however they are cut.
    fn events(frames: &[(u8, u8, u32, &[u8])]) -> (Vec<Event>, Result<(), Wrong>, Vec<u8>) {
        let bytes: Vec<u8> =
            frames.iter().flat_map(|&(kind, flags, id, payload)| frame(kind, flags, id, payload)).collect();
        let run = |size: usize| {
            let mut exchange = Exchange::new(LONGEST, 1000);
            let mut events = vec![];
            for part in bytes.chunks(size) {
                exchange.take(part);
                loop {
                    match exchange.next_event() {
                        Ok(Some(event)) => events.push(event),
                        Ok(None) => break,
                        Err(wrong) => return (events, Err(wrong), exchange.replies()),
                    }
                }
            }
            assert!(exchange.is_between_frames());
            (events, Ok(()), exchange.replies())
        };
        let whole = run(usize::MAX);
        assert_eq!(run(1), whole);
        whole
    }

    #[test]
    fn an_answer_may_come_in_pieces_between_other_frames() {
        let (events, end, replies) = events(&[
            (SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]),
            (SETTINGS, ACK, 0, b""),
            (PING, 0, 0, b"12345678"),
            (HEADERS, 0, 1, &[]),
            (CONTINUATION, 0, 1, &[0x88, 0x00, 0x0b]),
            (CONTINUATION, END_HEADERS, 1, b"grpc-status\x015"),
            (DATA, 0, 3, b"other"),
            (DATA, END_STREAM, 1, b"world"),
            (GOAWAY, 0, 0, &[0x80, 0, 0, 1, 0, 0, 0, 2, b'!']),
            (RST_STREAM, 0, 1, &[0, 0, 0, 7]),
        ]);
        assert_eq!(end, Ok(()));
        assert_eq!(replies, [frame(SETTINGS, ACK, 0, b""), frame(PING, ACK, 0, b"12345678")].concat());
        let fields = vec![(":status".into(), "200".into()), ("grpc-status".into(), "5".into())];
        let expected = [
            Event::Settings,
            Event::Settings,
            Event::Other,
            Event::Headers { fields, ends: false },
            Event::Other,
            Event::Data { bytes: b"world".to_vec(), ends: true },
            Event::GoAway { last_stream: 1, code: 2, debug: b"!".to_vec() },
            Event::Reset(7),
        ];
        assert_eq!(events, expected);
    }

    #[test]
    fn what_no_server_may_send_ends_it() {
        let protocol = Wrong::Code(PROTOCOL_ERROR);
        for (frames, expected) in [
            (&[(HEADERS, 0, 1, &[0x88][..]), (DATA, 0, 1, b"")][..], protocol),
            (&[(HEADERS, 0, 1, &[0x88]), (CONTINUATION, END_HEADERS, 3, b"")], protocol),
            (&[(CONTINUATION, END_HEADERS, 1, &[0x88])], protocol),
            (&[(HEADERS, END_HEADERS, 1, &[0x40])], Wrong::Code(COMPRESSION_ERROR)),
            (&[(DATA, 8, 1, &[9])], protocol),
            (&[(SETTINGS, 0, 0, b"1")], Wrong::Code(FRAME_SIZE_ERROR)),
            (&[(RST_STREAM, 0, 1, b"1")], Wrong::Code(FRAME_SIZE_ERROR)),
            (&[(99, 0, 0, &[0; LONGEST + 1])], Wrong::TooLarge { is_http1: false }),
        ] {
            assert_eq!(events(frames).1, Err(expected));
        }
        let mut exchange = Exchange::new(LONGEST, 1000);
        exchange.take(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        assert_eq!(exchange.next_event(), Err(Wrong::TooLarge { is_http1: true }));
    }

    #[test]
    fn a_list_that_none_may_be_says_what_is_wrong() {
        let long = b"\x88".repeat(30);
        for (block, expected) in [
            (&b"\x88\x88"[..], Fault::Duplicate(":status".into())),
            (b"\x82", Fault::Pseudo(":method".into())),
            (b"\0\x01a\x01b\x88", Fault::PseudoAfterRegular),
            (b"\0\x01A\x01b", Fault::Name("A".into())),
            (b"\0\x01a\x01\n", Fault::Value("a".into())),
            (&long, Fault::TooLong),
        ] {
            let (events, end, _) = events(&[(HEADERS, END_HEADERS, 1, block)]);
            assert_eq!((events, end), (vec![Event::Malformed(expected)], Ok(())));
        }
    }

    #[test]
    fn a_list_without_end_is_not_kept() {
        let part = [0; 1500];
        let frames = [(HEADERS, 0, 1, &part[..]), (CONTINUATION, 0, 1, &part), (CONTINUATION, 0, 1, &part)];
        assert_eq!(events(&frames[..2]).1, Ok(()));
        assert_eq!(events(&frames).1, Err(Wrong::Code(PROTOCOL_ERROR)));
    }

    #[test]
    fn long_lists_are_sent_in_several_frames() {
        let mut exchange = Exchange::new(LONGEST, 1 << 20);
        let fields = [("x-long".to_owned(), "~".repeat(40_000))];
        let frames = exchange.headers(&fields, true);
        let mut reader = Exchange::new(LONGEST, 1 << 20);
        reader.take(&frames);
        assert_eq!(reader.next_event(), Ok(Some(Event::Headers { fields: fields.to_vec(), ends: true })));
    }
}
