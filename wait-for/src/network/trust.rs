//! Which server certificates a target accepts. A gate checks them, unless told not to; the kubelet never does.

use std::path::PathBuf;

use super::options::{OptionError, Options};

/// How the server must prove itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// PEM certificates of those who may sign the server's; without it, those that the system trusts.
    pub ca: Option<PathBuf>,
    /// Any certificate will do.
    pub insecure: bool,
}

impl Trust {
    /// What `ca=` and `insecure=` say.
    pub(super) fn take(options: &mut Options) -> Result<Self, OptionError> {
        let ca = options.take("ca")?;
        if ca.as_deref() == Some("") {
            return Err(OptionError::Value("ca", String::new(), "the name of a file with PEM certificates"));
        }
        let insecure = options.switch("insecure")?;
        if insecure && ca.is_some() {
            return Err(OptionError::Together("ca= means nothing with insecure=true; leave one of them out"));
        }
        Ok(Self { ca: ca.map(PathBuf::from), insecure })
    }

    /// The same for a protocol that speaks TLS only where `tls=true` says so.
    pub(super) fn take_optional(options: &mut Options) -> Result<Option<Self>, OptionError> {
        let is_wanted = options.switch("tls")?;
        let trust = Self::take(options)?;
        if !is_wanted && trust != Self::default() {
            return Err(OptionError::Together("ca= and insecure= need tls=true"));
        }
        Ok(is_wanted.then_some(trust))
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
        let with_ca = Trust { ca: Some("/ca.crt".into()), insecure: false };
        assert_eq!(trust("tls=true&ca=/ca.crt"), Ok(Some(with_ca)));
        assert_eq!(trust("insecure=true"), Err("ca= and insecure= need tls=true".into()));
        assert!(trust("tls=true&insecure=true&ca=/x").unwrap_err().contains("leave one of them out"));
        assert!(trust("tls=true&ca=").unwrap_err().contains("the name of a file"));
    }
}
