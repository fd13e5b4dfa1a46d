//! How a request says who sends it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::task::spawn_blocking;

use super::exec_plugin::Granted;
use super::once::{Once, Outcome};
use super::{ExecPlugin, Identity};
use crate::bounded_file;
use crate::connection::describe;
use crate::kube_error::KubeError;

/// A token file that has not been read by then is on a volume that hangs.
const READING: Duration = Duration::from_secs(5);
/// A plugin that takes longer is named, and goes on.
const PLUGIN: Duration = Duration::from_secs(10);

/// One way of authenticating; the client certificates of a kubeconfig are part of [`super::Tls`].
#[derive(Debug)]
pub enum Credentials {
    /// Nothing in the request: a client certificate, or an API without authentication.
    None,
    /// A fixed bearer token.
    Token(Secret),
    /// A bearer token in a file.
    TokenFile(TokenFile),
    /// A name and a password.
    Basic(String, Secret),
    /// A program that prints a token or a certificate.
    Exec(Box<Exec>),
}

/// A file with a token, read anew for every request: kubelet rotates it.
#[derive(Debug)]
pub struct TokenFile {
    path: PathBuf,
    reading: Once<String>,
}

/// A credential plugin, and what it granted, kept until it expires or is refused.
#[derive(Debug)]
pub struct Exec {
    plugin: ExecPlugin,
    kept: Mutex<Option<Granted>>,
    running: Once<Granted>,
}

/// What goes with a request.
#[derive(Debug, Default)]
pub struct Presented {
    /// The value of the `Authorization` header, if there is one.
    pub header: Option<String>,
    /// The certificate that the connection has to show, in place of that of the kubeconfig.
    pub identity: Option<Arc<Identity>>,
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
    /// The token in this file.
    #[must_use]
    pub fn token_file(path: PathBuf) -> Self {
        Self::TokenFile(TokenFile { path, reading: Once::default() })
    }

    /// What this plugin grants.
    #[must_use]
    pub fn exec(plugin: ExecPlugin) -> Self {
        Self::Exec(Box::new(Exec { plugin, kept: Mutex::new(None), running: Once::default() }))
    }

    /// What goes with a request that is sent now.
    ///
    /// # Errors
    /// [`KubeError::Unauthorized`] when the token file or the plugin gives nothing now, [`KubeError::Pending`] while
    /// the plugin runs; it may be otherwise later.
    pub async fn present(&self) -> Result<Presented, KubeError> {
        let bearer = |token: &str| Some(format!("Bearer {token}"));
        Ok(match self {
            Self::None => Presented::default(),
            Self::Token(Secret(token)) => Presented { header: bearer(token), identity: None },
            Self::TokenFile(file) => Presented { header: bearer(&file.read().await?), identity: None },
            Self::Basic(name, Secret(password)) => {
                let header = format!("Basic {}", STANDARD.encode(format!("{name}:{password}")));
                Presented { header: Some(header), identity: None }
            }
            Self::Exec(exec) => {
                let Granted { token, identity, .. } = exec.granted().await?;
                Presented { header: token.and_then(|Secret(token)| bearer(&token)), identity }
            }
        })
    }

    /// The server refused us: what was kept is of no use.
    pub fn forget(&self) {
        if let Self::Exec(exec) = self
            && let Ok(mut kept) = exec.kept.lock()
        {
            *kept = None;
        }
    }
}

impl TokenFile {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    async fn read(&self) -> Result<String, KubeError> {
        let path = self.path.clone();
        let read = self.reading.join(READING, || spawn_blocking(move || token(&path))).await;
        let why = match read {
            Outcome::Done(Ok(token)) => return Ok(token),
            Outcome::Done(Err(why)) => why,
            Outcome::Pending(_) => format!("its volume does not answer within {}s", READING.as_secs()),
        };
        let path = self.path.display();
        Err(KubeError::Unauthorized(format!("cannot use the token file {path}: {why}")))
    }
}

/// The token in a file; an empty one would be no credential at all, and is not sent.
fn token(path: &Path) -> Result<String, String> {
    let text = bounded_file::read_text(path, bounded_file::TOKEN).map_err(|error| describe(&error))?;
    match text.trim() {
        "" => Err("it is empty".into()),
        token => Ok(token.to_owned()),
    }
}

impl Exec {
    async fn granted(&self) -> Result<Granted, KubeError> {
        let kept = self.kept.lock().ok().and_then(|kept| kept.clone());
        if let Some(granted) = kept.filter(Granted::is_fresh) {
            return Ok(granted);
        }
        let plugin = self.plugin.clone();
        let run = self.running.join(PLUGIN, || tokio::spawn(async move { plugin.run().await })).await;
        let name = &self.plugin.command;
        match run {
            Outcome::Done(Ok(granted)) => {
                if let Ok(mut kept) = self.kept.lock() {
                    *kept = Some(granted.clone());
                }
                Ok(granted)
            }
            Outcome::Done(Err(why)) => {
                Err(KubeError::Unauthorized(format!("credential plugin {name}: {why}")))
            }
            Outcome::Pending(since) => {
                let since = since.as_secs();
                let said = self.plugin.said();
                Err(KubeError::Pending(format!(
                    "credential plugin {name} has not answered for {since}s{said}"
                )))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(name: &str) -> PathBuf {
        std::env::temp_dir().join(format!("wait-for-{name}-{}", std::process::id()))
    }

    #[tokio::test]
    async fn a_rotated_token_is_used_at_once_and_without_its_newline() {
        let path = scratch("token");
        let credentials = Credentials::token_file(path.clone());
        for token in ["one", "two"] {
            std::fs::write(&path, format!("{token}\n")).unwrap();
            assert_eq!(credentials.present().await.unwrap().header, Some(format!("Bearer {token}")));
        }
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(credentials.present().await, Err(KubeError::Unauthorized(_))));
    }

    #[tokio::test]
    async fn a_token_file_without_a_token_is_said_and_not_sent() {
        let (empty, large) = (scratch("empty"), scratch("large"));
        std::fs::write(&empty, " \n").unwrap();
        std::fs::write(&large, "x".repeat(bounded_file::TOKEN + 1)).unwrap();
        for (path, why) in [
            (empty, "it is empty"),
            (large, "it has more than 64 kB"),
            ("/dev/zero".into(), "it is a device, not a file"),
            ("/tmp".into(), "it is a directory, not a file"),
            ("/no/such".into(), "no such file or directory"),
        ] {
            let said =
                format!("credentials not accepted: cannot use the token file {}: {why}", path.display());
            assert_eq!(Credentials::token_file(path).present().await.unwrap_err().to_string(), said);
        }
    }

    #[tokio::test]
    async fn basic_credentials_are_encoded_as_rfc_7617_says() {
        let credentials = Credentials::Basic("Aladdin".into(), Secret("open sesame".into()));
        let header = credentials.present().await.unwrap().header.unwrap();
        assert_eq!(header, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }

    #[test]
    fn secrets_do_not_reach_logs() {
        let credentials = Credentials::Token(Secret("hunter2".into()));
        assert!(!format!("{credentials:?}").contains("hunter2"));
    }
}
