//! The body of an answer, as far as the kubelet reads it: `body` and `chunkedReader` of Go's `net/http`.

use super::head::{Framing, fields};
use super::over_http2::Stream;
use super::reader::{BUFFER, Broken, Reader};

/// `maxRespBodyLength` of the kubelet.
const LONGEST: usize = 10 << 10;
/// How much Go reads of the body of a redirect, in the hope of using the connection again.
const SLURPED: usize = 2 << 10;
/// What the sizes of chunks may take up more than their data.
const MOST_EXCESS: u64 = 16 << 10;

/// What was read.
pub(super) type Slurped = Result<Vec<u8>, Broken>;

/// What is still to be read of an answer.
pub(super) enum Body {
    /// Of HTTP/1.1.
    Plain(Reader, Framing),
    /// Of HTTP/2.
    Stream(Box<Stream>, Framing),
}

// === impl Body ===

impl Body {
    /// Reads the body to its end or its limit, whichever comes first.
    pub(super) async fn read(&mut self) -> Slurped {
        self.up_to(LONGEST).await
    }

    /// Reads the body of a redirect, which nobody looks at.
    pub(super) async fn slurp(&mut self) {
        let (Self::Plain(_, framing) | Self::Stream(_, framing)) = self;
        if !matches!(framing, Framing::Length(length) if *length > SLURPED as u64) {
            let _ = self.up_to(SLURPED).await;
        }
    }

    async fn up_to(&mut self, limit: usize) -> Slurped {
        match self {
            Self::Plain(reader, framing) => up_to(reader, *framing, limit).await,
            Self::Stream(stream, _) => stream.read(limit).await,
        }
    }
}

async fn up_to(reader: &mut Reader, framing: Framing, limit: usize) -> Slurped {
    let mut body = vec![];
    match framing {
        Framing::Empty => {}
        Framing::Length(length) => {
            let length = usize::try_from(length).unwrap_or(usize::MAX).min(limit);
            while body.len() < length {
                body.extend(reader.some(length - body.len()).await.map_err(too_early)?);
            }
        }
        Framing::Chunked => chunks(reader, limit, &mut body).await?,
        Framing::Close => {
            while body.len() < limit {
                match reader.some(limit - body.len()).await {
                    Ok(part) => body.extend(part),
                    Err(Broken::End) => break,
                    Err(broken) => return Err(broken),
                }
            }
        }
    }
    Ok(body)
}

async fn chunks(reader: &mut Reader, limit: usize, body: &mut Vec<u8>) -> Result<(), Broken> {
    let mut excess = 0;
    loop {
        let line = size_line(reader).await?;
        let size = size(&line).map_err(words)?;
        excess = (excess + line.len() as u64 + 2).saturating_sub(size.saturating_mul(2).saturating_add(16));
        if excess > MOST_EXCESS {
            return Err(words("chunked encoding contains too much non-data"));
        }
        if size == 0 {
            return trailer(reader).await;
        }
        let mut left = size;
        while left > 0 {
            let room = usize::try_from(left).unwrap_or(usize::MAX).min(limit - body.len());
            let part = reader.some(room).await.map_err(too_early)?;
            left -= part.len() as u64;
            body.extend(part);
            if body.len() == limit {
                return Ok(());
            }
        }
        let (end, ended) = reader.peek(2).await;
        let is_right = end == b"\r\n";
        ended.map_err(too_early)?;
        if !is_right {
            return Err(words("malformed chunked encoding"));
        }
        reader.skip(2);
    }
}

/// `readChunkLine`: without its end.
async fn size_line(reader: &mut Reader) -> Result<Vec<u8>, Broken> {
    let too_long = || words("header line too long");
    let mut line = reader.slice().await.map_err(too_early)?.ok_or_else(too_long)?;
    line.pop();
    match line.iter().position(|&byte| byte == b'\r') {
        None => return Err(words("chunked line ends with bare LF")),
        Some(at) if at + 1 != line.len() => return Err(words("invalid CR in chunked line")),
        Some(_) => line.pop(),
    };
    if line.len() >= BUFFER { Err(too_long()) } else { Ok(line) }
}

/// `parseHexUint`, without extensions and blanks at the end.
fn size(line: &[u8]) -> Result<u64, &'static str> {
    let mut digits = line;
    while let [rest @ .., b' ' | b'\t'] = digits {
        digits = rest;
    }
    let digits = digits.split(|&byte| byte == b';').next().unwrap_or_default();
    if digits.is_empty() {
        return Err("empty hex number for chunk length");
    }
    let mut size = 0;
    for (at, &byte) in digits.iter().enumerate() {
        let digit = char::from(byte).to_digit(16).ok_or("invalid byte in chunk length")?;
        if at == 16 {
            return Err("http chunk length too large");
        }
        size = size << 4 | u64::from(digit);
    }
    Ok(size)
}

/// `readTrailer`: what comes after the last chunk.
async fn trailer(reader: &mut Reader) -> Result<(), Broken> {
    let too_early = || words("http: unexpected EOF reading trailer");
    let (start, _) = reader.peek(2).await;
    if start == b"\r\n" {
        reader.skip(2);
        return Ok(());
    }
    if start.len() < 2 {
        return Err(too_early());
    }
    let mut length = 4;
    loop {
        let (seen, more) = reader.peek(length).await;
        if seen.ends_with(b"\r\n\r\n") && length <= BUFFER {
            break;
        }
        if more.is_err() || length > BUFFER {
            return Err(words("http: suspiciously long trailer after chunked body"));
        }
        length += 1;
    }
    match fields(reader).await {
        Ok(_) => Ok(()),
        Err(Broken::End) => Err(too_early()),
        Err(broken @ Broken::Words(_)) => Err(broken),
    }
}

fn words(text: &str) -> Broken {
    Broken::Words(text.to_owned())
}

/// What an end means that comes before its time.
pub(super) fn too_early(broken: Broken) -> Broken {
    match broken {
        Broken::End => words("unexpected EOF"),
        broken @ Broken::Words(_) => broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_hexadecimal_with_anything_after_a_semicolon() {
        for (line, expected) in [
            ("0", Ok(0)),
            ("1aF", Ok(0x1af)),
            ("5;name=\"value\"", Ok(5)),
            ("5 \t", Ok(5)),
            ("ffffffffffffffff", Ok(u64::MAX)),
            ("00000000000000001", Err("http chunk length too large")),
            ("", Err("empty hex number for chunk length")),
            (";x", Err("empty hex number for chunk length")),
            ("5 ;x", Err("invalid byte in chunk length")),
            ("0x5", Err("invalid byte in chunk length")),
            ("-1", Err("invalid byte in chunk length")),
        ] {
            assert_eq!(size(line.as_bytes()), expected, "{line}");
        }
    }
}
