//! The columns of `kubectl get`: a table for the kinds that a lab shows, name and age for all others.
//!
//! Columns and cells follow Kubernetes' `pkg/printers/internalversion`.

use serde_json::{Value, json};

use super::resources::Resource;
use super::timestamp;

/// Column names of a kind, without the first (`Name`) and the last (`Age`).
fn columns(resource: &Resource) -> &'static [&'static str] {
    match (resource.group.as_str(), resource.plural.as_str()) {
        ("", "pods") => &["Ready", "Status", "Restarts"],
        ("apps", "deployments") => &["Ready", "Up-to-date", "Available"],
        ("apps", "replicasets") | ("", "replicationcontrollers") => &["Desired", "Current", "Ready"],
        ("apps", "statefulsets") => &["Ready"],
        ("apps", "daemonsets") => &["Desired", "Current", "Ready", "Up-to-date", "Available"],
        ("batch", "jobs") => &["Status", "Completions", "Duration"],
        ("", "services") => &["Type", "Cluster-IP", "External-IP", "Port(s)"],
        ("discovery.k8s.io", "endpointslices") => &["AddressType", "Ports", "Endpoints"],
        ("", "events") => &["Last Seen", "Type", "Reason", "Object", "Message"],
        ("", "persistentvolumeclaims") => &["Status", "Volume", "Capacity", "Access Modes", "StorageClass"],
        ("", "namespaces") => &["Status"],
        ("", "configmaps") => &["Data"],
        _ => &[],
    }
}

/// Events are shown without name and age.
fn is_bare(resource: &Resource) -> bool {
    resource.group.is_empty() && resource.plural == "events"
}

/// `columnDefinitions`.
pub(super) fn definitions(resource: &Resource) -> Value {
    let column = |name: &str, format: &str| json!({"name": name, "type": "string", "format": format, "description": "", "priority": 0});
    let own = columns(resource).iter().map(|name| column(name, ""));
    if is_bare(resource) {
        return own
            .chain([
                json!({"name": "Name", "type": "string", "format": "name", "description": "", "priority": 1}),
            ])
            .collect();
    }
    std::iter::once(column("Name", "name")).chain(own).chain([column("Age", "")]).collect()
}

/// One row: the cells, and the object's metadata.
pub(super) fn row(resource: &Resource, object: &Value, now: u64) -> Value {
    let name = object["metadata"]["name"].clone();
    let mut cells = own_cells(resource, object, now);
    if is_bare(resource) {
        cells.push(name);
    } else {
        cells.insert(0, name);
        cells.push(json!(since(&object["metadata"]["creationTimestamp"], now)));
    }
    let metadata = json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]});
    json!({"cells": cells, "object": metadata})
}

fn own_cells(resource: &Resource, object: &Value, now: u64) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let count = |value: &Value| value.as_u64().unwrap_or(0);
    let number = |value: &Value| json!(count(value).to_string());
    let wanted = spec["replicas"].as_u64().unwrap_or(1);
    match (resource.group.as_str(), resource.plural.as_str()) {
        ("", "pods") => pod(object, now),
        ("apps", "deployments") => vec![
            json!(format!("{}/{wanted}", count(&status["readyReplicas"]))),
            number(&status["updatedReplicas"]),
            number(&status["availableReplicas"]),
        ],
        ("apps", "replicasets") | ("", "replicationcontrollers") => {
            vec![json!(wanted.to_string()), number(&status["replicas"]), number(&status["readyReplicas"])]
        }
        ("apps", "statefulsets") => vec![json!(format!("{}/{wanted}", count(&status["readyReplicas"])))],
        ("apps", "daemonsets") => [
            "desiredNumberScheduled",
            "currentNumberScheduled",
            "numberReady",
            "updatedNumberScheduled",
            "numberAvailable",
        ]
        .map(|key| number(&status[key]))
        .to_vec(),
        ("batch", "jobs") => job(spec, status, now),
        ("", "services") => service(spec, status),
        ("discovery.k8s.io", "endpointslices") => vec![
            object["addressType"].clone(),
            json!(joined(&object["ports"], |port| Some(port["port"].to_string()))),
            json!(joined(&object["endpoints"], |one| one["addresses"][0].as_str().map(str::to_owned))),
        ],
        ("", "events") => event(object, now),
        ("", "persistentvolumeclaims") => vec![
            text(&status["phase"]),
            text(&spec["volumeName"]),
            text(&status["capacity"]["storage"]),
            json!(joined(&status["accessModes"], |mode| mode.as_str().map(short_access_mode))),
            text(&spec["storageClassName"]),
        ],
        ("", "namespaces") => vec![text(&status["phase"])],
        ("", "configmaps") => {
            let entries = |key: &str| object[key].as_object().map_or(0, serde_json::Map::len);
            vec![json!((entries("data") + entries("binaryData")).to_string())]
        }
        _ => Vec::new(),
    }
}

fn pod(pod: &Value, now: u64) -> Vec<Value> {
    let containers = list(&pod["status"]["containerStatuses"]);
    let total = list(&pod["spec"]["containers"]).len().max(containers.len());
    let ready = containers.iter().filter(|one| one["ready"] == true).count();
    let restarts: u64 = containers.iter().filter_map(|one| one["restartCount"].as_u64()).sum();
    let ends = containers
        .iter()
        .filter_map(|one| one["lastState"]["terminated"]["finishedAt"].as_str().and_then(timestamp::parse));
    let restarts = match (restarts, ends.max()) {
        (1.., Some(end)) => format!("{restarts} ({} ago)", timestamp::age(now.saturating_sub(end))),
        _ => restarts.to_string(),
    };
    vec![json!(format!("{ready}/{total}")), json!(pod_status(pod)), json!(restarts)]
}

/// The STATUS of a pod: init containers first, then what the first container in trouble says (`printPod`).
fn pod_status(pod: &Value) -> String {
    let status = &pod["status"];
    let word = |value: &Value| value.as_str().filter(|word| !word.is_empty()).map(str::to_owned);
    if pod["metadata"]["deletionTimestamp"].is_string() {
        return if status["reason"] == "NodeLost" { "Unknown" } else { "Terminating" }.to_owned();
    }
    if let Some(init) = init_status(pod) {
        return init;
    }
    let containers = list(&status["containerStatuses"]);
    let shown = containers.iter().find_map(|one| {
        let state = &one["state"];
        word(&state["waiting"]["reason"]).or_else(|| ended(&state["terminated"]))
    });
    let is_running = containers.iter().any(|one| one["ready"] == true && one["state"]["running"].is_object());
    match shown {
        Some(done) if done == "Completed" && is_running => "NotReady".to_owned(),
        Some(shown) => shown,
        None => word(&status["reason"]).or_else(|| word(&status["phase"])).unwrap_or_default(),
    }
}

/// `Init:1/2` or `Init:CrashLoopBackOff` while an init container has not done its work.
fn init_status(pod: &Value) -> Option<String> {
    let inits = list(&pod["status"]["initContainerStatuses"]);
    let is_sidecar = |one: &Value| {
        let specs = list(&pod["spec"]["initContainers"]);
        specs.iter().any(|spec| spec["name"] == one["name"] && spec["restartPolicy"] == "Always")
    };
    let (at, one) = inits.iter().enumerate().find(|(_, one)| {
        let is_done = one["state"]["terminated"]["exitCode"] == 0;
        !(is_done || is_sidecar(one) && one["started"] == true)
    })?;
    let state = &one["state"];
    let waiting = state["waiting"]["reason"].as_str().filter(|reason| *reason != "PodInitializing");
    Some(match (ended(&state["terminated"]), waiting) {
        (Some(ended), _) => format!("Init:{ended}"),
        (None, Some(reason)) if !reason.is_empty() => format!("Init:{reason}"),
        _ => format!("Init:{at}/{}", list(&pod["spec"]["initContainers"]).len()),
    })
}

/// Why a container has ended.
fn ended(terminated: &Value) -> Option<String> {
    if !terminated.is_object() {
        return None;
    }
    let reason = terminated["reason"].as_str().filter(|reason| !reason.is_empty());
    let signal = terminated["signal"].as_u64().filter(|signal| *signal > 0);
    Some(match (reason, signal) {
        (Some(reason), _) => reason.to_owned(),
        (None, Some(signal)) => format!("Signal:{signal}"),
        (None, None) => format!("ExitCode:{}", terminated["exitCode"]),
    })
}

fn job(spec: &Value, status: &Value, now: u64) -> Vec<Value> {
    let is = |kind: &str| {
        list(&status["conditions"]).iter().any(|one| one["type"] == kind && one["status"] == "True")
    };
    let words = [
        ("Complete", "Complete"),
        ("Failed", "Failed"),
        ("Suspended", "Suspended"),
        ("FailureTarget", "FailureTarget"),
    ];
    let state = words.iter().find(|(kind, _)| is(kind)).map_or("Running", |(_, word)| word);
    let completions = spec["completions"].as_u64().unwrap_or(1);
    let start = status["startTime"].as_str().and_then(timestamp::parse);
    let end = status["completionTime"].as_str().and_then(timestamp::parse).unwrap_or(now);
    let duration = start.map_or(String::new(), |start| timestamp::age(end.saturating_sub(start)));
    vec![
        json!(state),
        json!(format!("{}/{completions}", status["succeeded"].as_u64().unwrap_or(0))),
        json!(duration),
    ]
}

fn service(spec: &Value, status: &Value) -> Vec<Value> {
    let ports = joined(&spec["ports"], |port| {
        let node = port["nodePort"].as_u64().map_or(String::new(), |node| format!(":{node}"));
        Some(format!("{}{node}/{}", port["port"], port["protocol"].as_str().unwrap_or("TCP")))
    });
    let external = match spec["type"].as_str() {
        Some("ExternalName") => text(&spec["externalName"]),
        Some("LoadBalancer") => match status["loadBalancer"]["ingress"][0]["ip"].as_str() {
            Some(ip) => json!(ip),
            None => json!("<pending>"),
        },
        _ => json!("<none>"),
    };
    let cluster = spec["clusterIP"].as_str().filter(|ip| !ip.is_empty()).unwrap_or("<none>");
    vec![text(&spec["type"]), json!(cluster), external, json!(ports)]
}

fn event(event: &Value, now: u64) -> Vec<Value> {
    let involved = &event["involvedObject"];
    let kind = involved["kind"].as_str().unwrap_or_default().to_lowercase();
    let seen =
        ["lastTimestamp", "eventTime", "firstTimestamp"].into_iter().find(|key| event[*key].is_string());
    vec![
        json!(since(&event[seen.unwrap_or("lastTimestamp")], now)),
        text(&event["type"]),
        text(&event["reason"]),
        json!(format!("{kind}/{}", involved["name"].as_str().unwrap_or_default())),
        json!(event["message"].as_str().unwrap_or_default().trim()),
    ]
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

fn text(value: &Value) -> Value {
    json!(value.as_str().unwrap_or_default())
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The texts of a list with commas, or `<none>`.
fn joined(value: &Value, each: impl Fn(&Value) -> Option<String>) -> String {
    let texts: Vec<String> = list(value).iter().filter_map(each).collect();
    if texts.is_empty() { "<none>".to_owned() } else { texts.join(",") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::resources::Registry;

    fn cells(word: &str, object: &Value) -> Vec<String> {
        let registry = Registry::built_in();
        let resource = registry.get(registry.named(word).unwrap());
        let row = row(resource, object, timestamp::parse("2026-11-21T02:05:34Z").unwrap());
        let cells: Vec<String> =
            list(&row["cells"]).iter().map(|cell| cell.as_str().unwrap().to_owned()).collect();
        assert_eq!(cells.len(), list(&definitions(resource)).len(), "a cell for each column");
        cells
    }

    fn pod(status: &Value) -> Value {
        json!({"metadata": {"name": "p", "creationTimestamp": "2026-11-21T02:05:21Z"},
               "spec": {"containers": [{}], "initContainers": [{}, {}]}, "status": status})
    }

    #[test]
    fn a_pod_has_the_cells_that_were_recorded() {
        let running = json!({"phase": "Running", "containerStatuses": [
            {"ready": true, "restartCount": 0, "state": {"running": {}}}]});
        assert_eq!(cells("pods", &pod(&running)), ["p", "1/1", "Running", "0", "13s"]);
        let crashing = json!({"phase": "Running", "containerStatuses": [
            {"ready": false, "restartCount": 2, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
             "lastState": {"terminated": {"finishedAt": "2026-11-21T02:05:30Z"}}}]});
        assert_eq!(cells("pods", &pod(&crashing)), ["p", "0/1", "CrashLoopBackOff", "2 (4s ago)", "13s"]);
    }

    #[test]
    fn the_status_of_a_pod_is_what_kubectl_shows() {
        let done = json!({"state": {"terminated": {"exitCode": 0, "reason": "Completed"}}});
        let mut leaving = pod(&json!({"phase": "Running"}));
        leaving["metadata"]["deletionTimestamp"] = json!("now");
        for (pod, expected) in [
            (pod(&json!({"phase": "Pending"})), "Pending"),
            (
                pod(
                    &json!({"phase": "Pending", "initContainerStatuses": [done, {"state": {"running": {}}}]}),
                ),
                "Init:1/2",
            ),
            (
                pod(
                    &json!({"initContainerStatuses": [{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}),
                ),
                "Init:CrashLoopBackOff",
            ),
            (pod(&json!({"phase": "Succeeded", "containerStatuses": [done]})), "Completed"),
            (pod(&json!({"containerStatuses": [{"state": {"terminated": {"exitCode": 5}}}]})), "ExitCode:5"),
            (leaving, "Terminating"),
        ] {
            assert_eq!(pod_status(&pod), expected);
        }
    }

    #[test]
    fn other_kinds_have_their_columns() {
        let meta = json!({"name": "x", "creationTimestamp": "2026-11-21T02:05:21Z"});
        for (word, object, expected) in [
            (
                "deployments",
                json!({"metadata": meta, "spec": {"replicas": 2}, "status": {"readyReplicas": 1, "updatedReplicas": 2}}),
                vec!["x", "1/2", "2", "0", "13s"],
            ),
            (
                "jobs",
                json!({"metadata": meta, "spec": {}, "status": {"startTime": "2026-11-21T02:05:24Z"}}),
                vec!["x", "Running", "0/1", "10s", "13s"],
            ),
            (
                "services",
                json!({"metadata": meta, "spec": {"type": "ClusterIP", "clusterIP": "10.0.0.1", "ports": [{"port": 80}]}}),
                vec!["x", "ClusterIP", "10.0.0.1", "<none>", "80/TCP", "13s"],
            ),
            (
                "events",
                json!({"metadata": meta, "type": "Normal", "reason": "Pulled", "message": "m ",
                       "involvedObject": {"kind": "Pod", "name": "p"}, "lastTimestamp": "2026-11-21T02:05:33Z"}),
                vec!["1s", "Normal", "Pulled", "pod/p", "m", "x"],
            ),
            ("leases", json!({"metadata": meta}), vec!["x", "13s"]),
        ] {
            assert_eq!(cells(word, &object), expected);
        }
    }
}
