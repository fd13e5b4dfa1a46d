//! `HOST:PORT`, which every check connects to.

use std::fmt;
use std::str::FromStr;

use crate::probe::{NotATarget, Target, join};

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
}

/// Not such an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotAnAddress {
    #[error("the port is missing; write HOST:PORT, such as {0}:8080")]
    NoPort(String),
    #[error("{0}:// cannot be checked; write HOST:PORT[/PATH]")]
    Scheme(String),
    #[error(transparent)]
    Other(#[from] NotATarget),
}

// === impl Address ===

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let Target { host, port } = text.parse()?;
        let shown = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        port.map(|port| Self { host, port }).ok_or(NotAnAddress::NoPort(shown))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&join(&self.host, self.port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_address_says_what_to_write() {
        for (text, words) in [
            ("db", "the port is missing; write HOST:PORT, such as db:8080"),
            ("::1", "the port is missing; write HOST:PORT, such as [::1]:8080"),
            ("db:pg", "\"pg\" is no port; write a number from 1 to 65535"),
            (":80", "is no host"),
            ("", "is no host"),
        ] {
            let error = text.parse::<Address>().expect_err(text).to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
        assert_eq!("[::1]:80".parse::<Address>().expect("an address").to_string(), "[::1]:80");
    }
}
