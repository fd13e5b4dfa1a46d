//! A part of the API: one resource in one namespace or in all, and which of its objects.

use std::borrow::Cow;
use std::fmt;

use kube::core::Request;

use crate::built_in::BuiltIn;
use crate::kind::{CustomKind, Kind};
use crate::message::clean;
use crate::rule::{FOLLOW, GET, Rule};
use crate::selector::Selector;
use crate::target::Which;

/// Where objects live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// One namespace.
    Namespace(String),
    /// Every namespace; needs a ClusterRole.
    AllNamespaces,
    /// In no namespace, as Nodes are; needs a ClusterRole.
    Cluster,
}

/// What the API server serves under one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// Empty for the core group.
    pub group: Cow<'static, str>,
    /// Such as `v1`; empty while it has not been discovered.
    pub version: Cow<'static, str>,
    /// Such as `deployments`.
    pub plural: Cow<'static, str>,
    /// Such as `Deployment`; in lower case where it is built in, and empty while it has not been discovered.
    pub kind: Cow<'static, str>,
    /// Whether its objects are in namespaces.
    pub is_namespaced: bool,
}

/// What a list or a watch is of.
#[derive(Debug, Clone)]
pub struct Resource {
    served: Served,
    scope: Scope,
    which: Which,
    /// Of the selected, only those on this node.
    node: Option<String>,
    custom: Option<CustomKind>,
    /// Whether only the metadata of its objects are looked at.
    is_metadata_enough: bool,
    /// It is the pod that waits, of which only one thing is asked, once.
    is_own_pod: bool,
}

// === impl Resource ===

impl Resource {
    /// Objects of a kind that can be a target. A custom one is written as the target has it until it is
    /// [found](Self::find).
    #[must_use]
    pub fn new(kind: &Kind, scope: Scope, which: Which) -> Self {
        match kind.built_in() {
            Ok(row) => Self::of(Served::from(row), scope, which),
            Err(custom) => {
                let served = Served {
                    group: custom.group().to_owned().into(),
                    version: Cow::Borrowed(""),
                    plural: custom.name().to_owned().into(),
                    kind: Cow::Borrowed(""),
                    is_namespaced: true,
                };
                Self { custom: Some(custom.clone()), ..Self::of(served, scope, which) }
            }
        }
    }

    /// Objects of what is known to be served.
    #[must_use]
    pub fn of(served: Served, scope: Scope, which: Which) -> Self {
        let scope = if served.is_namespaced { scope } else { Scope::Cluster };
        Self { served, scope, which, node: None, custom: None, is_metadata_enough: false, is_own_pod: false }
    }

    /// The EndpointSlices of a Service, or of all, which belong to them by label:
    /// <https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#ownership>
    #[must_use]
    pub fn slices_of(scope: Scope, services: &Which) -> Option<Self> {
        let label = match services {
            Which::Name(name) => format!("kubernetes.io/service-name={name}"),
            Which::Selector(_) => "kubernetes.io/service-name".to_owned(),
        };
        let slices = Which::Selector(label.parse().ok()?);
        Some(Self::of(namespaced("discovery.k8s.io", "endpointslices", "EndpointSlice"), scope, slices))
    }

    /// Endpoints, which have the name of their Service, and its labels:
    /// <https://kubernetes.io/docs/concepts/services-networking/service/#endpoints>
    #[must_use]
    pub fn endpoints(scope: Scope, of: Which) -> Self {
        Self::of(namespaced("", "endpoints", "Endpoints"), scope, of)
    }

    /// The pods on a node.
    #[must_use]
    pub fn pods_on(node: String, scope: Scope) -> Self {
        let everything = Which::Selector(Selector::everything());
        Self { node: Some(node), ..Self::of(pods(), scope, everything) }
    }

    /// The pod that waits itself, of which only its age matters.
    #[must_use]
    pub fn own_pod(name: String, namespace: String) -> Self {
        let pod = Self::of(pods(), Scope::Namespace(namespace), Which::Name(name));
        Self { is_own_pod: true, ..pod.only_metadata() }
    }

    /// The same, with no more of its objects than their metadata where the API server can leave out the rest: a
    /// Secret or a ConfigMap can be large.
    #[must_use]
    pub fn only_metadata(mut self) -> Self {
        self.is_metadata_enough = true;
        self
    }

    /// Whether only the metadata of its objects are looked at.
    #[must_use]
    pub fn is_metadata_enough(&self) -> bool {
        self.is_metadata_enough
    }

    /// What is served there.
    #[must_use]
    pub fn served(&self) -> &Served {
        &self.served
    }

    /// Where its objects live.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Which of the objects there.
    #[must_use]
    pub fn which(&self) -> &Which {
        &self.which
    }

    /// The node that its pods are on, where only those of one node are asked for.
    #[must_use]
    pub fn node(&self) -> Option<&str> {
        self.node.as_deref()
    }

    /// The custom kind whose place in the API has to be discovered first.
    #[must_use]
    pub fn sought(&self) -> Option<&CustomKind> {
        self.custom.as_ref().filter(|_| self.served.version.is_empty())
    }

    /// Whether its place in the API has to be, or was, discovered.
    #[must_use]
    pub fn is_custom(&self) -> bool {
        self.custom.is_some()
    }

    /// What is sought is served there.
    pub fn find(&mut self, served: Served) {
        if !served.is_namespaced {
            self.scope = Scope::Cluster;
        }
        self.served = served;
    }

    /// What was found is not served there any more.
    pub fn lose(&mut self) {
        self.served.version = Cow::Borrowed("");
    }

    /// The one object's name, where it is only one.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        match &self.which {
            Which::Name(name) => Some(name),
            Which::Selector(_) => None,
        }
    }

    /// The collection's path, for requests.
    #[must_use]
    pub fn request(&self) -> Request {
        let Served { group, version, plural, .. } = &self.served;
        let root =
            if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        Request::new(match &self.scope {
            Scope::Namespace(namespace) => format!("{root}/namespaces/{namespace}/{plural}"),
            Scope::AllNamespaces | Scope::Cluster => format!("{root}/{plural}"),
        })
    }

    /// A list or watch with this selector is allowed by a rule with `resourceNames`.
    #[must_use]
    pub fn field_selector(&self) -> Option<String> {
        let on_node = || self.node.as_ref().map(|node| format!("spec.nodeName={node}"));
        self.name().map(|name| format!("metadata.name={name}")).or_else(on_node)
    }

    /// The labels that are asked for; none for all objects.
    #[must_use]
    pub fn label_selector(&self) -> Option<String> {
        match &self.which {
            Which::Name(_) => None,
            Which::Selector(selector) => Some(selector.to_string()).filter(|text| !text.is_empty()),
        }
    }

    /// The rule that a Role must have for us to read it.
    #[must_use]
    pub fn rule(&self) -> Rule {
        let Served { group, plural, .. } = &self.served;
        // Whatever the pod is called, and those of the next rollout too.
        if self.is_own_pod {
            Rule::new(group, plural, GET)
        } else {
            Rule::new(group, plural, FOLLOW).named(self.name())
        }
    }

    /// The rule that is missing where it may not be read, as a sentence's end.
    #[must_use]
    pub fn missing_rule(&self) -> String {
        if self.sought().is_some() {
            let group = &self.served.group;
            // https://kubernetes.io/docs/reference/access-authn-authz/rbac/#discovery-roles
            return format!(
                "bind the ClusterRole system:discovery, or add to a ClusterRole for this account: \
                 nonResourceURLs: [\"/apis/{group}\", \"/apis/{group}/*\"], verbs: [get]"
            );
        }
        let role = match self.scope {
            Scope::Namespace(_) => "Role",
            Scope::AllNamespaces | Scope::Cluster => "ClusterRole",
        };
        format!("add to a {role} for this account: {}", self.rule())
    }

    /// The API server's refusal in one line: what is missing first and whole, then its own words.
    #[must_use]
    pub fn refusal(&self, words: &str) -> String {
        format!("forbidden: {}; the API server says: {}", self.missing_rule(), clean(words))
    }
}

impl fmt::Display for Resource {
    /// `deployments.apps in namespace "shop"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Served { group, plural, .. } = &self.served;
        f.write_str(plural)?;
        if !group.is_empty() {
            write!(f, ".{group}")?;
        }
        write!(f, " in {}", self.scope)
    }
}

impl From<&'static BuiltIn> for Served {
    fn from(row: &'static BuiltIn) -> Self {
        Self {
            group: Cow::Borrowed(row.group),
            version: Cow::Borrowed(row.version),
            plural: Cow::Borrowed(row.plural),
            kind: Cow::Borrowed(row.singular),
            is_namespaced: row.is_namespaced,
        }
    }
}

fn pods() -> Served {
    namespaced("", "pods", "Pod")
}

fn namespaced(group: &'static str, plural: &'static str, kind: &'static str) -> Served {
    Served {
        group: Cow::Borrowed(group),
        version: Cow::Borrowed("v1"),
        plural: Cow::Borrowed(plural),
        kind: Cow::Borrowed(kind),
        is_namespaced: true,
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Namespace(name) => write!(f, "namespace {name:?}"),
            Self::AllNamespaces => f.write_str("all namespaces"),
            Self::Cluster => f.write_str("the cluster"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shop() -> Scope {
        Scope::Namespace("shop".into())
    }

    #[test]
    fn one_object_is_selected_by_field_and_many_by_label() {
        let one = Resource::new(&Kind::Deployment, shop(), Which::Name("api".into()));
        assert_eq!(one.request().url_path, "/apis/apps/v1/namespaces/shop/deployments");
        assert_eq!(one.field_selector().as_deref(), Some("metadata.name=api"));
        assert_eq!(one.label_selector(), None);
        let many =
            Resource::new(&Kind::Pod, Scope::AllNamespaces, Which::Selector("app=web".parse().unwrap()));
        assert_eq!(many.request().url_path, "/api/v1/pods");
        assert_eq!(many.field_selector(), None);
        assert_eq!(many.label_selector().as_deref(), Some("app=web"));
    }

    #[test]
    fn the_missing_rule_is_the_smallest_that_works() {
        let one = Resource::new(&Kind::Deployment, shop(), Which::Name("api".into()));
        assert_eq!(
            one.missing_rule(),
            r#"add to a Role for this account: apiGroups: ["apps"], resources: ["deployments"], resourceNames: ["api"], verbs: [list, watch]"#
        );
        let many =
            Resource::new(&Kind::Pod, Scope::AllNamespaces, Which::Selector("app=web".parse().unwrap()));
        assert_eq!(
            many.missing_rule(),
            r#"add to a ClusterRole for this account: apiGroups: [""], resources: ["pods"], verbs: [list, watch]"#
        );
    }

    #[test]
    fn a_refusal_begins_with_the_missing_rule_whatever_the_server_says() {
        let one = Resource::new(&Kind::Deployment, shop(), Which::Name("a".repeat(253)));
        let refusal =
            one.refusal(&format!("deployments.apps is forbidden: {}\nmet pod/y", "no ".repeat(500)));
        assert!(refusal.starts_with(&format!("forbidden: {}; the API", one.missing_rule())), "{refusal}");
        assert!(refusal.len() < 700 && !refusal.contains('\n'), "{refusal}");
        // The Role of the blog that this program is known from has deployments in group "".
        assert!(one.missing_rule().contains(r#"apiGroups: ["apps"]"#));
    }

    #[test]
    fn the_own_pod_is_read_whatever_its_name() {
        assert_eq!(
            Resource::own_pod("shop".into(), "api-5d4-abcde".into()).missing_rule(),
            r#"add to a Role for this account: apiGroups: [""], resources: ["pods"], verbs: [get]"#
        );
    }

    #[test]
    fn what_is_in_no_namespace_needs_a_cluster_role() {
        let node = Resource::new(&Kind::Node, shop(), Which::Name("n1".into()));
        assert_eq!(node.request().url_path, "/api/v1/nodes");
        assert_eq!(node.to_string(), "nodes in the cluster");
        assert!(node.missing_rule().starts_with("add to a ClusterRole"), "{}", node.missing_rule());
        let hpa = Resource::new(&Kind::HorizontalPodAutoscaler, shop(), Which::Name("api".into()));
        assert_eq!(hpa.request().url_path, "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers");
    }

    #[test]
    fn a_custom_resource_is_sought_then_found_and_can_be_lost_again() {
        let kind: Kind = "widget.example.com".parse().unwrap();
        let mut widget = Resource::new(&kind, shop(), Which::Name("w".into()));
        assert!(widget.sought().is_some());
        assert!(widget.missing_rule().contains("/apis/example.com"), "{}", widget.missing_rule());
        widget.find(Served { group: "example.com".into(), ..namespaced("", "widgets", "Widget") });
        assert!(widget.sought().is_none() && widget.is_custom());
        assert_eq!(widget.request().url_path, "/apis/example.com/v1/namespaces/shop/widgets");
        assert_eq!(
            widget.missing_rule(),
            r#"add to a Role for this account: apiGroups: ["example.com"], resources: ["widgets"], resourceNames: ["w"], verbs: [list, watch]"#
        );
        widget.lose();
        assert!(widget.sought().is_some());
    }

    #[test]
    fn the_rule_for_the_own_pod_fits_every_pod_of_a_deployment() {
        let own = Resource::own_pod("api-5d4-abcde".into(), "shop".into());
        assert_eq!(own.field_selector().as_deref(), Some("metadata.name=api-5d4-abcde"));
        assert_eq!(
            own.missing_rule(),
            r#"add to a Role for this account: apiGroups: [""], resources: ["pods"], verbs: [get]"#
        );
    }

    #[test]
    fn pods_are_selected_by_their_node() {
        let pods = Resource::pods_on("n1".into(), shop());
        assert_eq!(pods.field_selector().as_deref(), Some("spec.nodeName=n1"));
        assert_eq!(pods.label_selector(), None);
    }
}
