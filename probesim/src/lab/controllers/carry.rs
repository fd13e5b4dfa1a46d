//! Carries out a plan in the store, as an API client does, and records its Events.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::cache::Kind;
use super::plan::{Plan, Target, Told, Write};
use crate::lab::api::answer::status::Status;
use crate::lab::recorder::Recorder;
use crate::lab::store::Store;
use crate::lab::store::live::LiveStore;
use crate::lab::store::object::Object;
use crate::lab::store::patch;
use crate::lab::store::write::{self, DeleteOptions, Part, Place};

/// What writes, and tells of it under the name of each controller.
#[derive(Debug)]
pub(super) struct Hands {
    store: LiveStore,
    recorders: HashMap<Kind, Recorder>,
}

/// Pods that are stored, run they or not.
const MOST_PODS: usize = 2000;

// === impl Hands ===

impl Hands {
    pub(super) fn new(store: &LiveStore) -> Self {
        let components = [
            (Kind::Deployment, "deployment-controller"),
            (Kind::ReplicaSet, "replicaset-controller"),
            (Kind::StatefulSet, "statefulset-controller"),
            (Kind::DaemonSet, "daemonset-controller"),
            (Kind::Job, "job-controller"),
            (Kind::PersistentVolumeClaim, "persistentvolume-controller"),
        ];
        let recorders = components.map(|(kind, name)| (kind, Recorder::new(store.clone(), name)));
        Self { store: store.clone(), recorders: HashMap::from(recorders) }
    }

    /// Carries out a plan about an object. What is refused, because somebody else was faster, is tried again by a
    /// later look: the change that was in the way causes it.
    pub(super) fn carry_out(&self, kind: Kind, about: &Value, plan: Plan) {
        let mut is_full = false;
        for write in plan.writes {
            let is_pod = matches!(&write, Write::Create(object, _) if object["kind"] == "Pod");
            if is_pod && self.is_full() {
                // Said once a look; the other writes of the plan are made.
                if let Some(recorder) = self.recorders.get(&kind).filter(|_| !is_full) {
                    let why = format!(
                        "Error creating: the lab holds {MOST_PODS} pods at most: write fewer replicas"
                    );
                    recorder.record(about, None, "Warning", "FailedCreate", &why);
                }
                is_full = true;
                continue;
            }
            match self.write(write) {
                Ok(None) => {}
                Ok(Some(Told { severity, reason, message })) => {
                    if let Some(recorder) = self.recorders.get(&kind) {
                        recorder.record(about, None, severity, reason, &message);
                    }
                }
                Err(status) => {
                    tracing::debug!(reason = %status.message, "a controller's write was refused");
                }
            }
        }
    }

    /// Whether the store has as many pods as a laptop bears: a cluster would take a billion, and keep them pending.
    fn is_full(&self) -> bool {
        let store = self.store.lock();
        store.registry().find("", "v1", "pods").is_some_and(|id| store.count(id) >= MOST_PODS)
    }

    /// Makes one write; returns the Event that tells of it.
    fn write(&self, write: Write) -> Result<Option<Told>, Status> {
        match write {
            Write::Event(told) => Ok(Some(told)),
            Write::Create(object, told) => self.create(object).map(|name| named(told, &name)),
            Write::Delete(target, told) => self.delete(&target).map(|()| named(told, &target.name)),
            Write::Patch(target, change) => {
                self.modify(&target, Part::Main, |current| merge(current, change))
            }
            // Annotations go with a status, which a plain status write does not take.
            Write::Status(target, status, annotations) => self.modify(&target, Part::Whole, |mut current| {
                current["status"] = status;
                if let Some(annotations) = annotations {
                    return merge(current, json!({"metadata": {"annotations": annotations}}));
                }
                current
            }),
        }
    }

    fn create(&self, object: Value) -> Result<String, Status> {
        let target = Target::of(&object);
        let has_status = object.get("status").is_some();
        self.store.write(|store, birth| {
            let place = place(store, &target)?;
            // What is made of a template was looked at with it.
            let refuses = std::mem::replace(&mut store.refuses, false);
            let made = write::create(store, place, object.clone(), Part::Main, birth, false);
            store.refuses = refuses;
            let made = made?;
            let name = made.name.clone();
            if has_status {
                let place = Place { name: &name, ..place };
                let with_status = |mut current: Value| {
                    current["status"] = object["status"].clone();
                    current
                };
                write::modify(store, place, Part::Status, false, |current| Ok(with_status(current)))?;
            }
            Ok(name)
        })
    }

    fn delete(&self, target: &Target) -> Result<(), Status> {
        let options = DeleteOptions { uid: Some(target.uid.clone()), ..DeleteOptions::default() };
        self.store
            .write(|store, birth| write::delete(store, place(store, target)?, &options, &birth.now).map(drop))
    }

    fn modify(
        &self,
        target: &Target,
        part: Part,
        change: impl FnOnce(Value) -> Value,
    ) -> Result<Option<Told>, Status> {
        self.store.write(|store, _| {
            let place = place(store, target)?;
            let is_it = |object: &Object| object.value()["metadata"]["uid"] == target.uid;
            // An object that this plan has made has no uid in the plan.
            let found = store.get(place.id, place.namespace, place.name);
            if !target.uid.is_empty() && !found.is_some_and(|object| is_it(object)) {
                return Err(Status::not_found(store.resource(place.id), &target.name));
            }
            write::modify(store, place, part, false, |current| Ok(change(current))).map(|_| None)
        })
    }
}

/// A merge patch; but what is null at the top becomes null, as the `endpoints` of an empty slice are.
fn merge(current: Value, change: Value) -> Value {
    let fields = change.as_object().into_iter().flatten();
    let nulls: Vec<String> = fields.filter(|(_, v)| v.is_null()).map(|(key, _)| key.clone()).collect();
    let mut merged = patch::merge(current, change);
    for key in nulls {
        merged[key] = Value::Null;
    }
    merged
}

fn place<'a>(store: &Store, target: &'a Target) -> Result<Place<'a>, Status> {
    let id = store.registry().of_object(&target.api_version, &target.kind);
    let id = id.ok_or_else(Status::unknown_resource)?;
    Ok(Place { id, namespace: &target.namespace, name: &target.name })
}

fn named(told: Option<Told>, name: &str) -> Option<Told> {
    told.map(|told| Told { message: told.message.replace("{}", name), ..told })
}
