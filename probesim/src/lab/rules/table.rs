//! Reads `table.txt`, and walks objects along it.
//!
//! A line that begins a type names one of `schema.txt`; those below are its fields in the order in which the API
//! server looks at them, with the rules of each after a colon. `= CHECK` is a rule about several fields, see `checks`.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::broken::Broken;
use super::checks;
use super::format;
use super::quantity;
use crate::lab::schema::{Shape, Type};

static TABLE: LazyLock<HashMap<&'static str, Vec<Line>>> = LazyLock::new(|| read(include_str!("table.txt")));

/// What is said of one field, or of the whole type.
#[derive(Debug)]
enum Line {
    Field(&'static str, Vec<Rule>),
    Check(&'static str),
}

/// A rule about the value of one field.
#[derive(Debug)]
enum Rule {
    /// Absent, empty or zero is refused.
    Required(&'static str),
    Enum(Vec<&'static str>),
    Min(i64),
    Positive,
    AboveZero,
    Range(i64, i64),
    /// An amount that is not negative.
    Amount,
    /// A number that is not negative, or a percentage.
    Share,
    Label,
    Subdomain,
    LabelValue,
    Qualified,
    /// A number or a name of a port.
    Port,
    PortName,
    EnvName,
    Header,
    Address,
    InnerPath,
    /// A map of labels; keys and values are said to be wrong of the map.
    Labels,
    /// A map whose keys are those of a ConfigMap.
    Keys,
    /// Items of a list differ in this field.
    Unique(&'static str),
    Most(usize),
    /// For each item of a list, or each value of a map.
    Each(Box<Rule>),
    Forbidden(&'static str),
}

/// What the rules about several fields may look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope<'a> {
    pub(super) root: &'a Value,
    /// Of the object: a request need not say it.
    pub(super) kind: &'a str,
    /// The pod's spec that the walk is in, for what containers refer to.
    pub(super) pod: Option<&'a Value>,
}

/// Everything that is wrong with a value of a type.
pub(super) fn walk(value: &Value, of: &Type, path: &str, scope: Scope<'_>, found: &mut Vec<Broken>) {
    let Some(lines) = TABLE.get(of.name) else { return };
    let scope = if of.name == "PodSpec" { Scope { pod: Some(value), ..scope } } else { scope };
    for line in lines {
        match line {
            Line::Check(name) => checks::run(name, value, path, scope, found),
            Line::Field(name, rules) => {
                let below = if path.is_empty() { (*name).to_owned() } else { format!("{path}.{name}") };
                let inner = value.get(*name).unwrap_or(&Value::Null);
                let before = found.len();
                // A part that is there and empty is there.
                let is_part = inner.is_object() && of.field(name).is_some_and(|it| it.shape == Shape::One);
                for rule in rules {
                    if is_part && matches!(rule, Rule::Required(_)) {
                        continue;
                    }
                    rule.check(inner, &below, found);
                    if found.len() > before && matches!(rule, Rule::Required(_) | Rule::Forbidden(_)) {
                        break;
                    }
                }
                descend(inner, of, name, &below, scope, found);
            }
        }
    }
}

fn descend(value: &Value, of: &Type, name: &str, path: &str, scope: Scope<'_>, found: &mut Vec<Broken>) {
    let Some(field) = of.field(name) else { return };
    let Some(part) = field.part() else { return };
    match (field.shape, value) {
        (Shape::One, Value::Object(_)) => walk(value, &part, path, scope, found),
        (Shape::List, Value::Array(items)) => {
            for (at, item) in items.iter().enumerate() {
                walk(item, &part, &format!("{path}[{at}]"), scope, found);
            }
        }
        (Shape::Map, Value::Object(map)) => {
            for (key, item) in map {
                walk(item, &part, &format!("{path}[{key}]"), scope, found);
            }
        }
        _ => {}
    }
}

/// Absent, as Go's zero value is.
pub(super) fn is_absent(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        Value::Number(number) => number.as_i64() == Some(0),
        Value::Bool(_) => false,
    }
}

// === impl Rule ===

impl Rule {
    fn check(&self, value: &Value, path: &str, found: &mut Vec<Broken>) {
        if let Self::Required(why) = self {
            if is_absent(value) {
                found.push(Broken::required(path, why));
            }
            return;
        }
        if value.is_null() && !matches!(self, Self::Port) {
            return;
        }
        match self {
            Self::Each(rule) => each(value, path, |item, path| rule.check(item, path, found)),
            Self::Unique(key) => unique(value, key, path, found),
            Self::Labels => labels(value, path, found),
            Self::Keys => {
                for (key, _) in value.as_object().into_iter().flatten() {
                    let wrong = format::config_key(key);
                    let path = format!("{path}[{key}]");
                    found.extend(wrong.iter().map(|why| Broken::invalid_text(path.as_str(), key, why)));
                }
            }
            Self::Most(most) => {
                let count = value.as_array().map_or(0, Vec::len);
                if count > *most {
                    found.push(Broken::too_many(path, count, *most));
                }
            }
            Self::Enum(known) => {
                if !is_absent(value) && !known.iter().any(|one| value == one) {
                    found.push(Broken::unsupported(path, value, known));
                }
            }
            Self::Port if value.is_null() => Self::Port.check(&json!(0), path, found),
            Self::Forbidden(why) => found.push(Broken::forbidden(path, why)),
            other => {
                found.extend(other.wrong(value).iter().map(|why| Broken::invalid(path, value, why)));
            }
        }
    }

    /// What is wrong with a value for itself.
    fn wrong(&self, value: &Value) -> Vec<String> {
        let number = || value.as_i64().unwrap_or(0);
        let one = |is_wrong: bool, why: &str| if is_wrong { vec![why.to_owned()] } else { Vec::new() };
        // Absent text is a matter of `required`.
        let text = |check: fn(&str) -> Vec<String>| match value.as_str() {
            Some(text) if !text.is_empty() => check(text),
            _ => Vec::new(),
        };
        match self {
            Self::Min(least) => one(number() < *least, &format!("must be greater than or equal to {least}")),
            Self::Positive => one(number() <= 0, "must be greater than 0"),
            Self::AboveZero => one(number() <= 0, "must be greater than zero"),
            Self::Range(from, to) => format::between(number(), *from, *to).into_iter().collect(),
            Self::Amount => {
                let is_negative =
                    value.as_str().is_some_and(|text| quantity::parse(text).is_ok_and(|it| it < 0));
                one(is_negative, "must be greater than or equal to 0")
            }
            Self::Share => match value {
                Value::String(text) => format::percent(text),
                _ => one(number() < 0, "must be greater than or equal to 0"),
            },
            Self::Label => text(format::label),
            Self::Subdomain => text(format::subdomain),
            Self::LabelValue => text(format::label_value),
            Self::Qualified => text(format::qualified),
            Self::Port => format::port(value),
            Self::PortName => text(format::port_name),
            Self::EnvName => text(format::env_name),
            Self::Header => text(format::header),
            Self::Address => text(format::ip),
            Self::InnerPath => text(format::inner_path),
            _ => Vec::new(),
        }
    }
}

fn each(value: &Value, path: &str, mut check: impl FnMut(&Value, &str)) {
    match value {
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                check(item, &format!("{path}[{at}]"));
            }
        }
        Value::Object(map) => {
            for (key, item) in map {
                check(item, &format!("{path}[{key}]"));
            }
        }
        _ => {}
    }
}

fn unique(value: &Value, key: &str, path: &str, found: &mut Vec<Broken>) {
    let mut seen: Vec<&Value> = Vec::new();
    for (at, item) in value.as_array().into_iter().flatten().enumerate() {
        let (here, path) = match key {
            "" => (item, format!("{path}[{at}]")),
            key => (item.get(key).unwrap_or(&Value::Null), format!("{path}[{at}].{key}")),
        };
        if is_absent(here) {
            continue;
        }
        if seen.contains(&here) {
            found.push(Broken::duplicate(path, here));
        } else {
            seen.push(here);
        }
    }
}

/// `ValidateLabels`
pub(super) fn labels(value: &Value, path: &str, found: &mut Vec<Broken>) {
    for (key, value) in value.as_object().into_iter().flatten() {
        found.extend(format::qualified(key).iter().map(|why| Broken::invalid_text(path, key, why)));
        let text = value.as_str().unwrap_or_default();
        found.extend(format::label_value(text).iter().map(|why| Broken::invalid_text(path, text, why)));
    }
}

fn read(text: &'static str) -> HashMap<&'static str, Vec<Line>> {
    let mut table: HashMap<&'static str, Vec<Line>> = HashMap::new();
    let mut of = "";
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix(' ') {
            None => of = line,
            Some(line) => {
                let line = match line.strip_prefix("= ") {
                    Some(check) => Line::Check(check),
                    None => {
                        let (field, rules) = line.split_once(':').unwrap_or((line, ""));
                        let rules = rules.split(';').filter_map(|text| rule(text.trim()));
                        Line::Field(field, rules.collect())
                    }
                };
                table.entry(of).or_default().push(line);
            }
        }
    }
    table
}

fn rule(text: &'static str) -> Option<Rule> {
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    Some(match word {
        "required" => Rule::Required(rest),
        "enum" => Rule::Enum(rest.split(' ').collect()),
        "min" => Rule::Min(rest.parse().ok()?),
        "positive" => Rule::Positive,
        "above-zero" => Rule::AboveZero,
        "range" => {
            let (from, to) = rest.split_once(' ')?;
            Rule::Range(from.parse().ok()?, to.parse().ok()?)
        }
        "amount" => Rule::Amount,
        "share" => Rule::Share,
        "label" => Rule::Label,
        "subdomain" => Rule::Subdomain,
        "label-value" => Rule::LabelValue,
        "qualified" => Rule::Qualified,
        "port" => Rule::Port,
        "port-name" => Rule::PortName,
        "env-name" => Rule::EnvName,
        "header" => Rule::Header,
        "address" => Rule::Address,
        "inner-path" => Rule::InnerPath,
        "labels" => Rule::Labels,
        "keys" => Rule::Keys,
        "unique" => Rule::Unique(rest),
        "most" => Rule::Most(rest.parse().ok()?),
        "each" => Rule::Each(Box::new(rule(rest)?)),
        "forbidden" => Rule::Forbidden(rest),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_about_a_field_that_there_is_and_every_rule_is_known() {
        let mut of = Type::named("Pod").unwrap();
        for line in
            include_str!("table.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            let Some(below) = line.strip_prefix(' ') else {
                of = Type::named(line).unwrap_or_else(|| panic!("no type {line}"));
                continue;
            };
            if let Some(check) = below.strip_prefix("= ") {
                assert!(checks::is_known(check), "{check}");
                continue;
            }
            let (field, rules) = below.split_once(':').unwrap_or((below, ""));
            assert!(of.field(field).is_some(), "{}.{field}", of.name);
            for text in rules.split(';').map(str::trim).filter(|text| !text.is_empty()) {
                assert!(rule(text).is_some(), "{}.{field}: {text}", of.name);
            }
        }
        assert!(TABLE.len() > 60);
    }
}
