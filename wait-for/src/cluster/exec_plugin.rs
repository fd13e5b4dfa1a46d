//! Credential plugins: a program that prints an `ExecCredential`.
//!
//! <https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins>

use std::process::Stdio;
use std::time::{Duration, SystemTime};

use serde::Deserialize;
use serde_json::json;
use tokio::process::Command;
use tokio::time::timeout;

use super::credentials::Secret;
use crate::kube_error::KubeError;

/// A plugin that has not answered by then is ended.
const PATIENCE: Duration = Duration::from_secs(60);
/// A token is replaced this long before it expires.
const MARGIN: Duration = Duration::from_secs(60);

/// The `exec` part of a kubeconfig's user.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExecPlugin {
    /// The version of `ExecCredential` that the plugin speaks.
    pub api_version: String,
    /// The program: a path, or a name to look up in `PATH`.
    pub command: String,
    /// Its arguments.
    #[serde(default)]
    pub args: Option<Vec<String>>,
    /// Variables to add to its environment.
    #[serde(default)]
    pub env: Option<Vec<Variable>>,
    /// What to tell the user when the program is not there.
    #[serde(default)]
    pub install_hint: Option<String>,
}

/// One variable of a plugin's environment.
#[derive(Debug, Clone, Deserialize)]
pub struct Variable {
    name: String,
    value: String,
}

/// A token and when it ends.
#[derive(Debug, Clone)]
pub struct Token {
    /// The bearer token.
    pub secret: Secret,
    expires: Option<SystemTime>,
}

impl Token {
    /// Whether it is good for a while yet. A token without an end is good until it is refused.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        self.expires.is_none_or(|end| SystemTime::now() + MARGIN < end)
    }
}

#[derive(Deserialize)]
struct ExecCredential {
    status: Option<CredentialStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CredentialStatus {
    token: Option<String>,
    expiration_timestamp: Option<k8s_openapi::jiff::Timestamp>,
}

impl ExecPlugin {
    /// Runs the plugin and reads its token.
    ///
    /// # Errors
    /// [`KubeError::Unauthorized`], saying what the plugin did instead.
    pub async fn run(&self) -> Result<Token, KubeError> {
        let trouble =
            |what: String| KubeError::Unauthorized(format!("credential plugin {}: {what}", self.command));
        let info = json!({
            "apiVersion": self.api_version,
            "kind": "ExecCredential",
            "spec": {"interactive": false},
        });
        let mut command = Command::new(&self.command);
        command.args(self.args.iter().flatten()).env("KUBERNETES_EXEC_INFO", info.to_string());
        command.envs(self.env.iter().flatten().map(|variable| (&variable.name, &variable.value)));
        command.stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true);
        let output = timeout(PATIENCE, command.output())
            .await
            .map_err(|_| trouble(format!("no answer within {} s", PATIENCE.as_secs())))?
            .map_err(|error| {
                let hint = self.install_hint.as_deref().unwrap_or("is it installed and in PATH?");
                trouble(format!("{error}; {hint}"))
            })?;
        if !output.status.success() {
            return Err(trouble(format!("ended with {}", output.status)));
        }
        read_token(&output.stdout).map_err(trouble)
    }
}

fn read_token(stdout: &[u8]) -> Result<Token, String> {
    let credential: ExecCredential = serde_json::from_slice(stdout)
        .map_err(|error| format!("its output is no ExecCredential: {error}"))?;
    let status = credential.status.ok_or("its ExecCredential has no status")?;
    let token =
        status.token.ok_or("its ExecCredential has no token (client certificates are not supported)")?;
    Ok(Token { secret: Secret(token), expires: status.expiration_timestamp.map(SystemTime::from) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(script: &str) -> ExecPlugin {
        ExecPlugin {
            api_version: "client.authentication.k8s.io/v1".into(),
            command: "sh".into(),
            args: Some(vec!["-c".into(), script.into()]),
            env: Some(vec![Variable { name: "WHO".into(), value: "gate".into() }]),
            install_hint: Some("install sh".into()),
        }
    }

    #[tokio::test]
    async fn a_plugin_gets_its_environment_and_gives_a_token() {
        let script = r#"case "$KUBERNETES_EXEC_INFO" in *ExecCredential*) ;; *) exit 1;; esac
            echo '{"kind":"ExecCredential","status":{"token":"for-'$WHO'","expirationTimestamp":"2100-01-01T00:00:00Z"}}'"#;
        let token = plugin(script).run().await.unwrap();
        assert_eq!(token.secret, Secret("for-gate".into()));
        assert!(token.is_fresh());
    }

    #[tokio::test]
    async fn a_plugin_that_fails_says_how() {
        let failed = plugin("exit 3").run().await.unwrap_err().to_string();
        assert!(failed.contains("credential plugin sh") && failed.contains("exit status: 3"), "{failed}");
        let silent = plugin("true").run().await.unwrap_err().to_string();
        assert!(silent.contains("no ExecCredential"), "{silent}");
        let missing = ExecPlugin { command: "/no/such/plugin".into(), ..plugin("") };
        let missing = missing.run().await.unwrap_err().to_string();
        assert!(missing.contains("install sh"), "{missing}");
    }

    #[test]
    fn a_token_about_to_expire_is_not_used() {
        let token =
            read_token(br#"{"status":{"token":"t","expirationTimestamp":"2020-01-01T00:00:00Z"}}"#).unwrap();
        assert!(!token.is_fresh());
    }
}
