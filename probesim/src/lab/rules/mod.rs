//! What the API refuses of an object that is of its type: values, references, changes.
//!
//! | file | what it decides or does |
//! |---|---|
//! | `table.txt`, `table` | the rules about single fields, and the walk along them |
//! | `checks/` | the rules about several fields |
//! | `meta`, `update` | what every object has; what stays as it was |
//! | `custom` | definitions of custom resources, and objects of them |
//! | `format`, `quantity` | what texts look like |
//! | `broken` | a rule that is broken, in the API's words |
//! | `warnings` | what the API takes, and warns of |

mod broken;
mod checks;
pub(super) mod custom;
mod format;
mod meta;
pub(super) mod quantity;
mod table;
mod update;
pub(super) mod warnings;

use serde_json::Value;

pub(super) use broken::Broken;

use self::table::{Scope, walk};
use super::schema::Type;
use super::schema::resources::Resource;

/// Everything that is wrong with a new object, whose defaults are filled in.
pub(super) fn of_new(resource: &Resource, object: &Value, schema: Option<&Value>) -> Vec<Broken> {
    let mut found = Vec::new();
    meta::check(resource, object, &mut found);
    of_values(resource, object, schema, &mut found);
    found
}

/// Everything that is wrong with a change of an object; `is_status` if it is of its status alone.
pub(super) fn of_change(
    resource: &Resource,
    before: &Value,
    after: &Value,
    schema: Option<&Value>,
    is_status: bool,
) -> Vec<Broken> {
    let mut found = Vec::new();
    meta::check_update(before, after, &mut found);
    if is_status {
        if resource.group == "batch" && resource.plural == "jobs" {
            update::job_status(after, &mut found);
        }
        return found;
    }
    update::check(resource, before, after, &mut found);
    // What breaks a rule of old may stay so.
    let mut old = Vec::new();
    of_values(resource, before, schema, &mut old);
    let mut new = Vec::new();
    of_values(resource, after, schema, &mut new);
    found.extend(new.into_iter().filter(|one| !old.contains(one)));
    found
}

fn of_values(resource: &Resource, object: &Value, schema: Option<&Value>, found: &mut Vec<Broken>) {
    if let Some(schema) = schema {
        custom::check(object, schema, found);
    }
    if resource.plural == "customresourcedefinitions" {
        custom::definition(object, found);
    }
    if let Some(of) = Type::of_resource(resource) {
        walk(object, &of, "", Scope { root: object, kind: &resource.kind, pod: None }, found);
    }
}

/// What a patch or an update may leave out, before changes are looked for.
pub(super) fn keep(before: &Value, after: &mut Value) {
    if let Value::Object(map) = after {
        meta::fill_in(before, map);
    }
}
