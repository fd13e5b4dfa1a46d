//! Who may do what: bearer tokens, and RBAC rules as far as a gate's Role needs them.
//!
//! Rules: "Using RBAC Authorization" in the Kubernetes documentation. Without any user, everybody may do everything.

use std::collections::BTreeMap;

use serde_json::{Map, json};

use super::answer::status::{self, Status};
use crate::lab::schema::resources::Resource;

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
        let resource = if wanted.subresource.is_empty() {
            wanted.plural.to_owned()
        } else {
            format!("{}/{}", wanted.plural, wanted.subresource)
        };
        has(&self.verbs, wanted.verb)
            && has(&self.api_groups, wanted.group)
            && has(&self.resources, &resource)
            && (self.resource_names.is_empty() || self.resource_names.iter().any(|name| name == wanted.name))
            && (self.namespaces.is_empty() || self.namespaces.iter().any(|ns| ns == wanted.namespace))
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

    /// Whose request it is; no user at all where everybody may do everything.
    pub(super) fn user(&self, authorization: Option<&str>) -> Result<Option<User>, Status> {
        if self.users.is_empty() {
            return Ok(None);
        }
        let Some(token) = authorization.and_then(|header| header.strip_prefix("Bearer ")) else {
            return Ok(Some(User { name: "system:anonymous".to_owned(), rules: Vec::new() }));
        };
        self.users.get(token.trim()).cloned().map(Some).ok_or_else(Status::unauthorized)
    }
}

// === impl User ===

impl User {
    pub(super) fn may(&self, wanted: &Attributes<'_>) -> bool {
        self.rules.iter().any(|rule| rule.allows(wanted))
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
            "{object} is forbidden: User {:?} cannot {verb} resource {resource:?} in API group {group:?} {place}",
            self.name
        );
        let mut details = Map::new();
        for (key, value) in [("name", name), ("group", group), ("kind", plural)] {
            if !value.is_empty() {
                details.insert(key.to_owned(), json!(value));
            }
        }
        Status { details: Some(Box::new(details)), ..Status::failure(403, "Forbidden", message) }
    }

    /// The 403 for a path that is not a resource, such as discovery.
    pub(super) fn forbidden_path(&self, verb: &str, path: &str) -> Status {
        let message = format!("forbidden: User {:?} cannot {verb} path {path:?}", self.name);
        Status::failure(403, "Forbidden", message).with_details(json!({}))
    }
}

/// The 403 of a fault: some user is refused what this request wants.
pub(super) fn some_forbidden(resource: &Resource, wanted: &Attributes<'_>) -> Status {
    let user = User { name: "system:serviceaccount:default:default".to_owned(), rules: Vec::new() };
    let details = status::about(resource, wanted.name);
    Status { details: Some(Box::new(details)), ..user.forbidden(wanted) }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            let user = User { name: user.to_owned(), rules: Vec::new() };
            let body = recorded.split_once("\r\n\r\n").unwrap().1.trim_end();
            assert_eq!(serde_json::to_string_pretty(&user.forbidden(&wanted).to_value()).unwrap(), body);
        }
    }

    #[test]
    fn a_rule_allows_what_it_names_and_nothing_else() {
        let rule = Rule::new(&["get", "watch"], "apps", "deployments", "wire").named("postgres");
        let user = User { name: "gate".to_owned(), rules: vec![rule] };
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
        assert!(access.user(None).unwrap().is_none());
        access.allow("old", User { name: "gate".to_owned(), rules: Vec::new() });
        assert_eq!(access.user(Some("Bearer old")).unwrap().unwrap().name, "gate");
        assert!(access.user(None).unwrap().unwrap().is_anonymous());
        access.allow("new", User::default());
        access.revoke("old");
        assert_eq!(access.user(Some("Bearer old")).unwrap_err().code, 401);
    }
}
