//! `ValidateObjectMeta` and `ValidateObjectMetaUpdate` (`k8s.io/apimachinery/pkg/api/validation/objectmeta.go`).

use serde_json::{Map, Value, json};

use super::broken::{Broken, quoted};
use super::format::{Name, qualified};
use super::table::labels;
use crate::lab::schema::resources::Resource;

/// Of all annotations together, keys and values.
const MOST: usize = 256 * 1024;

/// What the names of a resource look like.
fn names(resource: &Resource) -> Name {
    match (resource.group.as_str(), resource.plural.as_str()) {
        ("", "namespaces" | "services") => Name::Label,
        ("rbac.authorization.k8s.io", _) => Name::PathSegment,
        _ => Name::Subdomain,
    }
}

/// What a new object may not say.
pub(super) fn check(resource: &Resource, object: &Value, found: &mut Vec<Broken>) {
    let metadata = &object["metadata"];
    let text = |field: &str| metadata[field].as_str().unwrap_or_default();
    let (kind, name, prefix) = (names(resource), text("name"), text("generateName"));
    if !prefix.is_empty() {
        let wrong = kind.check(prefix, true);
        found.extend(wrong.iter().map(|why| Broken::invalid_text("metadata.generateName", prefix, why)));
    }
    if name.is_empty() {
        found.push(Broken::required("metadata.name", "name or generateName is required"));
    } else {
        let wrong = kind.check(name, false);
        found.extend(wrong.iter().map(|why| Broken::invalid_text("metadata.name", name, why)));
        let most = if resource.plural == "cronjobs" { 52 } else { usize::MAX };
        if name.len() > most {
            found.push(Broken::invalid_text(
                "metadata.name",
                name,
                format!("must be no more than {most} characters"),
            ));
        }
    }
    common(metadata, found);
}

/// What no object may say, new or changed.
fn common(metadata: &Value, found: &mut Vec<Broken>) {
    labels(&metadata["labels"], "metadata.labels", found);
    annotations(&metadata["annotations"], "metadata.annotations", found);
    owners(&metadata["ownerReferences"], found);
    finalizers(&metadata["finalizers"], found);
}

/// Keys, and the size of all.
pub(super) fn annotations(value: &Value, path: &str, found: &mut Vec<Broken>) {
    let mut size = 0_usize;
    for (key, value) in value.as_object().into_iter().flatten() {
        let wrong = qualified(&key.to_lowercase());
        found.extend(wrong.iter().map(|why| Broken::invalid_text(path, key, why)));
        size = size.saturating_add(key.len() + value.as_str().map_or(0, str::len));
    }
    if size > MOST {
        found.push(Broken::too_long(path, MOST));
    }
}

/// The API does not say which one it is.
fn owners(owners: &Value, found: &mut Vec<Broken>) {
    let mut controller: Option<&str> = None;
    for owner in owners.as_array().into_iter().flatten() {
        for (field, why) in [
            ("apiVersion", "version must not be empty"),
            ("kind", "must not be empty"),
            ("name", "must not be empty"),
            ("uid", "must not be empty"),
        ] {
            if owner[field].as_str().is_none_or(str::is_empty) {
                found.push(Broken::invalid_text(format!("metadata.ownerReferences.{field}"), "", why));
            }
        }
        if owner["apiVersion"] == "v1" && owner["kind"] == "Event" {
            let why = "/v1, Kind=Event is disallowed from being an owner";
            found.push(Broken::invalid("metadata.ownerReferences", owner, why));
        }
        if owner["controller"] == true {
            let name = owner["name"].as_str().unwrap_or_default();
            if let Some(first) = controller {
                let why = format!(
                    "Only one reference can have Controller set to true. Found \"true\" in references for {first} and \
                     {name}"
                );
                found.push(Broken::invalid("metadata.ownerReferences", owners, why));
            }
            controller.get_or_insert(name);
        }
    }
}

fn finalizers(finalizers: &Value, found: &mut Vec<Broken>) {
    const STANDARD: [&str; 3] = ["kubernetes", "orphan", "foregroundDeletion"];
    let list = || finalizers.as_array().into_iter().flatten();
    for finalizer in list() {
        let text = finalizer.as_str().unwrap_or_default();
        let wrong = qualified(text);
        if wrong.is_empty() && !text.contains('/') && !STANDARD.contains(&text) {
            let why = "name is neither a standard finalizer name nor is it fully qualified";
            found.push(Broken::invalid_text("metadata.finalizers", text, why));
        }
        found.extend(wrong.iter().map(|why| Broken::invalid_text("metadata.finalizers", text, why)));
    }
    if list().any(|one| one == "orphan") && list().any(|one| one == "foregroundDeletion") {
        let why = "finalizer orphan and foregroundDeletion cannot be both set";
        found.push(Broken::invalid("metadata.finalizers", finalizers, why));
    }
}

/// What stays as it is, or is left out.
pub(super) fn check_update(before: &Value, after: &Value, found: &mut Vec<Broken>) {
    let (before, after) = (&before["metadata"], &after["metadata"]);
    for field in
        ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"]
    {
        if !after[field].is_null() && after[field] != before[field] {
            found.push(Broken::invalid(format!("metadata.{field}"), &after[field], "field is immutable"));
        }
    }
    if before["deletionTimestamp"].is_string() {
        let known = before["finalizers"].as_array().cloned().unwrap_or_default();
        let listed = after["finalizers"].as_array().into_iter().flatten();
        let new: Vec<_> =
            listed.filter(|one| !known.contains(one)).filter_map(Value::as_str).map(quoted).collect();
        if !new.is_empty() {
            let why = format!(
                "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
                new.join(", ")
            );
            found.push(Broken::forbidden("metadata.finalizers", why));
        }
    }
    common(after, found);
}

/// Puts back what a client may leave out, as the API does before it looks for changes.
pub(super) fn fill_in(before: &Value, after: &mut Map<String, Value>) {
    let metadata = after.entry("metadata").or_insert_with(|| json!({}));
    for field in
        ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"]
    {
        let kept = &before["metadata"][field];
        if metadata[field].is_null() && !kept.is_null() {
            metadata[field] = kept.clone();
        }
    }
}
