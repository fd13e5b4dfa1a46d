//! Where the gate itself runs, as the downward API tells it.
//! <https://kubernetes.io/docs/concepts/workloads/pods/downward-api/>

use std::collections::HashMap;

/// The gate's own pod and node; what is not known is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The node, from `NODE_NAME`.
    pub node: Option<String>,
    /// The pod, from `POD_NAME`, else `HOSTNAME`, which is the same unless the pod says otherwise.
    pub pod: Option<String>,
    /// The pod's namespace, from `POD_NAMESPACE`.
    pub namespace: Option<String>,
}

impl Place {
    /// What the environment says.
    #[must_use]
    pub fn of(env: &HashMap<String, String>) -> Self {
        let get = |name: &str| env.get(name).filter(|value| !value.is_empty()).cloned();
        Self {
            node: get("NODE_NAME"),
            pod: get("POD_NAME").or_else(|| get("HOSTNAME")),
            namespace: get("POD_NAMESPACE"),
        }
    }

    /// The same, with the namespace of the pod's own account where the environment does not tell it.
    #[must_use]
    pub fn or_namespace(&self, namespace: &str) -> Self {
        let namespace = self.namespace.clone().or_else(|| Some(namespace.to_owned()));
        Self { namespace, ..self.clone() }
    }

    /// Whether a pod is the one that we run in: it cannot become ready before we end.
    #[must_use]
    pub fn is_own_pod(&self, name: &str, namespace: Option<&str>) -> bool {
        self.pod.as_deref() == Some(name) && namespace.is_some() && self.namespace.as_deref() == namespace
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(env: &[(&str, &str)]) -> Place {
        Place::of(&env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect())
    }

    #[test]
    fn the_host_name_is_the_pods_where_nothing_else_is_said() {
        assert_eq!(place(&[("HOSTNAME", "web-0")]).pod.as_deref(), Some("web-0"));
        assert_eq!(place(&[("HOSTNAME", "n1"), ("POD_NAME", "web-0")]).pod.as_deref(), Some("web-0"));
        assert_eq!(place(&[("HOSTNAME", "n1"), ("POD_NAME", "")]).pod.as_deref(), Some("n1"));
        assert_eq!(place(&[("NODE_NAME", "n1")]).node.as_deref(), Some("n1"));
        assert_eq!(place(&[]), Place::default());
    }

    #[test]
    fn a_pod_of_the_same_name_elsewhere_is_another() {
        let here = place(&[("HOSTNAME", "web-0")]).or_namespace("shop");
        assert!(here.is_own_pod("web-0", Some("shop")));
        assert!(!here.is_own_pod("web-0", Some("db")));
        assert!(!here.is_own_pod("web-1", Some("shop")));
        assert!(!place(&[]).is_own_pod("web-0", None));
        let told = place(&[("HOSTNAME", "web-0"), ("POD_NAMESPACE", "db")]).or_namespace("shop");
        assert!(told.is_own_pod("web-0", Some("db")));
    }
}
