//! JSON patch (RFC 6902), its pointers (RFC 6901), and the answers of the API server when one does not apply.

use serde_json::Value;

use crate::lab::api::answer::status::Status;

/// `maxJSONPatchOperations` of the API server.
const MOST_OPERATIONS: usize = 10_000;
/// `AccumulatedCopySizeLimit`: what all copies of a patch may add together, in bytes (`--max-request-body-size`).
const MOST_COPIED: usize = 3 * 1024 * 1024;

/// One step of a patch.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::lab) enum Operation {
    Add(Pointer, Value),
    Remove(Pointer),
    Replace(Pointer, Value),
    Move { from: Pointer, to: Pointer },
    Copy { from: Pointer, to: Pointer },
    Test(Pointer, Value),
}

/// A place in a document: the unescaped parts of its pointer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lab) struct Pointer(Vec<String>);

/// The patch does not fit the document.
#[derive(Debug)]
struct Misfit;

/// Reads the operations.
pub(super) fn read(patch: &Value) -> Result<Vec<Operation>, Status> {
    let Some(operations) = patch.as_array() else {
        let found = if patch.is_object() { "object" } else { "value" };
        return Err(refused(&format!(
            "json: cannot unmarshal {found} into Go value of type []handlers.jsonPatchOp"
        )));
    };
    if operations.len() > MOST_OPERATIONS {
        let why = format!(
            "The allowed maximum operations in a JSON patch is {MOST_OPERATIONS}, got {}",
            operations.len()
        );
        return Err(Status::failure(
            413,
            "RequestEntityTooLarge",
            format!("Request entity too large: {why}"),
        )
        .with_details(serde_json::json!({})));
    }
    operations.iter().map(operation).collect()
}

/// The patched document; a step that does not fit refuses the whole patch.
pub(super) fn apply(mut document: Value, operations: Vec<Operation>) -> Result<Value, Status> {
    let mut copied = 0_usize;
    for operation in operations {
        if let Operation::Copy { from, .. } = &operation {
            copied = copied.saturating_add(find(&mut document, &from.0).map_or(0, |value| size(value)));
            if copied > MOST_COPIED {
                let why = format!(
                    "Unable to complete the copy, the accumulated size increase of copy is {copied}, exceeding the limit \
                     {MOST_COPIED}"
                );
                return Err(
                    Status::failure(413, "RequestEntityTooLarge", why).with_details(serde_json::json!({}))
                );
            }
        }
        step(&mut document, operation).map_err(|Misfit| {
            // The words of `NewGenericServerResponse` for a 422.
            let why = "the server rejected our request due to an error in our request";
            Status::failure(422, "Invalid", why).with_details(serde_json::json!({}))
        })?;
    }
    Ok(document)
}

/// Of a value as JSON, about; counted without writing it down.
fn size(value: &Value) -> usize {
    match value {
        Value::Object(map) => map.iter().map(|(key, value)| key.len() + 4 + size(value)).sum::<usize>() + 2,
        Value::Array(items) => items.iter().map(|item| size(item) + 1).sum::<usize>() + 2,
        Value::String(text) => text.len() + 2,
        _ => 5,
    }
}

fn step(document: &mut Value, operation: Operation) -> Result<(), Misfit> {
    match operation {
        Operation::Add(to, value) => add(document, &to, value),
        Operation::Remove(from) => remove(document, &from).map(drop),
        Operation::Replace(at, value) => {
            *find(document, &at.0).ok_or(Misfit)? = value;
            Ok(())
        }
        Operation::Move { from, to } => {
            let value = remove(document, &from)?;
            add(document, &to, value)
        }
        Operation::Copy { from, to } => {
            let value = find(document, &from.0).ok_or(Misfit)?.clone();
            add(document, &to, value)
        }
        Operation::Test(at, expected) => {
            let found = find(document, &at.0);
            let is_equal = found.map_or(expected.is_null(), |found| *found == expected);
            if is_equal { Ok(()) } else { Err(Misfit) }
        }
    }
}

fn add(document: &mut Value, to: &Pointer, value: Value) -> Result<(), Misfit> {
    let Some((last, parents)) = to.0.split_last() else {
        *document = value;
        return Ok(());
    };
    match find(document, parents).ok_or(Misfit)? {
        Value::Object(map) => {
            map.insert(last.clone(), value);
        }
        Value::Array(list) => {
            let at = if last == "-" { list.len() } else { index(last, list.len() + 1).ok_or(Misfit)? };
            list.insert(at, value);
        }
        _ => return Err(Misfit),
    }
    Ok(())
}

fn remove(document: &mut Value, from: &Pointer) -> Result<Value, Misfit> {
    let (last, parents) = from.0.split_last().ok_or(Misfit)?;
    match find(document, parents).ok_or(Misfit)? {
        Value::Object(map) => map.shift_remove(last).ok_or(Misfit),
        Value::Array(list) => index(last, list.len()).map(|at| list.remove(at)).ok_or(Misfit),
        _ => Err(Misfit),
    }
}

fn find<'a>(document: &'a mut Value, parts: &[String]) -> Option<&'a mut Value> {
    parts.iter().try_fold(document, |at, part| match at {
        Value::Object(map) => map.get_mut(part),
        Value::Array(list) => index(part, list.len()).and_then(|at| list.get_mut(at)),
        _ => None,
    })
}

/// Digits without a leading zero, below `limit`.
fn index(part: &str, limit: usize) -> Option<usize> {
    let is_plain = part == "0" || !part.starts_with(['0', '+']);
    part.parse().ok().filter(|at| is_plain && *at < limit)
}

fn operation(value: &Value) -> Result<Operation, Status> {
    if !value.is_object() {
        let found = match value {
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Bool(_) => "bool",
            _ => "array",
        };
        return Err(refused(&format!(
            "json: cannot unmarshal {found} into Go value of type handlers.jsonPatchOp"
        )));
    }
    let text = |key: &str| value[key].as_str();
    let path = |key: &str| {
        let path = text(key).ok_or_else(|| refused(&format!("an operation has no {key:?}")))?;
        pointer(path).ok_or_else(|| refused(&format!("{path:?} does not begin with a slash")))
    };
    let given = || {
        let given = value.get("value").cloned();
        given.ok_or_else(|| refused("an operation has no \"value\""))
    };
    Ok(match text("op") {
        Some("add") => Operation::Add(path("path")?, given()?),
        Some("remove") => Operation::Remove(path("path")?),
        Some("replace") => Operation::Replace(path("path")?, given()?),
        Some("move") => Operation::Move { from: path("from")?, to: path("path")? },
        Some("copy") => Operation::Copy { from: path("from")?, to: path("path")? },
        Some("test") => Operation::Test(path("path")?, given()?),
        other => return Err(refused(&format!("unexpected kind: {}", other.unwrap_or("none")))),
    })
}

fn pointer(text: &str) -> Option<Pointer> {
    if text.is_empty() {
        return Some(Pointer(Vec::new()));
    }
    let parts = text.strip_prefix('/')?.split('/').map(|part| part.replace("~1", "/").replace("~0", "~"));
    Some(Pointer(parts.collect()))
}

fn refused(why: &str) -> Status {
    Status::bad_request(format!("error decoding patch: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn patched(document: Value, patch: Value) -> Result<Value, u16> {
        let operations = read(&patch).map_err(|status| status.code)?;
        apply(document, operations).map_err(|status| status.code)
    }

    #[test]
    fn patches_follow_the_examples_of_the_rfc() {
        for (document, patch, expected) in [
            (
                json!({"foo": "bar"}),
                json!([{"op": "add", "path": "/baz", "value": "qux"}]),
                Ok(json!({"foo": "bar", "baz": "qux"})),
            ),
            (
                json!({"foo": ["bar", "baz"]}),
                json!([{"op": "add", "path": "/foo/1", "value": "qux"}]),
                Ok(json!({"foo": ["bar", "qux", "baz"]})),
            ),
            (
                json!({"foo": ["bar"]}),
                json!([{"op": "add", "path": "/foo/-", "value": ["abc"]}]),
                Ok(json!({"foo": ["bar", ["abc"]]})),
            ),
            (
                json!({"baz": "qux", "foo": "bar"}),
                json!([{"op": "remove", "path": "/baz"}]),
                Ok(json!({"foo": "bar"})),
            ),
            (
                json!({"foo": ["bar", "qux", "baz"]}),
                json!([{"op": "remove", "path": "/foo/1"}]),
                Ok(json!({"foo": ["bar", "baz"]})),
            ),
            (
                json!({"baz": "qux"}),
                json!([{"op": "replace", "path": "/baz", "value": "boo"}]),
                Ok(json!({"baz": "boo"})),
            ),
            (
                json!({"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}}),
                json!([{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}]),
                Ok(json!({"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}})),
            ),
            (
                json!({"foo": ["all", "grass", "cows", "eat"]}),
                json!([{"op": "move", "from": "/foo/1", "path": "/foo/3"}]),
                Ok(json!({"foo": ["all", "cows", "eat", "grass"]})),
            ),
            (
                json!({"a": {"b": 1}}),
                json!([{"op": "copy", "from": "/a", "path": "/c"}]),
                Ok(json!({"a": {"b": 1}, "c": {"b": 1}})),
            ),
            (
                json!({"/": 9, "~1": 10}),
                json!([{"op": "test", "path": "/~01", "value": 10}]),
                Ok(json!({"/": 9, "~1": 10})),
            ),
            (json!({"baz": "qux"}), json!([{"op": "test", "path": "/baz", "value": "bar"}]), Err(422)),
            (json!({"foo": "bar"}), json!([{"op": "add", "path": "/baz/bat", "value": "qux"}]), Err(422)),
            (json!({"foo": ["bar"]}), json!([{"op": "add", "path": "/foo/2", "value": "qux"}]), Err(422)),
            (json!({"foo": ["bar"]}), json!([{"op": "remove", "path": "/foo/00"}]), Err(422)),
            (json!({}), json!([{"op": "replace", "path": "/a", "value": 1}]), Err(422)),
            (json!({}), json!([{"op": "spam", "path": "/a"}]), Err(400)),
            (json!({}), json!([{"op": "add", "path": "a", "value": 1}]), Err(400)),
            (json!({}), json!({"op": "add"}), Err(400)),
        ] {
            assert_eq!(patched(document, patch.clone()), expected, "{patch}");
        }
    }
}
