//! Reads what is related to a target, through a connection of its own, and explains the target by it.

use std::rc::Rc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::value::RawValue;
use tokio::time::{Instant, timeout};

use super::explain::{Explanation, explain};
use super::fail_fast::{FailFast, Row};
use super::own_pod::{OwnPod, is_of};
use super::patient::Patient;
use super::reader::{Reader, unreadable};
use super::related::Answer;
use super::revision::Newest;
use super::{Diagnosis, subject::Subject};
use crate::answer;
use crate::cluster::Cluster;
use crate::doubt::Doubt;
use crate::kind::Kind;
use crate::kube_error::KubeError;
use crate::resource::{Resource, Scope};
use crate::target::{Target, Which};
use crate::verdict::{Finding, Verdict};

/// A round that takes longer is given up: its news would be old.
const ROUND: Duration = Duration::from_secs(10);
/// What is known of the object to explain.
#[derive(Clone, Debug)]
pub enum Seen {
    /// It is this.
    Object(Box<RawValue>),
    /// It is not there.
    Absent,
    /// One of several: its namespace and name.
    Named(Option<Box<str>>, Box<str>),
}

/// Finds out what is wrong with a target.
pub struct Doctor {
    reader: Reader,
    target: Target,
    scope: Scope,
    policy: FailFast,
    own_pod: Option<OwnPod>,
    /// The newest ReplicaSet of the Deployment, as long as that is the same.
    newest: Option<(Identity, Newest)>,
    /// What was found last, and when that was first so.
    first_found: Option<(String, Instant)>,
    doubt: Doubt,
    is_doubted: bool,
    is_own: bool,
}

/// Uid, generation and revision: what the newest ReplicaSet depends on.
type Identity = (Box<str>, i64, String);

/// A round's result.
pub struct Found {
    /// What is wrong, where something is.
    pub diagnosis: Option<Diagnosis>,
    /// The same as in the round before.
    pub is_same: bool,
    /// To be read again soon: it would end the wait.
    pub is_doubted: bool,
    /// When the policy will give up, should it last.
    pub deadline: Option<Instant>,
}

impl Doctor {
    /// One that has read nothing yet.
    #[must_use]
    pub fn new(
        cluster: Rc<Cluster>,
        target: Target,
        scope: Scope,
        policy: FailFast,
        own_pod: Option<OwnPod>,
    ) -> Self {
        Self {
            reader: Reader::new(cluster, target.to_string()),
            target,
            scope,
            policy,
            own_pod,
            newest: None,
            first_found: None,
            doubt: Doubt::default(),
            is_doubted: false,
            is_own: false,
        }
    }

    /// Reads what is related, and explains. What stands in the way of that is no news.
    pub async fn round(&mut self, seen: Seen) -> Option<Found> {
        let explained = timeout(ROUND, self.examine(seen)).await;
        // It is not needed for a while.
        self.reader.api.disconnect();
        match explained {
            Ok(Ok((explanation, is_fresh))) => Some(self.weigh(explanation, is_fresh)),
            Ok(Err(error)) => {
                tracing::debug!(target_ref = %self.target, %error, "no diagnosis");
                None
            }
            Err(_) => None,
        }
    }

    /// As [`Doctor::round`], where there is no second one: the policy believes its only reading.
    pub async fn only_round(&mut self, seen: Seen) -> Option<Diagnosis> {
        let found = self.round(seen).await?;
        let is_hopeless = found.is_doubted;
        found.diagnosis.map(|diagnosis| Diagnosis { is_hopeless, ..diagnosis })
    }

    /// Whether the explanation was found before, since when it holds, and whether that ends the wait.
    fn weigh(&mut self, explanation: Option<Explanation>, is_fresh: bool) -> Found {
        let Some(explanation) = explanation else {
            let is_same = self.first_found.take().is_none();
            self.doubt.weigh(Verdict::NotYet(Finding::state("")), is_fresh);
            self.is_doubted = false;
            return Found { diagnosis: None, is_same, is_doubted: false, deadline: None };
        };
        let now = Instant::now();
        let is_same = self.first_found.as_ref().is_some_and(|(key, _)| *key == explanation.key);
        if !is_same {
            self.first_found = Some((explanation.key.clone(), now));
        }
        let first = self.first_found.as_ref().map_or(now, |(_, first)| *first);
        let age = explanation.since.and_then(|since| u64::try_from(unix_now() - since).ok());
        let since = age.and_then(|age| now.checked_sub(Duration::from_secs(age))).unwrap_or(first);

        let patience = explanation.row.and_then(|row| self.policy.patience(row));
        let is_over = patience.is_some_and(|patience| now - first >= patience);
        let finding = Finding::state("");
        let verdict = if is_over { Verdict::Failed(finding) } else { Verdict::NotYet(finding) };
        let (verdict, _) = self.doubt.weigh(verdict, is_fresh);
        let is_hopeless = verdict.is_failed();
        self.is_doubted = is_over && !is_hopeless;
        let deadline = patience.filter(|_| !is_over).map(|patience| first + patience);
        let diagnosis = Some(Diagnosis { explanation, since, is_hopeless });
        Found { diagnosis, is_same, is_doubted: self.is_doubted, deadline }
    }

    /// Answers also whether the target itself was read anew.
    async fn examine(&mut self, seen: Seen) -> Result<(Option<Explanation>, bool), KubeError> {
        // Nothing is known of what belongs to a custom resource.
        if matches!(self.target.kind, Kind::Custom(_)) {
            return Ok((None, false));
        }
        let (object, is_fresh) = self.object(seen).await?;
        let object = object.as_deref();
        let (patient, mut related) = Patient::new(&self.target, object).map_err(unreadable)?;
        let subject = patient.subject.as_ref();
        let namespace = match (subject.and_then(|subject| subject.metadata.namespace.as_deref()), &self.scope)
        {
            (Some(namespace), _) => namespace.to_owned(),
            (None, Scope::Namespace(namespace)) => namespace.clone(),
            (None, Scope::AllNamespaces | Scope::Cluster) if subject.is_none() => {
                return Ok((None, is_fresh));
            }
            // Where the events of objects without a namespace are.
            (None, Scope::AllNamespaces | Scope::Cluster) => "default".to_owned(),
        };
        let identity = subject.map(identity);
        if let Some((_, newest)) = self.newest.take_if(|(known, _)| identity.as_ref() == Some(known)) {
            related.newest = Answer::Got(Some(newest));
        }
        self.reader.read_all(&patient, &namespace, &mut related).await?;
        if let (Some(identity), Answer::Got(Some(newest))) = (identity, &related.newest) {
            self.newest = Some((identity, newest.clone()));
        }
        let explanation = explain(&patient, &related, unix_now());
        let is_own = self.is_own_controller(&namespace).await?;
        Ok((if is_own { Some(own_controller(explanation)) } else { explanation }, is_fresh))
    }

    /// The object as it was seen; read anew where it is one of several, or is doubted.
    async fn object(&mut self, seen: Seen) -> Result<(Option<Box<RawValue>>, bool), KubeError> {
        let (scope, name) = match (seen, &self.target.which) {
            (Seen::Named(Some(namespace), name), _) => {
                (Scope::Namespace(namespace.into()), name.into_string())
            }
            (Seen::Named(None, name), _) => (self.scope.clone(), name.into_string()),
            (_, Which::Name(name)) if self.is_doubted => (self.scope.clone(), name.clone()),
            (Seen::Object(object), _) => return Ok((Some(object), false)),
            (Seen::Absent, _) => return Ok((None, false)),
        };
        let resource = Resource::new(&self.target.kind, scope, Which::Name(name.clone()));
        match self.reader.api.get(&resource, &name).await {
            Ok(body) => Ok((Some(answer::object(&resource, &body)?.to_owned()), true)),
            Err(KubeError::NotFound) => Ok((None, true)),
            Err(error) => Err(error),
        }
    }

    /// Whether the gate itself keeps its target from getting ready. Asked once; what is not known is no.
    async fn is_own_controller(&mut self, namespace: &str) -> Result<bool, KubeError> {
        let Some(own) = self.own_pod.take().filter(|own| own.may_be_of(&self.target, namespace)) else {
            return Ok(self.is_own);
        };
        // Whoever may not read it is no worse off than without a diagnosis.
        let Ok(body) = self.reader.pod(namespace, &own.name).await else { return Ok(false) };
        let subject = serde_json::from_slice(&body).and_then(Subject::read).map_err(unreadable)?;
        self.is_own = is_of(&subject.metadata, &self.target);
        if self.is_own {
            tracing::warn!(
                "this gate waits for its own controller {}: the pod that it runs in cannot start before it is open",
                self.target
            );
        }
        Ok(self.is_own)
    }
}

fn own_controller(explanation: Option<Explanation>) -> Explanation {
    let what = "this gate waits for its own controller";
    match explanation {
        Some(found) => {
            let row = found.row.or(Some(Row::OwnController));
            Explanation { hint: Some(found.hint.unwrap_or_else(|| what.to_owned())), row, ..found }
        }
        None => Explanation {
            key: what.to_owned(),
            cause: what.to_owned(),
            row: Some(Row::OwnController),
            ..Explanation::default()
        },
    }
}

fn identity(subject: &Subject) -> Identity {
    (subject.metadata.uid.clone(), subject.metadata.generation, subject.revision().to_owned())
}

fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
