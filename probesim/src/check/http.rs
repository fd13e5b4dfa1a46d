//! An HTTP request as the kubelet makes it: the same client, so that what passes here passes there.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;
use std::time::Duration;

use super::address::{Address, NotAnAddress};
use super::{Failed, USER_AGENT};
use crate::kubelet::{HttpGet, HttpHeader, Outcome, Port, Version};
use crate::probe::{self, Subject};

/// `HOST:PORT[/PATH]`, with or without `http://` or `https://` before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    is_secure: bool,
    address: Address,
    path: String,
}

/// `NAME: VALUE`, to be sent along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header(HttpHeader);

/// Asks for it, and returns what a kubelet would remark of a success.
pub(super) async fn check(
    place: &Place,
    headers: &[Header],
    timeout: Duration,
) -> Result<Option<String>, Failed> {
    // It tells no version of a kubelet, because it is none.
    let agent = HttpHeader { name: "User-Agent".into(), value: USER_AGENT.into() };
    let has_agent = headers.iter().any(|Header(header)| header.name.eq_ignore_ascii_case(&agent.name));
    let get = HttpGet {
        path: place.path.clone(),
        port: Port::Number(place.address.port.into()),
        host: Some(place.address.host.clone()),
        scheme: if place.is_secure { "HTTPS" } else { "HTTP" }.into(),
        http_headers: (!has_agent)
            .then_some(agent)
            .into_iter()
            .chain(headers.iter().map(|Header(header)| header.clone()))
            .collect(),
    };
    let subject = Subject {
        ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        ports: &[],
        target: None,
        environment: &[],
        directory: None,
        group: None,
        version: Version::V1_36_2,
    };
    let answer = probe::get(&get, timeout, &subject).await;
    match answer.outcome {
        Outcome::Success => Ok(None),
        Outcome::Warning => Ok(Some(answer.output)),
        // A kubelet tries again and then counts nothing; whoever asks once has not been answered.
        Outcome::Failure | Outcome::Error(_) => Err(Failed::Words(answer.output)),
    }
}

// === impl Place ===

impl FromStr for Place {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let (is_secure, rest) = match text.split_once("://") {
            None => (false, text),
            Some(("http", rest)) => (false, rest),
            Some(("https", rest)) => (true, rest),
            Some((scheme, _)) => return Err(NotAnAddress::Scheme(scheme.to_owned())),
        };
        let (address, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { is_secure, address: address.parse()?, path })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_secure { "https://" } else { "" };
        write!(f, "{scheme}{}{}", self.address, self.path)
    }
}

// === impl Header ===

impl FromStr for Header {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || "expected NAME: VALUE; write for example 'Host: shop.example'".to_owned();
        let (name, value) = text.split_once(':').ok_or_else(expected)?;
        if name.is_empty() || !name.bytes().all(probe::is_token) {
            return Err(format!("{name:?} is no name of a header field; {}", expected()));
        }
        if value.bytes().any(|byte| byte.is_ascii_control() && byte != b'\t') {
            return Err("a control character cannot be sent; leave it out".into());
        }
        Ok(Self(HttpHeader { name: name.to_owned(), value: value.trim().to_owned() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_an_address_with_a_path() {
        for (text, expected) in [
            ("db:80", "db:80/"),
            ("http://db:80/a/b?c", "db:80/a/b?c"),
            ("db:80?c", "db:80/?c"),
            ("[::1]:80/x", "[::1]:80/x"),
            ("https://db:443/x", "https://db:443/x"),
        ] {
            assert_eq!(text.parse::<Place>().expect(text).to_string(), expected);
        }
        let error = "ftp://db/x".parse::<Place>().expect_err("ftp").to_string();
        assert_eq!(error, "ftp:// cannot be checked; write HOST:PORT[/PATH]");
    }

    #[test]
    fn a_header_is_a_name_and_a_value() {
        let header = |text: &str| text.parse::<Header>().map(|Header(it)| (it.name, it.value));
        assert_eq!(header("Host: shop:80"), Ok(("Host".into(), "shop:80".into())));
        assert_eq!(header("X-A:"), Ok(("X-A".into(), String::new())));
        for (text, words) in [
            ("Host", "expected NAME: VALUE"),
            (": x", "is no name"),
            ("a b: x", "is no name"),
            ("A: b\r\nB: c", "control"),
        ] {
            let error = header(text).expect_err(text);
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
