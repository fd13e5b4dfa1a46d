//! Who has set which field (`metadata.managedFields`): noted at each write of a client, and asked at each apply.
//!
//! Rules: "Server-Side Apply" in the Kubernetes documentation; words: `managedfields/internal/conflict.go`.

use serde_json::{Map, Value, json};

use super::apply::Applier;
use super::owned;
use crate::lab::api::answer::status::Status;
use crate::lab::schema::Type;
use crate::lab::store::object;

/// A field that somebody else has set to another value.
struct Conflict {
    manager: String,
    path: String,
}

/// What a manager has set.
pub(super) fn entry(operation: &str, fields: Value, by: &Applier<'_>) -> Value {
    let mut entry = json!({"manager": by.manager, "operation": operation, "apiVersion": by.version, "time": by.now,
                           "fieldsType": "FieldsV1", "fieldsV1": fields});
    if !by.subresource.is_empty() {
        entry["subresource"] = json!(by.subresource);
    }
    entry
}

/// Notes who makes a new object.
pub(in crate::lab) fn note_created(value: &mut Value, of: Option<Type>, by: &Applier<'_>) {
    let fields = owned::fields(value, of.or_else(Type::any_object));
    if let Some(map) = value.as_object_mut() {
        let entry = entry("Update", fields, by);
        object::metadata(map).insert("managedFields".to_owned(), json!([entry]));
    }
}

/// Notes who changes an object: what is changed is theirs alone.
pub(in crate::lab) fn note_changed(before: &Value, value: &mut Value, of: Option<Type>, by: &Applier<'_>) {
    let old = &before["metadata"]["managedFields"];
    let given = &value["metadata"]["managedFields"];
    // Whoever writes the notes knows better; an empty list clears them.
    if !given.is_null() && given != old {
        return;
    }
    let changed = owned::difference(before, value, of.or_else(Type::any_object), by.subresource);
    let mut entries = old.as_array().cloned().unwrap_or_default();
    if changed.as_object().is_none_or(Map::is_empty) {
        return;
    }
    for entry in &mut entries {
        owned::subtract(&mut entry["fieldsV1"], &changed);
    }
    let is_mine = |entry: &Value| {
        entry["manager"] == by.manager
            && entry["operation"] == "Update"
            && entry["subresource"].as_str().unwrap_or_default() == by.subresource
    };
    let mut fields = changed;
    if let Some(at) = entries.iter().position(is_mine) {
        owned::unite(&mut fields, &entries[at]["fieldsV1"]);
        entries.remove(at);
    }
    entries.push(entry("Update", fields, by));
    entries.retain(|entry| entry["fieldsV1"].as_object().is_some_and(|fields| !fields.is_empty()));
    if let Some(map) = value.as_object_mut() {
        object::metadata(map).insert("managedFields".to_owned(), Value::Array(entries));
    }
}

/// Refuses what others have set to another value, or takes it from them.
pub(super) fn settle(
    current: &Value,
    applied: &Value,
    mine: &Value,
    others: &mut Vec<Value>,
    of: Option<Type>,
    by: &Applier<'_>,
) -> Result<(), Status> {
    let changed = owned::common(mine, &owned::difference(current, applied, of, by.subresource));
    let mut conflicts = Vec::new();
    for other in others.iter() {
        for path in owned::paths(&owned::common(&changed, &other["fieldsV1"])) {
            conflicts.push(Conflict { manager: described(other), path });
        }
    }
    if conflicts.is_empty() {
        return Ok(());
    }
    if !by.is_forced {
        return Err(refused(&conflicts));
    }
    for other in others.iter_mut() {
        owned::subtract(&mut other["fieldsV1"], &changed);
    }
    others.retain(|entry| entry["fieldsV1"].as_object().is_some_and(|fields| !fields.is_empty()));
    Ok(())
}

/// `"kubectl" using apps/v1 at 2026-…`; an applier's name alone.
fn described(entry: &Value) -> String {
    let text = |field: &str| entry[field].as_str().unwrap_or_default();
    let mut said = format!("{:?}", text("manager"));
    if !text("subresource").is_empty() {
        said += &format!(" with subresource {:?}", text("subresource"));
    }
    if text("operation") == "Update" {
        said += &format!(" using {}", text("apiVersion"));
        if !text("time").is_empty() {
            said += &format!(" at {}", text("time"));
        }
    }
    said
}

fn refused(conflicts: &[Conflict]) -> Status {
    let message = match conflicts {
        [one] => format!("Apply failed with 1 conflict: conflict with {}: {}", one.manager, one.path),
        all => {
            let mut managers: Vec<&str> = all.iter().map(|one| one.manager.as_str()).collect();
            managers.sort_unstable();
            managers.dedup();
            let mut lines = Vec::new();
            for manager in managers {
                lines.push(format!("conflicts with {manager}:"));
                let own = all.iter().filter(|one| one.manager == manager);
                lines.extend(own.map(|one| format!("- {}", one.path)));
            }
            format!("Apply failed with {} conflicts: {}", all.len(), lines.join("\n"))
        }
    };
    let cause = |one: &Conflict| {
        json!({"reason": "FieldManagerConflict", "message": format!("conflict with {}", one.manager),
               "field": one.path})
    };
    let causes: Vec<Value> = conflicts.iter().map(cause).collect();
    Status::failure(409, "Conflict", message).with_details(json!({"causes": causes}))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(manager: &str) -> Applier<'_> {
        Applier {
            manager,
            now: "2026-01-01T00:00:00Z",
            version: "v1".to_owned(),
            subresource: "",
            is_forced: false,
        }
    }

    fn conflict(
        current: &Value,
        applied: &Value,
        others: &mut Vec<Value>,
        by: &Applier<'_>,
    ) -> Option<String> {
        let of = Type::named("ConfigMap");
        let mine = owned::fields(applied, of);
        settle(current, applied, &mine, others, of, by).err().map(|status| status.message)
    }

    #[test]
    fn another_value_of_a_field_of_others_is_a_conflict_unless_it_is_forced() {
        let current = json!({"data": {"a": "1", "b": "1"}});
        let mine = json!({"f:data": {"f:a": {}, "f:b": {}}});
        let one = || vec![entry("Apply", mine.clone(), &by("one"))];
        let said = |applied: Value, others: &mut Vec<Value>| conflict(&current, &applied, others, &by("two"));
        assert_eq!(
            said(json!({"data": {"a": "2"}}), &mut one()).as_deref(),
            Some("Apply failed with 1 conflict: conflict with \"one\": .data.a")
        );
        assert_eq!(said(json!({"data": {"a": "1"}}), &mut one()), None, "the same value is shared");
        assert_eq!(said(json!({"data": {"c": "1"}}), &mut one()), None, "nobody has it");
        assert_eq!(
            said(json!({"data": {"a": "2", "b": "2"}}), &mut one()).as_deref(),
            Some("Apply failed with 2 conflicts: conflicts with \"one\":\n- .data.a\n- .data.b")
        );
        let mut others = one();
        let forced = Applier { is_forced: true, ..by("two") };
        assert_eq!(conflict(&current, &json!({"data": {"a": "2"}}), &mut others, &forced), None);
        assert_eq!(others[0]["fieldsV1"], json!({"f:data": {"f:b": {}}}));
    }

    #[test]
    fn whoever_changes_a_field_has_it_from_then_on() {
        let of = Type::named("ConfigMap");
        let mut value = json!({"apiVersion": "v1", "data": {"a": "1", "b": "1"}});
        note_created(&mut value, of, &by("maker"));
        let mut after = value.clone();
        after["data"]["a"] = json!("2");
        note_changed(&value, &mut after, of, &by("editor"));
        let entries = after["metadata"]["managedFields"].as_array().unwrap();
        assert_eq!(entries[0]["fieldsV1"], json!({"f:data": {"f:b": {}}}));
        assert_eq!(
            (&entries[1]["manager"], &entries[1]["fieldsV1"]),
            (&json!("editor"), &json!({"f:data": {"f:a": {}}}))
        );
        let mut others = entries.clone();
        assert_eq!(
            conflict(&after, &json!({"data": {"a": "3"}}), &mut others, &by("applier")).as_deref(),
            Some(
                "Apply failed with 1 conflict: conflict with \"editor\" using v1 at 2026-01-01T00:00:00Z: .data.a"
            )
        );
    }
}
