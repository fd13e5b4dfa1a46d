//! What an API server fills in when an object is written, as far as controllers, the node and kubectl rely on it.
//!
//! Rules: `pkg/apis/{core,apps,batch}/v1/defaults.go`, the registries' strategies, and the admission plugins that
//! every cluster has.

use serde_json::{Map, Value, json};

use super::meta;
use crate::lab::schema::resources::Resource;

/// The resources that have defaults here.
pub(in crate::lab) const KINDS: [&str; 8] = [
    "pods",
    "services",
    "persistentvolumeclaims",
    "deployments",
    "replicasets",
    "statefulsets",
    "daemonsets",
    "jobs",
];

/// Fills in an object that is being written; `before` is what an update replaces, `is_taken` says which cluster
/// addresses and node ports other Services have.
pub(in crate::lab) fn fill(
    resource: &Resource,
    object: &mut Value,
    before: Option<&Value>,
    is_taken: &dyn Fn(&str) -> bool,
) {
    let (uid, name) = (meta::uid(object).to_owned(), meta::name(object).to_owned());
    let Some(spec) = object.get_mut("spec").and_then(Value::as_object_mut) else { return };
    let mut job_labels = None;
    let status = match (resource.group.as_str(), resource.kind.as_str()) {
        ("", "Pod") => {
            fill_pod(spec);
            fill_admitted(spec);
            return;
        }
        ("", "Service") => {
            fill_service(spec, before, &uid, is_taken);
            json!({"loadBalancer": {}})
        }
        ("", "PersistentVolumeClaim") => return set(spec, "volumeMode", "Filesystem"),
        ("apps", "Deployment") => {
            fill_deployment(spec);
            json!({})
        }
        ("apps", "ReplicaSet") => {
            set(spec, "replicas", 1);
            json!({"replicas": 0})
        }
        ("apps", "StatefulSet") => {
            fill_stateful_set(spec);
            json!({"replicas": 0, "availableReplicas": 0})
        }
        ("apps", "DaemonSet") => {
            fill_daemon_set(spec);
            json!({"currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0,
                   "numberReady": 0})
        }
        ("batch", "Job") => {
            // `SetDefaults_Job`: a Job without labels has those of its template.
            let labels = spec.get("template").map(|template| template["metadata"]["labels"].clone());
            fill_job(spec, &uid, &name);
            job_labels = labels.filter(|labels| labels.is_object() && before.is_none());
            json!({})
        }
        _ => return,
    };
    fill_template(spec);
    if let Some(labels) = job_labels
        && object["metadata"]["labels"].as_object().is_none_or(Map::is_empty)
    {
        meta::put(object, &["metadata", "labels"], labels);
    }
    if resource.kind == "DaemonSet" {
        let annotation = "deprecated.daemonset.template.generation";
        let generation = before.map_or(1, |before| {
            let known =
                meta::annotation(before, annotation).and_then(|it| it.parse::<i64>().ok()).unwrap_or(1);
            known + i64::from(before["spec"]["template"] != object["spec"]["template"])
        });
        meta::put(object, &["metadata", "annotations", annotation], json!(generation.to_string()));
    }
    if object["status"].is_null() {
        object["status"] = status;
    }
}

fn set(map: &mut Map<String, Value>, key: &str, default: impl Into<Value>) {
    if map.get(key).is_none_or(Value::is_null) {
        map.insert(key.to_owned(), default.into());
    }
}

/// The map under a key, made if there is none; nothing where something else is there.
fn inner<'a>(map: &'a mut Map<String, Value>, key: &str) -> Option<&'a mut Map<String, Value>> {
    set(map, key, json!({}));
    map.get_mut(key)?.as_object_mut()
}

fn each<'a>(map: &'a mut Map<String, Value>, key: &str) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    let items = map.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten();
    items.filter_map(Value::as_object_mut)
}

fn fill_template(spec: &mut Map<String, Value>) {
    let template = spec.get_mut("template").and_then(Value::as_object_mut);
    if let Some(pod) = template.and_then(|template| template.get_mut("spec")).and_then(Value::as_object_mut) {
        fill_pod(pod);
    }
}

fn fill_deployment(spec: &mut Map<String, Value>) {
    set(spec, "replicas", 1);
    set(spec, "revisionHistoryLimit", 10);
    set(spec, "progressDeadlineSeconds", 600);
    let Some(strategy) = inner(spec, "strategy") else { return };
    set(strategy, "type", "RollingUpdate");
    if strategy["type"] == "RollingUpdate"
        && let Some(rolling) = inner(strategy, "rollingUpdate")
    {
        set(rolling, "maxUnavailable", "25%");
        set(rolling, "maxSurge", "25%");
    }
}

fn fill_stateful_set(spec: &mut Map<String, Value>) {
    set(spec, "replicas", 1);
    set(spec, "podManagementPolicy", "OrderedReady");
    set(spec, "revisionHistoryLimit", 10);
    set(
        spec,
        "persistentVolumeClaimRetentionPolicy",
        json!({"whenDeleted": "Retain", "whenScaled": "Retain"}),
    );
    let Some(strategy) = inner(spec, "updateStrategy") else { return };
    set(strategy, "type", "RollingUpdate");
    if strategy["type"] == "RollingUpdate"
        && let Some(rolling) = inner(strategy, "rollingUpdate")
    {
        set(rolling, "partition", 0);
    }
}

fn fill_daemon_set(spec: &mut Map<String, Value>) {
    set(spec, "revisionHistoryLimit", 10);
    let Some(strategy) = inner(spec, "updateStrategy") else { return };
    set(strategy, "type", "RollingUpdate");
    if strategy["type"] == "RollingUpdate"
        && let Some(rolling) = inner(strategy, "rollingUpdate")
    {
        set(rolling, "maxUnavailable", 1);
        set(rolling, "maxSurge", 0);
    }
}

/// Also the selector and the labels by which a Job knows its pods, unless it says that it has its own.
fn fill_job(spec: &mut Map<String, Value>, uid: &str, name: &str) {
    let is_queue = spec.get("parallelism").is_some_and(|parallelism| !parallelism.is_null());
    if !is_queue {
        set(spec, "completions", 1);
    }
    set(spec, "parallelism", 1);
    set(spec, "backoffLimit", 6);
    set(spec, "completionMode", "NonIndexed");
    set(spec, "suspend", false);
    set(spec, "podReplacementPolicy", "TerminatingOrFailed");
    set(spec, "manualSelector", false);
    if spec["manualSelector"] == true {
        return;
    }
    set(spec, "selector", json!({"matchLabels": {"batch.kubernetes.io/controller-uid": uid}}));
    let labels = inner(spec, "template").and_then(|template| inner(template, "metadata"));
    let Some(labels) = labels.and_then(|metadata| inner(metadata, "labels")) else { return };
    for (key, value) in [
        ("batch.kubernetes.io/controller-uid", uid),
        ("batch.kubernetes.io/job-name", name),
        ("controller-uid", uid),
        ("job-name", name),
    ] {
        set(labels, key, value);
    }
}

fn fill_service(
    spec: &mut Map<String, Value>,
    before: Option<&Value>,
    uid: &str,
    is_taken: &dyn Fn(&str) -> bool,
) {
    set(spec, "type", "ClusterIP");
    set(spec, "sessionAffinity", "None");
    let is_external = spec["type"] == "ExternalName";
    let has_node_ports = matches!(spec["type"].as_str(), Some("NodePort" | "LoadBalancer"));
    let mut seed = hash(uid);
    for port in each(spec, "ports") {
        set(port, "protocol", "TCP");
        let own = port.get("port").cloned().unwrap_or_default();
        set(port, "targetPort", own);
        if has_node_ports && port.get("nodePort").and_then(Value::as_i64).unwrap_or(0) == 0 {
            seed = seed.wrapping_add(1);
            port.insert("nodePort".to_owned(), json!(free_port(seed, is_taken)));
        }
    }
    if is_external {
        return;
    }
    if let Some(before) = before {
        let of_before = &before["spec"]["clusterIP"];
        set(spec, "clusterIP", of_before.clone());
    }
    if meta_text(spec, "clusterIP").is_empty() {
        spec.insert("clusterIP".to_owned(), json!(free_address(hash(uid), is_taken)));
    }
    let address = spec["clusterIP"].clone();
    set(spec, "clusterIPs", json!([address]));
    set(spec, "ipFamilies", json!(["IPv4"]));
    set(spec, "ipFamilyPolicy", "SingleStack");
    set(spec, "internalTrafficPolicy", "Cluster");
    if has_node_ports {
        set(spec, "externalTrafficPolicy", "Cluster");
    }
    if spec["type"] == "LoadBalancer" {
        set(spec, "allocateLoadBalancerNodePorts", true);
    }
}

fn meta_text<'a>(map: &'a Map<String, Value>, key: &str) -> &'a str {
    map.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// A free address of 127.43.0.0/16, where the lab's Services are.
fn free_address(seed: u32, is_taken: &dyn Fn(&str) -> bool) -> String {
    let address = |n: u32| format!("127.43.{}.{}", n / 254 % 256, n % 254 + 1);
    let mut candidates = (0..65_024).map(|n| address((seed % 65_024 + n) % 65_024));
    candidates.find(|candidate| !is_taken(candidate)).unwrap_or_else(|| address(seed))
}

fn free_port(seed: u32, is_taken: &dyn Fn(&str) -> bool) -> u32 {
    let mut candidates = (0..2768).map(|n| 30_000 + (seed % 2768 + n) % 2768);
    candidates.find(|candidate| !is_taken(&candidate.to_string())).unwrap_or(30_000)
}

fn hash(text: &str) -> u32 {
    text.bytes().fold(2_166_136_261, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(16_777_619))
}

/// `SetDefaults_PodSpec` and `SetDefaults_Container`
fn fill_pod(spec: &mut Map<String, Value>) {
    set(spec, "restartPolicy", "Always");
    set(spec, "terminationGracePeriodSeconds", 30);
    set(spec, "dnsPolicy", "ClusterFirst");
    set(spec, "securityContext", json!({}));
    set(spec, "schedulerName", "default-scheduler");
    for key in ["initContainers", "containers"] {
        for container in each(spec, key) {
            fill_container(container);
        }
    }
}

fn fill_container(container: &mut Map<String, Value>) {
    set(container, "resources", json!({}));
    set(container, "terminationMessagePath", "/dev/termination-log");
    set(container, "terminationMessagePolicy", "File");
    let policy = match meta_text(container, "image").rsplit('/').next() {
        Some(image) if image.ends_with(":latest") || !image.contains([':', '@']) => "Always",
        _ => "IfNotPresent",
    };
    set(container, "imagePullPolicy", policy);
    for port in each(container, "ports") {
        set(port, "protocol", "TCP");
    }
    for kind in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(probe) = container.get_mut(kind).and_then(Value::as_object_mut) {
            fill_probe(probe);
        }
    }
}

fn fill_probe(probe: &mut Map<String, Value>) {
    for (key, default) in
        [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)]
    {
        if probe.get(key).and_then(Value::as_i64).unwrap_or(0) == 0 {
            probe.insert(key.to_owned(), json!(default));
        }
    }
    if let Some(get) = probe.get_mut("httpGet").and_then(Value::as_object_mut) {
        set(get, "path", "/");
        set(get, "scheme", "HTTP");
    }
    if let Some(grpc) = probe.get_mut("grpc").and_then(Value::as_object_mut) {
        set(grpc, "service", "");
    }
}

/// What the admission plugins ServiceAccount, Priority and DefaultTolerationSeconds add to a pod.
fn fill_admitted(spec: &mut Map<String, Value>) {
    set(spec, "serviceAccountName", "default");
    let account = spec["serviceAccountName"].clone();
    set(spec, "serviceAccount", account);
    set(spec, "priority", 0);
    set(spec, "enableServiceLinks", true);
    set(spec, "preemptionPolicy", "PreemptLowerPriority");
    let missing = |key: &str| json!({"key": key, "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300});
    let keys = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
    set(spec, "tolerations", json!(keys.map(missing)));
}

#[cfg(test)]
#[path = "defaults_tests.rs"]
mod tests;
