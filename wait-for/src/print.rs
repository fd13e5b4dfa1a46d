//! `--print`: the least rights that are enough for these targets, and the initContainer that has them.
//!
//! Nothing is asked of a cluster: a custom resource's plural is taken as it is written.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::config::Config;
use crate::endpoints;
use crate::evaluate::{Check, service};
use crate::resource::Scope;
use crate::target::{Target, Which};

/// `--print`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Print {
    /// ServiceAccount, Roles and bindings.
    Rbac,
    /// The initContainer of a pod.
    InitContainer,
}

impl Print {
    /// The words of the flag.
    pub const WORDS: [(&'static str, Self); 2] =
        [("rbac", Self::Rbac), ("init-container", Self::InitContainer)];
}

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

/// What is granted, without the names that it is granted for.
type Grant = (String, String);
/// The names of a rule; none are all.
type Names = Option<Vec<String>>;
/// The rules of each place.
type Rules = BTreeMap<Place, BTreeMap<Grant, Names>>;

/// Role, binding and account, as YAML.
#[must_use]
pub fn rbac(config: &Config) -> String {
    let own = match &config.scope {
        Some(Scope::Namespace(name)) => Some(name.as_str()),
        _ => None,
    };
    let mut text = String::new();
    document(&mut text, "v1", "ServiceAccount", "wait-for", own);
    for (place, grants) in rules(config) {
        let (kind, namespace) = match &place {
            Place::Own => ("Role", own),
            Place::Namespace(name) => ("Role", Some(name.as_str())),
            Place::Cluster => ("ClusterRole", None),
        };
        document(&mut text, "rbac.authorization.k8s.io/v1", kind, "wait-for", namespace);
        text.push_str("rules:\n");
        for ((group, resource), names) in grants {
            let _ = write!(text, "  - apiGroups: [\"{group}\"]\n    resources: [\"{resource}\"]\n");
            if let Some(names) = names {
                let _ = writeln!(text, "    resourceNames: [\"{}\"]", names.join("\", \""));
            }
            text.push_str("    verbs: [list, watch]\n");
        }
        document(&mut text, "rbac.authorization.k8s.io/v1", &format!("{kind}Binding"), "wait-for", namespace);
        let _ = write!(
            text,
            "roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: {kind}\n  name: wait-for\n\
             subjects:\n  - kind: ServiceAccount\n    name: wait-for\n"
        );
        match (own, place) {
            (Some(own), _) => {
                let _ = writeln!(text, "    namespace: {own}");
            }
            // A binding of the same namespace needs none.
            (None, Place::Own) => {}
            (None, _) => text.push_str("    namespace: default # the pod's own: say it with --namespace\n"),
        }
    }
    text.push_str(
        "# To be told the reason in full, grant list on pods and events, and on replicasets in apps, too.\n",
    );
    text
}

/// The initContainer that waits as `args` says, as YAML.
#[must_use]
pub fn init_container(args: &[String]) -> String {
    let mut text = format!(
        "serviceAccountName: wait-for\ninitContainers:\n  - name: wait-for\n    image: wait-for:{}\n    args:\n",
        env!("CARGO_PKG_VERSION")
    );
    for arg in args {
        // A JSON string is a YAML string.
        let _ = writeln!(text, "      - {}", serde_json::Value::from(arg.as_str()));
    }
    text.push_str(
        "    securityContext:
      runAsNonRoot: true
      runAsUser: 65532
      runAsGroup: 65532
      allowPrivilegeEscalation: false
      readOnlyRootFilesystem: true
      capabilities: { drop: [ALL] }
      seccompProfile: { type: RuntimeDefault }
    resources:
      requests: { cpu: 10m, memory: 16Mi }
      limits: { memory: 32Mi }
",
    );
    text
}

/// The arguments without `--print` and its value.
#[must_use]
pub fn without_print(args: &[String]) -> Vec<String> {
    let mut is_value = false;
    let keep = |arg: &&String| {
        let is_print = *arg == "--print";
        let goes = std::mem::replace(&mut is_value, is_print) || is_print || arg.starts_with("--print=");
        !goes
    };
    args.iter().filter(keep).cloned().collect()
}

fn rules(config: &Config) -> Rules {
    let mut rules = Rules::new();
    for target in config.objects() {
        let place = place(target, config.scope.as_ref());
        for (grant, name) in needs(target) {
            let names = rules.entry(place.clone()).or_default().entry(grant).or_insert(Some(Vec::new()));
            match (names.as_mut(), name) {
                (Some(names), Some(name)) if !names.contains(&name) => names.push(name),
                (_, None) => *names = None,
                _ => {}
            }
        }
    }
    rules
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

/// What has to be listed and watched, and the one name where it is one.
fn needs(target: &Target) -> Vec<(Grant, Option<String>)> {
    let grant = match target.kind.built_in() {
        Ok(row) => (row.group.to_owned(), row.plural.to_owned()),
        Err(custom) => (custom.group().to_owned(), custom.name().to_owned()),
    };
    if target.check == Check::AvailableHere {
        return vec![((String::new(), "pods".to_owned()), None)];
    }
    let name = match &target.which {
        Which::Name(name) => Some(name.clone()),
        Which::Selector(_) => None,
    };
    let mut needs = vec![(grant, name)];
    if let Some(service::Condition::HasEndpoints { .. }) = endpoints::condition(target) {
        needs.push((("discovery.k8s.io".to_owned(), "endpointslices".to_owned()), None));
    }
    needs
}

fn document(text: &mut String, version: &str, kind: &str, name: &str, namespace: Option<&str>) {
    let namespace = namespace.map(|namespace| format!("  namespace: {namespace}\n")).unwrap_or_default();
    let _ = write!(text, "---\napiVersion: {version}\nkind: {kind}\nmetadata:\n  name: {name}\n{namespace}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_flag_itself_is_no_argument_of_the_container() {
        let args = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
        for line in ["--print rbac pod/x --timeout 5s", "pod/x --print=rbac --timeout 5s"] {
            assert_eq!(without_print(&args(line)), args("pod/x --timeout 5s"));
        }
    }

    #[test]
    fn arguments_are_quoted() {
        let text = init_container(&["pod/app in (a, b):ready".into()]);
        assert!(text.contains("      - \"pod/app in (a, b):ready\"\n"), "{text}");
        assert!(crate::yaml::to_json(&text).is_ok());
    }
}
