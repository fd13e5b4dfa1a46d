//! The defaults of a pod: its containers, their probes and its volumes.

use serde_json::{Map, Value, json};

use super::{fill, items, part};

pub(super) fn spec(spec: &mut Map<String, Value>) {
    fill(spec, "restartPolicy", json!("Always"));
    fill(spec, "terminationGracePeriodSeconds", json!(30));
    fill(spec, "dnsPolicy", json!("ClusterFirst"));
    fill(spec, "schedulerName", json!("default-scheduler"));
    part(spec, "securityContext");
    // The deprecated name says the same.
    if let Some(account) = spec.get("serviceAccountName").cloned() {
        fill(spec, "serviceAccount", account);
    }
    for key in ["initContainers", "containers"] {
        for one in items(spec, key) {
            container(one);
        }
    }
    for volume in items(spec, "volumes") {
        for key in ["secret", "configMap", "downwardAPI", "projected"] {
            if let Some(Value::Object(source)) = volume.get_mut(key) {
                fill(source, "defaultMode", json!(0o644));
            }
        }
        if volume.len() == 1 {
            volume.insert("emptyDir".to_owned(), json!({}));
        }
    }
}

fn container(one: &mut Map<String, Value>) {
    part(one, "resources");
    fill(one, "terminationMessagePath", json!("/dev/termination-log"));
    fill(one, "terminationMessagePolicy", json!("File"));
    if let Some(image) = one.get("image").and_then(Value::as_str) {
        let policy = if is_latest(image) { "Always" } else { "IfNotPresent" };
        fill(one, "imagePullPolicy", json!(policy));
    }
    for port in items(one, "ports") {
        fill(port, "protocol", json!("TCP"));
    }
    for variable in items(one, "env") {
        let reference = variable.get_mut("valueFrom").and_then(|from| from.get_mut("fieldRef"));
        if let Some(Value::Object(reference)) = reference {
            fill(reference, "apiVersion", json!("v1"));
        }
    }
    for key in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if let Some(Value::Object(probe)) = one.get_mut(key) {
            complete_probe(probe);
        }
    }
    for hook in ["postStart", "preStop"] {
        if let Some(Value::Object(hook)) = one.get_mut("lifecycle").and_then(|hooks| hooks.get_mut(hook)) {
            http_get(hook);
        }
    }
}

fn complete_probe(probe: &mut Map<String, Value>) {
    for (key, value) in
        [("timeoutSeconds", 1), ("periodSeconds", 10), ("successThreshold", 1), ("failureThreshold", 3)]
    {
        // Zero counts as left out.
        if probe.get(key).is_none_or(|given| *given == 0) {
            probe.insert(key.to_owned(), json!(value));
        }
    }
    http_get(probe);
    if let Some(Value::Object(grpc)) = probe.get_mut("grpc") {
        fill(grpc, "service", json!(""));
    }
}

fn http_get(handler: &mut Map<String, Value>) {
    if let Some(Value::Object(get)) = handler.get_mut("httpGet") {
        fill(get, "path", json!("/"));
        fill(get, "scheme", json!("HTTP"));
    }
}

/// An image without a tag means `latest`; one with a digest does not.
fn is_latest(image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or(image);
    !name.contains('@') && name.split_once(':').is_none_or(|(_, tag)| tag == "latest")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_images_that_may_change_are_always_pulled() {
        for (image, is) in [
            ("busybox", true),
            ("localhost:5000/busybox", true),
            ("busybox:latest", true),
            ("busybox:1.36", false),
            ("busybox@sha256:00", false),
        ] {
            assert_eq!(is_latest(image), is, "{image}");
        }
    }
}
