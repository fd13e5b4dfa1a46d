//! One HTTP request, and the status of its answer.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Failed, USER_AGENT};

/// More than the first line of any answer.
const HEAD: u64 = 4096;

/// Asks for `HOST:PORT[/PATH]`, with or without `http://` before it.
pub(super) async fn check(address: &str) -> Result<(), Failed> {
    let address = address.strip_prefix("http://").unwrap_or(address);
    let (authority, path) = address.split_once('/').unwrap_or((address, ""));
    let mut stream = TcpStream::connect(authority).await?;
    let request = format!(
        "GET /{path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: {USER_AGENT}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut head = vec![];
    let mut limited = stream.take(HEAD);
    while !head.contains(&b'\n') {
        if limited.read_buf(&mut head).await? == 0 {
            return Err(Failed::NoHttp);
        }
    }
    let status = status(&head).ok_or(Failed::NoHttp)?;
    if (200..400).contains(&status) { Ok(()) } else { Err(Failed::Status(status)) }
}

fn status(head: &[u8]) -> Option<u16> {
    let rest = head.strip_prefix(b"HTTP/1.1 ").or_else(|| head.strip_prefix(b"HTTP/1.0 "))?;
    std::str::from_utf8(rest.get(..3)?).ok()?.parse().ok()
}
