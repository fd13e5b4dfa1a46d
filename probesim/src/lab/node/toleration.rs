//! Which taints a pod puts up with: `ToleratesTaint` (`k8s.io/component-helpers/scheduling/corev1`).

use std::time::Duration;

use serde_json::Value;

/// Whether one of the tolerations is for this taint.
pub(super) fn tolerates(tolerations: &[Value], taint: &Value) -> bool {
    tolerations.iter().any(|toleration| is_for(toleration, taint))
}

/// How long a pod may stay on a node that evicts: `None` for ever, zero not at all. Each taint has to be tolerated,
/// and the shortest time counts (`getMinTolerationTime`, `pkg/controller/tainteviction/taint_eviction.go`).
pub(super) fn stays(tolerations: &[Value], taints: &[&Value]) -> Option<Duration> {
    let mut shortest: Option<Duration> = None;
    for taint in taints {
        let mut matching = tolerations.iter().filter(|toleration| is_for(toleration, taint)).peekable();
        if matching.peek().is_none() {
            return Some(Duration::ZERO);
        }
        for seconds in matching.filter_map(|toleration| toleration["tolerationSeconds"].as_i64()) {
            let time = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
            shortest = Some(shortest.map_or(time, |before| before.min(time)));
        }
    }
    shortest
}

fn is_for(toleration: &Value, taint: &Value) -> bool {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (effect, key) = (text(&toleration["effect"]), text(&toleration["key"]));
    if !(effect.is_empty() || taint["effect"] == effect) || !(key.is_empty() || taint["key"] == key) {
        return false;
    }
    match toleration["operator"].as_str() {
        Some("Exists") => true,
        Some("Equal" | "") | None => !key.is_empty() && text(&toleration["value"]) == text(&taint["value"]),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_toleration_is_for_a_key_a_value_and_an_effect_or_for_all_of_them() {
        let taint = json!({"key": "k", "value": "v", "effect": "NoExecute"});
        for (toleration, is_for_it) in [
            (json!({"operator": "Exists"}), true),
            (json!({"key": "k", "operator": "Exists"}), true),
            (json!({"key": "k", "operator": "Exists", "effect": "NoSchedule"}), false),
            (json!({"key": "k", "value": "v", "effect": "NoExecute"}), true),
            (json!({"key": "k", "operator": "Equal", "value": "w"}), false),
            (json!({"key": "other", "operator": "Exists"}), false),
            (json!({}), false),
        ] {
            assert_eq!(tolerates(std::slice::from_ref(&toleration), &taint), is_for_it, "{toleration}");
        }
    }

    #[test]
    fn the_shortest_time_counts_and_each_taint_has_to_be_tolerated() {
        let taint = |key: &str| json!({"key": key, "effect": "NoExecute"});
        let (a, b) = (taint("a"), taint("b"));
        let for_a = |seconds: Value| json!({"key": "a", "operator": "Exists", "tolerationSeconds": seconds});
        let five = Some(Duration::from_secs(5));
        assert_eq!(stays(&[for_a(json!(5))], &[&a]), five);
        assert_eq!(stays(&[for_a(json!(9)), for_a(json!(5))], &[&a]), five);
        assert_eq!(stays(&[for_a(json!(5))], &[&a, &b]), Some(Duration::ZERO));
        assert_eq!(stays(&[json!({"operator": "Exists"})], &[&a, &b]), None);
        assert_eq!(stays(&[], &[]), None);
    }
}
