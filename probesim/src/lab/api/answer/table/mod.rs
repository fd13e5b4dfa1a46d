//! The columns of `kubectl get`: a table for the kinds that a lab shows, name and age for all others.
//!
//! Columns and cells follow Kubernetes' `pkg/printers/internalversion`.

mod pod;
mod workload;

use serde_json::{Value, json};

use super::view::Include;
use crate::lab::schema::resources::Resource;
use crate::lab::timestamp;

/// Column names of a kind in their order; those with a plus sign are for `-o wide`.
fn columns(resource: &Resource) -> &'static [&'static str] {
    match (resource.group.as_str(), resource.plural.as_str()) {
        ("", "pods") => &[
            "Name",
            "Ready",
            "Status",
            "Restarts",
            "Age",
            "+IP",
            "+Node",
            "+Nominated Node",
            "+Readiness Gates",
        ],
        ("apps", "deployments") => {
            &["Name", "Ready", "Up-to-date", "Available", "Age", "+Containers", "+Images", "+Selector"]
        }
        ("apps", "replicasets") | ("", "replicationcontrollers") => {
            &["Name", "Desired", "Current", "Ready", "Age", "+Containers", "+Images", "+Selector"]
        }
        ("apps", "statefulsets") => &["Name", "Ready", "Age", "+Containers", "+Images"],
        ("apps", "daemonsets") => &[
            "Name",
            "Desired",
            "Current",
            "Ready",
            "Up-to-date",
            "Available",
            "Node Selector",
            "Age",
            "+Containers",
            "+Images",
            "+Selector",
        ],
        ("apps", "controllerrevisions") => &["Name", "Controller", "Revision", "Age"],
        ("batch", "jobs") => {
            &["Name", "Status", "Completions", "Duration", "Age", "+Containers", "+Images", "+Selector"]
        }
        ("batch", "cronjobs") => &[
            "Name",
            "Schedule",
            "Timezone",
            "Suspend",
            "Active",
            "Last Schedule",
            "Age",
            "+Containers",
            "+Images",
            "+Selector",
        ],
        ("", "services") => &["Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", "+Selector"],
        ("discovery.k8s.io", "endpointslices") => &["Name", "AddressType", "Ports", "Endpoints", "Age"],
        ("", "nodes") => &[
            "Name",
            "Status",
            "Roles",
            "Age",
            "Version",
            "+Internal-IP",
            "+External-IP",
            "+OS-Image",
            "+Kernel-Version",
            "+Container-Runtime",
        ],
        ("", "events") => &[
            "Last Seen",
            "Type",
            "Reason",
            "Object",
            "+Subobject",
            "+Source",
            "Message",
            "+First Seen",
            "+Count",
            "+Name",
        ],
        ("", "persistentvolumeclaims") => &[
            "Name",
            "Status",
            "Volume",
            "Capacity",
            "Access Modes",
            "StorageClass",
            "VolumeAttributesClass",
            "Age",
            "+VolumeMode",
        ],
        ("policy", "poddisruptionbudgets") => {
            &["Name", "Min Available", "Max Unavailable", "Allowed Disruptions", "Age"]
        }
        ("coordination.k8s.io", "leases") => &["Name", "Holder", "Age"],
        ("", "namespaces") => &["Name", "Status", "Age"],
        ("", "secrets") => &["Name", "Type", "Data", "Age"],
        ("", "configmaps") => &["Name", "Data", "Age"],
        _ => &["Name", "Age"],
    }
}

/// `columnDefinitions`.
pub(super) fn definitions(resource: &Resource) -> Value {
    let column = |name: &&str| {
        let (name, priority) = name.strip_prefix('+').map_or((*name, 0), |name| (name, 1));
        let format = if name == "Name" { "name" } else { "" };
        json!({"name": name, "type": "string", "format": format, "description": "", "priority": priority})
    };
    columns(resource).iter().map(column).collect()
}

/// One row: the cells, and as much of the object as was asked for.
pub(super) fn row(resource: &Resource, object: &Value, now: u64, include: Include) -> Value {
    let cells: Vec<String> = columns(resource)
        .iter()
        .map(|name| cell(resource, object, name.trim_start_matches('+'), now))
        .collect();
    let shown = match include {
        Include::None => Value::Null,
        Include::Metadata => {
            json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]})
        }
        Include::Object => object.clone(),
    };
    json!({"cells": cells, "object": shown})
}

fn cell(resource: &Resource, object: &Value, column: &str, now: u64) -> String {
    let (spec, status) = (&object["spec"], &object["status"]);
    match column {
        "Name" => return text(&object["metadata"]["name"]),
        "Age" => return since(&object["metadata"]["creationTimestamp"], now),
        _ => {}
    }
    match (resource.group.as_str(), resource.plural.as_str()) {
        ("", "pods") => pod::cell(object, column, now),
        ("apps" | "batch", _) | ("", "replicationcontrollers") => {
            workload::cell(&resource.plural, object, column, now)
        }
        ("", "services") => service(spec, status, column),
        ("discovery.k8s.io", "endpointslices") => match column {
            "AddressType" => text(&object["addressType"]),
            "Ports" => joined(&object["ports"], |port| Some(port["port"].to_string())),
            _ => joined(&object["endpoints"], |one| one["addresses"][0].as_str().map(str::to_owned)),
        },
        ("", "nodes") => node(object, column),
        ("", "events") => event(object, column, now),
        ("", "persistentvolumeclaims") => claim(spec, status, column),
        ("policy", "poddisruptionbudgets") => match column {
            "Min Available" => or(&plain(&spec["minAvailable"]), "N/A"),
            "Max Unavailable" => or(&plain(&spec["maxUnavailable"]), "N/A"),
            _ => number(&status["disruptionsAllowed"]),
        },
        ("coordination.k8s.io", "leases") => text(&spec["holderIdentity"]),
        ("", "namespaces") => text(&status["phase"]),
        ("", "secrets" | "configmaps") if column == "Data" => {
            let entries = |key: &str| object[key].as_object().map_or(0, serde_json::Map::len);
            (entries("data") + entries("binaryData")).to_string()
        }
        _ => text(&object["type"]),
    }
}

fn service(spec: &Value, status: &Value, column: &str) -> String {
    let kind = text(&spec["type"]);
    match column {
        "Type" => kind,
        "Cluster-IP" => or(&text(&spec["clusterIP"]), "<none>"),
        "External-IP" => {
            let given = joined(&spec["externalIPs"], |ip| ip.as_str().map(str::to_owned));
            match kind.as_str() {
                "ExternalName" => text(&spec["externalName"]),
                "LoadBalancer" => match joined(&status["loadBalancer"]["ingress"], address).as_str() {
                    "<none>" if given == "<none>" => "<pending>".to_owned(),
                    "<none>" => given,
                    found => found.to_owned(),
                },
                _ => given,
            }
        }
        "Port(s)" => joined(&spec["ports"], |port| {
            let node = port["nodePort"].as_u64().filter(|node| *node > 0);
            let node = node.map_or(String::new(), |node| format!(":{node}"));
            Some(format!("{}{node}/{}", port["port"], port["protocol"].as_str().unwrap_or("TCP")))
        }),
        _ => selector(&spec["selector"]),
    }
}

fn address(ingress: &Value) -> Option<String> {
    ingress["ip"].as_str().or_else(|| ingress["hostname"].as_str()).map(str::to_owned)
}

fn node(node: &Value, column: &str) -> String {
    let (info, status) = (&node["status"]["nodeInfo"], &node["status"]);
    let address_of = |kind: &str| {
        let found = list(&status["addresses"]).iter().find(|one| one["type"] == kind);
        found.map_or("<none>".to_owned(), |one| text(&one["address"]))
    };
    match column {
        "Status" => {
            let ready = list(&status["conditions"]).iter().find(|one| one["type"] == "Ready");
            let word = match ready {
                None => "Unknown",
                Some(ready) if ready["status"] == "True" => "Ready",
                Some(_) => "NotReady",
            };
            let suffix = if node["spec"]["unschedulable"] == true { ",SchedulingDisabled" } else { "" };
            format!("{word}{suffix}")
        }
        "Roles" => {
            let labels = node["metadata"]["labels"].as_object().into_iter().flatten();
            let mut roles: Vec<&str> =
                labels.filter_map(|(key, _)| key.strip_prefix("node-role.kubernetes.io/")).collect();
            roles.sort_unstable();
            or(&roles.join(","), "<none>")
        }
        "Version" => text(&info["kubeletVersion"]),
        "Internal-IP" => address_of("InternalIP"),
        "External-IP" => address_of("ExternalIP"),
        "OS-Image" => or(&text(&info["osImage"]), "<unknown>"),
        "Kernel-Version" => or(&text(&info["kernelVersion"]), "<unknown>"),
        _ => or(&text(&info["containerRuntimeVersion"]), "<unknown>"),
    }
}

fn event(event: &Value, column: &str, now: u64) -> String {
    let involved = &event["involvedObject"];
    let first_of = |keys: [&str; 3]| {
        let time = keys.into_iter().map(|key| &event[key]).find(|time| time.is_string());
        since(time.unwrap_or(&Value::Null), now)
    };
    match column {
        "Last Seen" => match event["series"]["lastObservedTime"].as_str() {
            Some(_) => since(&event["series"]["lastObservedTime"], now),
            None => first_of(["lastTimestamp", "eventTime", "firstTimestamp"]),
        },
        "First Seen" => first_of(["firstTimestamp", "eventTime", "lastTimestamp"]),
        "Object" => format!("{}/{}", text(&involved["kind"]).to_lowercase(), text(&involved["name"])),
        "Subobject" => text(&involved["fieldPath"]),
        "Source" => {
            let parts = [text(&event["source"]["component"]), text(&event["source"]["host"])];
            let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            if parts.is_empty() { text(&event["reportingComponent"]) } else { parts.join(", ") }
        }
        "Message" => text(&event["message"]).trim().to_owned(),
        "Count" => event["series"]["count"].as_u64().or(event["count"].as_u64()).unwrap_or(1).to_string(),
        "Type" => text(&event["type"]),
        _ => text(&event["reason"]),
    }
}

fn claim(spec: &Value, status: &Value, column: &str) -> String {
    match column {
        "Status" => text(&status["phase"]),
        "Volume" => text(&spec["volumeName"]),
        // An unbound claim has neither.
        "Capacity" => text(&status["capacity"]["storage"]),
        "Access Modes" => match list(&status["accessModes"]) {
            [] => String::new(),
            _ => joined(&status["accessModes"], |mode| mode.as_str().map(short_access_mode)),
        },
        "StorageClass" => text(&spec["storageClassName"]),
        "VolumeAttributesClass" => or(&text(&spec["volumeAttributesClassName"]), "<unset>"),
        _ => or(&text(&spec["volumeMode"]), "<unset>"),
    }
}

fn short_access_mode(mode: &str) -> String {
    match mode {
        "ReadWriteOnce" => "RWO",
        "ReadOnlyMany" => "ROX",
        "ReadWriteMany" => "RWX",
        "ReadWriteOncePod" => "RWOP",
        other => other,
    }
    .to_owned()
}

fn since(time: &Value, now: u64) -> String {
    let then = time.as_str().and_then(timestamp::parse);
    then.map_or("<unknown>".to_owned(), |then| timestamp::age(now.saturating_sub(then)))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A number or a word, as it is.
fn plain(value: &Value) -> String {
    if value.is_number() { value.to_string() } else { text(value) }
}

fn number(value: &Value) -> String {
    value.as_u64().unwrap_or(0).to_string()
}

fn or(text: &str, instead: &str) -> String {
    if text.is_empty() { instead } else { text }.to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The texts of a list with commas, or `<none>`.
fn joined(value: &Value, each: impl Fn(&Value) -> Option<String>) -> String {
    let texts: Vec<String> = list(value).iter().filter_map(each).collect();
    or(&texts.join(","), "<none>")
}

/// A label selector, or a map of labels, as text.
fn selector(value: &Value) -> String {
    or(&crate::lab::api::handle::scale::selector(value), "<none>")
}

#[cfg(test)]
mod tests;
