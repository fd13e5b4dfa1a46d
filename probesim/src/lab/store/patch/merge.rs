//! JSON merge patch (RFC 7396).

use serde_json::{Map, Value};

/// The patched value.
pub(in crate::lab) fn apply(target: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else { return patch };
    let mut merged = match target {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    for (key, value) in patch {
        if value.is_null() {
            merged.shift_remove(&key);
        } else {
            let before = merged.get_mut(&key).map_or(Value::Null, Value::take);
            merged.insert(key, apply(before, value));
        }
    }
    Value::Object(merged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn merge_patches_follow_the_rfc() {
        for (target, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": ["b"]}), json!({"a": ["c", "d"]}), json!({"a": ["c", "d"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
            (json!([1]), json!({"a": 1}), json!({"a": 1})),
        ] {
            assert_eq!(apply(target.clone(), patch.clone()), result, "{target} {patch}");
        }
    }
}
