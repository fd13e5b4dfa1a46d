//! The Huffman code of HPACK: <https://www.rfc-editor.org/rfc/rfc7541#appendix-B>.

/// The length of each byte's code, in bits. The code is canonical: codes of a length follow each other, in the order of
/// their bytes, and so the lengths tell all.
#[rustfmt::skip]
const LENGTHS: [u8; 256] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];
/// The longest code.
const LONGEST: usize = 30;
/// The code of each byte.
const CODES: [u32; 256] = codes();
/// The bytes in the order of their codes.
const BYTES: [u8; 256] = bytes();
/// Of each length: its first code, how many there are, and where their bytes begin in [`BYTES`].
const RANGES: [(u32, u32, usize); LONGEST + 1] = ranges();

/// The number of bytes that a text takes up.
pub(crate) fn length(text: &[u8]) -> usize {
    text.iter().map(|&byte| usize::from(LENGTHS[usize::from(byte)])).sum::<usize>().div_ceil(8)
}

/// Encodes a text.
pub(crate) fn encode(text: &[u8], into: &mut Vec<u8>) {
    let (mut bits, mut count) = (0_u64, 0);
    for &byte in text {
        let length = LENGTHS[usize::from(byte)];
        bits = bits << length | u64::from(CODES[usize::from(byte)]);
        count += length;
        while count >= 8 {
            count -= 8;
            into.push((bits >> count) as u8);
        }
    }
    if count > 0 {
        // What is left of the last byte is filled with ones.
        into.push((bits << (8 - count)) as u8 | 0xff >> count);
    }
}

/// Decodes a text, if it is one.
pub(crate) fn decode(bytes: &[u8]) -> Option<Vec<u8>> {
    // The shortest code has five bits.
    let mut text = Vec::with_capacity(bytes.len() * 8 / 5);
    let (mut code, mut length) = (0_u32, 0);
    for bit in bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| byte >> at & 1)) {
        code = code << 1 | u32::from(bit);
        length += 1;
        let (first, count, start) = *RANGES.get(length)?;
        if let Some(at) = code.checked_sub(first).filter(|&at| at < count) {
            text.push(*BYTES.get(start + at as usize)?);
            (code, length) = (0, 0);
        }
    }
    // Less than a byte may be left over, all ones.
    (length < 8 && code == (1 << length) - 1).then_some(text)
}

const fn codes() -> [u32; 256] {
    let mut codes = [0; 256];
    let (bytes, ranges) = (bytes(), ranges());
    let mut at = 0;
    while at < 256 {
        let (first, _, start) = ranges[LENGTHS[bytes[at] as usize] as usize];
        codes[bytes[at] as usize] = first + (at - start) as u32;
        at += 1;
    }
    codes
}

const fn bytes() -> [u8; 256] {
    let mut bytes = [0; 256];
    let (mut at, mut length) = (0, 1);
    while length <= LONGEST {
        let mut byte = 0;
        while byte < 256 {
            if LENGTHS[byte] as usize == length {
                bytes[at] = byte as u8;
                at += 1;
            }
            byte += 1;
        }
        length += 1;
    }
    bytes
}

const fn ranges() -> [(u32, u32, usize); LONGEST + 1] {
    let mut ranges = [(0, 0, 0); LONGEST + 1];
    let (mut next, mut start, mut length) = (0, 0, 1);
    while length <= LONGEST {
        next <<= 1;
        let (mut count, mut byte) = (0, 0);
        while byte < 256 {
            count += (LENGTHS[byte] as usize == length) as u32;
            byte += 1;
        }
        ranges[length] = (next, count, start);
        next += count;
        start += count as usize;
        length += 1;
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    /// <https://www.rfc-editor.org/rfc/rfc7541#appendix-C.4>
    #[test]
    fn the_examples_of_the_specification_are_right() {
        for (text, bytes) in [
            ("www.example.com", &b"\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff"[..]),
            ("no-cache", b"\xa8\xeb\x10\x64\x9c\xbf"),
            ("302", b"\x64\x02"),
            ("", b""),
        ] {
            let mut encoded = vec![];
            encode(text.as_bytes(), &mut encoded);
            assert_eq!(encoded, bytes, "{text}");
            assert_eq!(length(text.as_bytes()), bytes.len(), "{text}");
            assert_eq!(decode(bytes).as_deref(), Some(text.as_bytes()));
        }
    }

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        let mut encoded = vec![];
        encode(&all, &mut encoded);
        assert_eq!(decode(&encoded), Some(all));
    }

    #[test]
    fn what_is_no_code_is_refused() {
        assert_eq!(decode(b"\xff\xff\xff\xff"), None, "the end of the string is no part of it");
        assert_eq!(decode(b"\x00"), None, "the rest is not all ones");
        assert_eq!(decode(b"\x64\x02\xff"), None, "a whole byte is left over");
    }
}
