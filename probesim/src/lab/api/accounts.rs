//! ServiceAccounts: the tokens of pods, and what Roles and their bindings among the objects let them do.
//!
//! Rules: "Using RBAC Authorization" in the Kubernetes documentation; `pkg/registry/rbac/validation/rule.go`. Unlike in
//! a cluster, an account that no binding names may do everything: most manifests come without their Roles.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::access::{Missing, Rule, User};
use crate::lab::store::live::LiveStore;

const PREFIX: &str = "system:serviceaccount:";
/// The roles that every cluster has for people and their programs, as far as a reader of workloads sees them.
const BUILT_IN: [(&str, &[&str], &[&str]); 4] = [
    ("cluster-admin", &["*"], &["*"]),
    ("admin", &["*"], &["*"]),
    (
        "edit",
        &["*"],
        &["", "apps", "autoscaling", "batch", "networking.k8s.io", "policy", "discovery.k8s.io"],
    ),
    (
        "view",
        &["get", "list", "watch"],
        &["", "apps", "autoscaling", "batch", "networking.k8s.io", "policy", "discovery.k8s.io"],
    ),
];
/// What `view` may read of the core group: no Secrets.
const VIEWED: [&str; 13] = [
    "bindings",
    "configmaps",
    "endpoints",
    "events",
    "limitranges",
    "namespaces",
    "persistentvolumeclaims",
    "pods",
    "pods/log",
    "pods/status",
    "replicationcontrollers",
    "resourcequotas",
    "serviceaccounts",
];

/// A ServiceAccount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lab) struct Account {
    pub(in crate::lab) namespace: String,
    pub(in crate::lab) name: String,
}

/// Where a binding grants a role.
struct Grant<'a> {
    role: &'a Value,
    /// Empty for a ClusterRoleBinding.
    namespace: &'a str,
}

// === impl Account ===

impl Account {
    /// The account of a pod.
    pub(in crate::lab) fn of_pod(pod: &Value) -> Self {
        let spec = &pod["spec"];
        let name =
            ["serviceAccountName", "serviceAccount"].into_iter().find_map(|field| spec[field].as_str());
        Self {
            namespace: pod["metadata"]["namespace"].as_str().unwrap_or_default().to_owned(),
            name: name.filter(|name| !name.is_empty()).unwrap_or("default").to_owned(),
        }
    }

    /// A token of the form of a cluster's, and with its claims. Nobody signs it: the lab believes everybody.
    pub(in crate::lab) fn token(&self) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({"iss": "https://kubernetes.default.svc", "sub": self.user()});
        format!("{}.{}.", part(&json!({"alg": "none"})), part(&claims))
    }

    /// Whose token it is, if it is one.
    pub(super) fn of_token(token: &str) -> Option<Self> {
        let claims = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
        let claims: Value = serde_json::from_slice(&claims).ok()?;
        let (namespace, name) = claims["sub"].as_str()?.strip_prefix(PREFIX)?.split_once(':')?;
        Some(Self { namespace: namespace.to_owned(), name: name.to_owned() })
    }

    fn user(&self) -> String {
        format!("{PREFIX}{}:{}", self.namespace, self.name)
    }

    /// What it may do by the bindings there are now; `None`: no binding names it, and it may do everything.
    pub(super) fn rights(&self, store: &LiveStore) -> Option<User> {
        let mut user = User { name: self.user(), ..User::default() };
        let mut is_named = false;
        for kind in ["clusterrolebindings", "rolebindings"] {
            for binding in store.list(kind, "") {
                let namespace = binding["metadata"]["namespace"].as_str().unwrap_or_default();
                let subjects = binding["subjects"].as_array().map_or(&[][..], Vec::as_slice);
                let mut meant =
                    subjects.iter().filter_map(|subject| self.is_meant(subject, namespace)).peekable();
                if meant.peek().is_some() {
                    is_named |= meant.any(|by_name| by_name);
                    Grant { role: &binding["roleRef"], namespace }.give(store, &mut user);
                }
            }
        }
        is_named.then_some(user)
    }

    /// Whether a subject is this account, and whether it says so by name.
    fn is_meant(&self, subject: &Value, namespace: &str) -> Option<bool> {
        let text = |field: &str| subject[field].as_str();
        let name = text("name")?;
        match text("kind")? {
            "ServiceAccount" => {
                let namespace = text("namespace").unwrap_or(namespace);
                (name == self.name && namespace == self.namespace).then_some(true)
            }
            "User" => (name == self.user()).then_some(true),
            "Group" => match name.strip_prefix("system:serviceaccounts") {
                Some("") => Some(false),
                Some(own) => (own.strip_prefix(':') == Some(&self.namespace)).then_some(true),
                None => (name == "system:authenticated").then_some(false),
            },
            _ => None,
        }
    }
}

// === impl Grant ===

impl Grant<'_> {
    fn give(&self, store: &LiveStore, user: &mut User) {
        let name = self.role["name"].as_str().unwrap_or_default();
        let is_cluster_role = self.role["kind"] == "ClusterRole";
        let role = match is_cluster_role {
            true => store.get("clusterroles", "", name),
            false => store.get("roles", self.namespace, name),
        };
        if let Some(role) = role {
            user.rules.extend(role["rules"].as_array().into_iter().flatten().map(|rule| self.rule(rule)));
        } else if let Some((name, verbs, groups)) =
            BUILT_IN.iter().find(|(known, ..)| is_cluster_role && *known == name)
        {
            let is_view = *name == "view";
            user.rules.extend(groups.iter().map(|group| {
                let resources = if is_view && group.is_empty() {
                    VIEWED.iter().chain(&["services", "services/status"]).copied().collect()
                } else {
                    vec!["*"]
                };
                self.rule(&json!({"verbs": verbs, "apiGroups": [group], "resources": resources}))
            }));
        } else {
            let kind = if is_cluster_role { "clusterrole" } else { "role" };
            let message = format!("{kind}.rbac.authorization.k8s.io {name:?} not found");
            user.missing.push(Missing { namespace: self.namespace.to_owned(), message });
        }
    }

    fn rule(&self, rule: &Value) -> Rule {
        let texts = |field: &str| {
            let list = rule[field].as_array().into_iter().flatten();
            list.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Rule {
            verbs: texts("verbs"),
            api_groups: texts("apiGroups"),
            resources: texts("resources"),
            resource_names: texts("resourceNames"),
            non_resource_urls: texts("nonResourceURLs"),
            namespaces: if self.namespace.is_empty() { vec![] } else { vec![self.namespace.to_owned()] },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::access::Attributes;
    use super::*;
    use crate::lab::store::Store;

    fn account(name: &str) -> Account {
        Account { namespace: "shop".into(), name: name.into() }
    }

    fn store(objects: &[Value]) -> LiveStore {
        let store = LiveStore::new(Store::new(1, 100));
        for object in objects {
            store.apply(object.clone()).expect("an object");
        }
        store
    }

    fn object(kind: &str, namespace: &str, name: &str, more: Value) -> Value {
        let mut object = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind,
                                "metadata": {"name": name, "namespace": namespace}});
        if namespace.is_empty() {
            object["metadata"] = json!({"name": name});
        }
        object.as_object_mut().expect("a map").extend(more.as_object().expect("a map").clone());
        object
    }

    fn role(kind: &str, namespace: &str, name: &str, rule: Value) -> Value {
        object(kind, namespace, name, json!({"rules": [rule]}))
    }

    fn binding(kind: &str, namespace: &str, role: (&str, &str), subject: Value) -> Value {
        let role = json!({"apiGroup": "rbac.authorization.k8s.io", "kind": role.0, "name": role.1});
        object(kind, namespace, &format!("b-{namespace}"), json!({"roleRef": role, "subjects": [subject]}))
    }

    fn gate() -> Value {
        json!({"kind": "ServiceAccount", "name": "gate", "namespace": "shop"})
    }

    fn pods<'a>(verb: &'a str, namespace: &'a str, name: &'a str) -> Attributes<'a> {
        Attributes { verb, plural: "pods", namespace, name, ..Attributes::default() }
    }

    #[test]
    fn a_token_names_the_account_of_its_pod() {
        let pod = json!({"metadata": {"namespace": "shop"}, "spec": {"serviceAccountName": "gate"}});
        let own = Account::of_pod(&pod);
        assert_eq!((&own, Account::of_token(&own.token()).as_ref()), (&account("gate"), Some(&own)));
        assert_eq!(Account::of_pod(&json!({"metadata": {"namespace": "shop"}})), account("default"));
        for strange in ["", "a.b.c", "opaque"] {
            assert_eq!(Account::of_token(strange), None, "{strange}");
        }
    }

    #[test]
    fn a_binding_grants_its_role_where_it_is_and_nothing_else() {
        let rule = json!({"verbs": ["get", "watch"], "apiGroups": [""], "resources": ["pods"], "resourceNames": ["web"]});
        let store = store(&[
            role("Role", "shop", "reader", rule.clone()),
            binding("RoleBinding", "shop", ("Role", "reader"), gate()),
            role(
                "ClusterRole",
                "",
                "nodes",
                json!({"verbs": ["*"], "apiGroups": [""], "resources": ["nodes", "*/status"]}),
            ),
            binding("ClusterRoleBinding", "", ("ClusterRole", "nodes"), gate()),
            role("Role", "other", "reader", rule),
        ]);
        assert!(account("stranger").rights(&store).is_none(), "no binding names it");
        let user = account("gate").rights(&store).expect("bound");
        for (wanted, expected) in [
            (pods("get", "shop", "web"), true),
            (pods("watch", "shop", "web"), true),
            (pods("list", "shop", "web"), false),
            (pods("get", "shop", "db"), false),
            (pods("watch", "shop", ""), false),
            (pods("get", "other", "web"), false),
            (Attributes { plural: "nodes", ..pods("get", "", "n") }, true),
            (Attributes { subresource: "status", ..pods("patch", "other", "web") }, true),
        ] {
            assert_eq!(user.may(&wanted), expected, "{wanted:?}");
        }
    }

    #[test]
    fn groups_and_users_are_subjects_too() {
        let rule = json!({"verbs": ["get"], "apiGroups": [""], "resources": ["*"]});
        for (subject, is_named) in [
            (json!({"kind": "User", "name": "system:serviceaccount:shop:gate"}), true),
            (json!({"kind": "Group", "name": "system:serviceaccounts:shop"}), true),
            (json!({"kind": "Group", "name": "system:serviceaccounts:other"}), false),
            (json!({"kind": "Group", "name": "system:authenticated"}), false),
            (json!({"kind": "ServiceAccount", "name": "gate", "namespace": "other"}), false),
        ] {
            let objects = [
                role("Role", "shop", "r", rule.clone()),
                binding("RoleBinding", "shop", ("Role", "r"), subject),
            ];
            let rights = account("gate").rights(&store(&objects));
            assert_eq!(rights.is_some(), is_named, "{objects:?}");
            assert!(rights.is_none_or(|user| user.may(&pods("get", "shop", "web"))));
        }
    }

    #[test]
    fn a_role_that_is_not_there_is_named_and_those_of_every_cluster_are_there() {
        let bound = |kind, name| {
            let store = store(&[binding("RoleBinding", "shop", (kind, name), gate())]);
            account("gate").rights(&store).expect("bound")
        };
        let refusal = bound("Role", "reader").forbidden(&pods("get", "shop", "web")).message;
        assert!(refusal.ends_with(
            "in the namespace \"shop\": RBAC: role.rbac.authorization.k8s.io \"reader\" not found"
        ));
        let elsewhere = bound("Role", "reader").forbidden(&pods("get", "other", "web")).message;
        assert!(elsewhere.ends_with("in the namespace \"other\""), "{elsewhere}");
        let view = bound("ClusterRole", "view");
        assert!(view.may(&pods("list", "shop", "")) && !view.may(&pods("delete", "shop", "web")));
        assert!(!view.may(&Attributes { plural: "secrets", ..pods("get", "shop", "s") }));
        assert!(bound("ClusterRole", "edit").may(&pods("delete", "shop", "web")));
    }
}
