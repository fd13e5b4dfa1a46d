//! One request on a resource: what it is for, and the answers to reads. Writes are in `change` and `subresource`.

use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::http::request::Parts;
use serde_json::json;
use tokio::time::{Instant, timeout};

use crate::lab::api::answer::respond::Answer;
use crate::lab::api::answer::status::Status;
use crate::lab::api::answer::stream::{Stream, Timing};
use crate::lab::api::answer::view::View;
use crate::lab::api::route::{Query, Target};
use crate::lab::api::server::Shared;
use crate::lab::schema::resources::{Resource, ResourceId};
use crate::lab::store::list::{self, NoPage, Page};
use crate::lab::store::live;
use crate::lab::store::options::ListOptions;
use crate::lab::store::selector::Selector;
use crate::lab::store::watch::{Event, NoWatch, Watcher};
use crate::lab::store::write::{Part, Place};

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
    pub(super) view: View,
}

// === impl Call ===

impl Call<'_> {
    /// Answers the request by its verb.
    pub(super) async fn answer(&self, incoming: Incoming) -> Result<Answer, Status> {
        if self.resource.namespaced && self.target.namespace.is_empty() && !self.is_read_of_a_collection() {
            return Err(Status::unknown_resource());
        }
        if !self.resource.namespaced && !self.target.namespace.is_empty() {
            return Err(Status::unknown_resource());
        }
        let part = match self.target.subresource.as_deref() {
            None => Part::Main,
            Some("status") if self.resource.has_status => Part::Status,
            Some("scale") if self.resource.has_scale => return self.scale(incoming).await,
            Some("log") if self.resource.is_pods() => return self.log(),
            Some("eviction") if self.resource.is_pods() => return self.evict(incoming).await,
            // A stream that is not asked for as one.
            Some("exec" | "attach" | "portforward")
                if self.resource.is_pods()
                    && self.head.method == hyper::Method::GET
                    && !self.head.headers.contains_key(hyper::header::UPGRADE) =>
            {
                return Ok(Answer::Text(403, "Forbidden\n".to_owned()));
            }
            Some(other) => return Err(self.no_subresource(other)),
        };
        match self.verb {
            "get" => self.get().await,
            "list" => self.list().await,
            "watch" => self.watch().await,
            "create" if self.target.name.is_none() => self.create(incoming).await,
            "update" if self.target.name.is_some() => self.update(incoming, part).await,
            "patch" if self.target.name.is_some() => self.patch(incoming, part).await,
            "delete" if part == Part::Main => self.delete(incoming).await,
            "deletecollection" if self.resource.plural != "namespaces" => {
                self.delete_collection(incoming).await
            }
            _ => Err(Status::method_not_allowed()),
        }
    }

    fn is_read_of_a_collection(&self) -> bool {
        matches!(self.verb, "list" | "watch") && self.target.name.is_none() || self.target.is_watch_path
    }

    pub(super) fn place(&self) -> Place<'_> {
        Place { id: self.id, namespace: &self.target.namespace, name: &self.name }
    }

    pub(super) fn view(&self) -> View {
        self.view.clone()
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

    pub(super) fn write_page(&self, page: &Page) -> Vec<u8> {
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

    /// Waits for a future version, but not for long.
    pub(super) async fn until_reached(&self, asked: u64) -> Result<(), Status> {
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
