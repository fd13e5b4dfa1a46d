//! A request, and the bytes that Go's `net/http` makes of it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::target;
use super::escape::{Part, escape};
use super::headers::{Headers, trim};
use super::url::{Url, User};
use crate::kubelet::{HttpGet, Version};

/// One request of a probe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) url: Url,
    pub(super) headers: Headers,
    /// Instead of the URL's host, if it is not empty.
    pub(super) host: String,
}

/// What Go writes by itself in HTTP/1.1, or not at all.
const EXCLUDED: [&str; 4] = ["Host", "Content-Length", "Transfer-Encoding", "Trailer"];
const AGENT: &str = "User-Agent";

// === impl Request ===

impl Request {
    /// `NewRequestForHTTPGetAction`, `pkg/probe/http/request.go`: the first request.
    ///
    /// # Errors
    /// Go's words, if there can be none.
    pub(super) fn first(get: &HttpGet, host: &str, port: u16, version: Version) -> Result<Self, String> {
        let mut headers = Headers::default();
        for header in &get.http_headers {
            headers.add(&header.name, header.value.clone());
        }
        if headers.all(AGENT).is_none() {
            headers.set(AGENT, format!("kube-probe/1.{}", version.minor()));
        }
        match headers.all("Accept") {
            None => headers.set("Accept", "*/*".into()),
            Some(values) if values[0].is_empty() => headers.remove("Accept"),
            Some(_) => {}
        }
        let url = Url::parse(&format_url(get, host, port).to_string())?;
        let host = headers.first("Host").to_owned();
        Ok(Self { url, headers, host })
    }

    /// The fields as they are sent, without those of the connection.
    pub(super) fn fields(&self) -> Vec<(String, String)> {
        let one_line = |value: &String| trim(&value.replace(['\n', '\r'], " ")).to_owned();
        let mut headers = self.headers.clone();
        if let (Some(User { name, password }), "") = (&self.url.user, headers.first("Authorization")) {
            let pair = [name, &b":"[..], password.as_deref().unwrap_or_default()].concat();
            headers.set("Authorization", format!("Basic {}", STANDARD.encode(pair)));
        }
        let mut fields = vec![];
        if let Some([agent, ..]) = headers.all(AGENT).filter(|values| !values[0].is_empty()) {
            fields.push((AGENT.to_owned(), one_line(agent)));
        }
        for (name, values) in headers.iter().filter(|(name, _)| *name != AGENT) {
            fields.extend(values.iter().map(|value| (name.to_owned(), one_line(value))));
        }
        fields
    }

    /// The value of `Host`: a host that cannot be one is not sent, and a zone never is.
    pub(super) fn authority(&self) -> String {
        let host = if self.host.is_empty() { &self.url.host } else { &self.host };
        let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || b"!$%&()*+,-.:;=[']_~".contains(&byte);
        if !host.bytes().all(may_stand) {
            return String::new();
        }
        match (host.rfind(']'), host.starts_with('[')) {
            (Some(end), true) => {
                let zone = host[..end].rfind('%').unwrap_or(end);
                [&host[..zone], &host[end..]].concat()
            }
            _ => host.clone(),
        }
    }

    /// As HTTP/1.1: `Request.write`.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut text = format!("GET {} HTTP/1.1\r\nHost: {}\r\n", self.url.request_uri(), self.authority());
        for (name, value) in self.fields().iter().filter(|(name, _)| !EXCLUDED.contains(&name.as_str())) {
            text.extend([name, ": ", value, "\r\n"]);
        }
        if self.closes() {
            text.push_str("Connection: close\r\n");
        }
        (text + "\r\n").into_bytes()
    }

    /// Whether Go adds `Connection: close`: not if it is there, nor where the protocol is to be switched.
    fn closes(&self) -> bool {
        let says_so = has_token(&self.headers.first("Connection").to_ascii_lowercase(), "close");
        let switches =
            !self.headers.first("Upgrade").is_empty() && self.headers.has_word("Connection", "Upgrade");
        !says_so && !switches
    }
}

/// `formatURL`: the path as it is, if it cannot be read.
fn format_url(get: &HttpGet, host: &str, port: u16) -> Url {
    let raw = |_| Url { path: escape(get.path.as_bytes(), Part::Path), ..Url::default() };
    let mut url = Url::parse(&get.path).unwrap_or_else(raw);
    url.scheme = match get.scheme.to_ascii_lowercase() {
        scheme if scheme.is_empty() => "http".into(),
        scheme => scheme,
    };
    url.host = target::join(host, port);
    url
}

/// `hasToken` of `net/http`: at the edge of a word, not only of an item.
fn has_token(text: &str, token: &str) -> bool {
    let is_edge = |byte: Option<&u8>| byte.is_none_or(|byte| b" ,\t".contains(byte));
    text.match_indices(token).any(|(at, _)| {
        let (before, after) = (&text.as_bytes()[..at], &text.as_bytes()[at + token.len()..]);
        is_edge(before.last()) && is_edge(after.first())
    })
}

#[cfg(test)]
#[path = "request_tests.rs"]
mod tests;
