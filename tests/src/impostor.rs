//! What answers in an API server's place, with whatever a test wants: a proxy, a login page, another server.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;

/// It runs until it is dropped.
#[derive(Debug)]
pub struct Impostor {
    /// Where it listens.
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    accepting: AbortHandle,
}

/// Status, further header lines, and body.
pub type Answer = (u16, String, String);

/// The answer with a body and without further headers.
#[must_use]
pub fn answer(status: u16, body: impl Into<String>) -> Answer {
    (status, String::new(), body.into())
}

// === impl Impostor ===

impl Impostor {
    /// One that answers as told: by the request's path with its query, and how many requests there were before.
    ///
    /// # Panics
    /// When no port is free.
    pub async fn start(answers: impl Fn(&str, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (answers, heard) = (Arc::new(answers), asked.clone());
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (answers, heard) = (answers.clone(), heard.clone());
                tokio::spawn(async move { serve(stream, &*answers, &heard).await });
            }
        });
        Self { address, asked, accepting: accepting.abort_handle() }
    }

    /// A kubeconfig that leads to it, with these credentials.
    #[must_use]
    pub fn kubeconfig(&self, user: &serde_json::Value) -> String {
        json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": format!("http://{}", self.address)}}],
            "users": [{"name": "u", "user": user}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        })
        .to_string()
    }

    /// The heads of all requests so far.
    ///
    /// # Panics
    /// When a test has panicked meanwhile.
    #[must_use]
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("a lock that nobody broke").clone()
    }
}

impl Drop for Impostor {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Requests have no body, so an empty line ends each.
async fn serve(
    mut stream: TcpStream,
    answers: &(dyn Fn(&str, usize) -> Answer + Send + Sync),
    heard: &Mutex<Vec<String>>,
) {
    let mut head = Vec::new();
    while let Ok(byte) = stream.read_u8().await {
        head.push(byte);
        if !head.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = String::from_utf8_lossy(&std::mem::take(&mut head)).into_owned();
        let target = text.split(' ').nth(1).unwrap_or_default().to_owned();
        let before = {
            let mut heard = heard.lock().expect("a lock that nobody broke");
            heard.push(text);
            heard.len() - 1
        };
        let (status, headers, body) = answers(&target, before);
        let head = format!("HTTP/1.1 {status} Told\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
        if stream.write_all(format!("{head}{body}").as_bytes()).await.is_err() {
            return;
        }
    }
}
