//! An `http://` or `https://` URL, and where a `Location` leads from it.

use std::fmt;

use hyper::http::uri::PathAndQuery;
use percent_encoding::{AsciiSet, CONTROLS, percent_encode};

use crate::network::address::{Address, AddressError};

/// What a request is sent to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// `https`.
    pub is_secure: bool,
    /// The server.
    pub address: Address,
    /// The resource; never empty.
    pub path: PathAndQuery,
}

/// Why a text is no URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// The host or the port.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The path or the query; it is not repeated.
    #[error("the path or query has a character that no URL has; percent-encode it, such as %20 for a space")]
    Path,
}

// === impl Url ===

impl Url {
    /// Reads what follows `://`, without fragment.
    ///
    /// # Errors
    /// Where host, port, path or query is malformed.
    pub fn parse(is_secure: bool, rest: &str) -> Result<Self, UrlError> {
        let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let address = Address::parse(authority, Some(default_port(is_secure)))?;
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { is_secure, address, path: path.parse().map_err(|_| UrlError::Path)? })
    }

    /// The URL that `Location` means, read from here; the second says that it named its host itself.
    /// None where it is no HTTP URL. <https://www.rfc-editor.org/rfc/rfc3986#section-5.2>
    #[must_use]
    pub fn join(&self, location: &str) -> Option<(Self, bool)> {
        let location = location.split('#').next().unwrap_or_default().trim();
        if let Some((scheme, rest)) = location.split_once("://").filter(|(scheme, _)| is_scheme(scheme)) {
            let is_secure = scheme.eq_ignore_ascii_case("https");
            let is_http = is_secure || scheme.eq_ignore_ascii_case("http");
            return Self::parse(is_secure, rest).ok().filter(|_| is_http).map(|url| (url, true));
        }
        if let Some(rest) = location.strip_prefix("//") {
            return Self::parse(self.is_secure, rest).ok().map(|url| (url, true));
        }
        let here = self.path.path();
        let path = match location.chars().next() {
            None => self.path.to_string(),
            Some('/') => location.to_owned(),
            Some('?') => format!("{here}{location}"),
            Some(_) => format!("{}{location}", &here[..=here.rfind('/')?]),
        };
        let path = without_dots(&path).parse().ok()?;
        Some((Self { path, ..self.clone() }, false))
    }

    /// The `Host` header: the port only where it is not the scheme's own.
    #[must_use]
    pub fn host_header(&self) -> String {
        if self.address.port == default_port(self.is_secure) {
            self.address.url_host()
        } else {
            self.address.to_string()
        }
    }
}

/// As it may be printed: a query may be secret.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.is_secure { "https" } else { "http" };
        write!(f, "{scheme}://{}{}", self.host_header(), self.path.path())?;
        f.write_str(if self.path.query().is_some() { "?…" } else { "" })
    }
}

const fn default_port(is_secure: bool) -> u16 {
    if is_secure { 443 } else { 80 }
}

fn is_scheme(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// Resolves `.` and `..` in the path.
fn without_dots(path: &str) -> String {
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let mut kept: Vec<&str> = Vec::new();
    let mut ends_in_directory = false;
    for part in path.split('/').skip(1) {
        ends_in_directory = matches!(part, "." | "..");
        match part {
            "." => {}
            ".." => {
                kept.pop();
            }
            part => kept.push(part),
        }
    }
    let end = if ends_in_directory && !kept.is_empty() { "/" } else { "" };
    format!("/{}{end}{query}", kept.join("/"))
}

/// A `Location` with all that cannot stand in a URL escaped: servers write spaces and letters of any language, and
/// Go's client follows them.
pub(super) fn escaped(location: &[u8]) -> String {
    const SPACE: &AsciiSet = &CONTROLS.add(b' ');
    percent_encode(location.trim_ascii(), SPACE).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        let (scheme, rest) = text.split_once("://").unwrap();
        Url::parse(scheme == "https", rest).unwrap()
    }

    #[test]
    fn the_path_and_the_port_have_defaults() {
        assert_eq!(
            (url("http://api").host_header(), url("http://api").path.to_string()),
            ("api".into(), "/".into())
        );
        assert_eq!(url("https://api").address.port, 443);
        assert_eq!(url("http://api:8080/x?y=z").host_header(), "api:8080");
        assert_eq!(url("http://api:8080/x?y=z").path, "/x?y=z");
        assert_eq!(url("http://api?y").path, "/?y");
        assert_eq!(url("https://[::1]/").host_header(), "[::1]");
        assert_eq!(Url::parse(false, "api/a b"), Err(UrlError::Path));
    }

    #[test]
    fn a_query_is_not_printed() {
        assert_eq!(url("https://api:8443/x?token=hunter2").to_string(), "https://api:8443/x?…");
        assert_eq!(url("http://api:80").to_string(), "http://api/");
    }

    #[test]
    fn a_location_may_have_spaces_and_letters_of_any_language() {
        let location = escaped(" http://api:80/f\u{fc}r mich".as_bytes());
        assert_eq!(location, "http://api:80/f%C3%BCr%20mich");
        assert!(url("http://api/").join(&location).is_some());
    }

    #[test]
    fn locations_are_read_from_where_they_were_sent() {
        for (location, expected, named_host) in [
            ("/ready", "http://api:8080/ready", false),
            ("ready?x=1", "http://api:8080/a/ready?x=1", false),
            ("../ready", "http://api:8080/ready", false),
            ("./", "http://api:8080/a/", false),
            ("../../..", "http://api:8080/", false),
            ("?x=1", "http://api:8080/a/b?x=1", false),
            ("", "http://api:8080/a/b?q", false),
            ("/x#part", "http://api:8080/x", false),
            ("/to?next=http://other/", "http://api:8080/to?next=http://other/", false),
            ("//other/x", "http://other/x", true),
            ("HTTPS://other:8443", "https://other:8443/", true),
        ] {
            let joined = url("http://api:8080/a/b?q").join(location);
            assert_eq!(joined, Some((url(expected), named_host)), "{location}");
        }
        for location in ["ftp://other/", "http://", "/a b\u{7f}", "http://bob:pw@api/"] {
            assert_eq!(url("http://api/").join(location), None, "{location}");
        }
    }
}
