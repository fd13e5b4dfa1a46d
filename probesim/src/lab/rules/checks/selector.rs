//! Label selectors (`ValidateLabelSelector`).

use serde_json::Value;

use super::{Broken, Scope, text};
use crate::lab::rules::format;

/// One of `matchExpressions`.
pub(super) fn requirement(term: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let values = term["values"].as_array();
    let count = values.map_or(0, Vec::len);
    match text(term, "operator") {
        "In" | "NotIn" if count == 0 => {
            let why = "must be specified when `operator` is 'In' or 'NotIn'";
            found.push(Broken::required(format!("{path}.values"), why));
        }
        "Exists" | "DoesNotExist" if count > 0 => {
            let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            found.push(Broken::forbidden(format!("{path}.values"), why));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
        operator => {
            let why = "not a valid selector operator";
            found.push(Broken::invalid_text(format!("{path}.operator"), operator, why));
        }
    }
    for (at, value) in values.into_iter().flatten().enumerate() {
        let text = value.as_str().unwrap_or_default();
        let path = format!("{path}.values[{at}]");
        found.extend(
            format::label_value(text).iter().map(|why| Broken::invalid_text(path.as_str(), text, why)),
        );
    }
}

/// Whether it selects everything.
pub(super) fn is_empty(selector: &Value) -> bool {
    let is_none = |field: &str| match &selector[field] {
        Value::Object(map) => map.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => true,
    };
    is_none("matchLabels") && is_none("matchExpressions")
}
