//! As little HTTP as asking takes, so that no library hides what is on the wire.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::patience::soon;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Header lines, as they came.
    pub head: String,
    /// Body.
    pub body: String,
}

/// A connection over which one request after the other is sent.
#[derive(Debug)]
pub struct Connection(TcpStream);

/// The answer to a GET over a connection of its own.
///
/// # Panics
/// When there is none.
pub async fn get(address: SocketAddr, path: &str) -> Answer {
    request(address, "GET", path).await
}

/// The answer to a request over a connection of its own.
///
/// # Panics
/// When there is none.
pub async fn request(address: SocketAddr, method: &str, path: &str) -> Answer {
    Connection::open(address).await.ask(method, path).await
}

/// The answer to a request with these header lines (`Host` among them, each ended by CRLF) and this body, however
/// long it takes.
///
/// # Panics
/// When there is none.
pub async fn send(address: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> Answer {
    let mut connection = Connection::open(address).await;
    let length = body.len();
    let request = format!("{method} {path} HTTP/1.1\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
    connection.0.write_all(request.as_bytes()).await.expect("an open connection");
    connection.read().await
}

// === impl Connection ===

impl Connection {
    /// Connects.
    ///
    /// # Panics
    /// When nobody listens.
    pub async fn open(address: SocketAddr) -> Self {
        let stream = soon("a connection", TcpStream::connect(address)).await.expect("a listener");
        stream.set_nodelay(true).expect("a socket");
        Self(stream)
    }

    /// Sends a request without a body, and does not wait for the answer.
    ///
    /// # Panics
    /// When the connection is closed.
    pub async fn send(&mut self, method: &str, path: &str) {
        let head = format!("{method} {path} HTTP/1.1\r\nHost: test\r\n\r\n");
        self.0.write_all(head.as_bytes()).await.expect("an open connection");
    }

    /// The next answer.
    ///
    /// # Panics
    /// When it is not one of HTTP/1.1 with a `Content-Length`.
    pub async fn answer(&mut self) -> Answer {
        soon("an answer", self.read()).await
    }

    /// Sends a request and waits for its answer.
    ///
    /// # Panics
    /// As [`Connection::send`] and [`Connection::answer`] do.
    pub async fn ask(&mut self, method: &str, path: &str) -> Answer {
        self.send(method, path).await;
        self.answer().await
    }

    async fn read(&mut self) -> Answer {
        let mut bytes = Vec::new();
        let body_at = loop {
            if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            let read = self.0.read_buf(&mut bytes).await.expect("an open connection");
            assert!(read > 0, "closed after {:?}", String::from_utf8_lossy(&bytes));
        };
        let head = String::from_utf8_lossy(&bytes[..body_at]).into_owned();
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok()).flatten()
        });
        let end = body_at + length.unwrap_or_else(|| panic!("no length in {head:?}"));
        while bytes.len() < end {
            let read = self.0.read_buf(&mut bytes).await.expect("an open connection");
            assert!(read > 0, "closed within the body");
        }
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status code");
        Answer { status, head, body: String::from_utf8_lossy(&bytes[body_at..end]).into_owned() }
    }
}
