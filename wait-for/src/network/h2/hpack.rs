//! As much of HPACK as a single call needs: <https://www.rfc-editor.org/rfc/rfc7541>
//!
//! We write plain literals. Of what a server writes, only two numbers matter, `:status` and `grpc-status`;
//! all else is skipped. Our settings allow no dynamic table, so that nothing has to be remembered, and digits
//! are the only Huffman code that has to be read.

/// The static table's entries that we use: <https://www.rfc-editor.org/rfc/rfc7541#appendix-A>
const AUTHORITY: u8 = 1;
const METHOD_POST: u8 = 3;
const PATH: u8 = 4;
const SCHEME_HTTP: u8 = 6;
const SCHEME_HTTPS: u8 = 7;
const CONTENT_TYPE: u8 = 31;
const USER_AGENT: u8 = 58;
/// The entries that have a `:status`, from the first one on.
const STATUS: usize = 8;
const STATUSES: [u16; 7] = [200, 204, 206, 304, 400, 404, 500];

const GRPC_STATUS: &[u8] = b"grpc-status";
/// The same in the code of <https://www.rfc-editor.org/rfc/rfc7541#appendix-B>
const GRPC_STATUS_HUFFMAN: [u8; 8] = [0x9a, 0xca, 0xc8, 0xb2, 0x12, 0x34, 0xda, 0x8f];

/// What is read of a server's headers and trailers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    /// `:status`
    pub(super) status: Option<u16>,
    /// `grpc-status`
    pub(super) grpc_status: Option<u16>,
}

/// The header block of a gRPC request.
pub(super) fn request(is_secure: bool, authority: &str, path: &str, user_agent: &str) -> Vec<u8> {
    let scheme = if is_secure { SCHEME_HTTPS } else { SCHEME_HTTP };
    let mut block = vec![0x80 | METHOD_POST, 0x80 | scheme];
    for (name, value) in
        [(AUTHORITY, authority), (PATH, path), (CONTENT_TYPE, "application/grpc"), (USER_AGENT, user_agent)]
    {
        write_integer(&mut block, 4, usize::from(name));
        write_text(&mut block, value);
    }
    block.push(0);
    write_text(&mut block, "te");
    write_text(&mut block, "trailers");
    block
}

impl Numbers {
    /// Reads a whole header block; none where it is malformed.
    pub(super) fn read(&mut self, block: &[u8]) -> Option<()> {
        let mut rest = block;
        while let Some(&first) = rest.first() {
            // An indexed field, or one with a value: remembered, or a change of the table's size, or neither.
            let prefix = match first {
                0x80.. => 7,
                0x40..=0x7f => 6,
                0x20..=0x3f => 5,
                _ => 4,
            };
            let index = integer(&mut rest, prefix)?;
            match prefix {
                7 => {
                    if let Some(status) = index.checked_sub(STATUS).and_then(|at| STATUSES.get(at)) {
                        self.status = Some(*status);
                    }
                    continue;
                }
                5 => continue,
                _ => {}
            }
            let is_grpc_status = index == 0 && {
                let (name, is_huffman) = text(&mut rest)?;
                name == if is_huffman { &GRPC_STATUS_HUFFMAN } else { GRPC_STATUS }
            };
            let value = text(&mut rest)?;
            if (STATUS..STATUS + STATUSES.len()).contains(&index) {
                self.status = number(value);
            } else if is_grpc_status {
                self.grpc_status = number(value);
            }
        }
        Some(())
    }
}

/// <https://www.rfc-editor.org/rfc/rfc7541#section-5.1>
fn integer(from: &mut &[u8], prefix: u32) -> Option<usize> {
    let (first, mut rest) = from.split_first()?;
    let most = (1_usize << prefix) - 1;
    let mut value = usize::from(*first) & most;
    if value == most {
        // Three more bytes are 2^21: more than any block that is read here.
        for shift in [0, 7, 14] {
            let (next, after) = rest.split_first()?;
            rest = after;
            value += usize::from(next & 0x7f) << shift;
            if next & 0x80 == 0 {
                *from = rest;
                return Some(value);
            }
        }
        return None;
    }
    *from = rest;
    Some(value)
}

/// The bytes of a string, and whether they are Huffman code.
fn text<'a>(from: &mut &'a [u8]) -> Option<(&'a [u8], bool)> {
    let is_huffman = from.first()? & 0x80 != 0;
    let length = integer(from, 7)?;
    let (text, rest) = from.split_at_checked(length)?;
    *from = rest;
    Some((text, is_huffman))
}

/// A number of at most three digits.
fn number((text, is_huffman): (&[u8], bool)) -> Option<u16> {
    let digits = if is_huffman { huffman_digits(text)? } else { text.to_vec() };
    if digits.is_empty() || digits.len() > 3 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    digits.iter().try_fold(0_u16, |number, digit| Some(number * 10 + u16::from(digit - b'0')))
}

/// Digits: 0 to 2 have five bits, 3 to 9 six. What is left at the end is ones.
fn huffman_digits(code: &[u8]) -> Option<Vec<u8>> {
    // Three digits have eighteen bits at most.
    let bits = u32::try_from(code.len()).ok().filter(|bytes| *bytes <= 3)? * 8;
    let code = code.iter().fold(0_u32, |code, byte| (code << 8) | u32::from(*byte));
    let code = code.checked_shl(32 - bits)?;
    let mut digits = Vec::new();
    let mut at = 0;
    while bits - at >= 5 {
        let next = code << at;
        match (next >> 27, next >> 26) {
            (short @ 0..=2, _) => {
                digits.push(b'0' + u8::try_from(short).ok()?);
                at += 5;
            }
            (_, long @ 25..=31) if bits - at >= 6 => {
                digits.push(b'3' + u8::try_from(long - 25).ok()?);
                at += 6;
            }
            (31, _) => break,
            _ => return None,
        }
    }
    Some(digits)
}

fn write_integer(into: &mut Vec<u8>, prefix: u32, value: usize) {
    let most = (1_usize << prefix) - 1;
    let byte = |value: usize| u8::try_from(value & 0xff).unwrap_or_default();
    if value < most {
        into.push(byte(value));
        return;
    }
    into.push(byte(most));
    let mut rest = value - most;
    while rest >= 0x80 {
        into.push(byte(rest) | 0x80);
        rest >>= 7;
    }
    into.push(byte(rest));
}

fn write_text(into: &mut Vec<u8>, text: &str) {
    write_integer(into, 7, text.len());
    into.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(block: &[u8]) -> Option<(Option<u16>, Option<u16>)> {
        let mut numbers = Numbers::default();
        numbers.read(block)?;
        Some((numbers.status, numbers.grpc_status))
    }

    #[test]
    fn integers_read_back_as_they_were_written() {
        for value in [0, 9, 10, 14, 15, 16, 126, 127, 128, 300, 1337, 16_000, 2_000_000] {
            for prefix in [4, 7] {
                let mut bytes = Vec::new();
                write_integer(&mut bytes, prefix, value);
                let mut rest = &bytes[..];
                assert_eq!(integer(&mut rest, prefix), Some(value));
                assert!(rest.is_empty());
            }
        }
        // 1337 in five bits: the RFC's own example.
        assert_eq!(integer(&mut &[0x1f, 0x9a, 0x0a][..], 5), Some(1337));
        for endless in [&[0x1f][..], &[0x1f, 0x80], &[0x1f, 0xff, 0xff, 0xff, 0xff, 0x7f]] {
            assert_eq!(integer(&mut &endless[..], 5), None);
        }
    }

    #[test]
    fn both_numbers_are_found_in_every_form() {
        assert_eq!(read(&[0x88]), Some((Some(200), None)));
        assert_eq!(read(&[0x8d]), Some((Some(404), None)));
        // ":status 503" as plain text and as Huffman code, remembered and not.
        assert_eq!(read(b"\x48\x03503"), Some((Some(503), None)));
        assert_eq!(read(&[0x08, 0x83, 0x6c, 0x0c, 0xff]), Some((Some(503), None)));
        assert_eq!(read(b"\x00\x0bgrpc-status\x0212"), Some((None, Some(12))));
        let mut huffman = vec![0x20, 0x40, 0x88];
        huffman.extend_from_slice(&GRPC_STATUS_HUFFMAN);
        huffman.extend_from_slice(&[0x81, 0x07, 0x88]);
        assert_eq!(read(&huffman), Some((Some(200), Some(0))));
    }

    #[test]
    fn every_number_of_one_to_three_digits_is_read_from_huffman_code() {
        for number in 0..=999_u16 {
            let mut code = 0_u64;
            let mut bits = 0;
            for digit in number.to_string().bytes().map(|digit| u64::from(digit - b'0')) {
                let (value, length) = if digit < 3 { (digit, 5) } else { (digit - 3 + 25, 6) };
                (code, bits) = ((code << length) | value, bits + length);
            }
            let padding = (8 - bits % 8) % 8;
            let code = (code << padding) | ((1 << padding) - 1);
            let bytes = &code.to_be_bytes()[8 - (bits + padding) / 8..];
            assert_eq!(super::number((bytes, true)), Some(number));
        }
    }

    #[test]
    fn other_fields_are_skipped_and_broken_ones_refused() {
        assert_eq!(read(b"\x40\x01a\x01b\x10\x01c\x00\x0f\x10\x01d\xff\x20\x88"), Some((Some(200), None)));
        for broken in [&b"\x40"[..], b"\x40\x05ab", b"\x00\x01a\x7f", b"\xff", b"\x48\x83"] {
            assert_eq!(read(broken), None, "{broken:?}");
        }
        for odd in [&b"\x48\x04abcd"[..], b"\x48\x00", b"\x48\x049999", b"\x48\x80", b"\x48\x83\xff\xff\xff"]
        {
            assert_eq!(read(odd), Some((None, None)), "{odd:?}");
        }
    }
}
