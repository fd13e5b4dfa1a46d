//! The lab as a process that runs manifests: `cluster!()` makes one, then its manifest and arguments are given.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tokio::process::Command;

use crate::http;
use crate::patience::eventually;
use crate::process::{Ended, Process};
use crate::scratch::Scratch;

/// A lab to be started.
#[derive(Debug)]
pub struct Cluster {
    command: Command,
    files: Scratch,
}

/// A lab that serves.
#[derive(Debug)]
pub struct Running {
    /// The process.
    pub process: Process,
    /// Where its API listens.
    pub address: SocketAddr,
    /// Its files, which have to stay as long as it does.
    pub files: Scratch,
}

// === impl Cluster ===

impl Cluster {
    /// The lab of these binaries.
    #[must_use]
    pub fn new(program: &Path, gate: &Path) -> Self {
        let mut command = Command::new(program);
        let files = Scratch::new();
        command.env_clear().env("HOME", files.directory());
        // The shell, test and sleep of containers.
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.arg("lab").arg("--run").arg(format!("wait-for={}", gate.display()));
        Self { command, files }
    }

    /// A manifest, by its text.
    #[must_use]
    pub fn manifest(mut self, text: &str) -> Self {
        let path = self.files.write("manifest.yaml", text);
        self.command.arg("-f").arg(path);
        self
    }

    /// Arguments, as a shell without quotes would split them.
    #[must_use]
    pub fn args(mut self, line: &str) -> Self {
        self.command.args(line.split_whitespace());
        self
    }

    /// One argument as it is.
    #[must_use]
    pub fn arg(mut self, argument: &str) -> Self {
        self.command.arg(argument);
        self
    }

    /// Where a file of this name is or would be.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.files.path(name)
    }

    /// Starts it, and waits until it says where it listens.
    ///
    /// # Panics
    /// When it does not.
    pub async fn start(self) -> Running {
        let process = Process::start(self.command);
        let line = process.until_says("listening on http://").await.text;
        let said = line.split("http://").nth(1).and_then(|rest| rest.split(',').next());
        let address = said.and_then(|address| address.parse().ok());
        let address = address.unwrap_or_else(|| panic!("no address in {line:?}"));
        Running { process, address, files: self.files }
    }

    /// Runs it to its end.
    pub async fn run(self) -> Ended {
        Process::start(self.command).ended().await
    }
}

// === impl Running ===

impl Running {
    /// An object; `None` when there is none.
    ///
    /// # Panics
    /// When the answer is neither 200 nor 404.
    pub async fn get(&self, path: &str) -> Option<Value> {
        let answer = http::get(self.address, path).await;
        assert!(matches!(answer.status, 200 | 404), "{path}: {answer:?}");
        (answer.status == 200).then(|| serde_json::from_str(&answer.body).expect("JSON"))
    }

    /// A pod of the default namespace, once it is as claimed.
    ///
    /// # Panics
    /// When it does not come to it.
    pub async fn until_pod(&self, name: &str, claim: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/api/v1/namespaces/default/pods/{name}");
        let look = || async { self.get(&path).await.filter(&is_it) };
        eventually(&format!("pod {name} that {claim}"), look).await
    }

    /// A pod of the default namespace, once its condition Ready is as wanted.
    pub async fn until_ready(&self, name: &str, wanted: bool) -> Value {
        self.until_pod(name, if wanted { "is ready" } else { "is not ready" }, |pod| is_ready(pod) == wanted)
            .await
    }

    /// An Event of this reason whose message begins like this, once it comes.
    pub async fn until_event(&self, reason: &str, message: &str) -> Value {
        let is_it = |event: &&Value| {
            let begins = event["message"].as_str().is_some_and(|text| text.starts_with(message));
            event["reason"] == reason && begins
        };
        let look = || async {
            let events = self.get("/api/v1/namespaces/default/events").await?;
            events["items"].as_array()?.iter().find(is_it).cloned()
        };
        eventually(&format!("an Event {reason}: {message}"), look).await
    }

    /// Deletes a pod of the default namespace.
    ///
    /// # Panics
    /// When the API refuses.
    pub async fn delete_pod(&self, name: &str, query: &str) {
        let path = format!("/api/v1/namespaces/default/pods/{name}{query}");
        let answer = http::request(self.address, "DELETE", &path).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Waits until the pod is gone.
    pub async fn until_gone(&self, name: &str) {
        let path = format!("/api/v1/namespaces/default/pods/{name}");
        eventually(&format!("the end of pod {name}"), || async {
            self.get(&path).await.is_none().then_some(())
        })
        .await;
    }

    /// A kubeconfig for its API.
    #[must_use]
    pub fn kubeconfig(&self) -> String {
        let server = format!("http://{}", self.address);
        serde_json::json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "lab",
            "clusters": [{"name": "lab", "cluster": {"server": server}}],
            "users": [{"name": "lab", "user": {}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "lab", "namespace": "default"}}],
        })
        .to_string()
    }
}

/// Whether the condition Ready is True.
#[must_use]
pub fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array().into_iter().flatten();
    conditions.into_iter().any(|one| one["type"] == "Ready" && one["status"] == "True")
}

/// Whether a process runs whose command line has `mark` in it.
#[must_use]
pub fn is_running(mark: &str) -> bool {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.into_iter().any(|process| {
        let line = std::fs::read(process.path().join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).contains(mark)
    })
}
