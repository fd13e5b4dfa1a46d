//! `status.qosClass`: `ComputePodQOS` (`pkg/apis/core/v1/helper/qos`).

use serde_json::Value;

/// The class of a pod, from the requests and limits of its containers.
pub(super) fn class(spec: &Value) -> &'static str {
    let containers = ["initContainers", "containers"].into_iter().flat_map(|key| {
        let list = spec[key].as_array();
        list.into_iter().flatten().map(|container| &container["resources"])
    });
    let (mut has_some, mut is_guaranteed) = (false, true);
    for resources in containers {
        for name in ["cpu", "memory"] {
            let (request, limit) = (&resources["requests"][name], &resources["limits"][name]);
            has_some |= !is_zero(request) || !is_zero(limit);
            // A request that is not given is the limit.
            is_guaranteed &= !is_zero(limit) && (request.is_null() || request == limit);
        }
    }
    match (has_some, is_guaranteed) {
        (false, _) => "BestEffort",
        (true, true) => "Guaranteed",
        (true, false) => "Burstable",
    }
}

fn is_zero(quantity: &Value) -> bool {
    match quantity {
        Value::String(text) => {
            text.trim_start_matches(['0', '.']).chars().next().is_none_or(char::is_alphabetic)
        }
        Value::Number(number) => number.as_f64() == Some(0.0),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_class_follows_from_requests_and_limits() {
        let both = json!({"cpu": "1", "memory": "64Mi"});
        for (resources, expected) in [
            (json!({}), "BestEffort"),
            (json!({"requests": {"cpu": "0"}}), "BestEffort"),
            (json!({"requests": {"ephemeral-storage": "1Gi"}}), "BestEffort"),
            (json!({"requests": {"cpu": "10m"}}), "Burstable"),
            (json!({"limits": {"memory": "1Gi"}}), "Burstable"),
            (json!({"limits": both}), "Guaranteed"),
            (json!({"limits": both, "requests": both}), "Guaranteed"),
            (json!({"limits": both, "requests": {"cpu": "0.5"}}), "Burstable"),
        ] {
            let spec = json!({"containers": [{"resources": resources}]});
            assert_eq!(class(&spec), expected, "{spec}");
        }
        let mixed = json!({"containers": [{"resources": {"limits": both}}], "initContainers": [{}]});
        assert_eq!(class(&mixed), "Burstable");
    }
}
