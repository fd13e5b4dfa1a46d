//! URLs as Go's `net/url` reads, resolves and writes them.

use std::fmt;
use std::net::Ipv6Addr;

use super::super::words::quote;
use super::escape::{Part, escape, tidy, unescape};

/// A URL, or a reference to one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) scheme: String,
    /// What follows the scheme where no slash does.
    pub(super) opaque: String,
    pub(super) user: Option<User>,
    /// With its port, and an IPv6 address in brackets.
    pub(super) host: String,
    /// Encoded.
    pub(super) path: String,
    /// There may be an empty one.
    pub(super) query: Option<String>,
    /// Encoded.
    pub(super) fragment: String,
    /// There is no `//` before the path.
    pub(super) has_no_authority: bool,
}

/// The user of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct User {
    pub(super) name: Vec<u8>,
    pub(super) password: Option<Vec<u8>>,
}

// === impl Url ===

impl Url {
    /// `url.Parse`, with Go's words for what is wrong.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let (main, fragment) = text.split_once('#').unwrap_or((text, ""));
        let failed = |text: &str, why| format!("parse {}: {why}", quote(text.as_bytes()));
        let mut url = Self::parse_main(main).map_err(|why| failed(main, why))?;
        url.fragment = tidy(fragment, Part::Fragment).map_err(|why| failed(text, why))?;
        Ok(url)
    }

    fn parse_main(text: &str) -> Result<Self, String> {
        if text.bytes().any(|byte| byte.is_ascii_control()) {
            return Err("net/url: invalid control character in URL".into());
        }
        if text == "*" {
            return Ok(Self { path: "*".into(), ..Self::default() });
        }
        let (scheme, rest) = split_scheme(text)?;
        let (mut rest, query) =
            rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let mut url = Self { scheme: scheme.to_ascii_lowercase(), ..Self::default() };
        url.query = query.map(str::to_owned);
        if !rest.starts_with('/') {
            if !scheme.is_empty() {
                url.opaque = rest.to_owned();
                return Ok(url);
            }
            if rest.split('/').next().is_some_and(|segment| segment.contains(':')) {
                return Err("first path segment in URL cannot contain colon".into());
            }
        }
        let has_authority = rest.starts_with("//") && (!scheme.is_empty() || !rest.starts_with("///"));
        if has_authority {
            let authority = &rest[2..];
            let (authority, path) = authority.split_at(authority.find('/').unwrap_or(authority.len()));
            (url.user, url.host) = parse_authority(&url.scheme, authority)?;
            rest = path;
        }
        url.has_no_authority = !has_authority && !scheme.is_empty();
        url.path = tidy(rest, Part::Path)?;
        Ok(url)
    }

    /// `ResolveReference`: what a reference means from here.
    pub(super) fn resolve(&self, reference: &Self) -> Self {
        let mut url = reference.clone();
        if reference.scheme.is_empty() {
            url.scheme.clone_from(&self.scheme);
        }
        if !reference.scheme.is_empty() || !reference.host.is_empty() || reference.user.is_some() {
            url.path = resolve_path(&reference.path, "");
            return url;
        }
        if reference.path.is_empty() && reference.query.is_none() {
            url.query.clone_from(&self.query);
            if reference.fragment.is_empty() {
                url.fragment.clone_from(&self.fragment);
            }
        }
        if reference.path.is_empty() && !self.opaque.is_empty() {
            url.opaque.clone_from(&self.opaque);
            return url;
        }
        url.host.clone_from(&self.host);
        url.user.clone_from(&self.user);
        url.path = resolve_path(&self.path, &reference.path);
        url
    }

    /// `RequestURI`: what stands in a request line.
    pub(super) fn request_uri(&self) -> String {
        let mut uri = match (self.opaque.as_str(), self.path.as_str()) {
            ("", "") => "/".to_owned(),
            ("", path) => path.to_owned(),
            (opaque, _) if opaque.starts_with("//") => format!("{}:{opaque}", self.scheme),
            (opaque, _) => opaque.to_owned(),
        };
        if let Some(query) = &self.query {
            uri.extend(["?", query]);
        }
        uri
    }

    /// The host without port and brackets.
    pub(super) fn hostname(&self) -> &str {
        let host = self.host_and_port().0;
        host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
    }

    /// The port, or that of the scheme.
    pub(super) fn port(&self) -> Option<u16> {
        match self.host_and_port().1 {
            "" if self.scheme == "https" => Some(443),
            "" => Some(80),
            port => port.parse().ok(),
        }
    }

    fn host_and_port(&self) -> (&str, &str) {
        match self.host.rfind(':') {
            Some(colon) if is_optional_port(&self.host[colon..]) => {
                (&self.host[..colon], &self.host[colon + 1..])
            }
            _ => (&self.host, ""),
        }
    }

    /// `stripPassword` of `net/http`: as errors show it.
    pub(super) fn without_password(&self) -> String {
        let Some(User { name, password: Some(_) }) = &self.user else { return self.to_string() };
        let name = String::from_utf8_lossy(name);
        let plain = Self { user: None, ..self.clone() }.to_string();
        plain.replacen("//", &format!("//{name}:***@"), 1)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.scheme.is_empty() {
            write!(f, "{}:", self.scheme)?;
        }
        if self.opaque.is_empty() {
            let has_place = !self.host.is_empty() || self.user.is_some();
            if has_place || (!self.scheme.is_empty() && !self.has_no_authority && !self.path.is_empty()) {
                f.write_str("//")?;
            }
            if let Some(User { name, password }) = &self.user {
                f.write_str(&escape(name, Part::User))?;
                if let Some(password) = password {
                    write!(f, ":{}", escape(password, Part::User))?;
                }
                f.write_str("@")?;
            }
            f.write_str(&escape(self.host.as_bytes(), Part::Host))?;
            if !self.path.is_empty() && !self.path.starts_with('/') && !self.host.is_empty() {
                f.write_str("/")?;
            }
            f.write_str(&self.path)?;
        } else {
            f.write_str(&self.opaque)?;
        }
        if let Some(query) = &self.query {
            write!(f, "?{query}")?;
        }
        if self.fragment.is_empty() { Ok(()) } else { write!(f, "#{}", self.fragment) }
    }
}

fn split_scheme(text: &str) -> Result<(&str, &str), String> {
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".into()),
            b':' => return Ok((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

fn parse_authority(scheme: &str, text: &str) -> Result<(Option<User>, String), String> {
    let Some((user, host)) = text.rsplit_once('@') else { return Ok((None, parse_host(scheme, text)?)) };
    let host = parse_host(scheme, host)?;
    let may_stand = |c: char| c.is_ascii_alphanumeric() || "-._:~!$&'()*+,;=%@".contains(c);
    if !user.chars().all(may_stand) {
        return Err("net/url: invalid userinfo".into());
    }
    let (name, password) = user.split_once(':').map_or((user, None), |(name, word)| (name, Some(word)));
    let name = unescape(name, Part::User)?;
    let password = password.map(|password| unescape(password, Part::User)).transpose()?;
    Ok((Some(User { name, password }), host))
}

fn parse_host(scheme: &str, host: &str) -> Result<String, String> {
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let check_port = |port: &str| {
        let error = || format!("invalid port {} after host", quote(port.as_bytes()));
        if is_optional_port(port) { Ok(()) } else { Err(error()) }
    };
    match host.rfind('[') {
        Some(0) => {}
        Some(_) => return Err("invalid IP-literal".into()),
        None => {
            // Databases have lists of hosts with ports; URLs of HTTP may not.
            let is_http = matches!(scheme, "http" | "https");
            if let Some(colon) = if is_http { host.find(':') } else { host.rfind(':') } {
                check_port(&host[colon..])?;
            }
            return unescape(host, Part::Host).map(text);
        }
    }
    let end = host.rfind(']').ok_or("missing ']' in host")?;
    let (address, port) = (&host[1..end], &host[end + 1..]);
    check_port(port)?;
    let (address, zone) = address.split_at(address.find("%25").unwrap_or(address.len()));
    let address = text(unescape(address, Part::Host)?);
    let zone = text(unescape(zone, Part::Zone)?);
    if address.parse::<Ipv6Addr>().is_err() {
        let whole = quote(format!("{address}{zone}").as_bytes());
        return Err(match address.parse::<std::net::Ipv4Addr>() {
            Ok(_) => "invalid IP-literal".into(),
            Err(_) => format!("invalid host: ParseAddr({whole}): unable to parse IP"),
        });
    }
    Ok(format!("[{address}{zone}]{port}"))
}

fn is_optional_port(text: &str) -> bool {
    text.is_empty()
        || text.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `resolvePath`: <https://www.rfc-editor.org/rfc/rfc3986#section-5.2.4>, as Go has it.
fn resolve_path(base: &str, reference: &str) -> String {
    let full = match reference {
        "" => base.to_owned(),
        reference if reference.starts_with('/') => reference.to_owned(),
        reference => format!("{}{reference}", &base[..base.rfind('/').map_or(0, |at| at + 1)]),
    };
    if full.is_empty() {
        return full;
    }
    let mut resolved = String::from("/");
    let mut is_first = true;
    for segment in full.split('/') {
        match segment {
            "." => is_first = false,
            ".." => {
                resolved.truncate(resolved[1..].rfind('/').map_or(1, |at| at + 1));
                is_first = resolved.len() == 1;
            }
            segment => {
                if !is_first {
                    resolved.push('/');
                }
                resolved.push_str(segment);
                is_first = false;
            }
        }
    }
    if full.ends_with("/.") || full.ends_with("/..") || full == "." || full == ".." {
        resolved.push('/');
    }
    // There is one already where the path began with one.
    if resolved.starts_with("//") { resolved[1..].to_owned() } else { resolved }
}

#[cfg(test)]
#[path = "url_tests.rs"]
mod tests;
