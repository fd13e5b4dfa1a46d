//! The objects, the counter behind every resourceVersion, and the history that watches and old lists read.
//!
//! It is a plain value: no clock, no randomness, no waiting. [`live::LiveStore`] shares and announces it.
//!
//! | file | what it decides or does |
//! |---|---|
//! | `object` | one object of the store |
//! | `options`, `selector`, `fields` | which objects are asked for, and from which version |
//! | `list`, `watch` | what is read: pages of objects, and events |
//! | `write`, `prepare`, `patch/` | what a create, an update or a patch makes of an object |
//! | `cascade`, `termination` | what a deletion reaches, and how long a deleted pod stays |
//! | `live`, `follow` | the store shared, given time and chance; its changes told within the process |

pub(super) mod cascade;
mod fields;
pub(super) mod follow;
pub(super) mod list;
pub(super) mod live;
pub(super) mod object;
pub(super) mod options;
pub(super) mod patch;
pub(super) mod prepare;
pub(super) mod selector;
mod termination;
pub(super) mod watch;
pub(super) mod write;

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound;
use std::sync::Arc;

use serde_json::Value;

use self::cascade::Waiting;
use self::object::Object;
use super::schema::resources::{Registry, Resource, ResourceId};

/// Everything that the server knows.
#[derive(Debug)]
pub struct Store {
    registry: Registry,
    collections: Vec<Collection>,
    revision: u64,
    history_limit: usize,
    /// Whether writes fill in what an API server would: a replayed recording says everything itself.
    pub(super) fills_defaults: bool,
    /// Whether clients may write only what an API server takes, and a namespace ends slowly.
    pub(super) refuses: bool,
    /// What is gone once other objects are.
    pub(super) waiting: Vec<Waiting>,
}

/// What happened to one object.
#[derive(Clone, Debug)]
pub struct Change {
    pub(super) revision: u64,
    pub(super) is_delete: bool,
    /// The state after the change; of a delete, the last state with the delete's resourceVersion.
    pub(super) object: Arc<Object>,
    pub(super) previous: Option<Arc<Object>>,
}

/// The version asked for is older than what the history still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooOld {
    /// The newest version that is forgotten.
    pub(super) forgotten: u64,
}

#[derive(Debug, Default)]
struct Collection {
    objects: BTreeMap<String, Arc<Object>>,
    history: VecDeque<Arc<Change>>,
    forgotten: u64,
}

// === impl Store ===

impl Store {
    /// An empty store; the first change gets the version after `revision`, and at most `history_limit` changes
    /// of each resource are remembered.
    #[must_use]
    pub fn new(revision: u64, history_limit: usize) -> Self {
        let registry = Registry::built_in();
        let mut store = Self {
            registry,
            collections: Vec::new(),
            revision,
            history_limit: history_limit.max(1),
            fills_defaults: false,
            refuses: false,
            waiting: Vec::new(),
        };
        store.grow();
        store
    }

    /// The version of the newest change.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// The resources that are served.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Serves a custom resource from now on.
    pub fn register(&mut self, resource: Resource) -> ResourceId {
        let id = self.registry.register(resource);
        self.grow();
        id
    }

    pub(super) fn resource(&self, id: ResourceId) -> &Arc<Resource> {
        self.registry.get(id)
    }

    pub(super) fn get(&self, id: ResourceId, namespace: &str, name: &str) -> Option<&Arc<Object>> {
        self.collections[id.0].objects.get(&object::key(namespace, name))
    }

    /// How many objects there are.
    pub(super) fn count(&self, id: ResourceId) -> usize {
        self.collections[id.0].objects.len()
    }

    /// The objects of a namespace, or of all when it is empty, in key order.
    pub(super) fn objects(&self, id: ResourceId, namespace: &str) -> impl Iterator<Item = &Arc<Object>> {
        self.collections[id.0].objects.range::<str, _>(bounds(namespace).as_range()).map(|(_, object)| object)
    }

    /// The objects as they were at an older version, by undoing what has happened since.
    pub(super) fn objects_at(
        &self,
        id: ResourceId,
        revision: u64,
    ) -> Result<BTreeMap<String, Arc<Object>>, TooOld> {
        let mut objects = self.collections[id.0].objects.clone();
        for change in self.changes_after(id, revision)?.rev() {
            match &change.previous {
                Some(previous) => objects.insert(change.object.key(), previous.clone()),
                None => objects.remove(&change.object.key()),
            };
        }
        Ok(objects)
    }

    /// What has happened to a resource since `revision`.
    pub(super) fn changes_after(
        &self,
        id: ResourceId,
        revision: u64,
    ) -> Result<impl DoubleEndedIterator<Item = &Arc<Change>>, TooOld> {
        let Collection { history, forgotten, .. } = &self.collections[id.0];
        if revision < *forgotten {
            return Err(TooOld { forgotten: *forgotten });
        }
        let start = history.partition_point(|change| change.revision <= revision);
        Ok(history.range(start..))
    }

    /// Stores an object as it is: under the next version, or under `at` where that is newer (a recorded one).
    ///
    /// A stored `CustomResourceDefinition` makes its resource known.
    pub(super) fn put(&mut self, id: ResourceId, value: Value, at: Option<u64>) -> Arc<Object> {
        let revision = self.advance(at);
        if self.registry.get(id).plural == "customresourcedefinitions"
            && let Some(resource) = Resource::from_definition(&value)
        {
            self.register(resource);
        }
        let object = Arc::new(Object::new(self.registry.get(id), value, revision));
        let previous = self.collections[id.0].objects.insert(object.key(), object.clone());
        self.record(id, Change { revision, is_delete: false, object: object.clone(), previous });
        object
    }

    /// Removes an object; `last` is its last state if the caller knows better than the store.
    pub(super) fn remove(
        &mut self,
        id: ResourceId,
        namespace: &str,
        name: &str,
        last: Option<Value>,
        at: Option<u64>,
    ) -> Option<Arc<Object>> {
        let previous = self.collections[id.0].objects.remove(&object::key(namespace, name))?;
        if self.registry.get(id).plural == "customresourcedefinitions" {
            self.forget(&previous.value());
        }
        let revision = self.advance(at);
        let resource = self.registry.get(id);
        let object = match last {
            Some(value) => Object::new(resource, value, revision),
            None => previous.restamped(resource, revision),
        };
        let object = Arc::new(object);
        self.record(
            id,
            Change { revision, is_delete: true, object: object.clone(), previous: Some(previous) },
        );
        Some(object)
    }

    /// The objects of a definition that is gone go with it, and nobody serves them any more.
    fn forget(&mut self, definition: &Value) {
        let spec = &definition["spec"];
        let (Some(group), Some(plural)) = (spec["group"].as_str(), spec["names"]["plural"].as_str()) else {
            return;
        };
        let is_it = |one: &Resource| one.is_custom && one.group == group && one.plural == plural;
        let ids: Vec<ResourceId> = self
            .registry
            .iter_all()
            .enumerate()
            .filter(|(_, one)| is_it(one))
            .map(|(at, _)| ResourceId(at))
            .collect();
        for id in ids {
            let objects: Vec<Arc<Object>> = self.collections[id.0].objects.values().cloned().collect();
            for object in objects {
                self.remove(id, &object.namespace, &object.name, None, None);
            }
        }
        self.registry.remove(group, plural);
    }

    /// Moves the counter forward without a change, as writes to other resources do.
    pub(super) fn advance_to(&mut self, revision: u64) {
        self.revision = self.revision.max(revision);
    }

    /// Forgets the whole history, as a compaction does: older versions are answered with 410.
    pub(super) fn forget_history(&mut self) {
        for collection in &mut self.collections {
            collection.history.clear();
            collection.forgotten = self.revision;
        }
    }

    /// The store of a server restored from elsewhere: the same objects, no history, other versions.
    pub(super) fn restart_at(&mut self, revision: u64) {
        self.revision = revision;
        for (collection, resource) in self.collections.iter_mut().zip(self.registry.iter_all()) {
            for object in collection.objects.values_mut() {
                *object = Arc::new(object.restamped(resource, revision));
            }
        }
        self.forget_history();
    }

    fn advance(&mut self, at: Option<u64>) -> u64 {
        self.revision = at.unwrap_or(0).max(self.revision + 1);
        self.revision
    }

    fn record(&mut self, id: ResourceId, change: Change) {
        let Collection { history, forgotten, .. } = &mut self.collections[id.0];
        history.push_back(Arc::new(change));
        while history.len() > self.history_limit {
            *forgotten = history.pop_front().map_or(*forgotten, |change| change.revision);
        }
    }

    fn grow(&mut self) {
        let forgotten = self.revision;
        self.collections
            .resize_with(self.registry.len(), || Collection { forgotten, ..Collection::default() });
    }
}

/// The keys of one namespace, or of all.
pub(super) struct KeyBounds(Option<(String, String)>);

/// Keys of a namespace lie between `ns/` and `ns0`, because `0` is the character after the slash.
pub(super) fn bounds(namespace: &str) -> KeyBounds {
    KeyBounds((!namespace.is_empty()).then(|| (format!("{namespace}/"), format!("{namespace}0"))))
}

// === impl KeyBounds ===

impl KeyBounds {
    pub(super) fn as_range(&self) -> (Bound<&str>, Bound<&str>) {
        match &self.0 {
            None => (Bound::Unbounded, Bound::Unbounded),
            Some((from, to)) => (Bound::Included(from), Bound::Excluded(to)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn config(name: &str, value: &str) -> Value {
        json!({"metadata": {"name": name, "namespace": "n"}, "data": {"k": value}})
    }

    fn store() -> (Store, ResourceId) {
        let store = Store::new(100, 3);
        let id = store.registry().named("configmaps").unwrap();
        (store, id)
    }

    fn names<'a>(objects: impl Iterator<Item = &'a Arc<Object>>) -> Vec<String> {
        objects.map(|o| o.name.clone()).collect()
    }

    #[test]
    fn versions_count_up_and_follow_recorded_ones() {
        let (mut store, id) = store();
        assert_eq!(store.put(id, config("a", "1"), None).resource_version, 101);
        assert_eq!(store.put(id, config("a", "2"), Some(500)).resource_version, 500);
        assert_eq!(store.put(id, config("b", "1"), Some(7)).resource_version, 501);
        assert_eq!(store.remove(id, "n", "a", None, None).unwrap().resource_version, 502);
        assert!(store.remove(id, "n", "a", None, None).is_none());
    }

    #[test]
    fn namespaces_do_not_mix_and_keys_are_ordered() {
        let (mut store, id) = store();
        for (namespace, name) in [("n-x", "b"), ("n", "c"), ("n", "a")] {
            store.put(id, json!({"metadata": {"name": name, "namespace": namespace}}), None);
        }
        assert_eq!(names(store.objects(id, "n")), ["a", "c"]);
        assert_eq!(names(store.objects(id, "")), ["b", "a", "c"]);
        assert!(store.objects(id, "none").next().is_none());
    }

    #[test]
    fn an_older_state_is_rebuilt_until_its_history_is_forgotten() {
        let (mut store, id) = store();
        store.put(id, config("a", "1"), None);
        store.put(id, config("b", "1"), None);
        store.remove(id, "n", "a", None, None);
        assert_eq!(names(store.objects_at(id, 102).unwrap().values()), ["a", "b"]);
        assert_eq!(names(store.objects_at(id, 101).unwrap().values()), ["a"]);
        assert!(store.objects_at(id, 99).is_err());
        store.put(id, config("c", "1"), None);
        assert_eq!(store.objects_at(id, 100).unwrap_err(), TooOld { forgotten: 101 });
        store.forget_history();
        assert_eq!(store.objects_at(id, 103).unwrap_err(), TooOld { forgotten: 104 });
    }

    #[test]
    fn a_definition_makes_its_resource_known() {
        let (mut store, _) = store();
        let definitions = store.registry().named("crd").unwrap();
        assert!(store.registry().named("widgets").is_none());
        let definition = json!({"metadata": {"name": "widgets.example.com"}, "spec": {
            "group": "example.com", "scope": "Namespaced", "names": {"plural": "widgets", "kind": "Widget"},
            "versions": [{"name": "v1", "served": true}]}});
        store.put(definitions, definition, None);
        let widgets = store.registry().of_object("example.com/v1", "Widget").unwrap();
        assert!(store.objects(widgets, "").next().is_none());
    }

    #[test]
    fn a_restarted_store_has_its_objects_and_nothing_else() {
        let (mut store, id) = store();
        store.put(id, config("a", "1"), None);
        store.restart_at(5);
        assert_eq!(store.get(id, "n", "a").unwrap().resource_version, 5);
        assert_eq!(store.put(id, config("b", "1"), None).resource_version, 6);
        assert!(store.changes_after(id, 4).is_err());
    }
}
