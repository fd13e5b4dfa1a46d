//! Whether a written object has the fields of its kind and values of their types, as the API server's decoder sees it.

use serde_json::{Map, Value};

use crate::lab::schema::{Field, Of, Shape, Type};

/// A value that its field cannot hold; the words are those of Go's decoder.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::lab) struct WrongType(pub(in crate::lab) String);

/// Drops fields that the kind does not have, and zero values that mean absence; returns the paths of the former.
pub(in crate::lab) fn conform(object: &mut Value, of: Type) -> Result<Vec<String>, WrongType> {
    let mut unknown = Vec::new();
    if let Some(map) = object.as_object_mut() {
        conform_map(map, of, "", &mut unknown)?;
    }
    Ok(unknown)
}

fn conform_map(
    map: &mut Map<String, Value>,
    of: Type,
    path: &str,
    unknown: &mut Vec<String>,
) -> Result<(), WrongType> {
    let mut wrong = None;
    map.retain(|key, value| {
        if of.is_object && matches!(key.as_str(), "kind" | "apiVersion") {
            return true;
        }
        let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        let Some(field) = of.field(key) else {
            unknown.push(below);
            return false;
        };
        if let Err(why) = conform_field(value, field, of, &below, unknown) {
            wrong.get_or_insert(why);
        }
        !value.is_null() && (field.keeps_zero || !is_zero(value, field))
    });
    wrong.map_or(Ok(()), Err)
}

fn conform_field(
    value: &mut Value,
    field: Field,
    of: Type,
    path: &str,
    unknown: &mut Vec<String>,
) -> Result<(), WrongType> {
    let refused = |value: &Value| {
        let found = match value {
            Value::Object(_) => "object",
            Value::Array(_) => "array",
            Value::String(_) => "string",
            Value::Number(_) => "number",
            Value::Bool(_) => "bool",
            Value::Null => "null",
        };
        let wanted = go_type(field);
        WrongType(format!(
            "json: cannot unmarshal {found} into Go struct field {}.{path} of type {wanted}",
            of.name
        ))
    };
    match (field.shape, &mut *value) {
        (_, Value::Null) => Ok(()),
        (Shape::One, one) => conform_one(one, field, path, unknown).unwrap_or_else(|| Err(refused(value))),
        (Shape::List, Value::Array(items)) => {
            for (at, item) in items.iter_mut().enumerate() {
                let done = conform_one(item, field, &format!("{path}[{at}]"), unknown);
                done.unwrap_or_else(|| Err(refused(item)))?;
            }
            Ok(())
        }
        (Shape::Map, Value::Object(map)) => {
            for (key, item) in map {
                let done = conform_one(item, field, &format!("{path}.{key}"), unknown);
                done.unwrap_or_else(|| Err(refused(item)))?;
            }
            Ok(())
        }
        _ => Err(refused(value)),
    }
}

/// `None` if the value is not of the field's type.
fn conform_one(
    value: &mut Value,
    field: Field,
    path: &str,
    unknown: &mut Vec<String>,
) -> Option<Result<(), WrongType>> {
    if let (Of::Quantity, Value::Number(number)) = (field.of, &*value) {
        *value = Value::String(number.to_string());
    }
    let is_right = match (field.of, &*value) {
        (Of::Anything, _)
        | (
            Of::Text | Of::Bytes | Of::Quantity | Of::IntOrString | Of::Time | Of::MicroTime,
            Value::String(_),
        )
        | (Of::Boolean, Value::Bool(_))
        | (Of::Part(_), Value::Object(_)) => true,
        (Of::Integer | Of::IntOrString, Value::Number(number)) => number.is_i64() || number.is_u64(),
        // An element that is null is the zero value of its type.
        (_, Value::Null) => true,
        _ => false,
    };
    match (field.part(), value) {
        (Some(part), Value::Object(map)) => Some(conform_map(map, part, path, unknown)),
        _ => is_right.then_some(Ok(())),
    }
}

fn is_zero(value: &Value, field: Field) -> bool {
    match value {
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => field.shape == Shape::Map && map.is_empty(),
        Value::String(text) => text.is_empty(),
        Value::Number(number) => number.as_i64() == Some(0) && field.of == Of::Integer,
        Value::Bool(value) => !value,
        Value::Null => true,
    }
}

fn go_type(field: Field) -> String {
    let of = match field.of {
        Of::Text => "string",
        Of::Integer => "int32",
        Of::Boolean => "bool",
        Of::Bytes => "uint8",
        Of::Quantity => "resource.Quantity",
        Of::IntOrString => "intstr.IntOrString",
        Of::Time => "v1.Time",
        Of::MicroTime => "v1.MicroTime",
        Of::Anything => "runtime.RawExtension",
        Of::Part(name) => name,
    };
    match field.shape {
        Shape::One => of.to_owned(),
        Shape::List => format!("[]{of}"),
        Shape::Map => format!("map[string]{of}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod() -> Type {
        Type::named("Pod").unwrap()
    }

    #[test]
    fn unknown_fields_are_dropped_and_named() {
        let mut object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "nmae": "q"}, "spce": {},
            "spec": {"containers": [{"name": "a"}, {"name": "b", "livenessProb": {}}]}});
        assert_eq!(
            conform(&mut object, pod()),
            Ok(["metadata.nmae", "spce", "spec.containers[1].livenessProb"].map(str::to_owned).to_vec())
        );
        let kept = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"},
            "spec": {"containers": [{"name": "a"}, {"name": "b"}]}});
        assert_eq!(object, kept);
    }

    #[test]
    fn zeroes_that_mean_absence_go_and_others_stay() {
        let mut object = json!({"metadata": {"name": "p", "creationTimestamp": null, "labels": {}},
            "spec": {"hostNetwork": false, "terminationGracePeriodSeconds": 0, "securityContext": {}, "tolerations": [],
                     "containers": [{"name": "a", "args": [], "resources": {"limits": {"cpu": 2}}}]}});
        conform(&mut object, pod()).unwrap();
        let kept = json!({"metadata": {"name": "p"}, "spec": {"terminationGracePeriodSeconds": 0, "securityContext": {},
            "containers": [{"name": "a", "resources": {"limits": {"cpu": "2"}}}]}});
        assert_eq!(object, kept);
    }

    #[test]
    fn a_value_of_another_type_is_refused_in_gos_words() {
        for (spec, words) in [
            (
                json!({"replicas": "2"}),
                "json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
            ),
            (
                json!({"replicas": 1.5}),
                "json: cannot unmarshal number into Go struct field DeploymentSpec.spec.replicas of type int32",
            ),
            (
                json!({"template": []}),
                "json: cannot unmarshal array into Go struct field DeploymentSpec.spec.template of type PodTemplateSpec",
            ),
            (
                json!({"selector": {"matchLabels": {"a": 1}}}),
                "json: cannot unmarshal number into Go struct field LabelSelector.spec.selector.matchLabels of type map[string]string",
            ),
        ] {
            let mut object = json!({"spec": spec});
            let words = words.to_owned();
            assert_eq!(
                conform(&mut object, Type::named("Deployment").unwrap()),
                Err(WrongType(words)),
                "{spec}"
            );
        }
    }
}
