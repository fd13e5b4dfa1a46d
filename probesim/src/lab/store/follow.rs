//! Follows the changes of the store from within the process.

use std::sync::Arc;

use tokio::sync::watch;

use super::live::LiveStore;
use crate::lab::schema::resources::ResourceId;
use crate::lab::store::Change;

/// What has happened to some resources since it was made.
#[derive(Debug)]
pub(in crate::lab) struct Follower {
    store: LiveStore,
    /// `None`: all of them.
    only: Option<ResourceId>,
    seen: u64,
    revision: watch::Receiver<u64>,
}

// === impl Follower ===

impl Follower {
    /// Follows one resource, by what kubectl calls it, from now on.
    pub(in crate::lab) fn of(store: &LiveStore, resource: &str) -> Self {
        let only = store.lock().registry().named(resource);
        Self { only, ..Self::of_all(store) }
    }

    /// Follows every resource from now on.
    pub(in crate::lab) fn of_all(store: &LiveStore) -> Self {
        let revision = store.subscribe();
        Self { store: store.clone(), only: None, seen: store.revision(), revision }
    }

    /// The next changes, oldest first; at least one.
    pub(in crate::lab) async fn next(&mut self) -> Vec<Arc<Change>> {
        loop {
            let changes = self.take();
            if !changes.is_empty() {
                return changes;
            }
            if self.revision.changed().await.is_err() {
                // The store is gone, and nothing will change any more.
                std::future::pending::<()>().await;
            }
        }
    }

    fn take(&mut self) -> Vec<Arc<Change>> {
        let store = self.store.lock();
        let ids = match self.only {
            Some(id) => vec![id],
            None => (0..store.registry().len()).map(ResourceId).collect(),
        };
        let mut changes: Vec<Arc<Change>> = Vec::new();
        for id in ids {
            match store.changes_after(id, self.seen) {
                Ok(new) => changes.extend(new.cloned()),
                Err(_) => tracing::warn!(
                    resource = store.resource(id).plural,
                    "too many changes at once: some were missed"
                ),
            }
        }
        changes.sort_by_key(|change| change.revision);
        self.seen = store.revision();
        changes
    }
}
