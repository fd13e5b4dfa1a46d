//! Rules about several fields at once, by the name that `table.txt` gives them.
//!
//! | file | rules about |
//! |---|---|
//! | `pod`, `container`, `probe`, `volume` | what runs |
//! | `scheduling` | where it may run |
//! | `selector`, `workload`, `job` | what makes pods |
//! | `service` | Services and their ports |
//! | `data` | ConfigMaps, Secrets, claims |
//! | `policy` | budgets, autoscalers, Ingresses, roles |

mod container;
mod data;
mod job;
mod pod;
mod policy;
mod probe;
mod scheduling;
mod selector;
mod service;
mod volume;
mod workload;

use serde_json::Value;

use super::broken::Broken;
use super::table::Scope;

/// Looks at a value of a type, at its path.
type Check = fn(&Value, &str, Scope<'_>, &mut Vec<Broken>);

const CHECKS: &[(&str, Check)] = &[
    ("dns", pod::dns),
    ("template-labels", pod::template_labels),
    ("container", container::check),
    ("image", container::image),
    ("host-ports", container::host_ports),
    ("env", container::env),
    ("env-from", container::env_from),
    ("mounts", volume::mounts),
    ("volume-source", volume::source),
    ("restart-rules", container::restart_rules),
    ("resources", container::resources),
    ("privilege", container::privilege),
    ("probe-handler", probe::handlers),
    ("headers", probe::headers),
    ("toleration", scheduling::toleration),
    ("node-requirement", scheduling::node_requirement),
    ("weight", scheduling::weight),
    ("requirement", selector::requirement),
    ("template-matches", workload::template_matches),
    ("runs-forever", workload::runs_forever),
    ("progress-deadline", workload::progress_deadline),
    ("recreate", workload::recreate),
    ("surge", workload::surge),
    ("daemon-surge", workload::daemon_surge),
    ("stateful-policies", workload::stateful_policies),
    ("job-selector", job::selector),
    ("job", job::spec),
    ("runs-to-the-end", job::runs_to_the_end),
    ("failure-rule", job::failure_rule),
    ("exit-codes", job::exit_codes),
    ("schedule", job::schedule),
    ("service", service::check),
    ("service-port", service::port),
    ("service-ports", service::ports),
    ("service-addresses", service::addresses),
    ("node-ports", service::node_ports),
    ("config-map", data::config_map),
    ("secret", data::secret),
    ("secret-type", data::secret_type),
    ("storage", data::storage),
    ("address-type", policy::address_type),
    ("budget", policy::budget),
    ("budget-shares", policy::budget_shares),
    ("scale-range", policy::scale_range),
    ("target-version", policy::target_version),
    ("ingress", policy::ingress),
    ("backend", policy::backend),
    ("host", policy::host),
    ("path", policy::path),
    ("policy-rule", policy::rule),
    ("role-ref", policy::role_ref),
    ("subject", policy::subject),
    ("priority", policy::priority),
];

/// Carries out the check of this name.
pub(super) fn run(name: &str, value: &Value, path: &str, scope: Scope<'_>, found: &mut Vec<Broken>) {
    if let Some((_, check)) = CHECKS.iter().find(|(known, _)| *known == name) {
        check(value, path, scope, found);
    }
}

#[cfg(test)]
pub(super) fn is_known(name: &str) -> bool {
    CHECKS.iter().any(|(known, _)| *known == name)
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

fn items<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value[field].as_array().into_iter().flatten()
}
