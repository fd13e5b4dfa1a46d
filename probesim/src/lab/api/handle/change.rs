//! Creates, updates, patches and deletes: reads the request, has it decided in one step on the store, and answers.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::USER_AGENT;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::call::Call;
use super::decode;
use super::options::{self, Options, Strictness};
use crate::lab::api::answer::respond::Answer;
use crate::lab::api::answer::status::{self, Status};
use crate::lab::api::body;
use crate::lab::rules;
use crate::lab::schema::Type;
use crate::lab::schema::conform::{self, WrongType};
use crate::lab::store::Store;
use crate::lab::store::cascade::{self, Propagation};
use crate::lab::store::list::Page;
use crate::lab::store::object::Object;
use crate::lab::store::options::ListOptions;
use crate::lab::store::patch::{self, Applier, Patch};
use crate::lab::store::prepare::prepare;
use crate::lab::store::write::{self, Birth, DeleteOptions, Deleted, Part, Place};

/// `namespaceDeletionGracePeriod` of the namespace controller.
const NAMESPACE_GRACE: Duration = Duration::from_secs(5);

/// What a patch has done.
struct Patched {
    object: Arc<Object>,
    is_new: bool,
    warnings: Vec<String>,
}

// === impl Call ===

impl Call<'_> {
    pub(super) async fn create(&self, incoming: Incoming) -> Result<Answer, Status> {
        let options = Options::Create.check(self.query)?;
        let (mut value, twice) = self.read_whole(incoming).await?;
        let mut warnings = self.check_fields(&mut value, twice, options.strictness)?;
        let manager = self.manager();
        let made = self.shared.store.write(|store, birth| {
            if store.refuses {
                let by = self.writer(&manager, &birth.now, Part::Main);
                patch::note_created(&mut value, self.of(), &by);
            }
            self.make(store, value, birth, options.is_dry_run)
        })?;
        warnings.extend(self.warnings(&made));
        Ok(self.written(201, &made, warnings))
    }

    pub(super) async fn update(&self, incoming: Incoming, part: Part) -> Result<Answer, Status> {
        let options = Options::Update.check(self.query)?;
        let (mut value, twice) = self.read_whole(incoming).await?;
        let mut warnings = self.check_fields(&mut value, twice, options.strictness)?;
        prepare(&self.resource, &mut value);
        let manager = self.manager();
        let stored = self.shared.store.write(|store, birth| {
            let Place { id, namespace, name } = self.place();
            if let Some(current) = store.get(id, namespace, name).filter(|_| store.refuses) {
                let by = self.writer(&manager, &birth.now, part);
                patch::note_changed(&current.value(), &mut value, self.of(), &by);
            }
            write::replace(store, self.place(), value, part, options.is_dry_run)
        })?;
        warnings.extend(self.warnings(&stored));
        Ok(self.written(200, &stored, warnings))
    }

    pub(super) async fn patch(&self, incoming: Incoming, part: Part) -> Result<Answer, Status> {
        let kind = body::content_type(self.head).to_owned();
        if !Patch::is_known(&kind) && !self.resource.is_custom {
            // The route itself takes nothing else.
            return Ok(Answer::Text(415, "415: Unsupported Media Type".to_owned()));
        }
        let is_apply = Patch::is_apply_type(&kind);
        let options = Options::Patch { is_apply }.check(self.query)?;
        let patch = Patch::read(&kind, &body::read(incoming).await?, self.of(), self.resource.is_custom)?;
        if let Some(applied) = patch.applied() {
            self.check_applied(applied)?;
        }
        let manager = self.manager();
        let done = self.shared.store.write(|store, birth| {
            let by = Applier { is_forced: options.is_forced, ..self.writer(&manager, &birth.now, part) };
            let is_missing = store.get(self.id, &self.target.namespace, &self.name).is_none();
            if is_missing && is_apply && part == Part::Main {
                let mut value = patch.apply_to(json!({}), &by)?;
                let unknown = self.conform(store, &mut value)?;
                let warnings = self.judge_patch(unknown, options.strictness, true)?;
                value["metadata"]["name"] = json!(self.checked_name(&value)?);
                let object = self.make(store, value, birth, options.is_dry_run)?;
                return Ok(Patched { object, is_new: true, warnings });
            }
            let mut warnings = Vec::new();
            let definition = write::definition(store, &self.resource);
            let tracks = store.refuses;
            let object = write::modify(store, self.place(), part, options.is_dry_run, |current| {
                let before = current.clone();
                let mut value = patch.apply_to(current, &by)?;
                let unknown = self.conform_to(definition.as_ref(), &mut value)?;
                warnings = self.judge_patch(unknown, options.strictness, is_apply)?;
                prepare(&self.resource, &mut value);
                if tracks && !is_apply {
                    patch::note_changed(&before, &mut value, self.of(), &by);
                }
                Ok(value)
            })?;
            Ok(Patched { object, is_new: false, warnings })
        })?;
        let mut warnings = done.warnings;
        warnings.extend(self.warnings(&done.object));
        Ok(self.written(if done.is_new { 201 } else { 200 }, &done.object, warnings))
    }

    fn of(&self) -> Option<Type> {
        Type::of_resource(&self.resource)
    }

    /// Who writes which part, as `managedFields` has it.
    fn writer<'a>(&self, manager: &'a str, now: &'a str, part: Part) -> Applier<'a> {
        let subresource = if part == Part::Status { "status" } else { "" };
        Applier { manager, now, version: self.resource.group_version(), subresource, is_forced: false }
    }

    fn warnings(&self, object: &Object) -> Vec<String> {
        let store = self.shared.store.lock();
        if store.refuses { rules::warnings::of(&self.resource, &object.value()) } else { Vec::new() }
    }

    pub(super) async fn delete(&self, incoming: Incoming) -> Result<Answer, Status> {
        let (options, propagation) = self.delete_options(incoming).await?;
        let deleted = self
            .shared
            .store
            .write(|store, birth| cascade::delete(store, self.place(), &options, propagation, &birth.now))?;
        if self.resource.plural == "namespaces" && matches!(deleted, Deleted::Terminating(_)) {
            self.end_namespace();
        }
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

    /// The namespace controller begins only some seconds after a deletion.
    fn end_namespace(&self) {
        let (store, name) = (self.shared.store.clone(), self.name.clone());
        tokio::spawn(async move {
            sleep(NAMESPACE_GRACE).await;
            let _ = store.write(|store, _| {
                cascade::ripen(store, &name);
                Ok(())
            });
        });
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

    /// `DeleteOptions`, from the body or the query.
    async fn delete_options(&self, incoming: Incoming) -> Result<(DeleteOptions, Propagation), Status> {
        let bytes = body::read(incoming).await?;
        let value = if bytes.is_empty() { Value::Null } else { body::parse(self.head, &bytes)? };
        let (propagation, is_dry_run) = options::deletion(&value, self.query)?;
        let mut options = delete_options(&value, is_dry_run);
        options.grace = options.grace.or_else(|| self.query.get("gracePeriodSeconds").parse().ok());
        // What is below zero is one second (`rest.BeforeDelete`).
        options.grace = options.grace.map(|grace| if grace < 0 { 1 } else { grace });
        Ok((options, propagation))
    }

    /// The object of a write of a whole one, and what it gives twice.
    async fn read_whole(&self, incoming: Incoming) -> Result<(Value, Vec<String>), Status> {
        let bytes = body::read(incoming).await?;
        let read = decode::read(self.head, &bytes, &self.resource)?;
        decode::check_kind(self.shared.store.lock().registry(), &self.resource, &read.0)?;
        Ok(read)
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
        let namespace = &self.target.namespace;
        if cascade::is_terminating(store, namespace) {
            return Err(self.namespace_ends(&value));
        }
        if self.resource.namespaced && store.refuses {
            let namespaces = store.registry().find("", "v1", "namespaces");
            if let Some(id) = namespaces.filter(|id| store.get(*id, "", namespace).is_none()) {
                return Err(Status::not_found(store.resource(id), namespace));
            }
        }
        prepare(&self.resource, &mut value);
        write::create(store, self.place(), value, Part::Main, birth, dry_run)
    }

    /// Drops what the kind does not have, or refuses it, as the request asks.
    fn check_fields(
        &self,
        value: &mut Value,
        twice: Vec<String>,
        strictness: Strictness,
    ) -> Result<Vec<String>, Status> {
        let unknown = {
            let store = self.shared.store.lock();
            self.conform(&store, value)?
        };
        let mut said: Vec<String> = twice.iter().map(|path| format!("duplicate field {path:?}")).collect();
        said.extend(quoted(&unknown));
        match strictness {
            Strictness::Strict if !said.is_empty() => {
                Err(self.cannot_be_handled(&format!("strict decoding error: {}", said.join(", "))))
            }
            Strictness::Ignore => Ok(Vec::new()),
            Strictness::Strict | Strictness::Warn => Ok(said),
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
                Err(Status::failure(422, "Invalid", format!(" \"\" is invalid: patch: Invalid value: {why}")))
            }
            Strictness::Warn => Ok(quoted(&unknown)),
            Strictness::Ignore => Ok(Vec::new()),
        }
    }

    /// Drops fields that the kind does not have and returns their paths; kinds without a table keep everything.
    fn conform(&self, store: &Store, value: &mut Value) -> Result<Vec<String>, Status> {
        self.conform_to(write::definition(store, &self.resource).as_ref(), value)
    }

    fn conform_to(&self, definition: Option<&Value>, value: &mut Value) -> Result<Vec<String>, Status> {
        let schema = definition.and_then(|it| rules::custom::schema(it, &self.resource.version));
        if let Some(schema) = schema {
            return Ok(rules::custom::prune(value, schema));
        }
        let Some(of) = self.of() else { return Ok(Vec::new()) };
        conform::conform(value, of).map_err(|WrongType { why, .. }| self.cannot_be_handled(&why))
    }

    fn cannot_be_handled(&self, why: &str) -> Status {
        let (kind, version) = (&self.resource.kind, &self.resource.version);
        Status::bad_request(format!("{kind} in version {version:?} cannot be handled as a {kind}: {why}"))
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

    /// Who writes: `fieldManager`, or the first word of the user agent.
    fn manager(&self) -> String {
        match self.query.get("fieldManager") {
            "" => {
                let agent = body::header(self.head, &USER_AGENT).unwrap_or_default();
                let word = agent.split('/').next().unwrap_or_default();
                if word.is_empty() { "unknown".to_owned() } else { word.to_owned() }
            }
            manager => manager.to_owned(),
        }
    }

    /// What is applied names nobody's fields, and is of this version.
    fn check_applied(&self, applied: &Value) -> Result<(), Status> {
        let expected = self.resource.group_version();
        let version = applied["apiVersion"].as_str().unwrap_or_default();
        if version.is_empty() || applied["kind"].as_str().is_none_or(str::is_empty) {
            let field = if version.is_empty() { "apiVersion" } else { "kind" };
            return Err(Status::bad_request(format!(
                "invalid object type: /, Kind=: {field} is missing: write {field} of the object that is applied"
            )));
        }
        if version != expected {
            return Err(Status::bad_request(format!(
                "Incorrect version specified in apply patch. Specified patch version: {version}, expected: {expected}"
            )));
        }
        if applied["metadata"]["managedFields"].as_array().is_some_and(|entries| !entries.is_empty()) {
            return Err(Status::bad_request("metadata.managedFields must be nil"));
        }
        Ok(())
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
