//! What the API server makes of an object before it stores it, whoever runs beside it: fields that are for writing
//! only, and labels that it sets itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::lab::schema::resources::Resource;

/// Prepares a new or changed object.
pub(in crate::lab) fn prepare(resource: &Resource, object: &mut Value) {
    match (resource.group.as_str(), resource.plural.as_str()) {
        ("", "secrets") => secret(object),
        ("", "namespaces") => {
            let name = object["metadata"]["name"].clone();
            object["metadata"]["labels"]["kubernetes.io/metadata.name"] = name;
        }
        _ => {}
    }
}

/// `stringData` goes into `data`, and no type is `Opaque`.
fn secret(object: &mut Value) {
    let plain = object.as_object_mut().and_then(|map| map.shift_remove("stringData"));
    for (key, value) in plain.as_ref().and_then(Value::as_object).into_iter().flatten() {
        object["data"][key] = json!(STANDARD.encode(value.as_str().unwrap_or_default()));
    }
    if object["type"].is_null() {
        object["type"] = json!("Opaque");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::schema::resources::Registry;

    #[test]
    fn secrets_and_namespaces_are_completed() {
        let registry = Registry::built_in();
        for (word, mut object, expected) in [
            ("secrets", json!({"stringData": {"a": "b"}}), json!({"data": {"a": "Yg=="}, "type": "Opaque"})),
            (
                "secrets",
                json!({"type": "t", "data": {"a": "Yg=="}}),
                json!({"type": "t", "data": {"a": "Yg=="}}),
            ),
            (
                "namespaces",
                json!({"metadata": {"name": "n"}}),
                json!({"metadata": {"name": "n", "labels": {"kubernetes.io/metadata.name": "n"}}}),
            ),
            ("configmaps", json!({"data": {}}), json!({"data": {}})),
        ] {
            prepare(registry.get(registry.named(word).unwrap()), &mut object);
            assert_eq!(object, expected);
        }
    }
}
