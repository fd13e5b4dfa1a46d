//! `httpGet`: `pkg/probe/http` of Kubernetes over Go's `net/http`.
//!
//! | file | rules | in Go |
//! |---|---|---|
//! | `request` | the first request, and its bytes | `pkg/probe/http/request.go`, `request.go` |
//! | `redirect` | the next one | `client.go` |
//! | `url`, `escape`, `headers` | the parts of a request | `net/url`, `net/textproto` |
//! | `over_http2` | the same over HTTP/2 | `http2/transport.go` |
//! | `reader`, `head`, `body` | the answer | `bufio`, `response.go`, `transfer.go`, `internal/chunked.go` |

mod body;
mod escape;
mod head;
mod headers;
mod over_http2;
mod reader;
mod redirect;
mod request;
mod url;

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep, timeout_at};

use self::body::Body;
use self::head::Head;
use self::over_http2::NoAnswer;
use self::reader::{Broken, Reader};
use self::redirect::{Chain, Next};
use self::request::Request;
use super::connection::Connection;
use super::dial::dial;
use super::words::quote;
use super::{Answer, Subject, tls};
use crate::kubelet::{Doubt, HttpGet, Outcome};

/// Why there is no head, in Go's words.
const LATE: &str = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
/// Why there is no whole body.
const LATE_BODY: &str =
    "context deadline exceeded (Client.Timeout or context cancellation while reading body)";

/// Between two connections of which the server refuses the stream. Go does not wait at all.
const PAUSE: Duration = Duration::from_millis(4);

/// Makes the request, and others as redirects ask for them.
pub(super) async fn attempt(get: &HttpGet, timeout: Duration, subject: &Subject<'_>) -> Answer {
    let first = subject
        .place(get.host.as_deref(), &get.port)
        .and_then(|(host, port)| Request::first(get, &host, port, subject.version));
    let mut request = match first {
        Ok(request) => request,
        Err(why) => return Answer::unknown(why),
    };
    let deadline = Instant::now() + timeout;
    let mut chain = Chain::new(request.clone());
    loop {
        // A redirect may have taken all the time.
        let is_late = Instant::now() >= deadline;
        let sent = if is_late { Err(LATE.into()) } else { in_time(deadline, send(&request)).await };
        let (head, mut body) = match sent {
            Ok(answer) => answer,
            Err(why) => {
                let url = quote(request.url.without_password().as_bytes());
                return Answer::failure(format!("Get {url}: {why}"));
            }
        };
        match chain.follow(&request, &head) {
            Next::Stop => {
                let body = timeout_at(deadline, body.read()).await;
                return judge(head.status, body.unwrap_or_else(|_| Err(Broken::Words(LATE_BODY.into()))));
            }
            Next::Go(next) => {
                let _ = timeout_at(deadline, body.slurp()).await;
                request = *next;
            }
            Next::Fail(why) => {
                let _ = timeout_at(deadline, body.slurp()).await;
                return Answer::failure(why);
            }
        }
    }
}

/// What comes of sending a request before the deadline.
async fn in_time<T>(
    deadline: Instant,
    sending: impl Future<Output = Result<T, String>>,
) -> Result<T, String> {
    timeout_at(deadline, sending).await.unwrap_or_else(|_| Err(LATE.into()))
}

/// Sends a request over a new connection, and over others as long as the server refuses even to look at it.
async fn send(request: &Request) -> Result<(Head, Body), String> {
    request.headers.check()?;
    let url = &request.url;
    if url.scheme != "http" && url.scheme != "https" {
        return Err(format!("unsupported protocol scheme {}", quote(url.scheme.as_bytes())));
    }
    if url.host.is_empty() {
        return Err("http: no Host in request URL".into());
    }
    let port = url.port().ok_or_else(|| {
        let port = url.host.rsplit(':').next().unwrap_or_default();
        format!("dial tcp: address {port}: invalid port")
    })?;
    loop {
        let stream = dial(url.hostname(), port, None).await?;
        if url.scheme == "http" {
            return exchange(request, Connection::new(stream)).await;
        }
        let (connection, is_http2) = tls::secure(stream, url.hostname()).await?;
        if !is_http2 {
            return exchange(request, connection).await;
        }
        match over_http2::exchange(request, connection).await {
            Ok((head, stream)) => {
                let body = Body::Stream(Box::new(stream), head.framing);
                return Ok((head, body));
            }
            Err(NoAnswer::Because(why)) => return Err(why),
            Err(NoAnswer::Refused) => sleep(PAUSE).await,
        }
    }
}

/// HTTP/1.1.
async fn exchange(request: &Request, mut connection: Connection) -> Result<(Head, Body), String> {
    // Where this fails there may be an answer all the same, or reading tells why.
    let _ = connection.stream.write_all(&request.bytes()).await;
    let _ = connection.stream.flush().await;
    let mut reader = Reader::new(connection);
    if let (_, Err(broken)) = reader.peek(1).await {
        return Err(match broken {
            Broken::End => "EOF".into(),
            Broken::Words(words) => words,
        });
    }
    loop {
        match Head::read(&mut reader).await {
            Ok(head) if head.is_on_the_way() => {}
            Ok(head) => {
                reader.end_head();
                let body = Body::Plain(reader, head.framing);
                return Ok((head, body));
            }
            Err(_) if reader.is_exhausted() => {
                return Err(broken("net/http: server response headers exceeded 10485760 bytes; aborted"));
            }
            Err(Broken::Words(words)) => return Err(broken(&words)),
            Err(Broken::End) => return Err(broken("unexpected EOF")),
        }
    }
}

fn broken(why: &str) -> String {
    format!("net/http: HTTP/1.x transport connection broken: {why}")
}

/// `DoHTTPProbe`: what an answer counts as.
fn judge(status: i32, body: Result<Vec<u8>, Broken>) -> Answer {
    let body = match body {
        Ok(body) => String::from_utf8_lossy(&body).into_owned(),
        Err(Broken::Words(why)) => return Answer { outcome: Outcome::Error(Doubt::Failure), output: why },
        Err(Broken::End) => return Answer { outcome: Outcome::Error(Doubt::Failure), output: "EOF".into() },
    };
    match status {
        200..=299 => Answer::success(body),
        300..=399 => {
            let output = format!("Probe terminated redirects, Response body: {body}");
            Answer { outcome: Outcome::Warning, output }
        }
        _ => Answer::failure(format!("HTTP probe failed with statuscode: {status}")),
    }
}
