//! Budgets, autoscalers, Ingresses, roles and the like.

use serde_json::{Value, json};

use super::{Broken, Scope, items, text};
use crate::lab::rules::format;
use crate::lab::rules::table::is_absent;

pub(super) fn address_type(slice: &Value, _path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let kind = &slice["addressType"];
    let known = ["FQDN", "IPv4", "IPv6"];
    if is_absent(kind) {
        return;
    }
    if !known.iter().any(|one| kind == one) {
        found.push(Broken::unsupported("addressType", kind, &known));
        return;
    }
    for (at, endpoint) in items(slice, "endpoints").enumerate() {
        for (number, address) in items(endpoint, "addresses").enumerate() {
            let address = address.as_str().unwrap_or_default();
            let wrong = if kind == "FQDN" { format::subdomain(address) } else { format::ip(address) };
            let field = format!("endpoints[{at}].addresses[{number}]");
            found.extend(wrong.iter().map(|why| Broken::invalid_text(field.as_str(), address, why)));
        }
    }
}

pub(super) fn budget(spec: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    if !spec["minAvailable"].is_null() && !spec["maxUnavailable"].is_null() {
        let why = "minAvailable and maxUnavailable cannot be both set";
        found.push(Broken::invalid(path, spec, why));
    }
}

pub(super) fn budget_shares(spec: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    for field in ["minAvailable", "maxUnavailable"] {
        let share = &spec[field];
        if format::percentage(share).is_some_and(|share| share > 100) {
            let why = "must not be greater than 100%";
            found.push(Broken::invalid(format!("{path}.{field}"), share, why));
        }
    }
}

pub(super) fn scale_range(spec: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let most = spec["maxReplicas"].as_i64().unwrap_or(0);
    let field = format!("{path}.maxReplicas");
    if most < 1 {
        found.push(Broken::invalid(field.as_str(), &json!(most), "must be greater than 0"));
    }
    if spec["minReplicas"].as_i64().is_some_and(|least| least > most) {
        let why = "must be greater than or equal to `minReplicas`";
        found.push(Broken::invalid(field, &json!(most), why));
    }
}

pub(super) fn target_version(target: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let version = text(target, "apiVersion");
    let is_core = ["ReplicationController"].contains(&text(target, "kind"));
    if !version.contains('/') && !is_core {
        let why = "apiVersion must specify API group";
        found.push(Broken::invalid_text(format!("{path}.apiVersion"), version, why));
    }
}

pub(super) fn ingress(ingress: &Value, _path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let spec = &ingress["spec"];
    if is_absent(&spec["rules"]) && spec["defaultBackend"].is_null() {
        let why = "either `defaultBackend` or `rules` must be specified";
        found.push(Broken::invalid_as("spec", "[]", why));
    }
    let annotation = &ingress["metadata"]["annotations"]["kubernetes.io/ingress.class"];
    if !annotation.is_null() && !spec["ingressClassName"].is_null() {
        let field = "annotations.kubernetes.io/ingress.class";
        found.push(Broken::invalid(field, annotation, "can not be set when the class field is also set"));
    }
}

pub(super) fn backend(backend: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let (service, resource) = (&backend["service"], &backend["resource"]);
    if !resource.is_null() && !service.is_null() {
        found.push(Broken::invalid_text(path, "", "cannot set both resource and service backends"));
        return;
    }
    if !resource.is_null() {
        return;
    }
    if service.is_null() {
        found.push(Broken::required(path, "resource or service backend is required"));
        return;
    }
    let path = format!("{path}.service");
    let name = text(service, "name");
    if name.is_empty() {
        found.push(Broken::required(format!("{path}.name"), ""));
    } else {
        let wrong = format::label(name);
        found.extend(wrong.iter().map(|why| Broken::invalid_text(format!("{path}.name"), name, why)));
    }
    let (number, by_name) = (service["port"]["number"].as_i64().unwrap_or(0), text(&service["port"], "name"));
    if number > 0 && !by_name.is_empty() {
        found.push(Broken::invalid_text(path, "", "cannot set both port name & port number"));
    } else if number == 0 && by_name.is_empty() {
        found.push(Broken::required(path, "port name or number is required"));
    } else if by_name.is_empty() {
        let field = format!("{path}.port.number");
        found.extend(
            format::between(number, 1, 65_535).map(|why| Broken::invalid(field, &json!(number), why)),
        );
    } else {
        let field = format!("{path}.port.name");
        found.extend(
            format::port_name(by_name).iter().map(|why| Broken::invalid_text(field.as_str(), by_name, why)),
        );
    }
}

pub(super) fn host(rule: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let host = text(rule, "host");
    if host.is_empty() {
        return;
    }
    let path = format!("{path}.host");
    if format::ip(host).is_empty() {
        found.push(Broken::invalid_text(path, host, "must be a DNS name, not an IP address"));
        return;
    }
    let wrong = format::subdomain(host.strip_prefix("*.").unwrap_or(host));
    found.extend(wrong.iter().map(|why| Broken::invalid_text(path.as_str(), host, why)));
}

pub(super) fn path(rule: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let known = ["Exact", "ImplementationSpecific", "Prefix"];
    let (kind, at) = (&rule["pathType"], text(rule, "path"));
    if is_absent(kind) {
        found.push(Broken::required(format!("{path}.pathType"), "pathType must be specified"));
    } else if !known.iter().any(|one| kind == one) {
        found.push(Broken::unsupported(format!("{path}.pathType"), kind, &known));
    } else if kind == "ImplementationSpecific" {
        if !at.is_empty() && !at.starts_with('/') {
            found.push(Broken::invalid_text(format!("{path}.path"), at, "must be an absolute path"));
        }
    } else {
        let field = format!("{path}.path");
        if !at.starts_with('/') {
            found.push(Broken::invalid_text(field.as_str(), at, "must be an absolute path"));
        }
        for part in ["//", "/./", "/../", "%2f", "%2F"] {
            if at.contains(part) {
                found.push(Broken::invalid_text(field.as_str(), at, format!("must not contain '{part}'")));
            }
        }
        for end in ["/..", "/."] {
            if at.ends_with(end) {
                found.push(Broken::invalid_text(field.as_str(), at, format!("cannot end with '{end}'")));
            }
        }
    }
}

pub(super) fn rule(rule: &Value, path: &str, scope: Scope<'_>, found: &mut Vec<Broken>) {
    let urls = !is_absent(&rule["nonResourceURLs"]);
    if urls {
        if scope.kind == "Role" {
            let why = "namespaced rules cannot apply to non-resource URLs";
            found.push(Broken::invalid(format!("{path}.nonResourceURLs"), &rule["nonResourceURLs"], why));
        }
        let others = ["apiGroups", "resources", "resourceNames"];
        if others.iter().any(|field| !is_absent(&rule[*field])) {
            let why = "rules cannot apply to both regular resources and non-resource URLs";
            found.push(Broken::invalid(format!("{path}.nonResourceURLs"), &rule["nonResourceURLs"], why));
        }
        return;
    }
    if is_absent(&rule["apiGroups"]) {
        let why = "resource rules must supply at least one api group";
        found.push(Broken::required(format!("{path}.apiGroups"), why));
    }
    if is_absent(&rule["resources"]) {
        let why = "resource rules must supply at least one resource";
        found.push(Broken::required(format!("{path}.resources"), why));
    }
}

pub(super) fn role_ref(binding: &Value, _path: &str, scope: Scope<'_>, found: &mut Vec<Broken>) {
    let role = &binding["roleRef"];
    let group = "rbac.authorization.k8s.io";
    if text(role, "apiGroup") != group && !is_absent(&role["apiGroup"]) {
        found.push(Broken::unsupported("roleRef.apiGroup", &role["apiGroup"], &[group]));
    }
    let known: &[&str] =
        if scope.kind == "ClusterRoleBinding" { &["ClusterRole"] } else { &["ClusterRole", "Role"] };
    if !known.contains(&text(role, "kind")) {
        let kind = json!(text(role, "kind"));
        found.push(Broken::unsupported("roleRef.kind", &kind, known));
    }
    let name = text(role, "name");
    if name.is_empty() {
        found.push(Broken::required("roleRef.name", ""));
    } else {
        let wrong = format::Name::PathSegment.check(name, false);
        found.extend(wrong.iter().map(|why| Broken::invalid_text("roleRef.name", name, why)));
    }
}

pub(super) fn subject(subject: &Value, path: &str, scope: Scope<'_>, found: &mut Vec<Broken>) {
    let group = text(subject, "apiGroup");
    match text(subject, "kind") {
        "ServiceAccount" => {
            let name = text(subject, "name");
            if !name.is_empty() {
                let wrong = format::subdomain(name);
                found.extend(wrong.iter().map(|why| Broken::invalid_text(format!("{path}.name"), name, why)));
            }
            if !group.is_empty() {
                found.push(Broken::unsupported(format!("{path}.apiGroup"), &subject["apiGroup"], &[""]));
            }
            // In a RoleBinding it is the binding's own.
            if scope.kind == "ClusterRoleBinding" && text(subject, "namespace").is_empty() {
                found.push(Broken::required(format!("{path}.namespace"), ""));
            }
        }
        "User" | "Group" => {
            if !group.is_empty() && group != "rbac.authorization.k8s.io" {
                let known = ["rbac.authorization.k8s.io"];
                found.push(Broken::unsupported(format!("{path}.apiGroup"), &subject["apiGroup"], &known));
            }
        }
        kind => {
            let known = ["Group", "ServiceAccount", "User"];
            found.push(Broken::unsupported(format!("{path}.kind"), &json!(kind), &known));
        }
    }
}

pub(super) fn priority(class: &Value, _path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let name = text(&class["metadata"], "name");
    if name.starts_with("system-") && !["system-node-critical", "system-cluster-critical"].contains(&name) {
        let why = "priority class names with 'system-' prefix are reserved for system use only";
        found.push(Broken::forbidden("metadata.name", why));
    } else if class["value"].as_i64().is_some_and(|value| value > 1_000_000_000) {
        let why = "maximum allowed value of a user defined priority is 1000000000";
        found.push(Broken::forbidden("value", why));
    }
}
