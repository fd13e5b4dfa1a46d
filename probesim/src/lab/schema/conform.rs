//! Whether a written object has the fields of its kind and values of their types, as the API server's decoder sees it.

use serde_json::{Map, Value};

use crate::lab::rules::quantity;
use crate::lab::schema::{Field, Of, Shape, Type};
use crate::lab::timestamp;

/// A value that its field cannot hold; the words are those of Go's decoder.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::lab) struct WrongType {
    /// Where it is, as people read it: `spec.replicas`.
    pub(in crate::lab) field: String,
    pub(in crate::lab) why: String,
}

/// Drops fields that the kind does not have, and zero values that mean absence; returns the paths of the former.
pub(in crate::lab) fn conform(object: &mut Value, of: Type) -> Result<Vec<String>, WrongType> {
    let mut unknown = Vec::new();
    if let Some(map) = object.as_object_mut() {
        conform_map(map, of, &Place::default(), &mut unknown)?;
    }
    Ok(unknown)
}

/// Where a value lies: as people read it, and as Go's decoder says it (no indices, but the names of inlined types).
#[derive(Clone, Debug, Default)]
struct Place {
    shown: String,
    go: String,
}

impl Place {
    fn field(&self, of: Type, key: &str) -> Self {
        let dot = |path: &str| if path.is_empty() { String::new() } else { format!("{path}.") };
        let mut go = dot(&self.go);
        let inlined = of.fields().filter(|field| field.name.is_empty()).filter_map(|field| field.part());
        if let Some(part) = inlined.filter(|part| part.field(key).is_some()).last() {
            go += &format!("{}.", part.name);
        }
        Self { shown: dot(&self.shown) + key, go: go + key }
    }

    fn item(&self, at: usize) -> Self {
        Self { shown: format!("{}[{at}]", self.shown), go: self.go.clone() }
    }

    fn key(&self, key: &str) -> Self {
        Self { shown: format!("{}.{key}", self.shown), go: self.go.clone() }
    }
}

fn conform_map(
    map: &mut Map<String, Value>,
    of: Type,
    place: &Place,
    unknown: &mut Vec<String>,
) -> Result<(), WrongType> {
    let mut wrong = None;
    map.retain(|key, value| {
        if of.is_object && matches!(key.as_str(), "kind" | "apiVersion") {
            return true;
        }
        let Some(field) = of.field(key) else {
            unknown.push(place.field(of, key).shown);
            return false;
        };
        if let Err(why) = conform_field(value, field, of, &place.field(of, key), unknown) {
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
    place: &Place,
    unknown: &mut Vec<String>,
) -> Result<(), WrongType> {
    let refused = |value: &Value, wanted: &str| {
        let found = match value {
            Value::Object(_) => "object".to_owned(),
            Value::Array(_) => "array".to_owned(),
            Value::String(_) => "string".to_owned(),
            Value::Number(number) if matches!(field.of, Of::Integer) => format!("number {number}"),
            Value::Number(_) => "number".to_owned(),
            Value::Bool(_) => "bool".to_owned(),
            Value::Null => "null".to_owned(),
        };
        let go = &place.go;
        let why =
            format!("json: cannot unmarshal {found} into Go struct field {}.{go} of type {wanted}", of.name);
        WrongType { field: place.shown.clone(), why }
    };
    let one = one_type(field);
    match (field.shape, &mut *value) {
        (_, Value::Null) => Ok(()),
        (Shape::One, inner) => {
            conform_one(inner, field, place, unknown).unwrap_or_else(|| Err(refused(value, &one)))
        }
        (Shape::List, Value::Array(items)) => {
            for (at, item) in items.iter_mut().enumerate() {
                let done = conform_one(item, field, &place.item(at), unknown);
                done.unwrap_or_else(|| Err(refused(item, &one)))?;
            }
            Ok(())
        }
        (Shape::Map, Value::Object(map)) => {
            for (key, item) in map {
                let done = conform_one(item, field, &place.key(key), unknown);
                done.unwrap_or_else(|| Err(refused(item, &one)))?;
            }
            Ok(())
        }
        (Shape::List, _) => Err(refused(value, &format!("[]{one}"))),
        _ => Err(refused(value, &format!("map[string]{one}"))),
    }
}

/// `None` if the value is not of the field's type.
fn conform_one(
    value: &mut Value,
    field: Field,
    place: &Place,
    unknown: &mut Vec<String>,
) -> Option<Result<(), WrongType>> {
    if let (Of::Quantity, Value::Number(number)) = (field.of, &*value) {
        *value = Value::String(number.to_string());
    }
    let said = |why: &str| Some(Err(WrongType { field: place.shown.clone(), why: why.to_owned() }));
    let is_right = match (field.of, &*value) {
        (Of::Quantity, Value::String(text)) => match quantity::parse(text) {
            Err(why) if !text.is_empty() => return said(why),
            _ => true,
        },
        (Of::Bytes, Value::String(text)) => match illegal_base64(text) {
            Some(at) => return said(&format!("illegal base64 data at input byte {at}")),
            None => true,
        },
        (Of::Time | Of::MicroTime, Value::String(text)) => {
            if !text.is_empty() && !timestamp::is_time(text) {
                let why = format!(
                    "parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?} as \"2006\""
                );
                return said(&why);
            }
            true
        }
        (Of::Anything, _)
        | (Of::Text | Of::IntOrString, Value::String(_))
        | (Of::Boolean, Value::Bool(_))
        | (Of::Part(_), Value::Object(_)) => true,
        (Of::Integer, Value::Number(number)) => {
            let fits = |number: i64| is_long(field.name) || i32::try_from(number).is_ok();
            number.as_i64().is_some_and(fits)
        }
        (Of::IntOrString, Value::Number(number)) => {
            match number.as_i64().filter(|number| i32::try_from(*number).is_ok()) {
                Some(_) => true,
                None => {
                    return said(&format!(
                        "json: cannot unmarshal number {number} into Go value of type int32"
                    ));
                }
            }
        }
        // An element that is null is the zero value of its type.
        (_, Value::Null) => true,
        _ => false,
    };
    match (field.part(), value) {
        (Some(part), Value::Object(map)) => Some(conform_map(map, part, place, unknown)),
        _ => is_right.then_some(Ok(())),
    }
}

/// Where text stops being Base64, as Go counts.
fn illegal_base64(text: &str) -> Option<usize> {
    let plain: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let end = plain.iter().position(|byte| *byte == b'=').unwrap_or(plain.len());
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'+' || *byte == b'/';
    if let Some(at) = plain[..end].iter().position(|byte| !is_digit(byte)) {
        return Some(at);
    }
    let padding = plain.len() - end;
    if plain[end..].iter().any(|byte| *byte != b'=') || padding > 2 {
        return Some(end);
    }
    // A group that is not whole.
    if plain.len().is_multiple_of(4) { None } else { Some(plain.len() / 4 * 4) }
}

/// Fields of 64 bits; all others have 32.
fn is_long(name: &str) -> bool {
    matches!(
        name,
        "generation"
            | "observedGeneration"
            | "deletionGracePeriodSeconds"
            | "gracePeriodSeconds"
            | "terminationGracePeriodSeconds"
            | "activeDeadlineSeconds"
            | "runAsUser"
            | "runAsGroup"
            | "fsGroup"
            | "supplementalGroups"
            | "uid"
            | "gid"
            | "tolerationSeconds"
            | "expirationSeconds"
            | "startingDeadlineSeconds"
            | "seconds"
            | "sizeBytes"
            | "revision"
    )
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

fn one_type(field: Field) -> String {
    match field.of {
        Of::Text => "string",
        Of::Integer if is_long(field.name) => "int64",
        Of::Integer => "int32",
        Of::Boolean => "bool",
        Of::Bytes => "[]uint8",
        Of::Quantity => "resource.Quantity",
        Of::IntOrString => "intstr.IntOrString",
        Of::Time => "v1.Time",
        Of::MicroTime => "v1.MicroTime",
        Of::Anything => "runtime.RawExtension",
        Of::Part(name) => return format!("v1.{name}"),
    }
    .to_owned()
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
                "json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32",
            ),
            (
                json!({"template": []}),
                "json: cannot unmarshal array into Go struct field DeploymentSpec.spec.template of type v1.PodTemplateSpec",
            ),
            (
                json!({"selector": {"matchLabels": {"a": 1}}}),
                "json: cannot unmarshal number into Go struct field LabelSelector.spec.selector.matchLabels of type string",
            ),
        ] {
            let mut object = json!({"spec": spec});
            let words = words.to_owned();
            assert_eq!(
                conform(&mut object, Type::named("Deployment").unwrap()).map_err(|wrong| wrong.why),
                Err(words),
                "{spec}"
            );
        }
    }
}
