//! A document as JSON, and beside it the line of each of its fields.

use saphyr::{MarkedYaml, YamlData};
use saphyr_parser::ScalarStyle;
use serde_json::{Map, Value};

use super::scalar;

/// The lines of a value and of what is in it, in the same order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Lines {
    /// Where it begins, from 1: a field at its key.
    pub(super) line: usize,
    pub(super) inner: Vec<Lines>,
}

/// Something that JSON cannot hold.
#[derive(Debug, PartialEq)]
pub(super) struct NotJson {
    pub(super) line: usize,
    pub(super) message: String,
}

// === impl Lines ===

impl Lines {
    /// The line of the field at `path`, such as `spec.containers[0].name`; where it is missing, that of the
    /// innermost field on the way that is there.
    pub(super) fn of(&self, value: &Value, path: &str) -> usize {
        let (mut lines, mut value) = (self, value);
        for step in steps(path) {
            let place = match (value, step) {
                (Value::Object(map), Step::Key(key)) => map.keys().position(|found| found == key),
                (Value::Array(items), Step::Item(item)) => (item < items.len()).then_some(item),
                _ => None,
            };
            let found = place.and_then(|place| Some((lines.inner.get(place)?, child(value, step)?)));
            let Some((inner, child)) = found else { break };
            (lines, value) = (inner, child);
        }
        lines.line
    }

    /// The lines of what is in one field.
    pub(super) fn within(&self, value: &Value, key: &str) -> Vec<Self> {
        let place = value.as_object().and_then(|map| map.keys().position(|found| found == key));
        place.and_then(|place| self.inner.get(place)).map(|lines| lines.inner.clone()).unwrap_or_default()
    }
}

/// One step into a value.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step<'a> {
    Key(&'a str),
    Item(usize),
}

/// `a.b[1].c` as its steps.
fn steps(path: &str) -> impl Iterator<Item = Step<'_>> {
    path.split('.').filter(|part| !part.is_empty()).flat_map(|part| {
        let (key, items) = part.split_once('[').unwrap_or((part, ""));
        let items = items.split(['[', ']']).filter_map(|item| item.parse().ok().map(Step::Item));
        (!key.is_empty()).then_some(Step::Key(key)).into_iter().chain(items)
    })
}

fn child<'v>(value: &'v Value, step: Step<'_>) -> Option<&'v Value> {
    match step {
        Step::Key(key) => value.get(key),
        Step::Item(item) => value.get(item),
    }
}

/// The value at `path`.
pub(super) fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    steps(path).try_fold(value, child)
}

/// The document as JSON.
pub(super) fn convert(yaml: &MarkedYaml<'_>) -> Result<(Value, Lines), NotJson> {
    let line = yaml.span.start.line();
    match &yaml.data {
        YamlData::Sequence(items) => {
            let converted = items.iter().map(convert).collect::<Result<Vec<_>, _>>()?;
            let (values, inner) = converted.into_iter().unzip();
            Ok((Value::Array(values), Lines { line, inner }))
        }
        YamlData::Mapping(entries) => {
            let mut map = Mapping::default();
            for (key, value) in entries {
                map.add(key, value)?;
            }
            Ok((Value::Object(map.values), Lines { line, inner: map.lines }))
        }
        YamlData::Tagged(_, inner) => convert(inner),
        YamlData::Representation(..) | YamlData::Value(_) | YamlData::Alias(_) | YamlData::BadValue => {
            Ok((of_scalar(yaml)?, Lines { line, inner: vec![] }))
        }
    }
}

/// A map that is being read.
#[derive(Default)]
struct Mapping {
    values: Map<String, Value>,
    lines: Vec<Lines>,
    /// Those that were merged in: what is written here wins, wherever it stands.
    merged: Vec<String>,
}

// === impl Mapping ===

impl Mapping {
    fn add(&mut self, key: &MarkedYaml<'_>, value: &MarkedYaml<'_>) -> Result<(), NotJson> {
        let line = key.span.start.line();
        if matches!(&key.data, YamlData::Representation(text, ScalarStyle::Plain, _) if text == "<<") {
            return self.merge(value);
        }
        let name = match of_scalar(key)? {
            Value::String(text) => text,
            Value::Null => {
                let message = "a key is missing before the colon; write `name: value`".to_owned();
                return Err(NotJson { line, message });
            }
            other => other.to_string(),
        };
        let (value, mut lines) = convert(value)?;
        lines.line = line;
        if let Some(place) = self.merged.iter().position(|merged| *merged == name) {
            self.merged.swap_remove(place);
        } else if self.values.contains_key(&name) {
            let message = format!("{name} is there twice; write it once");
            return Err(NotJson { line, message });
        }
        self.put(name, value, lines);
        Ok(())
    }

    fn put(&mut self, name: String, value: Value, lines: Lines) {
        match self.values.keys().position(|key| *key == name) {
            Some(place) => self.lines[place] = lines,
            None => self.lines.push(lines),
        }
        self.values.insert(name, value);
    }

    /// `<<: *anchor`, or a list of such: fields of other maps, unless they are here already.
    fn merge(&mut self, from: &MarkedYaml<'_>) -> Result<(), NotJson> {
        let (value, lines) = convert(from)?;
        match value {
            Value::Object(map) => {
                for ((name, value), lines) in map.into_iter().zip(lines.inner) {
                    if !self.values.contains_key(&name) {
                        self.merged.push(name.clone());
                        self.put(name, value, lines);
                    }
                }
                Ok(())
            }
            Value::Array(_) => {
                let YamlData::Sequence(items) = &from.data else { return Ok(()) };
                items.iter().try_for_each(|item| self.merge(item))
            }
            _ => {
                let message = "`<<` merges maps; write `<<: *anchor` of a map".to_owned();
                Err(NotJson { line: from.span.start.line(), message })
            }
        }
    }
}

fn of_scalar(yaml: &MarkedYaml<'_>) -> Result<Value, NotJson> {
    let wrong = |message: String| Err(NotJson { line: yaml.span.start.line(), message });
    let YamlData::Representation(text, style, tag) = &yaml.data else {
        return match yaml.data {
            YamlData::Mapping(_) | YamlData::Sequence(_) => {
                wrong("a key must be a word; write `name: value`".to_owned())
            }
            _ => Ok(Value::Null),
        };
    };
    let tag = tag.as_ref().filter(|tag| tag.is_yaml_core_schema()).map(|tag| tag.suffix.as_ref());
    let value = match (tag, style) {
        (Some("str" | "binary"), _) => Value::String(text.to_string()),
        (Some("float"), _) => match scalar::number(text).and_then(|number| number.as_f64()) {
            Some(number) => Value::from(number),
            None => return wrong(format!("{text:?} is no !!float; write for example 1.5")),
        },
        (_, ScalarStyle::Plain) => scalar::resolve(text),
        _ => Value::String(text.to_string()),
    };
    let fits = match tag {
        Some("bool") => value.is_boolean(),
        Some("int") => value.is_i64() || value.is_u64(),
        Some("null") => value.is_null(),
        _ => true,
    };
    if fits {
        Ok(value)
    } else {
        wrong(format!("{text:?} is no !!{}; leave the tag out", tag.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;
    use serde_json::json;

    fn read(text: &str) -> Result<(Value, Lines), NotJson> {
        convert(&yaml::documents(text).expect("YAML")[0])
    }

    #[test]
    fn quotes_make_strings_and_the_rest_is_typed() {
        let text = "a: '5'\nb: \"yes\"\nc: |\n  1\nd: 5\ne: yes\nf: !!str 5\ng:\n5: x\ntrue: z\n";
        let expected = json!({"a": "5", "b": "yes", "c": "1\n", "d": 5, "e": true, "f": "5", "g": null, "5": "x", "true": "z"});
        assert_eq!(read(text).unwrap().0, expected);
    }

    #[test]
    fn every_field_knows_its_line() {
        let text = "spec:\n  containers:\n  - name: a\n    ports:\n    - containerPort: 1\n  - name: b\n";
        let (value, lines) = read(text).unwrap();
        for (path, line) in [
            ("", 1),
            ("spec", 1),
            ("spec.containers", 2),
            ("spec.containers[0]", 3),
            ("spec.containers[0].ports[0].containerPort", 5),
            ("spec.containers[1].name", 6),
            ("spec.containers[1].livenessProbe.periodSeconds", 6),
            ("spec.containers[2]", 2),
            ("status", 1),
        ] {
            assert_eq!(lines.of(&value, path), line, "{path}");
        }
        assert_eq!(at(&value, "spec.containers[1].name"), Some(&json!("b")));
    }

    #[test]
    fn merged_fields_yield_to_those_that_are_written() {
        let text = "base: &base {a: 1, b: 2}\nmore: &more {b: 9, c: 3}\nx:\n  b: 5\n  <<: [*base, *more]\nz: {<<: *base, a: 7}\n";
        let (value, lines) = read(text).unwrap();
        assert_eq!(value["x"], json!({"b": 5, "a": 1, "c": 3}));
        assert_eq!(value["z"], json!({"a": 7, "b": 2}));
        assert_eq!(lines.of(&value, "x.b"), 4);
        assert!(read("<<: 5\n").unwrap_err().message.contains("merges maps"));
    }

    #[test]
    fn what_json_cannot_hold_is_named_with_its_line() {
        for (text, line, words) in [
            ("a: 1\n\"a\": 2\n", 2, "a is there twice"),
            ("a: 1\n? [x]\n: 2\n", 2, "a key must be a word"),
            ("a: !!int x\n", 1, "is no !!int"),
        ] {
            let wrong = read(text).unwrap_err();
            assert!(wrong.line == line && wrong.message.contains(words), "{text}: {wrong:?}");
        }
    }
}
