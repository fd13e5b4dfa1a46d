//! What can be asked of a kind: every condition's name, in and out.

use std::fmt;

use super::condition::StatusCondition;
use super::json::JsonCheck;
use super::jsonpath::PathError;
use super::keys::HasKey;
use super::simple::Simple;
use super::{daemonset, deployment, job, keys, pod, replicaset, service, statefulset};
use crate::kind::Kind;
use crate::suggest::{closest, did_you_mean};

/// What must hold of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Check {
    /// It is there, and not on its way out.
    Exists,
    /// It is gone.
    Deleted,
    /// An entry of its `status.conditions`.
    Condition(StatusCondition),
    /// A value somewhere in it.
    Json(JsonCheck),
    /// A condition of Deployments.
    Deployment(deployment::Condition),
    /// A condition of StatefulSets.
    StatefulSet(statefulset::Condition),
    /// A condition of DaemonSets.
    DaemonSet(daemonset::Condition),
    /// The DaemonSet's pod on our own node is ready.
    AvailableHere,
    /// A condition of ReplicaSets and ReplicationControllers.
    ReplicaSet(replicaset::Condition),
    /// A condition of Jobs.
    Job(job::Condition),
    /// A condition of Pods.
    Pod(pod::Condition),
    /// A condition of Services.
    Service(service::Condition),
    /// A condition of a kind whose rule is one look at its status.
    Simple(Simple),
    /// A key of a ConfigMap or Secret.
    HasKey(HasKey),
}

/// Why a text is no condition of a kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// The kind has no such condition.
    #[error(
        "{} {kind} has no condition \"{text}\"{}; it has: {}", article(kind), did_you_mean(*suggestion), listed(kind)
    )]
    Unknown {
        /// The kind that was asked.
        kind: Kind,
        /// What it was asked.
        text: String,
        /// What may have been meant.
        suggestion: Option<&'static str>,
    },
    /// `available=many`
    #[error("\"{value}\" in \"{name}={value}\" is not a number; write, for example, {name}=2")]
    Number {
        /// The condition.
        name: &'static str,
        /// What stands after `=`.
        value: String,
    },
    /// `available=0`
    #[error("{0}=0 holds whatever happens; write {0}=1 or more, or wait for exists or deleted")]
    Zero(&'static str),
    /// `rolled-out=2`
    #[error("{name} takes no \"={value}\"; write {name}")]
    NoArgument {
        /// The condition.
        name: &'static str,
        /// What stands after `=`.
        value: String,
    },
    /// `has-endpoints:8080`
    #[error(
        "\"{0}\" is not the name of a Service port: names are lower-case letters, digits and \"-\", with a \
         letter; write, for example, has-endpoints:http"
    )]
    Port(String),
    /// `condition=`
    #[error(
        "condition needs a type and may have a status; write, for example, condition=Ready or condition=Ready=False"
    )]
    NoType,
    /// `has-key`
    #[error(
        "has-key needs a key of letters, digits, \"-\", \"_\" and \".\"; write, for example, has-key=tls.crt"
    )]
    Key,
    /// `jsonpath={.status`
    #[error("bad jsonpath \"{0}\": {1}; write, for example, jsonpath={{.status.phase}}=Running")]
    Json(String, PathError),
}

/// A condition's text, split at its first `=`: the pieces that every kind's parser works on.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    kind: &'a Kind,
    text: &'a str,
    name: &'a str,
    argument: Option<&'a str>,
}

const COMMON: [&str; 4] = ["exists", "deleted", "condition", "jsonpath"];

// === impl Check ===

impl Check {
    /// Reads a condition of this kind, such as `available=2`.
    ///
    /// # Errors
    /// Where the kind has no such condition, or its argument is malformed.
    pub fn parse(kind: &Kind, text: &str) -> Result<Self, CheckError> {
        let asked = Asked::new(kind, text);
        let common = match asked.known(&COMMON) {
            Some("exists") => asked.plain("exists", Self::Exists)?,
            Some("deleted") => asked.plain("deleted", Self::Deleted)?,
            Some("condition") => {
                let argument = asked.argument.ok_or(CheckError::NoType)?;
                Self::Condition(StatusCondition::parse(argument).ok_or(CheckError::NoType)?)
            }
            Some("jsonpath") => {
                let text = asked.argument.unwrap_or_default();
                Self::Json(JsonCheck::parse(text).map_err(|error| CheckError::Json(text.to_owned(), error))?)
            }
            _ => {
                return Ok(match kind {
                    Kind::Deployment => Self::Deployment(deployment::Condition::parse(asked)?),
                    Kind::StatefulSet => Self::StatefulSet(statefulset::Condition::parse(asked)?),
                    Kind::DaemonSet if asked.known(&["available-here"]).is_some() => {
                        asked.plain("available-here", Self::AvailableHere)?
                    }
                    Kind::DaemonSet => Self::DaemonSet(daemonset::Condition::parse(asked)?),
                    Kind::ReplicaSet | Kind::ReplicationController => {
                        Self::ReplicaSet(replicaset::Condition::parse(asked)?)
                    }
                    Kind::Job => Self::Job(job::Condition::parse(asked)?),
                    Kind::Pod => Self::Pod(pod::Condition::parse(asked)?),
                    Kind::Service => Self::Service(service::Condition::parse(asked)?),
                    Kind::ConfigMap | Kind::Secret => Self::HasKey(HasKey::parse(asked)?),
                    kind => Self::Simple(Simple::parse(kind, asked)?),
                });
            }
        };
        Ok(common)
    }

    /// What is waited for where no condition is named.
    #[must_use]
    pub fn default_of(kind: &Kind) -> Self {
        match kind {
            Kind::Deployment => Self::Deployment(deployment::Condition::Available(None)),
            Kind::StatefulSet => Self::StatefulSet(statefulset::Condition::Available(None)),
            Kind::DaemonSet => Self::DaemonSet(daemonset::Condition::Available),
            Kind::ReplicaSet | Kind::ReplicationController => {
                Self::ReplicaSet(replicaset::Condition::Available(None))
            }
            Kind::Job => Self::Job(job::Condition::Complete),
            Kind::Pod => Self::Pod(pod::Condition::Ready(None)),
            Kind::Service => Self::Service(service::Condition::HasEndpoints { at_least: None, port: None }),
            kind => Simple::default_of(kind).map_or(Self::Exists, Self::Simple),
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists => f.write_str("exists"),
            Self::Deleted => f.write_str("deleted"),
            Self::Condition(condition) => condition.fmt(f),
            Self::Deployment(condition) => condition.fmt(f),
            Self::StatefulSet(condition) => condition.fmt(f),
            Self::DaemonSet(condition) => condition.fmt(f),
            Self::ReplicaSet(condition) => condition.fmt(f),
            Self::Job(condition) => condition.fmt(f),
            Self::Pod(condition) => condition.fmt(f),
            Self::Service(condition) => condition.fmt(f),
            Self::Json(check) => check.fmt(f),
            Self::AvailableHere => f.write_str("available-here"),
            Self::Simple(condition) => f.write_str(condition.name()),
            Self::HasKey(condition) => condition.fmt(f),
        }
    }
}

// === impl Asked ===

impl<'a> Asked<'a> {
    fn new(kind: &'a Kind, text: &'a str) -> Self {
        // A port may follow without a number: has-endpoints:http.
        let end = text.find(['=', ':']).unwrap_or(text.len());
        let argument =
            text[end..].strip_prefix('=').or_else(|| text.get(end..).filter(|rest| !rest.is_empty()));
        Self { kind, text, name: &text[..end], argument }
    }

    /// The one of these names that was given; case does not matter.
    pub(super) fn known(&self, names: &[&'static str]) -> Option<&'static str> {
        names.iter().copied().find(|name| name.eq_ignore_ascii_case(self.name))
    }

    /// What stands after the name and its `=`; with its `:` where there is no `=`.
    pub(super) fn argument(&self) -> Option<&'a str> {
        self.argument
    }

    /// A condition that takes no argument.
    pub(super) fn plain<T>(&self, name: &'static str, condition: T) -> Result<T, CheckError> {
        match self.argument {
            None => Ok(condition),
            Some(value) => Err(CheckError::NoArgument { name, value: value.to_owned() }),
        }
    }

    /// The number of a condition that may have one.
    pub(super) fn count(&self, name: &'static str) -> Result<Option<u32>, CheckError> {
        self.argument.map(|value| number(name, value)).transpose()
    }

    /// No condition of this kind has that name.
    pub(super) fn unknown(&self) -> CheckError {
        CheckError::Unknown {
            kind: self.kind.clone(),
            text: self.text.to_owned(),
            suggestion: closest(self.name, names_of(self.kind).into_iter().chain(COMMON)),
        }
    }
}

/// Reads N; a sign, a fraction or nothing is no number, and of nothing there is always enough.
pub(super) fn number(name: &'static str, value: &str) -> Result<u32, CheckError> {
    let is_digits = value.bytes().all(|byte| byte.is_ascii_digit());
    match value.parse().ok().filter(|_| is_digits) {
        Some(0) => Err(CheckError::Zero(name)),
        Some(number) => Ok(number),
        None => Err(CheckError::Number { name, value: value.to_owned() }),
    }
}

/// The conditions that only this kind has.
fn names_of(kind: &Kind) -> Vec<&'static str> {
    let names = match kind {
        Kind::Deployment => deployment::NAMES,
        Kind::StatefulSet => statefulset::NAMES,
        Kind::DaemonSet => daemonset::NAMES,
        Kind::ReplicaSet | Kind::ReplicationController => replicaset::NAMES,
        Kind::Job => job::NAMES,
        Kind::Pod => pod::NAMES,
        Kind::Service => service::NAMES,
        Kind::ConfigMap | Kind::Secret => keys::NAMES,
        kind => return Simple::of(kind).iter().map(|simple| simple.name()).collect(),
    };
    names.to_vec()
}

fn listed(kind: &Kind) -> String {
    let common = ["exists", "deleted", "condition=TYPE", "jsonpath={PATH}"];
    names_of(kind).into_iter().chain(common).collect::<Vec<_>>().join(", ")
}

fn article(kind: &Kind) -> &'static str {
    if kind.to_string().starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" }
}

/// `NAME`, or `NAME=N`.
pub(super) fn write_counted(f: &mut fmt::Formatter<'_>, name: &str, count: Option<u32>) -> fmt::Result {
    match count {
        Some(count) => write!(f, "{name}={count}"),
        None => f.write_str(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_written_as_they_are_read() {
        let cases = [
            (Kind::Deployment, "available available=2 ready rolled-out"),
            (Kind::StatefulSet, "available available=2 ready rolled-out"),
            (Kind::DaemonSet, "available ready rolled-out available-here"),
            (Kind::ReplicaSet, "available available=1 ready"),
            (Kind::ReplicationController, "available available=1 ready"),
            (Kind::CronJob, "has-succeeded"),
            (Kind::Ingress, "has-address"),
            (Kind::PersistentVolumeClaim, "bound"),
            (Kind::PersistentVolume, "available bound"),
            (Kind::Node, "ready"),
            (Kind::Namespace, "active"),
            (Kind::HorizontalPodAutoscaler, "active"),
            (Kind::PodDisruptionBudget, "healthy disruptions-allowed"),
            (Kind::CustomResourceDefinition, "established"),
            (Kind::ApiService, "available"),
            (Kind::ConfigMap, "has-key=a.b_C-1"),
            (Kind::Secret, "has-key=tls.crt"),
            ("storageclass".parse().unwrap(), "exists"),
            ("widget.example.com".parse().unwrap(), "ready"),
            (Kind::Job, "complete succeeded failed finished started"),
            (Kind::Pod, "ready ready=2 running scheduled initialized succeeded failed finished"),
            (
                Kind::Service,
                "has-endpoints has-endpoints=2 has-endpoints=1:http has-endpoints:http has-address",
            ),
        ];
        for (kind, texts) in cases {
            for text in
                texts.split(' ').chain(["exists", "deleted", "condition=Ready", "condition=Ready=False"])
            {
                let check =
                    Check::parse(&kind, text).unwrap_or_else(|error| panic!("{kind} {text}: {error}"));
                assert_eq!(check.to_string(), text, "{kind}");
            }
            let default = Check::default_of(&kind);
            assert_eq!(Check::parse(&kind, &default.to_string()), Ok(default));
        }
    }

    #[test]
    fn every_kind_has_its_default() {
        let cases = [
            ("deploy sts ds rs rc apiservice", "available"),
            ("job", "complete"),
            ("pod node widget.example.com", "ready"),
            ("svc", "has-endpoints"),
            ("pvc", "bound"),
            ("ns", "active"),
            ("crd", "established"),
            ("cronjob ing pv hpa pdb cm secret sa role storageclass", "exists"),
        ];
        for (kinds, condition) in cases {
            for kind in kinds.split(' ') {
                assert_eq!(Check::default_of(&kind.parse().unwrap()).to_string(), condition, "{kind}");
            }
        }
    }

    #[test]
    fn case_and_defaults_do_not_matter() {
        let same = |kind, text, other| assert_eq!(Check::parse(&kind, text), Check::parse(&kind, other));
        same(Kind::Deployment, "Available", "available");
        same(Kind::Job, "COMPLETE", "complete");
        assert_eq!(Check::parse(&Kind::Pod, "condition=Ready=True").unwrap().to_string(), "condition=Ready");
    }

    #[test]
    fn a_bad_condition_says_what_would_be_right() {
        let cases = [
            (
                Kind::Deployment,
                "avialable",
                "(did you mean \"available\"?); it has: available, ready, rolled-out, exists",
            ),
            (Kind::Deployment, "rolledout", "did you mean \"rolled-out\"?"),
            (Kind::Deployment, "delete", "did you mean \"deleted\"?"),
            (Kind::Deployment, "complete", "a deployment has no condition \"complete\"; it has:"),
            (Kind::Deployment, "", "a deployment has no condition \"\"; it has:"),
            (Kind::DaemonSet, "available-here=n1", "available-here takes no \"=n1\""),
            (Kind::Ingress, "ready", "an ingress has no condition \"ready\"; it has: has-address, exists,"),
            (Kind::Node, "raedy", "did you mean \"ready\"?"),
            (Kind::Secret, "has-key", "has-key needs a key"),
            (Kind::Secret, "has-key=", "has-key needs a key"),
            (Kind::Secret, "has-key=a/b", "has-key needs a key"),
            (Kind::Secret, "haskey=a", "did you mean \"has-key\"?"),
            (
                "sa".parse().unwrap(),
                "ready",
                "a serviceaccount has no condition \"ready\"; it has: exists, deleted",
            ),
            ("w.example.com".parse().unwrap(), "available", "it has: ready, exists,"),
            (Kind::Pod, "json-path={.a}", "did you mean \"jsonpath\"?"),
            (Kind::ReplicaSet, "rolled-out", "a replicaset has no condition \"rolled-out\""),
            (
                Kind::Deployment,
                "available=many",
                "\"many\" in \"available=many\" is not a number; write, for example, available=2",
            ),
            (
                Kind::Deployment,
                "available=0",
                "available=0 holds whatever happens; write available=1 or more, or wait for exists or deleted",
            ),
            (Kind::StatefulSet, "available=00", "available=0 holds whatever happens"),
            (Kind::ReplicaSet, "available=0", "available=0 holds whatever happens"),
            (Kind::Pod, "ready=0", "ready=0 holds whatever happens"),
            (Kind::Service, "has-endpoints=0", "has-endpoints=0 holds whatever happens"),
            (Kind::Service, "has-endpoints=0:http", "has-endpoints=0 holds whatever happens"),
            (Kind::Deployment, "available=", "is not a number"),
            (Kind::Deployment, "available=+1", "is not a number"),
            (Kind::Deployment, "available=-1", "is not a number"),
            (Kind::Deployment, "available=99999999999", "is not a number"),
            (Kind::Deployment, "available=1.5", "is not a number"),
            (Kind::Deployment, "available:2", "is not a number"),
            (Kind::Deployment, "rolled-out=2", "rolled-out takes no \"=2\"; write rolled-out"),
            (Kind::DaemonSet, "available=2", "available takes no \"=2\""),
            (Kind::Job, "exists=1", "exists takes no \"=1\""),
            (Kind::Service, "has-endpoints=x", "is not a number"),
            (Kind::Service, "has-endpoints=x:http", "\"x\" in \"has-endpoints=x\" is not a number"),
            (Kind::Service, "has-endpoints:8080", "\"8080\" is not the name of a Service port"),
            (Kind::Service, "has-endpoints:", "\"\" is not the name of a Service port"),
            (Kind::Service, "has-endpoints=1:http:x", "is not the name of a Service port"),
            (Kind::Pod, "condition", "condition needs a type"),
            (Kind::Pod, "condition=", "condition needs a type"),
            (Kind::Pod, "condition==True", "condition needs a type"),
            (Kind::Pod, "condition=Ready=", "condition needs a type"),
        ];
        for (kind, text, expected) in cases {
            let error = Check::parse(&kind, text).expect_err(text).to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
