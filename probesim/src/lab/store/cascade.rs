//! Deletions that reach further than one object: dependents that are orphaned or go first, and the contents of a
//! namespace. What only follows later, when the owner is gone, is the garbage collector's.
//!
//! Rules: "Garbage Collection" (cascading deletion) and "Namespaces" in the Kubernetes documentation.

use std::sync::Arc;

use serde_json::{Value, json};

use super::object::Object;
use super::write::{self, DeleteOptions, Deleted, Place};
use crate::lab::api::answer::status::Status;
use crate::lab::schema::resources::ResourceId;
use crate::lab::store::Store;

/// What becomes of the dependents (`propagationPolicy`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::lab) enum Propagation {
    /// They are left to the garbage collector.
    #[default]
    Background,
    /// They go first.
    Foreground,
    /// They stay, and have no owner.
    Orphan,
}

/// An object that is gone once others are.
#[derive(Clone, Debug)]
pub(in crate::lab) struct Waiting {
    id: ResourceId,
    namespace: String,
    name: String,
    uid: String,
    is_namespace: bool,
    /// Whether it may go: a namespace is looked at only after a while.
    is_ripe: bool,
}

const FOREGROUND: &str = "foregroundDeletion";

/// Deletes an object, and what goes with it.
pub(in crate::lab) fn delete(
    store: &mut Store,
    place: Place<'_>,
    options: &DeleteOptions,
    propagation: Propagation,
    now: &str,
) -> Result<Deleted, Status> {
    let trial = DeleteOptions { dry_run: true, ..options.clone() };
    let (Deleted::Gone(object) | Deleted::Terminating(object)) = write::delete(store, place, &trial, now)?;
    let uid = object.value()["metadata"]["uid"].as_str().unwrap_or_default().to_owned();
    let is_namespace = is_namespaces(store, place.id);
    if options.dry_run {
        return write::delete(store, place, options, now);
    }
    let members = match propagation {
        _ if is_namespace => contents(store, place.name),
        Propagation::Background => Vec::new(),
        Propagation::Foreground => dependents(store, &uid),
        Propagation::Orphan => {
            orphan(store, &uid);
            Vec::new()
        }
    };
    let is_slow = is_namespace && store.refuses;
    if members.is_empty() && !is_slow {
        return write::delete(store, place, options, now);
    }
    let marked = mark(store, place, &object, is_namespace, now);
    for (id, member) in members {
        let place = Place { id, namespace: &member.namespace, name: &member.name };
        // It may have gone with another one.
        let below = if is_namespace { Propagation::Background } else { propagation };
        let _ = delete(store, place, &DeleteOptions::default(), below, now);
    }
    let (namespace, name) = (place.namespace.to_owned(), place.name.to_owned());
    store.waiting.push(Waiting { id: place.id, namespace, name, uid, is_namespace, is_ripe: !is_slow });
    finish(store);
    Ok(Deleted::Terminating(marked))
}

/// Lets go of what has waited long enough.
pub(super) fn finish(store: &mut Store) {
    while let Some(at) = store.waiting.iter().position(|one| !is_blocked(store, one)) {
        let done = store.waiting.swap_remove(at);
        let Some(object) = store.get(done.id, &done.namespace, &done.name).cloned() else { continue };
        let mut value = object.value();
        if value["metadata"]["uid"] != json!(done.uid) {
            continue;
        }
        if let Some(finalizers) = value["metadata"]["finalizers"].as_array_mut() {
            finalizers.retain(|one| one != FOREGROUND);
        }
        let is_held = value["metadata"]["finalizers"].as_array().is_some_and(|list| !list.is_empty());
        if is_held {
            store.put(done.id, value, None);
        } else {
            store.remove(done.id, &done.namespace, &done.name, Some(value), None);
        }
    }
}

/// Lets a namespace go once it is empty.
pub(in crate::lab) fn ripen(store: &mut Store, namespace: &str) {
    for one in store.waiting.iter_mut().filter(|one| one.is_namespace && one.name == namespace) {
        one.is_ripe = true;
    }
}

/// Whether nothing new may be made in this namespace.
pub(in crate::lab) fn is_terminating(store: &Store, namespace: &str) -> bool {
    store.waiting.iter().any(|one| one.is_namespace && one.name == namespace)
}

fn is_blocked(store: &Store, one: &Waiting) -> bool {
    if !one.is_ripe {
        return true;
    }
    if one.is_namespace {
        return !contents(store, &one.name).is_empty();
    }
    dependents(store, &one.uid).iter().any(|(_, object)| {
        let value = object.value();
        let owners = value["metadata"]["ownerReferences"].as_array();
        owners
            .into_iter()
            .flatten()
            .any(|owner| owner["uid"] == one.uid && owner["blockOwnerDeletion"] == true)
    })
}

/// Notes on the object that it goes, in one write.
fn mark(
    store: &mut Store,
    place: Place<'_>,
    object: &Arc<Object>,
    is_namespace: bool,
    now: &str,
) -> Arc<Object> {
    let mut value = object.value();
    let metadata = &mut value["metadata"];
    if metadata["deletionTimestamp"].is_null() {
        metadata["deletionTimestamp"] = json!(now);
        if let Some(generation) = metadata["generation"].as_u64() {
            metadata["generation"] = json!(generation + 1);
        }
    }
    if is_namespace {
        value["status"]["phase"] = json!("Terminating");
    } else {
        metadata["deletionGracePeriodSeconds"] = json!(0);
        let mut finalizers = metadata["finalizers"].as_array().cloned().unwrap_or_default();
        if !finalizers.iter().any(|one| one == FOREGROUND) {
            finalizers.push(json!(FOREGROUND));
        }
        metadata["finalizers"] = Value::Array(finalizers);
    }
    if value == object.value() { object.clone() } else { store.put(place.id, value, None) }
}

fn is_namespaces(store: &Store, id: ResourceId) -> bool {
    let resource = store.resource(id);
    resource.group.is_empty() && resource.plural == "namespaces"
}

/// Every object in a namespace but its events, which tell of its end.
fn contents(store: &Store, namespace: &str) -> Vec<(ResourceId, Arc<Object>)> {
    let is_content = |id: &ResourceId| {
        let resource = store.resource(*id);
        resource.namespaced && resource.kind != "Event"
    };
    let ids = (0..store.registry().len()).map(ResourceId).filter(is_content);
    ids.flat_map(|id| store.objects(id, namespace).cloned().map(move |object| (id, object))).collect()
}

/// Every object that has this one among its owners.
fn dependents(store: &Store, uid: &str) -> Vec<(ResourceId, Arc<Object>)> {
    let names_it = |object: &Arc<Object>| {
        // Most objects do not even hold the text.
        let is_possible = str::from_utf8(object.json()).is_ok_and(|json| json.contains(uid));
        is_possible && owners(&object.value()).any(|owner| owner["uid"] == uid)
    };
    let ids = (0..store.registry().len()).map(ResourceId);
    ids.flat_map(|id| store.objects(id, "").map(move |object| (id, object)))
        .filter(|(_, object)| !uid.is_empty() && names_it(object))
        .map(|(id, object)| (id, object.clone()))
        .collect()
}

fn orphan(store: &mut Store, uid: &str) {
    for (id, object) in dependents(store, uid) {
        let mut value = object.value();
        let kept: Vec<Value> = owners(&value).filter(|owner| owner["uid"] != uid).cloned().collect();
        if let Some(metadata) = value["metadata"].as_object_mut() {
            metadata.shift_remove("ownerReferences");
            if !kept.is_empty() {
                metadata.insert("ownerReferences".to_owned(), Value::Array(kept));
            }
        }
        store.put(id, value, None);
    }
}

fn owners(value: &Value) -> impl Iterator<Item = &Value> {
    value["metadata"]["ownerReferences"].as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scene(Store);

    impl Scene {
        fn new() -> Self {
            Self(Store::new(1, 100))
        }

        /// An object whose uid is its name.
        fn put(&mut self, word: &str, name: &str, owner: Option<&str>, finalizers: &[&str]) {
            let id = self.0.registry().named(word).unwrap();
            let namespace = if word == "namespaces" { "" } else { "n" };
            let owners: Vec<Value> =
                owner.iter().map(|uid| json!({"uid": uid, "blockOwnerDeletion": true})).collect();
            let metadata = json!({"name": name, "namespace": namespace, "uid": name, "ownerReferences": owners, "finalizers": finalizers});
            self.0.put(id, json!({"metadata": metadata}), None);
        }

        fn delete(&mut self, word: &str, name: &str, propagation: Propagation) -> Deleted {
            let id = self.0.registry().named(word).unwrap();
            let namespace = if word == "namespaces" { "" } else { "n" };
            delete(&mut self.0, Place { id, namespace, name }, &DeleteOptions::default(), propagation, "now")
                .unwrap()
        }

        fn get(&self, word: &str, name: &str) -> Option<Value> {
            let id = self.0.registry().named(word).unwrap();
            let namespace = if word == "namespaces" { "" } else { "n" };
            self.0.get(id, namespace, name).map(|object| object.value())
        }
    }

    #[test]
    fn orphans_stay_without_an_owner() {
        let mut scene = Scene::new();
        scene.put("deployments", "d", None, &[]);
        scene.put("replicasets", "r", Some("d"), &[]);
        assert!(matches!(scene.delete("deployments", "d", Propagation::Orphan), Deleted::Gone(_)));
        assert!(scene.get("replicasets", "r").unwrap()["metadata"].get("ownerReferences").is_none());
    }

    #[test]
    fn in_the_foreground_the_owner_goes_last() {
        let mut scene = Scene::new();
        scene.put("deployments", "d", None, &[]);
        scene.put("replicasets", "r", Some("d"), &[]);
        scene.put("pods", "p", Some("r"), &["example.com/hold"]);
        assert!(matches!(scene.delete("deployments", "d", Propagation::Foreground), Deleted::Terminating(_)));
        for (word, name) in [("deployments", "d"), ("replicasets", "r")] {
            let held = scene.get(word, name).unwrap();
            assert_eq!(held["metadata"]["finalizers"], json!([FOREGROUND]), "{name}");
            assert_eq!(held["metadata"]["deletionTimestamp"], "now", "{name}");
        }
        let pods = scene.0.registry().named("pods").unwrap();
        scene.0.remove(pods, "n", "p", None, None);
        finish(&mut scene.0);
        assert_eq!((scene.get("replicasets", "r"), scene.get("deployments", "d")), (None, None));
    }

    #[test]
    fn an_owner_without_dependents_just_goes() {
        let mut scene = Scene::new();
        scene.put("deployments", "d", None, &[]);
        assert!(matches!(scene.delete("deployments", "d", Propagation::Foreground), Deleted::Gone(_)));
    }

    #[test]
    fn a_namespace_goes_when_it_is_empty() {
        let mut scene = Scene::new();
        scene.put("namespaces", "n", None, &[]);
        scene.put("configmaps", "c", None, &[]);
        scene.put("pods", "p", None, &["example.com/hold"]);
        scene.delete("namespaces", "n", Propagation::Background);
        assert_eq!(scene.get("namespaces", "n").unwrap()["status"]["phase"], "Terminating");
        assert!(scene.get("configmaps", "c").is_none() && is_terminating(&scene.0, "n"));
        let pods = scene.0.registry().named("pods").unwrap();
        scene.0.remove(pods, "n", "p", None, None);
        finish(&mut scene.0);
        assert!(scene.get("namespaces", "n").is_none() && !is_terminating(&scene.0, "n"));
    }
}
