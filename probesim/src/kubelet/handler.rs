//! What a probe does, as data: `exec`, `httpGet`, `tcpSocket`, `grpc`.

use serde::Deserialize;

/// One of the four handlers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handler {
    /// A command in the container.
    Exec(Exec),
    /// An HTTP request.
    HttpGet(HttpGet),
    /// A connection.
    TcpSocket(TcpSocket),
    /// A call of `grpc.health.v1.Health/Check`.
    Grpc(Grpc),
}

/// `exec`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Exec {
    /// The argument vector; there is no shell.
    #[serde(default)]
    pub command: Vec<String>,
}

/// `httpGet`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HttpGet {
    /// The path with its query.
    #[serde(default = "root")]
    pub path: String,
    /// The port.
    pub port: Port,
    /// Instead of the pod's address.
    #[serde(default)]
    pub host: Option<String>,
    /// `HTTP` or `HTTPS`.
    #[serde(default = "http")]
    pub scheme: String,
    /// Sent along, repeats kept.
    #[serde(default)]
    pub http_headers: Vec<HttpHeader>,
}

/// `httpHeaders[]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct HttpHeader {
    /// The name.
    pub name: String,
    /// The value.
    #[serde(default)]
    pub value: String,
}

/// `tcpSocket`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct TcpSocket {
    /// The port.
    pub port: Port,
    /// Instead of the pod's address.
    #[serde(default)]
    pub host: Option<String>,
}

/// `grpc`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Grpc {
    /// The port; it has no name here.
    pub port: i32,
    /// The service asked after.
    #[serde(default)]
    pub service: Option<String>,
}

/// A port by number or by the name that the container gives it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Port {
    /// By number.
    Number(i32),
    /// By name.
    Name(String),
}

fn root() -> String {
    "/".into()
}

fn http() -> String {
    "HTTP".into()
}
