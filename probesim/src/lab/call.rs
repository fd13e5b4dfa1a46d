//! One request on a resource: reads it, has it decided, and answers.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::ACCEPT;
use hyper::http::request::Parts;
use serde_json::{Value, json};
use tokio::time::{Instant, timeout};

use super::body;
use super::list::{self, NoPage, Page};
use super::live;
use super::options::ListOptions;
use super::patch;
use super::resources::{Resource, ResourceId};
use super::respond::Answer;
use super::route::{Query, Target};
use super::selector::Selector;
use super::server::Shared;
use super::status::Status;
use super::stream::{Stream, Timing};
use super::view::View;
use super::watch::{Event, NoWatch, Watcher};
use super::write::{self, DeleteOptions, Deleted, Part, Place};

/// A request on a resource that is known.
pub(super) struct Call<'a> {
    pub(super) shared: &'a Shared,
    pub(super) number: u64,
    pub(super) id: ResourceId,
    pub(super) resource: Arc<Resource>,
    pub(super) target: &'a Target,
    pub(super) query: &'a Query,
    pub(super) head: &'a Parts,
    pub(super) verb: &'static str,
    pub(super) name: String,
}

// === impl Call ===

impl Call<'_> {
    /// Answers the request by its verb.
    pub(super) async fn answer(&self, incoming: Incoming) -> Result<Answer, Status> {
        let is_status = match self.target.subresource.as_deref() {
            None => false,
            Some("status") if self.resource.has_status => true,
            Some("log") if self.resource.group.is_empty() && self.resource.plural == "pods" => {
                return self.log();
            }
            Some(_) => return Err(Status::unknown_resource()),
        };
        if self.resource.namespaced && self.target.namespace.is_empty() && !self.is_read_of_a_collection() {
            return Err(Status::unknown_resource());
        }
        if !self.resource.namespaced && !self.target.namespace.is_empty() {
            return Err(Status::unknown_resource());
        }
        let part = if is_status { Part::Status } else { Part::Main };
        match self.verb {
            "get" => self.get().await,
            "list" => self.list().await,
            "watch" => self.watch().await,
            "create" if self.target.name.is_none() => self.create(incoming).await,
            "update" if self.target.name.is_some() => self.update(incoming, part).await,
            "patch" if self.target.name.is_some() => self.patch(incoming, part).await,
            "delete" if !is_status => self.delete(incoming).await,
            "deletecollection" if self.resource.plural != "namespaces" => self.delete_collection(),
            _ => Err(Status::method_not_allowed()),
        }
    }

    fn is_read_of_a_collection(&self) -> bool {
        matches!(self.verb, "list" | "watch") && self.target.name.is_none() || self.target.is_watch_path
    }

    fn place(&self) -> Place<'_> {
        Place { id: self.id, namespace: &self.target.namespace, name: &self.name }
    }

    fn view(&self) -> View {
        View::from_accept(body::header(self.head, &ACCEPT).unwrap_or_default(), live::now())
    }

    fn is_dry_run(&self) -> bool {
        self.query.get("dryRun") == "All"
    }

    async fn get(&self) -> Result<Answer, Status> {
        let asked = self.query.get("resourceVersion");
        if !asked.is_empty() {
            let why = || Status::bad_request(format!("invalid resource version: {asked:?}"));
            self.until_reached(asked.parse().map_err(|_| why())?).await?;
        }
        let store = self.shared.store.lock();
        let Place { id, namespace, name } = self.place();
        let object = store.get(id, namespace, name).ok_or_else(|| Status::not_found(&self.resource, name))?;
        let mut json = Vec::new();
        self.view().write(&self.resource, object, &mut json);
        Ok(Answer::Json(200, json))
    }

    async fn list(&self) -> Result<Answer, Status> {
        let options = ListOptions::parse(&self.resource, self.query, false)?;
        loop {
            let page = list::page(&self.shared.store.lock(), self.id, &self.target.namespace, &options);
            match page {
                Ok(page) => return Ok(Answer::Json(200, self.write_page(&page))),
                Err(NoPage::Refused(status)) => return Err(*status),
                Err(NoPage::NotYet(asked)) => self.until_reached(asked).await?,
            }
        }
    }

    fn write_page(&self, page: &Page) -> Vec<u8> {
        let mut view = self.view();
        let (kind, version) = view.list_kind(&self.resource);
        let mut metadata = json!({"resourceVersion": page.revision.to_string()});
        if let Some(token) = &page.continue_token {
            metadata["continue"] = json!(token);
        }
        if let Some(remaining) = page.remaining {
            metadata["remainingItemCount"] = json!(remaining);
        }
        let items = view.list_items(&self.resource);
        let mut json = format!(r#"{{"kind":"{kind}","apiVersion":"{version}","metadata":{metadata}{items}"#)
            .into_bytes();
        for (at, object) in page.items.iter().enumerate() {
            if at > 0 {
                json.push(b',');
            }
            view.write_item(&self.resource, object, &mut json);
        }
        json.extend_from_slice(b"]}");
        json
    }

    async fn watch(&self) -> Result<Answer, Status> {
        let mut options = ListOptions::parse(&self.resource, self.query, true)?;
        if let Some(name) = &self.target.name {
            options.selector = Selector::by_name(name);
        }
        let lasts = options.timeout_seconds.map_or_else(random_lifetime, Duration::from_secs);
        loop {
            let begun = Watcher::begin(&self.shared.store.lock(), self.id, &self.target.namespace, &options);
            // After authorisation every trouble is an ERROR event, not an HTTP error.
            let refused = match begun {
                Ok((watcher, events)) => return Ok(self.stream(Some(watcher), events, lasts)),
                Err(NoWatch::Refused(status)) => *status,
                Err(NoWatch::NotYet(asked)) => match self.until_reached(asked).await {
                    Ok(()) => continue,
                    Err(status) => status,
                },
            };
            return Ok(self.stream(None, vec![Event::Error(refused)], lasts));
        }
    }

    /// A watch that begins with these events; without a watcher they are all there is.
    pub(super) fn stream(&self, watcher: Option<Watcher>, events: Vec<Event>, lasts: Duration) -> Answer {
        let timing = Timing::new(Instant::now(), lasts, self.shared.options.bookmark_interval);
        let open = self.shared.requests.open(self.number);
        Answer::Watch(Box::new(Stream::new(
            self.resource.clone(),
            (watcher, events),
            self.view(),
            &self.shared.store,
            timing,
            self.shared.faults.subscribe(),
            open,
        )))
    }

    async fn create(&self, incoming: Incoming) -> Result<Answer, Status> {
        let value = self.read_object(incoming).await?;
        let made = self.shared.store.write(|store, birth| {
            write::create(store, self.place(), value, Part::Main, birth, self.is_dry_run())
        })?;
        Ok(Answer::Json(201, made.json().to_vec()))
    }

    async fn update(&self, incoming: Incoming, part: Part) -> Result<Answer, Status> {
        let value = self.read_object(incoming).await?;
        let stored = self
            .shared
            .store
            .write(|store, _| write::replace(store, self.place(), value, part, self.is_dry_run()))?;
        Ok(Answer::Json(200, stored.json().to_vec()))
    }

    async fn patch(&self, incoming: Incoming, part: Part) -> Result<Answer, Status> {
        let kind = match body::content_type(self.head) {
            "application/merge-patch+json" => patch::Kind::Merge,
            "application/strategic-merge-patch+json" => patch::Kind::Strategic,
            _ => {
                let accepted = "application/merge-patch+json, application/strategic-merge-patch+json";
                return Err(Status::unsupported_media_type(accepted));
            }
        };
        let change = body::parse_json(&body::read(incoming).await?)?;
        let stored = self.shared.store.write(|store, _| {
            let merge = |current| patch::apply(kind, current, change);
            write::modify(store, self.place(), part, self.is_dry_run(), merge)
        })?;
        Ok(Answer::Json(200, stored.json().to_vec()))
    }

    async fn delete(&self, incoming: Incoming) -> Result<Answer, Status> {
        let options = self.delete_options(&body::read(incoming).await?)?;
        let deleted = self
            .shared
            .store
            .write(|store, birth| write::delete(store, self.place(), &options, &birth.now))?;
        Ok(match deleted {
            Deleted::Terminating(object) => Answer::Json(200, object.json().to_vec()),
            // Pods are returned, other kinds are summed up (`ReturnDeletedObject`).
            Deleted::Gone(object) if self.resource.plural == "pods" => {
                Answer::Json(200, object.json().to_vec())
            }
            Deleted::Gone(object) => {
                let value = object.value();
                let uid = value["metadata"]["uid"].as_str().unwrap_or_default();
                Answer::Status(Box::new(Status::deleted(&self.resource, &self.name, uid)))
            }
        })
    }

    fn delete_collection(&self) -> Result<Answer, Status> {
        let options = ListOptions::parse(&self.resource, self.query, false)?;
        let page = self.shared.store.write(|store, birth| {
            let objects = store.objects(self.id, &self.target.namespace);
            let items: Vec<_> = objects.filter(|object| options.selector.matches(object)).cloned().collect();
            let deletion = DeleteOptions { dry_run: self.is_dry_run(), ..DeleteOptions::default() };
            for object in &items {
                let place = Place { id: self.id, namespace: &object.namespace, name: &object.name };
                write::delete(store, place, &deletion, &birth.now)?;
            }
            Ok(Page { revision: store.revision(), items, continue_token: None, remaining: None })
        })?;
        Ok(Answer::Json(200, self.write_page(&page)))
    }

    fn delete_options(&self, body: &Bytes) -> Result<DeleteOptions, Status> {
        if body.is_empty() {
            let grace = self.query.get("gracePeriodSeconds").parse().ok();
            return Ok(DeleteOptions { grace, dry_run: self.is_dry_run(), ..DeleteOptions::default() });
        }
        body::check_json(self.head)?;
        let value = body::parse_json(body)?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Ok(DeleteOptions {
            uid: text(&value["preconditions"]["uid"]),
            resource_version: text(&value["preconditions"]["resourceVersion"]),
            grace: value["gracePeriodSeconds"].as_i64(),
            dry_run: self.is_dry_run() || value["dryRun"][0] == "All",
        })
    }

    async fn read_object(&self, incoming: Incoming) -> Result<Value, Status> {
        body::check_json(self.head)?;
        body::parse_json(&body::read(incoming).await?)
    }

    /// Waits for a future version, but not for long.
    async fn until_reached(&self, asked: u64) -> Result<(), Status> {
        let store = &self.shared.store;
        let reached = timeout(self.shared.options.future_wait, store.reached(asked)).await;
        reached.map_err(|_| Status::too_large_version(asked, store.revision()))
    }
}

/// Without `timeoutSeconds` a watch lasts between half an hour and an hour (`--min-request-timeout`).
fn random_lifetime() -> Duration {
    let [first, second, ..] = live::random_bytes();
    let share = f64::from(u16::from_be_bytes([first, second])) / 65_536.0;
    Duration::from_secs(1800) + Duration::from_secs(1800).mul_f64(share)
}
