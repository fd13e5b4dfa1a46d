//! Reading a request: its headers and its body.

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderName};
use hyper::http::request::Parts;
use serde_json::Value;

use super::status::Status;

/// The API server's limit for a request body.
const MAX_BODY: usize = 3 * 1024 * 1024;

pub(super) fn header<'a>(head: &'a Parts, name: &HeaderName) -> Option<&'a str> {
    head.headers.get(name)?.to_str().ok()
}

/// The media type of the body, without its parameters.
pub(super) fn content_type(head: &Parts) -> &str {
    let whole = header(head, &CONTENT_TYPE).unwrap_or_default();
    whole.split(';').next().unwrap_or_default().trim()
}

pub(super) fn check_json(head: &Parts) -> Result<(), Status> {
    match content_type(head) {
        "" | "application/json" => Ok(()),
        _ => Err(Status::unsupported_media_type("application/json")),
    }
}

pub(super) async fn read(body: Incoming) -> Result<Bytes, Status> {
    let whole = Limited::new(body, MAX_BODY).collect().await;
    whole.map(http_body_util::Collected::to_bytes).map_err(|error| {
        let message = format!("Request entity too large: {error}");
        Status::failure(413, "RequestEntityTooLarge", message)
    })
}

pub(super) fn parse_json(bytes: &Bytes) -> Result<Value, Status> {
    serde_json::from_slice(bytes).map_err(|error| {
        Status::bad_request(format!("the object provided is unrecognized (must be of type JSON): {error}"))
    })
}
