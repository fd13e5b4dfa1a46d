//! One HTTP request, and the status of its answer.

use std::fmt;
use std::str::FromStr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::address::{Address, NotAnAddress};
use super::{Failed, USER_AGENT, connect};

/// More than the first line of any answer.
const HEAD: u64 = 4096;

/// `HOST:PORT[/PATH]`, with or without `http://` before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    address: Address,
    path: String,
}

/// Asks for it.
pub(super) async fn check(place: &Place) -> Result<(), Failed> {
    let Place { address, path } = place;
    let mut stream = connect(address).await?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: {USER_AGENT}\r\nConnection: close\r\n\r\n"
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

// === impl Place ===

impl FromStr for Place {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let text = text.strip_prefix("http://").unwrap_or(text);
        if let Some((scheme, _)) = text.split_once("://") {
            return Err(NotAnAddress::Scheme(scheme.to_owned()));
        }
        let (address, path) = text.split_at(text.find('/').unwrap_or(text.len()));
        let path = if path.is_empty() { "/" } else { path };
        Ok(Self { address: address.parse()?, path: path.to_owned() })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.address, self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_address_with_a_path() {
        for (text, expected) in
            [("db:80", "db:80/"), ("http://db:80/a/b?c", "db:80/a/b?c"), ("[::1]:80/x", "[::1]:80/x")]
        {
            assert_eq!(text.parse::<Place>().expect(text).to_string(), expected);
        }
        let error = "https://db/x".parse::<Place>().expect_err("https").to_string();
        assert_eq!(error, "https:// cannot be checked; write HOST:PORT[/PATH]");
    }
}
