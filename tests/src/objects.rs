//! Objects made by hand, named by what they are meant to be.

use serde_json::{Value, json};

/// The namespace that the simulated API server has by default.
pub const NAMESPACE: &str = "default";

/// A Deployment of generation 1 whose status has caught up.
#[must_use]
pub fn deployment(name: &str, wanted: u32, available: u32) -> Value {
    let is_available = if available >= wanted { "True" } else { "False" };
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": name, "namespace": NAMESPACE, "generation": 1, "labels": {"app": name}},
        "spec": {"replicas": wanted, "selector": {"matchLabels": {"app": name}},
                 "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": []}}},
        "status": {"observedGeneration": 1, "replicas": wanted, "updatedReplicas": wanted,
                   "readyReplicas": available, "availableReplicas": available,
                   "conditions": [{"type": "Available", "status": is_available},
                                  {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}]},
    })
}

/// A Pod whose containers run.
#[must_use]
pub fn pod(name: &str, is_ready: bool) -> Value {
    let status = if is_ready { "True" } else { "False" };
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": NAMESPACE, "labels": {"app": name}},
        "spec": {"containers": [{"name": "main", "image": "registry.example/main:1"}]},
        "status": {"phase": "Running",
                   "conditions": [{"type": "Ready", "status": status}, {"type": "PodScheduled", "status": "True"}],
                   "containerStatuses": [{"name": "main", "ready": is_ready, "restartCount": 0,
                                          "state": {"running": {}}}]},
    })
}

/// A Pod that ended with an error and is not restarted.
#[must_use]
pub fn failed_pod(name: &str) -> Value {
    let mut pod = pod(name, false);
    pod["spec"]["restartPolicy"] = json!("Never");
    pod["status"]["phase"] = json!("Failed");
    pod["status"]["containerStatuses"][0]["state"] =
        json!({"terminated": {"exitCode": 5, "reason": "Error"}});
    pod
}

/// A Job of one completion.
#[must_use]
pub fn job(name: &str, is_complete: bool) -> Value {
    let conditions = if is_complete {
        json!([{"type": "SuccessCriteriaMet", "status": "True"}, {"type": "Complete", "status": "True"}])
    } else {
        json!([])
    };
    json!({
        "apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": name, "namespace": NAMESPACE, "generation": 1, "labels": {"app": name}},
        "spec": {"completions": 1, "parallelism": 1, "backoffLimit": 6, "template": {"spec": {"containers": []}}},
        "status": {"startTime": "2026-01-01T00:00:00Z", "active": u32::from(!is_complete),
                   "succeeded": u32::from(is_complete), "conditions": conditions},
    })
}

/// A StatefulSet of one revision.
#[must_use]
pub fn statefulset(name: &str, wanted: u32, ready: u32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": name, "namespace": NAMESPACE, "generation": 1, "labels": {"app": name}},
        "spec": {"replicas": wanted, "serviceName": name, "selector": {"matchLabels": {"app": name}},
                 "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": []}}},
        "status": {"observedGeneration": 1, "replicas": wanted, "readyReplicas": ready, "availableReplicas": ready,
                   "currentReplicas": wanted, "updatedReplicas": wanted,
                   "currentRevision": "r-1", "updateRevision": "r-1"},
    })
}

/// A DaemonSet on so many nodes.
#[must_use]
pub fn daemonset(name: &str, wanted: u32, ready: u32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet",
        "metadata": {"name": name, "namespace": NAMESPACE, "generation": 1, "labels": {"app": name}},
        "spec": {"selector": {"matchLabels": {"app": name}},
                 "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": []}}},
        "status": {"observedGeneration": 1, "desiredNumberScheduled": wanted, "currentNumberScheduled": wanted,
                   "updatedNumberScheduled": wanted, "numberReady": ready, "numberAvailable": ready,
                   "numberMisscheduled": 0},
    })
}

/// A ReplicaSet.
#[must_use]
pub fn replicaset(name: &str, wanted: u32, ready: u32) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "ReplicaSet",
        "metadata": {"name": name, "namespace": NAMESPACE, "generation": 1, "labels": {"app": name}},
        "spec": {"replicas": wanted, "selector": {"matchLabels": {"app": name}},
                 "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": []}}},
        "status": {"observedGeneration": 1, "replicas": wanted, "fullyLabeledReplicas": wanted,
                   "readyReplicas": ready, "availableReplicas": ready},
    })
}

/// A Service with a selector.
#[must_use]
pub fn service(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"type": "ClusterIP", "clusterIP": "10.0.0.1", "selector": {"app": name},
                 "ports": [{"port": 80, "targetPort": 8080}]},
        "status": {"loadBalancer": {}},
    })
}

/// An EndpointSlice of a Service, with one endpoint.
#[must_use]
pub fn endpoint_slice(service: &str, is_ready: bool) -> Value {
    json!({
        "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
        "metadata": {"name": format!("{service}-1"), "namespace": NAMESPACE,
                     "labels": {"kubernetes.io/service-name": service}},
        "addressType": "IPv4", "ports": [{"name": "", "port": 8080, "protocol": "TCP"}],
        "endpoints": [{"addresses": ["10.1.0.1"], "conditions": {"ready": is_ready}}],
    })
}

/// The same object in another namespace.
#[must_use]
pub fn in_namespace(mut object: Value, namespace: &str) -> Value {
    object["metadata"]["namespace"] = json!(namespace);
    object
}

/// The same object with one label more, or another value of it.
#[must_use]
pub fn labelled(mut object: Value, name: &str, value: &str) -> Value {
    object["metadata"]["labels"][name] = json!(value);
    object
}
