//! `wait-for` that holds nothing back, or waits for the pod it is in, directly or by way of others: such a gate never
//! opens.

use serde_json::Value;

use super::hosts;
use super::workload::Workload;
use super::{Finding, Severity};
use crate::manifest::Object;

/// Conditions that hold without a ready pod.
const WITHOUT_PODS: [&str; 6] = ["exists", "deleted", "has-address", "scheduled", "initialized", "started"];

/// Programs that are a gate, by the name of their image or their file.
const PROGRAMS: [&str; 3] = ["wait-for", "go-wait-for-k8s", "go_wait_for_k8s"];

pub(super) fn check(workload: &Workload<'_>, all: &[Workload<'_>], found: &mut Vec<Finding>) {
    sidecars(workload, found);
    for gate in gates(workload) {
        let needs = needed(&gate, workload, all);
        let own = name(workload);
        if let Some(service) = published(&gate, workload, all) {
            let reason = format!(
                "service/{service} publishes addresses of pods that are not Ready: its name exists before anything \
                 answers there, and of {own} nothing does until a gate has opened"
            );
            let instead = "wait for what answers without these pods, or take this target out".to_owned();
            workload.remark(found, ("published-before-ready", Severity::Note), &gate.path, reason, instead);
        }
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
    /// A name, a selector of equalities, or a host.
    name: String,
    namespace: String,
}

/// A container with `restartPolicy: Always` among the init containers is a sidecar: what follows waits for its start
/// only, and it is started again whenever it ends (<https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/>).
fn sidecars(workload: &Workload<'_>, found: &mut Vec<Finding>) {
    for (path, container) in programs(workload) {
        // What comes after the dashes is held back all the same.
        let has_command = ["command", "args"].iter().any(|field| words(container, field).contains(&"--"));
        if container["restartPolicy"] != "Always" || has_command {
            continue;
        }
        let field = format!("{path}.restartPolicy");
        let reason = "with restartPolicy Always it is a sidecar, and this gate holds nothing back: the next container starts \
                      as soon as it runs, and it is started again each time it has opened"
            .to_owned();
        let instead = "take restartPolicy out, so that it is an init container, which has to end".to_owned();
        workload.remark(found, ("gate-as-sidecar", Severity::Error), &field, reason, instead);
    }
}

/// The init containers that are gates, by their images or their commands.
fn programs<'w>(workload: &'w Workload<'_>) -> Vec<(String, &'w Value)> {
    let path = format!("{}spec.initContainers", workload.template);
    let containers = workload.object.get(&path).and_then(Value::as_array).into_iter().flatten();
    let is_gate = |container: &Value| {
        let image = container["image"].as_str().unwrap_or_default();
        let image = last(image).split([':', '@']).next().unwrap_or_default();
        let program = words(container, "command").first().copied().unwrap_or_default();
        PROGRAMS.contains(&image) || PROGRAMS.contains(&last(program))
    };
    let gates = containers.enumerate().filter(|(_, container)| is_gate(container));
    gates.map(|(number, container)| (format!("{path}[{number}]"), container)).collect()
}

fn words<'w>(container: &'w Value, field: &str) -> Vec<&'w str> {
    container[field].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// What follows the last slash.
fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// The targets of the gates.
fn gates(workload: &Workload<'_>) -> Vec<Gate> {
    let mut gates = vec![];
    for (container, value) in programs(workload) {
        for field in ["command", "args"] {
            let words = words(value, field);
            let own = workload.object.namespace();
            let namespace = option(&words, "--namespace").or_else(|| option(&words, "-n")).unwrap_or(own);
            for (word, text) in words.iter().enumerate().take_while(|(_, text)| **text != "--") {
                let path = format!("{container}.{field}[{word}]");
                match hosts::host(text) {
                    // A resolver knows the pod's own namespace and no other.
                    Some((kind, host)) => {
                        gates.push(Gate { path, kind, name: host.to_owned(), namespace: own.to_owned() });
                    }
                    None => gates.extend(target(text, path, namespace)),
                }
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
            let service = find(of.objects, &gate.name, &gate.namespace);
            let service = service.filter(|service| !publishes_all(service));
            service.map_or_else(Vec::new, |service| selected(service, all))
        }
        hosts::NAME | hosts::SERVER => {
            let service = of_host(gate, of.objects).filter(|service| !publishes_all(service));
            service.map_or_else(Vec::new, |service| selected(service, all))
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

/// The Service that a network target means, if its gate does not open before one of the Service's pods is published:
/// the name of one that is not headless has an address of its own from the beginning.
fn of_host<'o>(gate: &Gate, objects: &'o [Object]) -> Option<&'o Object> {
    hosts::services(&gate.name, &gate.namespace).into_iter().find_map(|(name, namespace, is_of_pod)| {
        let service = find(objects, name, namespace)?;
        let is_headless = service.get("spec.clusterIP").and_then(Value::as_str) == Some("None");
        let is_meant = if is_of_pod || gate.kind == hosts::NAME { is_headless } else { true };
        is_meant.then_some(service)
    })
}

/// A Service that publishes this workload's pods too early for a network target that means it.
fn published<'o>(gate: &Gate, of: &Workload<'o>, all: &[Workload<'_>]) -> Option<&'o str> {
    if !matches!(gate.kind, hosts::NAME | hosts::SERVER) {
        return None;
    }
    let service = of_host(gate, of.objects).filter(|service| publishes_all(service))?;
    let is_own = selected(service, all).iter().any(|other| name(other) == name(of));
    is_own.then(|| service.name())
}

fn find<'o>(objects: &'o [Object], name: &str, namespace: &str) -> Option<&'o Object> {
    let is_it = |object: &&Object| {
        object.kind() == "Service" && object.name() == name && object.namespace() == namespace
    };
    objects.iter().find(is_it)
}

fn publishes_all(service: &Object) -> bool {
    service.get("spec.publishNotReadyAddresses") == Some(&Value::Bool(true))
}

/// The workload whose pods a Service selects, if it is only one: of several, any will do.
fn selected<'w, 'a>(service: &Object, all: &'w [Workload<'a>]) -> Vec<&'w Workload<'a>> {
    let here = all.iter().filter(|workload| workload.object.namespace() == service.namespace());
    let selected: Vec<_> =
        here.filter(|workload| workload.is_selected_by(service.get("spec.selector"))).collect();
    if selected.len() == 1 { selected } else { vec![] }
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
