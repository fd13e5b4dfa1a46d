//! Sets of fields, as `managedFields` hold them (`FieldsV1`): which fields an applier has said something about.
//!
//! Format: `fieldsV1` in `ManagedFieldsEntry`; rules: `sigs.k8s.io/structured-merge-diff`.

use serde_json::{Map, Value, json};

use crate::lab::schema::{Field, Shape, Type};

/// What everybody sets or nobody may own (`stripSet`).
const UNOWNED: [&str; 7] =
    ["name", "namespace", "creationTimestamp", "uid", "generation", "managedFields", "resourceVersion"];

/// The fields of an applied object.
pub(super) fn fields(applied: &Value, of: Option<Type>) -> Value {
    let mut applied = applied.clone();
    if let Some(map) = applied.as_object_mut() {
        map.retain(|key, _| key != "kind" && key != "apiVersion");
        if let Some(Value::Object(metadata)) = map.get_mut("metadata") {
            metadata.retain(|key, _| !UNOWNED.contains(&key.as_str()));
            if metadata.is_empty() {
                map.shift_remove("metadata");
            }
        }
    }
    let map = applied.as_object().cloned().unwrap_or_default();
    fields_of_map(&map, of)
}

fn fields_of_map(map: &Map<String, Value>, of: Option<Type>) -> Value {
    let entry = |(key, value): (&String, &Value)| {
        let field = of.and_then(|of| of.field(key));
        (format!("f:{key}"), fields_of_value(value, field))
    };
    Value::Object(map.iter().filter(|(_, value)| !value.is_null()).map(entry).collect())
}

fn fields_of_value(value: &Value, field: Option<Field>) -> Value {
    let part = field.and_then(|field| field.part());
    match value {
        Value::Object(map) if !field.is_some_and(|field| field.is_atomic()) => {
            fields_of_map(map, part.filter(|_| field.is_some_and(|field| field.shape == Shape::One)))
        }
        Value::Array(items) => {
            let Some(keys) = field.and_then(|field| field.apply_keys()) else { return json!({}) };
            let entry = |item: &Value| match item {
                Value::Object(map) => {
                    let mut inner = fields_of_map(map, part);
                    inner["."] = json!({});
                    (format!("k:{}", key_of(item, &keys)), inner)
                }
                plain => (format!("v:{plain}"), json!({})),
            };
            Value::Object(items.iter().map(entry).collect())
        }
        _ => json!({}),
    }
}

/// Adds the fields of another set.
pub(super) fn unite(set: &mut Value, other: &Value) {
    let (Some(set), Some(other)) = (set.as_object_mut(), other.as_object()) else { return };
    for (key, below) in other {
        unite(set.entry(key.clone()).or_insert_with(|| json!({})), below);
    }
}

/// Takes out of an object what is in one set and not in another.
pub(super) fn remove(value: &mut Value, set: &Value, kept: &Value) {
    for (key, below) in set.as_object().into_iter().flatten() {
        let kept = kept.get(key);
        match (value.as_object_mut(), key.split_once(':')) {
            (Some(map), Some(("f", name))) => {
                let Some(inner) = map.get_mut(name) else { continue };
                let is_leaf = below.as_object().is_none_or(Map::is_empty);
                if !is_leaf {
                    remove(inner, below, kept.unwrap_or(&Value::Null));
                }
                if kept.is_none() && (is_leaf || is_empty(inner)) {
                    map.shift_remove(name);
                }
            }
            (None, Some((kind, item))) => remove_item(value, kind, item, below, kept),
            _ => {}
        }
    }
}

fn remove_item(list: &mut Value, kind: &str, item: &str, below: &Value, kept: Option<&Value>) {
    let Some(list) = list.as_array_mut() else { return };
    let wanted: Value = serde_json::from_str(item).unwrap_or_default();
    let keys: Vec<&str> = wanted.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
    let is_it = |one: &Value| if kind == "k" { is_same_item(one, &wanted, &keys) } else { *one == wanted };
    let Some(at) = list.iter().position(is_it) else { return };
    match kept {
        None => {
            list.remove(at);
        }
        Some(kept) => remove(&mut list[at], below, kept),
    }
}

/// Whether two items of a list are one by their keys; without keys, by their value.
pub(super) fn is_same_item(one: &Value, other: &Value, keys: &[&str]) -> bool {
    if keys.is_empty() { one == other } else { key_of(one, keys) == key_of(other, keys) }
}

/// The key of an item; a port without a protocol is TCP.
fn key_of(item: &Value, keys: &[&str]) -> Value {
    let value = |key: &&str| match item.get(*key) {
        None if **key == *"protocol" => json!("TCP"),
        found => found.cloned().unwrap_or_default(),
    };
    Value::Object(keys.iter().map(|key| ((*key).to_owned(), value(key))).collect())
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(map) => map.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_names_fields_items_and_values_as_managed_fields_do() {
        let applied = json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "p", "labels": {"app": "a"}, "finalizers": ["x"]},
            "spec": {"containers": [{"name": "c", "ports": [{"containerPort": 80}], "args": ["a"]}]}});
        assert_eq!(
            fields(&applied, Type::named("Pod")),
            json!({
                "f:metadata": {"f:labels": {"f:app": {}}, "f:finalizers": {"v:\"x\"": {}}},
                "f:spec": {"f:containers": {"k:{\"name\":\"c\"}": {".": {}, "f:name": {}, "f:args": {},
                    "f:ports": {"k:{\"containerPort\":80,\"protocol\":\"TCP\"}": {".": {}, "f:containerPort": {}}}}}},
            })
        );
    }

    #[test]
    fn only_what_nobody_keeps_is_taken_out() {
        let mut object = json!({"spec": {"a": 1, "b": {"c": 1}, "l": ["x", "y"]}});
        let set = json!({"f:spec": {"f:a": {}, "f:b": {"f:c": {}}, "f:l": {"v:\"x\"": {}, "v:\"y\"": {}}}});
        remove(&mut object, &set, &json!({"f:spec": {"f:l": {"v:\"y\"": {}}}}));
        assert_eq!(object, json!({"spec": {"l": ["y"]}}));
    }
}
