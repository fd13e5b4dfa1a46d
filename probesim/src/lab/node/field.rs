//! Fields of the pod that a container may read: `fieldRef` (`podFieldSelectorRuntimeValue`,
//! `pkg/kubelet/kubelet_pods.go`).

use serde_json::Value;

/// What a variable may refer to besides one label or annotation.
const PATHS: [(&str, &str); 9] = [
    ("metadata.name", "/metadata/name"),
    ("metadata.namespace", "/metadata/namespace"),
    ("metadata.uid", "/metadata/uid"),
    ("spec.nodeName", "/spec/nodeName"),
    ("spec.serviceAccountName", "/spec/serviceAccountName"),
    ("status.hostIP", "/status/hostIP"),
    ("status.hostIPs", "/status/hostIP"),
    ("status.podIP", "/status/podIP"),
    ("status.podIPs", "/status/podIP"),
];

/// Whether a variable may refer to it.
pub(super) fn is_known(path: &str) -> bool {
    subscript(path).is_some() || PATHS.iter().any(|(known, _)| *known == path)
}

/// The value of a field; a label that is not there is an empty one. `None` when there is no such field.
pub(super) fn value(pod: &Value, path: &str) -> Option<String> {
    let found = match subscript(path) {
        Some((map, key)) => pod["metadata"][map].get(key),
        None => pod.pointer(PATHS.iter().find(|(known, _)| *known == path)?.1),
    };
    let default = if path == "spec.serviceAccountName" { "default" } else { "" };
    Some(found.and_then(Value::as_str).unwrap_or(default).to_owned())
}

/// `metadata.labels['KEY']`.
fn subscript(path: &str) -> Option<(&str, &str)> {
    let (map, rest) = path.strip_prefix("metadata.")?.split_once("['")?;
    let key = rest.strip_suffix("']")?;
    matches!(map, "labels" | "annotations").then_some((map, key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_read_as_the_downward_api_has_them() {
        let pod = json!({
            "metadata": {"name": "p", "namespace": "n", "uid": "u",
                         "labels": {"app.kubernetes.io/name": "api"}, "annotations": {"a": "b"}},
            "spec": {"nodeName": "lab"},
            "status": {"podIP": "127.20.1.1", "hostIP": "127.20.0.1"},
        });
        for (path, expected) in [
            ("metadata.name", Some("p")),
            ("metadata.namespace", Some("n")),
            ("metadata.uid", Some("u")),
            ("metadata.labels['app.kubernetes.io/name']", Some("api")),
            ("metadata.labels['nope']", Some("")),
            ("metadata.annotations['a']", Some("b")),
            ("spec.nodeName", Some("lab")),
            ("spec.serviceAccountName", Some("default")),
            ("status.podIP", Some("127.20.1.1")),
            ("status.hostIPs", Some("127.20.0.1")),
            ("metadata.labels", None),
            ("status.phase", None),
        ] {
            assert_eq!(value(&pod, path).as_deref(), expected, "{path}");
            assert_eq!(is_known(path), expected.is_some(), "{path}");
        }
    }
}
