//! A store with controllers at work, and a hand that plays the node.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::sleep;

use crate::lab::controllers::{self, meta, pod};
use crate::lab::store::Store;
use crate::lab::store::live::LiveStore;
use crate::lab::store::write::{self, Part, Place};

/// The namespace of every test.
pub(super) const NAMESPACE: &str = "n";

pub(super) struct World {
    pub(super) store: LiveStore,
    _controllers: tokio::task::JoinHandle<()>,
}

// === impl World ===

impl World {
    pub(super) fn new() -> Self {
        Self::at(Duration::from_secs(1_795_226_400))
    }

    /// A world in which it is this time since 1970.
    pub(super) fn at(now: Duration) -> Self {
        let store = LiveStore::starting_at(Store::new(1, 10_000), now);
        let controllers = tokio::spawn(controllers::run(store.clone()));
        Self { store, _controllers: controllers }
    }

    /// Creates an object as a client does, and lets the controllers come to rest.
    pub(super) async fn create(&self, object: Value) {
        self.store
            .write(|store, birth| {
                let id = store
                    .registry()
                    .of_object(meta::text(&object, "/apiVersion"), meta::text(&object, "/kind"));
                let place = Place { id: id.unwrap(), namespace: NAMESPACE, name: "" };
                write::create(store, place, object, Part::Main, birth, false)
            })
            .unwrap();
        settle().await;
    }

    /// Changes an object as a client does, and lets the controllers come to rest.
    pub(super) async fn change(&self, resource: &str, name: &str, change: impl FnOnce(&mut Value)) {
        self.write(resource, name, Part::Main, change);
        settle().await;
    }

    /// Changes a part of an object, and leaves the controllers where they are.
    pub(super) fn write(&self, resource: &str, name: &str, part: Part, change: impl FnOnce(&mut Value)) {
        let write = |mut object: Value| {
            change(&mut object);
            object
        };
        self.store
            .write(|store, _| {
                let id = store.registry().named(resource).unwrap();
                write::modify(store, Place { id, namespace: NAMESPACE, name }, part, false, |it| {
                    Ok(write(it))
                })
            })
            .unwrap();
    }

    pub(super) async fn delete(&self, resource: &str, name: &str) {
        self.store.request_delete(resource, NAMESPACE, name).unwrap();
        settle().await;
    }

    pub(super) fn get(&self, resource: &str, name: &str) -> Value {
        self.store.get(resource, NAMESPACE, name).unwrap()
    }

    pub(super) fn list(&self, resource: &str) -> Vec<Value> {
        self.store.list(resource, NAMESPACE)
    }

    /// The names of the pods that are there.
    pub(super) fn pods(&self) -> Vec<String> {
        self.list("pods").iter().map(|pod| meta::name(pod).to_owned()).collect()
    }

    pub(super) fn ready_pods(&self) -> usize {
        self.list("pods").iter().filter(|pod| pod::is_ready(pod)).count()
    }

    /// A pod becomes what the node says of it.
    pub(super) fn say(&self, name: &str, phase: &str, ready: bool) {
        let now = meta::stamp(self.store.now());
        self.write("pods", name, Part::Main, |pod| pod["spec"]["nodeName"] = json!("lab"));
        self.write("pods", name, Part::Status, |pod| {
            let ready = if ready { "True" } else { "False" };
            let ended = matches!(phase, "Succeeded" | "Failed")
                .then(|| json!([{"name": "main", "state": {"terminated": {"finishedAt": now}}}]));
            pod["status"] = json!({
                "phase": phase, "podIP": "127.1.0.1", "containerStatuses": ended,
                "conditions": [{"type": "Ready", "status": ready, "lastTransitionTime": now}],
            });
        });
    }

    /// Every pod that is not ready becomes so, one after another.
    pub(super) async fn make_all_ready(&self) {
        for pod in self.list("pods").iter().filter(|pod| !pod::is_ready(pod)) {
            self.say(meta::name(pod), "Running", true);
            settle().await;
        }
    }

    /// The messages of the Events about an object.
    pub(super) fn told(&self, kind: &str, name: &str) -> Vec<String> {
        let events = self.list("events").into_iter().filter(|event| {
            event["involvedObject"]["kind"] == kind && event["involvedObject"]["name"] == name
        });
        let mut events: Vec<Value> = events.collect();
        events.sort_by_key(|event| meta::text(event, "/metadata/resourceVersion").parse::<u64>().unwrap());
        events.iter().map(|event| meta::text(event, "/message").to_owned()).collect()
    }

    pub(super) fn reason(&self, resource: &str, name: &str, condition: &str) -> String {
        let object = self.get(resource, name);
        meta::condition(&object, condition).map_or("none", |c| meta::text(c, "/reason")).to_owned()
    }
}

/// Lets the controllers come to rest: time goes on only then.
pub(super) async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

/// A Deployment as users write it.
pub(super) fn deployment(replicas: i64) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": {"app": "web"}},
           "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": template()}})
}

/// A pod template labelled `app: web`.
pub(super) fn template() -> Value {
    json!({"metadata": {"labels": {"app": "web"}},
           "spec": {"containers": [{"name": "main", "image": "web:1",
                                    "ports": [{"name": "http", "containerPort": 8080}]}]}})
}
