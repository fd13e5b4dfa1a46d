//! OpenAPI v3: what `kubectl` looks up before it writes (is there server-side validation?) and for `explain`.
//!
//! Paths and query parameters are those that are served; schemas have names and types, and no descriptions.
//! See "OpenAPI V3" in the Kubernetes documentation. OpenAPI v2 is not served.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::lab::schema::resources::{Registry, Resource};
use crate::lab::schema::{Field, Of, Shape, Type};

/// `/openapi/v3`: where the document of each group and version is; the hash changes with the resources.
pub(super) fn index(registry: &Registry) -> Value {
    let versions: BTreeSet<(&str, &str)> =
        registry.iter().map(|one| (one.group.as_str(), one.version.as_str())).collect();
    let entry = |(group, version): (&str, &str)| {
        let path =
            if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") };
        let names = members(registry, group, version).flat_map(|one| one.plural.bytes());
        let url = format!("/openapi/v3/{path}?hash={:016X}", super::plain::fingerprint(names));
        (path, json!({"serverRelativeURL": url}))
    };
    json!({"paths": Value::Object(versions.into_iter().map(entry).collect())})
}

/// The document of one group and version; `None` if there is no such version.
pub(super) fn document(registry: &Registry, group: &str, version: &str) -> Option<Value> {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for resource in members(registry, group, version) {
        add_paths(resource, &mut paths);
        if let Some(of) = Type::of_resource(resource) {
            add_schema(of, Some(resource), &mut schemas);
        }
    }
    if paths.is_empty() {
        return None;
    }
    Some(json!({"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1.36.2"},
                "paths": paths, "components": {"schemas": schemas}}))
}

fn members<'a>(
    registry: &'a Registry,
    group: &'a str,
    version: &'a str,
) -> impl Iterator<Item = &'a Resource> {
    registry.iter().filter(move |one| one.group == group && one.version == version).map(AsRef::as_ref)
}

fn add_paths(resource: &Resource, paths: &mut Map<String, Value>) {
    let root = if resource.group.is_empty() { "/api/" } else { "/apis/" };
    let root = format!("{root}{}", resource.group_version());
    let collection = if resource.namespaced {
        format!("{root}/namespaces/{{namespace}}/{}", resource.plural)
    } else {
        format!("{root}/{}", resource.plural)
    };
    let one = |action: &str| operation(resource, action);
    let mut of_collection = json!({"get": one("list"), "post": one("post")});
    if resource.plural != "namespaces" {
        of_collection["delete"] = one("deletecollection");
    }
    let of_object =
        json!({"get": one("get"), "put": one("put"), "patch": one("patch"), "delete": one("delete")});
    if resource.has_status {
        let status = json!({"get": one("get"), "put": one("put"), "patch": one("patch")});
        paths.insert(format!("{collection}/{{name}}/status"), status);
    }
    paths.insert(format!("{collection}/{{name}}"), of_object);
    paths.insert(collection, of_collection);
}

fn operation(resource: &Resource, action: &str) -> Value {
    let parameters: &[&str] = match action {
        "list" => &[
            "limit",
            "continue",
            "labelSelector",
            "fieldSelector",
            "resourceVersion",
            "resourceVersionMatch",
            "watch",
        ],
        "get" => &[],
        "delete" => &["dryRun"],
        "deletecollection" => &["dryRun", "labelSelector", "fieldSelector"],
        "patch" => &["dryRun", "fieldManager", "fieldValidation", "force"],
        _ => &["dryRun", "fieldManager", "fieldValidation"],
    };
    let parameter =
        |name: &&str| json!({"name": name, "in": "query", "schema": {"type": "string", "uniqueItems": true}});
    json!({"parameters": parameters.iter().map(parameter).collect::<Vec<_>>(),
           "responses": {"200": {"description": "OK"}},
           "x-kubernetes-action": action, "x-kubernetes-group-version-kind": kind(resource)})
}

fn kind(resource: &Resource) -> Value {
    json!({"group": resource.group, "version": resource.version, "kind": resource.kind})
}

/// A type and all that it is made of; `resource` if it is what the objects of a resource are.
fn add_schema(of: Type, resource: Option<&Resource>, schemas: &mut Map<String, Value>) {
    if schemas.contains_key(of.name) {
        return;
    }
    // Its place is taken before its parts are added.
    schemas.insert(of.name.to_owned(), Value::Null);
    let mut properties = Map::new();
    if of.is_object {
        properties.insert("apiVersion".to_owned(), json!({"type": "string"}));
        properties.insert("kind".to_owned(), json!({"type": "string"}));
    }
    add_properties(of, &mut properties, schemas);
    let mut schema = json!({"type": "object", "properties": properties});
    if let Some(resource) = resource {
        schema["x-kubernetes-group-version-kind"] = json!([kind(resource)]);
    }
    schemas.insert(of.name.to_owned(), schema);
}

fn add_properties(of: Type, properties: &mut Map<String, Value>, schemas: &mut Map<String, Value>) {
    for field in of.fields() {
        match field.part() {
            Some(inlined) if field.name.is_empty() => add_properties(inlined, properties, schemas),
            part => {
                if let Some(part) = part {
                    add_schema(part, None, schemas);
                }
                properties.insert(field.name.to_owned(), shaped(field));
            }
        }
    }
}

fn shaped(field: Field) -> Value {
    let one = match field.of {
        Of::Text => json!({"type": "string"}),
        Of::Integer => json!({"type": "integer"}),
        Of::Boolean => json!({"type": "boolean"}),
        Of::Bytes => json!({"type": "string", "format": "byte"}),
        Of::Time | Of::MicroTime => json!({"type": "string", "format": "date-time"}),
        Of::Quantity => json!({"type": "string", "format": "quantity"}),
        Of::IntOrString => json!({"type": "string", "format": "int-or-string"}),
        Of::Anything => json!({"type": "object"}),
        Of::Part(name) => json!({"$ref": format!("#/components/schemas/{name}")}),
    };
    match field.shape {
        Shape::One => one,
        Shape::List => json!({"type": "array", "items": one}),
        Shape::Map => json!({"type": "object", "additionalProperties": one}),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_and_version_has_a_document() {
        let mut registry = Registry::built_in();
        registry.register(Resource::custom("example.com", "v1", "widgets", "Widget"));
        let index = index(&registry);
        for (path, entry) in index["paths"].as_object().unwrap() {
            let (group, version) = path.trim_start_matches("apis/").rsplit_once('/').unwrap();
            let group = if group == "api" { "" } else { group };
            assert!(document(&registry, group, version).is_some(), "{path}");
            assert!(
                entry["serverRelativeURL"]
                    .as_str()
                    .unwrap()
                    .starts_with(&format!("/openapi/v3/{path}?hash="))
            );
        }
        assert!(index["paths"].get("apis/example.com/v1").is_some());
        assert!(document(&registry, "example.com", "v2").is_none());
    }

    #[test]
    fn patches_of_a_kind_take_field_validation() {
        let document = document(&Registry::built_in(), "apps", "v1").unwrap();
        let patch = &document["paths"]["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"]["patch"];
        assert_eq!(
            patch["x-kubernetes-group-version-kind"],
            json!({"group": "apps", "version": "v1", "kind": "Deployment"})
        );
        assert!(patch["parameters"].as_array().unwrap().iter().any(|one| one["name"] == "fieldValidation"));
    }

    #[test]
    fn every_reference_leads_to_a_schema() {
        let document = document(&Registry::built_in(), "apps", "v1").unwrap();
        let schemas = document["components"]["schemas"].as_object().unwrap();
        let text = document.to_string();
        let references: Vec<&str> =
            text.split("#/components/schemas/").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(references.len() > 100);
        for name in references {
            assert!(schemas.get(name).is_some_and(Value::is_object), "{name}");
        }
        assert!(schemas["Probe"]["properties"].get("httpGet").is_some(), "inlined fields are fields");
    }
}
