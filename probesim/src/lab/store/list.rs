//! Which objects a list answers with, page by page, and at which version.
//!
//! Rules: "Retrieving large results sets in chunks" and "Semantics for get and list" in the Kubernetes API concepts.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::object::Object;
use super::options::{ListOptions, Version};
use crate::lab::api::answer::status::Status;
use crate::lab::schema::resources::ResourceId;
use crate::lab::store::{self, Store};

/// One page of a list.
#[derive(Debug)]
pub(in crate::lab) struct Page {
    pub(in crate::lab) revision: u64,
    pub(in crate::lab) items: Vec<Arc<Object>>,
    pub(in crate::lab) continue_token: Option<String>,
    pub(in crate::lab) remaining: Option<usize>,
}

/// Why there is no page.
#[derive(Debug, PartialEq)]
pub(in crate::lab) enum NoPage {
    /// The store has not reached this version yet.
    NotYet(u64),
    /// It never will.
    Refused(Box<Status>),
}

/// A decoded continue token.
#[derive(Debug, PartialEq, Eq)]
struct Token {
    /// The version of the first page; `None` to carry on with the newest state.
    revision: Option<u64>,
    start: String,
}

/// Takes one page from the store.
pub(in crate::lab) fn page(
    store: &Store,
    id: ResourceId,
    namespace: &str,
    options: &ListOptions,
) -> Result<Page, NoPage> {
    if !options.continue_token.is_empty() {
        return next_page(store, id, namespace, options).map_err(|status| NoPage::Refused(Box::new(status)));
    }
    match options.version {
        Version::NotOlderThan(asked) | Version::Exact(asked) if asked > store.revision() => {
            Err(NoPage::NotYet(asked))
        }
        // "0" is answered from the cache, which ignores the limit.
        Version::Any => Ok(newest(store, id, namespace, options, None, 0)),
        Version::Newest | Version::NotOlderThan(_) => {
            Ok(newest(store, id, namespace, options, None, options.limit))
        }
        Version::Exact(asked) => match store.objects_at(id, asked) {
            Ok(objects) => Ok(older(&objects, namespace, options, None, asked)),
            Err(_) => {
                let why = "The resourceVersion for the provided list is too old.";
                Err(NoPage::Refused(Box::new(Status::expired(why))))
            }
        },
    }
}

fn next_page(store: &Store, id: ResourceId, namespace: &str, options: &ListOptions) -> Result<Page, Status> {
    let token = Token::decode(&options.continue_token)
        .map_err(|why| Status::bad_request(format!("invalid continue token: {why}")))?;
    let start = format!("{namespace}{}", token.start);
    let Some(revision) = token.revision else {
        return Ok(newest(store, id, namespace, options, Some(&start), options.limit));
    };
    let objects = store.objects_at(id, revision).map_err(|_| {
        let onwards = Token { revision: None, start: token.start }.encode();
        Status { continue_token: Some(onwards), ..Status::expired(EXPIRED_TOKEN) }
    })?;
    Ok(older(&objects, namespace, options, Some(&start), revision))
}

fn newest(
    store: &Store,
    id: ResourceId,
    namespace: &str,
    options: &ListOptions,
    start: Option<&str>,
    limit: usize,
) -> Page {
    let objects =
        store.objects(id, namespace).filter(|object| start.is_none_or(|start| *object.key() >= *start));
    cut(objects, namespace, options, store.revision(), limit)
}

fn older(
    objects: &BTreeMap<String, Arc<Object>>,
    namespace: &str,
    options: &ListOptions,
    start: Option<&str>,
    revision: u64,
) -> Page {
    let bounds = store::bounds(namespace);
    let (from, to) = bounds.as_range();
    let from = start.map_or(from, Bound::Included);
    let objects = objects.range::<str, _>((from, to)).map(|(_, object)| object);
    cut(objects, namespace, options, revision, options.limit)
}

/// The first `limit` matches (0 is all of them), with a token and a count for the rest.
fn cut<'a>(
    objects: impl Iterator<Item = &'a Arc<Object>>,
    namespace: &str,
    options: &ListOptions,
    revision: u64,
    limit: usize,
) -> Page {
    let mut matches = objects.filter(|object| options.selector.matches(object));
    let take = if limit == 0 { usize::MAX } else { limit };
    let items: Vec<_> = matches.by_ref().take(take).cloned().collect();
    let rest = matches.count();
    let continue_token = items.last().filter(|_| rest > 0).map(|last| {
        let key = last.key();
        let start = format!("{}\0", &key[namespace.len()..]);
        Token { revision: Some(revision), start }.encode()
    });
    // With a selector the API server does not know how many of the rest match.
    let remaining = (rest > 0 && options.selector.is_empty()).then_some(rest);
    Page { revision, items, continue_token, remaining }
}

const EXPIRED_TOKEN: &str = "The provided continue parameter is too old to display a consistent list result. \
    You can start a new list without the continue parameter, or use the continue token in this response to \
    retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - \
    objects that were created, modified, or deleted between the time the first chunk was returned and now may \
    show up in the list.";

// === impl Token ===

impl Token {
    /// `{"v":"meta.k8s.io/v1","rv":211,"start":"/cm1\u0000"}` in unpadded URL-safe base64.
    fn encode(&self) -> String {
        let revision = self.revision.map_or(json!(-1), |revision| json!(revision));
        let token = json!({"v": "meta.k8s.io/v1", "rv": revision, "start": self.start});
        URL_SAFE_NO_PAD.encode(token.to_string())
    }

    fn decode(text: &str) -> Result<Self, String> {
        let bytes = URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|e| format!("continue key is not valid: illegal base64 data: {e}"))?;
        let token: Value =
            serde_json::from_slice(&bytes).map_err(|e| format!("continue key is not valid: {e}"))?;
        if token["v"] != "meta.k8s.io/v1" {
            let version = token["v"].as_str().unwrap_or_default();
            return Err(format!(
                "continue key is not valid: server does not recognize this encoded version {version:?}"
            ));
        }
        let start = token["start"].as_str().unwrap_or_default();
        let revision = match token["rv"].as_i64() {
            Some(0) | None => {
                return Err("continue key is not valid: incorrect encoded start resourceVersion".to_owned());
            }
            Some(revision) => u64::try_from(revision).ok(),
        };
        if start.is_empty() {
            return Err("continue key is not valid: encoded start key empty".to_owned());
        }
        Ok(Self { revision, start: start.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::api::route::Query;

    fn store() -> (Store, ResourceId) {
        let mut store = Store::new(208, 10);
        let id = store.registry().named("configmaps").unwrap();
        for name in ["cm1", "cm2", "cm3"] {
            store.put(
                id,
                json!({"metadata": {"name": name, "namespace": "default", "labels": {"app": name}}}),
                None,
            );
        }
        (store, id)
    }

    fn ask(store: &Store, id: ResourceId, namespace: &str, query: &str) -> Result<Page, NoPage> {
        let options = ListOptions::parse(store.resource(id), &Query::parse(query), false).unwrap();
        page(store, id, namespace, &options)
    }

    fn names(page: &Page) -> Vec<&str> {
        page.items.iter().map(|object| object.name.as_str()).collect()
    }

    fn refused(result: Result<Page, NoPage>) -> Status {
        match result {
            Err(NoPage::Refused(status)) => *status,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_first_page_has_the_token_that_was_recorded() {
        let (store, id) = store();
        let page = ask(&store, id, "default", "limit=1").unwrap();
        assert_eq!(names(&page), ["cm1"]);
        assert_eq!((page.revision, page.remaining), (211, Some(2)));
        let recorded = "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MjExLCJzdGFydCI6Ii9jbTFcdTAwMDAifQ";
        assert_eq!(page.continue_token.as_deref(), Some(recorded));
    }

    #[test]
    fn later_pages_show_the_state_of_the_first() {
        let (mut store, id) = store();
        let first = ask(&store, id, "", "limit=1").unwrap();
        store.remove(id, "default", "cm2", None, None);
        let token = first.continue_token.unwrap();
        let second = ask(&store, id, "", &format!("limit=1&continue={token}")).unwrap();
        assert_eq!((names(&second), second.revision, second.remaining), (vec!["cm2"], 211, Some(1)));
        let token = second.continue_token.unwrap();
        let last = ask(&store, id, "", &format!("limit=5&continue={token}")).unwrap();
        assert_eq!((names(&last), last.continue_token.as_deref()), (vec!["cm3"], None));
    }

    #[test]
    fn an_expired_token_comes_back_with_one_that_carries_on() {
        let (mut store, id) = store();
        let token = ask(&store, id, "default", "limit=1").unwrap().continue_token.unwrap();
        store.remove(id, "default", "cm2", None, None);
        store.forget_history();
        let status = refused(ask(&store, id, "default", &format!("limit=1&continue={token}")));
        assert_eq!((status.code, status.reason.as_str()), (410, "Expired"));
        let onwards = status.continue_token.unwrap();
        assert_eq!(names(&ask(&store, id, "default", &format!("continue={onwards}")).unwrap()), ["cm3"]);
    }

    #[test]
    fn versions_choose_the_state() {
        let (store, id) = store();
        assert_eq!(names(&ask(&store, id, "", "resourceVersion=0&limit=1").unwrap()), ["cm1", "cm2", "cm3"]);
        assert_eq!(names(&ask(&store, id, "", "resourceVersion=209&limit=2").unwrap()), ["cm1"]);
        assert_eq!(names(&ask(&store, id, "", "resourceVersion=209").unwrap()), ["cm1", "cm2", "cm3"]);
        assert_eq!(ask(&store, id, "", "resourceVersion=999").unwrap_err(), NoPage::NotYet(999));
        assert_eq!(refused(ask(&store, id, "", "resourceVersion=1&resourceVersionMatch=Exact")).code, 410);
        assert_eq!(refused(ask(&store, id, "", "continue=%21")).code, 400);
    }

    #[test]
    fn the_rest_is_not_counted_under_a_selector() {
        let (store, id) = store();
        let page = ask(&store, id, "", "limit=1&labelSelector=app!%3Dcm2").unwrap();
        assert_eq!((names(&page), page.remaining), (vec!["cm1"], None));
        assert!(page.continue_token.is_some());
    }
}
