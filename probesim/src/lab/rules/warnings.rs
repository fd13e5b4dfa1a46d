//! What the API takes and warns of (`pkg/api/pod/warnings.go` and the strategies' `WarningsOnCreate`).

use serde_json::Value;

use super::format;
use crate::lab::schema::resources::Resource;

/// One line for each, as the `Warning` header has it.
pub(in crate::lab) fn of(resource: &Resource, object: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let name = object["metadata"]["name"].as_str().unwrap_or_default();
    let used = match resource.kind.as_str() {
        "Pod" => Some("this is used in the Pod's hostname"),
        "Deployment" | "ReplicaSet" | "StatefulSet" | "Job" | "CronJob" | "ReplicationController" => {
            Some("this is used in Pod names and hostnames")
        }
        _ => None,
    };
    let wrong = format::label(name);
    if let Some(used) = used.filter(|_| !wrong.is_empty()) {
        found.push(format!(
            "metadata.name: {used}, which can result in surprising behavior; a DNS label is recommended: [{}]",
            wrong.join(" ")
        ));
    }
    let (spec, path) = match resource.kind.as_str() {
        "Pod" => (&object["spec"], "spec"),
        "CronJob" => (
            &object["spec"]["jobTemplate"]["spec"]["template"]["spec"],
            "spec.jobTemplate.spec.template.spec",
        ),
        _ => (&object["spec"]["template"]["spec"], "spec.template.spec"),
    };
    if spec["terminationGracePeriodSeconds"].as_i64().is_some_and(|grace| grace < 0) {
        found.push(format!("{path}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"));
    }
    for list in ["initContainers", "containers"] {
        for (at, container) in spec[list].as_array().into_iter().flatten().enumerate() {
            hidden(container, &format!("{path}.{list}[{at}]"), &mut found);
        }
    }
    found
}

/// A variable that is given twice: the last one counts.
fn hidden(container: &Value, path: &str, found: &mut Vec<String>) {
    let mut seen: Vec<&str> = Vec::new();
    for (at, variable) in container["env"].as_array().into_iter().flatten().enumerate() {
        let name = variable["name"].as_str().unwrap_or_default();
        // One that is made of its earlier self is meant so.
        let refers = variable["value"].as_str().is_some_and(|value| value.contains(&format!("$({name})")));
        if seen.contains(&name) && !refers {
            found.push(format!(
                "{path}.env[{at}]: hides previous definition of \"{name}\", which may be dropped when using apply"
            ));
        }
        seen.push(name);
    }
}
