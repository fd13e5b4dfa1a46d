//! A request over HTTP/1.1, by hyper.

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::header::{CONNECTION, HOST, HeaderMap};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::AbortHandle;

use super::redirect::Hop;
use crate::connection::describe;
use crate::message::clean;
use crate::network::h2::LONGEST_HEAD;
use crate::network::secure::refused;
use crate::network::trust::Trust;
use crate::verdict::Finding;

/// More lines than any head has.
const MOST_HEADERS: usize = 32 << 10;

/// What is still to be read of an answer.
pub(super) struct Body {
    body: Incoming,
    _driver: Driver,
}

/// A connection, which ends with this.
struct Driver(AbortHandle);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Sends a request, and reads the head of the answer.
pub(super) async fn exchange<T>(
    io: T,
    hop: &Hop,
    headers: HeaderMap,
) -> Result<(u16, HeaderMap, Body), hyper::Error>
where
    T: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.method_mut() = hop.method.clone();
    *request.uri_mut() = hop.url.path.clone().into();
    *request.headers_mut() = headers;
    if !request.headers().contains_key(HOST)
        && let Ok(host) = hop.url.host_header().parse()
    {
        request.headers_mut().insert(HOST, host);
    }
    request.headers_mut().insert(CONNECTION, hyper::header::HeaderValue::from_static("close"));
    let (mut sender, connection) = http1::Builder::new()
        .max_headers(MOST_HEADERS)
        .max_buf_size(LONGEST_HEAD)
        .handshake(TokioIo::new(io))
        .await?;
    let driver = tokio::spawn(async move {
        // Whoever waits for an answer on it is told the error; there is nobody else to tell.
        let _ = connection.await;
    });
    let driver = Driver(driver.abort_handle());
    let response: Response<Incoming> = sender.send_request(request).await?;
    let (head, body) = response.into_parts();
    Ok((head.status.as_u16(), head.headers, Body { body, _driver: driver }))
}

// === impl Body ===

impl Body {
    /// What comes first of the body; the rest is left unread.
    pub(super) async fn read(mut self, limit: usize) -> Result<Vec<u8>, hyper::Error> {
        let mut read = Vec::new();
        while let Some(frame) = self.body.frame().await {
            if let Ok(data) = frame?.into_data() {
                read.extend_from_slice(&data[..data.len().min(limit - read.len())]);
            }
            if read.len() == limit {
                break;
            }
        }
        Ok(read)
    }
}

/// Whether the server said nothing, or something that is no HTTP/1.1.
pub(super) fn is_no_http1(error: &hyper::Error) -> bool {
    error.is_parse() || error.is_incomplete_message()
}

/// Why there is no answer, or no more of it.
pub(super) fn cut(error: &hyper::Error, trust: Option<&Trust>) -> Finding {
    let cause = std::error::Error::source(error).and_then(|cause| cause.downcast_ref::<std::io::Error>());
    match cause {
        Some(cause) if cause.kind() == std::io::ErrorKind::UnexpectedEof => {
            Finding::state("the answer ended too soon")
        }
        Some(cause) => {
            trust.and_then(|trust| refused(cause, trust)).unwrap_or_else(|| Finding::state(describe(cause)))
        }
        None if error.is_incomplete_message() || error.is_canceled() || error.is_closed() => {
            Finding::state("connection closed without an answer")
        }
        None if error.to_string().contains("too large") => {
            Finding::state("the head of the answer is too long")
        }
        None if error.is_parse() => Finding::because("the answer is not HTTP/1.1", clean(&error.to_string())),
        None => Finding::state(clean(&error.to_string())),
    }
}
