//! The EndpointSlice controller: which pods stand behind a Service, and in which state.
//!
//! Rules: `staging/src/k8s.io/endpointslice/` (`reconciler.go`, `utils.go`).

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::meta;
use super::plan::{Plan, Target, Write};
use super::pod;

const MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";
const MANAGER: &str = "endpointslice-controller.k8s.io";
const SERVICE: &str = "kubernetes.io/service-name";
const HEADLESS: &str = "service.kubernetes.io/headless";
const TRIGGER: &str = "endpoints.kubernetes.io/last-change-trigger-time";

/// The endpoints that have the same ports: one slice.
struct Group<'a> {
    ports: Vec<Value>,
    pods: Vec<&'a Value>,
}

/// Looks at a Service, the pods of its namespace, and the slices that it controls.
pub(super) fn sync(service: &Value, pods: &[&Value], slices: &[&Value], now: Duration) -> Plan {
    let mut plan = Plan::default();
    let selector = &service["spec"]["selector"];
    let is_external = service["spec"]["type"] == "ExternalName";
    if is_external || selector.as_object().is_none_or(Map::is_empty) || meta::is_deleting(service) {
        return plan;
    }
    let is_behind = |pod: &&&Value| {
        meta::has_labels(selector, &pod["metadata"]["labels"])
            && !meta::text(pod, "/status/podIP").is_empty()
            && !pod::is_terminal(pod)
    };
    let mut rest: Vec<&Value> = slices.to_vec();
    for group in groups(service, pods.iter().filter(is_behind).copied()) {
        let ports = if group.ports.is_empty() { Value::Null } else { Value::from(group.ports) };
        // A slice of the same ports is kept, else any that is left.
        let same = rest.iter().position(|slice| slice["ports"] == ports);
        let slice = same.or_else(|| (!rest.is_empty()).then_some(0)).map(|at| rest.remove(at));
        let endpoints = endpoints(service, group.pods, slice);
        write(&mut plan, service, slice, json!({"endpoints": endpoints, "ports": ports}), now);
    }
    for slice in rest {
        plan.push(Write::Delete(Target::of(slice), None));
    }
    plan
}

/// Pods by the ports that the Service's `targetPort`s come to; without pods there is one empty group.
fn groups<'a>(service: &Value, pods: impl Iterator<Item = &'a Value>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for pod in pods {
        let ports = ports(service, pod);
        match groups.iter_mut().find(|group| group.ports == ports) {
            Some(group) => group.pods.push(pod),
            None => groups.push(Group { ports, pods: vec![pod] }),
        }
    }
    if groups.is_empty() {
        groups.push(Group { ports: Vec::new(), pods: Vec::new() });
    }
    groups
}

/// `getEndpointPorts`: a named port that no container has is left out.
fn ports(service: &Value, pod: &Value) -> Vec<Value> {
    let ports = service["spec"]["ports"].as_array().into_iter().flatten();
    ports
        .filter_map(|port| {
            let protocol = port["protocol"].as_str().unwrap_or("TCP");
            let number = match &port["targetPort"] {
                Value::String(name) => container_port(pod, name, protocol)?,
                Value::Number(number) if number.as_i64() != Some(0) => number.as_i64()?,
                _ => port["port"].as_i64()?,
            };
            let name = port["name"].as_str().unwrap_or_default();
            let mut endpoint = json!({"name": name, "protocol": protocol, "port": number});
            if port["appProtocol"].is_string() {
                endpoint["appProtocol"] = port["appProtocol"].clone();
            }
            Some(endpoint)
        })
        .collect()
}

/// The port of this name; sidecars may have it, other init containers may not.
fn container_port(pod: &Value, name: &str, protocol: &str) -> Option<i64> {
    let containers = pod["spec"]["containers"].as_array().into_iter().flatten();
    let sidecars = pod["spec"]["initContainers"].as_array().into_iter().flatten();
    let sidecars = sidecars.filter(|container| container["restartPolicy"] == "Always");
    let mut ports =
        containers.chain(sidecars).filter_map(|container| container["ports"].as_array()).flatten();
    let port =
        ports.find(|port| port["name"] == name && port["protocol"].as_str().unwrap_or("TCP") == protocol)?;
    port["containerPort"].as_i64()
}

/// The endpoints of a slice: those that it has already stay in their order, new ones follow.
fn endpoints(service: &Value, mut pods: Vec<&Value>, slice: Option<&Value>) -> Value {
    let known: Vec<&str> = slice
        .and_then(|slice| slice["endpoints"].as_array())
        .into_iter()
        .flatten()
        .map(|endpoint| meta::text(endpoint, "/targetRef/uid"))
        .collect();
    pods.sort_by_key(|pod| known.iter().position(|uid| *uid == meta::uid(pod)).unwrap_or(usize::MAX));
    if pods.is_empty() {
        return Value::Null;
    }
    Value::from(pods.into_iter().map(|pod| endpoint(service, pod)).collect::<Vec<_>>())
}

/// `podToEndpoint`: serving when the pod is ready, ready when it is also not going.
fn endpoint(service: &Value, pod: &Value) -> Value {
    let (serving, terminating) = (pod::is_ready(pod), meta::is_deleting(pod));
    let is_published = service["spec"]["publishNotReadyAddresses"] == true;
    let mut endpoint = json!({
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": is_published || serving && !terminating,
                       "serving": serving, "terminating": terminating},
    });
    let hostname = meta::text(pod, "/spec/hostname");
    if !hostname.is_empty() && meta::text(pod, "/spec/subdomain") == meta::name(service) {
        endpoint["hostname"] = json!(hostname);
    }
    endpoint["targetRef"] = json!({"kind": "Pod", "namespace": meta::namespace(pod),
                                   "name": meta::name(pod), "uid": meta::uid(pod)});
    if pod["spec"]["nodeName"].is_string() {
        endpoint["nodeName"] = pod["spec"]["nodeName"].clone();
    }
    endpoint
}

fn write(plan: &mut Plan, service: &Value, slice: Option<&Value>, content: Value, now: Duration) {
    let Some(slice) = slice else {
        let trigger = &service["metadata"]["creationTimestamp"];
        let mut slice = json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"generateName": format!("{}-", meta::name(service)),
                         "namespace": meta::namespace(service), "labels": labels(service),
                         "annotations": {TRIGGER: trigger},
                         "ownerReferences": [meta::owner_reference(service)]},
            "addressType": "IPv4",
        });
        slice["endpoints"] = content["endpoints"].clone();
        slice["ports"] = content["ports"].clone();
        plan.push(Write::Create(slice, None));
        return;
    };
    let wanted = labels(service);
    let is_same = slice["endpoints"] == content["endpoints"]
        && slice["ports"] == content["ports"]
        && slice["metadata"]["labels"] == wanted;
    if !is_same {
        let mut change = content;
        change["metadata"] = json!({"annotations": {TRIGGER: meta::stamp(now)}, "labels": wanted});
        plan.push(Write::Patch(Target::of(slice), change));
    }
}

/// The Service's own labels, and those by which a slice is found.
fn labels(service: &Value) -> Value {
    let mut labels = service["metadata"]["labels"].as_object().cloned().unwrap_or_default();
    labels.insert(MANAGED_BY.to_owned(), json!(MANAGER));
    labels.insert(SERVICE.to_owned(), json!(meta::name(service)));
    if service["spec"]["clusterIP"] == "None" {
        labels.insert(HEADLESS.to_owned(), json!(""));
    }
    Value::Object(labels)
}

#[cfg(test)]
#[path = "endpoints_tests.rs"]
mod tests;
