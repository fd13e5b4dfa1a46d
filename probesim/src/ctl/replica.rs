//! `HOST:PORT` of an admin port, or of all behind a name.

use std::fmt;
use std::str::FromStr;

use crate::probe::{NotATarget, Target};

/// Where to find replicas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Replicas {
    pub(super) host: String,
    pub(super) port: u16,
}

/// Not such an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotReplicas {
    #[error("the port is missing; write {0}:8081")]
    NoPort(String),
    #[error(transparent)]
    Other(#[from] NotATarget),
}

// === impl Replicas ===

impl FromStr for Replicas {
    type Err = NotReplicas;

    fn from_str(text: &str) -> Result<Self, NotReplicas> {
        let Target { host, port } = text.parse()?;
        let shown = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        port.map(|port| Self { host, port }).ok_or(NotReplicas::NoPort(shown))
    }
}

impl fmt::Display for Replicas {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::probe::join(&self.host, self.port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_without_a_port_says_what_to_write() {
        for (text, words) in [
            ("a", "the port is missing; write a:8081"),
            ("::1", "the port is missing; write [::1]:8081"),
            ("a:x", "\"x\" is no port; write a number from 1 to 65535"),
            ("", "is no host"),
            (":8081", "is no host"),
        ] {
            let error = text.parse::<Replicas>().expect_err(text).to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
        for text in ["a:8081", "[::1]:8081", "probesim.shop.svc:1"] {
            assert_eq!(text.parse::<Replicas>().expect(text).to_string(), text);
        }
    }
}
