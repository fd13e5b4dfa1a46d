//! The target's own object, as far as it says where to look further.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::kind::Kind;
use crate::object::{Metadata, Reported, null_is_default, reported, true_condition};

/// Kinds that are looked into in the same way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Deployment,
    StatefulSet,
    /// Pods of one owner, without an order: DaemonSet, ReplicaSet, ReplicationController.
    Owner,
    Job,
    Pod,
    Service,
    Claim,
    /// Nothing is known of what belongs to it.
    Other,
}

/// An object of any kind that has something to do with pods.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Subject {
    pub(super) metadata: Metadata,
    #[serde(deserialize_with = "null_is_default")]
    pub(super) spec: Spec,
    #[serde(deserialize_with = "null_is_default")]
    pub(super) status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Spec {
    pub(super) replicas: Option<i64>,
    pub(super) min_ready_seconds: i64,
    pub(super) paused: bool,
    pub(super) suspend: Option<bool>,
    pod_management_policy: Box<str>,
    #[serde(deserialize_with = "null_is_default")]
    update_strategy: Strategy,
    /// A map of labels for Services and ReplicationControllers, matchLabels and matchExpressions for all others.
    selector: Option<Box<RawValue>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Strategy {
    r#type: Box<str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Status {
    observed_generation: Option<i64>,
    pub(super) current_revision: Box<str>,
    pub(super) update_revision: Box<str>,
    desired_number_scheduled: Option<i64>,
    #[serde(deserialize_with = "null_is_default")]
    conditions: Vec<Reported>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct LabelSelector {
    #[serde(deserialize_with = "null_is_default")]
    match_labels: BTreeMap<Box<str>, Box<str>>,
    #[serde(deserialize_with = "null_is_default")]
    match_expressions: Vec<Expression>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Expression {
    key: Box<str>,
    operator: Box<str>,
    #[serde(deserialize_with = "null_is_default")]
    values: Vec<Box<str>>,
}

// === impl Family ===

impl Family {
    /// The family of a kind.
    pub(super) fn of(kind: &Kind) -> Self {
        match kind {
            Kind::Deployment => Self::Deployment,
            Kind::StatefulSet => Self::StatefulSet,
            Kind::DaemonSet | Kind::ReplicaSet | Kind::ReplicationController => Self::Owner,
            Kind::Job => Self::Job,
            Kind::Pod => Self::Pod,
            Kind::Service => Self::Service,
            Kind::PersistentVolumeClaim => Self::Claim,
            _ => Self::Other,
        }
    }

    /// Whether its controller says which generation its status is about.
    const fn is_observed(self) -> bool {
        matches!(self, Self::Deployment | Self::StatefulSet | Self::Owner)
    }
}

// === impl Subject ===

impl Subject {
    /// The object, where it is one.
    ///
    /// # Errors
    /// Where the JSON is no such object.
    pub(super) fn read(object: &RawValue) -> Result<Self, serde_json::Error> {
        serde_json::from_str(object.get())
    }

    /// Whether its status is about its present spec: an older one is no reason for anything.
    pub(super) fn is_observed(&self, family: Family) -> bool {
        !family.is_observed() || self.status.observed_generation.unwrap_or(0) >= self.metadata.generation
    }

    /// How many pods there should be, where it says.
    pub(super) fn wanted(&self, family: Family) -> Option<usize> {
        let wanted = match family {
            Family::Deployment | Family::StatefulSet => Some(self.spec.replicas.unwrap_or(1)),
            Family::Owner => {
                self.status.desired_number_scheduled.or_else(|| Some(self.spec.replicas.unwrap_or(1)))
            }
            _ => None,
        };
        wanted.map(|wanted| usize::try_from(wanted).unwrap_or(0))
    }

    /// A Deployment's revision, which its newest ReplicaSet shares.
    pub(super) fn revision(&self) -> &str {
        &self.metadata.annotations.revision
    }

    /// Whether a Job will make another pod when one has failed.
    pub(super) fn goes_on(&self) -> bool {
        const ENDS: [&str; 4] = ["Failed", "FailureTarget", "Complete", "SuccessCriteriaMet"];
        ENDS.iter().all(|end| true_condition(&self.status.conditions, end).is_none())
    }

    /// Whether a StatefulSet has neither this revision nor is on its way to it: somebody took it back.
    pub(super) fn has_withdrawn(&self, revision: &str) -> bool {
        let Status { current_revision, update_revision, .. } = &self.status;
        let is_of = |known: &str| known.is_empty() || known == revision;
        !is_of(current_revision) && !is_of(update_revision)
    }

    pub(super) fn is_ordered(&self) -> bool {
        &*self.spec.pod_management_policy != "Parallel" && &*self.spec.update_strategy.r#type != "OnDelete"
    }

    /// That pods could not be made, as the controller says itself.
    pub(super) fn failure(&self) -> Option<&Reported> {
        true_condition(&self.status.conditions, "ReplicaFailure")
    }

    /// That a rollout has run out of time.
    pub(super) fn overdue(&self) -> Option<&Reported> {
        let is_tried = !self.spec.paused && self.spec.replicas != Some(0);
        reported(&self.status.conditions, "Progressing").filter(|condition| {
            is_tried && condition.is("False") && &*condition.reason == "ProgressDeadlineExceeded"
        })
    }

    /// Whether the object's own finding is a cause in itself, and not only a count.
    pub(super) fn speaks_for_itself(&self) -> bool {
        self.spec.paused
            || self.spec.suspend == Some(true)
            || self.spec.replicas == Some(0)
            || &*self.spec.update_strategy.r#type == "OnDelete"
            || self.overdue().is_some()
    }

    /// The selector of its pods as the API takes it; none where it selects nothing.
    pub(super) fn selector(&self, family: Family) -> Option<String> {
        if family == Family::Job {
            // The selector of a Job is its uid; the label is what people can read.
            return Some(format!("batch.kubernetes.io/job-name={}", self.metadata.name));
        }
        let raw = self.spec.selector.as_ref()?.get();
        let structured: LabelSelector = serde_json::from_str(raw).ok()?;
        let LabelSelector { mut match_labels, match_expressions } = structured;
        if match_labels.is_empty() && match_expressions.is_empty() {
            match_labels = serde_json::from_str(raw).ok()?;
        }
        let labels = match_labels.iter().map(|(key, value)| format!("{key}={value}"));
        let expressions = match_expressions.iter().filter_map(Expression::text);
        let terms: Vec<String> = labels.chain(expressions).collect();
        (!terms.is_empty()).then(|| terms.join(","))
    }
}

// === impl Expression ===

impl Expression {
    fn text(&self) -> Option<String> {
        let Self { key, values, .. } = self;
        Some(match &*self.operator {
            "In" => format!("{key} in ({})", values.join(",")),
            "NotIn" => format!("{key} notin ({})", values.join(",")),
            "Exists" => key.to_string(),
            "DoesNotExist" => format!("!{key}"),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(text: &str) -> Subject {
        let value = crate::yaml::to_json(text).unwrap();
        Subject::read(&serde_json::value::to_raw_value(&value).unwrap()).unwrap()
    }

    #[test]
    fn selectors_are_written_as_the_api_takes_them() {
        let cases = [
            ("matchLabels: {app: web, tier: db}", Some("app=web,tier=db")),
            (
                "matchExpressions: [{key: a, operator: In, values: [x, y]}, {key: b, operator: Exists}, \
                 {key: c, operator: DoesNotExist}, {key: d, operator: NotIn, values: [z]}]",
                Some("a in (x,y),b,!c,d notin (z)"),
            ),
            ("app: web, tier: db", Some("app=web,tier=db")),
            ("", None),
        ];
        for (selector, expected) in cases {
            let subject = subject(&format!("{{spec: {{selector: {{{selector}}}}}}}"));
            assert_eq!(subject.selector(Family::Service).as_deref(), expected, "{selector}");
        }
        let job = subject("{metadata: {name: migrate}}");
        assert_eq!(job.selector(Family::Job).as_deref(), Some("batch.kubernetes.io/job-name=migrate"));
    }

    #[test]
    fn a_deployment_tells_its_revision_and_whether_it_is_observed() {
        let subject = subject(
            "{metadata: {name: a, generation: 2, annotations: {deployment.kubernetes.io/revision: '7'}}, \
             spec: {}, status: {observedGeneration: 1}}",
        );
        assert_eq!(subject.revision(), "7");
        assert!(!subject.is_observed(Family::Deployment) && subject.is_observed(Family::Pod));
        assert_eq!(subject.wanted(Family::Deployment), Some(1));
    }
}
