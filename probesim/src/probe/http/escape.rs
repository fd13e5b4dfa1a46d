//! Percent-encoding by Go's rules, which differ from part to part of a URL: `net/url`.

use super::super::words::quote;

/// A part of a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Path,
    Host,
    /// Of an IPv6 address.
    Zone,
    User,
    Fragment,
}

/// `shouldEscape`.
pub(super) fn must_be_escaped(byte: u8, part: Part) -> bool {
    match (byte, part) {
        (b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~', _) => false,
        (b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+', Part::Host | Part::Zone) => false,
        (b',' | b';' | b'=' | b':' | b'[' | b']' | b'<' | b'>' | b'"', Part::Host | Part::Zone) => false,
        (b'?', Part::Path) => true,
        (b'@' | b'/' | b'?' | b':', Part::User) => true,
        (b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'?' | b'@', part) => {
            matches!(part, Part::Host | Part::Zone)
        }
        (b'!' | b'(' | b')' | b'*', Part::Fragment) => false,
        _ => true,
    }
}

/// `escape`.
pub(super) fn escape(text: &[u8], part: Part) -> String {
    let mut escaped = String::new();
    for &byte in text {
        if must_be_escaped(byte, part) {
            escaped.push('%');
            escaped.extend(
                [byte >> 4, byte & 15].map(|digit| char::from(b"0123456789ABCDEF"[usize::from(digit)])),
            );
        } else {
            escaped.push(char::from(byte));
        }
    }
    escaped
}

/// `unescape`: the bytes that a text stands for, or Go's words for why it stands for none.
pub(super) fn unescape(text: &str, part: Part) -> Result<Vec<u8>, String> {
    let invalid = |bytes: &[u8]| format!("invalid URL escape {}", quote(bytes));
    let is_host = matches!(part, Part::Host | Part::Zone);
    let mut bytes = vec![];
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first != b'%' {
            if is_host && first < 0x80 && must_be_escaped(first, part) {
                return Err(format!("invalid character {} in host name", quote(&[first])));
            }
            bytes.push(first);
            rest = after;
            continue;
        }
        let sequence = &rest[..rest.len().min(3)];
        let byte = sequence.get(1..3).and_then(byte_of).ok_or_else(|| invalid(sequence))?;
        // In a host only what is not ASCII may be escaped; in a zone what need not be.
        let is_wrong = match part {
            Part::Host => byte < 0x80,
            Part::Zone => byte != b' ' && must_be_escaped(byte, Part::Host),
            Part::Path | Part::User | Part::Fragment => false,
        };
        if is_wrong && sequence != b"%25" {
            return Err(invalid(sequence));
        }
        bytes.push(byte);
        rest = &rest[3..];
    }
    Ok(bytes)
}

/// A part as a URL keeps it: as it was written where that is a valid encoding, and else encoded anew
/// (`EscapedPath`, `EscapedFragment`).
pub(super) fn tidy(text: &str, part: Part) -> Result<String, String> {
    let escaped = escape(&unescape(text, part)?, part);
    let may_stand = |byte| match byte {
        b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b':' | b'@' => true,
        b'[' | b']' | b'%' => true,
        byte => !must_be_escaped(byte, part),
    };
    Ok(if text.bytes().all(may_stand) { text.to_owned() } else { escaped })
}

fn byte_of(digits: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(digits[at]).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_has_its_own_characters() {
        let all = "aZ9-_.~!$&'()*+,;=:@/?[]<>\"%^ |é";
        for (part, escaped) in [
            (Part::Path, "aZ9-_.~%21$&%27%28%29%2A+,;=:@/%3F%5B%5D%3C%3E%22%25%5E%20%7C%C3%A9"),
            (Part::Host, "aZ9-_.~!$&'()*+,;=:%40%2F%3F[]<>\"%25%5E%20%7C%C3%A9"),
            (Part::User, "aZ9-_.~%21$&%27%28%29%2A+,;=%3A%40%2F%3F%5B%5D%3C%3E%22%25%5E%20%7C%C3%A9"),
            (Part::Fragment, "aZ9-_.~!$&%27()*+,;=:@/?%5B%5D%3C%3E%22%25%5E%20%7C%C3%A9"),
        ] {
            assert_eq!(escape(all.as_bytes(), part), escaped, "{part:?}");
            if part != Part::Host {
                assert_eq!(unescape(escaped, part), Ok(all.as_bytes().to_vec()), "{part:?}");
            }
        }
    }

    #[test]
    fn what_is_no_escape_is_told_in_the_words_of_go() {
        for (text, part, why) in [
            ("/%zz/x", Part::Path, "invalid URL escape \"%zz\""),
            ("/%4", Part::Path, "invalid URL escape \"%4\""),
            ("/%", Part::Path, "invalid URL escape \"%\""),
            ("a%20b", Part::Host, "invalid URL escape \"%20\""),
            ("a b", Part::Host, "invalid character \" \" in host name"),
        ] {
            assert_eq!(unescape(text, part), Err(why.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_valid_encoding_stays_as_it_was_written() {
        for (text, kept) in [
            ("/a%2fb", "/a%2fb"),
            ("/a'(b)*!", "/a'(b)*!"),
            ("/a b", "/a%20b"),
            ("/a b%2f", "/a%20b/"),
            ("/é", "/%C3%A9"),
            ("/[x]", "/[x]"),
        ] {
            assert_eq!(tidy(text, Part::Path), Ok(kept.to_owned()), "{text}");
        }
    }
}
