//! Server-side apply: what is applied is merged in, and what the same manager applied before and no longer does goes.
//!
//! A field that somebody else has set to another value is a conflict, unless the applier forces it: then it is theirs
//! alone. What clients write is noted, see `manage`; what controllers of the lab write is nobody's.
//! See "Server-Side Apply" in the Kubernetes documentation.

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};
use serde_json::{Map, Value, json};

use super::manage;
use super::owned;
use crate::lab::api::answer::status::Status;
use crate::lab::schema::{Field, Shape, Type};
use crate::lab::store::object;

/// Who applies, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lab) struct Applier<'a> {
    pub(in crate::lab) manager: &'a str,
    pub(in crate::lab) now: &'a str,
    /// Of what is written: `apps/v1`.
    pub(in crate::lab) version: String,
    /// `status`, or nothing.
    pub(in crate::lab) subresource: &'a str,
    pub(in crate::lab) is_forced: bool,
}

/// Reads the body: YAML, and with it JSON.
pub(in crate::lab) fn read(body: &[u8]) -> Result<Value, Status> {
    let refused = |why: &str| Status::bad_request(format!("error decoding YAML: {why}"));
    let value = match serde_json::from_slice(body) {
        Ok(value) => value,
        Err(_) => {
            let text = str::from_utf8(body).map_err(|_| refused("it is not UTF-8"))?;
            let documents = MarkedYaml::load_from_str(text).map_err(|error| refused(error.info()))?;
            documents.first().map_or(Value::Null, typed)
        }
    };
    if value.is_object() { Ok(value) } else { Err(refused("it is not an object")) }
}

/// The object with what is applied merged in, and with a note of who applied it.
///
/// # Errors
/// The fields that others have set to something else.
pub(super) fn apply(
    current: Value,
    mut applied: Value,
    of: Option<Type>,
    by: &Applier<'_>,
) -> Result<Value, Status> {
    let of = of.or_else(Type::any_object);
    let Value::Object(mut map) = current else { return Ok(applied) };
    if let Some(applied) = applied.as_object_mut() {
        object::metadata(applied).shift_remove("managedFields");
    }
    let mine = owned::fields(&applied, of);
    let mut entries = object::metadata(&mut map).shift_remove("managedFields");
    let entries = match &mut entries {
        Some(Value::Array(entries)) => std::mem::take(entries),
        _ => Vec::new(),
    };
    let is_mine = |entry: &Value| {
        entry["manager"] == by.manager
            && entry["operation"] == "Apply"
            && entry["subresource"].as_str().unwrap_or_default() == by.subresource
    };
    let (before, mut others): (Vec<Value>, Vec<Value>) = entries.into_iter().partition(is_mine);
    let mut merged = Value::Object(map);
    manage::settle(&merged, &applied, &mine, &mut others, of, by)?;
    let mut kept = mine.clone();
    for other in &others {
        owned::unite(&mut kept, &other["fieldsV1"]);
    }
    if let Some(before) = before.first() {
        owned::remove(&mut merged, &before["fieldsV1"], &kept);
    }
    merge(&mut merged, applied, of, None);
    let entry = match before.into_iter().next() {
        Some(same) if same["fieldsV1"] == mine => same,
        _ => manage::entry("Apply", mine, by),
    };
    others.insert(0, entry);
    if let Some(map) = merged.as_object_mut() {
        object::metadata(map).insert("managedFields".to_owned(), Value::Array(others));
    }
    Ok(merged)
}

fn merge(target: &mut Value, applied: Value, of: Option<Type>, field: Option<Field>) {
    if field.is_some_and(|field| field.is_atomic()) {
        *target = applied;
        return;
    }
    match (target, applied) {
        (Value::Object(target), Value::Object(applied)) => {
            for (key, value) in applied {
                merge_field(target, key, value, of);
            }
        }
        (Value::Array(target), Value::Array(applied)) => match field.and_then(|field| field.apply_keys()) {
            None => *target = applied,
            Some(keys) => {
                for item in applied {
                    let same = target.iter_mut().find(|one| owned::is_same_item(one, &item, &keys));
                    match same {
                        Some(one) => merge(one, item, field.and_then(|field| field.part()), None),
                        None => target.push(item),
                    }
                }
            }
        },
        (target, applied) => *target = applied,
    }
}

fn merge_field(target: &mut Map<String, Value>, key: String, value: Value, of: Option<Type>) {
    if value.is_null() {
        target.shift_remove(&key);
        return;
    }
    let field = of.and_then(|of| of.field(&key));
    let part = field.filter(|field| field.shape == Shape::One).and_then(|field| field.part());
    match target.get_mut(&key) {
        Some(before) => merge(before, value, part, field),
        None => {
            target.insert(key, value);
        }
    }
}

/// A number without a fraction is an integer, however it is written (`5.0`, `1e1`): Go prints it so.
pub(in crate::lab) fn whole(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 1e15 { json!(number as i64) } else { json!(number) }
}

/// Scalars by YAML's core schema.
fn typed(yaml: &MarkedYaml<'_>) -> Value {
    match &yaml.data {
        YamlData::Value(Scalar::Boolean(value)) => json!(value),
        YamlData::Value(Scalar::Integer(value)) => json!(value),
        YamlData::Value(Scalar::FloatingPoint(value)) => whole(value.into_inner()),
        YamlData::Value(Scalar::String(value)) => json!(value),
        YamlData::Representation(text, ..) => json!(text),
        YamlData::Sequence(items) => items.iter().map(typed).collect(),
        YamlData::Mapping(entries) => {
            let entry = |(key, value)| match typed(key) {
                Value::String(key) => (key, typed(value)),
                other => (other.to_string(), typed(value)),
            };
            Value::Object(entries.iter().map(entry).collect())
        }
        YamlData::Tagged(_, inner) => typed(inner),
        YamlData::Value(Scalar::Null) | YamlData::Alias(_) | YamlData::BadValue => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pod(spec: &str) -> Value {
        read(format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {spec}\n").as_bytes()).unwrap()
    }

    fn by(manager: &str) -> Applier<'_> {
        Applier { manager, now: "now", version: "v1".to_owned(), subresource: "", is_forced: true }
    }

    fn applied(current: Value, manager: &str, spec: &str) -> Value {
        apply(current, pod(spec), Type::named("Pod"), &by(manager)).unwrap()
    }

    #[test]
    fn others_fields_stay_and_items_merge_by_their_keys() {
        let current = json!({"metadata": {"name": "p", "labels": {"other": "x"}}, "spec": {
            "nodeName": "lab", "containers": [{"name": "a", "image": "old", "ports": [{"containerPort": 53, "protocol": "UDP"}]}]}});
        let merged = applied(
            current,
            "me",
            "{containers: [{name: a, image: new, ports: [{containerPort: 53}]}, {name: b}]}",
        );
        assert_eq!(merged["metadata"]["labels"]["other"], "x");
        assert_eq!(
            merged["spec"],
            json!({"nodeName": "lab", "containers": [
            {"name": "a", "image": "new", "ports": [{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53}]},
            {"name": "b"}]})
        );
    }

    #[test]
    fn what_is_no_longer_applied_goes_unless_another_applies_it() {
        let first = applied(
            json!({}),
            "me",
            "{hostname: h, subdomain: s, containers: [{name: a, env: [{name: A, value: '1'}, {name: B, value: '2'}]}]}",
        );
        let shared =
            applied(first, "you", "{subdomain: s, containers: [{name: a, env: [{name: B, value: '2'}]}]}");
        let last = applied(shared, "me", "{containers: [{name: a, env: []}]}");
        assert_eq!(
            last["spec"],
            json!({"subdomain": "s", "containers": [{"name": "a", "env": [{"name": "B", "value": "2"}]}]})
        );
        let managers: Vec<_> =
            last["metadata"]["managedFields"].as_array().unwrap().iter().map(|one| &one["manager"]).collect();
        assert_eq!(managers, ["me", "you"]);
    }

    #[test]
    fn applying_the_same_again_changes_nothing() {
        let first = applied(json!({}), "me", "{containers: [{name: a}]}");
        let again = apply(first.clone(), pod("{containers: [{name: a}]}"), Type::named("Pod"), &by("me"));
        assert_eq!(again.unwrap(), first);
    }

    #[test]
    fn selectors_are_replaced_and_scalars_keep_their_types() {
        let current = json!({"spec": {"selector": {"matchLabels": {"a": "b"}}, "replicas": 1}});
        let wanted = read(b"spec: {selector: {matchLabels: {c: d}}, replicas: 2, paused: true}").unwrap();
        let merged = apply(current, wanted, Type::named("Deployment"), &by("me")).unwrap();
        assert_eq!(
            merged["spec"],
            json!({"selector": {"matchLabels": {"c": "d"}}, "replicas": 2, "paused": true})
        );
    }
}
