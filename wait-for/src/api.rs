//! The three questions that a gate asks of the API server: get, list, watch.

use std::rc::Rc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::header::{ACCEPT, AUTHORIZATION, HOST, HeaderValue, USER_AGENT};
use hyper::{Request, Response};
use kube::core::params::{GetParams, ListParams, WatchParams};
use tokio::time::timeout;

use crate::answer;
use crate::cluster::{Cluster, Presented};
use crate::connection::{Connection, cut};
use crate::frames::Frames;
use crate::jwt;
use crate::kube_error::KubeError;
use crate::message::clean;
use crate::resource::Resource;

/// Objects in one page of a list, unless they are large: a page is held in memory whole.
const PAGE: u32 = 250;
/// A page that is larger is asked for again, of fewer objects.
const LARGE_PAGE: usize = 8 << 20;
/// No answer is larger: etcd takes objects up to 1.5 MB, but not every server can make pages.
const LARGEST: usize = 64 << 20;
/// No reason for an error is longer.
const REASON: usize = 1 << 20;
/// No part of an answer takes longer to come.
const BODY: Duration = Duration::from_secs(15);

const JSON: &str = "application/json";
/// An older server, or one behind an aggregation layer, may only have the whole objects.
/// <https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches>
const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1, application/json";
const LIST_OF_METADATA: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1, application/json";

/// A client with a connection of its own, so that no watch waits behind another.
pub struct Api {
    cluster: Rc<Cluster>,
    connection: Option<Connection>,
    page: u32,
}

impl Api {
    /// A client that connects when it is first used.
    #[must_use]
    pub fn new(cluster: Rc<Cluster>) -> Self {
        Self { cluster, connection: None, page: PAGE }
    }

    /// The object `name`, as JSON.
    ///
    /// # Errors
    /// [`KubeError::NotFound`] when there is none, and whatever else stands in the way.
    pub async fn get(&mut self, resource: &Resource, name: &str) -> Result<Bytes, KubeError> {
        let request = resource.request().get(name, &GetParams::default()).map_err(rejected)?;
        match self.fetch_as(accept(resource, METADATA), request, LARGEST).await {
            Err(KubeError::NotFound(other)) if other != name => {
                Err(KubeError::NoAnswer(format!("{} not found instead of {name}", clean(&other))))
            }
            answer => answer,
        }
    }

    /// What is served at `path`, as JSON.
    ///
    /// # Errors
    /// [`KubeError::NotServed`] when there is nothing, and whatever else stands in the way.
    pub async fn document(&mut self, path: &str) -> Result<Bytes, KubeError> {
        let request = Request::get(path).body(Vec::new());
        self.fetch(request.map_err(|error| KubeError::Rejected(error.to_string()))?).await
    }

    /// One page of the collection: the first, or the one that `next` names. Of large objects it has fewer.
    ///
    /// # Errors
    /// Whatever stands in the way; [`KubeError::Expired`] when `next` is too old.
    pub async fn list(&mut self, resource: &Resource, next: Option<String>) -> Result<Bytes, KubeError> {
        loop {
            let params = ListParams {
                field_selector: resource.field_selector(),
                label_selector: resource.label_selector(),
                limit: Some(self.page),
                continue_token: next.clone(),
                ..ListParams::default()
            };
            let request = resource.request().list(&params).map_err(rejected)?;
            let limit = if self.page > 1 { LARGE_PAGE } else { LARGEST };
            match self.fetch_as(accept(resource, LIST_OF_METADATA), request, limit).await {
                Err(KubeError::TooLarge(_)) if self.page > 1 => self.page = (self.page / 4).max(1),
                page => return page,
            }
        }
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
        let page = answer::page(resource, &body)?;
        Ok(page.items.len() as u64 + page.remaining)
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
        Ok(Frames::new(self.send(accept(resource, METADATA), request).await?.into_body()))
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
        self.fetch_as(JSON, request, LARGEST).await
    }

    async fn fetch_as(
        &mut self,
        accept: &str,
        request: Request<Vec<u8>>,
        limit: usize,
    ) -> Result<Bytes, KubeError> {
        let response = self.send(accept, request).await?;
        let body = read(response.into_body(), limit).await;
        if body.is_err() {
            self.disconnect();
        }
        body
    }

    /// Sends; a kept connection that turns out to be stale is replaced once, without a word.
    async fn send(
        &mut self,
        accept: &str,
        request: Request<Vec<u8>>,
    ) -> Result<Response<Incoming>, KubeError> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let was_used = self.connection.as_ref().is_some_and(Connection::is_used);
        let mut result = self.exchange(accept, &path).await;
        if was_used && matches!(result, Err(KubeError::Unreachable(_))) {
            result = self.exchange(accept, &path).await;
        }
        if let Err(KubeError::Untrusted(_)) = result {
            // It may be the server that does not trust what a plugin gave us.
            self.cluster.credentials.forget();
        }
        let response = result?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let headers = response.headers().clone();
        let body = read(response.into_body(), REASON).await.unwrap_or_default();
        // Some proxies tie a connection to the identity that it first showed.
        self.disconnect();
        let error = KubeError::from_response(status, &headers, &body);
        Err(if let KubeError::Unauthorized(message) = error { self.refused(message).await } else { error })
    }

    /// Why we were not let in, as far as the token itself tells.
    async fn refused(&self, message: String) -> KubeError {
        let shown = self.cluster.credentials.present().await.ok().and_then(|shown| shown.header);
        self.cluster.credentials.forget();
        let token = shown.as_deref().and_then(|header| header.strip_prefix("Bearer "));
        let expired = token.and_then(|token| jwt::expired(token, SystemTime::now()));
        KubeError::Unauthorized(expired.unwrap_or(message))
    }

    async fn exchange(&mut self, accept: &str, path: &str) -> Result<Response<Incoming>, KubeError> {
        let Presented { header, identity } = self.cluster.credentials.present().await?;
        let request = self.dress(accept, path, header)?;
        let kept = self.connection.take().filter(|connection| connection.is_open(identity.as_ref()));
        let mut connection = match kept {
            Some(open) => open,
            None => Connection::open(&self.cluster, identity).await?,
        };
        let response = connection.send(request).await?;
        self.connection = Some(connection);
        Ok(response)
    }

    /// The request with the server's path prefix and with all headers.
    fn dress(
        &self,
        accept: &str,
        path: &str,
        header: Option<String>,
    ) -> Result<Request<Empty<Bytes>>, KubeError> {
        let server = &self.cluster.server;
        let target = format!("{}{path}", server.path().trim_end_matches('/'));
        let authority = server.authority().map_or("", |authority| authority.as_str());
        let mut request = Request::get(target)
            .header(HOST, authority)
            .header(ACCEPT, accept)
            .header(USER_AGENT, concat!("wait-for/", env!("CARGO_PKG_VERSION")));
        if let Some(value) = header {
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
            return Err(KubeError::TooLarge(limit));
        }
    }
}

fn accept(resource: &Resource, metadata: &'static str) -> &'static str {
    if resource.is_metadata_enough() { metadata } else { JSON }
}

fn rejected(error: kube::core::request::Error) -> KubeError {
    KubeError::Rejected(error.to_string())
}
