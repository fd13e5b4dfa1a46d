//! Credential plugins: a program that prints an `ExecCredential`.
//!
//! <https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins>

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustix::process::{Pid, Signal, kill_process_group};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use super::Identity;
use super::credentials::Secret;
use crate::bounded_file;
use crate::connection::describe;
use crate::json_text;
use crate::message::clean;

/// A plugin that has not answered by then is ended.
const PATIENCE: Duration = Duration::from_secs(60);
/// What it granted is replaced this long before it expires.
const MARGIN: Duration = Duration::from_secs(60);
/// No credential is larger.
const LARGEST: usize = 1 << 20;
/// What it left running may hold its output open: nothing is waited for after its end but what it has written.
const REST: Duration = Duration::from_secs(1);
/// The versions of the protocol that have not been removed from Kubernetes.
const VERSIONS: [&str; 2] = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];

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
    /// Whether it may ask somebody: `Never`, `IfAvailable`, `Always`.
    #[serde(default)]
    interactive_mode: Option<String>,
    /// Whether it is told which cluster it is for.
    #[serde(default)]
    provide_cluster_info: bool,
    /// That cluster.
    #[serde(skip)]
    cluster: Option<ClusterInfo>,
}

/// One variable of a plugin's environment.
#[derive(Debug, Clone, Deserialize)]
pub struct Variable {
    name: String,
    value: String,
}

/// What a plugin is told of the cluster that it is for, in the words of the protocol.
#[derive(Debug, Clone)]
pub(super) struct ClusterInfo {
    pub(super) fields: Value,
    /// The file with the authority, which is told by its content.
    pub(super) ca_file: Option<PathBuf>,
}

/// What a plugin granted, and when it ends.
#[derive(Debug, Clone)]
pub(super) struct Granted {
    pub(super) token: Option<Secret>,
    pub(super) identity: Option<Arc<Identity>>,
    expires: Option<SystemTime>,
}

impl Granted {
    /// Whether it is good for a while yet. What has no end is good until it is refused.
    pub(super) fn is_fresh(&self) -> bool {
        self.expires.is_none_or(|end| SystemTime::now() + MARGIN < end)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredential {
    #[serde(default)]
    api_version: String,
    #[serde(default)]
    kind: String,
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    expiration_timestamp: Option<k8s_openapi::jiff::Timestamp>,
}

/// A plugin that runs, and whatever it has started: all of them end with this.
struct Family(Option<Pid>);

impl Drop for Family {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // There is nobody left of it in the good case.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl ExecPlugin {
    /// That the plugin can be run by us.
    ///
    /// # Errors
    /// Where it speaks another version, or insists on a terminal.
    pub(super) fn check(&self) -> Result<(), String> {
        let Self { api_version, command, .. } = self;
        if !VERSIONS.contains(&api_version.as_str()) {
            let [one, other] = VERSIONS;
            return Err(format!("exec: apiVersion {api_version:?} is not supported; write {one} or {other}"));
        }
        if command.is_empty() {
            return Err("exec: the command is empty; write the plugin's name or path".into());
        }
        match self.interactive_mode.as_deref() {
            None | Some("Never" | "IfAvailable") => Ok(()),
            Some("Always") => Err(format!(
                "exec: {command} has interactiveMode Always, and a gate has no terminal; write IfAvailable or Never, or use \
                 a token"
            )),
            Some(other) => {
                Err(format!("exec: interactiveMode {other:?} is not one; write IfAvailable or Never"))
            }
        }
    }

    /// The same plugin, told of its cluster where it wants to be.
    pub(super) fn of(self, cluster: ClusterInfo) -> Self {
        let cluster = Some(cluster).filter(|_| self.provide_cluster_info);
        Self { cluster, ..self }
    }

    /// Runs the plugin and reads what it grants.
    ///
    /// # Errors
    /// What the plugin did instead.
    pub(super) async fn run(&self) -> Result<Granted, String> {
        let mut command = Command::new(&self.command);
        command.args(self.args.iter().flatten()).env("KUBERNETES_EXEC_INFO", self.info().await?.to_string());
        command.envs(self.env.iter().flatten().map(|variable| (&variable.name, &variable.value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        command.process_group(0).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| {
            let hint = self.install_hint.as_deref().unwrap_or("is it installed and in PATH?");
            format!("{}; {}", describe(&error), clean(hint))
        })?;
        let family = Family(child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?)));
        let (status, output) = timeout(PATIENCE, output(&mut child, family))
            .await
            .map_err(|_| format!("no answer within {}s", PATIENCE.as_secs()))??;
        if !status.success() {
            return Err(format!("ended with {status}"));
        }
        read_granted(&output, &self.api_version)
    }

    /// What the plugin is told in `KUBERNETES_EXEC_INFO`.
    async fn info(&self) -> Result<Value, String> {
        let mut info = json!({
            "apiVersion": self.api_version, "kind": "ExecCredential", "spec": {"interactive": false},
        });
        if let Some(ClusterInfo { fields, ca_file }) = &self.cluster {
            let mut fields = fields.clone();
            if let Some(path) = ca_file.clone() {
                let read = bounded_file::off_loop(move || bounded_file::read(&path, bounded_file::SETTINGS));
                let ca =
                    read.await.map_err(|error| format!("its cluster's authority: {}", describe(&error)))?;
                fields["certificate-authority-data"] = json!(STANDARD.encode(ca));
            }
            info["spec"]["cluster"] = fields;
        }
        Ok(info)
    }
}

/// Waits for the end of the plugin, and takes what it writes meanwhile.
async fn output(child: &mut Child, family: Family) -> Result<(ExitStatus, Vec<u8>), String> {
    let mut bytes = Vec::new();
    let mut stdout = child.stdout.take();
    let status = tokio::select! {
        biased;
        // It may close its output long before its end.
        read = read_all(&mut stdout, &mut bytes) => {
            read?;
            child.wait().await
        }
        status = child.wait() => status,
    };
    drop(family);
    // Whoever holds the output open now has left the family.
    let _ = timeout(REST, read_all(&mut stdout, &mut bytes)).await;
    Ok((status.map_err(|error| describe(&error))?, bytes))
}

async fn read_all(stdout: &mut Option<ChildStdout>, into: &mut Vec<u8>) -> Result<(), String> {
    let Some(stdout) = stdout else { return Ok(()) };
    while stdout.read_buf(into).await.map_err(|error| describe(&error))? > 0 {
        if into.len() > LARGEST {
            return Err(format!("it prints more than {} kB", LARGEST >> 10));
        }
    }
    Ok(())
}

fn read_granted(stdout: &[u8], version: &str) -> Result<Granted, String> {
    let credential: ExecCredential = json_text::read(stdout)
        .map_err(|error| format!("its output is no ExecCredential: {}", clean(&error.to_string())))?;
    let ExecCredential { api_version, kind, status } = credential;
    if kind != "ExecCredential" {
        return Err(format!("its output is of kind {:?}, not ExecCredential", clean(&kind)));
    }
    if api_version != version {
        let api_version = clean(&api_version);
        return Err(format!(
            "it answers in apiVersion {api_version:?}, and the kubeconfig asks for {version:?}"
        ));
    }
    let status = status.ok_or("its ExecCredential has no status")?;
    let token = status.token.filter(|token| !token.is_empty()).map(Secret);
    let certificate = status.client_certificate_data.filter(|data| !data.is_empty());
    let key = status.client_key_data.filter(|data| !data.is_empty());
    let identity = match (certificate, key) {
        (Some(certificate), Some(key)) => {
            Some(Arc::new(Identity { certificate: certificate.into_bytes(), key: key.into_bytes() }))
        }
        (None, None) => None,
        (Some(_), None) => return Err("its ExecCredential has a certificate without clientKeyData".into()),
        (None, Some(_)) => return Err("its ExecCredential has a key without clientCertificateData".into()),
    };
    if token.is_none() && identity.is_none() {
        return Err("its ExecCredential has neither a token nor a client certificate".into());
    }
    Ok(Granted { token, identity, expires: status.expiration_timestamp.map(SystemTime::from) })
}

#[cfg(test)]
mod tests;
