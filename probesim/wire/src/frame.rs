//! Frames: <https://www.rfc-editor.org/rfc/rfc9113#section-4.1>

/// What a client begins with, before its settings: <https://www.rfc-editor.org/rfc/rfc9113#section-3.4>
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The one stream.
pub const STREAM: u32 = 1;
/// The longest payload that every peer takes.
pub const LONGEST: usize = 1 << 14;

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
/// What both sides begin with.
pub const SETTINGS: u8 = 4;
pub(crate) const PUSH_PROMISE: u8 = 5;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
/// Lets the other side send more.
pub const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;

pub(crate) const ACK: u8 = 1;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;
const PRIORITY: u8 = 0x20;
const STREAM_ID: u32 = 0x7fff_ffff;

/// The other side breaks the rules.
pub const PROTOCOL_ERROR: u32 = 1;
pub(crate) const FRAME_SIZE_ERROR: u32 = 6;
/// The stream was not looked at.
pub const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;
pub(crate) const COMPRESSION_ERROR: u32 = 9;
/// The request is one for HTTP/1.1.
pub const HTTP_1_1_REQUIRED: u32 = 13;

/// The nine bytes before each payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) length: usize,
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
}

// === impl Head ===

impl Head {
    pub(crate) const LENGTH: usize = 9;

    pub(crate) fn read(bytes: [u8; Self::LENGTH]) -> Self {
        let [a, b, c, kind, flags, stream @ ..] = bytes;
        // The first bit is reserved.
        let stream = u32::from_be_bytes(stream) & STREAM_ID;
        Self { length: u32::from_be_bytes([0, a, b, c]) as usize, kind, flags, stream }
    }

    pub(crate) const fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The payload of DATA or HEADERS without padding and priority; none where it is malformed.
    pub(crate) fn content<'a>(&self, payload: &'a [u8]) -> Option<&'a [u8]> {
        let (start, padding) = if self.has(PADDED) { (1, usize::from(*payload.first()?)) } else { (0, 0) };
        let skipped = if self.kind == HEADERS && self.has(PRIORITY) { 5 } else { 0 };
        payload.get(start + skipped..payload.len().checked_sub(padding)?)
    }
}

/// A frame.
#[must_use]
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or(u32::MAX).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// The frame of settings, each a name and a value: <https://www.rfc-editor.org/rfc/rfc9113#section-6.5>
#[must_use]
pub fn settings(settings: &[(u16, u32)]) -> Vec<u8> {
    let pair = |(name, value): &(u16, u32)| name.to_be_bytes().into_iter().chain(value.to_be_bytes());
    frame(SETTINGS, 0, 0, &settings.iter().flat_map(pair).collect::<Vec<u8>>())
}

/// The body, which ends the stream.
#[must_use]
pub fn last_data(body: &[u8]) -> Vec<u8> {
    frame(DATA, END_STREAM, STREAM, body)
}

/// The end of a connection from this side; before it, that of the stream if that is still open.
#[must_use]
pub fn goodbye(cancels: bool, debug: &str) -> Vec<u8> {
    let reset = if cancels { frame(RST_STREAM, 0, STREAM, &CANCEL.to_be_bytes()) } else { vec![] };
    let payload = [&STREAM.to_be_bytes(), &[0; 4], debug.as_bytes()].concat();
    [reset, frame(GOAWAY, 0, 0, &payload)].concat()
}

/// Four bytes of a payload.
pub(crate) fn number(payload: &[u8], at: usize) -> Option<u32> {
    payload.get(at..)?.first_chunk().copied().map(u32::from_be_bytes)
}

/// The last stream that a GOAWAY still answers, without its reserved bit.
pub(crate) const fn stream_id(number: u32) -> u32 {
    number & STREAM_ID
}

/// The name of an error code: <https://www.rfc-editor.org/rfc/rfc9113#section-7>.
#[must_use]
pub fn code_name(code: u32) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_read_back_as_they_were_written() {
        let bytes = frame(DATA, END_STREAM, STREAM, &[7; 300]);
        let head = Head::read(bytes[..9].try_into().unwrap());
        assert_eq!(head, Head { length: 300, kind: DATA, flags: END_STREAM, stream: 1 });
        assert_eq!(bytes[9..], [7; 300]);
        assert_eq!(Head::read([0, 0, 0, 0, 0, 0x80, 0, 0, 1]).stream, 1);
        assert_eq!(settings(&[(2, 0)]), frame(SETTINGS, 0, 0, &[0, 2, 0, 0, 0, 0]));
    }

    #[test]
    fn padding_and_priority_are_no_content() {
        let content = |kind, flags, payload: &'static [u8]| {
            Head { length: payload.len(), kind, flags, stream: 1 }.content(payload)
        };
        assert_eq!(content(DATA, 0, b"abc"), Some(&b"abc"[..]));
        assert_eq!(content(DATA, PADDED, &[2, b'a', 0, 0]), Some(&b"a"[..]));
        assert_eq!(content(HEADERS, PADDED | PRIORITY, &[1, 0, 0, 0, 0, 9, b'a', 0]), Some(&b"a"[..]));
        for (kind, flags, payload) in
            [(DATA, PADDED, &[][..]), (DATA, PADDED, &[3, 0, 0]), (HEADERS, PRIORITY, &[0, 0, 0, 0])]
        {
            assert_eq!(content(kind, flags, payload), None);
        }
    }
}
