//! Services (`ValidateService`).

use serde_json::{Value, json};

use super::{Broken, Scope, items, text};
use crate::lab::rules::format;
use crate::lab::rules::table::is_absent;

const NODE_PORTS: std::ops::RangeInclusive<i64> = 30_000..=32_767;

fn is_headless(spec: &Value) -> bool {
    spec["clusterIP"] == "None"
}

pub(super) fn check(spec: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let kind = text(spec, "type");
    if is_absent(&spec["ports"]) && !is_headless(spec) && kind != "ExternalName" {
        found.push(Broken::required(format!("{path}.ports"), ""));
    }
    match kind {
        "LoadBalancer" if is_headless(spec) => {
            let why = "may not be set to 'None' for LoadBalancer services";
            found.push(Broken::invalid(format!("{path}.clusterIPs[0]"), &spec["clusterIP"], why));
        }
        "NodePort" if is_headless(spec) => {
            let why = "may not be set to 'None' for NodePort services";
            found.push(Broken::invalid(format!("{path}.clusterIPs[0]"), &spec["clusterIP"], why));
        }
        "ExternalName" => {
            if !is_absent(&spec["clusterIP"]) {
                let why = "may not be set for ExternalName services";
                found.push(Broken::forbidden(format!("{path}.clusterIPs"), why));
            }
            let name = text(spec, "externalName");
            let field = format!("{path}.externalName");
            if name.is_empty() {
                found.push(Broken::required(field, ""));
            } else {
                // A last dot is the root's.
                let wrong = format::subdomain(name.strip_suffix('.').unwrap_or(name));
                found.extend(wrong.iter().map(|why| Broken::invalid_text(field.as_str(), name, why)));
            }
        }
        _ => {}
    }
}

pub(super) fn port(port: &Value, path: &str, scope: Scope<'_>, found: &mut Vec<Broken>) {
    let needs_name = scope.root["spec"]["ports"].as_array().is_some_and(|ports| ports.len() > 1);
    let name = text(port, "name");
    if name.is_empty() {
        if needs_name {
            found.push(Broken::required(format!("{path}.name"), ""));
        }
    } else {
        let wrong = format::label(name);
        found.extend(wrong.iter().map(|why| Broken::invalid_text(format!("{path}.name"), name, why)));
        let at: usize =
            path.rsplit_once('[').and_then(|(_, at)| at.trim_end_matches(']').parse().ok()).unwrap_or(0);
        let is_taken = items(&scope.root["spec"], "ports").take(at).any(|other| other["name"] == name);
        if wrong.is_empty() && is_taken {
            found.push(Broken::duplicate(format!("{path}.name"), &port["name"]));
        }
    }
    let number = port["port"].as_i64().unwrap_or(0);
    if let Some(why) = format::between(number, 1, 65_535) {
        found.push(Broken::invalid(format!("{path}.port"), &json!(number), why));
    }
    let known = ["SCTP", "TCP", "UDP"];
    let protocol = &port["protocol"];
    if !is_absent(protocol) && !known.iter().any(|one| protocol == one) {
        found.push(Broken::unsupported(format!("{path}.protocol"), protocol, &known));
    }
    let target = &port["targetPort"];
    if !target.is_null() {
        let wrong = format::port(target);
        found.extend(wrong.iter().map(|why| Broken::invalid(format!("{path}.targetPort"), target, why)));
    }
    let application = text(port, "appProtocol");
    if !application.is_empty() {
        let wrong = format::qualified(application);
        let field = format!("{path}.appProtocol");
        found.extend(wrong.iter().map(|why| Broken::invalid_text(field.as_str(), application, why)));
    }
}

/// No two ports are the same.
pub(super) fn ports(spec: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let mut seen: Vec<(&str, &Value)> = Vec::new();
    for (at, port) in items(spec, "ports").enumerate() {
        let protocol = port["protocol"].as_str().unwrap_or("TCP");
        let own = (protocol, &port["port"]);
        if seen.contains(&own) {
            // The key of the API's own set of ports: a port without all else.
            let number = &port["port"];
            let message = format!(
                "Duplicate value: {{\"Name\":\"\",\"Protocol\":\"{protocol}\",\"AppProtocol\":null,\"Port\":{number},\
                 \"TargetPort\":0,\"NodePort\":0}}"
            );
            let field = format!("{path}.ports[{at}]");
            found.push(Broken { reason: "FieldValueDuplicate", field, message });
        }
        seen.push(own);
    }
}

pub(super) fn addresses(spec: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let (address, all) = (text(spec, "clusterIP"), &spec["clusterIPs"]);
    if text(spec, "type") == "ExternalName" {
        return;
    }
    if let Some(first) = all.as_array().and_then(|all| all.first())
        && !address.is_empty()
        && first != address
    {
        let why = "first value must match `clusterIP`";
        found.push(Broken::invalid(format!("{path}.clusterIPs"), all, why));
    }
    if !address.is_empty() && address != "None" {
        let wrong = format::ip(address);
        let field = format!("{path}.clusterIPs[0]");
        found.extend(wrong.iter().map(|why| Broken::invalid_text(field.as_str(), address, why)));
    }
    let policy = &spec["sessionAffinityConfig"];
    if text(spec, "sessionAffinity") == "None" && !policy["clientIP"].is_null() {
        let why = "must not be set when session affinity is None";
        found.push(Broken::forbidden(format!("{path}.sessionAffinityConfig"), why));
    }
}

pub(super) fn node_ports(spec: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let kind = text(spec, "type");
    let has_them = matches!(kind, "NodePort" | "LoadBalancer");
    let mut seen: Vec<(&Value, &Value)> = Vec::new();
    for (at, port) in items(spec, "ports").enumerate() {
        let number = port["nodePort"].as_i64().unwrap_or(0);
        let field = format!("{path}.ports[{at}].nodePort");
        if number == 0 {
            continue;
        }
        if kind == "ClusterIP" || kind == "ExternalName" {
            let why = format!("may not be used when `type` is '{kind}'");
            found.push(Broken::forbidden(field, why));
            continue;
        }
        let own = (&port["protocol"], &port["nodePort"]);
        if seen.contains(&own) {
            found.push(Broken::duplicate(field.as_str(), &port["nodePort"]));
        }
        seen.push(own);
        if has_them && !NODE_PORTS.contains(&number) {
            let why = "provided port is not in the valid range. The range of valid ports is 30000-32767";
            found.push(Broken::invalid(field, &port["nodePort"], why));
        }
    }
    let policy = &spec["externalTrafficPolicy"];
    if !has_them && !is_absent(policy) && is_absent(&spec["externalIPs"]) {
        let why = "may only be set for externally-accessible services";
        found.push(Broken::invalid(format!("{path}.externalTrafficPolicy"), policy, why));
    }
    if kind != "LoadBalancer" && !is_absent(&spec["loadBalancerClass"]) {
        let why = "may only be used when `type` is 'LoadBalancer'";
        found.push(Broken::forbidden(format!("{path}.loadBalancerClass"), why));
    }
    if kind != "LoadBalancer" && !is_absent(&spec["loadBalancerSourceRanges"]) {
        let why = "may only be used when `type` is 'LoadBalancer'";
        found.push(Broken::forbidden(format!("{path}.LoadBalancerSourceRanges"), why));
    }
}
