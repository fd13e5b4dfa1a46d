//! How a request says who sends it.

use std::path::PathBuf;
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{ExecPlugin, exec_plugin};
use crate::connection::describe;
use crate::kube_error::KubeError;

/// One way of authenticating; client certificates are part of [`super::Tls`].
#[derive(Debug)]
pub enum Credentials {
    /// Nothing in the request: a client certificate, or an API without authentication.
    None,
    /// A fixed bearer token.
    Token(Secret),
    /// A bearer token in a file, read anew for every request: kubelet rotates it.
    TokenFile(PathBuf),
    /// A name and a password.
    Basic(String, Secret),
    /// A program that prints a token, kept until it expires or is refused.
    Exec(ExecPlugin, Mutex<Option<exec_plugin::Token>>),
}

/// A text that no log may show.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("(secret)")
    }
}

impl Credentials {
    /// The value of the `Authorization` header, if there is one.
    ///
    /// # Errors
    /// [`KubeError::Unauthorized`] when the token file or the plugin gives none now; it may later.
    pub async fn authorization(&self) -> Result<Option<String>, KubeError> {
        Ok(match self {
            Self::None => None,
            Self::Token(Secret(token)) => Some(format!("Bearer {token}")),
            Self::TokenFile(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| {
                    KubeError::Unauthorized(format!(
                        "cannot read the token file {}: {}",
                        path.display(),
                        describe(&error)
                    ))
                })?;
                Some(format!("Bearer {}", text.trim()))
            }
            Self::Basic(name, Secret(password)) => {
                Some(format!("Basic {}", STANDARD.encode(format!("{name}:{password}"))))
            }
            Self::Exec(plugin, kept) => {
                let valid =
                    kept.lock().ok().and_then(|kept| kept.clone()).filter(exec_plugin::Token::is_fresh);
                let token = match valid {
                    Some(token) => token,
                    None => plugin.run().await?,
                };
                let header = format!("Bearer {}", token.secret.0);
                if let Ok(mut kept) = kept.lock() {
                    *kept = Some(token);
                }
                Some(header)
            }
        })
    }

    /// The server refused us: what was kept is of no use.
    pub fn forget(&self) {
        if let Self::Exec(_, kept) = self
            && let Ok(mut kept) = kept.lock()
        {
            *kept = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_rotated_token_is_used_at_once_and_without_its_newline() {
        let path = std::env::temp_dir().join(format!("wait-for-token-{}", std::process::id()));
        let credentials = Credentials::TokenFile(path.clone());
        for token in ["one", "two"] {
            std::fs::write(&path, format!("{token}\n")).unwrap();
            assert_eq!(credentials.authorization().await.unwrap(), Some(format!("Bearer {token}")));
        }
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(credentials.authorization().await, Err(KubeError::Unauthorized(_))));
    }

    #[tokio::test]
    async fn basic_credentials_are_encoded_as_rfc_7617_says() {
        let credentials = Credentials::Basic("Aladdin".into(), Secret("open sesame".into()));
        let header = credentials.authorization().await.unwrap().unwrap();
        assert_eq!(header, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn secrets_do_not_reach_logs() {
        let credentials = Credentials::Token(Secret("hunter2".into()));
        assert!(!format!("{credentials:?}").contains("hunter2"));
    }
}
