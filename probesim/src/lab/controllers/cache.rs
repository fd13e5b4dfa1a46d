//! The controllers' view of the store: the objects of their kinds, kept up to date by its changes.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::lab::schema::resources::ResourceId;
use crate::lab::store::Store;
use crate::lab::store::object;

use super::meta;

/// A kind that the controllers watch; in this order their changes are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Pod,
    ReplicaSet,
    Deployment,
    StatefulSet,
    DaemonSet,
    ControllerRevision,
    CronJob,
    Job,
    Service,
    EndpointSlice,
    PersistentVolumeClaim,
    PodDisruptionBudget,
}

/// What has happened to one object.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) kind: Kind,
    /// The object as it was, unless it is new.
    pub(super) before: Option<Arc<Value>>,
    /// The object as it is, unless it is gone.
    pub(super) after: Option<Arc<Value>>,
}

#[derive(Debug)]
struct Watched {
    kind: Kind,
    id: ResourceId,
    objects: BTreeMap<String, Arc<Value>>,
}

/// The objects, and the version up to which they are known.
#[derive(Debug)]
pub(super) struct Cache {
    watched: Vec<Watched>,
    revision: u64,
}

// === impl Kind ===

impl Kind {
    const ALL: [(Self, &str, &str); 12] = [
        (Self::Pod, "v1", "Pod"),
        (Self::ReplicaSet, "apps/v1", "ReplicaSet"),
        (Self::Deployment, "apps/v1", "Deployment"),
        (Self::StatefulSet, "apps/v1", "StatefulSet"),
        (Self::DaemonSet, "apps/v1", "DaemonSet"),
        (Self::ControllerRevision, "apps/v1", "ControllerRevision"),
        (Self::CronJob, "batch/v1", "CronJob"),
        (Self::Job, "batch/v1", "Job"),
        (Self::Service, "v1", "Service"),
        (Self::EndpointSlice, "discovery.k8s.io/v1", "EndpointSlice"),
        (Self::PersistentVolumeClaim, "v1", "PersistentVolumeClaim"),
        (Self::PodDisruptionBudget, "policy/v1", "PodDisruptionBudget"),
    ];

    /// The kind that an owner reference names.
    pub(super) fn of(reference: &Value) -> Option<Self> {
        let (version, kind) = (meta::text(reference, "/apiVersion"), meta::text(reference, "/kind"));
        Self::ALL.iter().find(|(_, v, k)| *v == version && *k == kind).map(|(kind, ..)| *kind)
    }
}

// === impl Cache ===

impl Cache {
    /// An empty view: the first refresh shows everything as new.
    pub(super) fn new(store: &Store) -> Self {
        let watched = Kind::ALL.iter().filter_map(|(kind, version, name)| {
            let id = store.registry().of_object(version, name)?;
            Some(Watched { kind: *kind, id, objects: BTreeMap::new() })
        });
        Self { watched: watched.collect(), revision: 0 }
    }

    /// Takes what has changed in the store; nothing is read when nothing has.
    pub(super) fn refresh(&mut self, store: &Store) -> Vec<Seen> {
        let mut seen = Vec::new();
        if store.revision() == self.revision {
            return seen;
        }
        for watched in &mut self.watched {
            watched.refresh(store, self.revision, &mut seen);
        }
        self.revision = store.revision();
        seen
    }

    pub(super) fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Arc<Value>> {
        self.watched(kind)?.objects.get(&object::key(namespace, name))
    }

    /// The objects of a kind in a namespace, by name.
    pub(super) fn all<'a>(&'a self, kind: Kind, namespace: &'a str) -> impl Iterator<Item = &'a Value> {
        let objects = self.watched(kind).into_iter().flat_map(|watched| watched.objects.values());
        objects.map(|object| &**object).filter(move |object| meta::namespace(object) == namespace)
    }

    /// The objects of a kind that this one controls.
    pub(super) fn controlled<'a>(&'a self, kind: Kind, owner: &'a Value) -> Vec<&'a Value> {
        let uid = meta::uid(owner);
        let is_its =
            |object: &&Value| meta::controller(object).is_some_and(|reference| reference["uid"] == uid);
        self.all(kind, meta::namespace(owner)).filter(is_its).collect()
    }

    /// Every object that names this uid among its owners.
    pub(super) fn owned<'a>(&'a self, uid: &'a str) -> impl Iterator<Item = (Kind, &'a Value)> {
        let objects = self.watched.iter().flat_map(|w| w.objects.values().map(|object| (w.kind, &**object)));
        objects.filter(move |(_, object)| meta::owners(object).any(|owner| owner["uid"] == uid))
    }

    fn watched(&self, kind: Kind) -> Option<&Watched> {
        self.watched.iter().find(|watched| watched.kind == kind)
    }
}

// === impl Watched ===

impl Watched {
    fn refresh(&mut self, store: &Store, since: u64, seen: &mut Vec<Seen>) {
        match store.changes_after(self.id, since) {
            Ok(changes) => {
                for change in changes {
                    let after = (!change.is_delete).then(|| Arc::new(change.object.value()));
                    self.take(change.object.key(), after, seen);
                }
            }
            // The history is too short: everything is compared.
            Err(_) => self.list(store, seen),
        }
    }

    fn list(&mut self, store: &Store, seen: &mut Vec<Seen>) {
        let now: BTreeMap<_, _> = store.objects(self.id, "").map(|object| (object.key(), object)).collect();
        let gone: Vec<String> = self.objects.keys().filter(|key| !now.contains_key(*key)).cloned().collect();
        for key in gone {
            self.take(key, None, seen);
        }
        for (key, object) in now {
            let version = object.resource_version.to_string();
            let is_known = |known: &Arc<Value>| known["metadata"]["resourceVersion"] == version;
            if !self.objects.get(&key).is_some_and(is_known) {
                self.take(key, Some(Arc::new(object.value())), seen);
            }
        }
    }

    fn take(&mut self, key: String, after: Option<Arc<Value>>, seen: &mut Vec<Seen>) {
        let before = match &after {
            Some(object) => self.objects.insert(key, object.clone()),
            None => self.objects.remove(&key),
        };
        seen.push(Seen { kind: self.kind, before, after });
    }
}
