//! The server over real loopback connections, asked by a raw HTTP client.

mod faults;
mod reads;
mod refusals;
mod rights;
mod watches;
mod writes;

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::lab::{Options, Server};

/// What hangs longer than this has failed.
const PATIENCE: Duration = Duration::from_secs(10);

/// One connection to the server.
struct Client {
    sender: SendRequest<Full<Bytes>>,
    token: Option<String>,
}

/// A whole answer.
struct Answer {
    status: u16,
    headers: hyper::HeaderMap,
    body: String,
}

/// An open watch, read line by line.
struct Lines {
    body: Incoming,
    buffer: Vec<u8>,
    // Keeps the connection open.
    _client: Client,
}

// === impl Client ===

impl Client {
    async fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(server.address()).await.expect("the server listens");
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("a handshake");
        // Ends with the connection.
        drop(tokio::spawn(connection));
        Self { sender, token: None }
    }

    async fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: String,
    ) -> hyper::Result<Response<Incoming>> {
        let mut request = Request::builder().method(method).uri(path).header("Host", "lab");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        self.sender.ready().await?;
        self.sender.send_request(request.body(Full::from(body)).expect("a request")).await
    }

    async fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let exchange = async {
            let response = self.send(method, path, headers, body).await.expect("an answer");
            let (head, body) = response.into_parts();
            let bytes = body.collect().await.expect("a body").to_bytes();
            let body = String::from_utf8(bytes.to_vec()).expect("text");
            Answer { status: head.status.as_u16(), headers: head.headers, body }
        };
        timeout(PATIENCE, exchange).await.expect("in time")
    }

    async fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, &[], String::new()).await
    }

    async fn write(&mut self, method: &str, path: &str, value: &Value) -> Answer {
        self.ask(method, path, &[("Content-Type", "application/json")], value.to_string()).await
    }

    async fn watch(mut self, path: &str) -> Lines {
        let response = timeout(PATIENCE, self.send("GET", path, &[], String::new()));
        let response = response.await.expect("in time").expect("an answer");
        assert_eq!(response.status(), 200);
        Lines { body: response.into_body(), buffer: Vec::new(), _client: self }
    }
}

// === impl Answer ===

impl Answer {
    fn value(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.body))
    }

    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    fn names(&self) -> Vec<String> {
        let value = self.value();
        let items = value["items"].as_array().expect("a list");
        items.iter().map(|item| item["metadata"]["name"].as_str().expect("a name").to_owned()).collect()
    }
}

// === impl Lines ===

impl Lines {
    /// The next line; `None` at a clean end, an error when the connection broke.
    async fn try_next(&mut self) -> hyper::Result<Option<String>> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                return Ok(Some(String::from_utf8(line).expect("text").trim_end().to_owned()));
            }
            match timeout(PATIENCE, self.body.frame()).await.expect("in time") {
                Some(frame) => self.buffer.extend_from_slice(frame?.data_ref().expect("data")),
                None => return Ok(None),
            }
        }
    }

    async fn next(&mut self) -> Option<String> {
        self.try_next().await.expect("an unbroken connection")
    }

    /// `ADDED a@3`: the type, name and version of the next event.
    async fn event(&mut self) -> String {
        let line = self.next().await.expect("an event");
        let event: Value = serde_json::from_str(&line).expect("JSON");
        let metadata = &event["object"]["metadata"];
        let name = metadata["name"].as_str().unwrap_or_default();
        let version = metadata["resourceVersion"].as_str().unwrap_or_default();
        format!("{} {name}@{version}", event["type"].as_str().expect("a type"))
    }
}

async fn server() -> Server {
    Server::start(quick()).await.expect("a free port")
}

fn quick() -> Options {
    Options { future_wait: Duration::from_millis(50), ..Options::default() }
}

fn config(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default",
           "labels": {"app": name}}})
}
