//! Which fields of a kind a field selector may name, and what they hold.
//!
//! The lists are the field label conversions of Kubernetes (`pkg/apis/*/v1/conversion.go`); every other kind has
//! `metadata.name` and `metadata.namespace` (`runtime.DefaultMetaV1FieldSelectorConversion`).

use serde_json::Value;

use crate::lab::schema::resources::Resource;

const PODS: &[&str] = &[
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.podIPs",
    "status.nominatedNodeName",
];
const EVENTS: &[&str] = &[
    "involvedObject.kind",
    "involvedObject.namespace",
    "involvedObject.name",
    "involvedObject.uid",
    "involvedObject.apiVersion",
    "involvedObject.resourceVersion",
    "involvedObject.fieldPath",
    "reason",
    "reportingComponent",
    "source",
    "type",
];

/// The fields that this kind has beside its name and namespace.
fn extra(resource: &Resource) -> &'static [&'static str] {
    match (resource.group.as_str(), resource.plural.as_str()) {
        ("", "pods") => PODS,
        ("", "events") => EVENTS,
        ("", "nodes") => &["spec.unschedulable"],
        ("", "namespaces") => &["status.phase"],
        ("", "secrets") => &["type"],
        ("", "services") => &["spec.clusterIP", "spec.type"],
        ("", "replicationcontrollers") | ("apps", "replicasets") => &["status.replicas"],
        ("batch", "jobs") => &["status.successful"],
        ("certificates.k8s.io", "certificatesigningrequests") => &["spec.signerName"],
        _ => &[],
    }
}

/// Whether a selector may name `field`; if not, the message of the 400 that says so.
pub(super) fn check(resource: &Resource, field: &str) -> Result<(), String> {
    let is_common = field == "metadata.name" || (field == "metadata.namespace" && resource.namespaced);
    if is_common || extra(resource).contains(&field) {
        return Ok(());
    }
    Err(match (resource.group.as_str(), resource.plural.as_str()) {
        ("batch", "jobs") => format!("field label {field:?} not supported for batchv1.Job"),
        (
            "",
            "pods" | "events" | "nodes" | "namespaces" | "secrets" | "services" | "replicationcontrollers",
        ) => {
            format!("field label not supported: {field}")
        }
        _ => {
            format!(r#""{field}" is not a known field selector: only "metadata.name", "metadata.namespace""#)
        }
    })
}

/// What the kind's fields hold in this object, absent ones as Go's zero value prints.
pub(super) fn values(resource: &Resource, object: &Value) -> Vec<(&'static str, String)> {
    extra(resource).iter().map(|field| (*field, value(field, object))).collect()
}

fn value(field: &str, object: &Value) -> String {
    let path = match field {
        "source" => "source.component",
        "status.successful" => "status.succeeded",
        other => other,
    };
    let found = path.split('.').try_fold(object, |at, key| at.get(key));
    match (found, field) {
        (Some(Value::String(text)), _) => text.clone(),
        (Some(Value::Array(ips)), _) => {
            ips.first().and_then(|ip| ip["ip"].as_str()).unwrap_or_default().to_owned()
        }
        (Some(other @ (Value::Bool(_) | Value::Number(_))), _) => other.to_string(),
        (_, "spec.unschedulable" | "spec.hostNetwork") => "false".to_owned(),
        (_, "status.replicas" | "status.successful") => "0".to_owned(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::schema::resources::Registry;
    use serde_json::json;

    fn resource(word: &str) -> Resource {
        let registry = Registry::built_in();
        registry.get(registry.named(word).unwrap()).as_ref().clone()
    }

    #[test]
    fn an_unknown_field_is_refused_in_the_words_of_its_kind() {
        for (kind, field, message) in [
            ("pods", "spec.foo", "field label not supported: spec.foo"),
            ("jobs", "foo", r#"field label "foo" not supported for batchv1.Job"#),
            (
                "configmaps",
                "foo",
                r#""foo" is not a known field selector: only "metadata.name", "metadata.namespace""#,
            ),
        ] {
            assert_eq!(check(&resource(kind), field), Err(message.to_owned()));
        }
        assert_eq!(check(&resource("pods"), "spec.nodeName"), Ok(()));
        assert_eq!(check(&resource("deployments"), "metadata.name"), Ok(()));
    }

    #[test]
    fn absent_fields_hold_the_zero_value() {
        let job = values(&resource("jobs"), &json!({"status": {"succeeded": 2}}));
        assert_eq!(job, [("status.successful", "2".to_owned())]);
        let set = values(&resource("replicasets"), &json!({}));
        assert_eq!(set, [("status.replicas", "0".to_owned())]);
        let event = values(&resource("events"), &json!({"source": {"component": "kubelet"}}));
        assert!(event.contains(&("source", "kubelet".to_owned())));
    }
}
