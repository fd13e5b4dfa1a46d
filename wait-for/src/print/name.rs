//! The name of what is printed: the same for the same rights, another one for others, so that two gates can be applied
//! side by side.

use crate::aim::Aim;
use crate::config::Config;
use crate::evaluate::Check;
use crate::newer_than::NewerThan;
use crate::resource::Scope;
use crate::target::{Target, Which};

use super::needs;

/// A container's name is a label: <https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-label-names>
const LIMIT: usize = 63;
const PREFIX: &str = "wait-for-";

/// The name, as `--print-name` says, or as the targets do.
pub(super) fn name(config: &Config) -> String {
    config.print_name.clone().unwrap_or_else(|| of_targets(config))
}

/// The same, as a container may be called.
pub(super) fn container(config: &Config) -> String {
    let mut name = name(config).replace('.', "-");
    name.truncate(LIMIT);
    name.trim_end_matches('-').to_owned()
}

/// `wait-for-deployment-postgres` for one plain target; for any other what it begins with, and a hash of it all.
fn of_targets(config: &Config) -> String {
    let has_objects = config.needs_cluster();
    // What is on the network makes no difference to rights.
    let aims: Vec<&Aim> = config
        .wanted
        .iter()
        .map(|wanted| &wanted.aim)
        .filter(|aim| !has_objects || aim.object().is_some())
        .collect();
    let is_own_pod_asked = config.wanted.iter().any(|wanted| wanted.newer_than == NewerThan::OwnPod);
    let first = aims.first().map(|aim| slug(&aim.to_string())).unwrap_or_default();
    let name = format!("{PREFIX}{first}");
    if let ([Aim::Object(target)], false) = (aims.as_slice(), is_own_pod_asked)
        && is_plain(target)
        && config.scope != Some(Scope::AllNamespaces)
        && name.len() <= LIMIT
    {
        return name;
    }
    let mut all: Vec<String> = aims.iter().map(|aim| aim.full()).collect();
    all.sort_unstable();
    all.dedup();
    all.push(format!("{is_own_pod_asked} {}", config.scope == Some(Scope::AllNamespaces)));
    let hash = format!("-{:08x}", hash(&all.join("\n")));
    let start: String = name.chars().take(LIMIT - hash.len()).collect();
    start.trim_end_matches('-').to_owned() + &hash
}

/// Whether its kind and name say all that its rights depend on.
fn is_plain(target: &Target) -> bool {
    let Which::Name(name) = &target.which else { return false };
    let usual = Target { check: Check::default_of(&target.kind), ..target.clone() };
    let is_usual = needs::required(target) == needs::required(&usual);
    let is_spelt_alike = !name.contains('.') && target.kind.built_in().is_ok();
    is_usual && is_spelt_alike && target.namespace.is_none()
}

/// What of a text a name may hold.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.to_ascii_lowercase().chars() {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
    }
    slug.trim_end_matches('-').to_owned()
}

/// FNV-1a: the same on every machine and in every version.
/// <https://datatracker.ietf.org/doc/html/draft-eastlake-fnv>
fn hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::super::rbac::tests::config;
    use super::*;

    #[test]
    fn a_plain_target_gives_its_kind_and_name() {
        for (line, expected) in [
            ("deployment/postgres", "wait-for-deployment-postgres"),
            ("deploy/postgres:rolled-out", "wait-for-deployment-postgres"),
            ("deployment/postgres tcp://postgres:5432", "wait-for-deployment-postgres"),
            ("service/db", "wait-for-service-db"),
            ("deployment/x --print-name gate", "gate"),
        ] {
            assert_eq!(name(&config(line)), expected, "{line}");
        }
    }

    #[test]
    fn what_needs_other_rights_has_another_name() {
        let long = format!("deployment/{}", "a".repeat(250));
        let lines = [
            "service/db",
            "service/db:has-address",
            "daemonset/cni",
            "daemonset/cni:available-here",
            "deployment/postgres",
            "deployment/postgres@db",
            "deployment/postgres --newer-than self",
            "deployment/postgres job/migrate",
            "deployment/postgres job/migrate2",
            "deployment/app=postgres",
            "deployment/app-postgres",
            "-resource-type deployment -label-selector app=postgres",
            "widget.example.com/a-b",
            "widget.example.com/a.b",
            "tcp://db:5432",
            &long,
        ];
        let mut names: Vec<String> = lines.iter().map(|line| name(&config(line))).collect();
        for name in &names {
            assert!(name.len() <= LIMIT && crate::name::label(name).is_ok(), "{name}");
        }
        assert_eq!(name(&config("job/migrate deployment/a")), name(&config("job/migrate deployment/a")));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), lines.len(), "{names:?}");
    }

    #[test]
    fn a_container_is_called_by_a_label() {
        assert_eq!(container(&config("pod/x --print-name a.b")), "a-b");
    }
}
