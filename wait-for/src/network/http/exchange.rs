//! One attempt over HTTP/1.1, as the kubelet makes it: a new connection for each request, no proxy, the body
//! read up to 10 KiB. <https://github.com/kubernetes/kubernetes/blob/v1.36.0/pkg/probe/http/http.go>

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::Request;
use hyper::body::Incoming;
use hyper::header::{ACCEPT, CONNECTION, HOST, LOCATION, USER_AGENT};
use tokio::task::AbortHandle;

use super::ask::Ask;
use super::judge::judge;
use super::redirect::{Hop, Next};
use crate::connection::{describe, speak_http};
use crate::message::clean;
use crate::network::deadline::Deadline;
use crate::network::dial::dial;
use crate::network::names::Names;
use crate::network::secure::Secure;
use crate::verdict::{Finding, Verdict};

/// Requests of one attempt: Go's client, and with it the kubelet, makes no more.
const REQUESTS: usize = 10;
/// What is read of a body.
const BODY: usize = 10 << 10;

/// A connection, which ends with this.
struct Driver(AbortHandle);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Asks, follows, and judges the last answer.
pub(in crate::network) async fn attempt(
    ask: &Ask,
    names: &mut Names,
    secure: &mut Secure,
    deadline: &Deadline,
) -> Result<Verdict, Finding> {
    let mut hop = Hop::first(ask);
    for _ in 0..REQUESTS {
        let tcp = dial(names, &hop.url.address, deadline).await?;
        let request = request(ask, &hop)?;
        let (mut sender, driver) = if hop.url.is_secure {
            let tls = secure.handshake(tcp, &hop.url.address, &ask.trust, None, deadline).await?;
            speak_http(tls).await
        } else {
            speak_http(tcp).await
        }
        .map_err(|error| cut(&error))?;
        let _driver = Driver(driver);
        let response = deadline.wait("answer", sender.send_request(request)).await?;
        let response = response.map_err(|error| cut(&error))?;
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let elsewhere = match hop.next(ask, response.status().as_u16(), location) {
            Next::Follow(next) => {
                hop = next;
                continue;
            }
            Next::Elsewhere(host) => Some(clean(&host)),
            Next::Stay => None,
        };
        let (head, body) = response.into_parts();
        let body = deadline.wait("end of the answer", read(body)).await??;
        return Ok(judge(ask, head.status.as_u16(), &head.headers, &body, elsewhere.as_deref()));
    }
    Err(Finding::state(format!("stopped after {REQUESTS} redirects")))
}

fn request(ask: &Ask, hop: &Hop) -> Result<Request<Empty<Bytes>>, Finding> {
    let mut request = Request::builder()
        .method(&hop.method)
        .uri(hop.url.path.as_str())
        .header(HOST, hop.url.host_header())
        .header(USER_AGENT, concat!("wait-for/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, "*/*")
        .header(CONNECTION, "close")
        .body(Empty::new())
        .map_err(|error| Finding::state(error.to_string()))?;
    let given =
        ask.request_headers.iter().filter(|(name, _)| hop.is_private && (name != HOST || hop.is_host_ours));
    for (name, _) in given.clone() {
        request.headers_mut().remove(name);
    }
    for (name, value) in given {
        request.headers_mut().append(name, value.clone());
    }
    Ok(request)
}

/// What comes first of a body; the rest is left unread.
async fn read(mut body: Incoming) -> Result<Vec<u8>, Finding> {
    let mut read = Vec::new();
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame.map_err(|error| cut(&error))?.into_data() {
            read.extend_from_slice(&data[..data.len().min(BODY - read.len())]);
        }
        if read.len() == BODY {
            break;
        }
    }
    Ok(read)
}

fn cut(error: &hyper::Error) -> Finding {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<std::io::Error>());
    match cause {
        Some(cause) if cause.kind() == std::io::ErrorKind::UnexpectedEof => {
            Finding::state("the answer ended too soon")
        }
        Some(cause) => Finding::state(describe(cause)),
        None if error.is_incomplete_message() || error.is_canceled() || error.is_closed() => {
            Finding::state("connection closed without an answer")
        }
        None if error.is_parse() => Finding::because("the answer is not HTTP/1.1", error.to_string()),
        None => Finding::state(error.to_string()),
    }
}
