//! The `scale` subresource: `autoscaling/v1` `Scale`, made from an object and read back into it.

use serde_json::{Map, Value, json};

use crate::lab::api::answer::status::Status;
use crate::lab::rules::Broken;

/// The scale of an object.
pub(super) fn of(object: &Value) -> Value {
    let metadata = &object["metadata"];
    let mut shown = Map::new();
    for key in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if let Some(value) = metadata.get(key) {
            shown.insert(key.to_owned(), value.clone());
        }
    }
    let count = |value: &Value| value.as_u64().unwrap_or(0);
    let wanted = count(&object["spec"]["replicas"]);
    let mut status = json!({"replicas": count(&object["status"]["replicas"])});
    let selector = selector(&object["spec"]["selector"]);
    if !selector.is_empty() {
        status["selector"] = json!(selector);
    }
    json!({"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": shown,
           "spec": if wanted > 0 { json!({"replicas": wanted}) } else { json!({}) }, "status": status})
}

/// The object with the replicas and the version of a scale.
pub(super) fn set(mut object: Value, scale: &Value) -> Result<Value, Status> {
    let replicas = &scale["spec"]["replicas"];
    let name = object["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let wanted = match (replicas, replicas.as_u64()) {
        (Value::Null, _) => 0,
        (_, Some(wanted)) if i32::try_from(wanted).is_ok() => wanted,
        (_, Some(_)) => {
            return Err(Status::bad_request(format!(
                "Scale in version \"v1\" cannot be handled as a Scale: json: cannot unmarshal number {replicas} into Go \
                 struct field ScaleSpec.spec.replicas of type int32"
            )));
        }
        _ => {
            let why = format!("Invalid value: {replicas}: must be greater than or equal to 0");
            return Err(Status::invalid_kind(
                "Scale",
                "autoscaling",
                &name,
                &[Broken::said("spec.replicas", &why)],
            ));
        }
    };
    object["spec"]["replicas"] = json!(wanted);
    if let Some(version) = scale["metadata"].get("resourceVersion").filter(|version| *version != "") {
        object["metadata"]["resourceVersion"] = version.clone();
    }
    Ok(object)
}

/// A label selector as text; a plain map is one too.
pub(in crate::lab::api) fn selector(selector: &Value) -> String {
    let is_plain = selector.get("matchLabels").is_none() && selector.get("matchExpressions").is_none();
    let labels = if is_plain { selector } else { &selector["matchLabels"] };
    let equal = labels.as_object().into_iter().flatten();
    let mut terms: Vec<String> =
        equal.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    terms.sort();
    for one in selector["matchExpressions"].as_array().into_iter().flatten() {
        let key = one["key"].as_str().unwrap_or_default();
        let mut values: Vec<&str> =
            one["values"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        values.sort_unstable();
        let values = values.join(",");
        terms.push(match one["operator"].as_str() {
            Some("In") => format!("{key} in ({values})"),
            Some("NotIn") => format!("{key} notin ({values})"),
            Some("DoesNotExist") => format!("!{key}"),
            _ => key.to_owned(),
        });
    }
    terms.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_shows_what_is_wanted_and_what_is_there() {
        let object = json!({"metadata": {"name": "d", "namespace": "n", "labels": {"a": "b"}, "resourceVersion": "7"},
            "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "x", "a": "y"},
                     "matchExpressions": [{"key": "t", "operator": "In", "values": ["b", "a"]}]}},
            "status": {"replicas": 2}});
        assert_eq!(
            of(&object).to_string(),
            r#"{"kind":"Scale","apiVersion":"autoscaling/v1","metadata":{"name":"d","namespace":"n","resourceVersion":"7"},"spec":{"replicas":3},"status":{"replicas":2,"selector":"a=y,app=x,t in (a,b)"}}"#
        );
        assert_eq!(of(&json!({"metadata": {}}))["spec"], json!({}));
    }

    #[test]
    fn replicas_are_set_and_negative_ones_refused() {
        let object = json!({"metadata": {"name": "d"}, "spec": {"replicas": 1}});
        let set = |replicas: i64| set(object.clone(), &json!({"spec": {"replicas": replicas}}));
        assert_eq!(set(4).unwrap()["spec"]["replicas"], 4);
        assert_eq!(set(-1).unwrap_err().code, 422);
        assert_eq!(set(10_000_000_000).unwrap_err().code, 400);
    }
}
