//! The containers of a manifest, as the kubelet would start them.

use std::collections::HashMap;

use serde_json::Value;

use crate::file::{File, items, text};

/// The namespace that a test pod is in.
pub(crate) const NAMESPACE: &str = "default";

/// A container, and the pod template that it is in.
#[derive(Clone, Copy)]
pub(crate) struct Container<'a> {
    pub(crate) pod: &'a Value,
    pub(crate) value: &'a Value,
}

/// Every container of a file.
pub(crate) fn all(file: &File) -> Vec<Container<'_>> {
    let pods = file.objects.iter().filter_map(pod);
    pods.flat_map(|pod| {
        let containers = items(&pod["initContainers"]).iter().chain(items(&pod["containers"]));
        containers.map(move |value| Container { pod, value })
    })
    .collect()
}

/// The containers that run one of our programs.
pub(crate) fn of<'a>(file: &'a File, program: &str) -> Vec<Container<'a>> {
    all(file).into_iter().filter(|container| container.program() == program).collect()
}

/// The pod that an object is, or makes.
pub(crate) fn pod(object: &Value) -> Option<&Value> {
    match text(&object["kind"]) {
        "Pod" => object.get("spec"),
        _ => object.pointer("/spec/template/spec"),
    }
}

impl Container<'_> {
    pub(crate) fn name(&self) -> &str {
        text(&self.value["name"])
    }

    pub(crate) fn is_ours(&self) -> bool {
        matches!(self.program(), "wait-for" | "probesim")
    }

    /// The image's name without registry and tag.
    pub(crate) fn program(&self) -> &str {
        let name = text(&self.value["image"]).rsplit('/').next().unwrap_or_default();
        name.split([':', '@']).next().unwrap_or_default()
    }

    /// Its variables; what is only known in a cluster is stood in for.
    pub(crate) fn environment(&self) -> HashMap<String, String> {
        let value = |variable: &Value| match &variable["value"] {
            Value::String(literal) => literal.clone(),
            _ if variable.pointer("/valueFrom/fieldRef/fieldPath") == Some(&"metadata.namespace".into()) => {
                NAMESPACE.to_owned()
            }
            other => panic!("{}: no test value for {variable}, {other}", self.name()),
        };
        items(&self.value["env"])
            .iter()
            .map(|variable| (text(&variable["name"]).to_owned(), value(variable)))
            .collect()
    }

    /// Its arguments, with `$(VARIABLE)` replaced:
    /// <https://kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container/>
    pub(crate) fn arguments(&self) -> Vec<String> {
        let environment = self.environment();
        let replaced = |argument: &Value| {
            environment.iter().fold(text(argument).to_owned(), |text, (name, value)| {
                text.replace(&format!("$({name})"), value)
            })
        };
        items(&self.value["args"]).iter().map(replaced).collect()
    }
}
