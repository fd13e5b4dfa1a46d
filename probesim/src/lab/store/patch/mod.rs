//! Patches: the four kinds that the API server takes, by the content type of the request.
//!
//! See "Patch and update" in the Kubernetes API concepts.

mod apply;
mod json;
mod merge;
mod owned;
mod strategic;

pub(in crate::lab) use apply::{Applier, read as read_yaml};
pub(in crate::lab) use merge::apply as merge;

use serde_json::Value;

use crate::lab::api::answer::status::Status;
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
            MERGE => Ok(Self::Merge(read_json(body)?)),
            STRATEGIC if !is_custom => Ok(Self::Strategic(read_json(body)?, of)),
            JSON => json::read(&read_json(body)?).map(Self::Json),
            APPLY => apply::read(body).map(|value| Self::Apply(value, of)),
            _ if is_custom => Err(Status::unsupported_media_type(&[JSON, MERGE, APPLY].join(", "))),
            _ => Err(Status::unsupported_media_type(&[JSON, MERGE, STRATEGIC, APPLY].join(", "))),
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
            Self::Apply(applied, of) => Ok(apply::apply(current, applied, of, by)),
        }
    }
}

fn read_json(body: &[u8]) -> Result<Value, Status> {
    let value = serde_json::from_slice::<Value>(body)
        .map_err(|error| Status::bad_request(format!("error decoding patch: {error}")))?;
    if value.is_object() || value.is_array() {
        return Ok(value);
    }
    Err(Status::bad_request("error decoding patch: it is neither an object nor a list"))
}
