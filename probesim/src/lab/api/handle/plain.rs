//! Everything that is not a resource: discovery, OpenAPI, version, health.

use hyper::Method;
use hyper::header::{ACCEPT, IF_NONE_MATCH};
use hyper::http::request::Parts;
use serde_json::{Value, json};

use super::discovery;
use super::openapi;
use crate::lab::api::access::User;
use crate::lab::api::answer::respond::Answer;
use crate::lab::api::answer::status::Status;
use crate::lab::api::body::header;
use crate::lab::api::route::{Query, Route};
use crate::lab::api::server::Shared;

/// Answers a path that is not a resource.
pub(super) fn answer(
    shared: &Shared,
    head: &Parts,
    route: &Route,
    user: Option<&User>,
) -> Result<Answer, Status> {
    let verb = head.method.as_str().to_lowercase();
    let is_public = matches!(route, Route::Health | Route::Version);
    if let Some(user) = user.filter(|user| !is_public && !user.may_ask_path(&verb, head.uri.path())) {
        return Err(user.forbidden_path(&verb, head.uri.path()));
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
        Route::OpenApi => Answer::value(200, &openapi::index(registry)),
        Route::OpenApiDocument(group, version) => found(openapi::document(registry, group, version)),
        Route::Resource(_) | Route::Unknown => page_not_found(),
    })
}

fn aggregated(document: &Value, known: Option<&str>) -> Answer {
    let json = document.to_string().into_bytes();
    let etag = format!("\"{:016X}\"", fingerprint(json.iter().copied()));
    let is_known = known.is_some_and(|known| known.split(',').any(|one| one.trim() == etag));
    Answer::Discovery { etag, body: (!is_known).then_some(json) }
}

/// FNV-1a: enough to tell two documents apart.
pub(super) fn fingerprint(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// What the API server says to a path that it does not know.
pub(super) fn page_not_found() -> Answer {
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
