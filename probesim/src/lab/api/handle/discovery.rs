//! Discovery documents: which groups, versions and resources there are, plain and aggregated.
//!
//! Shapes: "Discovery API" in the Kubernetes API concepts; the recordings of a v1.36.2 server.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use crate::lab::schema::resources::{Registry, Resource, VERBS};

/// The content type of aggregated discovery, to the byte.
pub(in crate::lab::api) const AGGREGATED: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/// Reviews are answered, not stored: they are resources of discovery only.
const REVIEW_GROUP: &str = "authorization.k8s.io";
/// Where clients ask who they are.
const IDENTITY_GROUP: &str = "authentication.k8s.io";
const REVIEWS: [(&str, &str); 2] = [
    ("selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    ("selfsubjectrulesreviews", "SelfSubjectRulesReview"),
];

/// A subresource, as discovery tells it.
struct Subresource<'a> {
    name: &'static str,
    kind: &'a str,
    /// Group and version of its kind, where they are not those of the resource.
    of: Option<(&'static str, &'static str)>,
    verbs: &'static [&'static str],
}

/// Whether a client takes aggregated discovery in the version that is served.
pub(super) fn accepts_aggregated(accept: &str) -> bool {
    accept.split(',').any(|one| {
        let mut parameters = one.split(';').map(str::trim);
        let has = |wanted: &str| one.split(';').any(|parameter| parameter.trim() == wanted);
        parameters.next() == Some("application/json")
            && has("g=apidiscovery.k8s.io")
            && has("v=v2")
            && has("as=APIGroupDiscoveryList")
    })
}

/// `/api`.
pub(super) fn api_versions(address: &str) -> Value {
    json!({"kind": "APIVersions", "versions": ["v1"],
           "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]})
}

/// `/apis`.
pub(super) fn group_list(registry: &Registry) -> Value {
    let groups: Vec<Value> = groups(registry).iter().map(|(name, versions)| group(name, versions)).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

/// Whether the group has nothing but reviews, which are answered and not stored.
pub(super) fn is_of_reviews(group: &str) -> bool {
    !reviews(group).is_empty()
}

fn reviews(group: &str) -> &'static [(&'static str, &'static str)] {
    match group {
        REVIEW_GROUP => &REVIEWS,
        IDENTITY_GROUP => &[("selfsubjectreviews", "SelfSubjectReview")],
        _ => &[],
    }
}

/// `/apis/GROUP`; `None` if there is no such group.
pub(super) fn one_group(registry: &Registry, name: &str) -> Option<Value> {
    let (_, versions) = groups(registry).into_iter().find(|(group, _)| group == name)?;
    let Value::Object(fields) = group(name, &versions) else { return None };
    let mut body =
        Map::from_iter([("kind".to_owned(), json!("APIGroup")), ("apiVersion".to_owned(), json!("v1"))]);
    body.extend(fields);
    Some(Value::Object(body))
}

/// `/api/v1` and `/apis/GROUP/VERSION`; `None` if there is no such version.
pub(super) fn resource_list(registry: &Registry, group: &str, version: &str) -> Option<Value> {
    let mut resources = Vec::new();
    for resource in registry.iter().filter(|r| r.group == group && r.version == version) {
        resources.push(plain(resource));
        resources.extend(subresources(resource).into_iter().map(|one| {
            let mut entry = json!({"name": format!("{}/{}", resource.plural, one.name), "singularName": "",
                "namespaced": resource.namespaced});
            // The group and version of another kind than the resource's own.
            if let Some((group, version)) = one.of {
                entry["group"] = json!(group);
                entry["version"] = json!(version);
            }
            entry["kind"] = json!(one.kind);
            entry["verbs"] = json!(one.verbs);
            entry
        }));
    }
    if version == "v1" {
        resources.extend(reviews(group).iter().map(|(plural, kind)| {
            json!({"name": plural, "singularName": kind.to_lowercase(), "namespaced": false, "kind": kind,
                   "verbs": ["create"]})
        }));
    }
    if resources.is_empty() {
        return None;
    }
    let mut body = json!({"kind": "APIResourceList"});
    if !group.is_empty() {
        body["apiVersion"] = json!("v1");
    }
    body["groupVersion"] =
        json!(if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") });
    body["resources"] = json!(resources);
    Some(body)
}

/// Aggregated discovery of the core group (`/api`) or of all others (`/apis`).
pub(super) fn aggregated(registry: &Registry, is_core: bool) -> Value {
    let mut items = Vec::new();
    if is_core {
        items.push(json!({"metadata": {}, "versions": [aggregated_version(registry, "", "v1")]}));
    } else {
        for (name, versions) in groups(registry) {
            let versions: Vec<Value> =
                versions.iter().map(|v| aggregated_version(registry, &name, v)).collect();
            items.push(json!({"metadata": {"name": name}, "versions": versions}));
        }
    }
    json!({"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}, "items": items})
}

fn aggregated_version(registry: &Registry, group: &str, version: &str) -> Value {
    let mut resources: Vec<Value> = registry
        .iter()
        .filter(|r| r.group == group && r.version == version)
        .map(aggregated_resource)
        .collect();
    resources.extend(reviews(group).iter().map(|(plural, kind)| {
        json!({"resource": plural, "responseKind": response_kind(kind), "scope": "Cluster",
               "singularResource": kind.to_lowercase(), "verbs": ["create"]})
    }));
    json!({"version": version, "resources": resources, "freshness": "Current"})
}

fn aggregated_resource(resource: &Arc<Resource>) -> Value {
    let mut entry = json!({
        "resource": resource.plural,
        "responseKind": response_kind(&resource.kind),
        "scope": if resource.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": resource.singular,
        "verbs": verbs(resource),
    });
    add_names(&mut entry, resource);
    let subresources: Vec<Value> = subresources(resource)
        .into_iter()
        .map(|one| {
            let (group, version) = one.of.unwrap_or_default();
            json!({"subresource": one.name,
                   "responseKind": {"group": group, "version": version, "kind": one.kind}, "verbs": one.verbs})
        })
        .collect();
    if !subresources.is_empty() {
        entry["subresources"] = json!(subresources);
    }
    entry
}

/// The subresources that are served, in the order of their names.
fn subresources(resource: &Resource) -> Vec<Subresource<'_>> {
    const CHANGES: &[&str] = &["get", "patch", "update"];
    let mut found = Vec::new();
    if resource.is_pods() {
        let of = Some(("policy", "v1"));
        found.push(Subresource { name: "eviction", kind: "Eviction", of, verbs: &["create"] });
    }
    if resource.has_scale {
        let of = Some(("autoscaling", "v1"));
        found.push(Subresource { name: "scale", kind: "Scale", of, verbs: CHANGES });
    }
    if resource.has_status {
        found.push(Subresource { name: "status", kind: &resource.kind, of: None, verbs: CHANGES });
    }
    found
}

fn response_kind(kind: &str) -> Value {
    json!({"group": "", "version": "", "kind": kind})
}

fn plain(resource: &Resource) -> Value {
    let mut entry = json!({"name": resource.plural, "singularName": resource.singular,
        "namespaced": resource.namespaced, "kind": resource.kind, "verbs": verbs(resource)});
    add_names(&mut entry, resource);
    entry
}

fn add_names(entry: &mut Value, resource: &Resource) {
    if !resource.short_names.is_empty() {
        entry["shortNames"] = json!(resource.short_names);
    }
    if !resource.categories.is_empty() {
        entry["categories"] = json!(resource.categories);
    }
}

/// Namespaces cannot be deleted by the collection.
fn verbs(resource: &Resource) -> Vec<&'static str> {
    let is_namespaces = resource.group.is_empty() && resource.plural == "namespaces";
    VERBS.into_iter().filter(|verb| !(is_namespaces && *verb == "deletecollection")).collect()
}

fn group(name: &str, versions: &[String]) -> Value {
    let entry = |version: &String| json!({"groupVersion": format!("{name}/{version}"), "version": version});
    json!({"name": name, "versions": versions.iter().map(entry).collect::<Vec<_>>(),
           "preferredVersion": versions.first().map(entry)})
}

/// Every group but the core one with its versions, in the order of the registry.
fn groups(registry: &Registry) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    let reviews = [(REVIEW_GROUP, "v1"), (IDENTITY_GROUP, "v1")];
    let stored = registry.iter().map(|r| (r.group.as_str(), r.version.as_str()));
    for (group, version) in stored.chain(reviews).filter(|(group, _)| !group.is_empty()) {
        match groups.iter_mut().find(|(name, _)| name == group) {
            Some((_, versions)) if versions.iter().any(|v| v == version) => {}
            Some((_, versions)) => versions.push(version.to_owned()),
            None => groups.push((group.to_owned(), vec![version.to_owned()])),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aggregated_discovery_is_asked_for_by_its_exact_type() {
        let kubectl = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,\
            application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
        assert!(accepts_aggregated(kubectl));
        assert!(!accepts_aggregated(
            "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"
        ));
        assert!(!accepts_aggregated("application/json"));
    }

    #[test]
    fn deployments_look_as_recorded() {
        let mut registry = Registry::built_in();
        let all = aggregated(&registry, false);
        let apps = all["items"].as_array().unwrap().iter().find(|i| i["metadata"]["name"] == "apps").unwrap();
        let resources = apps["versions"][0]["resources"].as_array().unwrap();
        let deployments = resources.iter().find(|r| r["resource"] == "deployments").unwrap();
        assert_eq!(
            deployments.to_string(),
            r#"{"resource":"deployments","responseKind":{"group":"","version":"","kind":"Deployment"},"scope":"Namespaced","singularResource":"deployment","verbs":["create","delete","deletecollection","get","list","patch","update","watch"],"shortNames":["deploy"],"categories":["all"],"subresources":[{"subresource":"scale","responseKind":{"group":"autoscaling","version":"v1","kind":"Scale"},"verbs":["get","patch","update"]},{"subresource":"status","responseKind":{"group":"","version":"","kind":"Deployment"},"verbs":["get","patch","update"]}]}"#
        );
        assert!(one_group(&registry, "example.com").is_none());
        registry.register(Resource::custom("example.com", "v1", "widgets", "Widget"));
        assert_eq!(one_group(&registry, "example.com").unwrap()["preferredVersion"]["version"], "v1");
        assert!(resource_list(&registry, "example.com", "v2").is_none());
        assert_eq!(resource_list(&registry, "", "v1").unwrap()["groupVersion"], "v1");
    }

    #[test]
    fn the_core_group_has_no_name() {
        let core = aggregated(&Registry::built_in(), true);
        assert_eq!(core["items"][0]["metadata"], json!({}));
    }
}
