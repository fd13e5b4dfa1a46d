//! Custom resources: whether their definition is one, and whether an object follows its schema.
//!
//! Rules: "CustomResourceDefinitions" in the Kubernetes documentation; words: `k8s.io/kube-openapi/pkg/validation`
//! and `k8s.io/apiextensions-apiserver`.

use serde_json::{Map, Value};

use super::broken::{Broken, quoted, shown};
use super::format;

/// A `CustomResourceDefinition`.
pub(super) fn definition(object: &Value, found: &mut Vec<Broken>) {
    let spec = &object["spec"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (group, plural, name) =
        (text(&spec["group"]), text(&spec["names"]["plural"]), text(&object["metadata"]["name"]));
    if name != format!("{plural}.{group}") {
        let words = "must be spec.names.plural+\".\"+spec.group";
        found.push(Broken::invalid_text("metadata.name", &name, words));
    }
    if group.is_empty() {
        found.push(Broken::required("spec.group", ""));
    } else if format::subdomain(&group).is_empty() && !group.contains('.') {
        found.push(Broken::invalid_text("spec.group", &group, "should be a domain with at least one dot"));
    } else {
        let wrong = format::subdomain(&group);
        found.extend(wrong.iter().map(|why| Broken::invalid_text("spec.group", &group, why)));
    }
    match spec["scope"].as_str() {
        None | Some("") => found.push(Broken::required("spec.scope", "")),
        Some("Cluster" | "Namespaced") => {}
        Some(_) => found.push(Broken::unsupported("spec.scope", &spec["scope"], &["Cluster", "Namespaced"])),
    }
    let versions = spec["versions"].as_array().map_or(&[][..], Vec::as_slice);
    let stored = versions.iter().filter(|version| version["storage"] == true).count();
    for (at, version) in versions.iter().enumerate() {
        let path = format!("spec.versions[{at}]");
        let name = text(&version["name"]);
        let wrong = format::Name::Rfc1035.check(&name, false);
        found.extend(wrong.iter().map(|why| Broken::invalid_text(format!("{path}.name"), &name, why)));
        if versions[..at].iter().any(|other| other["name"] == version["name"]) {
            found.push(Broken::invalid_text(format!("{path}.name"), &name, "must be unique"));
        }
        let schema = &version["schema"]["openAPIV3Schema"];
        if schema.is_null() {
            found.push(Broken::required(format!("{path}.schema.openAPIV3Schema"), ""));
        } else {
            let path = format!("{path}.schema.openAPIV3Schema");
            if schema["type"].is_null() {
                found.push(Broken::required(format!("{path}.type"), "must not be empty at the root"));
            } else if schema["type"] != "object" {
                let words = "must be object at the root";
                found.push(Broken::invalid(format!("{path}.type"), &schema["type"], words));
            }
        }
    }
    if versions.is_empty() || stored != 1 {
        let words = "must have exactly one version marked as storage version";
        let shown = shown(&spec["versions"]);
        found.push(Broken::invalid_as("spec.versions", &shown, words));
    }
    names(&spec["names"], found);
}

fn names(names: &Value, found: &mut Vec<Broken>) {
    for field in ["plural", "singular", "kind", "listKind"] {
        let path = format!("spec.names.{field}");
        match names[field].as_str() {
            None | Some("") if field == "plural" || field == "kind" => found.push(Broken::required(path, "")),
            Some(name) if !name.is_empty() => {
                let is_kind = field.to_lowercase().ends_with("kind");
                let lower = if is_kind { name.to_lowercase() } else { name.to_owned() };
                let wrong = format::Name::Rfc1035.check(&lower, false);
                let words = |why: &String| {
                    if is_kind {
                        format!("may have mixed case, but should otherwise match: {why}")
                    } else {
                        why.clone()
                    }
                };
                found.extend(wrong.iter().map(|why| Broken::invalid_text(path.as_str(), name, words(why))));
            }
            _ => {}
        }
    }
}

/// The schema of a version in a definition.
pub(in crate::lab) fn schema<'a>(definition: &'a Value, version: &str) -> Option<&'a Value> {
    let versions = definition["spec"]["versions"].as_array()?;
    let found = versions.iter().find(|one| one["name"] == version)?;
    found["schema"].get("openAPIV3Schema").filter(|schema| schema.is_object())
}

/// Drops what a schema does not have (pruning), fills in its defaults, and returns the paths of the former.
pub(in crate::lab) fn prune(object: &mut Value, schema: &Value) -> Vec<String> {
    let mut unknown = Vec::new();
    if let Value::Object(map) = object {
        prune_map(map, schema, "", true, &mut unknown);
    }
    unknown
}

fn prune_map(
    map: &mut Map<String, Value>,
    schema: &Value,
    path: &str,
    is_root: bool,
    unknown: &mut Vec<String>,
) {
    let properties = schema["properties"].as_object();
    let keeps = schema["x-kubernetes-preserve-unknown-fields"] == true
        || schema["additionalProperties"] == true
        || properties.is_none() && schema["type"].is_null();
    let others = &schema["additionalProperties"];
    map.retain(|key, value| {
        if is_root && matches!(key.as_str(), "apiVersion" | "kind" | "metadata") {
            return true;
        }
        let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match properties.and_then(|properties| properties.get(key)) {
            Some(schema) => prune_value(value, schema, &below, unknown),
            None if others.is_object() => prune_value(value, others, &below, unknown),
            None if keeps => {}
            None => {
                unknown.push(below);
                return false;
            }
        }
        // `null` for what may not be null and has a default is that default.
        !(value.is_null() && properties.is_some_and(|known| known[key]["nullable"] != true))
    });
    for (key, schema) in properties.into_iter().flatten() {
        if let Some(default) = schema.get("default")
            && !map.contains_key(key)
        {
            let mut value = default.clone();
            prune_value(&mut value, schema, key, unknown);
            map.insert(key.clone(), value);
        }
    }
}

fn prune_value(value: &mut Value, schema: &Value, path: &str, unknown: &mut Vec<String>) {
    match value {
        Value::Object(map) if schema["x-kubernetes-embedded-resource"] == true => {
            prune_map(map, schema, path, true, unknown);
        }
        Value::Object(map) => prune_map(map, schema, path, false, unknown),
        Value::Array(items) => {
            for (at, item) in items.iter_mut().enumerate() {
                prune_value(item, &schema["items"], &format!("{path}[{at}]"), unknown);
            }
        }
        _ => {}
    }
}

/// Everything in an object that is not as its schema says.
pub(super) fn check(object: &Value, schema: &Value, found: &mut Vec<Broken>) {
    check_value(object, schema, "", found);
}

fn check_value(value: &Value, schema: &Value, path: &str, found: &mut Vec<Broken>) {
    if value.is_null() && schema["nullable"] == true {
        return;
    }
    if !is_of_type(value, schema) {
        let wanted = schema["type"].as_str().unwrap_or_default();
        let given = type_of(value);
        let words = format!("{path} in body must be of type {wanted}: {}", quoted(given));
        found.push(Broken::wrong_type(path, &quoted(given), &words));
        return;
    }
    bounds(value, schema, path, found);
    match value {
        Value::Object(map) => {
            let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if !map.contains_key(key) {
                    found.push(Broken::required(below(key), ""));
                }
            }
            for (key, inner) in map {
                let known = schema["properties"].get(key).or_else(|| {
                    schema["additionalProperties"].as_object().map(|_| &schema["additionalProperties"])
                });
                if let Some(known) = known {
                    check_value(inner, known, &below(key), found);
                }
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                check_value(item, &schema["items"], &format!("{path}[{at}]"), found);
            }
        }
        _ => {}
    }
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn is_of_type(value: &Value, schema: &Value) -> bool {
    if schema["x-kubernetes-int-or-string"] == true {
        return matches!(type_of(value), "integer" | "string");
    }
    match schema["type"].as_str() {
        None => true,
        Some("number") => value.is_number(),
        Some("integer") => value.as_f64().is_some_and(|number| number.fract() == 0.0),
        Some(wanted) => type_of(value) == wanted,
    }
}

/// Lengths, sizes, patterns aside, and what is listed.
fn bounds(value: &Value, schema: &Value, path: &str, found: &mut Vec<Broken>) {
    let mut say = |value: &str, why: String| {
        found.push(Broken::invalid_as(path, value, format!("{path} in body {why}")));
    };
    let limit = |name: &str| schema[name].as_f64();
    if let Some(number) = value.as_f64() {
        let text = value.to_string();
        if let Some(least) = limit("minimum") {
            if schema["exclusiveMinimum"] == true && number <= least {
                say(&text, format!("should be greater than {least}"));
            } else if number < least {
                say(&text, format!("should be greater than or equal to {least}"));
            }
        }
        if let Some(most) = limit("maximum") {
            if schema["exclusiveMaximum"] == true && number >= most {
                say(&text, format!("should be less than {most}"));
            } else if number > most {
                say(&text, format!("should be less than or equal to {most}"));
            }
        }
        if let Some(step) = limit("multipleOf").filter(|step| *step != 0.0)
            && (number / step).fract() != 0.0
        {
            say(&text, format!("should be a multiple of {step}"));
        }
    }
    if let Some(text) = value.as_str() {
        let length = text.chars().count() as f64;
        if limit("minLength").is_some_and(|least| length < least) {
            let least = limit("minLength").unwrap_or_default();
            say(&quoted(text), format!("should be at least {least} chars long"));
        }
        if let Some(most) = limit("maxLength").filter(|most| length > *most) {
            let message = format!("Too long: may not be more than {most} bytes");
            found.push(Broken { reason: "FieldValueTooLong", field: path.to_owned(), message });
        }
    }
    let count = match value {
        Value::Array(items) => Some((items.len(), "minItems", "maxItems", "items")),
        Value::Object(map) => Some((map.len(), "minProperties", "maxProperties", "properties")),
        _ => None,
    };
    if let Some((count, least, most, what)) = count {
        let count_of = |name: &str| schema[name].as_u64().and_then(|count| usize::try_from(count).ok());
        if let Some(least) = count_of(least).filter(|least| count < *least) {
            let why = format!("{path} in body should have at least {least} {what}");
            found.push(Broken::invalid_as(path, &count.to_string(), why));
        }
        if let Some(most) = count_of(most).filter(|most| count > *most) {
            found.push(Broken::too_many(path, count, most));
        }
    }
    if let Some(listed) = schema["enum"].as_array()
        && !listed.contains(value)
    {
        let listed: Vec<String> =
            listed.iter().map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned)).collect();
        let listed: Vec<&str> = listed.iter().map(String::as_str).collect();
        found.push(Broken::unsupported(path, value, &listed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn wrong(object: Value, schema: Value) -> Vec<String> {
        let mut found = Vec::new();
        check(&object, &schema, &mut found);
        found.into_iter().map(|one| format!("{}: {}", one.field, one.message)).collect()
    }

    #[test]
    fn an_object_follows_the_schema_of_its_version() {
        let spec = |schema: Value| json!({"type": "object", "properties": {"spec": schema}});
        for (object, schema, words) in [
            (
                json!({"spec": {}}),
                json!({"type": "object", "required": ["size"]}),
                "spec.size: Required value",
            ),
            (
                json!({"spec": "x"}),
                json!({"type": "object"}),
                r#"spec: Invalid value: "string": spec in body must be of type object: "string""#,
            ),
            (
                json!({"spec": 0}),
                json!({"type": "integer", "minimum": 1}),
                "spec: Invalid value: 0: spec in body should be greater than or equal to 1",
            ),
            (
                json!({"spec": "c"}),
                json!({"type": "string", "enum": ["a", "b"]}),
                r#"spec: Unsupported value: "c": supported values: "a", "b""#,
            ),
            (
                json!({"spec": [1, 2]}),
                json!({"type": "array", "maxItems": 1}),
                "spec: Too many: 2: must have at most 1 items",
            ),
            (
                json!({"spec": "abc"}),
                json!({"type": "string", "maxLength": 2}),
                "spec: Too long: may not be more than 2 bytes",
            ),
        ] {
            assert_eq!(wrong(object, spec(schema)), [words]);
        }
        assert!(wrong(json!({"spec": "5"}), spec(json!({"x-kubernetes-int-or-string": true}))).is_empty());
    }

    #[test]
    fn what_a_schema_does_not_have_goes_and_defaults_come() {
        let schema = json!({"type": "object", "properties": {"spec": {"type": "object", "properties": {
            "size": {"type": "integer", "default": 3},
            "any": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
            "map": {"type": "object", "additionalProperties": {"type": "object", "properties": {"a": {"type": "string"}}}},
            "list": {"type": "array", "items": {"type": "object", "properties": {"a": {"type": "string"}}}}}}}});
        let mut object = json!({"kind": "W", "metadata": {"name": "w"}, "spec": {"nope": 1, "any": {"x": 1},
            "map": {"k": {"a": "1", "b": "2"}}, "list": [{"b": 1}]}, "also": 1});
        let unknown = prune(&mut object, &schema);
        assert_eq!(unknown, ["spec.nope", "spec.map.k.b", "spec.list[0].b", "also"]);
        assert_eq!(
            object["spec"],
            json!({"any": {"x": 1}, "map": {"k": {"a": "1"}}, "list": [{}], "size": 3})
        );
    }
}
