//! The target as a diagnosis sees it.

use serde_json::value::RawValue;

use super::related::{Answer, Related};
use super::subject::{Family, Subject};
use crate::evaluate::{Check, deployment, service, statefulset};
use crate::target::{Target, Which};

/// One object that is not ready, or is not there.
#[derive(Debug)]
pub(super) struct Patient {
    pub(super) family: Family,
    /// `None` where there is no such object.
    pub(super) subject: Option<Subject>,
    /// Whether it is one of several, so that its name has to be said.
    pub(super) is_selected: bool,
    /// Whether old pods do not help: the rollout itself is waited for.
    pub(super) is_rollout: bool,
    /// Whether pods that do not come up keep the check from being met.
    pub(super) needs_pods: bool,
}

impl Patient {
    /// The object of a target, and what it says itself of what would else have to be read.
    ///
    /// # Errors
    /// Where the JSON is no such object.
    pub(super) fn new(
        target: &Target,
        object: Option<&RawValue>,
    ) -> Result<(Self, Related), serde_json::Error> {
        let mut family = Family::of(&target.kind);
        if matches!(target.check, Check::Service(service::Condition::HasAddress)) {
            // Its pods have no part in that.
            family = Family::Other;
        }
        let mut related = Related::default();
        if let (Family::Pod, Some(object)) = (family, object) {
            related.pods = Answer::Got(vec![serde_json::from_str(object.get())?]);
        }
        let patient = Self {
            family,
            subject: object.map(Subject::read).transpose()?,
            is_selected: matches!(target.which, Which::Selector(_)),
            is_rollout: matches!(
                target.check,
                Check::Deployment(deployment::Condition::RolledOut)
                    | Check::StatefulSet(statefulset::Condition::RolledOut)
            ),
            needs_pods: super::fail_fast::needs_pods(&target.check),
        };
        Ok((patient, related))
    }
}
