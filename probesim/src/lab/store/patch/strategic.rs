//! Strategic merge patch: maps merge, lists merge by the key of their field, and directives say the rest.
//!
//! Rules: `staging/src/k8s.io/apimachinery/pkg/util/strategicpatch/patch.go`, and the "Strategic Merge Patch" page of
//! Kubernetes' contributors' guide.

use serde_json::{Map, Value};

use crate::lab::api::answer::status::Status;
use crate::lab::schema::Type;

const DIRECTIVE: &str = "$patch";
const RETAIN_KEYS: &str = "$retainKeys";
const ORDER: &str = "$setElementOrder/";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";

/// The patched object.
pub(super) fn apply(target: Value, patch: Value, of: Option<Type>) -> Result<Value, Status> {
    let Value::Object(patch) = patch else {
        return Err(Status::bad_request("error decoding patch: it is not an object"));
    };
    let target = match target {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    merge_map(target, patch, of.or_else(Type::any_object)).map(Value::Object)
}

fn merge_map(
    mut target: Map<String, Value>,
    mut patch: Map<String, Value>,
    of: Option<Type>,
) -> Result<Map<String, Value>, Status> {
    match patch.shift_remove(DIRECTIVE).as_ref().map(Value::as_str) {
        None | Some(Some("merge")) => {}
        Some(Some("replace")) => return Ok(patch),
        Some(Some("delete")) => return Ok(Map::new()),
        Some(_) => return Err(refused("$patch is none of merge, replace and delete")),
    }
    if let Some(kept) = patch.shift_remove(RETAIN_KEYS) {
        let kept = kept.as_array().ok_or_else(|| refused("$retainKeys is not a list"))?;
        target.retain(|key, _| kept.iter().any(|kept| kept == key));
    }
    for (key, removed) in take_directives(&mut patch, DELETE_FROM) {
        if let (Some(Value::Array(list)), Value::Array(removed)) = (target.get_mut(&key), removed) {
            list.retain(|one| !removed.contains(one));
        }
    }
    for (key, order) in take_directives(&mut patch, ORDER) {
        set_order(&mut target, &mut patch, &key, &order, of)?;
    }
    for (key, value) in patch {
        if value.is_null() {
            target.shift_remove(&key);
            continue;
        }
        let field = of.and_then(|of| of.field(&key));
        let part = field.and_then(|field| field.part());
        let after = match (target.get_mut(&key).map(Value::take), value) {
            (Some(Value::Object(before)), Value::Object(patch)) => {
                Value::Object(merge_map(before, patch, part)?)
            }
            (Some(Value::Array(before)), Value::Array(patch)) => {
                let by = field.and_then(|field| field.patch_key());
                Value::Array(merge_list(before, patch, by, part)?)
            }
            (_, value) => without_directives(value),
        };
        target.insert(key, after);
    }
    Ok(target)
}

/// Merges one list and puts it into the order that the patch asks for; both leave the patch.
fn set_order(
    target: &mut Map<String, Value>,
    patch: &mut Map<String, Value>,
    key: &str,
    order: &Value,
    of: Option<Type>,
) -> Result<(), Status> {
    let order = order.as_array().ok_or_else(|| refused("$setElementOrder is not a list"))?;
    let field = of.and_then(|of| of.field(key));
    let by = field.and_then(|field| field.patch_key()).unwrap_or_default();
    let before = target.get(key).and_then(Value::as_array).cloned();
    let merged = match (before.clone(), patch.shift_remove(key)) {
        (Some(before), Some(Value::Array(changes))) => {
            let by = field.and_then(|field| field.patch_key());
            merge_list(before, changes, by, field.and_then(|field| field.part()))?
        }
        (Some(before), None) => before,
        (None, Some(Value::Array(changes))) => match without_directives(Value::Array(changes)) {
            Value::Array(list) => list,
            _ => Vec::new(),
        },
        // `null` removes the list, and anything else replaces it.
        (_, Some(other)) => {
            patch.insert(key.to_owned(), other);
            return Ok(());
        }
        (None, None) => return Ok(()),
    };
    let sorted = sort(merged, order, before.as_deref().unwrap_or_default(), by);
    target.insert(key.to_owned(), Value::Array(sorted));
    Ok(())
}

fn merge_list(
    target: Vec<Value>,
    patch: Vec<Value>,
    by: Option<&str>,
    part: Option<Type>,
) -> Result<Vec<Value>, Status> {
    // Without a key the list is replaced.
    let Some(by) = by else { return Ok(patch) };
    if by.is_empty() {
        let mut merged = target.clone();
        merged.extend(patch.iter().filter(|one| !target.contains(one)).cloned());
        return Ok(sort(merged, &patch, &target, by));
    }
    let (directives, items): (Vec<Value>, Vec<Value>) =
        patch.into_iter().partition(|item| item.get(DIRECTIVE).is_some());
    if directives.iter().any(|item| item[DIRECTIVE] == "replace") {
        return Ok(items);
    }
    let keyed = |item: &Value| item.get(by).is_some();
    if !directives.iter().chain(&items).all(keyed) {
        return Err(refused(&format!("an item of a list does not contain its merge key: {by}")));
    }
    let mut merged = target.clone();
    for item in directives {
        match item[DIRECTIVE].as_str() {
            Some("delete") => merged.retain(|one| one[by] != item[by]),
            Some("merge") => {}
            _ => return Err(refused("$patch is none of merge, replace and delete")),
        }
    }
    for item in &items {
        match (merged.iter_mut().find(|one| one[by] == item[by]), item) {
            (Some(Value::Object(before)), Value::Object(change)) => {
                *before = merge_map(std::mem::take(before), change.clone(), part)?;
            }
            (Some(other), item) => *other = item.clone(),
            (None, item) => merged.push(without_directives(item.clone())),
        }
    }
    Ok(sort(merged, &items, &target, by))
}

/// What the patch names comes in its order, the rest in the order it had; an item that only the patch knows comes
/// before what follows (`normalizeElementOrder`).
fn sort(merged: Vec<Value>, order: &[Value], before: &[Value], by: &str) -> Vec<Value> {
    let same = |one: &Value, other: &Value| if by.is_empty() { one == other } else { one[by] == other[by] };
    let place = |list: &[Value], one: &Value| list.iter().position(|other| same(one, other));
    let (named, others): (Vec<Value>, Vec<Value>) =
        merged.into_iter().partition(|one| place(order, one).is_some());
    let (named, others) = (in_order_of(order, named, &same), in_order_of(before, others, &same));
    let (mut named, mut others) = (named.into_iter().peekable(), others.into_iter().peekable());
    let mut sorted = Vec::new();
    loop {
        let is_others_turn = match (others.peek(), named.peek()) {
            (None, None) => return sorted,
            (Some(other), Some(named)) => match (place(before, other), place(before, named)) {
                (Some(other), Some(named)) => other < named,
                _ => false,
            },
            (other, _) => other.is_some(),
        };
        sorted.extend(if is_others_turn { others.next() } else { named.next() });
    }
}

/// The items in the order of a list that names them all.
fn in_order_of(list: &[Value], mut items: Vec<Value>, same: &dyn Fn(&Value, &Value) -> bool) -> Vec<Value> {
    let mut sorted = Vec::with_capacity(items.len());
    for one in list {
        while let Some(at) = items.iter().position(|item| same(item, one)) {
            sorted.push(items.remove(at));
        }
    }
    sorted.append(&mut items);
    sorted
}

/// The directives with this prefix, by the field that they are about.
fn take_directives(patch: &mut Map<String, Value>, prefix: &str) -> Vec<(String, Value)> {
    let keys: Vec<String> = patch.keys().filter(|key| key.starts_with(prefix)).cloned().collect();
    keys.into_iter()
        .filter_map(|key| Some((key[prefix.len()..].to_owned(), patch.shift_remove(&key)?)))
        .collect()
}

/// A value that nothing was there to merge with.
fn without_directives(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let is_directive = |key: &str| {
                key == DIRECTIVE
                    || key == RETAIN_KEYS
                    || key.starts_with(ORDER)
                    || key.starts_with(DELETE_FROM)
            };
            let kept = map.into_iter().filter(|(key, value)| !is_directive(key) && !value.is_null());
            Value::Object(kept.map(|(key, value)| (key, without_directives(value))).collect())
        }
        Value::Array(list) => {
            let is_item = |item: &Value| match item.as_object() {
                Some(map) => map.get(DIRECTIVE).is_none_or(|what| what != "delete" && map.len() > 1),
                None => true,
            };
            Value::Array(list.into_iter().filter(is_item).map(without_directives).collect())
        }
        other => other,
    }
}

fn refused(why: &str) -> Status {
    Status::bad_request(format!("invalid strategic merge patch: {why}"))
}

#[cfg(test)]
mod tests;
