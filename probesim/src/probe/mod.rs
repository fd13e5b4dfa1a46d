//! Probes as the kubelet makes them: the bytes on the wire, the rules of what counts, and the words of the event.
//!
//! | file | rules | in Kubernetes |
//! |---|---|---|
//! | `exec`, `command` | a command beside the container | `pkg/probe/exec`, the container runtime |
//! | `http` | a request, and others after redirects | `pkg/probe/http`, Go's `net/http` |
//! | `grpc` | a call of the health protocol | `pkg/probe/grpc`, grpc-go |
//! | `tcp` | a connection | `pkg/probe/tcp` |
//! | `port`, `target` | which port and host are meant | `pkg/probe/util.go` |
//! | `dial`, `network_error` | connecting, and Go's words for what goes wrong | Go's `net` |
//! | `connection`, `tls`, `http2` | what HTTP and gRPC go over | Go's `crypto/tls`, `x/net/http2` |
//! | `words` | quoted texts and times | Go's `strconv`, `time` |
//!
//! As of Kubernetes 1.36.2, which is built with Go 1.26.

mod command;
mod connection;
mod dial;
mod exec;
mod grpc;
mod http;
mod http2;
mod network_error;
mod port;
mod target;
mod tcp;
#[cfg(test)]
mod tests;
mod tls;
mod words;

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use crate::kubelet::{ContainerPort, Doubt, Exec, Handler, Outcome, Port, Version};

pub(crate) use dial::dial;
pub(crate) use grpc::ask;
pub(crate) use http::{attempt as get, is_token};
pub(crate) use target::join;
pub use target::{NotATarget, Target};

/// The container that is probed.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// The address of its pod.
    pub ip: IpAddr,
    /// Its ports, for handlers that name one.
    pub ports: &'a [ContainerPort],
    /// What stands for it, instead of the address and the ports.
    pub target: Option<&'a Target>,
    /// The variables of its spec: a command has them beside those of this process, and `$(NAME)` in it means them.
    pub environment: &'a [(String, String)],
    /// Where commands run.
    pub directory: Option<&'a Path>,
    /// The process group of the container: commands belong to it, and what they leave behind ends with it.
    pub group: Option<i32>,
    /// Whose probes they are, for `User-Agent`.
    pub version: Version,
}

/// What one attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it counts as.
    pub outcome: Outcome,
    /// What the kubelet says of it: after `Liveness probe failed: ` and the like.
    pub output: String,
}

/// Makes one attempt. It takes `timeout` at most, unless a command leaves something behind.
pub async fn attempt(handler: &Handler, timeout: Duration, subject: &Subject<'_>) -> Answer {
    match handler {
        Handler::Exec(exec) => exec::attempt(exec, timeout, subject).await,
        Handler::TcpSocket(socket) => tcp::attempt(socket, timeout, subject).await,
        Handler::HttpGet(get) => http::attempt(get, timeout, subject).await,
        Handler::Grpc(call) => grpc::attempt(call, timeout, subject).await,
    }
}

/// Runs the command of a hook.
///
/// # Errors
/// What the kubelet says of it.
pub async fn hook(exec: &Exec, subject: &Subject<'_>) -> Result<(), String> {
    exec::hook(exec, subject).await
}

// === impl Subject ===

impl Subject<'_> {
    /// Where a handler's `host` and `port` are to be found.
    fn place(&self, host: Option<&str>, port: &Port) -> Result<(String, u16), String> {
        let number = port::resolve(port, self.ports)?;
        let own = host.filter(|host| !host.is_empty());
        let host = match (own, self.target) {
            (Some(own), _) => own.to_owned(),
            (None, Some(target)) => target.host.clone(),
            (None, None) => self.ip.to_string(),
        };
        // A handler with a host of its own does not mean the container.
        let target_port = self.target.filter(|_| own.is_none()).and_then(|target| target.port);
        Ok((host, target_port.unwrap_or(number)))
    }
}

// === impl Answer ===

impl Answer {
    const fn success(output: String) -> Self {
        Self { outcome: Outcome::Success, output }
    }

    const fn failure(output: String) -> Self {
        Self { outcome: Outcome::Failure, output }
    }

    /// A command was to run in a container that had ended (containerd's words).
    pub(crate) fn of_exited_container() -> Self {
        let why = "container is in CONTAINER_EXITED state";
        Self::unknown(format!("rpc error: code = Unknown desc = failed to exec in container: {why}"))
    }

    /// The probe could not be made.
    const fn unknown(output: String) -> Self {
        Self { outcome: Outcome::Error(Doubt::Unknown), output }
    }
}
