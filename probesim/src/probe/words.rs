//! How Go writes texts and times in its errors, and reads numbers.

use std::fmt::Write as _;
use std::str::FromStr;
use std::time::Duration;

/// `strconv.Quote`, which is `%q`: bytes that are no text as `\x..`, what cannot be printed as `\u....`.
pub(super) fn quote(bytes: &[u8]) -> String {
    let mut quoted = String::from("\"");
    for chunk in bytes.utf8_chunks() {
        chunk.valid().chars().for_each(|c| push_escaped(&mut quoted, c));
        for byte in chunk.invalid() {
            let _ = write!(quoted, "\\x{byte:02x}");
        }
    }
    quoted.push('"');
    quoted
}

fn push_escaped(quoted: &mut String, c: char) {
    let short = match c {
        '"' => "\\\"",
        '\\' => "\\\\",
        '\x07' => "\\a",
        '\x08' => "\\b",
        '\x0c' => "\\f",
        '\n' => "\\n",
        '\r' => "\\r",
        '\t' => "\\t",
        '\x0b' => "\\v",
        _ => "",
    };
    let code = u32::from(c);
    // Go's `IsPrint` and Rust's notion of it are the same but for corners of Unicode.
    let is_printable = c == '\'' || c.escape_debug().len() == 1;
    let _ = match code {
        _ if !short.is_empty() => write!(quoted, "{short}"),
        _ if is_printable => write!(quoted, "{c}"),
        0..0x20 | 0x7f => write!(quoted, "\\x{code:02x}"),
        0..0x1_0000 => write!(quoted, "\\u{code:04x}"),
        _ => write!(quoted, "\\U{code:08x}"),
    };
}

/// `time.Duration.String`: `500ms`, `1s`, `1.5s`, `1m30s`, `1h0m0s`.
pub(super) fn duration(time: Duration) -> String {
    let (unit, one) = match time.as_nanos() {
        0 => return "0s".into(),
        1..1_000 => ("ns", 1e-9),
        1_000..1_000_000 => ("µs", 1e-6),
        1_000_000..1_000_000_000 => ("ms", 1e-3),
        _ => ("s", 1.0),
    };
    if one < 1.0 {
        return format!("{}{unit}", time.as_secs_f64() / one);
    }
    let minutes = time.as_secs() / 60;
    let seconds = (time - Duration::from_secs(minutes * 60)).as_secs_f64();
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{seconds}s"),
        (0, minutes) => format!("{minutes}m{seconds}s"),
        (hours, minutes) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// A decimal number, or what `strconv`'s function says of a text that is none.
pub(super) fn integer<N: FromStr>(function: &str, text: &str) -> Result<N, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let why = if is_number { "value out of range" } else { "invalid syntax" };
    text.parse().map_err(|_| format!("strconv.{function}: parsing {}: {why}", quote(text.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_quoted_as_go_does() {
        for (text, quoted) in [
            (&b"sleep 9"[..], "\"sleep 9\""),
            (b"a\"b\\c'd", "\"a\\\"b\\\\c'd\""),
            (b"\r\n\t\x00\x1b\x7f", "\"\\r\\n\\t\\x00\\x1b\\x7f\""),
            (b"\xff\xfeHi", "\"\\xff\\xfeHi\""),
            ("é→\u{a0}\u{200b}\u{e000}".as_bytes(), "\"é→\\u00a0\\u200b\\ue000\""),
        ] {
            assert_eq!(quote(text), quoted);
        }
    }

    #[test]
    fn times_are_written_as_go_does() {
        for (millis, text) in [
            (0, "0s"),
            (900, "900ms"),
            (1_000, "1s"),
            (1_500, "1.5s"),
            (60_000, "1m0s"),
            (90_000, "1m30s"),
            (3_600_000, "1h0m0s"),
        ] {
            assert_eq!(duration(Duration::from_millis(millis)), text);
        }
    }
}
