//! The kinds of object that can be waited for, and the names that people give them.

use std::fmt;
use std::str::FromStr;

use crate::suggest::{closest, did_you_mean};

/// A kind of Kubernetes object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `apps/v1` Deployment
    Deployment,
    /// `apps/v1` StatefulSet
    StatefulSet,
    /// `apps/v1` DaemonSet
    DaemonSet,
    /// `apps/v1` ReplicaSet
    ReplicaSet,
    /// `batch/v1` Job
    Job,
    /// `v1` Pod
    Pod,
    /// `v1` Service
    Service,
}

/// A kind that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown kind \"{text}\"{}; known are: {}", did_you_mean(*suggestion), known())]
pub struct UnknownKind {
    text: String,
    suggestion: Option<&'static str>,
}

struct Names {
    singular: &'static str,
    plural: &'static str,
    /// As kubectl abbreviates it; empty where it does not.
    short: &'static str,
    /// Empty for the core group.
    group: &'static str,
}

// === impl Kind ===

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::Deployment,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::ReplicaSet,
        Self::Job,
        Self::Pod,
        Self::Service,
    ];

    /// The API group; empty for the core group.
    #[must_use]
    pub const fn group(self) -> &'static str {
        self.names().group
    }

    /// The API version.
    #[must_use]
    pub const fn version(self) -> &'static str {
        "v1"
    }

    /// The resource name in API paths and RBAC rules, such as `deployments`.
    #[must_use]
    pub const fn plural(self) -> &'static str {
        self.names().plural
    }

    /// The name in what we print, such as `deployment`.
    #[must_use]
    pub const fn singular(self) -> &'static str {
        self.names().singular
    }

    const fn names(self) -> Names {
        let (singular, plural, short, group) = match self {
            Self::Deployment => ("deployment", "deployments", "deploy", "apps"),
            Self::StatefulSet => ("statefulset", "statefulsets", "sts", "apps"),
            Self::DaemonSet => ("daemonset", "daemonsets", "ds", "apps"),
            Self::ReplicaSet => ("replicaset", "replicasets", "rs", "apps"),
            Self::Job => ("job", "jobs", "", "batch"),
            Self::Pod => ("pod", "pods", "po", ""),
            Self::Service => ("service", "services", "svc", ""),
        };
        Names { singular, plural, short, group }
    }

    fn is_called(self, name: &str) -> bool {
        let names = self.names();
        !name.is_empty() && (name == names.singular || name == names.plural || name == names.short)
    }

    /// `apps`, `v1.apps`; for the core group nothing, `v1` or `v1.`.
    fn is_in(self, group: &str) -> bool {
        let rest = group.strip_prefix(self.version()).map(|rest| rest.strip_prefix('.').unwrap_or(rest));
        group == self.group() || rest == Some(self.group())
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    /// Accepts what kubectl does: `deployment`, `deployments`, `deploy`, `deployment.apps`, `deployments.v1.apps`.
    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        let lower = text.to_ascii_lowercase();
        let (name, group) = match lower.split_once('.') {
            Some((name, group)) => (name, Some(group)),
            None => (lower.as_str(), None),
        };
        let known = Self::ALL.into_iter().find(|kind| kind.is_called(name));
        match known {
            Some(kind) if group.is_none_or(|group| kind.is_in(group)) => Ok(kind),
            // The right name in the wrong group, such as deployment.extensions.
            Some(kind) => Err(UnknownKind { text: text.to_owned(), suggestion: Some(kind.singular()) }),
            None => {
                let names = Self::ALL.into_iter().flat_map(|kind| [kind.singular(), kind.plural()]);
                Err(UnknownKind { text: text.to_owned(), suggestion: closest(name, names) })
            }
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.singular())
    }
}

fn known() -> String {
    Kind::ALL.map(Kind::singular).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_have_the_names_that_kubectl_accepts() {
        let cases = [
            (
                "deployment deployments deploy Deployment deployment.apps deployments.v1.apps DEPLOY",
                Kind::Deployment,
            ),
            ("statefulset statefulsets sts StatefulSet sts.apps", Kind::StatefulSet),
            ("daemonset daemonsets ds daemonsets.apps", Kind::DaemonSet),
            ("replicaset replicasets rs", Kind::ReplicaSet),
            ("job jobs job.batch jobs.v1.batch", Kind::Job),
            ("pod pods po Pod pods.v1 pods.v1.", Kind::Pod),
            ("service services svc", Kind::Service),
        ];
        for (names, kind) in cases {
            for name in names.split(' ') {
                assert_eq!(name.parse(), Ok(kind), "{name}");
            }
        }
    }

    #[test]
    fn misspelt_kinds_are_suggested() {
        let cases = [
            ("deploymnt", Some("deployment")),
            ("statefullset", Some("statefulset")),
            ("servcie", Some("service")),
            ("deployment.extensions", Some("deployment")),
            ("job.batch.v1", Some("job")),
            ("widget", None),
            ("", None),
        ];
        for (text, suggestion) in cases {
            let error = text.parse::<Kind>().unwrap_err();
            assert_eq!(error.suggestion, suggestion, "{text}");
            assert!(error.to_string().contains("known are: deployment, statefulset,"), "{error}");
        }
        assert!(
            "deploymnt".parse::<Kind>().unwrap_err().to_string().contains("did you mean \"deployment\"?")
        );
    }
}
