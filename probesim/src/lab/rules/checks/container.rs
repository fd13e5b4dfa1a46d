//! `validateContainers` and what it calls, as far as it looks at several fields.

use serde_json::{Value, json};

use super::{Broken, Scope, items, probe, text};
use crate::lab::rules::broken::shown;
use crate::lab::rules::quantity;
use crate::lab::rules::table::is_absent;

const INIT: &str = "may not be set for init containers without restartPolicy=Always";
/// `validEnvDownwardAPIFieldPathExpressions`, and what other paths there are.
const FIELDS: [&str; 9] = [
    "metadata.name",
    "metadata.namespace",
    "metadata.uid",
    "spec.nodeName",
    "spec.serviceAccountName",
    "status.hostIP",
    "status.hostIPs",
    "status.podIP",
    "status.podIPs",
];
const OTHER_FIELDS: [&str; 6] = [
    "metadata.annotations",
    "metadata.labels",
    "spec.restartPolicy",
    "spec.schedulerName",
    "status.phase",
    "status.nominatedNodeName",
];

pub(super) fn image(container: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let image = text(container, "image");
    let path = format!("{path}.image");
    // A workload that fills it in later may leave it out of its template: only a pod has to have it.
    if image.is_empty() {
        found.push(Broken::required(path, ""));
    } else if image.trim() != image {
        found.push(Broken::invalid(
            path,
            &container["image"],
            "must not have leading or trailing whitespace",
        ));
    }
}

/// Names within the pod, then hooks and probes.
pub(super) fn check(container: &Value, path: &str, scope: Scope<'_>, found: &mut Vec<Broken>) {
    let pod = scope.pod.unwrap_or(&Value::Null);
    let is_init = path.contains(".initContainers[");
    let name = &container["name"];
    let number: usize =
        path.rsplit_once('[').and_then(|(_, at)| at.trim_end_matches(']').parse().ok()).unwrap_or(0);
    let before = |list: &str, most: usize| items(pod, list).take(most).any(|other| other["name"] == *name);
    let is_taken = if is_init {
        before("containers", usize::MAX) || before("initContainers", number)
    } else {
        before("containers", number)
    };
    if !is_absent(name) && is_taken {
        found.push(Broken::duplicate(format!("{path}.name"), name));
    }
    if is_init {
        let policy = &container["restartPolicy"];
        if !is_absent(policy) && !["Always", "Never", "OnFailure"].iter().any(|known| policy == known) {
            let field = format!("{path}.restartPolicy");
            found.push(Broken::unsupported(field, policy, &["Always", "Never", "OnFailure"]));
            return;
        }
        if policy != "Always" {
            let fields = ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"];
            let given = fields.iter().filter(|field| !container[**field].is_null());
            found.extend(given.map(|field| Broken::forbidden(format!("{path}.{field}"), INIT)));
            return;
        }
    } else if let policy = &container["restartPolicy"]
        && !is_absent(policy)
        && !["Always", "Never", "OnFailure"].iter().any(|known| policy == known)
    {
        let field = format!("{path}.restartPolicy");
        found.push(Broken::unsupported(field, policy, &["Always", "Never", "OnFailure"]));
    }
    probe::lifecycle(container, path, scope, found);
    probe::probes(container, path, scope, found);
}

pub(super) fn host_ports(container: &Value, path: &str, scope: Scope<'_>, found: &mut Vec<Broken>) {
    if scope.pod.is_none_or(|pod| pod["hostNetwork"] != true) {
        return;
    }
    for (at, port) in items(container, "ports").enumerate() {
        let own = &port["hostPort"];
        if !is_absent(own) && *own != port["containerPort"] {
            let why = "must match `hostPort` when `hostNetwork` is true";
            found.push(Broken::invalid(
                format!("{path}.ports[{at}].containerPort"),
                &port["containerPort"],
                why,
            ));
        }
    }
}

pub(super) fn env(variable: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let Some(from) = variable["valueFrom"].as_object() else { return };
    let path = format!("{path}.valueFrom");
    let count = from.values().filter(|source| !source.is_null()).count();
    if count == 0 {
        let why = "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or \
                   `fileKeyRef`";
        found.push(Broken::invalid_text(path, "", why));
        return;
    }
    if !is_absent(&variable["value"]) {
        found.push(Broken::invalid_text(path.as_str(), "", "may not be specified when `value` is not empty"));
    } else if count > 1 {
        found.push(Broken::invalid_text(
            path.as_str(),
            "",
            "may not have more than one field specified at a time",
        ));
    }
    for (source, value) in from {
        source_of(source, value, &format!("{path}.{source}"), found);
    }
}

fn source_of(source: &str, value: &Value, path: &str, found: &mut Vec<Broken>) {
    let mut require = |field: &str| {
        if is_absent(&value[field]) {
            found.push(Broken::required(format!("{path}.{field}"), ""));
        }
    };
    match source {
        "configMapKeyRef" | "secretKeyRef" => {
            require("name");
            require("key");
        }
        "resourceFieldRef" => require("resource"),
        "fieldRef" => {
            let field = text(value, "fieldPath");
            let path = format!("{path}.fieldPath");
            let base = field.split_once('[').map_or(field, |(base, _)| base);
            let is_subscript =
                field.ends_with("']") && ["metadata.annotations", "metadata.labels"].contains(&base);
            if field.is_empty() {
                found.push(Broken::required(path, ""));
            } else if is_subscript || FIELDS.contains(&field) {
            } else if OTHER_FIELDS.contains(&field) {
                found.push(Broken::unsupported(path, &value["fieldPath"], &FIELDS));
            } else {
                let why = format!("error converting fieldPath: field label not supported: {field}");
                found.push(Broken::invalid(path, &value["fieldPath"], why));
            }
        }
        _ => {}
    }
}

pub(super) fn env_from(source: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let given: Vec<&str> =
        ["configMapRef", "secretRef"].into_iter().filter(|field| source[*field].is_object()).collect();
    match given.as_slice() {
        [] => {
            let why = "must specify one of: `configMapRef` or `secretRef`";
            found.push(Broken::invalid_text(path, "", why));
        }
        [_] => {}
        _ => {
            let why = "may not have more than one field specified at a time";
            found.push(Broken::invalid_text(path, "", why));
        }
    }
    for field in given {
        if is_absent(&source[field]["name"]) {
            found.push(Broken::required(format!("{path}.{field}.name"), ""));
        }
    }
}

pub(super) fn restart_rules(container: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    if is_absent(&container["restartPolicyRules"]) {
        return;
    }
    if is_absent(&container["restartPolicy"]) {
        let why = "must specify restartPolicy when restart rules are used";
        found.push(Broken::required(format!("{path}.restartPolicy"), why));
    }
    for (at, rule) in items(container, "restartPolicyRules").enumerate() {
        let path = format!("{path}.restartPolicyRules[{at}]");
        if !["Restart", "RestartAllContainers"].iter().any(|known| rule["action"] == *known) {
            let known = ["Restart", "RestartAllContainers"];
            found.push(Broken::unsupported(
                format!("{path}.action"),
                &shown_or_empty(&rule["action"]),
                &known,
            ));
        }
        let codes = &rule["exitCodes"];
        if codes.is_null() {
            found.push(Broken::required(format!("{path}.exitCodes"), "must be specified"));
            continue;
        }
        if !["In", "NotIn"].iter().any(|known| codes["operator"] == *known) {
            let operator = shown_or_empty(&codes["operator"]);
            found.push(Broken::unsupported(
                format!("{path}.exitCodes.operator"),
                &operator,
                &["In", "NotIn"],
            ));
        }
        let count = codes["values"].as_array().map_or(0, Vec::len);
        if count == 0 {
            let why = "must specify at least one exit code";
            found.push(Broken::invalid_as(format!("{path}.exitCodes.values"), "[]", why));
        } else if count > 255 {
            found.push(Broken::too_many(format!("{path}.exitCodes.values"), count, 255));
        }
    }
}

fn shown_or_empty(value: &Value) -> Value {
    if value.is_null() { json!("") } else { value.clone() }
}

/// No request is above its limit.
pub(super) fn resources(resources: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    for list in ["limits", "requests"] {
        for (name, _) in resources[list].as_object().into_iter().flatten() {
            let is_standard = ["cpu", "memory", "ephemeral-storage", "storage"].contains(&name.as_str())
                || name.starts_with("hugepages-")
                || name.contains('/');
            if !is_standard {
                let path = format!("{path}.{list}[{name}]");
                let why = "must be a standard resource type or fully qualified";
                found.push(Broken::invalid_text(path.as_str(), name, why));
                let why = "must be a standard resource for containers";
                found.push(Broken::invalid_text(path, name, why));
            }
        }
    }
    for (name, request) in resources["requests"].as_object().into_iter().flatten() {
        let limit = &resources["limits"][name];
        let amount = |value: &Value| value.as_str().and_then(|text| quantity::parse(text).ok());
        let (Some(asked), Some(most)) = (amount(request), amount(limit)) else { continue };
        let path = format!("{path}.requests");
        let limit = limit.as_str().unwrap_or_default();
        if asked > most {
            let why = format!("must be less than or equal to {name} limit of {limit}");
            found.push(Broken::invalid_as(path, &shown(request), why));
        } else if asked != most && name.contains('/') {
            let why = format!("must be equal to {name} limit of {limit}");
            found.push(Broken::invalid_as(path, &shown(request), why));
        }
    }
}

pub(super) fn privilege(context: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    if context["allowPrivilegeEscalation"] != false {
        return;
    }
    if context["privileged"] == true {
        let why = "cannot set `allowPrivilegeEscalation` to false and `privileged` to true";
        found.push(Broken::invalid_as(path, &shown(context), why));
    }
    let added = context["capabilities"]["add"].as_array();
    if added.is_some_and(|added| added.iter().any(|one| one == "CAP_SYS_ADMIN")) {
        let why = "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN";
        found.push(Broken::invalid_as(path, &shown(context), why));
    }
}
