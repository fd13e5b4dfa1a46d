//! From a request to its answer: faults first, then who asks, then what for.
//!
//! | file | what it answers |
//! |---|---|
//! | `call` | get, list and watch; it hands all else on a resource to the others |
//! | `change`, `options`, `decode` | create, update, patch and delete; what the query asks for; the body |
//! | `subresource`, `scale`, `budget`, `log` | scale, eviction, and the log of a pod |
//! | `review` | what the asking user may do |
//! | `plain`, `discovery`, `openapi` | everything that is not a resource: health, version, documents |

mod call;
mod change;
mod decode;
pub(super) mod discovery;
pub(super) mod log;
mod openapi;
mod options;
mod plain;
mod review;
pub(super) mod scale;
mod subresource;

pub(in crate::lab) use decode::go_error;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::header::{ACCEPT, AUTHORIZATION, USER_AGENT};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response};
use tokio::time::{Instant, sleep};

use self::call::Call;
use super::access::{Attributes, User};
use super::answer::respond::{Answer, ReplyBody};
use super::answer::status::Status;
use super::answer::view::{Include, View};
use super::body::header;
use super::fault::Reply;
use super::requests;
use super::route::{self, Query, Route, Target};
use super::server::Shared;
use crate::lab::store::live;
use crate::lab::store::selector::Selector;
use crate::lab::store::watch::Event;

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
    let user = match shared.access().user(header(head, &AUTHORIZATION), &shared.store) {
        Ok(user) => user,
        Err(status) => return Answer::Status(Box::new(status)),
    };
    let result = match route {
        Route::Resource(target) => {
            resource(shared, number, head, body, target, query, verb, user.as_ref()).await
        }
        other => plain::answer(shared, head, other, user.as_ref()),
    };
    result.unwrap_or_else(|status| Answer::Status(Box::new(status)))
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
    if discovery::is_of_reviews(&target.group) {
        return review::answer(head, body, target, user).await;
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
            // Whoever may not ask is not told what there is.
            if let Some(user) = user.filter(|user| !user.may(&wanted)) {
                return Err(user.forbidden(&wanted));
            }
            return if is_known_version {
                Err(Status::unknown_resource())
            } else {
                Ok(plain::page_not_found())
            };
        }
    };
    let accept = header(head, &ACCEPT).unwrap_or_default();
    let view = View::from_accept(accept, live::now()).ok_or_else(Status::not_acceptable)?;
    let included = query.get("includeObject");
    let include = Include::parse(included)
        .ok_or_else(|| Status::bad_request(format!("unrecognized includeObject value: {included:?}")))?;
    let view = view.including(include);
    if let Some(reply) = shared.faults.reply(&wanted) {
        match reply {
            Reply::Status(status) => return Err(status),
            Reply::Forbidden => return Err(Reply::forbidden(&resource, &wanted)),
            Reply::Throttled(seconds) => return Ok(Answer::Throttled(seconds)),
            Reply::Event(status) => {
                let call = Call { shared, number, id, resource, target, query, head, verb, name, view };
                return Ok(call.stream(None, vec![Event::Error(status)], Duration::ZERO));
            }
            Reply::Late(by) => sleep(by).await,
        }
    }
    if let Some(user) = user.filter(|user| !user.may(&wanted)) {
        return Err(user.forbidden(&wanted));
    }
    let call = Call { shared, number, id, resource, target, query, head, verb, name, view };
    call.answer(body).await
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

/// curl, Wget and browsers get indented JSON, and so does whoever asks for it (`?pretty`).
fn is_pretty(head: &Parts, query: &Query) -> bool {
    if query.find("pretty").is_some() {
        return query.flag("pretty");
    }
    let agent = header(head, &USER_AGENT).unwrap_or_default();
    ["curl", "Wget", "Mozilla/5.0"].iter().any(|prefix| agent.starts_with(prefix))
}
