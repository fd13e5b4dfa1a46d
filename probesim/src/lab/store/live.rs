//! The store as the server, the replay and tests share it: locked, given the time and chance, and announced.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rand::TryRng;
use rand::rngs::SysRng;
use serde_json::Value;
use tokio::sync::watch;
use tokio::time::Instant;

use super::cascade;
use super::write::{self, Birth, DeleteOptions, Place};
use crate::lab::api::answer::status::Status;
use crate::lab::controllers::defaults;
use crate::lab::schema::resources::{Resource, ResourceId};
use crate::lab::store::Store;
use crate::lab::timestamp;

/// A handle to the store; clones share it.
#[derive(Clone, Debug)]
pub struct LiveStore {
    store: Arc<Mutex<Store>>,
    /// The newest version: watches wait for it to change.
    revision: watch::Sender<u64>,
    /// The wall clock at some moment: from there it goes on with tokio's clock, which tests can pause.
    epoch: (Duration, Instant),
}

// === impl LiveStore ===

impl LiveStore {
    /// Shares a store.
    #[must_use]
    pub fn new(store: Store) -> Self {
        let (revision, _) = watch::channel(store.revision());
        Self { store: Arc::new(Mutex::new(store)), revision, epoch: (wall(), Instant::now()) }
    }

    /// Shares a store where it is a given time since 1970.
    #[cfg(test)]
    pub(in crate::lab) fn starting_at(store: Store, now: Duration) -> Self {
        Self { epoch: (now, Instant::now()), ..Self::new(store) }
    }

    /// Creates or replaces an object, status and all; `kind`, `apiVersion` and a name are needed.
    ///
    /// What the server would set (uid, times, generation) is set unless the object says it itself.
    ///
    /// # Errors
    /// The `Status` that the server would answer.
    pub fn apply(&self, value: Value) -> Result<Value, Status> {
        self.write(|store, birth| {
            let (id, namespace, name) = locate(store, &value)?;
            let place = Place { id, namespace: &namespace, name: &name };
            write::apply(store, place, value, birth).map(|object| object.value())
        })
    }

    /// Stores an object as it was recorded, under its own resourceVersion where the store has not passed it.
    ///
    /// # Errors
    /// The `Status` that the server would answer.
    pub fn put_recorded(&self, value: Value) -> Result<(), Status> {
        let at = recorded_version(&value);
        self.write(|store, _| {
            let (id, ..) = locate(store, &value)?;
            store.put(id, value, at);
            Ok(())
        })
    }

    /// Removes an object as it was recorded: its last state, under the resourceVersion of the delete.
    ///
    /// # Errors
    /// The `Status` that the server would answer.
    pub fn remove_recorded(&self, value: Value) -> Result<(), Status> {
        let at = recorded_version(&value);
        self.write(|store, _| {
            let (id, namespace, name) = locate(store, &value)?;
            store.remove(id, &namespace, &name, Some(value), at);
            Ok(())
        })
    }

    /// Deletes an object at once, whatever finalizers it has: `delete("pods", "shop", "web-0")`.
    ///
    /// # Errors
    /// The `Status` that the server would answer.
    pub fn delete(&self, resource: &str, namespace: &str, name: &str) -> Result<(), Status> {
        self.write(|store, _| {
            let id = store.registry().named(resource).ok_or_else(Status::unknown_resource)?;
            let gone = store.remove(id, namespace, name, None, None);
            gone.map(drop).ok_or_else(|| Status::not_found(store.resource(id), name))
        })
    }

    /// Deletes an object as a client does: finalizers hold it.
    ///
    /// # Errors
    /// The `Status` that the server would answer.
    pub fn request_delete(&self, resource: &str, namespace: &str, name: &str) -> Result<(), Status> {
        self.write(|store, birth| {
            let id = store.registry().named(resource).ok_or_else(Status::unknown_resource)?;
            let place = Place { id, namespace, name };
            write::delete(store, place, &DeleteOptions::default(), &birth.now).map(drop)
        })
    }

    /// The current state of an object: `get("deployments", "shop", "api")`.
    #[must_use]
    pub fn get(&self, resource: &str, namespace: &str, name: &str) -> Option<Value> {
        let store = self.lock();
        let id = store.registry().named(resource)?;
        store.get(id, namespace, name).map(|object| object.value())
    }

    /// Every object of a resource in a namespace, or in all when it is empty.
    #[must_use]
    pub fn list(&self, resource: &str, namespace: &str) -> Vec<Value> {
        let store = self.lock();
        let Some(id) = store.registry().named(resource) else { return Vec::new() };
        store.objects(id, namespace).map(|object| object.value()).collect()
    }

    /// Serves a custom resource from now on.
    pub fn register(&self, resource: Resource) {
        self.lock().register(resource);
    }

    /// The version of the newest change.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.lock().revision()
    }

    /// Moves the counter forward without a change, as writes to resources that nobody watches do.
    pub fn advance_to(&self, revision: u64) {
        self.lock().advance_to(revision);
        self.announce();
    }

    /// Forgets the whole history: watches and pages from older versions get 410 from now on.
    pub fn forget_history(&self) {
        self.lock().forget_history();
        self.announce();
    }

    /// Waits until the store has reached this version.
    pub async fn reached(&self, revision: u64) {
        let mut announced = self.revision.subscribe();
        // The sender lives in `self`: waiting cannot fail.
        let _ = announced.wait_for(|now| *now >= revision).await;
    }

    pub(in crate::lab) fn restart_at(&self, revision: u64) {
        self.lock().restart_at(revision);
        self.announce();
    }

    /// Changes the store and wakes the watches.
    pub(in crate::lab) fn write<T>(
        &self,
        change: impl FnOnce(&mut Store, &Birth) -> Result<T, Status>,
    ) -> Result<T, Status> {
        let birth = birth(self.now().as_secs());
        let result = {
            let mut store = self.lock();
            let result = change(&mut store, &birth);
            cascade::finish(&mut store);
            result
        };
        self.announce();
        result
    }

    /// From now on, writes fill in the defaults of an API server; so does this for what is there.
    pub(in crate::lab) fn fill_in_defaults(&self) {
        let filled = self.write(|store, birth| {
            store.fills_defaults = true;
            let ids: Vec<_> =
                defaults::KINDS.iter().filter_map(|kind| store.registry().named(kind)).collect();
            for id in ids {
                let objects: Vec<_> = store.objects(id, "").cloned().collect();
                for object in objects {
                    let place = Place { id, namespace: &object.namespace, name: &object.name };
                    write::apply(store, place, object.value(), birth)?;
                }
            }
            Ok(())
        });
        if let Err(status) = filled {
            tracing::warn!(reason = %status.message, "defaults could not be filled in");
        }
    }

    /// From now on, clients are refused what an API server refuses.
    pub(in crate::lab) fn refuse_what_a_server_does(&self) {
        self.lock().refuses = true;
    }

    /// The time since 1970, as everything that is written here is stamped.
    pub(in crate::lab) fn now(&self) -> Duration {
        self.epoch.0 + self.epoch.1.elapsed()
    }

    /// The lock is held for the length of an expression, never across an await.
    pub(in crate::lab) fn lock(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(in crate::lab) fn subscribe(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }

    fn announce(&self) {
        let revision = self.lock().revision();
        self.revision.send_replace(revision);
    }
}

/// Which object this is: its resource, namespace and name.
fn locate(store: &Store, value: &Value) -> Result<(ResourceId, String, String), Status> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (version, kind) = (text(&value["apiVersion"]), text(&value["kind"]));
    let id = store.registry().of_object(&version, &kind).ok_or_else(|| {
        Status::bad_request(format!("no resource is known for kind {kind:?} in version {version:?}"))
    })?;
    let mut namespace = text(&value["metadata"]["namespace"]);
    if namespace.is_empty() && store.resource(id).namespaced {
        namespace = "default".to_owned();
    }
    Ok((id, namespace, text(&value["metadata"]["name"])))
}

fn recorded_version(value: &Value) -> Option<u64> {
    value["metadata"]["resourceVersion"].as_str()?.parse().ok()
}

/// The wall clock, as `metadata.creationTimestamp` shows it.
pub(in crate::lab) fn now() -> u64 {
    wall().as_secs()
}

fn wall() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn birth(now: u64) -> Birth {
    let random = random_bytes();
    Birth { now: timestamp::format(now), uid: uuid(random), suffix: suffix(&random) }
}

pub(in crate::lab) fn random_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    // Without a random source uids repeat; nothing here depends on their secrecy.
    let _ = SysRng.try_fill_bytes(&mut bytes);
    bytes
}

/// A random (version 4) UUID.
pub(in crate::lab) fn uuid(mut bytes: [u8; 16]) -> String {
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

/// Five characters without vowels, as apimachinery's `rand.String` makes them.
fn suffix(random: &[u8; 16]) -> String {
    const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    random.iter().take(5).map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn objects_are_applied_and_deleted_by_hand() {
        let store = LiveStore::new(Store::new(1, 10));
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"}});
        let made = store.apply(pod.clone()).unwrap();
        assert_eq!(made["metadata"]["resourceVersion"], "2");
        assert_eq!(made["metadata"]["uid"].as_str().unwrap().len(), 36);
        assert_eq!(store.get("po", "n", "p"), Some(made));
        assert_eq!(store.list("pods", "").len(), 1);
        store.delete("pods", "n", "p").unwrap();
        assert_eq!(store.delete("pods", "n", "p").unwrap_err().code, 404);
        assert_eq!(store.apply(json!({"kind": "Nope", "apiVersion": "v1"})).unwrap_err().code, 400);
    }

    #[test]
    fn recorded_objects_keep_their_versions() {
        let store = LiveStore::new(Store::new(1, 10));
        let pod = |version: &str| {
            json!({"apiVersion": "v1", "kind": "Pod",
                   "metadata": {"name": "p", "namespace": "n", "resourceVersion": version}})
        };
        store.put_recorded(pod("500")).unwrap();
        assert_eq!(store.revision(), 500);
        store.remove_recorded(pod("510")).unwrap();
        assert_eq!((store.revision(), store.get("pods", "n", "p")), (510, None));
    }
}
