//! From answers to HTTP responses: headers as the API server sends them, and the body of a watch.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderValue, RETRY_AFTER, VARY, WARNING};
use hyper::{Response, StatusCode};
use serde_json::Value;

use super::status::Status;
use super::stream::Stream;
use crate::lab::api::handle::discovery::AGGREGATED;
use crate::lab::api::handle::log::Lines;
use crate::lab::store::live;

/// What a request is answered with.
#[derive(Debug)]
pub(in crate::lab::api) enum Answer {
    /// An object or a list, already serialised.
    Json(u16, Vec<u8>),
    /// The same with `Warning` headers.
    Warned(u16, Vec<u8>, Vec<String>),
    Status(Box<Status>),
    /// Plain text: health, and the 404 of an unknown path.
    Text(u16, String),
    /// Aggregated discovery; `None` if the client has it already.
    Discovery {
        etag: String,
        body: Option<Vec<u8>>,
    },
    /// The `429` of priority and fairness.
    Throttled(Option<u64>),
    Watch(Box<Stream>),
    /// A log that grows.
    Lines(Lines),
}

/// A response body: whole, or a watch that goes on.
pub(in crate::lab::api) enum ReplyBody {
    Whole(Option<Bytes>),
    Watch(Next),
    Lines(Lines),
}

type Next = Pin<Box<dyn Future<Output = Option<(Bytes, Stream)>> + Send>>;

// === impl Answer ===

impl Answer {
    pub(in crate::lab::api) fn value(code: u16, value: &Value) -> Self {
        Self::Json(code, value.to_string().into_bytes())
    }

    pub(in crate::lab::api) fn code(&self) -> u16 {
        match self {
            Self::Json(code, _) | Self::Warned(code, ..) | Self::Text(code, _) => *code,
            Self::Status(status) => status.code,
            Self::Discovery { body: None, .. } => 304,
            Self::Discovery { .. } | Self::Watch(_) | Self::Lines(_) => 200,
            Self::Throttled(_) => 429,
        }
    }

    /// Builds the response; `is_pretty` indents JSON, as the API server does for curl and browsers.
    pub(in crate::lab::api) fn into_response(self, is_pretty: bool) -> Response<ReplyBody> {
        let code = self.code();
        let mut content_type = HeaderValue::from_static("application/json");
        let mut extra = Vec::new();
        let body = match self {
            Self::Json(_, json) => whole(json_body(json, is_pretty)),
            Self::Warned(_, json, warnings) => {
                // The text is a quoted string (RFC 9111 §5.5 and RFC 9110 §5.6.4).
                let quoted =
                    |text: &String| format!("299 - \"{}\"", text.replace('\\', r"\\").replace('"', "\\\""));
                let values = warnings.iter().filter_map(|text| HeaderValue::from_str(&quoted(text)).ok());
                extra.extend(values.map(|value| (WARNING, value)));
                whole(json_body(json, is_pretty))
            }
            Self::Status(status) => {
                if let Some(seconds) = status.retry_after {
                    extra.push((RETRY_AFTER, HeaderValue::from(seconds)));
                }
                whole(json_body(status.to_value().to_string().into_bytes(), is_pretty))
            }
            Self::Text(_, text) => {
                content_type = HeaderValue::from_static("text/plain; charset=utf-8");
                whole(text.into_bytes())
            }
            Self::Throttled(seconds) => {
                content_type = HeaderValue::from_static("text/plain; charset=utf-8");
                extra.extend(seconds.map(|seconds| (RETRY_AFTER, HeaderValue::from(seconds))));
                whole(b"Too many requests, please try again later.\n".to_vec())
            }
            Self::Discovery { etag, body } => {
                content_type = HeaderValue::from_static(AGGREGATED);
                extra.push((VARY, HeaderValue::from_static("Accept")));
                extra.extend(HeaderValue::from_str(&etag).ok().map(|etag| (ETAG, etag)));
                ReplyBody::Whole(body.map(|json| Bytes::from(json_body(json, is_pretty))))
            }
            Self::Watch(stream) => ReplyBody::Watch(Box::pin(stream.next())),
            Self::Lines(lines) => {
                content_type = HeaderValue::from_static("text/plain");
                ReplyBody::Lines(lines)
            }
        };
        let cache = if content_type == AGGREGATED { "public" } else { "no-cache, private" };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::from_str(&live::uuid(live::random_bytes())) {
            headers.insert("audit-id", id);
        }
        headers.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
        headers.insert(CONTENT_TYPE, content_type);
        for (name, value) in extra {
            headers.append(name, value);
        }
        response
    }
}

fn whole(bytes: Vec<u8>) -> ReplyBody {
    ReplyBody::Whole(Some(Bytes::from(bytes)))
}

/// JSON ends with a line feed when it is compact, and without one when it is indented.
fn json_body(mut json: Vec<u8>, is_pretty: bool) -> Vec<u8> {
    if is_pretty && let Ok(value) = serde_json::from_slice::<Value>(&json) {
        return format!("{value:#}").into_bytes();
    }
    json.push(b'\n');
    json
}

// === impl ReplyBody ===

impl fmt::Debug for ReplyBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Whole(_) => "whole",
            Self::Watch(_) => "watch",
            Self::Lines(_) => "lines",
        })
    }
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match &mut *self {
            Self::Whole(bytes) => Poll::Ready(bytes.take().map(|bytes| Ok(Frame::data(bytes)))),
            Self::Lines(Lines(lines)) => {
                lines.poll_recv(context).map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
            }
            Self::Watch(next) => match ready!(next.as_mut().poll(context)) {
                Some((bytes, stream)) => {
                    *next = Box::pin(stream.next());
                    Poll::Ready(Some(Ok(Frame::data(bytes))))
                }
                None => {
                    *self = Self::Whole(None);
                    Poll::Ready(None)
                }
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(None))
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Self::Watch(_) | Self::Lines(_) => SizeHint::default(),
        }
    }
}
