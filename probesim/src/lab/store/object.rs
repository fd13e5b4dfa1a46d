//! One stored object: its JSON as it goes over the wire, and the few fields that selection needs.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::fields;
use crate::lab::schema::resources::Resource;

/// An object at one resourceVersion. The JSON is serialised once and shared by every list and watch.
#[derive(Debug)]
pub struct Object {
    pub(in crate::lab) name: String,
    pub(in crate::lab) namespace: String,
    pub(in crate::lab) resource_version: u64,
    pub(super) labels: Vec<(String, String)>,
    pub(super) fields: Vec<(&'static str, String)>,
    json: Bytes,
    /// Where the object goes on after `{"kind":…,"apiVersion":…,`: list items start there.
    item: usize,
}

// === impl Object ===

impl Object {
    /// Serialises `value` with `kind` and `apiVersion` first, as the API server does; version 0 is not shown.
    pub(super) fn new(resource: &Resource, mut value: Value, resource_version: u64) -> Self {
        let fields = fields::values(resource, &value);
        let Value::Object(map) = &mut value else { return Self::new(resource, Value::Object(Map::new()), 0) };
        map.shift_remove("kind");
        map.shift_remove("apiVersion");
        let metadata = metadata(map);
        if resource_version > 0 {
            metadata.insert("resourceVersion".to_owned(), Value::String(resource_version.to_string()));
        }
        let text = |key: &str| metadata.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (name, namespace) = (text("name"), text("namespace"));
        let labels = metadata.get("labels").and_then(Value::as_object).into_iter().flatten();
        let labels =
            labels.filter_map(|(k, v)| Some((k.clone(), v.as_str()?.to_owned()))).collect::<Vec<_>>();
        let mut json =
            format!(r#"{{"kind":"{}","apiVersion":"{}","#, resource.kind, resource.group_version())
                .into_bytes();
        let item = json.len();
        json.extend_from_slice(&value.to_string().as_bytes()[1..]);
        Self { name, namespace, resource_version, labels, fields, json: Bytes::from(json), item }
    }

    /// The whole object as JSON.
    #[must_use]
    pub fn json(&self) -> &Bytes {
        &self.json
    }

    /// The whole object as a tree of its own.
    #[must_use]
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.json).unwrap_or_default()
    }

    /// Appends the object as an item of a list has it: without `kind` and `apiVersion`.
    pub(in crate::lab) fn write_item(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        out.extend_from_slice(&self.json[self.item..]);
    }

    /// The same object with another resourceVersion: the last state, as a DELETED event carries it.
    pub(super) fn restamped(&self, resource: &Resource, resource_version: u64) -> Self {
        Self::new(resource, self.value(), resource_version)
    }

    /// Where the object lies in its collection: lists and initial events come in this order, as in etcd.
    pub(in crate::lab) fn key(&self) -> String {
        key(&self.namespace, &self.name)
    }
}

/// The key of an object: `namespace/name`, or the name alone when its resource is cluster-scoped.
pub(in crate::lab) fn key(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") }
}

/// The object's metadata, made if it has none.
pub(super) fn metadata(object: &mut Map<String, Value>) -> &mut Map<String, Value> {
    let slot = object.entry("metadata").or_insert_with(|| Value::Object(Map::new()));
    if !slot.is_object() {
        *slot = Value::Object(Map::new());
    }
    slot.as_object_mut().expect("it has just been made one")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::schema::resources::Registry;
    use serde_json::json;

    fn pod() -> Object {
        let registry = Registry::built_in();
        let resource = registry.get(registry.named("pods").unwrap());
        let value = json!({"apiVersion": "v1", "metadata": {"name": "a", "namespace": "n", "labels": {"x": "y"}},
                           "kind": "Pod", "status": {"phase": "Running"}});
        Object::new(resource, value, 7)
    }

    #[test]
    fn kind_and_api_version_come_first_and_are_left_out_of_items() {
        let pod = pod();
        let rest = r#""metadata":{"name":"a","namespace":"n","labels":{"x":"y"},"resourceVersion":"7"},"status":{"phase":"Running"}}"#;
        assert_eq!(pod.json(), &format!(r#"{{"kind":"Pod","apiVersion":"v1",{rest}"#));
        let mut item = Vec::new();
        pod.write_item(&mut item);
        assert_eq!(String::from_utf8(item).unwrap(), format!("{{{rest}"));
    }

    #[test]
    fn what_selection_needs_is_read_once() {
        let pod = pod();
        assert_eq!(pod.labels, [("x".to_owned(), "y".to_owned())]);
        assert_eq!(pod.key(), "n/a");
        assert!(pod.fields.contains(&("status.phase", "Running".to_owned())));
    }
}
