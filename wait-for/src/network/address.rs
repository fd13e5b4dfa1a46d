//! `HOST:PORT` as a URL has it; an IPv6 address stands in brackets.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A name or an IP address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// Why a text is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// A user, and perhaps a password: such a URL ends up in logs. It is not repeated here.
    #[error("a user or password in a URL ends up in logs; leave it out{0}")]
    User(&'static str),
    /// Nothing stands before the port.
    #[error("the host is missing; write HOST:PORT, such as db:5432")]
    NoHost,
    /// There is no default port to fall back to.
    #[error("the port is missing; write {0}:PORT")]
    NoPort(String),
    /// The port is no number from 1 to 65535.
    #[error("{0:?} is no port; write a number from 1 to 65535")]
    Port(String),
    /// A character that no host name has.
    #[error("{0:?} is no host; write a DNS name, an IPv4 address, or an IPv6 address in brackets")]
    Host(String),
}

// === impl Address ===

impl Address {
    /// Reads the part of a URL between `//` and the path.
    ///
    /// # Errors
    /// Where there is no host, or no port and no default for it.
    pub fn parse(text: &str, default_port: Option<u16>) -> Result<Self, AddressError> {
        if text.contains('@') {
            return Err(AddressError::User(""));
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, after) =
                    rest.split_once(']').ok_or_else(|| AddressError::Host(text.to_owned()))?;
                host.parse::<Ipv6Addr>().map_err(|_| AddressError::Host(host.to_owned()))?;
                match after.strip_prefix(':') {
                    Some(port) => (host, Some(port)),
                    None if after.is_empty() => (host, None),
                    None => return Err(AddressError::Host(text.to_owned())),
                }
            }
            None => match text.split_once(':') {
                Some((host, port)) => (check_host(host, text)?, Some(port)),
                None => (check_host(text, text)?, None),
            },
        };
        let port = match port {
            Some(port) => number(port).ok_or_else(|| AddressError::Port(port.to_owned()))?,
            None => default_port.ok_or_else(|| AddressError::NoPort(text.to_owned()))?,
        };
        Ok(Self { host: host.to_owned(), port })
    }

    /// The host as a URL has it.
    #[must_use]
    pub fn url_host(&self) -> String {
        if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() }
    }

    /// The address itself, where the host is one and no name.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.url_host(), self.port)
    }
}

/// A host name: services may have `_` in theirs.
pub(super) fn is_host(host: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    !host.is_empty() && host.len() <= 254 && host.chars().all(is_allowed)
}

fn check_host<'a>(host: &'a str, whole: &str) -> Result<&'a str, AddressError> {
    match host {
        "" if !whole.starts_with("::") => Err(AddressError::NoHost),
        // An IPv6 address without brackets has its colons taken for the port's.
        _ if whole.matches(':').count() > 1 || !is_host(host) => Err(AddressError::Host(whole.to_owned())),
        _ => Ok(host),
    }
}

fn number(port: &str) -> Option<u16> {
    let is_plain = port.bytes().all(|b| b.is_ascii_digit());
    port.parse().ok().filter(|&port| is_plain && port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_back_as_they_were_written() {
        for text in ["db:5432", "10.0.0.5:80", "[::1]:5432", "_sip.a-b.svc.cluster.local.:1"] {
            assert_eq!(Address::parse(text, None).unwrap().to_string(), text);
        }
        assert_eq!(Address::parse("api", Some(443)).unwrap().to_string(), "api:443");
        assert_eq!(Address::parse("[fd00::5]", Some(80)).unwrap().to_string(), "[fd00::5]:80");
        assert_eq!(Address::parse("[::1]:80", None).unwrap().ip(), Some("::1".parse().unwrap()));
    }

    #[test]
    fn a_bad_address_says_what_to_write() {
        for (text, part) in [
            ("db", "the port is missing; write db:PORT"),
            ("", "the host is missing"),
            (":5432", "the host is missing"),
            ("db:", "\"\" is no port"),
            ("db:0", "\"0\" is no port"),
            ("db:65536", "is no port"),
            ("db:+1", "is no port"),
            ("db:pg", "\"pg\" is no port; write a number"),
            (
                "::1:5432",
                "\"::1:5432\" is no host; write a DNS name, an IPv4 address, or an IPv6 address in brackets",
            ),
            ("[::1", "is no host"),
            ("[db]:1", "\"db\" is no host"),
            ("[::1]5432", "is no host"),
            ("a b:1", "is no host"),
            ("bob:hunter2@db:5432", "a user or password in a URL ends up in logs; leave it out"),
        ] {
            let error = Address::parse(text, None).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
