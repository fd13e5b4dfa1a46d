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

/// The fields of an object that are new or have another value than before; those of one part, status or the rest.
pub(super) fn difference(before: &Value, after: &Value, of: Option<Type>, subresource: &str) -> Value {
    let part = |value: &Value| {
        let mut map = value.as_object().cloned().unwrap_or_default();
        map.retain(|key, _| (key == "status") == (subresource == "status"));
        Value::Object(map)
    };
    let (before, after) = (part(before), part(after));
    let mut set = fields(&after, of);
    drop_same(&mut set, &before, &after);
    set
}

/// Takes out of a set what has the same value in both objects.
fn drop_same(set: &mut Value, before: &Value, after: &Value) {
    let Some(map) = set.as_object_mut() else { return };
    map.retain(|key, below| {
        let (old, new) = (member(before, key), member(after, key));
        let is_leaf = below.as_object().is_none_or(Map::is_empty);
        if key == "." || is_leaf {
            return key != "." && old != new;
        }
        drop_same(below, old.unwrap_or(&Value::Null), new.unwrap_or(&Value::Null));
        below.as_object().is_some_and(|below| !below.is_empty())
    });
}

/// What a key of a set stands for in a value: `f:name`, `k:{…}` or `v:…`.
fn member<'a>(value: &'a Value, key: &str) -> Option<&'a Value> {
    let (kind, name) = key.split_once(':')?;
    if kind == "f" {
        return value.get(name);
    }
    let wanted: Value = serde_json::from_str(name).ok()?;
    let keys: Vec<&str> = wanted.as_object().into_iter().flatten().map(|(key, _)| key.as_str()).collect();
    value.as_array()?.iter().find(|item| match kind {
        "k" => is_same_item(item, &wanted, &keys),
        _ => **item == wanted,
    })
}

/// What is in both sets.
pub(super) fn common(one: &Value, other: &Value) -> Value {
    let (Some(one), Some(other)) = (one.as_object(), other.as_object()) else { return json!({}) };
    let mut both = Map::new();
    for (key, below) in one {
        let Some(there) = other.get(key) else { continue };
        let inner = common(below, there);
        let is_leaf = |value: &Value| value.as_object().is_none_or(Map::is_empty);
        // A map as such and something in it are two things.
        if is_leaf(below) && is_leaf(there) || !is_leaf(&inner) {
            both.insert(key.clone(), inner);
        }
    }
    Value::Object(both)
}

/// Takes the fields of another set out of this one.
pub(super) fn subtract(set: &mut Value, other: &Value) {
    let (Some(map), Some(other)) = (set.as_object_mut(), other.as_object()) else { return };
    map.retain(|key, below| {
        let Some(there) = other.get(key) else { return true };
        let is_leaf = |value: &Value| value.as_object().is_none_or(Map::is_empty);
        if is_leaf(below) || is_leaf(there) {
            return !(is_leaf(below) && is_leaf(there));
        }
        subtract(below, there);
        let is_rest = below.as_object().is_some_and(|below| below.keys().any(|key| key != "."));
        is_rest || below.get(".").is_some()
    });
}

/// The leaves of a set as paths: `.spec.containers[name="c"].image`.
pub(super) fn paths(set: &Value) -> Vec<String> {
    let mut found = Vec::new();
    add_paths(set, "", &mut found);
    found
}

fn add_paths(set: &Value, path: &str, found: &mut Vec<String>) {
    for (key, below) in set.as_object().into_iter().flatten() {
        let (kind, name) = key.split_once(':').unwrap_or((".", ""));
        let path = match kind {
            "f" => format!("{path}.{name}"),
            "k" => {
                let wanted: Value = serde_json::from_str(name).unwrap_or_default();
                let keys = wanted.as_object().into_iter().flatten();
                let keys: Vec<String> = keys.map(|(key, value)| format!("{key}={value}")).collect();
                format!("{path}[{}]", keys.join(","))
            }
            "v" => format!("{path}[={name}]"),
            _ => continue,
        };
        if below.as_object().is_none_or(Map::is_empty) {
            found.push(path);
        } else {
            add_paths(below, &path, found);
        }
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
