//! Patches: JSON merge patch (RFC 7396), and the part of Kubernetes' strategic merge patch that clients of a lab use.

use serde_json::{Map, Value};

/// How a patch is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `application/merge-patch+json`: lists are replaced.
    Merge,
    /// `application/strategic-merge-patch+json`: lists with a merge key are merged.
    Strategic,
}

/// The patched object.
pub(super) fn apply(kind: Kind, target: Value, patch: Value) -> Value {
    let Value::Object(patch) = patch else { return patch };
    let mut merged = match target {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    for (key, value) in patch {
        if kind == Kind::Strategic && key.starts_with('$') {
            continue;
        }
        if value.is_null() {
            merged.shift_remove(&key);
            continue;
        }
        let before = merged.get_mut(&key).map_or(Value::Null, Value::take);
        let after = match (merge_key(kind, &key), before, value) {
            (Some(by), Value::Array(before), Value::Array(patch)) => merge_list(by, before, patch),
            (_, before, value) => apply(kind, before, value),
        };
        merged.insert(key, after);
    }
    Value::Object(merged)
}

/// The `patchMergeKey` of a list; `""` where plain values are united (`finalizers`).
fn merge_key(kind: Kind, list: &str) -> Option<&'static str> {
    if kind == Kind::Merge {
        return None;
    }
    match list {
        "conditions" => Some("type"),
        "containers" | "initContainers" | "ephemeralContainers" | "env" | "volumes" | "imagePullSecrets" => {
            Some("name")
        }
        "volumeMounts" => Some("mountPath"),
        "ownerReferences" => Some("uid"),
        "addresses" => Some("type"),
        "finalizers" => Some(""),
        _ => None,
    }
}

fn merge_list(by: &str, mut list: Vec<Value>, patch: Vec<Value>) -> Value {
    for item in patch {
        let same = |one: &Value| if by.is_empty() { *one == item } else { one[by] == item[by] };
        match list.iter().position(same) {
            Some(at) if item["$patch"] == "delete" => {
                list.remove(at);
            }
            Some(at) => list[at] = apply(Kind::Strategic, list[at].take(), item),
            None if item["$patch"] == "delete" => {}
            None => list.push(item),
        }
    }
    Value::Array(list)
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
            assert_eq!(apply(Kind::Merge, target.clone(), patch.clone()), result, "{target} {patch}");
        }
    }

    #[test]
    fn strategic_patches_merge_lists_by_their_key() {
        let target =
            json!({"status": {"conditions": [{"type": "Ready", "status": "False"}, {"type": "Old"}]}});
        let patch = json!({"status": {"$setElementOrder/conditions": [], "conditions": [
            {"type": "Ready", "status": "True"}, {"type": "New"}, {"type": "Old", "$patch": "delete"}]}});
        let merged =
            json!({"status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "New"}]}});
        assert_eq!(apply(Kind::Strategic, target, patch), merged);
        let finalizers =
            apply(Kind::Strategic, json!({"finalizers": ["a"]}), json!({"finalizers": ["a", "b"]}));
        assert_eq!(finalizers, json!({"finalizers": ["a", "b"]}));
    }
}
