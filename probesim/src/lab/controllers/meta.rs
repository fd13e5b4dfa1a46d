//! What every controller reads of an object: its metadata, owners, labels, numbers and times.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::lab::timestamp;

const LARGEST: i64 = i32::MAX as i64;

/// The text at a JSON pointer, empty when there is none.
pub(super) fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The number at a JSON pointer.
pub(super) fn number(value: &Value, pointer: &str) -> Option<i64> {
    value.pointer(pointer).and_then(Value::as_i64)
}

/// The number at a JSON pointer; an absent counter is 0, as `omitempty` leaves it out.
pub(super) fn count(value: &Value, pointer: &str) -> i64 {
    number(value, pointer).unwrap_or(0)
}

/// `spec.replicas`, 1 when absent, and never what an `int32` cannot hold.
pub(super) fn replicas(object: &Value) -> i64 {
    number(object, "/spec/replicas").unwrap_or(1).clamp(0, LARGEST)
}

/// A number of a spec that counts something: 0 when absent, and never what an `int32` cannot hold.
pub(super) fn size(object: &Value, pointer: &str) -> i64 {
    count(object, pointer).clamp(0, LARGEST)
}

/// Sets what lies at a path, making objects on the way where there are none.
pub(super) fn put(value: &mut Value, path: &[&str], new: Value) {
    let mut at = value;
    for key in path {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        at = &mut at[*key];
    }
    *at = new;
}

pub(super) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

pub(super) fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

pub(super) fn uid(object: &Value) -> &str {
    text(object, "/metadata/uid")
}

pub(super) fn label<'a>(object: &'a Value, key: &str) -> &'a str {
    object["metadata"]["labels"][key].as_str().unwrap_or_default()
}

pub(super) fn annotation<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object["metadata"]["annotations"][key].as_str()
}

pub(super) fn is_deleting(object: &Value) -> bool {
    object["metadata"]["deletionTimestamp"].is_string()
}

pub(super) fn owners(object: &Value) -> impl Iterator<Item = &Value> {
    object["metadata"]["ownerReferences"].as_array().into_iter().flatten()
}

/// The owner reference of the one controller that an object may have.
pub(super) fn controller(object: &Value) -> Option<&Value> {
    owners(object).find(|owner| owner["controller"] == true)
}

/// `metav1.NewControllerRef`
pub(super) fn owner_reference(owner: &Value) -> Value {
    json!({"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": name(owner), "uid": uid(owner),
           "controller": true, "blockOwnerDeletion": true})
}

/// The time at a JSON pointer, since 1970; Kubernetes keeps whole seconds.
pub(super) fn time(value: &Value, pointer: &str) -> Option<Duration> {
    timestamp::parse(value.pointer(pointer)?.as_str()?).map(Duration::from_secs)
}

/// A time as objects hold it.
pub(super) fn stamp(now: Duration) -> Value {
    json!(timestamp::format(now.as_secs()))
}

/// Whole seconds of a field, as a duration, within what an `int32` can hold.
pub(super) fn seconds(value: &Value, pointer: &str) -> Option<Duration> {
    let whole = number(value, pointer)?.clamp(0, LARGEST);
    whole.try_into().ok().map(Duration::from_secs)
}

/// Sets a counter of a status, which is left out when it is 0.
pub(super) fn set_count(status: &mut Map<String, Value>, key: &str, count: i64) {
    if count != 0 {
        status.insert(key.to_owned(), json!(count));
    }
}

/// Conditions of a status, by their type.
pub(super) fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    object["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == kind)
}

/// Whether a label selector (`matchLabels`, `matchExpressions`) selects an object.
pub(in crate::lab) fn selects(selector: &Value, object: &Value) -> bool {
    let labels = &object["metadata"]["labels"];
    let terms = selector["matchExpressions"].as_array();
    has_labels(&selector["matchLabels"], labels)
        && terms.into_iter().flatten().all(|term| holds(term, labels))
}

/// Whether every label of the first map is in the second one.
pub(super) fn has_labels(wanted: &Value, labels: &Value) -> bool {
    wanted.as_object().into_iter().flatten().all(|(key, value)| labels[key] == *value)
}

fn holds(term: &Value, labels: &Value) -> bool {
    let value = term["key"].as_str().and_then(|key| labels.get(key));
    let is_listed = || term["values"].as_array().into_iter().flatten().any(|one| Some(one) == value);
    match term["operator"].as_str() {
        Some("In") => is_listed(),
        Some("NotIn") => !is_listed(),
        Some("Exists") => value.is_some(),
        Some("DoesNotExist") => value.is_none(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_select_by_equality_and_by_expressions() {
        let object = json!({"metadata": {"labels": {"app": "web", "tier": "front"}}});
        let expression = |operator: &str, key: &str, values: &[&str]| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
        for (selector, selected) in [
            (json!({"matchLabels": {"app": "web"}}), true),
            (json!({"matchLabels": {"app": "web", "other": "x"}}), false),
            (expression("In", "tier", &["back", "front"]), true),
            (expression("NotIn", "tier", &["front"]), false),
            (expression("NotIn", "none", &["front"]), true),
            (expression("Exists", "tier", &[]), true),
            (expression("DoesNotExist", "tier", &[]), false),
        ] {
            assert_eq!(selects(&selector, &object), selected, "{selector}");
        }
    }
}
