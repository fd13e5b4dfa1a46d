//! The three questions that a gate asks of the API server: get, list, watch.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::header::{ACCEPT, AUTHORIZATION, HOST, HeaderValue, USER_AGENT};
use hyper::{Request, Response};
use kube::core::params::{GetParams, ListParams, WatchParams};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::timeout;

use crate::cluster::Cluster;
use crate::connection::{Connection, cut};
use crate::frames::Frames;
use crate::kube_error::KubeError;
use crate::resource::Resource;

/// Objects in one page of a list: a page is held in memory whole.
const PAGE: u32 = 250;
/// No page is larger than this, and no part of it takes longer to come.
const LARGEST_PAGE: usize = 64 << 20;
const BODY: Duration = Duration::from_secs(15);

/// A client with a connection of its own, so that no watch waits behind another.
pub struct Api {
    cluster: Rc<Cluster>,
    connection: Option<Connection>,
}

/// One page of a list.
#[derive(Deserialize)]
pub struct Page<'a> {
    /// Where a watch can start, and where the next page is.
    #[serde(default)]
    pub metadata: PageMeta,
    /// The objects, not looked into yet. Go writes an empty list as null where nobody took care.
    #[serde(borrow, default)]
    pub items: Option<Vec<&'a RawValue>>,
}

/// A list's `metadata`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PageMeta {
    /// The version that the list shows.
    pub resource_version: String,
    /// The token of the next page, if there is one.
    #[serde(rename = "continue")]
    pub next: Option<String>,
    /// How many objects are on later pages; selections need not say it.
    pub remaining_item_count: u64,
}

impl Api {
    /// A client that connects when it is first used.
    #[must_use]
    pub fn new(cluster: Rc<Cluster>) -> Self {
        Self { cluster, connection: None }
    }

    /// The object `name`, as JSON.
    ///
    /// # Errors
    /// [`KubeError::NotFound`] when there is none, and whatever else stands in the way.
    pub async fn get(&mut self, resource: &Resource, name: &str) -> Result<Bytes, KubeError> {
        let request = resource.request().get(name, &GetParams::default()).map_err(rejected)?;
        self.fetch(request).await
    }

    /// What is served at `path`, as JSON.
    ///
    /// # Errors
    /// [`KubeError::NotServed`] when there is nothing, and whatever else stands in the way.
    pub async fn document(&mut self, path: &str) -> Result<Bytes, KubeError> {
        let request = Request::get(path).body(Vec::new());
        self.fetch(request.map_err(|error| KubeError::Rejected(error.to_string()))?).await
    }

    /// One page of the collection, as JSON for [`Page`]: the first, or the one that `next` names.
    ///
    /// # Errors
    /// Whatever stands in the way; [`KubeError::Expired`] when `next` is too old.
    pub async fn list(&mut self, resource: &Resource, next: Option<String>) -> Result<Bytes, KubeError> {
        let params = ListParams {
            field_selector: resource.field_selector(),
            label_selector: resource.label_selector(),
            limit: Some(PAGE),
            continue_token: next,
            ..ListParams::default()
        };
        self.fetch(resource.request().list(&params).map_err(rejected)?).await
    }

    /// How many objects the collection has, asked for with the first of them.
    ///
    /// # Errors
    /// Whatever stands in the way.
    pub async fn count(&mut self, resource: &Resource) -> Result<u64, KubeError> {
        let params = ListParams {
            field_selector: resource.field_selector(),
            label_selector: resource.label_selector(),
            limit: Some(1),
            ..ListParams::default()
        };
        let body = self.fetch(resource.request().list(&params).map_err(rejected)?).await?;
        let page: Page = serde_json::from_slice(&body)
            .map_err(|error| KubeError::Unreachable(format!("an unreadable answer: {error}")))?;
        Ok(page.items.map_or(0, |items| items.len() as u64) + page.metadata.remaining_item_count)
    }

    /// A watch of the collection from `version` on, for `lifetime` (whole seconds, below 295).
    ///
    /// # Errors
    /// Whatever stands in the way of its first byte.
    pub async fn watch(
        &mut self,
        resource: &Resource,
        version: &str,
        lifetime: Duration,
    ) -> Result<Frames, KubeError> {
        let params = WatchParams {
            field_selector: resource.field_selector(),
            label_selector: resource.label_selector(),
            timeout: u32::try_from(lifetime.as_secs()).ok(),
            bookmarks: true,
            send_initial_events: false,
        };
        let request = resource.request().watch(&params, version).map_err(rejected)?;
        Ok(Frames::new(self.send(request).await?.into_body()))
    }

    /// Ends the connection: what it still has to say is of no use, or it says nothing any more.
    pub fn disconnect(&mut self) {
        self.connection = None;
    }

    /// Any other question, as `kube` writes it.
    ///
    /// # Errors
    /// Whatever stands in the way.
    pub(crate) async fn fetch(&mut self, request: Request<Vec<u8>>) -> Result<Bytes, KubeError> {
        let response = self.send(request).await?;
        let body = read(response.into_body(), LARGEST_PAGE).await;
        if body.is_err() {
            self.disconnect();
        }
        body
    }

    /// Sends; a kept connection that turns out to be stale is replaced once, without a word.
    async fn send(&mut self, request: Request<Vec<u8>>) -> Result<Response<Incoming>, KubeError> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let was_used = self.connection.as_ref().is_some_and(Connection::is_used);
        let mut result = self.exchange(&path).await;
        if was_used && matches!(result, Err(KubeError::Unreachable(_))) {
            result = self.exchange(&path).await;
        }
        let response = result?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let headers = response.headers().clone();
        let body = read(response.into_body(), LARGEST_PAGE).await.unwrap_or_default();
        // Some proxies tie a connection to the identity that it first showed.
        self.disconnect();
        if status == hyper::StatusCode::UNAUTHORIZED {
            self.cluster.credentials.forget();
        }
        Err(KubeError::from_response(status, &headers, &body))
    }

    async fn exchange(&mut self, path: &str) -> Result<Response<Incoming>, KubeError> {
        let request = self.dress(path).await?;
        let mut connection = match self.connection.take().filter(Connection::is_open) {
            Some(open) => open,
            None => Connection::open(&self.cluster).await?,
        };
        let response = connection.send(request).await?;
        self.connection = Some(connection);
        Ok(response)
    }

    /// The request with the server's path prefix and with all headers.
    async fn dress(&self, path: &str) -> Result<Request<Empty<Bytes>>, KubeError> {
        let server = &self.cluster.server;
        let target = format!("{}{path}", server.path().trim_end_matches('/'));
        let authority = server.authority().map_or("", |authority| authority.as_str());
        let mut request = Request::get(target)
            .header(HOST, authority)
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, concat!("wait-for/", env!("CARGO_PKG_VERSION")));
        if let Some(value) = self.cluster.credentials.authorization().await? {
            let mut value = HeaderValue::try_from(value).map_err(|_| {
                KubeError::Unauthorized("the token has characters that no header can hold".into())
            })?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        for (name, value) in &self.cluster.impersonate {
            request = request.header(*name, value);
        }
        request.body(Empty::new()).map_err(|error| KubeError::Rejected(error.to_string()))
    }
}

async fn read(mut body: Incoming, limit: usize) -> Result<Bytes, KubeError> {
    let mut whole = Vec::new();
    loop {
        let frame = timeout(BODY, body.frame()).await.map_err(|_| {
            KubeError::Unreachable(format!("the answer stopped for {} s before its end", BODY.as_secs()))
        })?;
        let Some(frame) = frame else { return Ok(whole.into()) };
        if let Ok(data) = frame.map_err(cut)?.into_data() {
            whole.extend_from_slice(&data);
        }
        if whole.len() > limit {
            return Err(KubeError::Rejected(format!("an answer of more than {limit} bytes")));
        }
    }
}

fn rejected(error: kube::core::request::Error) -> KubeError {
    KubeError::Rejected(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_the_next_one_is_and_an_empty_one_may_be_null() {
        let text =
            r#"{"kind":"PodList","metadata":{"resourceVersion":"7","continue":"abc"},"items":[{"a":1}]}"#;
        let page: Page = serde_json::from_str(text).unwrap();
        assert_eq!(
            (page.metadata.resource_version.as_str(), page.metadata.next.as_deref()),
            ("7", Some("abc"))
        );
        assert_eq!(page.items.unwrap()[0].get(), r#"{"a":1}"#);
        let empty: Page =
            serde_json::from_str(r#"{"metadata":{"resourceVersion":"7"},"items":null}"#).unwrap();
        assert!(empty.items.is_none() && empty.metadata.next.is_none());
    }
}
