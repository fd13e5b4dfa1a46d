//! Whether a file tells a whole story: with everything that it speaks of.

use serde_json::Value;
use wait_for::target::{Target, Which};

use crate::arguments;
use crate::container::{self, pod};
use crate::file::{File, items, text};

/// The targets of gates that are not in the same file.
pub(crate) fn absent_targets(file: &File) -> Vec<String> {
    let gates = container::of(file, "wait-for");
    let gates = gates.iter().filter_map(|container| arguments::gate(container).ok());
    // What is on the network may be anywhere.
    let targets = gates.flat_map(|gate| gate.objects().cloned().collect::<Vec<_>>());
    targets.filter(|target| !is_in(file, target)).map(|target| format!("no {target} to wait for")).collect()
}

/// The selectors that nothing in the same file matches, and the named ports that nothing there has.
pub(crate) fn idle_selectors(file: &File) -> Vec<String> {
    let mut complaints = Vec::new();
    for object in &file.objects {
        let own = &object["spec"]["selector"]["matchLabels"];
        if own.is_object() && !matches(own, &object["spec"]["template"]["metadata"]["labels"]) {
            complaints
                .push(format!("{}: its own pods do not match {own}", text(&object["metadata"]["name"])));
        }
    }
    for service in file.of_kind("Service") {
        let selector = &service["spec"]["selector"];
        let behind: Vec<&Value> = file
            .objects
            .iter()
            .filter(|object| matches(selector, pod_labels(object)))
            .filter_map(pod)
            .collect();
        for port in items(&service["spec"]["ports"]) {
            let ports =
                |pod: &&Value| items(&pod["containers"]).iter().any(|one| has_port(one, &port["targetPort"]));
            if !behind.iter().any(ports) {
                let name = text(&service["metadata"]["name"]);
                complaints
                    .push(format!("service/{name}: no pod with {selector} has port {}", port["targetPort"]));
            }
        }
    }
    complaints
}

/// Files that do not begin with two lines of comment.
pub(crate) fn untold(file: &File) -> Vec<String> {
    let is_told = file.text.lines().take(2).filter(|line| line.starts_with("# ")).count() == 2;
    if is_told { vec![] } else { vec!["say on top, in two lines, what it shows".into()] }
}

fn is_in(file: &File, target: &Target) -> bool {
    file.objects.iter().any(|object| {
        let metadata = &object["metadata"];
        let is_meant = match &target.which {
            Which::Name(name) => metadata["name"] == name.as_str(),
            Which::Selector(selector) => selector
                .as_str()
                .split(',')
                .filter_map(|requirement| requirement.split_once('='))
                .all(|(key, value)| metadata["labels"][key] == value),
        };
        text(&object["kind"]).eq_ignore_ascii_case(&target.kind.to_string()) && is_meant
    })
}

fn pod_labels(object: &Value) -> &Value {
    match text(&object["kind"]) {
        "Pod" => &object["metadata"]["labels"],
        _ => &object["spec"]["template"]["metadata"]["labels"],
    }
}

fn matches(selector: &Value, labels: &Value) -> bool {
    let wanted = selector.as_object().filter(|wanted| !wanted.is_empty());
    wanted.is_some_and(|wanted| wanted.iter().all(|(key, value)| labels.get(key) == Some(value)))
}

fn has_port(container: &Value, wanted: &Value) -> bool {
    items(&container["ports"]).iter().any(|port| port["name"] == *wanted || port["containerPort"] == *wanted)
}
