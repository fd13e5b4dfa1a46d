//! What a create, an update or a delete makes of the store: uid, generation, finalizers and conflicts.
//!
//! Rules: "API conventions" (metadata), "Finalizers" and "Garbage collection" in the Kubernetes documentation.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::object::{self, Object};
use super::termination;
use crate::lab::api::answer::status::Status;
use crate::lab::controllers::defaults;
use crate::lab::schema::resources::{Resource, ResourceId};
use crate::lab::store::Store;

/// What only the outside can know: the time, and chance.
#[derive(Clone, Debug)]
pub(in crate::lab) struct Birth {
    pub(in crate::lab) now: String,
    pub(super) uid: String,
    /// Five characters for `generateName`.
    pub(super) suffix: String,
}

/// Where a write goes.
#[derive(Clone, Copy, Debug)]
pub(in crate::lab) struct Place<'a> {
    pub(in crate::lab) id: ResourceId,
    pub(in crate::lab) namespace: &'a str,
    pub(in crate::lab) name: &'a str,
}

/// Which part of the object a write changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lab) enum Part {
    /// Everything but the status, where that is a subresource.
    Main,
    /// The status alone.
    Status,
    /// Everything: what a test or a controller inside the lab writes.
    Whole,
}

/// `DeleteOptions`, as far as they matter here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::lab) struct DeleteOptions {
    pub(in crate::lab) uid: Option<String>,
    pub(in crate::lab) resource_version: Option<String>,
    /// `gracePeriodSeconds`: of pods that a node has to end first; `None` is the pod's own.
    pub(in crate::lab) grace: Option<i64>,
    pub(in crate::lab) dry_run: bool,
}

/// What a delete has done.
#[derive(Debug)]
pub(in crate::lab) enum Deleted {
    /// Gone; the last state.
    Gone(Arc<Object>),
    /// Held by finalizers or by its node, and marked.
    Terminating(Arc<Object>),
}

/// Stores a new object.
pub(in crate::lab) fn create(
    store: &mut Store,
    place: Place<'_>,
    mut value: Value,
    part: Part,
    birth: &Birth,
    dry_run: bool,
) -> Result<Arc<Object>, Status> {
    let resource = store.resource(place.id).clone();
    let map = check_body(&resource, place, &mut value)?;
    let metadata = object::metadata(map);
    let name = match (metadata.get("name").and_then(Value::as_str), metadata.get("generateName")) {
        (Some(name), _) if !name.is_empty() => name.to_owned(),
        (_, Some(Value::String(prefix))) => format!("{prefix}{}", birth.suffix),
        _ => {
            return Err(Status::invalid(
                &resource,
                "",
                "metadata.name",
                "Required value: name or generateName is required",
            ));
        }
    };
    if store.get(place.id, place.namespace, &name).is_some() {
        return Err(Status::already_exists(&resource, &name));
    }
    metadata.insert("name".to_owned(), json!(name));
    set_birth(&resource, metadata, place.namespace, birth, part);
    if part == Part::Main && resource.has_status {
        map.shift_remove("status");
        initial_status(&resource, map);
    }
    fill_in(store, &resource, &mut value, None);
    // A dry run of a create has no version.
    Ok(commit(store, place.id, value, dry_run.then_some(0)))
}

/// Replaces an object, or its status.
pub(in crate::lab) fn replace(
    store: &mut Store,
    place: Place<'_>,
    mut value: Value,
    part: Part,
    dry_run: bool,
) -> Result<Arc<Object>, Status> {
    let resource = store.resource(place.id).clone();
    let current = find(store, &resource, place)?;
    let map = check_body(&resource, place, &mut value)?;
    let metadata = object::metadata(map);
    match metadata.get("name").and_then(Value::as_str) {
        None | Some("") => {
            metadata.insert("name".to_owned(), json!(place.name));
        }
        Some(name) if name != place.name => {
            return Err(Status::bad_request(format!(
                "the name of the object ({name}) does not match the name on the URL ({})",
                place.name
            )));
        }
        Some(_) => {}
    }
    if let Some(based_on) = metadata.get("resourceVersion").and_then(Value::as_str)
        && !based_on.is_empty()
        && based_on != current.resource_version.to_string()
    {
        return Err(Status::conflict(&resource, place.name, MODIFIED));
    }
    if let Some(uid) = metadata.get("uid").and_then(Value::as_str)
        && part != Part::Whole
        && Some(uid) != current.value()["metadata"]["uid"].as_str()
    {
        return Err(Status::conflict(&resource, place.name, &precondition("UID", uid, &current)));
    }
    Ok(update(store, place, &current, value, part, dry_run))
}

/// Changes an object by a function of its current state: every kind of patch.
pub(in crate::lab) fn modify(
    store: &mut Store,
    place: Place<'_>,
    part: Part,
    dry_run: bool,
    change: impl FnOnce(Value) -> Result<Value, Status>,
) -> Result<Arc<Object>, Status> {
    let resource = store.resource(place.id).clone();
    let current = find(store, &resource, place)?;
    let changed = change(current.value())?;
    replace(store, place, changed, part, dry_run)
}

/// Removes an object, or marks it while finalizers or a node hold it.
pub(in crate::lab) fn delete(
    store: &mut Store,
    place: Place<'_>,
    options: &DeleteOptions,
    now: &str,
) -> Result<Deleted, Status> {
    let resource = store.resource(place.id).clone();
    let current = find(store, &resource, place)?;
    let mut value = current.value();
    if let Some(uid) = &options.uid
        && value["metadata"]["uid"] != json!(uid)
    {
        return Err(Status::conflict(&resource, place.name, &precondition("UID", uid, &current)));
    }
    if let Some(version) = &options.resource_version
        && *version != current.resource_version.to_string()
    {
        return Err(Status::conflict(
            &resource,
            place.name,
            &precondition("ResourceVersion", version, &current),
        ));
    }
    let grace = termination::grace(store, &resource, &value, options.grace);
    if grace > 0 || is_held(&value) {
        let is_marked = !options.dry_run && termination::mark(&mut value, grace, now);
        if !is_marked {
            return Ok(Deleted::Terminating(current));
        }
        return Ok(Deleted::Terminating(store.put(place.id, value, None)));
    }
    if options.dry_run {
        return Ok(Deleted::Gone(current));
    }
    // A pod is seen to be deleted before it is gone, however short that is.
    if termination::is_pod(&resource) && termination::mark(&mut value, 0, now) {
        store.put(place.id, value, None);
    }
    let gone = store.remove(place.id, place.namespace, place.name, None, None);
    gone.map(Deleted::Gone).ok_or_else(|| Status::not_found(&resource, place.name))
}

/// Stores the whole object, new or not: what tests and replays by hand do.
pub(super) fn apply(
    store: &mut Store,
    place: Place<'_>,
    value: Value,
    birth: &Birth,
) -> Result<Arc<Object>, Status> {
    match store.get(place.id, place.namespace, place.name) {
        None => create(store, place, value, Part::Whole, birth, false),
        Some(current) => {
            let current = current.clone();
            Ok(update(store, place, &current, value, Part::Whole, false))
        }
    }
}

fn update(
    store: &mut Store,
    place: Place<'_>,
    current: &Arc<Object>,
    mut value: Value,
    part: Part,
    dry_run: bool,
) -> Arc<Object> {
    let resource = store.resource(place.id).clone();
    let before = current.value();
    match part {
        Part::Status => {
            let status = value["status"].take();
            value = before.clone();
            value["status"] = status;
        }
        Part::Main if resource.has_status => match before.get("status") {
            Some(status) => value["status"] = status.clone(),
            None => {
                value.as_object_mut().map(|map| map.shift_remove("status"));
            }
        },
        Part::Main | Part::Whole => {}
    }
    keep_birth(&before, &mut value, part);
    fill_in(store, &resource, &mut value, Some(&before));
    if resource.has_generation() && !has_own_generation(&value, part) {
        value["metadata"]["generation"] = before["metadata"]["generation"].clone();
        if value["metadata"]["generation"].is_null() {
            value["metadata"]["generation"] = json!(1);
        }
        if is_spec_changed(&before, &value) {
            bump_generation(&mut value);
        }
    }
    // "No change, no write": the version stays.
    value["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"].clone();
    if is_same(&before, &value) {
        return current.clone();
    }
    let is_released = value["metadata"]["deletionTimestamp"].is_string()
        && !is_held(&value)
        && !termination::is_node_busy(store, &resource, &value);
    if is_released && !dry_run && part != Part::Whole {
        let (namespace, name) = (place.namespace, place.name);
        return store.remove(place.id, namespace, name, Some(value), None).unwrap_or_else(|| current.clone());
    }
    commit(store, place.id, value, dry_run.then_some(current.resource_version))
}

/// Stores the object, or only shows what it would be: a dry run keeps the version.
fn commit(store: &mut Store, id: ResourceId, value: Value, dry_run: Option<u64>) -> Arc<Object> {
    match dry_run {
        Some(version) => Arc::new(Object::new(store.resource(id), value, version)),
        None => store.put(id, value, None),
    }
}

/// Fills in the defaults, where controllers run that rely on them.
fn fill_in(store: &Store, resource: &Resource, value: &mut Value, before: Option<&Value>) {
    if !store.fills_defaults {
        return;
    }
    let services = store.registry().named("services");
    let is_taken = |given: &str| {
        let services = services.into_iter().flat_map(|id| store.objects(id, ""));
        services.map(|service| service.value()).any(|service| {
            let port = |port: &Value| port["nodePort"].as_u64().map(|port| port.to_string());
            let ports = service["spec"]["ports"].as_array().into_iter().flatten();
            service["spec"]["clusterIP"] == given || ports.filter_map(port).any(|port| port == given)
        })
    };
    defaults::fill(resource, value, before, &is_taken);
}

fn find(store: &Store, resource: &Resource, place: Place<'_>) -> Result<Arc<Object>, Status> {
    let found = store.get(place.id, place.namespace, place.name).cloned();
    found.ok_or_else(|| Status::not_found(resource, place.name))
}

/// The body must be an object of the URL's kind and namespace.
fn check_body<'a>(
    resource: &Resource,
    place: Place<'_>,
    value: &'a mut Value,
) -> Result<&'a mut Map<String, Value>, Status> {
    let version = value["apiVersion"].as_str().unwrap_or_default();
    let kind = value["kind"].as_str().unwrap_or_default();
    let expected = resource.group_version();
    if !version.is_empty() && version != expected {
        return Err(Status::bad_request(format!(
            "the API version in the data ({version}) does not match the expected API version ({expected})"
        )));
    }
    if !kind.is_empty() && kind != resource.kind {
        return Err(Status::bad_request(format!(
            "{} in version {:?} cannot be handled as a {}: the kind in the data is {kind}",
            kind, version, resource.kind
        )));
    }
    let Some(map) = value.as_object_mut() else {
        return Err(Status::bad_request("the body of the request is not a JSON object"));
    };
    let metadata = object::metadata(map);
    match metadata.get("namespace").and_then(Value::as_str) {
        Some(namespace) if !namespace.is_empty() && namespace != place.namespace => Err(Status::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        )),
        _ => {
            if resource.namespaced {
                metadata.insert("namespace".to_owned(), json!(place.namespace));
            }
            Ok(map)
        }
    }
}

fn set_birth(
    resource: &Resource,
    metadata: &mut Map<String, Value>,
    namespace: &str,
    birth: &Birth,
    part: Part,
) {
    let mut set = |key: &str, value: Value| {
        if part != Part::Whole || !metadata.contains_key(key) {
            metadata.insert(key.to_owned(), value);
        }
    };
    set("uid", json!(birth.uid));
    set("creationTimestamp", json!(birth.now));
    if resource.has_generation() {
        set("generation", json!(1));
    }
    if !namespace.is_empty() {
        metadata.insert("namespace".to_owned(), json!(namespace));
    }
}

/// What a client cannot change; a whole write may, by saying so.
fn keep_birth(before: &Value, value: &mut Value, part: Part) {
    let Some(map) = value.as_object_mut() else { return };
    let metadata = object::metadata(map);
    // Whoever does not mention them leaves them alone.
    if let Some(managed) = before["metadata"].get("managedFields").filter(|_| part != Part::Whole) {
        metadata.entry("managedFields").or_insert_with(|| managed.clone());
    }
    for key in
        ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"]
    {
        if part == Part::Whole && (metadata.contains_key(key) || key.starts_with("deletion")) {
            continue;
        }
        match before["metadata"].get(key) {
            Some(kept) => metadata.insert(key.to_owned(), kept.clone()),
            None => metadata.shift_remove(key),
        };
    }
}

/// What registries fill in at creation, as far as readers rely on it.
fn initial_status(resource: &Resource, map: &mut Map<String, Value>) {
    let phase = match (resource.group.as_str(), resource.plural.as_str()) {
        ("", "pods" | "persistentvolumeclaims" | "persistentvolumes") => "Pending",
        ("", "namespaces") => "Active",
        ("apiextensions.k8s.io", "customresourcedefinitions") => {
            // It is served at once, and kubectl waits for that.
            let is = |kind: &str| json!({"type": kind, "status": "True"});
            let conditions = [is("NamesAccepted"), is("Established")];
            let names = map.get("spec").map(|spec| spec["names"].clone());
            map.insert("status".to_owned(), json!({"conditions": conditions, "acceptedNames": names}));
            return;
        }
        _ => return,
    };
    map.insert("status".to_owned(), json!({"phase": phase}));
}

fn is_held(value: &Value) -> bool {
    value["metadata"]["finalizers"].as_array().is_some_and(|finalizers| !finalizers.is_empty())
}

fn has_own_generation(value: &Value, part: Part) -> bool {
    part == Part::Whole && value["metadata"]["generation"].is_number()
}

pub(super) fn bump_generation(value: &mut Value) {
    if let Some(generation) = value["metadata"]["generation"].as_u64() {
        value["metadata"]["generation"] = json!(generation + 1);
    }
}

/// Whether anything but metadata and status differs.
fn is_spec_changed(before: &Value, after: &Value) -> bool {
    let spec = |value: &Value| -> Map<String, Value> {
        let mut map = value.as_object().cloned().unwrap_or_default();
        map.retain(|key, _| !matches!(key.as_str(), "kind" | "apiVersion" | "metadata" | "status"));
        map
    };
    spec(before) != spec(after)
}

fn is_same(before: &Value, after: &Value) -> bool {
    before["metadata"] == after["metadata"]
        && before.get("status") == after.get("status")
        && !is_spec_changed(before, after)
}

fn precondition(what: &str, asked: &str, current: &Object) -> String {
    let found = match what {
        "UID" => current.value()["metadata"]["uid"].as_str().unwrap_or_default().to_owned(),
        _ => current.resource_version.to_string(),
    };
    format!("Precondition failed: {what} in precondition: {asked}, {what} in object meta: {found}")
}

const MODIFIED: &str =
    "the object has been modified; please apply your changes to the latest version and try again";

#[cfg(test)]
mod tests {
    use super::*;

    fn birth() -> Birth {
        Birth { now: "2026-11-21T02:05:21Z".to_owned(), uid: "u1".to_owned(), suffix: "abcde".to_owned() }
    }

    fn scene(word: &str) -> (Store, ResourceId) {
        let store = Store::new(1, 100);
        let id = store.registry().named(word).unwrap();
        (store, id)
    }

    fn at(id: ResourceId, name: &str) -> Place<'_> {
        Place { id, namespace: "n", name }
    }

    fn deployment(replicas: u32) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec": {"replicas": replicas}})
    }

    #[test]
    fn a_new_object_gets_what_the_server_gives_it() {
        let (mut store, id) = scene("deployments");
        let mut value = deployment(1);
        value["status"] = json!({"replicas": 9});
        let made = create(&mut store, at(id, ""), value.clone(), Part::Main, &birth(), false).unwrap();
        let metadata = &made.value()["metadata"];
        assert_eq!(metadata["uid"], "u1");
        assert_eq!(metadata["namespace"], "n");
        assert_eq!(metadata["generation"], 1);
        assert_eq!(metadata["creationTimestamp"], "2026-11-21T02:05:21Z");
        assert!(made.value().get("status").is_none());
        assert_eq!(create(&mut store, at(id, ""), value, Part::Main, &birth(), false).unwrap_err().code, 409);
    }

    #[test]
    fn names_are_generated_or_required() {
        let (mut store, id) = scene("configmaps");
        let generated = json!({"metadata": {"generateName": "c-"}});
        let made = create(&mut store, at(id, ""), generated, Part::Main, &birth(), false).unwrap();
        assert_eq!(made.name, "c-abcde");
        let nameless = create(&mut store, at(id, ""), json!({"metadata": {}}), Part::Main, &birth(), false);
        assert_eq!(nameless.unwrap_err().code, 422);
        let elsewhere = json!({"metadata": {"name": "c", "namespace": "other"}});
        assert_eq!(
            create(&mut store, at(id, ""), elsewhere, Part::Main, &birth(), false).unwrap_err().code,
            400
        );
    }

    #[test]
    fn the_spec_moves_the_generation_and_the_status_does_not() {
        let (mut store, id) = scene("deployments");
        create(&mut store, at(id, ""), deployment(1), Part::Main, &birth(), false).unwrap();
        let scaled = replace(&mut store, at(id, "d"), deployment(2), Part::Main, false).unwrap();
        assert_eq!(
            (scaled.value()["metadata"]["generation"].clone(), scaled.resource_version),
            (json!(2), 3)
        );
        let mut status = deployment(7);
        status["status"] = json!({"replicas": 2});
        let observed = replace(&mut store, at(id, "d"), status, Part::Status, false).unwrap().value();
        assert_eq!(observed["metadata"]["generation"], 2);
        assert_eq!((&observed["spec"]["replicas"], &observed["status"]["replicas"]), (&json!(2), &json!(2)));
        let again = replace(&mut store, at(id, "d"), deployment(2), Part::Main, false).unwrap();
        assert_eq!(again.resource_version, 4, "a write without a change is none");
    }

    #[test]
    fn a_write_based_on_an_old_version_conflicts() {
        let (mut store, id) = scene("configmaps");
        store.put(id, json!({"metadata": {"name": "cm1", "namespace": "n"}}), None);
        let old = json!({"metadata": {"name": "cm1", "resourceVersion": "1"}});
        let status = replace(&mut store, at(id, "cm1"), old, Part::Main, false).unwrap_err();
        assert_eq!(
            status.to_value().to_string(),
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"Operation cannot be fulfilled on configmaps \"cm1\": the object has been modified; please apply your changes to the latest version and try again","reason":"Conflict","details":{"name":"cm1","kind":"configmaps"},"code":409}"#
        );
    }

    #[test]
    fn finalizers_hold_an_object_until_the_last_is_gone() {
        let (mut store, id) = scene("pods");
        let pod = json!({"metadata": {"name": "p", "finalizers": ["example.com/hold"]}});
        create(&mut store, at(id, ""), pod, Part::Main, &birth(), false).unwrap();
        let options = DeleteOptions::default();
        let Ok(Deleted::Terminating(held)) = delete(&mut store, at(id, "p"), &options, "now") else {
            panic!("held")
        };
        assert_eq!(held.value()["metadata"]["deletionTimestamp"], "now");
        assert_eq!(held.value()["metadata"]["generation"], 2);
        let freed = modify(&mut store, at(id, "p"), Part::Main, false, |mut value| {
            value["metadata"]["finalizers"] = json!([]);
            Ok(value)
        });
        assert_eq!(freed.unwrap().resource_version, 4);
        assert!(store.get(id, "n", "p").is_none());
        assert_eq!(delete(&mut store, at(id, "p"), &options, "now").unwrap_err().code, 404);
    }

    #[test]
    fn a_delete_keeps_its_preconditions_and_a_dry_run_changes_nothing() {
        let (mut store, id) = scene("pods");
        create(&mut store, at(id, ""), json!({"metadata": {"name": "p"}}), Part::Main, &birth(), false)
            .unwrap();
        let other = DeleteOptions { uid: Some("u2".to_owned()), ..DeleteOptions::default() };
        assert_eq!(delete(&mut store, at(id, "p"), &other, "now").unwrap_err().code, 409);
        let dry = DeleteOptions { dry_run: true, ..DeleteOptions::default() };
        assert!(matches!(delete(&mut store, at(id, "p"), &dry, "now"), Ok(Deleted::Gone(_))));
        assert!(store.get(id, "n", "p").is_some());
    }

    #[test]
    fn a_whole_write_says_everything_itself() {
        let (mut store, id) = scene("deployments");
        let mut value = deployment(1);
        value["metadata"]["generation"] = json!(5);
        value["status"] = json!({"observedGeneration": 4});
        let made = apply(&mut store, at(id, "d"), value.clone(), &birth()).unwrap().value();
        assert_eq!(
            (&made["metadata"]["generation"], &made["status"]["observedGeneration"]),
            (&json!(5), &json!(4))
        );
        value["metadata"].as_object_mut().unwrap().remove("generation");
        value["spec"]["replicas"] = json!(2);
        let bumped = apply(&mut store, at(id, "d"), value, &birth()).unwrap().value();
        assert_eq!(bumped["metadata"]["generation"], 6);
    }
}
