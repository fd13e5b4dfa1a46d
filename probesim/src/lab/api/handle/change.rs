//! Creates, updates, patches and deletes: reads the request, has it decided in one step on the store, and answers.

use std::sync::Arc;

use hyper::body::Incoming;
use hyper::header::USER_AGENT;
use serde_json::{Value, json};

use super::call::Call;
use crate::lab::api::answer::respond::Answer;
use crate::lab::api::answer::status::{self, Status};
use crate::lab::api::body;
use crate::lab::schema::Type;
use crate::lab::schema::conform::{self, WrongType};
use crate::lab::store::Store;
use crate::lab::store::cascade::{self, Propagation};
use crate::lab::store::list::Page;
use crate::lab::store::object::Object;
use crate::lab::store::options::ListOptions;
use crate::lab::store::patch::{Applier, Patch};
use crate::lab::store::prepare::prepare;
use crate::lab::store::write::{self, Birth, DeleteOptions, Deleted, Part, Place};

/// What becomes of fields that a kind does not have (`fieldValidation`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strictness {
    Ignore,
    Warn,
    Strict,
}

/// What a patch has done.
struct Patched {
    object: Arc<Object>,
    is_new: bool,
    warnings: Vec<String>,
}

// === impl Call ===

impl Call<'_> {
    pub(super) async fn create(&self, incoming: Incoming) -> Result<Answer, Status> {
        let dry_run = self.is_dry_run()?;
        let mut value = self.read_object(incoming).await?;
        let warnings = self.check_fields(&mut value)?;
        let made = self.shared.store.write(|store, birth| self.make(store, value, birth, dry_run))?;
        Ok(self.written(201, &made, warnings))
    }

    pub(super) async fn update(&self, incoming: Incoming, part: Part) -> Result<Answer, Status> {
        let dry_run = self.is_dry_run()?;
        let mut value = self.read_object(incoming).await?;
        let warnings = self.check_fields(&mut value)?;
        prepare(&self.resource, &mut value);
        let stored =
            self.shared.store.write(|store, _| write::replace(store, self.place(), value, part, dry_run))?;
        Ok(self.written(200, &stored, warnings))
    }

    pub(super) async fn patch(&self, incoming: Incoming, part: Part) -> Result<Answer, Status> {
        let dry_run = self.is_dry_run()?;
        let kind = body::content_type(self.head).to_owned();
        let of = Type::of_resource(&self.resource);
        let patch = Patch::read(&kind, &body::read(incoming).await?, of, self.resource.is_custom)?;
        let manager = self.manager(&patch)?;
        let strictness = self.strictness()?;
        let done = self.shared.store.write(|store, birth| {
            let by = Applier { manager: &manager, now: &birth.now };
            let is_missing = store.get(self.id, &self.target.namespace, &self.name).is_none();
            if is_missing && patch.is_apply() && part == Part::Main {
                let mut value = patch.apply_to(json!({}), &by)?;
                let unknown = self.conform(&mut value)?;
                let warnings = self.judge_patch(unknown, strictness, true)?;
                value["metadata"]["name"] = json!(self.checked_name(&value)?);
                let object = self.make(store, value, birth, dry_run)?;
                return Ok(Patched { object, is_new: true, warnings });
            }
            let mut warnings = Vec::new();
            let is_apply = patch.is_apply();
            let object = write::modify(store, self.place(), part, dry_run, |current| {
                let mut value = patch.apply_to(current, &by)?;
                let unknown = self.conform(&mut value)?;
                warnings = self.judge_patch(unknown, strictness, is_apply)?;
                prepare(&self.resource, &mut value);
                Ok(value)
            })?;
            Ok(Patched { object, is_new: false, warnings })
        })?;
        Ok(self.written(if done.is_new { 201 } else { 200 }, &done.object, done.warnings))
    }

    pub(super) async fn delete(&self, incoming: Incoming) -> Result<Answer, Status> {
        let (options, propagation) = self.delete_options(incoming).await?;
        let deleted = self
            .shared
            .store
            .write(|store, birth| cascade::delete(store, self.place(), &options, propagation, &birth.now))?;
        Ok(match deleted {
            Deleted::Terminating(object) => self.written(200, &object, Vec::new()),
            // Pods are returned, other kinds are summed up (`ReturnDeletedObject`).
            Deleted::Gone(object) if self.resource.is_pods() => self.written(200, &object, Vec::new()),
            Deleted::Gone(object) => {
                let value = object.value();
                let uid = value["metadata"]["uid"].as_str().unwrap_or_default();
                Answer::Status(Box::new(Status::deleted(&self.resource, &self.name, uid)))
            }
        })
    }

    pub(super) async fn delete_collection(&self, incoming: Incoming) -> Result<Answer, Status> {
        let options = ListOptions::parse(&self.resource, self.query, false)?;
        let (deletion, propagation) = self.delete_options(incoming).await?;
        let page = self.shared.store.write(|store, birth| {
            let objects = store.objects(self.id, &self.target.namespace);
            let items: Vec<_> = objects.filter(|object| options.selector.matches(object)).cloned().collect();
            for object in &items {
                let place = Place { id: self.id, namespace: &object.namespace, name: &object.name };
                cascade::delete(store, place, &deletion, propagation, &birth.now)?;
            }
            Ok(Page { revision: store.revision(), items, continue_token: None, remaining: None })
        })?;
        Ok(Answer::Json(200, self.write_page(&page)))
    }

    /// The object that a write answers with, in the representation that was asked for.
    pub(super) fn written(&self, code: u16, object: &Object, warnings: Vec<String>) -> Answer {
        let mut json = Vec::new();
        self.view().write(&self.resource, object, &mut json);
        if warnings.is_empty() { Answer::Json(code, json) } else { Answer::Warned(code, json, warnings) }
    }

    /// `dryRun=All`; nothing else is known.
    pub(super) fn is_dry_run(&self) -> Result<bool, Status> {
        match self.query.get("dryRun") {
            "" => Ok(false),
            "All" => Ok(true),
            other => {
                let why = format!("dryRun: Unsupported value: {other:?}: supported values: \"All\"");
                Err(Status::failure(422, "Invalid", format!("Options.meta.k8s.io \"\" is invalid: {why}")))
            }
        }
    }

    /// `DeleteOptions`, from the body or the query.
    async fn delete_options(&self, incoming: Incoming) -> Result<(DeleteOptions, Propagation), Status> {
        let dry_run = self.is_dry_run()?;
        let bytes = body::read(incoming).await?;
        let value = if bytes.is_empty() { Value::Null } else { body::parse(self.head, &bytes)? };
        let policy = value["propagationPolicy"].as_str().or_else(|| self.query.find("propagationPolicy"));
        let orphans = self.query.find("orphanDependents").map(|_| self.query.flag("orphanDependents"));
        let propagation = Propagation::parse(policy, value["orphanDependents"].as_bool().or(orphans))?;
        let mut options = delete_options(&value, dry_run);
        options.grace = options.grace.or_else(|| self.query.get("gracePeriodSeconds").parse().ok());
        Ok((options, propagation))
    }

    pub(super) async fn read_object(&self, incoming: Incoming) -> Result<Value, Status> {
        let bytes = body::read(incoming).await?;
        body::parse(self.head, &bytes)
    }

    fn make(
        &self,
        store: &mut Store,
        mut value: Value,
        birth: &Birth,
        dry_run: bool,
    ) -> Result<Arc<Object>, Status> {
        if cascade::is_terminating(store, &self.target.namespace) {
            return Err(self.namespace_ends(&value));
        }
        prepare(&self.resource, &mut value);
        write::create(store, self.place(), value, Part::Main, birth, dry_run)
    }

    /// Drops what the kind does not have, or refuses it, as the request asks.
    fn check_fields(&self, value: &mut Value) -> Result<Vec<String>, Status> {
        let strictness = self.strictness()?;
        let unknown = self.conform(value)?;
        match strictness {
            Strictness::Strict if !unknown.is_empty() => {
                let unknown = quoted(&unknown).join(", ");
                Err(self.cannot_be_handled(&format!("strict decoding error: {unknown}")))
            }
            Strictness::Ignore => Ok(Vec::new()),
            Strictness::Strict | Strictness::Warn => Ok(quoted(&unknown)),
        }
    }

    /// What becomes of a patch that leads to unknown fields; an applied one cannot have any.
    fn judge_patch(
        &self,
        unknown: Vec<String>,
        strictness: Strictness,
        is_apply: bool,
    ) -> Result<Vec<String>, Status> {
        if unknown.is_empty() {
            return Ok(unknown);
        }
        if is_apply {
            let undeclared: Vec<String> =
                unknown.iter().map(|path| format!(".{path}: field not declared in schema")).collect();
            let (namespace, version) = (&self.target.namespace, self.resource.group_version());
            let object = format!("{namespace}/{}; {version}, Kind={}", self.name, self.resource.kind);
            let why = format!("failed to create typed patch object ({object}): {}", undeclared.join(", "));
            return Err(Status::failure(500, "", why));
        }
        match strictness {
            Strictness::Strict => {
                let why = format!("strict decoding error: {}", quoted(&unknown).join(", "));
                Err(Status::failure(422, "Invalid", format!("\"\" is invalid: patch: Invalid value: {why}")))
            }
            Strictness::Warn => Ok(quoted(&unknown)),
            Strictness::Ignore => Ok(Vec::new()),
        }
    }

    /// Drops fields that the kind does not have and returns their paths; kinds without a table keep everything.
    fn conform(&self, value: &mut Value) -> Result<Vec<String>, Status> {
        let Some(of) = Type::of_resource(&self.resource) else { return Ok(Vec::new()) };
        conform::conform(value, of).map_err(|WrongType(why)| self.cannot_be_handled(&why))
    }

    fn cannot_be_handled(&self, why: &str) -> Status {
        let (kind, version) = (&self.resource.kind, &self.resource.version);
        Status::bad_request(format!("{kind} in version {version:?} cannot be handled as a {kind}: {why}"))
    }

    /// Without the parameter the API server warns.
    fn strictness(&self) -> Result<Strictness, Status> {
        match self.query.get("fieldValidation") {
            "Strict" => Ok(Strictness::Strict),
            "" | "Warn" => Ok(Strictness::Warn),
            "Ignore" => Ok(Strictness::Ignore),
            other => {
                let why = format!(
                    "fieldValidation: Unsupported value: {other:?}: supported values: \"Ignore\", \"Strict\", \"Warn\""
                );
                Err(Status::failure(422, "Invalid", format!("Options.meta.k8s.io \"\" is invalid: {why}")))
            }
        }
    }

    fn namespace_ends(&self, value: &Value) -> Status {
        let name = value["metadata"]["name"].as_str().unwrap_or_default();
        let namespace = &self.target.namespace;
        let why = format!(
            "{} {name:?} is forbidden: unable to create new content in namespace {namespace} because it is being \
             terminated",
            self.resource.qualified()
        );
        let cause = json!({"reason": "NamespaceTerminating", "message": format!("namespace {namespace} is being terminated"),
                           "field": "metadata.namespace"});
        let mut details = status::about(&self.resource, name);
        details.insert("causes".to_owned(), json!([cause]));
        Status::failure(403, "Forbidden", why).with_details(Value::Object(details))
    }

    /// Who writes: `fieldManager`, or the first word of the user agent; whoever applies has to say it.
    fn manager(&self, patch: &Patch) -> Result<String, Status> {
        match self.query.get("fieldManager") {
            "" if patch.is_apply() => {
                let why = "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch";
                let cause = json!({"reason": "FieldValueRequired", "message": "Required value: is required for apply patch", "field": "fieldManager"});
                let details = json!({"group": "meta.k8s.io", "kind": "PatchOptions", "causes": [cause]});
                Err(Status::failure(422, "Invalid", why).with_details(details))
            }
            "" => {
                let agent = body::header(self.head, &USER_AGENT).unwrap_or_default();
                Ok(agent.split('/').next().unwrap_or_default().to_owned())
            }
            manager => Ok(manager.to_owned()),
        }
    }

    /// The name that an applied object gives itself has to be that of the URL.
    fn checked_name(&self, value: &Value) -> Result<&str, Status> {
        match value["metadata"]["name"].as_str() {
            Some(name) if name != self.name => Err(Status::bad_request(format!(
                "the name of the object ({name}) does not match the name on the URL ({})",
                self.name
            ))),
            _ => Ok(&self.name),
        }
    }
}

fn quoted(paths: &[String]) -> Vec<String> {
    paths.iter().map(|path| format!("unknown field {path:?}")).collect()
}

/// `DeleteOptions` as JSON has them.
pub(super) fn delete_options(value: &Value, dry_run: bool) -> DeleteOptions {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    DeleteOptions {
        uid: text(&value["preconditions"]["uid"]),
        resource_version: text(&value["preconditions"]["resourceVersion"]),
        grace: value["gracePeriodSeconds"].as_i64(),
        dry_run: dry_run || value["dryRun"][0] == "All",
    }
}
