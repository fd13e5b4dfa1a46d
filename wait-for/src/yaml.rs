//! YAML text as a JSON value, with the line of what is wrong.

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value};

/// The first document of `text`, or null when it is empty.
///
/// # Errors
/// What the parser says, with line and column.
pub fn to_json(text: &str) -> Result<Value, String> {
    let documents = Yaml::load_from_str(text).map_err(|error| {
        let place = error.marker();
        format!("line {}, column {}: {}", place.line(), place.col() + 1, error.info())
    })?;
    documents.into_iter().next().map_or(Ok(Value::Null), |document| convert(&document))
}

fn convert(node: &Yaml) -> Result<Value, String> {
    Ok(match node {
        Yaml::Value(scalar) => match scalar {
            Scalar::Null => Value::Null,
            Scalar::Boolean(b) => Value::Bool(*b),
            Scalar::Integer(i) => Value::from(*i),
            Scalar::FloatingPoint(f) => Value::from(f.into_inner()),
            Scalar::String(s) => Value::String(s.to_string()),
        },
        Yaml::Sequence(items) => Value::Array(items.iter().map(convert).collect::<Result<_, _>>()?),
        Yaml::Mapping(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                map.insert(key_text(key)?, convert(value)?);
            }
            Value::Object(map)
        }
        Yaml::Tagged(_, inner) => convert(inner)?,
        Yaml::Representation(text, ..) => Value::String(text.to_string()),
        Yaml::Alias(_) => return Err("an alias (*name) without its anchor (&name)".into()),
        Yaml::BadValue => return Err("a value that does not fit its tag".into()),
    })
}

fn key_text(key: &Yaml) -> Result<String, String> {
    match convert(key)? {
        Value::String(text) => Ok(text),
        other @ (Value::Number(_) | Value::Bool(_)) => Ok(other.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => Err("a key that is not a word".into()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn documents_become_json() {
        let text = "a: 1\nb: [x, 'true', true, null]\nc:\n  d: |\n    two\n    lines\n";
        assert_eq!(
            to_json(text).unwrap(),
            json!({"a": 1, "b": ["x", "true", true, null], "c": {"d": "two\nlines\n"}})
        );
        assert_eq!(
            to_json(r#"{"json": ["is", "yaml", "too"]}"#).unwrap(),
            json!({"json": ["is", "yaml", "too"]})
        );
        assert_eq!(to_json("").unwrap(), Value::Null);
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        let error = to_json("a: 1\nb: [1, 2\nc: 3\n").unwrap_err();
        assert!(error.starts_with("line "), "{error}");
    }
}
