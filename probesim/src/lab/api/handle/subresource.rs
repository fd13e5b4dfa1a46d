//! Requests on subresources: the scale of a workload, and the eviction of a pod.

use hyper::body::Incoming;
use serde_json::{Value, json};

use super::call::Call;
use super::change;
use super::scale;
use crate::lab::api::answer::respond::Answer;
use crate::lab::api::answer::status::Status;
use crate::lab::api::body;
use crate::lab::controllers::disruption;
use crate::lab::schema::Type;
use crate::lab::store::patch::{Applier, Patch};
use crate::lab::store::write::{self, Part, Place};

// === impl Call ===

impl Call<'_> {
    /// `GET`, `PUT` and `PATCH` of `…/scale`.
    pub(super) async fn scale(&self, incoming: Incoming) -> Result<Answer, Status> {
        match self.verb {
            "get" => {
                let store = self.shared.store.lock();
                let found = store.get(self.id, &self.target.namespace, &self.name);
                let object = found.ok_or_else(|| Status::not_found(&self.resource, &self.name))?;
                Ok(Answer::value(200, &scale::of(&object.value())))
            }
            "update" => {
                let wanted = self.read_object(incoming).await?;
                self.set_scale(|_| Ok(wanted))
            }
            "patch" => {
                let kind = body::content_type(self.head);
                let of = Type::of_object("autoscaling/v1", "Scale");
                let patch = Patch::read(kind, &body::read(incoming).await?, of, false)?;
                let by = Applier { manager: self.query.get("fieldManager"), now: "" };
                self.set_scale(|current| patch.apply_to(scale::of(&current), &by))
            }
            _ => Err(Status::method_not_allowed()),
        }
    }

    fn set_scale(&self, wanted: impl FnOnce(Value) -> Result<Value, Status>) -> Result<Answer, Status> {
        let dry_run = self.is_dry_run()?;
        let stored = self.shared.store.write(|store, _| {
            write::modify(store, self.place(), Part::Main, dry_run, |current| {
                let wanted = wanted(current.clone())?;
                scale::set(&self.resource, current, &wanted)
            })
        })?;
        Ok(Answer::value(200, &scale::of(&stored.value())))
    }

    /// `POST …/eviction` deletes the pod, if its disruption budget allows that.
    pub(super) async fn evict(&self, incoming: Incoming) -> Result<Answer, Status> {
        if self.verb != "create" {
            return Err(Status::method_not_allowed());
        }
        let eviction = self.read_object(incoming).await?;
        let options = change::delete_options(&eviction["deleteOptions"], self.is_dry_run()?);
        let now = self.shared.store.now();
        self.shared.store.write(|store, birth| {
            let found = store.get(self.id, &self.target.namespace, &self.name);
            let victim = found.ok_or_else(|| Status::not_found(&self.resource, &self.name))?.value();
            let budget_id = store.registry().named("poddisruptionbudgets");
            let budgets = budget_id.into_iter().flat_map(|id| store.objects(id, &self.target.namespace));
            let budgets: Vec<Value> = budgets.map(|object| object.value()).collect();
            let charged = disruption::charge(&budgets, &victim, now)?;
            if options.dry_run {
                return write::delete(store, self.place(), &options, &birth.now).map(drop);
            }
            if let Some(((budget, status), id)) = charged.zip(budget_id) {
                let name = budget["metadata"]["name"].as_str().unwrap_or_default();
                let place = Place { id, namespace: &self.target.namespace, name };
                write::modify(store, place, Part::Status, false, |mut current| {
                    current["status"] = status;
                    Ok(current)
                })?;
            }
            write::modify(store, self.place(), Part::Status, false, |mut current| {
                match current["status"]["conditions"].as_array_mut() {
                    Some(conditions) => conditions.push(disruption::evicted(now)),
                    None => current["status"]["conditions"] = json!([disruption::evicted(now)]),
                }
                Ok(current)
            })?;
            write::delete(store, self.place(), &options, &birth.now).map(drop)
        })?;
        let success =
            json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201});
        Ok(Answer::value(201, &success))
    }

    /// The answer for what the lab has not.
    pub(super) fn no_subresource(&self, name: &str) -> Status {
        if self.resource.is_pods() && matches!(name, "exec" | "attach" | "portforward" | "proxy") {
            let why = format!(
                "the lab does not serve pods/{name}: containers run on this machine, reach them there"
            );
            return Status::failure(405, "MethodNotAllowed", why).with_details(json!({}));
        }
        Status::unknown_resource()
    }
}
