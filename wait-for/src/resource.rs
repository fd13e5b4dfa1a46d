//! A part of the API: one resource in one namespace or in all, and which of its objects.

use std::fmt;

use kube::core::Request;

use crate::kind::Kind;
use crate::selector::Selector;
use crate::target::Which;

/// Where objects live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// One namespace.
    Namespace(String),
    /// Every namespace; needs a ClusterRole.
    AllNamespaces,
}

/// What a list or a watch is of.
#[derive(Debug, Clone)]
pub struct Resource {
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    scope: Scope,
    which: Which,
}

impl Resource {
    /// Objects of a kind that can be a target.
    #[must_use]
    pub fn new(kind: Kind, scope: Scope, which: Which) -> Self {
        Self { group: kind.group(), version: kind.version(), plural: kind.plural(), scope, which }
    }

    /// EndpointSlices, which belong to Services by label:
    /// <https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/#ownership>
    #[must_use]
    pub fn endpoint_slices(scope: Scope, of: Selector) -> Self {
        let which = Which::Selector(of);
        Self { group: "discovery.k8s.io", version: "v1", plural: "endpointslices", scope, which }
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
        let Self { group, version, plural, .. } = self;
        let root =
            if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group}/{version}") };
        Request::new(match &self.scope {
            Scope::Namespace(namespace) => format!("{root}/namespaces/{namespace}/{plural}"),
            Scope::AllNamespaces => format!("{root}/{plural}"),
        })
    }

    /// A list or watch with this selector is allowed by a rule with `resourceNames`.
    #[must_use]
    pub fn field_selector(&self) -> Option<String> {
        self.name().map(|name| format!("metadata.name={name}"))
    }

    /// The labels that are asked for; none for all objects.
    #[must_use]
    pub fn label_selector(&self) -> Option<String> {
        match &self.which {
            Which::Name(_) => None,
            Which::Selector(selector) => Some(selector.to_string()).filter(|text| !text.is_empty()),
        }
    }

    /// The rule that a Role must have for us to get, list and watch it, as a sentence's end.
    #[must_use]
    pub fn missing_rule(&self) -> String {
        let role = match self.scope {
            Scope::Namespace(_) => "Role",
            Scope::AllNamespaces => "ClusterRole",
        };
        let names = self.name().map(|name| format!(", resourceNames: [\"{name}\"]")).unwrap_or_default();
        let verbs = if self.name().is_some() { "get, list, watch" } else { "list, watch" };
        format!(
            "add to a {role} for it: apiGroups: [\"{}\"], resources: [\"{}\"]{names}, verbs: [{verbs}]",
            self.group, self.plural
        )
    }
}

impl fmt::Display for Resource {
    /// `deployments.apps in namespace "shop"`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.plural)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        write!(f, " in {}", self.scope)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Namespace(name) => write!(f, "namespace {name:?}"),
            Self::AllNamespaces => f.write_str("all namespaces"),
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
        let one = Resource::new(Kind::Deployment, shop(), Which::Name("api".into()));
        assert_eq!(one.request().url_path, "/apis/apps/v1/namespaces/shop/deployments");
        assert_eq!(one.field_selector().as_deref(), Some("metadata.name=api"));
        assert_eq!(one.label_selector(), None);
        let many =
            Resource::new(Kind::Pod, Scope::AllNamespaces, Which::Selector("app=web".parse().unwrap()));
        assert_eq!(many.request().url_path, "/api/v1/pods");
        assert_eq!(many.field_selector(), None);
        assert_eq!(many.label_selector().as_deref(), Some("app=web"));
    }

    #[test]
    fn the_missing_rule_is_the_smallest_that_works() {
        let one = Resource::new(Kind::Deployment, shop(), Which::Name("api".into()));
        assert_eq!(
            one.missing_rule(),
            r#"add to a Role for it: apiGroups: ["apps"], resources: ["deployments"], resourceNames: ["api"], verbs: [get, list, watch]"#
        );
        let many =
            Resource::new(Kind::Pod, Scope::AllNamespaces, Which::Selector("app=web".parse().unwrap()));
        assert_eq!(
            many.missing_rule(),
            r#"add to a ClusterRole for it: apiGroups: [""], resources: ["pods"], verbs: [list, watch]"#
        );
    }
}
