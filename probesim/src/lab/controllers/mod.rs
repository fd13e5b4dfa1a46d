//! The controllers that a gate can see: pods from templates, statuses from pods.
//!
//! Each controller is a function from an object, what belongs to it, and the time, to a [`plan::Plan`]. Here they
//! are woken by changes of the store and by time, and their plans are carried out as an API client would.

mod cache;
mod carry;
mod claim;
mod daemon_set;
pub(super) mod defaults;
mod deployment;
pub(super) mod disruption;
mod endpoints;
mod garbage;
mod job;
mod meta;
mod plan;
mod pod;
mod queue;
mod replica_set;
mod revisions;
mod share;
mod stateful_set;
#[cfg(test)]
mod tests;

use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use self::cache::{Cache, Kind, Seen};
use self::carry::Hands;
use self::plan::Plan;
use self::queue::{Key, Queue, Task};
use super::store::live::LiveStore;

/// Looks that nothing but time asks for are so far apart at least.
const SHORTEST: Duration = Duration::from_millis(1);
/// So many looks are taken before other tasks get their turn.
const BREATH: usize = 64;

/// The controllers at work.
struct Controllers {
    store: LiveStore,
    cache: Cache,
    queue: Queue,
    hands: Hands,
}

/// Reconciles for ever. From this call on, new objects get the defaults that an API server would fill in.
pub(super) fn run(store: LiveStore) -> impl Future<Output = ()> {
    store.fill_in_defaults();
    let mut controllers = Controllers::new(store);
    async move { controllers.run().await }
}

// === impl Controllers ===

impl Controllers {
    fn new(store: LiveStore) -> Self {
        let cache = Cache::new(&store.lock());
        let hands = Hands::new(&store);
        Self { store, cache, queue: Queue::default(), hands }
    }

    async fn run(&mut self) {
        let mut announced = self.store.subscribe();
        loop {
            announced.borrow_and_update();
            while self.settle() {
                tokio::task::yield_now().await;
            }
            let next = self.queue.next_timer().map(|at| at.saturating_sub(self.store.now()));
            tokio::select! {
                // The sender lives in `self`: it cannot fail.
                _ = announced.changed() => {}
                () = wait(next) => {}
            }
        }
    }

    /// Takes looks until there is nothing to do, or others should have their turn: then it returns true.
    fn settle(&mut self) -> bool {
        for _ in 0..BREATH {
            let seen = self.cache.refresh(&self.store.lock());
            for seen in &seen {
                self.notice(seen);
            }
            self.queue.wake(self.store.now());
            let Some(key) = self.queue.pop() else { return false };
            let Some(object) = self.cache.get(key.kind, &key.namespace, &key.name).cloned() else { continue };
            let plan = self.look(key.task, key.kind, &object);
            if let Some(at) = plan.again {
                // A moment that has passed is no reason to look without a pause.
                self.queue.push_at(key.clone(), at.max(self.store.now() + SHORTEST));
            }
            self.hands.carry_out(key.kind, &object, plan);
        }
        true
    }

    fn look(&self, task: Task, kind: Kind, object: &Value) -> Plan {
        let (cache, now) = (&self.cache, self.store.now());
        if task == Task::Collect {
            return garbage::sync(object, |owner| self.exists(object, owner));
        }
        let controlled = |kind| cache.controlled(kind, object);
        let namespace = meta::namespace(object);
        match kind {
            Kind::Deployment => {
                let sets = controlled(Kind::ReplicaSet);
                let pods: Vec<_> = sets.iter().flat_map(|set| cache.controlled(Kind::Pod, set)).collect();
                deployment::sync(object, &sets, &pods, now)
            }
            Kind::ReplicaSet => replica_set::sync(object, &controlled(Kind::Pod), now),
            Kind::StatefulSet => {
                let claims: Vec<_> = cache.all(Kind::PersistentVolumeClaim, namespace).collect();
                let revisions = controlled(Kind::ControllerRevision);
                stateful_set::sync(object, &controlled(Kind::Pod), &revisions, &claims, now)
            }
            Kind::DaemonSet => {
                let revisions = controlled(Kind::ControllerRevision);
                daemon_set::sync(object, &controlled(Kind::Pod), &revisions, now)
            }
            Kind::Job => job::sync(object, &controlled(Kind::Pod), now),
            Kind::PodDisruptionBudget => {
                let pods: Vec<_> = cache.all(Kind::Pod, namespace).collect();
                disruption::sync(object, &pods, &self.scaled_owners(object, &pods), now)
            }
            Kind::Service => {
                let pods: Vec<_> = cache.all(Kind::Pod, namespace).collect();
                endpoints::sync(object, &pods, &controlled(Kind::EndpointSlice), now)
            }
            Kind::PersistentVolumeClaim => claim::sync(object),
            Kind::Pod | Kind::ControllerRevision | Kind::CronJob | Kind::EndpointSlice => Plan::default(),
        }
    }

    /// What the pods of a budget belong to in the end, each once.
    fn scaled_owners<'a>(&'a self, budget: &Value, pods: &[&'a Value]) -> Vec<&'a Value> {
        let owner_of = |object: &Value| {
            let reference = meta::controller(object)?;
            let found = self.cache.get(
                Kind::of(reference)?,
                meta::namespace(object),
                meta::text(reference, "/name"),
            )?;
            Some(&**found)
        };
        let mut owners: Vec<&Value> = Vec::new();
        for pod in pods.iter().filter(|pod| meta::selects(&budget["spec"]["selector"], pod)) {
            let Some(owner) = owner_of(pod) else { continue };
            let last = owner_of(owner).unwrap_or(owner);
            if !owners.iter().any(|known| meta::uid(known) == meta::uid(last)) {
                owners.push(last);
            }
        }
        owners
    }

    /// Whether an owner is still there; one of a kind that is not served cannot be judged, and counts as there.
    fn exists(&self, object: &Value, owner: &Value) -> bool {
        let store = self.store.lock();
        let (version, kind) = (meta::text(owner, "/apiVersion"), meta::text(owner, "/kind"));
        let Some(id) = store.registry().of_object(version, kind) else { return true };
        let namespace = if store.resource(id).namespaced { meta::namespace(object) } else { "" };
        let found = store.get(id, namespace, meta::text(owner, "/name"));
        found.is_some_and(|found| found.value()["metadata"]["uid"] == owner["uid"])
    }

    /// Who has to look because of a change.
    fn notice(&mut self, seen: &Seen) {
        let Some(object) = seen.after.as_ref().or(seen.before.as_ref()) else { return };
        if seen.after.is_some() {
            self.queue.push(Key::of(Task::Sync, seen.kind, object));
        }
        for state in [&seen.before, &seen.after].into_iter().flatten() {
            self.notice_owner(seen.kind, state);
        }
        if seen.kind == Kind::Pod {
            let services = self.cache.all(Kind::Service, meta::namespace(object));
            services.for_each(|service| self.queue.push(Key::of(Task::Sync, Kind::Service, service)));
        }
        if matches!(seen.kind, Kind::Pod | Kind::ReplicaSet | Kind::Deployment | Kind::StatefulSet) {
            let kind = Kind::PodDisruptionBudget;
            let budgets = self.cache.all(kind, meta::namespace(object));
            budgets.for_each(|budget| self.queue.push(Key::of(Task::Sync, kind, budget)));
        }
        let is_new = seen.before.is_none();
        match &seen.after {
            None => {
                let owned = self.cache.owned(meta::uid(object));
                owned.for_each(|(kind, child)| self.queue.push(Key::of(Task::Collect, kind, child)));
            }
            Some(object) if is_new && meta::owners(object).next().is_some() => {
                self.queue.push(Key::of(Task::Collect, seen.kind, object));
            }
            Some(_) => {}
        }
    }

    fn notice_owner(&mut self, kind: Kind, object: &Value) {
        let Some(reference) = meta::controller(object) else { return };
        let Some(owner) = Kind::of(reference) else { return };
        let (namespace, name) = (meta::namespace(object), meta::text(reference, "/name"));
        let key = Key::new(Task::Sync, owner, namespace, name);
        if owner == Kind::Job {
            self.queue.push_at(key, self.store.now() + job::BATCH);
            return;
        }
        // Recreate waits for the last old pod.
        if (kind, owner) == (Kind::Pod, Kind::ReplicaSet)
            && let Some(set) = self.cache.get(owner, namespace, name).cloned()
        {
            self.notice_owner(owner, &set);
        }
        self.queue.push(key);
    }
}

async fn wait(lasts: Option<Duration>) {
    match lasts {
        Some(lasts) => sleep_until(Instant::now() + lasts).await,
        None => std::future::pending().await,
    }
}
