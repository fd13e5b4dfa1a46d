//! What was read beside the target, and what to read next: readiness.md 3.1.

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::event::Event;
use super::focus::{Focus, focus};
use super::patient::Patient;
use super::pod_events;
use super::revision::{Newest, newest};
use super::rights::Right;
use super::subject::{Family, Subject};
use crate::answer;
use crate::evaluate::pod::Pod;
use crate::json_text;

/// Something to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Pods by selector.
    Pods(String),
    /// ReplicaSets by selector.
    ReplicaSets(String),
    /// Events about the object with this uid.
    Events(Box<str>),
    /// The target's namespace.
    Namespace,
}

/// What came of reading something.
#[derive(Debug, Default)]
pub(super) enum Answer<T> {
    /// It was not read.
    #[default]
    Unasked,
    /// It may not be read.
    Refused,
    /// It was.
    Got(T),
}

/// The state of a namespace, as far as it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Namespace {
    Absent,
    Terminating,
    Active,
}

/// Everything that was read.
#[derive(Debug, Default)]
pub(super) struct Related {
    pub(super) pods: Answer<Vec<Pod>>,
    /// Whether there are more pods than were read.
    pub(super) is_partial: bool,
    pub(super) newest: Answer<Option<Newest>>,
    /// With the uid of the object that they are about; none where they may not be read.
    pub(super) events: Vec<(Box<str>, Vec<Event>)>,
    pub(super) namespace: Answer<Namespace>,
}

// === impl Answer ===

impl<T> Answer<T> {
    pub(super) const fn is_unasked(&self) -> bool {
        matches!(self, Self::Unasked)
    }

    pub(super) const fn got(&self) -> Option<&T> {
        match self {
            Self::Got(answer) => Some(answer),
            Self::Unasked | Self::Refused => None,
        }
    }
}

// === impl Related ===

impl Related {
    /// Events about an object, as far as they were read.
    pub(super) fn events_of(&self, uid: &str) -> &[Event] {
        self.events.iter().find(|(of, _)| **of == *uid).map_or(&[], |(_, events)| events)
    }

    /// What is known of it is all there is to know.
    pub(super) fn refuse(&mut self, need: &Need) {
        match need {
            Need::Pods(_) => self.pods = Answer::Refused,
            Need::ReplicaSets(_) => self.newest = Answer::Refused,
            Need::Events(uid) => self.events.push((uid.clone(), Vec::new())),
            Need::Namespace => self.namespace = Answer::Refused,
        }
    }

    /// What the API server answered.
    ///
    /// # Errors
    /// Where that is not what was asked for.
    pub(super) fn put(
        &mut self,
        need: &Need,
        patient: &Patient,
        body: &[u8],
    ) -> Result<(), serde_json::Error> {
        match need {
            Need::Pods(_) => {
                let page = answer::list(body)?;
                self.is_partial = page.next.is_some();
                self.pods = Answer::Got(each(&page.items)?);
            }
            Need::ReplicaSets(_) => {
                let page = answer::list(body)?;
                let newest = patient.subject.as_ref().and_then(|subject| newest(subject, &page.items));
                self.newest = Answer::Got(newest);
            }
            Need::Events(uid) => {
                let page = answer::list(body)?;
                self.events.push((uid.clone(), each(&page.items)?));
            }
            Need::Namespace => {
                let namespace = Subject::read(json_text::read(body)?)?;
                let is_ending = namespace.metadata.is_being_deleted();
                self.namespace =
                    Answer::Got(if is_ending { Namespace::Terminating } else { Namespace::Active });
            }
        }
        Ok(())
    }

    /// What to read next to explain the target; nothing when no reading would help.
    pub(super) fn need(&self, patient: &Patient) -> Option<Need> {
        let Some(subject) = &patient.subject else {
            return self.namespace.is_unasked().then_some(Need::Namespace);
        };
        if subject.metadata.is_being_deleted() || !subject.is_observed(patient.family) {
            return None;
        }
        let about =
            |uid: &str| self.events.iter().all(|(of, _)| **of != *uid).then(|| Need::Events(uid.into()));
        match patient.family {
            Family::Other | Family::Claim => about(&subject.metadata.uid),
            family => {
                if self.pods.is_unasked() {
                    return subject.selector(family).map(Need::Pods);
                }
                if family == Family::Deployment && self.newest.is_unasked() && self.pods.got().is_some() {
                    return subject.selector(family).map(Need::ReplicaSets);
                }
                match focus(patient, self) {
                    Focus::Pod(trouble) if pod_events::would_help(&trouble.why) => {
                        about(&trouble.pod.metadata.uid)
                    }
                    Focus::Leaving(pod) => about(&pod.metadata.uid),
                    Focus::TooFew { owner: Some(owner), .. } if subject.failure().is_none() => about(owner),
                    Focus::Pod(_) | Focus::TooFew { .. } | Focus::Nothing => None,
                }
            }
        }
    }
}

/// Looks into each object of a page by itself: the code for that is there already.
fn each<T: DeserializeOwned>(items: &[&RawValue]) -> Result<Vec<T>, serde_json::Error> {
    items.iter().map(|item| serde_json::from_str(item.get())).collect()
}

// === impl Need ===

impl Need {
    /// The right that it takes.
    pub(super) const fn right(&self) -> Right {
        match self {
            Self::Pods(_) => Right::Pods,
            Self::ReplicaSets(_) => Right::ReplicaSets,
            Self::Events(_) => Right::Events,
            Self::Namespace => Right::Namespaces,
        }
    }
}
