//! `Status` bodies: what the API server says instead of an object, word for word as recorded from v1.36.2.

use serde_json::{Map, Value, json};

use crate::lab::rules::Broken;
use crate::lab::schema::resources::Resource;

/// A refusal (or, with code 200, a success without an object) and its details.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// HTTP status code.
    pub code: u16,
    /// Machine-readable reason, such as `NotFound`; empty where the API server gives none.
    pub reason: String,
    /// The sentence for people.
    pub message: String,
    /// `details`, if any.
    pub details: Option<Box<Map<String, Value>>>,
    /// Seconds for `Retry-After`, also put into the details.
    pub retry_after: Option<u64>,
    /// A continue token that carries on after an expired one (410 on lists only).
    pub(in crate::lab) continue_token: Option<String>,
}

// === impl Status ===

impl Status {
    /// A failure without details.
    #[must_use]
    pub fn failure(code: u16, reason: &str, message: impl Into<String>) -> Self {
        let (reason, message) = (reason.to_owned(), message.into());
        Self { code, reason, message, details: None, retry_after: None, continue_token: None }
    }

    /// The same with these details.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = details.as_object().cloned().map(Box::new);
        self
    }

    /// The same with `Retry-After`.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// The JSON body, ready for the wire and for ERROR events.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let mut metadata = Map::new();
        if let Some(token) = &self.continue_token {
            metadata.insert("continue".to_owned(), json!(token));
        }
        let mut body = json!({"kind": "Status", "apiVersion": "v1", "metadata": metadata,
            "status": if self.code < 300 { "Success" } else { "Failure" }});
        let map = body.as_object_mut().expect("it is an object");
        if !self.message.is_empty() {
            map.insert("message".to_owned(), json!(self.message));
        }
        if !self.reason.is_empty() {
            map.insert("reason".to_owned(), json!(self.reason));
        }
        let mut details = self.details.clone();
        if let Some(seconds) = self.retry_after {
            details.get_or_insert_default().insert("retryAfterSeconds".to_owned(), json!(seconds));
        }
        if let Some(details) = details {
            map.insert("details".to_owned(), Value::Object(*details));
        }
        if self.code >= 300 {
            map.insert("code".to_owned(), json!(self.code));
        }
        body
    }

    pub(in crate::lab::api) fn deleted(resource: &Resource, name: &str, uid: &str) -> Self {
        let mut details = about(resource, name);
        details.insert("uid".to_owned(), json!(uid));
        Self { details: Some(Box::new(details)), ..Self::failure(200, "", "") }
    }

    pub(in crate::lab) fn bad_request(message: impl Into<String>) -> Self {
        Self::failure(400, "BadRequest", message)
    }

    pub(in crate::lab::api) fn unauthorized() -> Self {
        Self::failure(401, "Unauthorized", "Unauthorized")
    }

    pub(in crate::lab) fn not_found(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" not found", resource.qualified());
        Self { details: Some(Box::new(about(resource, name))), ..Self::failure(404, "NotFound", message) }
    }

    pub(in crate::lab) fn unknown_resource() -> Self {
        Self::failure(404, "NotFound", "the server could not find the requested resource")
            .with_details(json!({}))
    }

    pub(in crate::lab::api) fn method_not_allowed() -> Self {
        Self::failure(
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        )
        .with_details(json!({}))
    }

    pub(in crate::lab::api) fn not_acceptable() -> Self {
        let message = "only the following media types are accepted: application/json";
        Self::failure(406, "NotAcceptable", message)
    }

    pub(in crate::lab) fn unsupported_media_type(accepted: &str) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {accepted}"
        );
        Self::failure(415, "UnsupportedMediaType", message)
    }

    pub(in crate::lab) fn already_exists(resource: &Resource, name: &str) -> Self {
        let message = format!("{} \"{name}\" already exists", resource.qualified());
        Self {
            details: Some(Box::new(about(resource, name))),
            ..Self::failure(409, "AlreadyExists", message)
        }
    }

    /// 409 for a write that is based on an old version, or whose preconditions do not hold.
    pub(in crate::lab) fn conflict(resource: &Resource, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} \"{name}\": {why}", resource.qualified());
        Self { details: Some(Box::new(about(resource, name))), ..Self::failure(409, "Conflict", message) }
    }

    pub(in crate::lab) fn expired(message: impl Into<String>) -> Self {
        Self::failure(410, "Expired", message)
    }

    /// 422 for an object that cannot be stored, for one field.
    pub(in crate::lab) fn invalid(resource: &Resource, name: &str, field: &str, why: &str) -> Self {
        Self::broken(resource, name, &[Broken::said(field, why)])
    }

    /// 422 for an object that cannot be stored: everything that is wrong with it.
    pub(in crate::lab) fn broken(resource: &Resource, name: &str, broken: &[Broken]) -> Self {
        Self::invalid_kind(&resource.kind, &resource.group, name, broken)
    }

    /// One cause is the message itself; several come in brackets, each once (`field.ErrorList.ToAggregate`).
    pub(in crate::lab) fn invalid_kind(kind: &str, group: &str, name: &str, broken: &[Broken]) -> Self {
        let mut texts: Vec<String> = Vec::new();
        for one in broken {
            let text = format!("{}: {}", one.field, one.message);
            if !texts.contains(&text) {
                texts.push(text);
            }
        }
        let text = if let [one] = texts.as_slice() { one.clone() } else { format!("[{}]", texts.join(", ")) };
        let dotted = if group.is_empty() { String::new() } else { format!(".{group}") };
        let message = format!("{kind}{dotted} \"{name}\" is invalid: {text}");
        let cause = |one: &Broken| json!({"reason": one.reason, "message": one.message, "field": one.field});
        let causes: Vec<Value> = broken.iter().map(cause).collect();
        let mut details = Map::new();
        for (key, value) in [("name", name), ("group", group), ("kind", kind)] {
            if !value.is_empty() {
                details.insert(key.to_owned(), json!(value));
            }
        }
        details.insert("causes".to_owned(), json!(causes));
        Self { details: Some(Box::new(details)), ..Self::failure(422, "Invalid", message) }
    }

    pub(in crate::lab::api) fn too_large_version(asked: u64, current: u64) -> Self {
        let message = format!("Timeout: Too large resource version: {asked}, current: {current}");
        let cause = json!({"reason": "ResourceVersionTooLarge", "message": "Too large resource version"});
        Self::failure(504, "Timeout", message).with_details(json!({"causes": [cause]})).with_retry_after(1)
    }
}

/// `details` of a Status about one object; `kind` is the plural, as recorded.
pub(in crate::lab::api) fn about(resource: &Resource, name: &str) -> Map<String, Value> {
    let mut details = Map::new();
    if !name.is_empty() {
        details.insert("name".to_owned(), json!(name));
    }
    if !resource.group.is_empty() {
        details.insert("group".to_owned(), json!(resource.group));
    }
    details.insert("kind".to_owned(), json!(resource.plural));
    details
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::schema::resources::Registry;

    fn resource(word: &str) -> Resource {
        let registry = Registry::built_in();
        registry.get(registry.named(word).unwrap()).as_ref().clone()
    }

    #[test]
    fn bodies_are_those_that_were_recorded() {
        let future = Status::too_large_version(99_999_999, 3779);
        for (status, recorded) in [
            (
                Status::not_found(&resource("deployments"), "nope"),
                include_str!("../fixtures/notfound-object.http"),
            ),
            (Status::unknown_resource(), include_str!("../fixtures/notfound-resource.http")),
            (Status::method_not_allowed(), include_str!("../fixtures/method-not-allowed.http")),
            (Status::unauthorized(), include_str!("../fixtures/unauthorized.http")),
            (future, include_str!("../fixtures/get-future-rv.http")),
        ] {
            let (_, body) = recorded.split_once("\r\n\r\n").unwrap();
            assert_eq!(serde_json::to_string_pretty(&status.to_value()).unwrap(), body.trim_end());
        }
    }

    #[test]
    fn details_name_the_plural_and_a_success_has_no_code() {
        assert_eq!(
            Status::already_exists(&resource("configmaps"), "cm1").to_value().to_string(),
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"configmaps \"cm1\" already exists","reason":"AlreadyExists","details":{"name":"cm1","kind":"configmaps"},"code":409}"#
        );
        assert_eq!(
            Status::deleted(&resource("configmaps"), "cm3", "u").to_value().to_string(),
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","details":{"name":"cm3","kind":"configmaps","uid":"u"}}"#
        );
    }
}
