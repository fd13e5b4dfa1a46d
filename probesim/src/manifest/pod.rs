//! The pods that an object makes.

use serde_json::Value;

use super::tree::at;
use super::{Object, Problem};
use crate::kubelet::{Kind, PodSpec, validate};

/// The fields of a probe, those of its handlers and those of a header: the API refuses all others
/// (`fieldValidation: Strict`, which kubectl asks for).
const PROBE: &[&str] = &[
    "exec",
    "httpGet",
    "tcpSocket",
    "grpc",
    "initialDelaySeconds",
    "timeoutSeconds",
    "periodSeconds",
    "successThreshold",
    "failureThreshold",
    "terminationGracePeriodSeconds",
];
const HANDLERS: &[(&str, &[&str])] = &[
    ("exec", &["command"]),
    ("httpGet", &["path", "port", "host", "scheme", "httpHeaders"]),
    ("tcpSocket", &["port", "host"]),
    ("grpc", &["port", "service"]),
];

/// Where a kind keeps the template of its pods; empty for a Pod itself, `None` for what makes no pods.
#[must_use]
pub fn template_path(object: &Object) -> Option<&'static str> {
    match object.kind() {
        "Pod" => Some(""),
        "Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job" | "ReplicationController" => {
            Some("spec.template")
        }
        "CronJob" => Some("spec.jobTemplate.spec.template"),
        _ => None,
    }
}

/// The pod's `{metadata, spec}`: the object itself for a Pod, the template for a workload.
#[must_use]
pub fn pod_template(object: &Object) -> Option<&Value> {
    at(&object.value, template_path(object)?)
}

/// The pod's spec, as the API would take it. `None` for what makes no pods.
///
/// # Errors
/// Fields that the API would refuse, all of them where it can be said: each with its line and path.
pub fn pod_spec(object: &Object) -> Result<Option<PodSpec>, Problem> {
    let Some(template) = template_path(object) else { return Ok(None) };
    let path = if template.is_empty() { "spec".to_owned() } else { format!("{template}.spec") };
    let Some(value) = at(&object.value, &path).filter(|value| !value.is_null()) else {
        return Err(object.problem(&path, "missing: write the pod's containers there"));
    };
    let spec: PodSpec = serde_json::from_value(value.clone()).map_err(|_| misfit(object, &path, value))?;
    let prefix = path.strip_suffix("spec").unwrap_or_default();
    let mut wrong = unknown_fields(value, &path);
    for invalid in validate(&spec).err().unwrap_or_default() {
        wrong.push((format!("{prefix}{}", invalid.field), invalid.reason));
    }
    let mut problems = wrong.iter().map(|(path, message)| object.problem(path, message));
    let Some(mut first) = problems.next() else { return Ok(Some(spec)) };
    for problem in problems {
        first.message += &format!("\n{problem}");
    }
    Err(first)
}

/// Fields of probes that there are not: `periodSecond` would silently leave the default in force.
fn unknown_fields(spec: &Value, path: &str) -> Vec<(String, String)> {
    let mut found = vec![];
    let mut check = |value: &Value, path: &str, known: &[&str]| {
        let fields = value.as_object().into_iter().flat_map(serde_json::Map::keys);
        for field in fields.filter(|field| !known.contains(&field.as_str())) {
            let near = known.iter().find(|known| is_near(known, field));
            let instead =
                near.map_or_else(|| format!("one of {}", known.join(", ")), |near| (*near).to_owned());
            found.push((format!("{path}.{field}"), format!("no such field; write {instead}")));
        }
    };
    for list in ["initContainers", "containers"] {
        let containers = spec.get(list).and_then(Value::as_array).into_iter().flatten();
        for (number, container) in containers.enumerate() {
            for kind in Kind::ALL {
                let path = format!("{path}.{list}[{number}].{}", kind.field());
                let Some(probe) = container.get(kind.field()) else { continue };
                check(probe, &path, PROBE);
                for (handler, known) in HANDLERS {
                    probe
                        .get(handler)
                        .into_iter()
                        .for_each(|it| check(it, &format!("{path}.{handler}"), known));
                }
            }
        }
    }
    found
}

/// Whether only case, or one letter at the end, tells the two apart.
fn is_near(known: &str, field: &str) -> bool {
    let (known, field) = (known.to_lowercase(), field.to_lowercase());
    known == field || known.strip_suffix('s') == Some(&field) || field.strip_suffix('s') == Some(&known)
}

/// Finds the field that does not fit: the innermost one without which the reader says something else.
fn misfit(object: &Object, path: &str, value: &Value) -> Problem {
    let complaint = |value: &Value| {
        let read: Result<PodSpec, _> = serde_json::from_value(value.clone());
        read.err().map(|error| error.to_string())
    };
    let said = complaint(value).unwrap_or_default();
    let (mut inner, mut rest) = (String::new(), value.clone());
    loop {
        let here = at(&rest, &inner).unwrap_or(&rest);
        let children: Vec<String> = match here {
            Value::Object(map) => map.keys().map(|key| format!("{inner}.{key}")).collect(),
            Value::Array(items) => (0..items.len()).map(|item| format!("{inner}[{item}]")).collect(),
            _ => vec![],
        };
        // Several may be wrong in the same way: the first is told, so the others go before it.
        let guilty = children.into_iter().rev().find(|child| {
            let mut without = rest.clone();
            remove(&mut without, child);
            let is_guilty = complaint(&without).as_deref() != Some(&said);
            if !is_guilty {
                rest = without;
            }
            is_guilty
        });
        match guilty {
            Some(child) => inner = child,
            None => break,
        }
    }
    let found = at(value, &inner).filter(|_| !inner.is_empty());
    object.problem(&format!("{path}{inner}"), &explain(&said, found))
}

/// Takes the value at `path` away.
fn remove(value: &mut Value, path: &str) {
    if let Some((parent, key)) = path.rsplit_once('.').filter(|(_, key)| !key.contains('[')) {
        if let Some(map) = at_mut(value, parent).and_then(Value::as_object_mut) {
            map.shift_remove(key);
        }
    } else if let Some((list, item)) = path.rsplit_once('[') {
        let item = item.trim_end_matches(']').parse().unwrap_or(usize::MAX);
        if let Some(items) = at_mut(value, list).and_then(Value::as_array_mut)
            && item < items.len()
        {
            items.remove(item);
        }
    }
}

fn at_mut<'v>(value: &'v mut Value, path: &str) -> Option<&'v mut Value> {
    let pointer = path.replace(['.', '['], "/").replace(']', "");
    value.pointer_mut(&pointer)
}

/// The reader's complaint in words, and what to write.
fn explain(said: &str, found: Option<&Value>) -> String {
    let said = said.split(" at line ").next().unwrap_or(said);
    let Some(found) = found else { return said.to_owned() };
    let expected = said.rsplit_once("expected ").map_or("something else", |(_, expected)| expected);
    let most = match expected {
        "i32" => i64::from(i32::MAX),
        "u16" => i64::from(u16::MAX),
        _ => i64::MAX,
    };
    let expected = match expected {
        "i32" | "i64" | "u16" => "a whole number",
        "a string" | "string" => "a string",
        "a sequence" => "a list",
        word if word.starts_with("struct") => "a map of fields",
        other => other,
    };
    match found {
        Value::String(text) if expected == "a whole number" && text.parse::<i64>().is_ok() => {
            format!("expected a whole number, not a string: write {text} without quotes")
        }
        Value::Number(number) if expected == "a whole number" && !number.is_f64() => {
            format!("{number} is out of range: write at most {most}")
        }
        Value::Bool(_) | Value::Number(_) if expected == "a string" => {
            format!("expected a string, not {found}: put it in quotes")
        }
        _ if said.starts_with("missing field") => format!("{}: write it", said.replace('`', "")),
        _ if said.starts_with("data did not match any variant") => {
            format!("expected a number or a name, not {found}")
        }
        Value::Object(_) => format!("expected {expected}, not a map"),
        Value::Array(_) => format!("expected {expected}, not a list"),
        _ => format!("expected {expected}, not {found}"),
    }
}
