//! HTTP/2 frames: <https://www.rfc-editor.org/rfc/rfc9113#section-4.1>

/// The largest payload that a peer may send us, since we ask for nothing else.
pub(super) const LARGEST: usize = 16_384;
/// The one stream that there is.
pub(super) const STREAM: u32 = 1;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const ACK: u8 = 0x1;
pub(super) const END_STREAM: u8 = 0x1;
pub(super) const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;

/// The nine bytes before each payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) length: usize,
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
}

impl Head {
    /// Their number.
    pub(super) const LENGTH: usize = 9;

    pub(super) fn read(bytes: [u8; Self::LENGTH]) -> Self {
        let [a, b, c, kind, flags, stream @ ..] = bytes;
        Self {
            length: u32::from_be_bytes([0, a, b, c]) as usize,
            kind,
            flags,
            // The first bit is reserved.
            stream: u32::from_be_bytes(stream) & 0x7fff_ffff,
        }
    }

    pub(super) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The payload of DATA or HEADERS without padding and priority; none where it is malformed.
    pub(super) fn content<'a>(&self, mut payload: &'a [u8]) -> Option<&'a [u8]> {
        if self.has(PADDED) {
            let (padding, rest) = payload.split_first()?;
            payload = rest.get(..rest.len().checked_sub(usize::from(*padding))?)?;
        }
        if self.kind == HEADERS && self.has(PRIORITY) {
            payload = payload.get(5..)?;
        }
        Some(payload)
    }
}

/// Appends a frame whose payload is shorter than [`LARGEST`].
pub(super) fn write(into: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    debug_assert!(payload.len() <= LARGEST, "a frame of {} bytes", payload.len());
    // At most 2^14, so that the first of the four bytes is zero.
    let length = u32::try_from(payload.len()).unwrap_or_default().to_be_bytes();
    into.extend_from_slice(&length[1..]);
    into.extend_from_slice(&[kind, flags]);
    into.extend_from_slice(&stream.to_be_bytes());
    into.extend_from_slice(payload);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_read_back_as_they_were_written() {
        let mut bytes = Vec::new();
        write(&mut bytes, DATA, END_STREAM, STREAM, &[7; 300]);
        let head = Head::read(bytes[..9].try_into().unwrap());
        assert_eq!(head, Head { length: 300, kind: DATA, flags: END_STREAM, stream: 1 });
        assert_eq!(bytes[9..], [7; 300]);
        assert_eq!(Head::read([0, 0, 0, 0, 0, 0x80, 0, 0, 1]).stream, 1);
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
