//! What of an object stays as it was written: `Validate…Update` of each kind.

use serde_json::{Map, Value, json};

use super::broken::Broken;
use crate::lab::schema::resources::Resource;

/// Fields that keep their value, as `field is immutable`: resource, path.
const KEPT: &[(&str, &str)] = &[
    ("deployments.apps", "spec.selector"),
    ("replicasets.apps", "spec.selector"),
    ("daemonsets.apps", "spec.selector"),
    ("jobs.batch", "spec.completionMode"),
    ("jobs.batch", "spec.selector"),
    ("jobs.batch", "spec.podFailurePolicy"),
    ("jobs.batch", "spec.backoffLimitPerIndex"),
    ("jobs.batch", "spec.managedBy"),
    ("jobs.batch", "spec.successPolicy"),
    ("secrets", "type"),
    ("endpointslices.discovery.k8s.io", "addressType"),
    ("ingressclasses.networking.k8s.io", "spec.controller"),
    ("controllerrevisions.apps", "data"),
    ("storageclasses.storage.k8s.io", "volumeBindingMode"),
    ("customresourcedefinitions.apiextensions.k8s.io", "spec.group"),
    ("customresourcedefinitions.apiextensions.k8s.io", "spec.scope"),
    ("customresourcedefinitions.apiextensions.k8s.io", "spec.names.kind"),
    ("customresourcedefinitions.apiextensions.k8s.io", "spec.names.plural"),
    ("runtimeclasses.node.k8s.io", "handler"),
];

/// Fields whose change is forbidden in words of their own: resource, path, words.
const FORBIDDEN: &[(&str, &str, &str)] = &[
    ("priorityclasses.scheduling.k8s.io", "value", "may not be changed in an update."),
    ("priorityclasses.scheduling.k8s.io", "preemptionPolicy", "may not be changed in an update."),
    ("storageclasses.storage.k8s.io", "parameters", "updates to parameters are forbidden."),
    ("storageclasses.storage.k8s.io", "provisioner", "updates to provisioner are forbidden."),
    ("storageclasses.storage.k8s.io", "reclaimPolicy", "updates to reclaimPolicy are forbidden."),
];

const STATEFUL: [&str; 7] = [
    "replicas",
    "ordinals",
    "template",
    "updateStrategy",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
    "minReadySeconds",
];
const STATEFUL_WORDS: &str = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
                              'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and \
                              'minReadySeconds' are forbidden";
const POD_WORDS: &str = "pod updates may not change fields other than `spec.containers[*].image`,\
                         `spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to \
                         existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was \
                         previously negative)";
const CLAIM_WORDS: &str = "spec is immutable after creation except resources.requests and volumeAttributesClassName for \
                           bound claims";
const SET: &str = "field is immutable when `immutable` is set";

/// Everything that a change of an object changes and may not.
pub(super) fn check(resource: &Resource, before: &Value, after: &Value, found: &mut Vec<Broken>) {
    let name = resource.qualified();
    for (_, path) in KEPT.iter().filter(|(of, _)| *of == name) {
        let (old, new) = (at(before, path), at(after, path));
        if old != new {
            found.push(Broken::invalid(*path, new, "field is immutable"));
        }
    }
    for (_, path, words) in FORBIDDEN.iter().filter(|(of, ..)| *of == name) {
        if at(before, path) != at(after, path) {
            found.push(Broken::forbidden(*path, words));
        }
    }
    match name.as_str() {
        "pods" => pod(&before["spec"], &after["spec"], found),
        "jobs.batch" => job(&before["spec"], &after["spec"], found),
        "services" => service(&before["spec"], &after["spec"], found),
        "configmaps" | "secrets" => data(before, after, found),
        "persistentvolumeclaims" => claim(before, after, found),
        "statefulsets.apps" => {
            let others = |spec: &Value| without(spec, &STATEFUL);
            if others(&before["spec"]) != others(&after["spec"]) {
                found.push(Broken::forbidden("spec", STATEFUL_WORDS));
            }
        }
        "rolebindings.rbac.authorization.k8s.io" | "clusterrolebindings.rbac.authorization.k8s.io" => {
            role_ref(&before["roleRef"], &after["roleRef"], found);
        }
        _ => {}
    }
}

fn at<'a>(value: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(value, |value, key| &value[key])
}

fn without(value: &Value, fields: &[&str]) -> Map<String, Value> {
    let mut map = value.as_object().cloned().unwrap_or_default();
    map.retain(|key, value| !fields.contains(&key.as_str()) && !value.is_null());
    map
}

fn list<'a>(spec: &'a Value, field: &str) -> &'a [Value] {
    spec[field].as_array().map_or(&[], Vec::as_slice)
}

/// `ValidatePodUpdate`
fn pod(before: &Value, after: &Value, found: &mut Vec<Broken>) {
    for field in ["containers", "initContainers"] {
        if list(before, field).len() != list(after, field).len() {
            let words = "pod updates may not add or remove containers";
            found.push(Broken::forbidden(format!("spec.{field}"), words));
            return;
        }
    }
    deadline(before, after, found);
    tolerations(before, after, found);
    if munged(before, before) != munged(after, before) {
        found.push(Broken::forbidden("spec", POD_WORDS));
    }
}

fn deadline(before: &Value, after: &Value, found: &mut Vec<Broken>) {
    let field = "spec.activeDeadlineSeconds";
    let (old, new) = (before["activeDeadlineSeconds"].as_i64(), after["activeDeadlineSeconds"].as_i64());
    match (old, new) {
        (Some(old), Some(new)) if old < new => {
            found.push(Broken::invalid(field, &json!(new), "must be less than or equal to previous value"));
        }
        (Some(_), None) => {
            let words = "must not update from a positive integer to nil value";
            found.push(Broken::invalid_as(field, "null", words));
        }
        _ => {}
    }
}

fn tolerations(before: &Value, after: &Value, found: &mut Vec<Broken>) {
    let plain = |toleration: &Value| without(toleration, &["tolerationSeconds"]);
    let new: Vec<_> = list(after, "tolerations").iter().map(plain).collect();
    if !list(before, "tolerations").iter().all(|old| new.contains(&plain(old))) {
        let words = "existing toleration can not be modified except its tolerationSeconds";
        found.push(Broken::forbidden("spec.tolerations", words));
    }
}

/// A pod's spec without what may change.
fn munged(spec: &Value, before: &Value) -> Map<String, Value> {
    let mut map = without(spec, &["activeDeadlineSeconds", "tolerations", "schedulingGates"]);
    let was_negative = before["terminationGracePeriodSeconds"].as_i64().is_some_and(|grace| grace < 0);
    if was_negative && map.get("terminationGracePeriodSeconds") == Some(&json!(1)) {
        map.insert(
            "terminationGracePeriodSeconds".to_owned(),
            before["terminationGracePeriodSeconds"].clone(),
        );
    }
    for field in ["containers", "initContainers"] {
        for container in map.get_mut(field).and_then(Value::as_array_mut).into_iter().flatten() {
            if let Some(container) = container.as_object_mut() {
                container.shift_remove("image");
            }
        }
    }
    map
}

/// `ValidateJobUpdate`: a template may change its scheduling while the Job has not started.
fn job(before: &Value, after: &Value, found: &mut Vec<Broken>) {
    let is_elastic = after["completionMode"] == "Indexed" && after["completions"] == after["parallelism"];
    if before["completions"] != after["completions"] && !is_elastic {
        found.push(Broken::invalid("spec.completions", &after["completions"], "field is immutable"));
    }
    let (old, new) = (&before["template"], &after["template"]);
    if old["spec"] != new["spec"] {
        let movable: &[&str] = if before["suspend"] == true {
            &["nodeSelector", "tolerations", "affinity", "schedulingGates"]
        } else {
            &[]
        };
        if without(&old["spec"], movable) != without(&new["spec"], movable) {
            found.push(Broken::invalid("spec.template.spec", &new["spec"], "field is immutable"));
        }
    } else if old != new && before["suspend"] != true {
        found.push(Broken::invalid("spec.template", new, "field is immutable"));
    }
}

/// The address stays, unless the Service becomes one without.
fn service(before: &Value, after: &Value, found: &mut Vec<Broken>) {
    let (old, new) = (before["clusterIP"].as_str(), after["clusterIP"].as_str());
    let is_external = |spec: &Value| spec["type"] == "ExternalName";
    if is_external(before) || is_external(after) {
        return;
    }
    if let (Some(old), Some(new)) = (old, new)
        && old != new
        && !old.is_empty()
    {
        let shown = json!([new]).to_string();
        found.push(Broken::invalid_as("spec.clusterIPs[0]", &shown, "may not change once set"));
    }
}

/// `immutable: true`
fn data(before: &Value, after: &Value, found: &mut Vec<Broken>) {
    if before["immutable"] != true {
        return;
    }
    if after["immutable"] != true {
        found.push(Broken::forbidden("immutable", SET));
    }
    for field in ["data", "binaryData"] {
        if without(&before[field], &[]) != without(&after[field], &[]) {
            found.push(Broken::forbidden(field, SET));
        }
    }
}

fn claim(before: &Value, after: &Value, found: &mut Vec<Broken>) {
    let others =
        |claim: &Value| without(&claim["spec"], &["resources", "volumeAttributesClassName", "volumeName"]);
    let is_bound = before["status"]["phase"] == "Bound";
    let is_resized = before["spec"]["resources"] != after["spec"]["resources"];
    if others(before) != others(after) || is_resized && !is_bound {
        found.push(Broken::forbidden("spec", CLAIM_WORDS));
    }
}

/// The reference is printed as the API's own type has its fields.
fn role_ref(before: &Value, after: &Value, found: &mut Vec<Broken>) {
    if before == after {
        return;
    }
    let text = |field: &str| after[field].as_str().unwrap_or_default();
    let shown = json!({"APIGroup": text("apiGroup"), "Kind": text("kind"), "Name": text("name")});
    found.push(Broken::invalid_as("roleRef", &shown.to_string(), "cannot change roleRef"));
}

/// What a Job's status has to have once it is over (`validateFinishedJob`).
pub(super) fn job_status(after: &Value, found: &mut Vec<Broken>) {
    let status = &after["status"];
    let is = |kind: &str| {
        let conditions = status["conditions"].as_array().into_iter().flatten();
        conditions.clone().any(|one| one["type"] == kind && one["status"] == "True")
    };
    let (is_complete, is_failed) = (is("Complete"), is("Failed"));
    if is_complete && status["completionTime"].is_null() {
        found.push(Broken::required("status.completionTime", "completionTime is required for Complete jobs"));
    }
    if is_complete && is_failed {
        let words = "cannot set Complete=True and Failed=true conditions";
        found.push(Broken::invalid_as("status.conditions", words, ""));
    }
    if !is_complete && !status["completionTime"].is_null() {
        let words = "completionTime cannot be set for non-complete jobs";
        found.push(Broken::invalid("status.completionTime", &status["completionTime"], words));
    }
    if is_complete && !is("SuccessCriteriaMet") {
        let words = "cannot set Complete=True condition without the SuccessCriteriaMet=true condition";
        found.push(Broken::invalid_as("status.conditions", words, ""));
    }
    if is_failed && !is("FailureTarget") {
        let words = "cannot set Failed=True condition without the FailureTarget=true condition";
        found.push(Broken::invalid_as("status.conditions", words, ""));
    }
    if (is_complete || is_failed) && status["startTime"].is_null() {
        found.push(Broken::required("status.startTime", "startTime is required for finished job"));
    }
    if (is_complete || is_failed) && status["active"].as_i64().unwrap_or(0) > 0 {
        let words = "active>0 is invalid for finished job";
        found.push(Broken::invalid("status.active", &status["active"], words));
    }
}
