//! The pod that the gate runs in: a gate in an initContainer must not wait for the controller of its own pod.

use super::subject::Family;
use crate::kind::Kind;
use crate::object::Metadata;
use crate::target::{Target, Which};

/// Our own pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnPod {
    /// Its name.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
}

impl OwnPod {
    /// The pod that we run in, where we run in one: `POD_NAME` from the downward API, else the host's name.
    #[must_use]
    pub fn find(variable: impl Fn(&str) -> Option<String>, namespace: &str) -> Option<Self> {
        let variable = |name| variable(name).filter(|value: &String| !value.is_empty());
        variable("KUBERNETES_SERVICE_HOST")?;
        let name = variable("POD_NAME").or_else(|| variable("HOSTNAME"))?;
        let namespace = variable("POD_NAMESPACE").unwrap_or_else(|| namespace.to_owned());
        Some(Self { name, namespace })
    }

    /// Whether the target may be its controller, by the names that controllers give to pods: only then it is worth a
    /// look.
    pub(super) fn may_be_of(&self, target: &Target, namespace: &str) -> bool {
        let family = Family::of(&target.kind);
        let has_pods =
            matches!(family, Family::Deployment | Family::StatefulSet | Family::Owner | Family::Job);
        let Which::Name(name) = &target.which else { return false };
        has_pods && self.namespace == namespace && self.name.starts_with(&format!("{name}-"))
    }
}

/// Whether the pod with this metadata is of the target. A Deployment's ReplicaSet has its name and the hash.
pub(super) fn is_of(pod: &Metadata, target: &Target) -> bool {
    let (Some(owner), Which::Name(name)) = (pod.controller(), &target.which) else { return false };
    if target.kind == Kind::Deployment && &*owner.kind == "ReplicaSet" {
        let set = owner.name.strip_suffix(&*pod.labels.template_hash);
        return set.and_then(|set| set.strip_suffix('-')) == Some(name);
    }
    owner.kind.eq_ignore_ascii_case(&target.kind.to_string()) && &*owner.name == name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(name: &str) -> OwnPod {
        OwnPod { name: name.into(), namespace: "shop".into() }
    }

    fn metadata(kind: &str, name: &str) -> Metadata {
        let text = format!(
            "{{labels: {{pod-template-hash: 5d4}}, ownerReferences: [{{kind: {kind}, name: {name}, controller: true}}]}}"
        );
        serde_json::from_value(crate::yaml::to_json(&text).unwrap()).unwrap()
    }

    fn target(text: &str) -> Target {
        text.parse().unwrap()
    }

    #[test]
    fn only_a_process_in_a_pod_has_one() {
        let find = |pairs: &[(&str, &str)]| {
            let find =
                |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
            OwnPod::find(find, "shop").map(|pod| format!("{}/{}", pod.namespace, pod.name))
        };
        let host = ("KUBERNETES_SERVICE_HOST", "10.0.0.1");
        assert_eq!(find(&[("HOSTNAME", "laptop")]), None);
        assert_eq!(find(&[host, ("HOSTNAME", "api-0")]).as_deref(), Some("shop/api-0"));
        let named = [host, ("HOSTNAME", "node7"), ("POD_NAME", "api-0"), ("POD_NAMESPACE", "x")];
        assert_eq!(find(&named).as_deref(), Some("x/api-0"));
    }

    #[test]
    fn only_a_controller_of_a_fitting_name_is_looked_at() {
        assert!(own("api-5d4-abcde").may_be_of(&target("deployment/api"), "shop"));
        assert!(!own("api-5d4-abcde").may_be_of(&target("deployment/api"), "other"));
        assert!(!own("api-5d4-abcde").may_be_of(&target("deployment/db"), "shop"));
        assert!(!own("api-5d4-abcde").may_be_of(&target("service/api"), "shop"));
    }

    #[test]
    fn a_pod_leads_to_its_controller() {
        assert!(is_of(&metadata("ReplicaSet", "api-5d4"), &target("deployment/api")));
        assert!(!is_of(&metadata("ReplicaSet", "api-v2-5d4"), &target("deployment/api")));
        assert!(is_of(&metadata("ReplicaSet", "api-5d4"), &target("replicaset/api-5d4")));
        assert!(is_of(&metadata("StatefulSet", "db"), &target("statefulset/db")));
        assert!(!is_of(&metadata("Job", "db"), &target("statefulset/db")));
    }
}
