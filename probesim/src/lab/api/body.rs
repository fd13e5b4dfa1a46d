//! Reading a request: its headers and its body.

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderName};
use hyper::http::request::Parts;
use serde_json::{Value, json};

use super::answer::status::Status;
use crate::lab::schema::protobuf::{self, Unreadable};
use crate::lab::store::patch;

const JSON: &str = "application/json";
const YAML: &str = "application/yaml";
const PROTOBUF: &str = "application/vnd.kubernetes.protobuf";

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

pub(super) async fn read(body: Incoming) -> Result<Bytes, Status> {
    let whole = Limited::new(body, MAX_BODY).collect().await;
    whole.map(http_body_util::Collected::to_bytes).map_err(|error| {
        let why = match error.downcast_ref::<http_body_util::LengthLimitError>() {
            Some(_) => format!("limit is {MAX_BODY}"),
            None => error.to_string(),
        };
        Status::failure(413, "RequestEntityTooLarge", format!("Request entity too large: {why}"))
            .with_details(json!({}))
    })
}

/// The object in a body, by its content type; without one it is JSON.
pub(super) fn parse(head: &Parts, bytes: &Bytes) -> Result<Value, Status> {
    match content_type(head) {
        "" | JSON => serde_json::from_slice(bytes).map_err(|error| {
            let why = "the object provided is unrecognized (must be of type JSON)";
            Status::bad_request(format!("{why}: {error}"))
        }),
        YAML => patch::read_yaml(bytes),
        PROTOBUF => protobuf::decode(bytes).map_err(|why| match why {
            Unreadable::Malformed => Status::bad_request(why.to_string()),
            Unreadable::UnknownKind(_) => Status::failure(415, "UnsupportedMediaType", why.to_string()),
        }),
        _ => Err(Status::unsupported_media_type(&[JSON, YAML, PROTOBUF].join(", "))),
    }
}
