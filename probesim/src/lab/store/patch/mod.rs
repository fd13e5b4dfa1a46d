//! Patches: the four kinds that the API server takes, by the content type of the request.
//!
//! See "Patch and update" in the Kubernetes API concepts.

mod apply;
mod json;
mod manage;
mod merge;
mod owned;
mod strategic;

pub(in crate::lab) use apply::{Applier, read as read_yaml};
pub(in crate::lab) use manage::{note_changed, note_created};
pub(in crate::lab) use merge::apply as merge;

use serde_json::Value;

use crate::lab::api::answer::status::Status;
use crate::lab::api::go_error;
use crate::lab::schema::Type;

/// A patch that was read.
#[derive(Debug)]
pub(in crate::lab) enum Patch {
    /// `application/merge-patch+json` (RFC 7396): lists are replaced.
    Merge(Value),
    /// `application/strategic-merge-patch+json`: lists with a merge key are merged.
    Strategic(Value, Option<Type>),
    /// `application/json-patch+json` (RFC 6902).
    Json(Vec<json::Operation>),
    /// `application/apply-patch+yaml`: server-side apply.
    Apply(Value, Option<Type>),
}

const MERGE: &str = "application/merge-patch+json";
const STRATEGIC: &str = "application/strategic-merge-patch+json";
const JSON: &str = "application/json-patch+json";
const APPLY: &str = "application/apply-patch+yaml";

// === impl Patch ===

impl Patch {
    /// Reads the body of a request; custom resources have no strategic merge patch, as with the API server.
    pub(in crate::lab) fn read(
        content_type: &str,
        body: &[u8],
        of: Option<Type>,
        is_custom: bool,
    ) -> Result<Self, Status> {
        match content_type {
            MERGE => read_map(body).map(Self::Merge),
            STRATEGIC if !is_custom => Ok(Self::Strategic(read_map(body)?, of)),
            JSON => json::read(&read_json(body)?).map(Self::Json),
            APPLY => apply::read(body).map(|value| Self::Apply(value, of)),
            _ if is_custom => Err(Status::unsupported_media_type(&[JSON, MERGE, APPLY].join(", "))),
            _ => Err(Status::unsupported_media_type(&[JSON, MERGE, STRATEGIC, APPLY].join(", "))),
        }
    }

    /// Whether there are patches of this type.
    pub(in crate::lab) fn is_known(content_type: &str) -> bool {
        [MERGE, STRATEGIC, JSON, APPLY].contains(&content_type)
    }

    /// Whether patches of this type are server-side applies.
    pub(in crate::lab) fn is_apply_type(content_type: &str) -> bool {
        content_type == APPLY
    }

    /// What is applied, if that is what it does.
    pub(in crate::lab) fn applied(&self) -> Option<&Value> {
        match self {
            Self::Apply(applied, _) => Some(applied),
            _ => None,
        }
    }

    /// Whether it is a server-side apply, which also creates.
    pub(in crate::lab) fn is_apply(&self) -> bool {
        matches!(self, Self::Apply(..))
    }

    /// The patched object.
    pub(in crate::lab) fn apply_to(self, current: Value, by: &Applier<'_>) -> Result<Value, Status> {
        match self {
            Self::Merge(patch) => Ok(merge::apply(current, patch)),
            Self::Strategic(patch, of) => strategic::apply(current, patch, of),
            Self::Json(operations) => json::apply(current, operations),
            Self::Apply(applied, of) => apply::apply(current, applied, of, by),
        }
    }
}

fn read_json(body: &[u8]) -> Result<Value, Status> {
    serde_json::from_slice::<Value>(body)
        .map_err(|error| Status::bad_request(format!("error decoding patch: {}", go_error(&error, body))))
}

fn read_map(body: &[u8]) -> Result<Value, Status> {
    let value = read_json(body)?;
    if value.is_object() || value.is_null() { Ok(value) } else { Err(not_a_map(&value)) }
}

/// A value where a map is wanted, in Go's words.
fn not_a_map(value: &Value) -> Status {
    let found = match value {
        Value::Array(_) => "array",
        Value::String(_) => "string",
        Value::Number(_) => "number",
        Value::Bool(_) => "bool",
        Value::Object(_) => "object",
        Value::Null => "null",
    };
    let wanted = "map[string]interface {}";
    Status::bad_request(format!(
        "error decoding patch: json: cannot unmarshal {found} into Go value of type {wanted}"
    ))
}
