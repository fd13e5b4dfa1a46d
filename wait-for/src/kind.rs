//! The kinds of object that can be waited for, and the names that people give them.

use std::fmt;
use std::str::FromStr;

use crate::built_in::{BuiltIn, PLAIN, global, is_group, namespaced};
use crate::name;
use crate::suggest::{closest, did_you_mean};

/// A kind of Kubernetes object.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `apps/v1` Deployment
    Deployment,
    /// `apps/v1` StatefulSet
    StatefulSet,
    /// `apps/v1` DaemonSet
    DaemonSet,
    /// `apps/v1` ReplicaSet
    ReplicaSet,
    /// `v1` ReplicationController
    ReplicationController,
    /// `batch/v1` Job
    Job,
    /// `batch/v1` CronJob
    CronJob,
    /// `v1` Pod
    Pod,
    /// `v1` Service
    Service,
    /// `networking.k8s.io/v1` Ingress
    Ingress,
    /// `v1` PersistentVolumeClaim
    PersistentVolumeClaim,
    /// `v1` PersistentVolume
    PersistentVolume,
    /// `v1` Node
    Node,
    /// `v1` Namespace
    Namespace,
    /// `autoscaling/v2` HorizontalPodAutoscaler
    HorizontalPodAutoscaler,
    /// `policy/v1` PodDisruptionBudget
    PodDisruptionBudget,
    /// `apiextensions.k8s.io/v1` CustomResourceDefinition
    CustomResourceDefinition,
    /// `apiregistration.k8s.io/v1` APIService
    ApiService,
    /// `v1` ConfigMap
    ConfigMap,
    /// `v1` Secret
    Secret,
    /// Another kind that every API server has; it has no conditions of its own.
    Plain(&'static BuiltIn),
    /// A kind that has to be discovered.
    Custom(CustomKind),
}

/// A kind that is not built in, as it is written: `widget.example.com`, `widgets.v1.example.com`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CustomKind {
    name: Box<str>,
    version: Option<Box<str>>,
    group: Box<str>,
}

/// A kind that nobody knows.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown kind \"{text}\"{}; known are: {}, and the others that every API server has; a custom resource is \
     written with its group, such as widgets.example.com",
    did_you_mean(suggestion.as_deref()), known()
)]
pub struct UnknownKind {
    text: String,
    suggestion: Option<String>,
}

// === impl Kind ===

impl Kind {
    /// The built-in kinds that have conditions of their own.
    pub const RULED: [Self; 20] = [
        Self::Deployment,
        Self::StatefulSet,
        Self::DaemonSet,
        Self::ReplicaSet,
        Self::ReplicationController,
        Self::Job,
        Self::CronJob,
        Self::Pod,
        Self::Service,
        Self::Ingress,
        Self::PersistentVolumeClaim,
        Self::PersistentVolume,
        Self::Node,
        Self::Namespace,
        Self::HorizontalPodAutoscaler,
        Self::PodDisruptionBudget,
        Self::CustomResourceDefinition,
        Self::ApiService,
        Self::ConfigMap,
        Self::Secret,
    ];

    /// Where the API serves it; what has to be discovered is returned as it is written.
    ///
    /// # Errors
    /// Where it is a custom kind.
    pub fn built_in(&self) -> Result<&'static BuiltIn, &CustomKind> {
        Ok(match self {
            Self::Deployment => &const { namespaced("apps", "deployments", "deployment", "deploy") },
            Self::StatefulSet => &const { namespaced("apps", "statefulsets", "statefulset", "sts") },
            Self::DaemonSet => &const { namespaced("apps", "daemonsets", "daemonset", "ds") },
            Self::ReplicaSet => &const { namespaced("apps", "replicasets", "replicaset", "rs") },
            Self::ReplicationController => {
                &const { namespaced("", "replicationcontrollers", "replicationcontroller", "rc") }
            }
            Self::Job => &const { namespaced("batch", "jobs", "job", "") },
            Self::CronJob => &const { namespaced("batch", "cronjobs", "cronjob", "cj") },
            Self::Pod => &const { namespaced("", "pods", "pod", "po") },
            Self::Service => &const { namespaced("", "services", "service", "svc") },
            Self::Ingress => &const { namespaced("networking.k8s.io", "ingresses", "ingress", "ing") },
            Self::PersistentVolumeClaim => {
                &const { namespaced("", "persistentvolumeclaims", "persistentvolumeclaim", "pvc") }
            }
            Self::PersistentVolume => &const { global("", "persistentvolumes", "persistentvolume", "pv") },
            Self::Node => &const { global("", "nodes", "node", "no") },
            Self::Namespace => &const { global("", "namespaces", "namespace", "ns") },
            Self::HorizontalPodAutoscaler => {
                &const {
                    namespaced("autoscaling", "horizontalpodautoscalers", "horizontalpodautoscaler", "hpa")
                        .version("v2")
                }
            }
            Self::PodDisruptionBudget => {
                &const { namespaced("policy", "poddisruptionbudgets", "poddisruptionbudget", "pdb") }
            }
            Self::CustomResourceDefinition => {
                &const {
                    global(
                        "apiextensions.k8s.io",
                        "customresourcedefinitions",
                        "customresourcedefinition",
                        "crd crds",
                    )
                }
            }
            Self::ApiService => &const { global("apiregistration.k8s.io", "apiservices", "apiservice", "") },
            Self::ConfigMap => &const { namespaced("", "configmaps", "configmap", "cm") },
            Self::Secret => &const { namespaced("", "secrets", "secret", "") },
            Self::Plain(row) => row,
            Self::Custom(custom) => return Err(custom),
        })
    }

    /// Whether its objects are known to be in no namespace.
    #[must_use]
    pub fn is_global(&self) -> bool {
        self.built_in().is_ok_and(|row| !row.is_namespaced)
    }
}

impl FromStr for Kind {
    type Err = UnknownKind;

    /// Accepts what kubectl does: `deployment`, `deployments`, `deploy`, `deployment.apps`, `deployments.v1.apps`,
    /// `widgets.example.com`, `widget.v1.example.com`.
    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        let lower = text.to_ascii_lowercase();
        let (name, group) = match lower.split_once('.') {
            Some((name, group)) => (name, Some(group)),
            None => (lower.as_str(), None),
        };
        let known = named(name).filter(|(_, row)| group.is_none_or(|group| row.is_in(group)));
        if let Some((kind, _)) = known {
            return Ok(kind);
        }
        match group.map(|group| CustomKind::new(name, group)) {
            Some(Ok(custom)) => Ok(Self::Custom(custom)),
            Some(Err(suggestion)) => Err(UnknownKind { text: text.to_owned(), suggestion }),
            None => Err(UnknownKind { text: text.to_owned(), suggestion: similar(name) }),
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.built_in() {
            Ok(row) => f.write_str(row.singular),
            Err(custom) => custom.fmt(f),
        }
    }
}

// === impl CustomKind ===

impl CustomKind {
    /// What stands before the first dot: plural, singular, short name or kind, in lower case.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The version, where one is written; else the server's preferred one.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Its API group.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }

    /// `GROUP` or `VERSION.GROUP` after the name; where that can be no custom resource's, what may be meant.
    fn new(name: &str, group: &str) -> Result<Self, Option<String>> {
        let (version, group) = match group.split_once('.') {
            Some((version, rest)) if is_version(version) && rest.contains('.') => (Some(version), rest),
            _ => (None, group),
        };
        // The groups of custom resources have a dot, and no top-level domain is called v1.
        // https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/custom-resources/
        let Some((before, last)) = group.rsplit_once('.') else { return Err(similar(name)) };
        let is_valid = name::label(name).is_ok() && name::subdomain(group).is_ok();
        // Of a built-in group no other version is read than ours.
        let is_other_version =
            group.split_once('.').is_some_and(|(first, rest)| is_version(first) && is_group(rest));
        if !is_valid || is_group(group) || is_group(before) || is_other_version {
            return Err(similar(name));
        }
        if is_version(last) {
            return Err(Some(format!("{name}.{last}.{before}")));
        }
        Ok(Self { name: name.into(), version: version.map(Into::into), group: group.into() })
    }
}

impl fmt::Display for CustomKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (version, dot) = self.version().map_or(("", ""), |version| (version, "."));
        write!(f, "{}.{version}{dot}{}", self.name, self.group)
    }
}

fn named(name: &str) -> Option<(Kind, &'static BuiltIn)> {
    built_ins().find(|(_, row)| !name.is_empty() && row.is_called(name))
}

fn built_ins() -> impl Iterator<Item = (Kind, &'static BuiltIn)> {
    Kind::RULED.into_iter().chain(PLAIN.iter().map(Kind::Plain)).filter_map(|kind| {
        let row = kind.built_in().ok()?;
        Some((kind, row))
    })
}

/// The built-in kind of this name, or of one that looks like it.
fn similar(name: &str) -> Option<String> {
    if let Some((_, row)) = named(name) {
        return Some(row.singular.to_owned());
    }
    closest(name, built_ins().flat_map(|(_, row)| [row.singular, row.plural])).map(str::to_owned)
}

/// `v1`, `v1beta2`: <https://kubernetes.io/docs/reference/using-api/#api-versioning>
fn is_version(text: &str) -> bool {
    let mut parts = text.strip_prefix('v').unwrap_or_default().splitn(2, ['a', 'b']);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    parts.next().is_some_and(is_number)
        && parts.next().is_none_or(|rest| {
            rest.strip_prefix("lpha").or_else(|| rest.strip_prefix("eta")).is_some_and(is_number)
        })
}

fn known() -> String {
    Kind::RULED.map(|kind| kind.to_string()).join(", ")
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
            ("replicationcontroller rc rc.v1", Kind::ReplicationController),
            ("job jobs job.batch jobs.v1.batch", Kind::Job),
            ("cronjob cronjobs cj CronJob.batch", Kind::CronJob),
            ("pod pods po Pod pods.v1 pods.v1.", Kind::Pod),
            ("service services svc", Kind::Service),
            ("ingress ingresses ing ing.networking.k8s.io ing.v1.networking.k8s.io", Kind::Ingress),
            ("pvc persistentvolumeclaims", Kind::PersistentVolumeClaim),
            ("pv persistentvolume", Kind::PersistentVolume),
            ("no node nodes", Kind::Node),
            ("ns namespace", Kind::Namespace),
            ("hpa hpa.autoscaling hpa.v2.autoscaling", Kind::HorizontalPodAutoscaler),
            ("pdb poddisruptionbudget.policy", Kind::PodDisruptionBudget),
            ("crd crds customresourcedefinition.apiextensions.k8s.io", Kind::CustomResourceDefinition),
            ("apiservice apiservices APIService", Kind::ApiService),
            ("cm configmap", Kind::ConfigMap),
            ("secret secrets Secret.v1", Kind::Secret),
        ];
        for (names, kind) in cases {
            for name in names.split(' ') {
                assert_eq!(name.parse(), Ok(kind.clone()), "{name}");
            }
        }
    }

    #[test]
    fn the_other_built_in_kinds_have_their_names_too() {
        for (name, singular) in [
            ("sa", "serviceaccount"),
            ("StorageClass", "storageclass"),
            ("netpol.networking.k8s.io", "networkpolicy"),
            ("roles", "role"),
            ("leases.v1.coordination.k8s.io", "lease"),
            ("endpointslices", "endpointslice"),
            ("ev", "event"),
        ] {
            let kind: Kind = name.parse().unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(kind.to_string(), singular);
            assert_eq!(singular.parse(), Ok(kind));
        }
    }

    #[test]
    fn no_two_built_in_kinds_share_a_name() {
        let rows: Vec<&BuiltIn> = built_ins().map(|(_, row)| row).collect();
        for (index, row) in rows.iter().enumerate() {
            for name in [row.singular, row.plural].into_iter().chain(row.short.split_whitespace()) {
                assert!(!rows[..index].iter().any(|other| other.is_called(name)), "{name}");
            }
            assert!(is_group(row.group), "{}", row.group);
        }
    }

    #[test]
    fn the_table_is_what_an_api_server_of_v1_36_lists_as_watchable() {
        let mut missing = Vec::new();
        for line in include_str!("../fixtures/watchable-v1.36.txt").lines() {
            let (path, is_namespaced) = line.rsplit_once(' ').unwrap();
            let path_of = |row: &BuiltIn| format!("{}/{}/{}", row.group, row.version, row.plural);
            match built_ins().find(|(_, row)| path_of(row) == path) {
                Some((_, row)) => assert_eq!(row.is_namespaced, is_namespaced == "namespaced", "{path}"),
                None => missing.push(path),
            }
        }
        // Other versions or groups of what is in the table.
        assert_eq!(missing, ["events.k8s.io/v1/events", "autoscaling/v1/horizontalpodautoscalers"]);
    }

    #[test]
    fn what_is_not_built_in_and_has_a_group_is_custom() {
        let cases = [
            ("widgets.example.com", "widgets", None, "example.com"),
            ("Widget.v1.example.com", "widget", Some("v1"), "example.com"),
            ("widget.v1beta2.stable.example.com", "widget", Some("v1beta2"), "stable.example.com"),
            ("service.serving.knative.dev", "service", None, "serving.knative.dev"),
            ("gateways.gateway.networking.k8s.io", "gateways", None, "gateway.networking.k8s.io"),
            ("pods.metrics.k8s.io", "pods", None, "metrics.k8s.io"),
            ("x.vault.io", "x", None, "vault.io"),
            ("x.v1.io", "x", None, "v1.io"),
        ];
        for (text, name, version, group) in cases {
            let kind: Kind = text.parse().unwrap_or_else(|error| panic!("{error}"));
            let Kind::Custom(custom) = &kind else { panic!("{text}: {kind:?}") };
            assert_eq!((custom.name(), custom.version(), custom.group()), (name, version, group));
            assert_eq!(kind.to_string(), text.to_ascii_lowercase());
            assert_eq!(kind.to_string().parse(), Ok(kind));
        }
    }

    #[test]
    fn misspelt_kinds_are_suggested() {
        let cases = [
            ("deploymnt", Some("deployment")),
            ("statefullset", Some("statefulset")),
            ("servcie", Some("service")),
            ("deployment.extensions", Some("deployment")),
            ("deploymnt.apps", Some("deployment")),
            ("ingres.networking.k8s.io", Some("ingress")),
            ("event.events.k8s.io", Some("event")),
            ("hpa.v1.autoscaling", Some("horizontalpodautoscaler")),
            ("job.batch.v1", Some("job")),
            ("widget.example.com.v1", Some("widget.v1.example.com")),
            ("widget", None),
            ("widget.apps", None),
            (".example.com", None),
            ("widgets.", None),
            ("widgets..com", None),
            ("wid_gets.example.com", None),
            ("", None),
        ];
        for (text, suggestion) in cases {
            let error = text.parse::<Kind>().unwrap_err();
            assert_eq!(error.suggestion.as_deref(), suggestion, "{text}");
            assert!(error.to_string().contains("known are: deployment, statefulset,"), "{error}");
        }
        assert!(
            "deploymnt".parse::<Kind>().unwrap_err().to_string().contains("did you mean \"deployment\"?")
        );
    }

    #[test]
    fn versions_look_like_versions() {
        for text in ["v1", "v2", "v1alpha1", "v12beta3"] {
            assert!(is_version(text), "{text}");
        }
        for text in ["v", "1", "v1beta", "vault", "v1a1", "v1gamma1", "v1beta2x"] {
            assert!(!is_version(text), "{text}");
        }
    }
}
