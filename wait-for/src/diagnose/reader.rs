//! Reads related objects through the API: lists cut short, and never twice what is forbidden.

use std::rc::Rc;

use bytes::Bytes;
use kube::core::Request;
use kube::core::params::{GetParams, ListParams};
use tokio::time::Instant;

use super::patient::Patient;
use super::related::{Answer, Namespace, Need, Related};
use super::rights::Rights;
use crate::answer;
use crate::api::Api;
use crate::cluster::Cluster;
use crate::kube_error::KubeError;

/// Objects that are read of any collection.
const PAGE: u32 = 50;

/// A connection of its own, and what may be read on it.
pub(super) struct Reader {
    pub(super) api: Api,
    /// Whom it reads for, in the log.
    name: String,
    start: Instant,
    rights: Rights,
}

impl Reader {
    pub(super) fn new(cluster: Rc<Cluster>, name: String) -> Self {
        Self { api: Api::new(cluster), name, start: Instant::now(), rights: Rights::default() }
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
            self.satisfy(&need, patient, namespace, related).await?;
        }
        Ok(())
    }

    /// The pod of this name.
    pub(super) async fn pod(&mut self, namespace: &str, name: &str) -> Result<Bytes, KubeError> {
        let pods = Request::new(format!("/api/v1/namespaces/{namespace}/pods"));
        let request = pods.get(name, &GetParams::default()).map_err(rejected)?;
        let body = self.api.fetch(request).await?;
        answer::expect(&body, "Pod")?;
        Ok(body)
    }

    async fn satisfy(
        &mut self,
        need: &Need,
        patient: &Patient,
        namespace: &str,
        related: &mut Related,
    ) -> Result<(), KubeError> {
        let right = need.right();
        if !self.rights.may(right, self.start.elapsed()) {
            related.refuse(need);
            return Ok(());
        }
        match self.read(need, namespace).await {
            Ok(body) => related.put(need, patient, &body).map_err(unreadable)?,
            Err(KubeError::NotFound) if *need == Need::Namespace => {
                related.namespace = Answer::Got(Namespace::Absent);
            }
            Err(KubeError::Forbidden(_)) => {
                if self.rights.refuse(right, self.start.elapsed()) {
                    let what = right.resource();
                    tracing::info!(
                        "{}: why it is not ready may stay unknown (grant list {what} for details)",
                        self.name
                    );
                }
                related.refuse(need);
            }
            Err(KubeError::NotFound | KubeError::NotServed) => related.refuse(need),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    async fn read(&mut self, need: &Need, namespace: &str) -> Result<Bytes, KubeError> {
        let list = |path: &str, labels: Option<&String>, fields: Option<String>| {
            let params = ListParams {
                label_selector: labels.cloned(),
                field_selector: fields,
                limit: Some(PAGE),
                ..ListParams::default()
            };
            Request::new(path).list(&params)
        };
        let core = format!("/api/v1/namespaces/{namespace}");
        let (request, kind) = match need {
            Need::Pods(selector) => (list(&format!("{core}/pods"), Some(selector), None), "PodList"),
            Need::ReplicaSets(selector) => {
                let path = format!("/apis/apps/v1/namespaces/{namespace}/replicasets");
                (list(&path, Some(selector), None), "ReplicaSetList")
            }
            Need::Events(uid) => {
                let of = Some(format!("involvedObject.uid={uid}"));
                (list(&format!("{core}/events"), None, of), "EventList")
            }
            Need::Namespace => {
                (Request::new("/api/v1/namespaces").get(namespace, &GetParams::default()), "Namespace")
            }
            Need::StorageClass(name) => {
                let classes = Request::new("/apis/storage.k8s.io/v1/storageclasses");
                (classes.get(name, &GetParams::default()), "StorageClass")
            }
        };
        let body = self.api.fetch(request.map_err(rejected)?).await?;
        answer::expect(&body, kind)?;
        Ok(body)
    }
}

fn rejected(error: kube::core::request::Error) -> KubeError {
    KubeError::Rejected(error.to_string())
}

/// An answer that is not what was asked for.
pub(super) fn unreadable(error: serde_json::Error) -> KubeError {
    KubeError::NoAnswer(format!("what is no such object: {error}"))
}
