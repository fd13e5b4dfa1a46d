//! Reads the object of a request as the API server's decoder does: syntax, fields given twice, kind and version.

use std::cell::RefCell;
use std::fmt;

use bytes::Bytes;
use hyper::http::request::Parts;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::lab::api::answer::status::Status;
use crate::lab::api::body;
use crate::lab::schema::resources::{Registry, Resource};

/// Deeper than any object of Kubernetes; Go's decoder stops at 10,000, which no stack of ours would bear.
const MOST_DUPLICATES: usize = 100;

/// Reads a body, and the paths of fields that it gives twice.
pub(super) fn read(head: &Parts, bytes: &Bytes, resource: &Resource) -> Result<(Value, Vec<String>), Status> {
    if !matches!(body::content_type(head), "" | "application/json") {
        return body::parse(head, bytes).map(|value| (value, Vec::new()));
    }
    let value: Value = serde_json::from_slice(bytes).map_err(|error| {
        let why = go_error(&error, bytes);
        let kind = &resource.kind;
        Status::bad_request(format!(
            "the object provided is unrecognized (must be of type {kind}): couldn't get version/kind; json parse error: \
             {why} ({})",
            summary(bytes)
        ))
    })?;
    if !value.is_object() {
        let found = if value.is_array() { "array" } else { "value" };
        return Err(Status::bad_request(format!(
            "the object provided is unrecognized (must be of type {}): couldn't get version/kind; json parse error: json: \
             cannot unmarshal {found} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; \
             Kind string \"json:\\\"kind,omitempty\\\"\" }} ({})",
            resource.kind,
            summary(bytes)
        )));
    }
    Ok((value, duplicates(bytes)))
}

/// `summarizeData` of the API server.
fn summary(bytes: &[u8]) -> String {
    const MOST: usize = 30;
    match bytes.first() {
        None => "<empty>".to_owned(),
        Some(b'{') => {
            let text = String::from_utf8_lossy(bytes.get(..MOST).unwrap_or(bytes)).into_owned();
            if bytes.len() > MOST { format!("{text} ...") } else { text }
        }
        Some(_) => {
            let shown = bytes.get(..MOST).unwrap_or(bytes);
            let text: String = shown.iter().map(|byte| format!("{byte:02x}")).collect();
            if bytes.len() > MOST { format!("{text} ...") } else { text }
        }
    }
}

/// What Go's `encoding/json` says of the same text.
pub(in crate::lab) fn go_error(error: &serde_json::Error, bytes: &[u8]) -> String {
    if error.is_eof() {
        return "unexpected end of JSON input".to_owned();
    }
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    let found = line.chars().nth(error.column().saturating_sub(1)).unwrap_or('\0');
    let said = error.to_string();
    if said.contains("recursion limit") {
        return "exceeded max depth".to_owned();
    }
    let place = [
        ("key must be a string", "looking for beginning of object key string"),
        ("trailing comma", "looking for beginning of value"),
        ("expected `,` or `}`", "after object key:value pair"),
        ("expected `,` or `]`", "after array element"),
        ("expected `:`", "after object key"),
        ("trailing characters", "after top-level value"),
        ("control character", "in string literal"),
        ("invalid escape", "in string escape code"),
        ("invalid number", "in numeric literal"),
    ];
    let place = place
        .iter()
        .find(|(ours, _)| said.contains(ours))
        .map_or("looking for beginning of value", |(_, go)| go);
    format!("invalid character {found:?} {place}")
}

/// The paths of fields that are given more than once, in their order.
fn duplicates(bytes: &[u8]) -> Vec<String> {
    let found = RefCell::new(Vec::new());
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let seed = Scan { path: String::new(), found: &found };
    // The text has been read once already.
    let _ = seed.deserialize(&mut reader);
    found.into_inner()
}

struct Scan<'a> {
    path: String,
    found: &'a RefCell<Vec<String>>,
}

// === impl Scan ===

impl<'de> DeserializeSeed<'de> for Scan<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scan<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut at = 0_usize;
        while items
            .next_element_seed(Scan { path: format!("{}[{at}]", self.path), found: self.found })?
            .is_some()
        {
            at += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = std::collections::HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            let path = if self.path.is_empty() { key.clone() } else { format!("{}.{key}", self.path) };
            if !seen.insert(key) && self.found.borrow().len() < MOST_DUPLICATES {
                self.found.borrow_mut().push(path.clone());
            }
            map.next_value_seed(Scan { path, found: self.found })?;
        }
        Ok(())
    }
}

/// An object of another kind, or of a version that there is not, in the words of the API server's scheme.
pub(super) fn check_kind(registry: &Registry, resource: &Resource, value: &Value) -> Result<(), Status> {
    let text = |field: &str| value[field].as_str().unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    let expected = resource.group_version();
    let is_other_version = !version.is_empty() && version != expected;
    let is_other_kind = !kind.is_empty() && kind != resource.kind;
    if !is_other_version && !is_other_kind {
        return Ok(());
    }
    let wanted = &resource.kind;
    let version = if version.is_empty() { &expected } else { version };
    let kind = if kind.is_empty() { wanted } else { kind };
    let number = version.rsplit('/').next().unwrap_or_default();
    let handled = format!("{kind} in version {number:?} cannot be handled as a {wanted}");
    match registry.of_object(version, kind).map(|id| registry.get(id)) {
        Some(other) if kind != wanted && !other.is_custom && !resource.is_custom => {
            let package = package(&resource.group);
            Err(Status::bad_request(format!(
                "{handled}: converting ({number}.{kind}) to ({package}.{wanted}): unknown conversion"
            )))
        }
        Some(_) => Err(Status::bad_request(format!(
            "the API version in the data ({version}) does not match the expected API version ({expected})"
        ))),
        None => Err(Status::bad_request(format!(
            "{handled}: no kind {kind:?} is registered for version {version:?} in scheme \"pkg/runtime/scheme.go:111\""
        ))),
    }
}

/// The Go package of a group's own types.
fn package(group: &str) -> &str {
    match group {
        "" => "core",
        "rbac.authorization.k8s.io" => "rbac",
        group => group.split('.').next().unwrap_or(group),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_given_twice_are_named() {
        let text = br#"{"a": 1, "b": {"c": [{"d": 1, "d": 2}]}, "a": 2}"#;
        assert_eq!(duplicates(text), ["b.c[0].d", "a"]);
    }

    #[test]
    fn another_kind_or_version_is_refused_in_the_words_of_the_scheme() {
        let registry = Registry::built_in();
        let config_maps = registry.get(registry.named("configmaps").unwrap());
        let of = |value: Value| check_kind(&registry, config_maps, &value).map_err(|status| status.message);
        assert_eq!(of(json!({})), Ok(()));
        let words = "Pod in version \"v1\" cannot be handled as a ConfigMap: converting (v1.Pod) to (core.ConfigMap): unknown \
                     conversion";
        assert_eq!(of(json!({"apiVersion": "v1", "kind": "Pod"})), Err(words.to_owned()));
        let words = "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: no kind \"ConfigMap\" is registered for \
                     version \"apps/v1\" in scheme \"pkg/runtime/scheme.go:111\"";
        assert_eq!(of(json!({"apiVersion": "apps/v1", "kind": "ConfigMap"})), Err(words.to_owned()));
    }

    #[test]
    fn broken_json_is_described_as_go_does() {
        for (text, words) in [
            ("{", "unexpected end of JSON input"),
            ("{x}", "invalid character 'x' looking for beginning of object key string"),
            ("{\"a\": }", "invalid character '}' looking for beginning of value"),
            ("{} x", "invalid character 'x' after top-level value"),
        ] {
            let error = serde_json::from_str::<Value>(text).unwrap_err();
            assert_eq!(go_error(&error, text.as_bytes()), words);
        }
        assert_eq!(summary(b"{\"a\""), "{\"a\"");
        assert_eq!(summary(b"[1]"), "5b315d");
        assert_eq!(summary(b""), "<empty>");
    }
}
