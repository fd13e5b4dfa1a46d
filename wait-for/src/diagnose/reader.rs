//! Reads related objects through the API: lists cut short, in step, and never twice what is forbidden.

use std::rc::Rc;

use bytes::Bytes;
use hyper::Request;
use kube::core::params::{GetParams, ListParams};
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::kept::Kept;
use super::pace::Pace;
use super::patient::Patient;
use super::related::{Answer, Namespace, Need, Related};
use super::rights::{Right, Rights};
use super::subject::Subject;
use crate::answer::{self, Page};
use crate::api::Api;
use crate::cluster::Cluster;
use crate::kube_error::KubeError;
use crate::resource::Resource;

/// Objects that are read of any collection.
const PAGE: u32 = 50;

/// A connection, what may be read on it, and how fast.
pub(super) struct Reader {
    api: Api,
    start: Instant,
    rights: Rights,
    kept: Kept,
    pace: Pace,
}

/// What came of a question.
enum Said {
    Object(Bytes),
    /// There is no such object.
    Absent,
    /// It may not be read, or is not served.
    Refused,
}

impl Reader {
    pub(super) fn new(cluster: Rc<Cluster>) -> Self {
        Self {
            api: Api::new(cluster),
            start: Instant::now(),
            rights: Rights::default(),
            kept: Kept::default(),
            pace: Pace::new(),
        }
    }

    /// Lets go of what the next one would not use.
    pub(super) fn rest(&mut self) {
        self.api.disconnect();
        self.kept.clear();
    }

    /// Lets go of a connection on which an answer may still be on its way.
    pub(super) fn disconnect(&mut self) {
        self.api.disconnect();
    }

    /// Reads everything that helps to explain the patient.
    ///
    /// # Errors
    /// What stood in the way, other than that something is not there or may not be read.
    pub(super) async fn read_all(
        &mut self,
        patient: &Patient,
        namespace: &str,
        related: &mut Related,
    ) -> Result<(), KubeError> {
        while let Some(need) = related.need(patient) {
            let (request, kind) = request(&need, namespace)?;
            match self.ask(need.right(), namespace, request, kind).await? {
                Said::Object(body) => related.put(&need, patient, &body).map_err(unreadable)?,
                Said::Absent if need == Need::Namespace => {
                    related.namespace = Answer::Got(Namespace::Absent);
                }
                Said::Absent | Said::Refused => related.refuse(&need),
            }
        }
        Ok(())
    }

    /// The pod of this name, as far as pods may be listed.
    ///
    /// # Errors
    /// As for [`Reader::read_all`].
    pub(super) async fn pod(
        &mut self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Box<RawValue>>, KubeError> {
        let by_name = Some(format!("metadata.name={name}"));
        let request = list(&format!("/api/v1/namespaces/{namespace}/pods"), None, by_name)?;
        match self.ask(Right::Pods, namespace, request, "PodList").await? {
            Said::Object(body) => Ok(named(&answer::list(&body).map_err(unreadable)?, name)),
            Said::Absent | Said::Refused => Ok(None),
        }
    }

    /// An object that is watched already: by a list, for which the rule is there; by a get where only that is
    /// allowed.
    ///
    /// # Errors
    /// What stood in the way.
    pub(super) async fn object(
        &mut self,
        resource: &Resource,
        name: &str,
    ) -> Result<Option<Box<RawValue>>, KubeError> {
        self.pace.keep().await;
        match self.api.list(resource, None).await {
            Ok(body) => Ok(named(&answer::page(resource, &body)?, name)),
            Err(KubeError::Forbidden(_)) => match self.api.get(resource, name).await {
                Ok(body) => Ok(Some(answer::object(resource, &body)?.to_owned())),
                Err(KubeError::NotFound(_)) => Ok(None),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    async fn ask(
        &mut self,
        right: Right,
        namespace: &str,
        request: Request<Vec<u8>>,
        kind: &str,
    ) -> Result<Said, KubeError> {
        if !self.rights.may(right, namespace, self.start.elapsed()) {
            return Ok(Said::Refused);
        }
        let asked = request.uri().to_string();
        if let Some(known) = self.kept.get(&asked) {
            return Ok(known.map_or(Said::Absent, Said::Object));
        }
        self.pace.keep().await;
        let body = match self.api.fetch(request).await {
            Ok(body) => {
                answer::expect(&body, kind)?;
                Some(body)
            }
            Err(KubeError::NotFound(_)) => None,
            Err(KubeError::Forbidden(_)) => {
                if self.rights.refuse(right, namespace, self.start.elapsed()) {
                    let what = right.resource();
                    tracing::info!(
                        "why targets are not ready may stay unknown in namespace {namespace} \
                         (grant list on {what} for details)"
                    );
                }
                return Ok(Said::Refused);
            }
            Err(KubeError::NotServed) => return Ok(Said::Refused),
            Err(error) => return Err(error),
        };
        self.kept.put(asked, body.clone());
        Ok(body.map_or(Said::Absent, Said::Object))
    }
}

/// The question for what is needed, and the kind of document that answers it.
fn request(need: &Need, namespace: &str) -> Result<(Request<Vec<u8>>, &'static str), KubeError> {
    let core = format!("/api/v1/namespaces/{namespace}");
    Ok(match need {
        Need::Pods(selector) => (list(&format!("{core}/pods"), Some(selector), None)?, "PodList"),
        Need::ReplicaSets(selector) => {
            let path = format!("/apis/apps/v1/namespaces/{namespace}/replicasets");
            (list(&path, Some(selector), None)?, "ReplicaSetList")
        }
        Need::Events(uid) => {
            let of = Some(format!("involvedObject.uid={uid}"));
            (list(&format!("{core}/events"), None, of)?, "EventList")
        }
        Need::Namespace => {
            let namespaces = kube::core::Request::new("/api/v1/namespaces");
            (namespaces.get(namespace, &GetParams::default()).map_err(rejected)?, "Namespace")
        }
    })
}

fn list(path: &str, labels: Option<&str>, fields: Option<String>) -> Result<Request<Vec<u8>>, KubeError> {
    let params = ListParams {
        label_selector: labels.map(ToOwned::to_owned),
        field_selector: fields,
        limit: Some(PAGE),
        ..ListParams::default()
    };
    kube::core::Request::new(path).list(&params).map_err(rejected)
}

/// The object of this name in a list: not every server takes a field selector to heart.
fn named(page: &Page<'_>, name: &str) -> Option<Box<RawValue>> {
    let is_it =
        |object: &&&RawValue| Subject::read(object).is_ok_and(|object| &*object.metadata.name == name);
    page.items.iter().find(is_it).map(|object| (*object).to_owned())
}

fn rejected(error: kube::core::request::Error) -> KubeError {
    KubeError::Rejected(error.to_string())
}

/// An answer that is not what was asked for.
pub(super) fn unreadable(error: serde_json::Error) -> KubeError {
    KubeError::NoAnswer(format!("what is no such object: {error}"))
}
