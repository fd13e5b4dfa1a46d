//! One request to one admin port.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time;

use crate::system_error::describe;

/// More than any state.
const MAX_ANSWER: u64 = 16 << 20;

/// What is asked of every replica.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) body: String,
    pub(super) token: Option<String>,
}

/// What one of them says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    body: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failed {
    #[error("{words}", words = describe(.0))]
    Io(#[from] io::Error),
    #[error("no answer within {0:?}")]
    Timeout(Duration),
    #[error("the answer is not that of an admin port")]
    NoAnswer,
}

/// Sends it and reads the answer.
pub(super) async fn tell(
    address: SocketAddr,
    request: &Request,
    timeout: Duration,
) -> Result<Answer, Failed> {
    let telling = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(request.head(address).as_bytes()).await?;
        stream.write_all(request.body.as_bytes()).await?;
        let mut text = String::new();
        stream.take(MAX_ANSWER).read_to_string(&mut text).await?;
        Answer::parse(&text).ok_or(Failed::NoAnswer)
    };
    time::timeout(timeout, telling).await.unwrap_or(Err(Failed::Timeout(timeout)))
}

// === impl Request ===

impl Request {
    fn head(&self, address: SocketAddr) -> String {
        let Self { method, path, body, token } = self;
        let length = body.len();
        let token =
            token.as_ref().map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
        format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{token}Content-Length: {length}\r\n\r\n"
        )
    }
}

// === impl Answer ===

impl Answer {
    /// The admin port gives a length and closes, so the rest of the text is the body.
    fn parse(text: &str) -> Option<Self> {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        Some(Self { status, body: body.to_owned() })
    }

    /// How many faults there are after a change, for a reader; nothing if it does not say.
    pub(super) fn live_faults(&self) -> String {
        let json: Value = serde_json::from_str(&self.body).unwrap_or_default();
        match json["faults"].as_array().map(Vec::len) {
            None => String::new(),
            Some(1) => ", 1 live fault".to_owned(),
            Some(number) => format!(", {number} live faults"),
        }
    }

    /// The body; an error in words.
    pub(super) fn in_one_line(&self) -> String {
        let Ok(json) = serde_json::from_str::<Value>(&self.body) else { return self.body.trim().to_owned() };
        let Some(error) = json["error"].as_str() else { return json.to_string() };
        let problems = json["problems"].as_array().into_iter().flatten();
        let problems = problems.map(|problem| {
            let part = |key: &str| problem[key].as_str().unwrap_or_default().to_owned();
            format!("{}: {}", part("field"), part("message"))
        });
        std::iter::once(error.to_owned()).chain(problems).collect::<Vec<_>>().join("; ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(token: Option<&str>) -> Request {
        let token = token.map(str::to_owned);
        Request { method: "PUT", path: "/faults/tcp".into(), body: "{}".into(), token }
    }

    #[test]
    fn a_request_has_its_length_and_token() {
        let address = SocketAddr::from(([127, 0, 0, 1], 8081));
        let head = request(Some("secret")).head(address);
        let expected = "PUT /faults/tcp HTTP/1.1\r\nHost: 127.0.0.1:8081\r\nConnection: close\r\n\
                        Authorization: Bearer secret\r\nContent-Length: 2\r\n\r\n";
        assert_eq!(head, expected);
        assert!(!request(None).head(address).contains("Authorization"));
    }

    #[test]
    fn an_error_is_told_with_its_fields() {
        let body =
            r#"{"error": "wrong", "problems": [{"field": "faults.rate", "line": 1, "message": "too much"}]}"#;
        let answer =
            Answer::parse(&format!("HTTP/1.1 422 Unprocessable Entity\r\na: b\r\n\r\n{body}")).unwrap();
        assert_eq!((answer.status, answer.in_one_line()), (422, "wrong; faults.rate: too much".into()));
        assert_eq!(Answer::parse("SSH-2.0"), None);
    }

    #[tokio::test]
    async fn a_replica_that_is_not_there_is_a_failure() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let timeout = Duration::from_millis(100);
        assert!(matches!(tell(address, &request(None), timeout).await, Err(Failed::Timeout(_))));
        drop(listener);
        assert!(matches!(tell(address, &request(None), timeout).await, Err(Failed::Io(_))));
    }
}
