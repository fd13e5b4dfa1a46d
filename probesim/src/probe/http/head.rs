//! The head of an answer, and how long its body is: `ReadResponse` and `readTransfer` of Go's `net/http`.

use super::super::words::quote;
use super::body::too_early;
use super::headers::{Headers, canonical, is_token, trim};
use super::reader::{Broken, Reader};

/// Status and fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: i32,
    pub(super) headers: Headers,
    pub(super) framing: Framing,
}

/// How the end of a body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is none.
    Empty,
    /// By its length.
    Length(u64),
    /// By its last chunk.
    Chunked,
    /// By the end of the connection.
    Close,
}

// === impl Head ===

impl Head {
    /// Reads one, be it of an answer on the way.
    pub(super) async fn read(reader: &mut Reader) -> Result<Self, Broken> {
        let line = reader.line().await.map_err(too_early)?;
        let (status, is_1_1) = status(&line).map_err(Broken::Words)?;
        let headers = fields(reader).await.map_err(too_early)?;
        let framing = framing(status, is_1_1, &headers).map_err(Broken::Words)?;
        Ok(Self { status, headers, framing })
    }

    /// Whether another head follows.
    pub(super) const fn is_on_the_way(&self) -> bool {
        matches!(self.status, 100 | 102..=199)
    }
}

/// The status, and whether the version is at least 1.1.
fn status(line: &[u8]) -> Result<(i32, bool), String> {
    let malformed = |what: &str, value: &[u8]| format!("malformed HTTP {what} {}", quote(value));
    let space = line.iter().position(|&byte| byte == b' ').ok_or_else(|| malformed("response", line))?;
    let (version, rest) = (&line[..space], line[space..].trim_ascii_start_spaces());
    let code = rest.split(|&byte| byte == b' ').next().unwrap_or_default();
    let number =
        std::str::from_utf8(code).ok().filter(|code| code.len() == 3).and_then(|code| code.parse().ok());
    let status = number.filter(|number| *number >= 0).ok_or_else(|| malformed("status code", code))?;
    let digit = |at: usize| version.get(at).filter(|byte| byte.is_ascii_digit());
    match (digit(5), digit(7), version.len()) {
        (Some(major), Some(minor), 8) if version.starts_with(b"HTTP/") && version[6] == b'.' => {
            // No version at all counts as 1.1.
            Ok((status, (*major, *minor) >= (b'1', b'1') || (*major, *minor) == (b'0', b'0')))
        }
        _ => Err(malformed("version", version)),
    }
}

/// `ReadMIMEHeader`.
pub(super) async fn fields(reader: &mut Reader) -> Result<Headers, Broken> {
    let malformed =
        |what: &str, line: &[u8]| Broken::Words(format!("malformed MIME header{what}: {}", quote(line)));
    let mut headers = Headers::default();
    if let ([b' ' | b'\t'], Ok(())) = reader.peek(1).await {
        let line = reader.line().await?;
        if line.len() > 80 {
            return Err(Broken::Words("message too large".into()));
        }
        return Err(malformed(" initial line", &line));
    }
    loop {
        let line = reader.line().await?;
        if line.is_empty() {
            return Ok(headers);
        }
        if !line.contains(&b':') {
            return Err(malformed(": missing colon", &line));
        }
        let line = continued(reader, line.trim_blanks()).await;
        if line.is_empty() {
            return Ok(headers);
        }
        let colon = line.iter().position(|&byte| byte == b':').ok_or_else(|| malformed(" line", &line))?;
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        // A space in a name is no error, but such a name is not what it looks like.
        let is_name = !name.is_empty() && name.iter().all(|&byte| byte == b' ' || is_token(byte));
        let is_value = value.iter().all(|&byte| byte == b'\t' || !byte.is_ascii_control());
        if !is_name || !is_value {
            return Err(malformed(" line", &line));
        }
        let name = canonical(&String::from_utf8_lossy(name));
        headers.add(&name, String::from_utf8_lossy(value.trim_blanks()).into_owned());
    }
}

/// A line with those that continue it, which begin with a blank.
async fn continued(reader: &mut Reader, first: &[u8]) -> Vec<u8> {
    let mut whole = first.to_vec();
    loop {
        let mut has_blank = false;
        while let ([b' ' | b'\t'], Ok(())) = reader.peek(1).await {
            reader.skip(1);
            has_blank = true;
        }
        if !has_blank {
            return whole;
        }
        whole.push(b' ');
        let Ok(line) = reader.line().await else { return whole };
        whole.extend_from_slice(line.trim_blanks());
    }
}

/// `parseTransferEncoding`, `fixLength` and `fixTrailer`.
fn framing(status: i32, is_1_1: bool, headers: &Headers) -> Result<Framing, String> {
    let list = |values: &[String]| {
        let quoted: Vec<_> = values.iter().map(|value| quote(value.as_bytes())).collect();
        format!("[{}]", quoted.join(" "))
    };
    let is_chunked = match headers.all("Transfer-Encoding").filter(|_| is_1_1) {
        None => false,
        Some([one]) if one.eq_ignore_ascii_case("chunked") => true,
        Some([one]) => return Err(format!("unsupported transfer encoding: {}", quote(one.as_bytes()))),
        Some(many) => return Err(format!("too many transfer encodings: {}", list(many))),
    };
    let lengths = headers.all("Content-Length").unwrap_or_default();
    if lengths.iter().any(|length| trim(length) != trim(&lengths[0])) {
        let lengths = list(lengths);
        return Err(format!("http: message cannot contain multiple Content-Length headers; got {lengths}"));
    }
    let length = lengths.first().map(|length| self::length(trim(length))).transpose()?;
    if is_chunked {
        check_trailer(headers.all("Trailer").unwrap_or_default())?;
    }
    // The connection becomes something else, which has no end of its own.
    let switches =
        status == 101 && !headers.first("Upgrade").is_empty() && headers.has_word("Connection", "Upgrade");
    Ok(match length {
        _ if switches => Framing::Close,
        _ if matches!(status, 100..=199 | 204 | 304) => Framing::Empty,
        _ if is_chunked => Framing::Chunked,
        Some(0) => Framing::Empty,
        Some(length) => Framing::Length(length),
        None => Framing::Close,
    })
}

fn length(text: &str) -> Result<u64, String> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<u64>().ok().filter(|&length| is_number && i64::try_from(length).is_ok()) {
        Some(length) => Ok(length),
        None if text.is_empty() => Err("invalid empty Content-Length \"\"".into()),
        None => Err(format!("bad Content-Length {}", quote(text.as_bytes()))),
    }
}

fn check_trailer(values: &[String]) -> Result<(), String> {
    let names = values.iter().flat_map(|value| value.split(',')).map(|name| canonical(trim(name)));
    let forbidden =
        |name: &String| matches!(name.as_str(), "Transfer-Encoding" | "Trailer" | "Content-Length");
    match names.into_iter().find(forbidden) {
        Some(name) => Err(format!("bad trailer key {}", quote(name.as_bytes()))),
        None => Ok(()),
    }
}

/// What Go trims: spaces and tabs, and no other white space.
trait Trim {
    fn trim_ascii_start_spaces(&self) -> &[u8];
    fn trim_blanks(&self) -> &[u8];
}

impl Trim for [u8] {
    fn trim_ascii_start_spaces(&self) -> &[u8] {
        let start = self.iter().position(|&byte| byte != b' ').unwrap_or(self.len());
        &self[start..]
    }

    fn trim_blanks(&self) -> &[u8] {
        let is_kept = |&byte: &u8| byte != b' ' && byte != b'\t';
        let start = self.iter().position(is_kept).unwrap_or(self.len());
        let end = self.iter().rposition(is_kept).map_or(start, |at| at + 1);
        &self[start..end]
    }
}
