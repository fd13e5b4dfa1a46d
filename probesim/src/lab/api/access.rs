//! Who may do what: bearer tokens, and RBAC rules as far as a gate's Role needs them.
//!
//! Rules: "Using RBAC Authorization" in the Kubernetes documentation. Without any user, everybody may do everything.

use std::collections::BTreeMap;

use serde_json::{Map, json};

use super::accounts::Account;
use super::answer::status::{self, Status};
use crate::lab::schema::resources::Resource;
use crate::lab::store::live::LiveStore;

/// The users that the server knows by their tokens.
#[derive(Clone, Debug, Default)]
pub struct Access {
    users: BTreeMap<String, User>,
}

/// A user and what it may do.
#[derive(Clone, Debug, Default)]
pub struct User {
    /// As in messages: `system:serviceaccount:shop:wait-for`.
    pub name: String,
    /// What it may do; nothing else.
    pub rules: Vec<Rule>,
    /// Roles that it was promised and that are not there.
    pub missing: Vec<Missing>,
}

/// A role that is bound and is not there.
#[derive(Clone, Debug, Default)]
pub struct Missing {
    /// Where it is bound; empty for everywhere.
    pub namespace: String,
    /// As a refusal says it.
    pub message: String,
}

/// One rule of a Role, with the namespaces in which it is bound.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    /// `get`, `list`, `watch`, … or `*`.
    pub verbs: Vec<String>,
    /// API groups, the empty one for core, or `*`.
    pub api_groups: Vec<String>,
    /// Plural names, `pods/status` for subresources, or `*`.
    pub resources: Vec<String>,
    /// Only these objects; empty for all.
    pub resource_names: Vec<String>,
    /// Paths that are no resources, with `*` at their ends, or `*`.
    pub non_resource_urls: Vec<String>,
    /// Where a RoleBinding grants it; empty for a ClusterRoleBinding.
    pub namespaces: Vec<String>,
}

/// What a request wants to do.
#[derive(Clone, Debug, Default)]
pub(super) struct Attributes<'a> {
    pub(super) verb: &'a str,
    pub(super) group: &'a str,
    pub(super) plural: &'a str,
    pub(super) subresource: &'a str,
    pub(super) namespace: &'a str,
    pub(super) name: &'a str,
}

// === impl Rule ===

impl Rule {
    /// A rule on one resource in one namespace, as a Role with a RoleBinding gives it.
    #[must_use]
    pub fn new(verbs: &[&str], api_group: &str, resource: &str, namespace: &str) -> Self {
        Self {
            verbs: verbs.iter().map(|&verb| verb.to_owned()).collect(),
            api_groups: vec![api_group.to_owned()],
            resources: vec![resource.to_owned()],
            resource_names: Vec::new(),
            non_resource_urls: Vec::new(),
            namespaces: if namespace.is_empty() { Vec::new() } else { vec![namespace.to_owned()] },
        }
    }

    /// The same for objects of this name only.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.resource_names.push(name.to_owned());
        self
    }

    fn allows(&self, wanted: &Attributes<'_>) -> bool {
        let has = |list: &[String], word: &str| list.iter().any(|one| one == "*" || one == word);
        let (resource, of_any) = if wanted.subresource.is_empty() {
            (wanted.plural.to_owned(), None)
        } else {
            let of_any = format!("*/{}", wanted.subresource);
            (format!("{}/{}", wanted.plural, wanted.subresource), Some(of_any))
        };
        has(&self.verbs, wanted.verb)
            && has(&self.api_groups, wanted.group)
            && (has(&self.resources, &resource) || of_any.is_some_and(|any| self.resources.contains(&any)))
            && (self.resource_names.is_empty() || self.resource_names.iter().any(|name| name == wanted.name))
            && self.holds_in(wanted.namespace)
    }

    /// Whether it says anything about a namespace.
    pub(super) fn holds_in(&self, namespace: &str) -> bool {
        self.namespaces.is_empty() || self.namespaces.iter().any(|own| own == namespace)
    }

    /// `NonResourceURLMatches`: only what is bound for the whole cluster counts.
    fn allows_path(&self, verb: &str, path: &str) -> bool {
        let has_verb = self.verbs.iter().any(|one| one == "*" || one == verb);
        let is_of =
            |url: &String| url == path || url.strip_suffix('*').is_some_and(|start| path.starts_with(start));
        self.namespaces.is_empty() && has_verb && self.non_resource_urls.iter().any(is_of)
    }
}

// === impl Access ===

impl Access {
    /// Lets a token act as this user, in place of what it was before.
    pub fn allow(&mut self, token: &str, user: User) {
        self.users.insert(token.to_owned(), user);
    }

    /// Takes a token back, as rotation does: requests with it get 401.
    pub fn revoke(&mut self, token: &str) {
        self.users.remove(token);
    }

    /// Whose request it is; no user at all where everybody may do everything. Without users that are told to it, it
    /// asks the objects for the rights of ServiceAccounts.
    pub(super) fn user(
        &self,
        authorization: Option<&str>,
        store: &LiveStore,
    ) -> Result<Option<User>, Status> {
        let token = authorization.and_then(|header| header.strip_prefix("Bearer "));
        if self.users.is_empty() {
            let account = token.and_then(|token| Account::of_token(token.trim()));
            return Ok(account.and_then(|account| account.rights(store)));
        }
        let Some(token) = token else {
            return Ok(Some(User { name: "system:anonymous".to_owned(), ..User::default() }));
        };
        self.users.get(token.trim()).cloned().map(Some).ok_or_else(Status::unauthorized)
    }
}

// === impl User ===

impl User {
    pub(super) fn may(&self, wanted: &Attributes<'_>) -> bool {
        self.rules.iter().any(|rule| rule.allows(wanted))
    }

    /// Whether a path that is not a resource is open to it: discovery and health are, to everybody who is known
    /// (`system:discovery`, `system:public-info-viewer`).
    pub(super) fn may_ask_path(&self, verb: &str, path: &str) -> bool {
        let first = path.trim_matches('/').split('/').next().unwrap_or_default();
        let is_open =
            matches!(first, "api" | "apis" | "openapi" | "version" | "healthz" | "livez" | "readyz");
        (is_open && !self.is_anonymous() && matches!(verb, "get" | "head"))
            || self.rules.iter().any(|rule| rule.allows_path(verb, path))
    }

    pub(super) fn is_anonymous(&self) -> bool {
        self.name == "system:anonymous"
    }

    /// The 403 for a request on a resource.
    pub(super) fn forbidden(&self, wanted: &Attributes<'_>) -> Status {
        let Attributes { verb, group, plural, subresource, namespace, name } = wanted;
        let qualified = if group.is_empty() { (*plural).to_owned() } else { format!("{plural}.{group}") };
        let object = if name.is_empty() { qualified } else { format!("{qualified} {name:?}") };
        let resource =
            if subresource.is_empty() { (*plural).to_owned() } else { format!("{plural}/{subresource}") };
        let place = if namespace.is_empty() {
            "at the cluster scope".to_owned()
        } else {
            format!("in the namespace {namespace:?}")
        };
        let message = format!(
            "{object} is forbidden: User {:?} cannot {verb} resource {resource:?} in API group {group:?} {place}{}",
            self.name,
            self.why(namespace)
        );
        let mut details = Map::new();
        for (key, value) in [("name", name), ("group", group), ("kind", plural)] {
            if !value.is_empty() {
                details.insert(key.to_owned(), json!(value));
            }
        }
        Status { details: Some(Box::new(details)), ..Status::failure(403, "Forbidden", message) }
    }

    /// What went wrong on the way to the answer, as the RBAC authorizer adds it.
    fn why(&self, namespace: &str) -> String {
        let is_asked = |missing: &&Missing| missing.namespace.is_empty() || missing.namespace == namespace;
        let missing: Vec<_> =
            self.missing.iter().filter(is_asked).map(|missing| missing.message.as_str()).collect();
        match missing[..] {
            [] => String::new(),
            [one] => format!(": RBAC: {one}"),
            _ => format!(": RBAC: [{}]", missing.join(", ")),
        }
    }

    /// The 403 for a path that is not a resource, such as discovery.
    pub(super) fn forbidden_path(&self, verb: &str, path: &str) -> Status {
        let message = format!("forbidden: User {:?} cannot {verb} path {path:?}", self.name);
        Status::failure(403, "Forbidden", message).with_details(json!({}))
    }
}

/// The 403 of a fault: some user is refused what this request wants.
pub(super) fn some_forbidden(resource: &Resource, wanted: &Attributes<'_>) -> Status {
    let user = User { name: "system:serviceaccount:default:default".to_owned(), ..User::default() };
    let details = status::about(resource, wanted.name);
    Status { details: Some(Box::new(details)), ..user.forbidden(wanted) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::store::Store;

    fn deployment<'a>(verb: &'a str, name: &'a str) -> Attributes<'a> {
        Attributes {
            verb,
            group: "apps",
            plural: "deployments",
            namespace: "wire",
            name,
            ..Attributes::default()
        }
    }

    #[test]
    fn refusals_are_those_that_were_recorded() {
        let pods = Attributes { verb: "watch", plural: "pods", namespace: "wire", ..Attributes::default() };
        for (user, wanted, recorded) in [
            (
                "system:serviceaccount:wire:nobody",
                deployment("get", "postgres"),
                include_str!("fixtures/forbidden-get.http"),
            ),
            (
                "system:serviceaccount:wire:nobody",
                Attributes { name: "redis-pod", ..pods.clone() },
                include_str!("fixtures/forbidden-watch.http"),
            ),
            (
                "system:anonymous",
                Attributes { verb: "list", ..pods },
                include_str!("fixtures/anonymous.http"),
            ),
        ] {
            let user = User { name: user.to_owned(), ..User::default() };
            let body = recorded.split_once("\r\n\r\n").unwrap().1.trim_end();
            assert_eq!(serde_json::to_string_pretty(&user.forbidden(&wanted).to_value()).unwrap(), body);
        }
    }

    #[test]
    fn a_rule_allows_what_it_names_and_nothing_else() {
        let rule = Rule::new(&["get", "watch"], "apps", "deployments", "wire").named("postgres");
        let user = User { name: "gate".to_owned(), rules: vec![rule], ..User::default() };
        for (wanted, expected) in [
            (deployment("get", "postgres"), true),
            (deployment("watch", "postgres"), true),
            (deployment("list", "postgres"), false),
            (deployment("get", "other"), false),
            (deployment("watch", ""), false),
            (Attributes { namespace: "", ..deployment("get", "postgres") }, false),
            (Attributes { group: "", ..deployment("get", "postgres") }, false),
            (Attributes { subresource: "status", ..deployment("get", "postgres") }, false),
        ] {
            assert_eq!(user.may(&wanted), expected, "{wanted:?}");
        }
    }

    #[test]
    fn tokens_name_users_and_revoked_ones_nobody() {
        let mut access = Access::default();
        let store = LiveStore::new(Store::new(1, 1));
        let user = |access: &Access, header| access.user(header, &store);
        assert!(user(&access, None).unwrap().is_none());
        access.allow("old", User { name: "gate".to_owned(), ..User::default() });
        assert_eq!(user(&access, Some("Bearer old")).unwrap().unwrap().name, "gate");
        assert!(user(&access, None).unwrap().unwrap().is_anonymous());
        access.allow("new", User::default());
        access.revoke("old");
        assert_eq!(user(&access, Some("Bearer old")).unwrap_err().code, 401);
    }
}
