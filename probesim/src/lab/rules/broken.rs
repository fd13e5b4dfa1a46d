//! A rule that an object breaks, in the words of `k8s.io/apimachinery/pkg/util/validation/field`.

use serde_json::Value;

/// One field that the API does not take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lab) struct Broken {
    /// Of the cause, such as `FieldValueInvalid`.
    pub(in crate::lab) reason: &'static str,
    /// Such as `spec.containers[0].image`.
    pub(in crate::lab) field: String,
    /// Such as `Required value`.
    pub(in crate::lab) message: String,
}

// === impl Broken ===

impl Broken {
    /// What somebody else has put into words: `Invalid value: …`.
    pub(in crate::lab) fn said(field: &str, message: &str) -> Self {
        let kind = message.split(':').next().unwrap_or_default();
        let reason = match kind {
            "Required value" => "FieldValueRequired",
            "Forbidden" => "FieldValueForbidden",
            "Unsupported value" => "FieldValueNotSupported",
            "Too long" => "FieldValueTooLong",
            _ => "FieldValueInvalid",
        };
        Self { reason, field: field.to_owned(), message: message.to_owned() }
    }

    pub(super) fn required(field: impl Into<String>, why: &str) -> Self {
        let message =
            if why.is_empty() { "Required value".to_owned() } else { format!("Required value: {why}") };
        Self { reason: "FieldValueRequired", field: field.into(), message }
    }

    pub(super) fn invalid(field: impl Into<String>, value: &Value, why: impl AsRef<str>) -> Self {
        Self::invalid_as(field, &shown(value), why)
    }

    /// With a value that is printed as it is: some are not what JSON holds.
    pub(super) fn invalid_as(field: impl Into<String>, value: &str, why: impl AsRef<str>) -> Self {
        let why = why.as_ref();
        let message = if why.is_empty() {
            format!("Invalid value: {value}")
        } else {
            format!("Invalid value: {value}: {why}")
        };
        Self { reason: "FieldValueInvalid", field: field.into(), message }
    }

    pub(super) fn invalid_text(field: impl Into<String>, value: &str, why: impl AsRef<str>) -> Self {
        Self::invalid_as(field, &quoted(value), why)
    }

    /// A value of another type than a custom resource's schema says.
    pub(super) fn wrong_type(field: impl Into<String>, value: &str, why: &str) -> Self {
        Self { reason: "FieldValueTypeInvalid", ..Self::invalid_as(field, value, why) }
    }

    pub(super) fn forbidden(field: impl Into<String>, why: impl AsRef<str>) -> Self {
        let message = format!("Forbidden: {}", why.as_ref());
        Self { reason: "FieldValueForbidden", field: field.into(), message }
    }

    pub(super) fn duplicate(field: impl Into<String>, value: &Value) -> Self {
        let message = format!("Duplicate value: {}", shown(value));
        Self { reason: "FieldValueDuplicate", field: field.into(), message }
    }

    pub(super) fn unsupported(field: impl Into<String>, value: &Value, supported: &[&str]) -> Self {
        let supported: Vec<String> = supported.iter().map(|one| quoted(one)).collect();
        let message =
            format!("Unsupported value: {}: supported values: {}", shown(value), supported.join(", "));
        Self { reason: "FieldValueNotSupported", field: field.into(), message }
    }

    pub(super) fn not_found(field: impl Into<String>, value: &Value) -> Self {
        let message = format!("Not found: {}", shown(value));
        Self { reason: "FieldValueNotFound", field: field.into(), message }
    }

    pub(super) fn too_long(field: impl Into<String>, most: usize) -> Self {
        let message = format!("Too long: may not be more than {most} bytes");
        Self { reason: "FieldValueTooLong", field: field.into(), message }
    }

    pub(super) fn too_many(field: impl Into<String>, found: usize, most: usize) -> Self {
        let message = format!("Too many: {found}: must have at most {most} items");
        Self { reason: "FieldValueTooMany", field: field.into(), message }
    }
}

/// A value as `field.Error` prints it: text in quotes, all else as JSON.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        other => sorted(other).to_string(),
    }
}

/// Text in Go's `%q`.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if (control as u32) < 0x20 || control == '\x7f' => {
                out.push_str(&format!("\\x{:02x}", control as u32));
            }
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

/// Maps of Go are printed in the order of their keys; so are labels and selectors, the values that are shown whole.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().map(|(key, value)| (key.clone(), sorted(value))).collect();
            let is_fields = map.keys().any(|key| matches!(key.as_str(), "key" | "operator" | "matchLabels"));
            if !is_fields {
                entries.sort_by(|one, other| one.0.cmp(&other.0));
            }
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_printed_as_go_prints_them() {
        for (value, text) in [
            (json!("a\"b\n"), r#""a\"b\n""#),
            (json!(-1), "-1"),
            (json!({"b": "c", "a": "b"}), r#"{"a":"b","b":"c"}"#),
            (json!({"matchLabels": {"b": "c", "a": "b"}}), r#"{"matchLabels":{"a":"b","b":"c"}}"#),
        ] {
            assert_eq!(shown(&value), text);
        }
        assert_eq!(Broken::required("a", "").message, "Required value");
        assert_eq!(
            Broken::unsupported("a", &json!("x"), &["A", "B"]).message,
            r#"Unsupported value: "x": supported values: "A", "B""#
        );
    }
}
