//! What stands for a container: a host, and perhaps one port for all of the container's.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

use thiserror::Error;

/// `HOST[:PORT]` or `[IPV6]:PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// A name or an IP address, without brackets.
    pub host: String,
    /// Instead of every port of the container.
    pub port: Option<u16>,
}

/// Not a target.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NotATarget {
    /// There is no host in it.
    #[error("{0:?} is no host; write HOST, HOST:PORT or [IPV6]:PORT")]
    Host(String),
    /// The port is no number from 1 to 65535.
    #[error("{0:?} is no port; write a number from 1 to 65535")]
    Port(String),
}

// === impl Target ===

impl FromStr for Target {
    type Err = NotATarget;

    fn from_str(text: &str) -> Result<Self, NotATarget> {
        let no_host = || NotATarget::Host(text.to_owned());
        let is_ipv6 = |host: &str| host.parse::<Ipv6Addr>().is_ok();
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, after) = rest.split_once(']').ok_or_else(no_host)?;
                let port = after.strip_prefix(':');
                if !is_ipv6(host) || (port.is_none() && !after.is_empty()) {
                    return Err(no_host());
                }
                (host, port)
            }
            None if is_ipv6(text) => (text, None),
            None => {
                let (host, port) =
                    text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port)));
                if !is_name(host) {
                    return Err(no_host());
                }
                (host, port)
            }
        };
        let port =
            port.map(|port| number(port).ok_or_else(|| NotATarget::Port(port.to_owned()))).transpose()?;
        Ok(Self { host: host.to_owned(), port })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => f.write_str(&join(&self.host, port)),
            None => f.write_str(&self.host),
        }
    }
}

/// `net.JoinHostPort`: a host with a colon stands in brackets.
pub(crate) fn join(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

fn is_name(host: &str) -> bool {
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    !host.is_empty() && host.chars().all(is_allowed)
}

fn number(port: &str) -> Option<u16> {
    let is_plain = port.bytes().all(|byte| byte.is_ascii_digit());
    port.parse().ok().filter(|&port| is_plain && port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_host_and_perhaps_a_port() {
        for (text, host, port) in [
            ("localhost", "localhost", None),
            ("localhost:8080", "localhost", Some(8080)),
            ("10.0.0.5", "10.0.0.5", None),
            ("api.shop.svc.:80", "api.shop.svc.", Some(80)),
            ("::1", "::1", None),
            ("[::1]", "::1", None),
            ("[::1]:80", "::1", Some(80)),
        ] {
            let target: Target = text.parse().expect(text);
            assert_eq!((target.host.as_str(), target.port), (host, port), "{text}");
        }
        assert_eq!("[::1]:80".parse::<Target>().expect("a target").to_string(), "[::1]:80");
    }

    #[test]
    fn a_bad_target_says_what_to_write() {
        for (text, words) in [
            ("", "\"\" is no host; write HOST, HOST:PORT or [IPV6]:PORT"),
            (":80", "is no host"),
            ("http://a:80", "\"//a:80\" is no port"),
            ("a b", "is no host"),
            ("[::1", "is no host"),
            ("[::1]80", "is no host"),
            ("[a]:80", "is no host"),
            ("a:", "\"\" is no port; write a number from 1 to 65535"),
            ("a:0", "\"0\" is no port"),
            ("a:+1", "\"+1\" is no port"),
            ("a:web", "\"web\" is no port"),
        ] {
            let error = text.parse::<Target>().expect_err(text).to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
