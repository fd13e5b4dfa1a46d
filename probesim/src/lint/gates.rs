//! `wait-for` that waits for the pod it is in, directly or by way of others: such a gate never opens.

use serde_json::Value;

use super::workload::Workload;
use super::{Finding, Severity};
use crate::manifest::Object;

/// Conditions that hold without a ready pod.
const WITHOUT_PODS: [&str; 6] = ["exists", "deleted", "has-address", "scheduled", "initialized", "started"];

pub(super) fn check(workload: &Workload<'_>, all: &[Workload<'_>], found: &mut Vec<Finding>) {
    for gate in gates(workload) {
        let needs = needed(&gate, workload, all);
        let own = name(workload);
        if needs.iter().any(|other| name(other) == own) {
            let reason = format!(
                "{own} waits for its own pods, and they become Ready only after this gate has opened: once none of them \
                 runs, it never does"
            );
            let instead = "take this target out".to_owned();
            workload.remark(found, ("waits-for-itself", Severity::Error), &gate.path, reason, instead);
        } else if let Some(circle) = needs.iter().find_map(|next| circle(next, &own, all, &mut vec![])) {
            let reason = format!(
                "{own} waits for {}, which waits for {own}: once none of them runs, no gate ever opens",
                circle.join(", which waits for ")
            );
            let instead = "take one of the targets out, or wait for its `exists`".to_owned();
            workload.remark(found, ("waits-in-a-circle", Severity::Error), &gate.path, reason, instead);
        }
    }
}

/// A target of a gate.
struct Gate {
    path: String,
    kind: &'static str,
    /// A name, or a selector of equalities.
    name: String,
    namespace: String,
}

/// The targets of the init containers that are `wait-for`.
fn gates(workload: &Workload<'_>) -> Vec<Gate> {
    let path = format!("{}spec.initContainers", workload.template);
    let containers = workload.object.get(&path).and_then(Value::as_array).into_iter().flatten();
    let mut gates = vec![];
    for (number, container) in containers.enumerate() {
        let image = container["image"].as_str().unwrap_or_default();
        let image = image.rsplit('/').next().unwrap_or_default().split([':', '@']).next();
        if image != Some("wait-for") {
            continue;
        }
        for field in ["command", "args"] {
            let words = container[field].as_array().into_iter().flatten().filter_map(Value::as_str);
            let words: Vec<_> = words.collect();
            let namespace = option(&words, "--namespace").or_else(|| option(&words, "-n"));
            let namespace = namespace.unwrap_or(workload.object.namespace());
            for (word, text) in words.iter().enumerate().take_while(|(_, text)| **text != "--") {
                let path = format!("{path}[{number}].{field}[{word}]");
                gates.extend(target(text, path, namespace));
            }
        }
    }
    gates
}

/// `--name value` or `--name=value`.
fn option<'w>(words: &[&'w str], name: &str) -> Option<&'w str> {
    words.iter().enumerate().find_map(|(number, word)| {
        let rest = word.strip_prefix(name)?;
        rest.strip_prefix('=').or_else(|| rest.is_empty().then(|| words.get(number + 1).copied())?)
    })
}

/// `KIND/NAME[@NAMESPACE][:CONDITION]`, if the condition needs a ready pod.
fn target(text: &str, path: String, namespace: &str) -> Option<Gate> {
    let (kind, rest) = text.split_once('/')?;
    let kind = match kind.split('.').next()? {
        "deployment" | "deployments" | "deploy" => "Deployment",
        "statefulset" | "statefulsets" | "sts" => "StatefulSet",
        "daemonset" | "daemonsets" | "ds" => "DaemonSet",
        "replicaset" | "replicasets" | "rs" => "ReplicaSet",
        "job" | "jobs" => "Job",
        "pod" | "pods" | "po" => "Pod",
        "service" | "services" | "svc" => "Service",
        _ => return None,
    };
    let (rest, condition) = rest.split_once(':').unwrap_or((rest, ""));
    if WITHOUT_PODS.contains(&condition.split('=').next()?) || condition.contains('{') {
        return None;
    }
    let (name, namespace) = rest.split_once('@').unwrap_or((rest, namespace));
    Some(Gate { path, kind, name: name.to_owned(), namespace: namespace.to_owned() })
}

/// The workloads whose pods must be ready before the gate opens. A Service needs one of those it selects, so only
/// one that selects a single workload counts; with publishNotReadyAddresses it needs none.
fn needed<'w, 'a>(gate: &Gate, of: &Workload<'a>, all: &'w [Workload<'a>]) -> Vec<&'w Workload<'a>> {
    let here = all.iter().filter(|workload| workload.object.namespace() == gate.namespace);
    match gate.kind {
        "Service" => {
            let is_it = |object: &&Object| {
                object.kind() == "Service"
                    && object.name() == gate.name
                    && object.namespace() == gate.namespace
            };
            let Some(service) = of.objects.iter().find(is_it) else { return vec![] };
            if service.get("spec.publishNotReadyAddresses") == Some(&Value::Bool(true)) {
                return vec![];
            }
            let selected: Vec<_> =
                here.filter(|workload| workload.is_selected_by(service.get("spec.selector"))).collect();
            if selected.len() == 1 { selected } else { vec![] }
        }
        "Pod" if gate.name.contains('=') && !gate.name.contains("!=") => {
            let terms: Option<Vec<_>> = gate.name.split(',').map(|term| term.split_once('=')).collect();
            let Some(terms) = terms else { return vec![] };
            let has = |workload: &&Workload<'_>| {
                terms.iter().all(|(key, value)| workload.label(key) == Some(value.trim_start_matches('=')))
            };
            here.filter(has).collect()
        }
        kind => {
            let is_it = |workload: &&Workload<'_>| {
                workload.object.kind() == kind && workload.object.name() == gate.name
            };
            here.filter(is_it).collect()
        }
    }
}

/// The way from `from` back to the workload called `to`, if its gates lead there.
fn circle(
    from: &Workload<'_>,
    to: &str,
    all: &[Workload<'_>],
    seen: &mut Vec<String>,
) -> Option<Vec<String>> {
    let here = name(from);
    if seen.contains(&here) {
        return None;
    }
    seen.push(here.clone());
    for gate in gates(from) {
        for next in needed(&gate, from, all) {
            let rest = if name(next) == to { Some(vec![]) } else { circle(next, to, all, seen) };
            if let Some(mut rest) = rest {
                rest.insert(0, here);
                return Some(rest);
            }
        }
    }
    None
}

fn name(workload: &Workload<'_>) -> String {
    let object = workload.object;
    format!("{}/{}", object.kind().to_lowercase(), object.name())
}
