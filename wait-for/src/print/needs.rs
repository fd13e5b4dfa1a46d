//! What a target needs to be read, and what helps to explain it: everything that a gate ever asks for.

use crate::endpoints;
use crate::evaluate::{Check, service};
use crate::kind::Kind;
use crate::resource::{Resource, Scope};
use crate::rule::{FOLLOW, GET, LIST, Rule};
use crate::target::{Target, Which};

/// What a rule is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Without it there is no verdict.
    Verdict,
    /// Without it a named Service is judged by its EndpointSlices alone.
    ServiceItself,
    /// One watch for many targets, instead of one for each.
    Together,
    /// The reason in full.
    Reason,
    /// To read the object once more before giving up, one of several to explain it, and whether it is the gate's own
    /// controller.
    Reread,
    /// To be used in place of EndpointSlices.
    Endpoints,
}

impl Purpose {
    /// Whether a gate should have it; what is left is up to its user.
    #[must_use]
    pub const fn is_printed(self) -> bool {
        matches!(self, Self::Verdict | Self::ServiceItself)
    }

    /// What is said of it.
    #[must_use]
    pub const fn comment(self) -> Option<&'static str> {
        match self {
            Self::Verdict => None,
            Self::ServiceItself => {
                Some("Without this one, the Service is judged by its EndpointSlices alone.")
            }
            Self::Together => Some(
                "Optional, to list and watch them all at once, as they are many, instead of each by itself:",
            ),
            Self::Reason => Some("Optional, to be told the reason in full:"),
            Self::Reread => {
                Some("Optional, to read again what is about to be given up, or is to be explained:")
            }
            Self::Endpoints => Some("Optional, where EndpointSlices may not be read:"),
        }
    }
}

/// Where a rule holds, as seen from its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Where {
    /// With the target.
    There,
    /// In the namespace of the pod that waits.
    Here,
    /// In no namespace.
    Nowhere,
}

/// The rules without which there is no verdict, or a worse one.
#[must_use]
pub fn required(target: &Target) -> Vec<(Purpose, Rule)> {
    let scope = || Scope::Namespace(String::new());
    if target.check == Check::AvailableHere {
        return vec![(Purpose::Verdict, Resource::pods_on(String::new(), scope()).rule())];
    }
    let mut own = Resource::new(&target.kind, scope(), target.which.clone()).rule();
    if let (Kind::Custom(_), Some(written)) = (&target.kind, own.resources.first()) {
        // Singular or plural, which only discovery can tell; a resource that does not exist does no harm.
        own.resources.extend(plural(written));
    }
    match (endpoints::condition(target), &target.which) {
        (Some(service::Condition::HasEndpoints { .. }), which) => {
            let slices = (Purpose::Verdict, Rule::new("discovery.k8s.io", "endpointslices", FOLLOW));
            let is_named = matches!(which, Which::Name(_));
            vec![(if is_named { Purpose::ServiceItself } else { Purpose::Verdict }, own), slices]
        }
        _ => vec![(Purpose::Verdict, own)],
    }
}

/// The rules with which many targets of this sort can be followed together: those of its name, without the name.
#[must_use]
pub fn together(target: &Target) -> Vec<Rule> {
    let rules = required(target).into_iter().map(|(_, rule)| rule);
    rules.filter(|rule| !rule.names.is_empty()).map(|rule| Rule { names: Vec::new(), ..rule }).collect()
}

/// The rules that only help to explain.
#[must_use]
pub fn optional(target: &Target) -> Vec<(Where, Purpose, Rule)> {
    // Nothing is known of what belongs to a custom resource, and nobody explains why something is still there.
    if matches!(target.kind, Kind::Custom(_)) || target.check == Check::Deleted {
        return Vec::new();
    }
    let name = match &target.which {
        Which::Name(name) => Some(name.as_str()),
        Which::Selector(_) => None,
    };
    let mut rules = Vec::new();
    let mut list = |group: &str, resource: &str| {
        rules.push((Where::There, Purpose::Reason, Rule::new(group, resource, LIST)));
    };
    let is_balanced = matches!(endpoints::condition(target), Some(service::Condition::HasEndpoints { .. }));
    let has_pods = matches!(
        target.kind,
        Kind::Deployment
            | Kind::StatefulSet
            | Kind::DaemonSet
            | Kind::ReplicaSet
            | Kind::ReplicationController
            | Kind::Job
    );
    if has_pods || is_balanced {
        list("", "pods");
    }
    list("", "events");
    if target.kind == Kind::Deployment {
        list("apps", "replicasets");
    }
    if let (Some(_), Ok(built_in)) = (name, target.kind.built_in())
        && built_in.is_namespaced
    {
        rules.push((Where::Nowhere, Purpose::Reason, Rule::new("", "namespaces", GET)));
    }
    if target.kind == Kind::PersistentVolumeClaim {
        rules.push((Where::Nowhere, Purpose::Reason, Rule::new("storage.k8s.io", "storageclasses", GET)));
    }
    if let Ok(built_in) = target.kind.built_in() {
        let own = Rule::new(built_in.group, built_in.plural, GET).named(name);
        rules.push((Where::There, Purpose::Reread, own));
    }
    if has_pods && name.is_some() {
        rules.push((Where::Here, Purpose::Reread, Rule::new("", "pods", GET)));
    }
    if is_balanced {
        rules.push((Where::There, Purpose::Endpoints, Rule::new("", "endpoints", FOLLOW).named(name)));
    }
    rules
}

/// What a plural would be, where the word may be a singular; nothing where it looks like a plural.
fn plural(word: &str) -> Option<String> {
    match word.as_bytes() {
        [.., b's', b's'] => Some(format!("{word}es")),
        [.., b's'] => None,
        [.., b'a' | b'e' | b'o' | b'u', b'y'] => Some(format!("{word}s")),
        [.., b'y'] => Some(format!("{}ies", word.trim_end_matches('y'))),
        _ => Some(format!("{word}s")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needed(target: &str) -> Vec<String> {
        let target = target.parse().unwrap();
        required(&target).iter().map(|(purpose, rule)| format!("{purpose:?} {rule}")).collect()
    }

    #[test]
    fn a_target_needs_to_be_listed_and_watched_by_its_name() {
        assert_eq!(
            needed("deployment/api"),
            [
                r#"Verdict apiGroups: ["apps"], resources: ["deployments"], resourceNames: ["api"], verbs: [list, watch]"#
            ]
        );
        assert_eq!(
            needed("pod/app=web"),
            [r#"Verdict apiGroups: [""], resources: ["pods"], verbs: [list, watch]"#]
        );
        assert_eq!(
            needed("daemonset/cni:available-here"),
            [r#"Verdict apiGroups: [""], resources: ["pods"], verbs: [list, watch]"#]
        );
        assert_eq!(
            needed("gateway.example.com/x"),
            [
                r#"Verdict apiGroups: ["example.com"], resources: ["gateway", "gateways"], resourceNames: ["x"], verbs: [list, watch]"#
            ]
        );
    }

    #[test]
    fn a_selection_of_services_cannot_do_without_the_services() {
        let slices =
            r#"Verdict apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: [list, watch]"#;
        assert_eq!(
            needed("service/app=web"),
            [r#"Verdict apiGroups: [""], resources: ["services"], verbs: [list, watch]"#, slices]
        );
        assert!(needed("service/web")[0].starts_with("ServiceItself"), "{:?}", needed("service/web"));
        assert_eq!(needed("service/web:has-address").len(), 1);
    }

    #[test]
    fn words_get_their_plural_where_they_may_need_one() {
        for (word, expected) in [
            ("widget", Some("widgets")),
            ("policy", Some("policies")),
            ("class", Some("classes")),
            ("widgets", None),
        ] {
            assert_eq!(plural(word).as_deref(), expected, "{word}");
        }
    }

    #[test]
    fn what_is_optional_depends_on_the_kind() {
        let optional = |target: &str| {
            let target = target.parse().unwrap();
            optional(&target)
                .into_iter()
                .map(|(_, _, rule)| rule.resources.concat())
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(optional("deployment/api"), "pods events replicasets namespaces deployments pods");
        assert_eq!(optional("pod/app=web"), "events pods");
        assert_eq!(optional("service/web"), "pods events namespaces services endpoints");
        assert_eq!(optional("pvc/data"), "events namespaces storageclasses persistentvolumeclaims");
        assert_eq!(optional("node/n1"), "events nodes");
        assert_eq!(optional("widget.example.com/x") + &optional("pod/x:deleted"), "");
    }
}
