//! What the API server fills in when a client leaves it out, for the kinds that a lab runs and kubectl describes.
//!
//! Rules: `SetDefaults_…` in Kubernetes' `pkg/apis/{core,apps,batch}/v1/defaults.go`.

mod pod;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::resources::Resource;

/// Fills in a new or changed object.
pub(super) fn set(resource: &Resource, object: &mut Value) {
    let Some(map) = object.as_object_mut() else { return };
    match (resource.group.as_str(), resource.plural.as_str()) {
        ("", "pods") => {
            let spec = part(map, "spec");
            fill(spec, "enableServiceLinks", json!(true));
            pod::spec(spec);
        }
        ("", "services") => service(part(map, "spec")),
        ("", "secrets") => secret(map),
        ("", "persistentvolumeclaims") => fill(part(map, "spec"), "volumeMode", json!("Filesystem")),
        ("", "namespaces") => namespace(part(map, "metadata")),
        ("apps", "deployments") => deployment(part(map, "spec")),
        ("apps", "replicasets") => {
            let spec = part(map, "spec");
            fill(spec, "replicas", json!(1));
            template(spec);
        }
        ("apps", "statefulsets") => stateful_set(part(map, "spec")),
        ("apps", "daemonsets") => daemon_set(part(map, "spec")),
        ("batch", "jobs") => job(part(map, "spec")),
        ("batch", "cronjobs") => {
            let spec = part(map, "spec");
            fill(spec, "concurrencyPolicy", json!("Allow"));
            fill(spec, "suspend", json!(false));
            fill(spec, "successfulJobsHistoryLimit", json!(3));
            fill(spec, "failedJobsHistoryLimit", json!(1));
            template(part(part(spec, "jobTemplate"), "spec"));
        }
        _ => {}
    }
}

/// What a new job gets from its uid: the selector, and the labels of its pods (`jobStrategy.PrepareForCreate`).
pub(super) fn set_identity(resource: &Resource, object: &mut Value, uid: &str) {
    let is_job = resource.group == "batch" && resource.plural == "jobs";
    if !is_job || object["spec"]["manualSelector"] == true {
        return;
    }
    let name = object["metadata"]["name"].clone();
    let Some(map) = object.as_object_mut() else { return };
    let spec = part(map, "spec");
    let selector = part(part(spec, "selector"), "matchLabels");
    selector.insert("batch.kubernetes.io/controller-uid".to_owned(), json!(uid));
    let labels = part(part(part(spec, "template"), "metadata"), "labels");
    for prefix in ["batch.kubernetes.io/", ""] {
        labels.insert(format!("{prefix}controller-uid"), json!(uid));
        labels.insert(format!("{prefix}job-name"), name.clone());
    }
}

fn deployment(spec: &mut Map<String, Value>) {
    fill(spec, "replicas", json!(1));
    fill(spec, "revisionHistoryLimit", json!(10));
    fill(spec, "progressDeadlineSeconds", json!(600));
    let strategy = part(spec, "strategy");
    fill(strategy, "type", json!("RollingUpdate"));
    if strategy["type"] == "RollingUpdate" {
        let rolling = part(strategy, "rollingUpdate");
        fill(rolling, "maxUnavailable", json!("25%"));
        fill(rolling, "maxSurge", json!("25%"));
    }
    template(spec);
}

fn stateful_set(spec: &mut Map<String, Value>) {
    fill(spec, "replicas", json!(1));
    fill(spec, "podManagementPolicy", json!("OrderedReady"));
    fill(spec, "revisionHistoryLimit", json!(10));
    let strategy = part(spec, "updateStrategy");
    fill(strategy, "type", json!("RollingUpdate"));
    if strategy["type"] == "RollingUpdate" {
        fill(part(strategy, "rollingUpdate"), "partition", json!(0));
    }
    let claims = part(spec, "persistentVolumeClaimRetentionPolicy");
    fill(claims, "whenDeleted", json!("Retain"));
    fill(claims, "whenScaled", json!("Retain"));
    template(spec);
}

fn daemon_set(spec: &mut Map<String, Value>) {
    fill(spec, "revisionHistoryLimit", json!(10));
    let strategy = part(spec, "updateStrategy");
    fill(strategy, "type", json!("RollingUpdate"));
    if strategy["type"] == "RollingUpdate" {
        let rolling = part(strategy, "rollingUpdate");
        fill(rolling, "maxUnavailable", json!(1));
        fill(rolling, "maxSurge", json!(0));
    }
    template(spec);
}

fn job(spec: &mut Map<String, Value>) {
    if !spec.contains_key("completions") && !spec.contains_key("parallelism") {
        spec.insert("completions".to_owned(), json!(1));
    }
    fill(spec, "parallelism", json!(1));
    fill(spec, "completionMode", json!("NonIndexed"));
    fill(spec, "suspend", json!(false));
    fill(spec, "manualSelector", json!(false));
    let has_failure_policy = spec.contains_key("podFailurePolicy");
    fill(
        spec,
        "podReplacementPolicy",
        json!(if has_failure_policy { "Failed" } else { "TerminatingOrFailed" }),
    );
    let limit = if spec.contains_key("backoffLimitPerIndex") { i32::MAX } else { 6 };
    fill(spec, "backoffLimit", json!(limit));
    template(spec);
}

fn service(spec: &mut Map<String, Value>) {
    fill(spec, "type", json!("ClusterIP"));
    fill(spec, "sessionAffinity", json!("None"));
    if spec["type"] != "ExternalName" {
        fill(spec, "internalTrafficPolicy", json!("Cluster"));
    }
    if spec["type"] == "NodePort" || spec["type"] == "LoadBalancer" {
        fill(spec, "externalTrafficPolicy", json!("Cluster"));
    }
    for port in items(spec, "ports") {
        fill(port, "protocol", json!("TCP"));
        if let Some(number) = port.get("port").cloned() {
            fill(port, "targetPort", number);
        }
    }
}

/// `stringData` is for writing only.
fn secret(map: &mut Map<String, Value>) {
    fill(map, "type", json!("Opaque"));
    if let Some(Value::Object(plain)) = map.shift_remove("stringData") {
        let data = part(map, "data");
        for (key, value) in plain {
            data.insert(key, json!(STANDARD.encode(value.as_str().unwrap_or_default())));
        }
    }
}

fn namespace(metadata: &mut Map<String, Value>) {
    if let Some(name) = metadata.get("name").cloned() {
        fill(part(metadata, "labels"), "kubernetes.io/metadata.name", name);
    }
}

fn template(spec: &mut Map<String, Value>) {
    pod::spec(part(part(spec, "template"), "spec"));
}

fn fill(map: &mut Map<String, Value>, key: &str, value: Value) {
    if map.get(key).is_none_or(Value::is_null) {
        map.insert(key.to_owned(), value);
    }
}

/// The part of this name, made if it is not there.
fn part<'a>(map: &'a mut Map<String, Value>, key: &str) -> &'a mut Map<String, Value> {
    let slot = map.entry(key).or_insert_with(|| json!({}));
    if !slot.is_object() {
        *slot = json!({});
    }
    slot.as_object_mut().expect("it has just been made one")
}

fn items<'a>(map: &'a mut Map<String, Value>, key: &str) -> impl Iterator<Item = &'a mut Map<String, Value>> {
    map.get_mut(key).and_then(Value::as_array_mut).into_iter().flatten().filter_map(Value::as_object_mut)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::resources::Registry;

    fn filled(word: &str, mut object: Value) -> Value {
        let registry = Registry::built_in();
        set(registry.get(registry.named(word).unwrap()), &mut object);
        object
    }

    /// As a v1.36.2 server answers `kubectl apply` of the same.
    #[test]
    fn a_deployment_is_filled_in_as_recorded() {
        let container = json!({"name": "main", "image": "busybox", "readinessProbe": {"exec": {"command": ["true"]}, "periodSeconds": 1}});
        let spec = json!({"selector": {}, "template": {"metadata": {}, "spec": {"containers": [container]}}});
        assert_eq!(
            filled("deployments", json!({"spec": spec}))["spec"],
            json!({
                "replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600, "selector": {},
                "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}},
                "template": {"metadata": {}, "spec": {
                    "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
                    "schedulerName": "default-scheduler", "securityContext": {},
                    "containers": [{"name": "main", "image": "busybox", "imagePullPolicy": "Always", "resources": {},
                        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
                        "readinessProbe": {"exec": {"command": ["true"]}, "periodSeconds": 1, "timeoutSeconds": 1,
                                           "successThreshold": 1, "failureThreshold": 3}}]}},
            })
        );
    }

    #[test]
    fn what_is_given_stays() {
        let strategy = json!({"type": "Recreate"});
        let set = filled("deployments", json!({"spec": {"replicas": 0, "strategy": strategy}}));
        assert_eq!((&set["spec"]["replicas"], &set["spec"]["strategy"]), (&json!(0), &strategy));
        let job = filled("jobs", json!({"spec": {"parallelism": 3}}));
        assert_eq!((job["spec"].get("completions"), &job["spec"]["backoffLimit"]), (None, &json!(6)));
    }

    #[test]
    fn a_job_selects_its_pods_by_its_uid() {
        let registry = Registry::built_in();
        let mut job = json!({"metadata": {"name": "j"}, "spec": {}});
        set_identity(registry.get(registry.named("jobs").unwrap()), &mut job, "u");
        assert_eq!(
            job["spec"]["selector"],
            json!({"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}})
        );
        let labels = json!({"batch.kubernetes.io/controller-uid": "u", "batch.kubernetes.io/job-name": "j",
                            "controller-uid": "u", "job-name": "j"});
        assert_eq!(job["spec"]["template"]["metadata"]["labels"], labels);
    }

    #[test]
    fn ports_and_secrets_are_completed() {
        let service = filled("services", json!({"spec": {"ports": [{"port": 80}]}}));
        assert_eq!(service["spec"]["ports"], json!([{"port": 80, "protocol": "TCP", "targetPort": 80}]));
        let secret = filled("secrets", json!({"stringData": {"a": "b"}}));
        assert_eq!(secret, json!({"type": "Opaque", "data": {"a": "Yg=="}}));
    }
}
