//! From a request to its answer: faults first, then who asks, then what for.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderName, IF_NONE_MATCH, USER_AGENT};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::access::{Attributes, User};
use super::discovery;
use super::fault::Reply;
use super::list::{self, NoPage, Page};
use super::live;
use super::options::ListOptions;
use super::patch;
use super::requests;
use super::resources::{Resource, ResourceId};
use super::respond::{Answer, ReplyBody};
use super::route::{self, Query, Route, Target};
use super::selector::Selector;
use super::server::Shared;
use super::status::Status;
use super::stream::{Stream, Timing};
use super::view::View;
use super::watch::{Event, NoWatch, Watcher};
use super::write::{self, DeleteOptions, Deleted, Part, Place};

/// The API server's limit for a request body.
const MAX_BODY: usize = 3 * 1024 * 1024;

/// A request on a resource that is known.
struct Call<'a> {
    shared: &'a Shared,
    number: u64,
    id: ResourceId,
    resource: Arc<Resource>,
    target: &'a Target,
    query: &'a Query,
    head: &'a Parts,
    verb: &'static str,
    name: String,
}

/// Answers one request.
pub(super) async fn handle(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<ReplyBody>, Infallible> {
    let (head, body) = request.into_parts();
    let query = Query::parse(head.uri.query().unwrap_or_default());
    let route = route::route(head.uri.path());
    let verb = verb(&head.method, &route, &query);
    let resource = match &route {
        Route::Resource(target) => target.plural.clone(),
        _ => String::new(),
    };
    let number = shared.requests.arrived(requests::Request {
        number: 0,
        at: Instant::now(),
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        verb: if resource.is_empty() { String::new() } else { verb.to_owned() },
        resource,
        status: None,
        is_open_watch: false,
    });
    let answer = answer(&shared, number, &head, body, &route, &query, verb).await;
    shared.faults.until_heard().await;
    shared.requests.answered(number, answer.code());
    Ok(answer.into_response(is_pretty(&head, &query)))
}

async fn answer(
    shared: &Shared,
    number: u64,
    head: &Parts,
    body: Incoming,
    route: &Route,
    query: &Query,
    verb: &'static str,
) -> Answer {
    let user = match shared.access().user(header(head, &AUTHORIZATION)) {
        Ok(user) => user,
        Err(status) => return Answer::Status(Box::new(status)),
    };
    let result = match route {
        Route::Resource(target) => {
            resource(shared, number, head, body, target, query, verb, user.as_ref()).await
        }
        other => plain(shared, head, other, user.as_ref()),
    };
    result.unwrap_or_else(|status| Answer::Status(Box::new(status)))
}

/// Everything that is not a resource: discovery, version, health.
fn plain(shared: &Shared, head: &Parts, route: &Route, user: Option<&User>) -> Result<Answer, Status> {
    let is_public = matches!(route, Route::Health | Route::Version);
    if let Some(user) = user.filter(|user| user.is_anonymous() && !is_public) {
        return Err(user.forbidden_path("get", head.uri.path()));
    }
    if head.method != Method::GET && head.method != Method::HEAD && *route != Route::Unknown {
        return Err(Status::method_not_allowed());
    }
    let store = shared.store.lock();
    let registry = store.registry();
    let is_aggregated = discovery::accepts_aggregated(header(head, &ACCEPT).unwrap_or_default());
    let found =
        |document: Option<Value>| document.map_or_else(page_not_found, |value| Answer::value(200, &value));
    Ok(match route {
        Route::Health => Answer::Text(200, health(head.uri.path(), head.uri.query().unwrap_or_default())),
        Route::Version => Answer::value(200, &version()),
        Route::Api | Route::Apis if is_aggregated => {
            let document = discovery::aggregated(registry, *route == Route::Api);
            aggregated(&document, header(head, &IF_NONE_MATCH))
        }
        Route::Api => Answer::value(200, &discovery::api_versions(&shared.address.to_string())),
        Route::Apis => Answer::value(200, &discovery::group_list(registry)),
        Route::Group(group) => found(discovery::one_group(registry, group)),
        Route::GroupVersion(group, version) => found(discovery::resource_list(registry, group, version)),
        Route::Resource(_) | Route::Unknown => page_not_found(),
    })
}

fn aggregated(document: &Value, known: Option<&str>) -> Answer {
    let json = document.to_string().into_bytes();
    let etag = format!("\"{:016X}\"", fingerprint(&json));
    let is_known = known.is_some_and(|known| known.split(',').any(|one| one.trim() == etag));
    Answer::Discovery { etag, body: (!is_known).then_some(json) }
}

/// FNV-1a: enough to tell two discovery documents apart.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[expect(clippy::too_many_arguments, reason = "it is the one place where a request meets the server's state")]
async fn resource(
    shared: &Shared,
    number: u64,
    head: &Parts,
    body: Incoming,
    target: &Target,
    query: &Query,
    verb: &'static str,
    user: Option<&User>,
) -> Result<Answer, Status> {
    let name = wanted_name(target, query, verb);
    let wanted = Attributes {
        verb,
        group: &target.group,
        plural: &target.plural,
        subresource: target.subresource.as_deref().unwrap_or_default(),
        namespace: if target.group.is_empty() && target.plural == "namespaces" {
            &name
        } else {
            &target.namespace
        },
        name: &name,
    };
    if target.group == discovery::REVIEW_GROUP {
        return review(head, body, target, user).await;
    }
    let known = {
        let store = shared.store.lock();
        let id = store.registry().find(&target.group, &target.version, &target.plural);
        let is_known_version =
            store.registry().iter().any(|r| r.group == target.group && r.version == target.version);
        id.map(|id| (id, store.resource(id).clone())).ok_or(is_known_version)
    };
    let (id, resource) = match known {
        Ok(known) => known,
        Err(is_known_version) => {
            return if is_known_version { Err(Status::unknown_resource()) } else { Ok(page_not_found()) };
        }
    };
    if let Some(reply) = shared.faults.reply(&wanted) {
        match reply {
            Reply::Status(status) => return Err(status),
            Reply::Forbidden => return Err(Reply::forbidden(&resource, &wanted)),
            Reply::Throttled(seconds) => return Ok(Answer::Throttled(seconds)),
            Reply::Event(status) => {
                let call = Call { shared, number, id, resource, target, query, head, verb, name };
                return Ok(call.stream(None, vec![Event::Error(status)], Duration::ZERO));
            }
            Reply::Late(by) => sleep(by).await,
        }
    }
    if let Some(user) = user.filter(|user| !user.may(&wanted)) {
        return Err(user.forbidden(&wanted));
    }
    let call = Call { shared, number, id, resource, target, query, head, verb, name };
    call.answer(body).await
}

// === impl Call ===

impl Call<'_> {
    async fn answer(&self, body: Incoming) -> Result<Answer, Status> {
        let is_status = match self.target.subresource.as_deref() {
            None => false,
            Some("status") if self.resource.has_status => true,
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
            "create" if self.target.name.is_none() => self.create(body).await,
            "update" if self.target.name.is_some() => self.update(body, part).await,
            "patch" if self.target.name.is_some() => self.patch(body, part).await,
            "delete" if !is_status => self.delete(body).await,
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
        View::from_accept(header(self.head, &ACCEPT).unwrap_or_default(), live::now())
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

    fn stream(&self, watcher: Option<Watcher>, events: Vec<Event>, lasts: Duration) -> Answer {
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

    async fn create(&self, body: Incoming) -> Result<Answer, Status> {
        let value = self.read_object(body).await?;
        let made = self.shared.store.write(|store, birth| {
            write::create(store, self.place(), value, Part::Main, birth, self.is_dry_run())
        })?;
        Ok(Answer::Json(201, made.json().to_vec()))
    }

    async fn update(&self, body: Incoming, part: Part) -> Result<Answer, Status> {
        let value = self.read_object(body).await?;
        let stored = self
            .shared
            .store
            .write(|store, _| write::replace(store, self.place(), value, part, self.is_dry_run()))?;
        Ok(Answer::Json(200, stored.json().to_vec()))
    }

    async fn patch(&self, body: Incoming, part: Part) -> Result<Answer, Status> {
        let kind = match content_type(self.head) {
            "application/merge-patch+json" => patch::Kind::Merge,
            "application/strategic-merge-patch+json" => patch::Kind::Strategic,
            _ => {
                let accepted = "application/merge-patch+json, application/strategic-merge-patch+json";
                return Err(Status::unsupported_media_type(accepted));
            }
        };
        let change = parse_json(&read(body).await?)?;
        let stored = self.shared.store.write(|store, _| {
            let merge = |current| patch::apply(kind, current, change);
            write::modify(store, self.place(), part, self.is_dry_run(), merge)
        })?;
        Ok(Answer::Json(200, stored.json().to_vec()))
    }

    async fn delete(&self, body: Incoming) -> Result<Answer, Status> {
        let options = self.delete_options(&read(body).await?)?;
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
            return Ok(DeleteOptions { dry_run: self.is_dry_run(), ..DeleteOptions::default() });
        }
        check_json(self.head)?;
        let value = parse_json(body)?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Ok(DeleteOptions {
            uid: text(&value["preconditions"]["uid"]),
            resource_version: text(&value["preconditions"]["resourceVersion"]),
            dry_run: self.is_dry_run() || value["dryRun"][0] == "All",
        })
    }

    async fn read_object(&self, body: Incoming) -> Result<Value, Status> {
        check_json(self.head)?;
        parse_json(&read(body).await?)
    }

    /// Waits for a future version, but not for long.
    async fn until_reached(&self, asked: u64) -> Result<(), Status> {
        let store = &self.shared.store;
        let reached = timeout(self.shared.options.future_wait, store.reached(asked)).await;
        reached.map_err(|_| Status::too_large_version(asked, store.revision()))
    }
}

/// The verb that authorisation, faults and the log see (`RequestInfoFactory`).
fn verb(method: &Method, route: &Route, query: &Query) -> &'static str {
    let Route::Resource(target) = route else { return "" };
    let has_name = target.name.is_some();
    match method.as_str() {
        "GET" | "HEAD" if target.is_watch_path => "watch",
        "GET" | "HEAD" if has_name => "get",
        "GET" | "HEAD" if query.flag("watch") => "watch",
        "GET" | "HEAD" => "list",
        "POST" => "create",
        "PUT" => "update",
        "PATCH" => "patch",
        "DELETE" if has_name => "delete",
        "DELETE" => "deletecollection",
        _ => "",
    }
}

/// The object's name; a list or watch of one object by field selector counts as named.
fn wanted_name(target: &Target, query: &Query, verb: &str) -> String {
    if let Some(name) = &target.name {
        return name.clone();
    }
    if !matches!(verb, "list" | "watch" | "deletecollection") {
        return String::new();
    }
    let selector = Selector::parse("", query.get("fieldSelector")).unwrap_or_default();
    selector.pinned_name().unwrap_or_default().to_owned()
}

/// Answers reviews: what the asking user may do.
async fn review(
    head: &Parts,
    body: Incoming,
    target: &Target,
    user: Option<&User>,
) -> Result<Answer, Status> {
    let is_access = match target.plural.as_str() {
        "selfsubjectaccessreviews" => true,
        "selfsubjectrulesreviews" => false,
        _ => return Err(Status::unknown_resource()),
    };
    if head.method != Method::POST {
        return Err(Status::method_not_allowed());
    }
    if let Some(user) = user.filter(|user| user.is_anonymous()) {
        let wanted = Attributes {
            verb: "create",
            group: &target.group,
            plural: &target.plural,
            ..Attributes::default()
        };
        return Err(user.forbidden(&wanted));
    }
    check_json(head)?;
    let mut review = parse_json(&read(body).await?)?;
    if !review.is_object() {
        return Err(Status::bad_request("the body of the request is not a JSON object"));
    }
    review["status"] = if is_access {
        json!({"allowed": user.is_none_or(|user| is_allowed(user, &review["spec"]))})
    } else {
        rules(user)
    };
    Ok(Answer::value(201, &review))
}

fn is_allowed(user: &User, spec: &Value) -> bool {
    let wanted = &spec["resourceAttributes"];
    let text = |key: &str| wanted[key].as_str().unwrap_or_default();
    let attributes = Attributes {
        verb: text("verb"),
        group: text("group"),
        plural: text("resource"),
        subresource: text("subresource"),
        namespace: text("namespace"),
        name: text("name"),
    };
    wanted.is_object() && user.may(&attributes)
}

fn rules(user: Option<&User>) -> Value {
    let everything = json!([{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}]);
    let rules = user.map_or(everything, |user| {
        let rule = |rule: &super::access::Rule| {
            json!({"verbs": rule.verbs, "apiGroups": rule.api_groups, "resources": rule.resources,
                   "resourceNames": rule.resource_names})
        };
        user.rules.iter().map(rule).collect()
    });
    json!({"resourceRules": rules, "nonResourceRules": [], "incomplete": false})
}

fn page_not_found() -> Answer {
    Answer::Text(404, "404 page not found\n".to_owned())
}

fn health(path: &str, query: &str) -> String {
    if Query::parse(query).find("verbose").is_none() {
        return "ok".to_owned();
    }
    let check = path.trim_matches('/').split('/').next().unwrap_or_default();
    format!("[+]ping ok\n{check} check passed\n")
}

/// `/version`, as a v1.36.2 server answers it.
fn version() -> Value {
    json!({"major": "1", "minor": "36", "emulationMajor": "1", "emulationMinor": "36",
           "minCompatibilityMajor": "1", "minCompatibilityMinor": "35", "gitVersion": "v1.36.2",
           "gitCommit": "$Format:%H$", "gitTreeState": "", "buildDate": "1970-01-01T00:00:00Z",
           "goVersion": "go1.26.6", "compiler": "gc", "platform": "linux/amd64"})
}

fn header<'a>(head: &'a Parts, name: &HeaderName) -> Option<&'a str> {
    head.headers.get(name)?.to_str().ok()
}

/// The media type of the body, without its parameters.
fn content_type(head: &Parts) -> &str {
    let whole = header(head, &CONTENT_TYPE).unwrap_or_default();
    whole.split(';').next().unwrap_or_default().trim()
}

fn check_json(head: &Parts) -> Result<(), Status> {
    match content_type(head) {
        "" | "application/json" => Ok(()),
        _ => Err(Status::unsupported_media_type("application/json")),
    }
}

async fn read(body: Incoming) -> Result<Bytes, Status> {
    let whole = Limited::new(body, MAX_BODY).collect().await;
    whole.map(http_body_util::Collected::to_bytes).map_err(|error| {
        let message = format!("Request entity too large: {error}");
        Status::failure(413, "RequestEntityTooLarge", message)
    })
}

fn parse_json(bytes: &Bytes) -> Result<Value, Status> {
    serde_json::from_slice(bytes).map_err(|error| {
        Status::bad_request(format!("the object provided is unrecognized (must be of type JSON): {error}"))
    })
}

/// curl, Wget and browsers get indented JSON, and so does whoever asks for it (`?pretty`).
fn is_pretty(head: &Parts, query: &Query) -> bool {
    if query.find("pretty").is_some() {
        return query.flag("pretty");
    }
    let agent = header(head, &USER_AGENT).unwrap_or_default();
    ["curl", "Wget", "Mozilla/5.0"].iter().any(|prefix| agent.starts_with(prefix))
}

/// Without `timeoutSeconds` a watch lasts between half an hour and an hour (`--min-request-timeout`).
fn random_lifetime() -> Duration {
    let [first, second, ..] = live::random_bytes();
    let share = f64::from(u16::from_be_bytes([first, second])) / 65_536.0;
    Duration::from_secs(1800) + Duration::from_secs(1800).mul_f64(share)
}
