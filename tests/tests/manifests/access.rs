//! What a gate needs from the API server, and what its Role grants:
//! <https://kubernetes.io/docs/reference/access-authn-authz/rbac/>

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;
use wait_for::config::Config;
use wait_for::kind::Kind;
use wait_for::print::needs::{self, Purpose, Where};
use wait_for::resource::Scope;
use wait_for::rule::Rule;
use wait_for::target::Target;

use crate::arguments;
use crate::container::{self, NAMESPACE};
use crate::file::{File, items, text};

const SLICES: (&str, &str) = ("discovery.k8s.io", "endpointslices");
const EVENTS: (&str, &str) = ("", "events");

/// One verb on one resource, or on one object of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Permission {
    verb: String,
    group: String,
    resource: String,
    name: Option<String>,
}

/// The gates whose account may do less than they need, or more.
pub(crate) fn unfit_roles(file: &File) -> Vec<String> {
    let mut complaints = Vec::new();
    for container in container::of(file, "wait-for") {
        let account = text(&container.pod["serviceAccountName"]);
        if file.find("ServiceAccount", account).is_none() {
            complaints.push(format!("{}: no ServiceAccount \"{account}\" in this file", container.name()));
        }
        match arguments::gate(&container).and_then(|config| Ok((needed(&config)?, config))) {
            Ok((needed, config)) => {
                let useful: BTreeSet<Permission> = config.objects().flat_map(useful_to).collect();
                let granted: BTreeSet<Permission> = granted(file, account);
                complaints.extend(
                    needed.difference(&granted).map(|missing| format!("{account} may not {missing}")),
                );
                complaints.extend(
                    granted
                        .difference(&needed)
                        .filter(|surplus| !useful.contains(surplus))
                        .map(|surplus| format!("{account} need not {surplus}")),
                );
            }
            Err(error) => complaints.push(format!("{}: {error}", container.name())),
        }
    }
    complaints
}

/// What gates mostly wait for, and what `deploy/rbac` has rules for.
const COMMON: [Kind; 7] = [
    Kind::Deployment,
    Kind::StatefulSet,
    Kind::DaemonSet,
    Kind::ReplicaSet,
    Kind::Job,
    Kind::Pod,
    Kind::Service,
];

/// The Roles that grant more than reading, or something that no API has.
pub(crate) fn careless_roles(file: &File) -> Vec<String> {
    let cluster_wide =
        file.of_kind("ClusterRole").map(|role| format!("{} is for all namespaces", name(role)));
    let rules =
        file.of_kind("Role").flat_map(|role| permissions(role).into_iter().map(move |one| (role, one)));
    let careless = rules.filter_map(|(role, permission)| {
        let is_reading = ["get", "list", "watch"].contains(&permission.verb.as_str());
        let is_known = COMMON
            .iter()
            .map(resource)
            .chain([SLICES, EVENTS])
            .any(|resource| resource == (permission.group.as_str(), permission.resource.as_str()));
        (!is_reading || !is_known).then(|| format!("{} must not grant {permission}", name(role)))
    });
    let unbound = file.of_kind("Role").filter(|role| !is_bound(file, role));
    cluster_wide
        .chain(careless)
        .chain(unbound.map(|role| format!("{} is bound to nobody", name(role))))
        .collect()
}

/// The kinds that `deploy/rbac` says nothing about, by name or by selection.
pub(crate) fn kinds_without_a_rule() -> Vec<String> {
    let granted: BTreeSet<Permission> = File::all_in("deploy/rbac")
        .iter()
        .flat_map(|file| file.of_kind("Role").flat_map(permissions).collect::<Vec<_>>())
        .collect();
    let targets = COMMON.iter().flat_map(|kind| {
        let named = format!("{kind}/my-{kind}");
        // A Service by label is a remark in the file on Services.
        let selected = (*kind != Kind::Service).then(|| format!("{kind}/app=web"));
        [Some(named), selected].into_iter().flatten()
    });
    let lacking = targets.filter_map(|target| {
        let needed = needed_by(&target.parse().expect("a target"));
        let missing = needed.difference(&granted).next()?;
        Some(format!("{target}: no rule for {missing}"))
    });
    lacking.collect()
}

fn needed(config: &Config) -> Result<BTreeSet<Permission>, String> {
    let is_own = |namespace: &str| namespace == NAMESPACE;
    for target in config.objects() {
        let is_in_own = match (&target.namespace, &config.scope) {
            (Some(namespace), _) | (None, Some(Scope::Namespace(namespace))) => is_own(namespace),
            (None, Some(Scope::AllNamespaces | Scope::Cluster)) => false,
            (None, None) => true,
        };
        if !is_in_own {
            return Err(format!(
                "{} is not in the pod's own namespace: a Role cannot grant it",
                target.full()
            ));
        }
    }
    Ok(config.objects().flat_map(needed_by).collect())
}

/// The API group and the plural name, as a rule has them.
fn resource(kind: &Kind) -> (&'static str, &'static str) {
    let built_in = kind.built_in().expect("the manifests gate on kinds that every cluster has");
    (built_in.group, built_in.plural)
}

/// As `--print rbac` and the gate's own advice have it.
fn needed_by(target: &Target) -> BTreeSet<Permission> {
    needs::required(target).iter().flat_map(|(_, rule)| permitted(rule)).collect()
}

/// What may be granted besides, to be told the reason in full.
fn useful_to(target: &Target) -> BTreeSet<Permission> {
    let namespaced =
        |(place, purpose, _): &(Where, Purpose, _)| *place != Where::Nowhere && *purpose == Purpose::Reason;
    let rules = needs::optional(target).into_iter().filter(namespaced);
    rules.flat_map(|(_, _, rule)| permitted(&rule)).collect()
}

fn permitted(rule: &Rule) -> Vec<Permission> {
    let names: Vec<Option<&str>> = match rule.names.as_slice() {
        [] => vec![None],
        names => names.iter().map(|name| Some(name.as_str())).collect(),
    };
    let mut all = Vec::new();
    for resource in &rule.resources {
        for verb in rule.verbs {
            all.extend(names.iter().map(|name| Permission::new(verb, &rule.group, resource, *name)));
        }
    }
    all
}

fn granted(file: &File, account: &str) -> BTreeSet<Permission> {
    let bindings = file.of_kind("RoleBinding").filter(|binding| {
        items(&binding["subjects"])
            .iter()
            .any(|subject| subject["kind"] == "ServiceAccount" && subject["name"] == account)
    });
    let roles = bindings.filter_map(|binding| file.find("Role", text(&binding["roleRef"]["name"])));
    roles.flat_map(permissions).collect()
}

fn is_bound(file: &File, role: &Value) -> bool {
    let to_accounts = |binding: &Value| {
        items(&binding["subjects"])
            .iter()
            .all(|subject| file.find("ServiceAccount", text(&subject["name"])).is_some())
    };
    file.of_kind("RoleBinding").any(|binding| {
        let reference = &binding["roleRef"];
        reference["kind"] == "Role"
            && reference["apiGroup"] == "rbac.authorization.k8s.io"
            && reference["name"] == role["metadata"]["name"]
            && to_accounts(binding)
    })
}

fn permissions(role: &Value) -> Vec<Permission> {
    let mut all = Vec::new();
    for rule in items(&role["rules"]) {
        let names: Vec<Option<&str>> = match items(&rule["resourceNames"]) {
            [] => vec![None],
            names => names.iter().map(|name| Some(text(name))).collect(),
        };
        for group in items(&rule["apiGroups"]) {
            for resource in items(&rule["resources"]) {
                for verb in items(&rule["verbs"]) {
                    let permission =
                        |name: &Option<&str>| Permission::new(text(verb), text(group), text(resource), *name);
                    all.extend(names.iter().map(permission));
                }
            }
        }
    }
    all
}

fn name(object: &Value) -> &str {
    text(&object["metadata"]["name"])
}

// === impl Permission ===

impl Permission {
    fn new(verb: &str, group: &str, resource: &str, name: Option<&str>) -> Self {
        let owned = str::to_owned;
        Self { verb: owned(verb), group: owned(group), resource: owned(resource), name: name.map(owned) }
    }
}

/// `watch deployments.apps/postgres`
impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verb, group, resource, name } = self;
        write!(f, "{verb} {resource}{}{group}", if group.is_empty() { "" } else { "." })?;
        name.as_ref().map_or(Ok(()), |name| write!(f, "/{name}"))
    }
}
