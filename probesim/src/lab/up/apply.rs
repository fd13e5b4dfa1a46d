//! Puts the objects of manifests into the API.

use serde_json::{Value, json};

use crate::lab::api::answer::status::Status;
use crate::lab::schema::Type;
use crate::lab::schema::conform::{WrongType, conform};
use crate::lab::store::live::LiveStore;
use crate::lab::store::prepare::prepare;
use crate::lab::store::write::{self, Part, Place};
use crate::manifest::{Object, template_path};

/// The objects in the order in which they are needed: namespaces, definitions, what pods read, what makes pods;
/// otherwise as they are written.
pub(super) fn in_order(objects: &[Object]) -> Vec<&Object> {
    let mut sorted: Vec<&Object> = objects.iter().collect();
    sorted.sort_by_key(|object| match object.kind() {
        "Namespace" => 0,
        "CustomResourceDefinition" => 1,
        _ if template_path(object).is_none() => 2,
        _ => 3,
    });
    sorted
}

/// Creates an object as a client does, in `namespace` if it names none.
pub(super) fn apply(store: &LiveStore, object: &Object, namespace: &str) -> Result<(), Status> {
    let mut value = object.value.clone();
    if let Some(of) = Type::of_object(object.text("apiVersion"), object.kind()) {
        // What the kind does not have is said elsewhere; zeroes that mean absence go.
        conform(&mut value, of).map_err(|WrongType { field, why }| {
            let cause = json!({"field": field, "message": why});
            Status::bad_request(why).with_details(json!({"causes": [cause]}))
        })?;
    }
    store.write(|store, birth| {
        let version = value["apiVersion"].as_str().unwrap_or_default();
        let id = store.registry().of_object(version, object.kind()).ok_or_else(|| {
            Status::bad_request(format!(
                "no resource is known for kind {:?} in version {version:?}",
                object.kind()
            ))
        })?;
        let resource = store.resource(id).clone();
        let own = object.text("metadata.namespace");
        let namespace = match (resource.namespaced, own) {
            (false, _) => "",
            (true, "") => namespace,
            (true, own) => own,
        };
        let name = object.name();
        prepare(&resource, &mut value);
        write::create(store, Place { id, namespace, name }, value, Part::Main, birth, false).map(drop)
    })
}

/// The namespaces that have to be there: `default`, `namespace`, and those of objects, without those that are
/// objects themselves.
pub(super) fn namespaces<'a>(objects: &'a [Object], namespace: &'a str) -> Vec<&'a str> {
    let named =
        objects.iter().map(|object| object.text("metadata.namespace")).filter(|name| !name.is_empty());
    let mut names: Vec<&str> = ["default", namespace].into_iter().chain(named).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| !objects.iter().any(|object| object.kind() == "Namespace" && object.name() == *name));
    names
}

/// A namespace as an object.
pub(super) fn namespace(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}},
        "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"},
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::store::Store;
    use std::path::Path;

    fn object(kind: &str, name: &str, namespace: Option<&str>) -> Object {
        let version = if kind == "Deployment" { "apps/v1" } else { "v1" };
        let mut value = json!({"apiVersion": version, "kind": kind, "metadata": {"name": name}});
        if let Some(namespace) = namespace {
            value["metadata"]["namespace"] = json!(namespace);
        }
        Object::new(Path::new("m.yaml"), 1, value)
    }

    #[test]
    fn pods_come_after_what_they_read() {
        let objects = [
            object("Deployment", "d", None),
            object("Pod", "p", None),
            object("ConfigMap", "c", None),
            object("Namespace", "n", None),
            object("Secret", "s", None),
        ];
        let names: Vec<_> = in_order(&objects).into_iter().map(Object::name).collect();
        assert_eq!(names, ["n", "c", "s", "d", "p"]);
    }

    #[test]
    fn objects_go_where_they_say_or_into_the_labs_namespace() {
        let store = LiveStore::new(Store::new(1, 10));
        for object in
            [object("Pod", "a", None), object("Pod", "b", Some("other")), object("Namespace", "x", None)]
        {
            apply(&store, &object, "shop").unwrap();
        }
        assert!(store.get("pods", "shop", "a").is_some() && store.get("pods", "other", "b").is_some());
        assert!(store.get("namespaces", "", "x").is_some());
        let unknown = apply(&store, &object("Nope", "n", None), "shop").unwrap_err();
        assert!(unknown.message.contains("no resource is known for kind \"Nope\""));
    }

    #[test]
    fn each_namespace_is_made_once() {
        let objects = [
            object("Pod", "a", Some("x")),
            object("Pod", "b", Some("x")),
            object("Pod", "c", Some("y")),
            object("Namespace", "y", None),
        ];
        assert_eq!(namespaces(&objects, "shop"), ["default", "shop", "x"]);
    }
}
