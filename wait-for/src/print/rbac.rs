//! `--print rbac`: ServiceAccount, Roles and bindings, and as comments what else a gate would ask for.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::needs::{self, Purpose, Where};
use super::{OWN, name};
use crate::config::Config;
use crate::follow::crowd;
use crate::newer_than::NewerThan;
use crate::resource::Scope;
use crate::rule::{GET, Rule};
use crate::target::Target;

/// Where a rule holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// The namespace that the manifest is applied to.
    Own,
    /// Another one.
    Namespace(String),
    /// The cluster: objects without a namespace, or in all of them.
    Cluster,
}

/// The rules of one place, those of one purpose together.
type Rules = BTreeMap<Purpose, Vec<Rule>>;

/// Role, binding and account, as YAML.
#[must_use]
pub fn rbac(config: &Config) -> String {
    if !config.needs_cluster() {
        return "# What is only on the network needs no rights, and no ServiceAccount.\n".to_owned();
    }
    let own = match &config.scope {
        Some(Scope::Namespace(name)) => Some(name.as_str()),
        _ => None,
    };
    let account = name::name(config);
    let mut text = String::new();
    document(&mut text, "v1", "ServiceAccount", &account, own);
    let mut left_over = String::new();
    for (place, rules) in places(config) {
        let is_printed = rules.keys().any(|purpose| purpose.is_printed());
        // Elsewhere, gates of other namespaces may wait for the same.
        let elsewhere = format!("{account}.{}", own.unwrap_or(OWN));
        let (kind, name, namespace) = match &place {
            Place::Own => ("Role", &account, own),
            Place::Namespace(name) => ("Role", &elsewhere, Some(name.as_str())),
            Place::Cluster => ("ClusterRole", &elsewhere, None),
        };
        if !is_printed {
            commands(&mut left_over, kind, name, namespace, (&account, own.unwrap_or(OWN)), &rules);
            continue;
        }
        document(&mut text, "rbac.authorization.k8s.io/v1", kind, name, namespace);
        text.push_str("rules:\n");
        for (purpose, rules) in &rules {
            write_rules(&mut text, *purpose, rules);
        }
        document(&mut text, "rbac.authorization.k8s.io/v1", &format!("{kind}Binding"), name, namespace);
        let _ = write!(
            text,
            "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: {kind}\n  name: {name}\n\
             subjects:\n  - kind: ServiceAccount\n    name: {account}\n"
        );
        match (own, place) {
            (Some(own), _) => {
                let _ = writeln!(text, "    namespace: {own}");
            }
            // A binding of the same namespace needs none.
            (None, Place::Own) => {}
            (None, _) => {
                let _ = writeln!(text, "    namespace: {OWN} # the pod's own: say it with --namespace");
            }
        }
    }
    text + &left_over
}

/// The rules of a place, those that are optional as comments.
fn write_rules(text: &mut String, purpose: Purpose, rules: &[Rule]) {
    if let Some(comment) = purpose.comment() {
        let _ = writeln!(text, "  # {comment}");
    }
    let mark = if purpose.is_printed() { "" } else { "# " };
    for line in rules.iter().flat_map(Rule::lines) {
        let _ = writeln!(text, "  {mark}{line}");
    }
}

/// Rights in a place where nothing else is needed, as commands.
fn commands(
    text: &mut String,
    kind: &str,
    name: &str,
    namespace: Option<&str>,
    (account, own): (&str, &str),
    rules: &Rules,
) {
    let kind = kind.to_ascii_lowercase();
    let at = namespace.map(|namespace| format!(" -n {namespace}")).unwrap_or_default();
    for (index, rule) in rules.values().flatten().enumerate() {
        let dot = if rule.group.is_empty() { "" } else { "." };
        let resources: Vec<String> =
            rule.resources.iter().map(|resource| format!("{resource}{dot}{}", rule.group)).collect();
        let (resources, verbs) = (resources.join(","), rule.verbs.join(","));
        let number = if index > 0 { format!("-{}", index + 1) } else { String::new() };
        let name = format!("{name}{number}");
        let _ = write!(
            text,
            "# Optional, to be told the reason in full:\n\
             #   kubectl create {kind} {name}{at} --verb={verbs} --resource={resources}\n\
             #   kubectl create {kind}binding {name}{at} --{kind}={name} --serviceaccount={own}:{account}\n"
        );
    }
}

fn places(config: &Config) -> BTreeMap<Place, Rules> {
    let mut places: BTreeMap<Place, Rules> = BTreeMap::new();
    let mut add = |place: Place, purpose: Purpose, rule: Rule| {
        merge(places.entry(place).or_default().entry(purpose).or_default(), purpose, rule);
    };
    let mut alike: BTreeMap<(String, Vec<Rule>, Place), usize> = BTreeMap::new();
    for wanted in &config.wanted {
        let Some(target) = wanted.aim.object() else { continue };
        let there = place(target, config.scope.as_ref());
        *alike.entry((target.kind.to_string(), needs::together(target), there.clone())).or_default() += 1;
        for (purpose, rule) in needs::required(target) {
            add(there.clone(), purpose, rule);
        }
        if wanted.newer_than == NewerThan::OwnPod {
            add(Place::Own, Purpose::Verdict, Rule::new("", "pods", GET));
        }
        for (place, purpose, rule) in needs::optional(target) {
            let place = match place {
                // Events of what is in no namespace are asked for in our own.
                Where::There if target.kind.is_global() && purpose == Purpose::Reason => Place::Own,
                Where::There => there.clone(),
                Where::Here => Place::Own,
                Where::Nowhere => Place::Cluster,
            };
            add(place, purpose, rule);
        }
    }
    for ((_, rules, there), _) in alike.into_iter().filter(|(_, count)| *count >= crowd::LEAST) {
        for rule in rules {
            add(there.clone(), Purpose::Together, rule);
        }
    }
    for rules in places.values_mut() {
        let needed: Vec<Rule> = rules
            .iter()
            .filter(|(purpose, _)| purpose.is_printed())
            .flat_map(|(_, rules)| rules.clone())
            .collect();
        for (purpose, optional) in &mut *rules {
            if !purpose.is_printed() {
                optional.retain(|rule| !needed.iter().any(|needed| covers(needed, rule)));
            }
        }
        rules.retain(|_, rules| !rules.is_empty());
    }
    places.retain(|_, rules| !rules.is_empty());
    places
}

/// Adds a rule to others of its purpose, in one with what differs only in names, or in resources.
fn merge(rules: &mut Vec<Rule>, purpose: Purpose, rule: Rule) {
    let same = rules.iter_mut().find(|other| {
        other.group == rule.group && other.verbs == rule.verbs && other.resources == rule.resources
    });
    if let Some(other) = same {
        // No name means all of them.
        if rule.names.is_empty() || other.names.is_empty() {
            other.names.clear();
        } else {
            other.names.extend(
                rule.names.into_iter().filter(|name| !other.names.contains(name)).collect::<Vec<_>>(),
            );
        }
        return;
    }
    let joined = rules.iter_mut().find(|other| {
        purpose == Purpose::Reason
            && other.group == rule.group
            && other.verbs == rule.verbs
            && other.names.is_empty()
            && rule.names.is_empty()
    });
    match joined {
        Some(other) => {
            let new = rule.resources.into_iter().filter(|resource| !other.resources.contains(resource));
            other.resources.extend(new.collect::<Vec<_>>());
        }
        None => rules.push(rule),
    }
}

/// Whether one rule allows all that the other does.
fn covers(one: &Rule, other: &Rule) -> bool {
    one.group == other.group
        && other.resources.iter().all(|resource| one.resources.contains(resource))
        && other.verbs.iter().all(|verb| one.verbs.contains(verb))
        && (one.names.is_empty() || (one.names == other.names))
}

fn place(target: &Target, scope: Option<&Scope>) -> Place {
    match (&target.namespace, scope) {
        _ if target.kind.is_global() => Place::Cluster,
        (Some(namespace), Some(Scope::Namespace(own))) if namespace == own => Place::Own,
        (Some(namespace), _) => Place::Namespace(namespace.clone()),
        (None, Some(Scope::AllNamespaces | Scope::Cluster)) => Place::Cluster,
        (None, _) => Place::Own,
    }
}

fn document(text: &mut String, version: &str, kind: &str, name: &str, namespace: Option<&str>) {
    let namespace = namespace.map(|namespace| format!("  namespace: {namespace}\n")).unwrap_or_default();
    let _ = write!(text, "---\napiVersion: {version}\nkind: {kind}\nmetadata:\n  name: {name}\n{namespace}");
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::HashMap;
    use std::ffi::OsString;

    use clap::Parser;

    use super::*;
    use crate::arguments::Arguments;
    use crate::cli::Cli;
    use crate::{config, legacy};

    /// The configuration of a command line, as it is printed.
    pub(in crate::print) fn config(line: &str) -> Config {
        let words = ["wait-for", "--print", "rbac"].into_iter().chain(line.split(' '));
        let Arguments { ours, command, .. } = Arguments::of(words.map(OsString::from));
        let normalised = legacy::normalise(ours);
        let cli = Cli { command, ..Cli::try_parse_from(normalised.args).unwrap() };
        let read = |_: &str| Ok("targets: [pod/x]".to_owned());
        config::resolve(cli, normalised.is_go_timeout, &HashMap::new(), read).unwrap()
    }

    fn printed(line: &str) -> String {
        let text = rbac(&config(line));
        for document in text.split("---\n").filter(|document| !document.trim().is_empty()) {
            crate::yaml::to_json(document).unwrap_or_else(|error| panic!("{error}: {document}"));
        }
        text
    }

    #[test]
    fn one_named_target_gets_one_rule_and_the_others_as_comments() {
        assert_eq!(
            printed("deployment/postgres --namespace shop"),
            r#"---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: wait-for-deployment-postgres
  namespace: shop
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: wait-for-deployment-postgres
  namespace: shop
rules:
  - apiGroups: ["apps"]
    resources: ["deployments"]
    resourceNames: ["postgres"]
    verbs: [list, watch]
  # Optional, to be told the reason in full:
  # - apiGroups: [""]
  #   resources: ["pods", "events"]
  #   verbs: [list]
  # - apiGroups: ["apps"]
  #   resources: ["replicasets"]
  #   verbs: [list]
  # Optional, to read again what is about to be given up, or is to be explained:
  # - apiGroups: ["apps"]
  #   resources: ["deployments"]
  #   resourceNames: ["postgres"]
  #   verbs: [get]
  # - apiGroups: [""]
  #   resources: ["pods"]
  #   verbs: [get]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: wait-for-deployment-postgres
  namespace: shop
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: wait-for-deployment-postgres
subjects:
  - kind: ServiceAccount
    name: wait-for-deployment-postgres
    namespace: shop
# Optional, to be told the reason in full:
#   kubectl create clusterrole wait-for-deployment-postgres.shop --verb=get --resource=namespaces
#   kubectl create clusterrolebinding wait-for-deployment-postgres.shop --clusterrole=wait-for-deployment-postgres.shop --serviceaccount=shop:wait-for-deployment-postgres
"#
        );
    }

    #[test]
    fn what_is_elsewhere_is_named_after_the_namespace_of_the_gate() {
        for own in ["shop", "web"] {
            let text = printed(&format!("job/migrate@db node/n1 --namespace {own}"));
            for kind in ["Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"] {
                let start = format!("kind: {kind}\nmetadata:\n  name: wait-for-job-migrate-db-");
                let at = text.find(&start).unwrap_or_else(|| panic!("{kind}: {text}"));
                let name = text[at + start.len()..].lines().next().unwrap();
                assert!(name.ends_with(&format!(".{own}")), "{name}");
            }
        }
        assert!(printed("node/n1").contains("namespace: default # the pod's own"));
    }

    #[test]
    fn a_gate_that_asks_for_its_own_pod_may_read_it() {
        let text = printed("job/migrate --newer-than self");
        let rule = "  - apiGroups: [\"\"]\n    resources: [\"pods\"]\n    verbs: [get]\n";
        assert!(text.contains(rule), "{text}");
    }

    #[test]
    fn rules_that_differ_in_names_are_one_and_nothing_is_printed_twice() {
        let text = printed("deployment/a deployment/b pod/app=x pod/y configmap/c secret/d");
        assert_eq!(
            text.matches("resources: [\"deployments\"]").count(),
            2,
            "needed, and to read again: {text}"
        );
        assert!(text.contains("resourceNames: [\"a\", \"b\"]"), "{text}");
        assert!(text.contains("    resources: [\"pods\"]\n    verbs: [list, watch]\n"), "{text}");
    }

    #[test]
    fn many_of_one_kind_can_do_without_the_whole_collection_and_are_told_what_it_is_good_for() {
        let many = |count: usize, kind: &str| {
            let targets: Vec<String> = (0..count).map(|i| format!("{kind}/x{i}")).collect();
            printed(&targets.join(" "))
        };
        let whole =
            "  # - apiGroups: [\"\"]\n  #   resources: [\"configmaps\"]\n  #   verbs: [list, watch]\n";
        assert!(many(100, "configmap").contains(whole), "{}", many(100, "configmap"));
        assert!(many(100, "configmap").contains("resourceNames: [\"x0\", "), "the names are what is needed");
        assert!(!many(99, "configmap").contains("at once"));
        assert!(
            many(100, "service").contains("  #   resources: [\"services\"]\n  #   verbs: [list, watch]\n")
        );
    }

    #[test]
    fn the_network_needs_no_rights() {
        assert!(!printed("tcp://db:5432 https://api/").contains("kind:"));
    }
}
