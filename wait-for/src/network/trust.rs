//! Which server certificates a target accepts. A gate checks them, unless told not to; the kubelet never does.

use std::path::PathBuf;

use super::options::{OptionError, Options};

/// How the server must prove itself, and how we do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// PEM certificates of those who may sign the server's; without it, those that the system trusts.
    pub ca: Option<PathBuf>,
    /// Any certificate will do.
    pub insecure: bool,
    /// What is shown to a server that asks who we are.
    pub identity: Option<Identity>,
}

/// Files with a client's certificate, and those that lead to its CA, and with its key, all as PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The certificate.
    pub certificate: PathBuf,
    /// The key.
    pub key: PathBuf,
}

// === impl Trust ===

impl Trust {
    /// The options that say it.
    pub(super) const OPTIONS: [&str; 4] = ["ca", "insecure", "cert", "key"];

    /// What `ca=`, `insecure=`, `cert=` and `key=` say.
    pub(super) fn take(options: &mut Options) -> Result<Self, OptionError> {
        let ca = file(options, "ca", "the name of a file with PEM certificates")?;
        let insecure = options.switch("insecure")?;
        if insecure && ca.is_some() {
            return Err(OptionError::Together("ca= means nothing with insecure=true; leave one of them out"));
        }
        let certificate = file(options, "cert", "the name of a file with our PEM certificate")?;
        let key = file(options, "key", "the name of a file with the PEM key of our certificate")?;
        let identity = match (certificate, key) {
            (Some(certificate), Some(key)) => Some(Identity { certificate, key }),
            (None, None) => None,
            (Some(_), None) => {
                return Err(OptionError::Together("cert= needs the key of the certificate; add key=FILE"));
            }
            (None, Some(_)) => {
                return Err(OptionError::Together("key= needs the certificate of the key; add cert=FILE"));
            }
        };
        Ok(Self { ca, insecure, identity })
    }

    /// The same for a protocol that speaks TLS only where `tls=true` says so.
    pub(super) fn take_optional(options: &mut Options) -> Result<Option<Self>, OptionError> {
        let is_wanted = options.switch("tls")?;
        let trust = Self::take(options)?;
        if !is_wanted && trust != Self::default() {
            return Err(OptionError::Together("ca=, insecure=, cert= and key= need tls=true"));
        }
        Ok(is_wanted.then_some(trust))
    }

    /// Whether it depends on files that may be replaced at any time.
    pub(super) fn has_files(&self) -> bool {
        self.ca.is_some() || self.identity.is_some()
    }
}

fn file(
    options: &mut Options,
    key: &'static str,
    expected: &'static str,
) -> Result<Option<PathBuf>, OptionError> {
    match options.take(key)? {
        Some(name) if name.is_empty() => Err(OptionError::Value(key, name, expected)),
        name => Ok(name.map(PathBuf::from)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trust(fragment: &str) -> Result<Option<Trust>, String> {
        Trust::take_optional(&mut Options::parse(fragment).unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn trust_is_only_said_where_there_is_tls() {
        assert_eq!(trust(""), Ok(None));
        assert_eq!(trust("tls=true"), Ok(Some(Trust::default())));
        let with_ca = Trust { ca: Some("/ca.crt".into()), ..Trust::default() };
        assert_eq!(trust("tls=true&ca=/ca.crt"), Ok(Some(with_ca)));
        assert_eq!(trust("insecure=true"), Err("ca=, insecure=, cert= and key= need tls=true".into()));
        assert!(trust("tls=true&insecure=true&ca=/x").unwrap_err().contains("leave one of them out"));
        assert!(trust("tls=true&ca=").unwrap_err().contains("the name of a file"));
        let identity = Identity { certificate: "/tls.crt".into(), key: "/tls.key".into() };
        let with_identity = Trust { identity: Some(identity), ..Trust::default() };
        assert_eq!(trust("tls=true&cert=/tls.crt&key=/tls.key"), Ok(Some(with_identity)));
        assert!(trust("tls=true&cert=/x").unwrap_err().contains("add key=FILE"));
        assert!(trust("tls=true&key=/x").unwrap_err().contains("add cert=FILE"));
        assert!(trust("tls=true&cert=/x&key=").unwrap_err().starts_with("key=: write the name of a file"));
    }
}
