//! Tolerations and affinity (`ValidateTolerations`, `validateAffinity`).

use serde_json::{Value, json};

use super::{Broken, Scope, text};
use crate::lab::rules::format;
use crate::lab::rules::table::is_absent;

pub(super) fn toleration(toleration: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let (key, operator) = (text(toleration, "key"), text(toleration, "operator"));
    let (value, effect) = (text(toleration, "value"), text(toleration, "effect"));
    if !key.is_empty() {
        let wrong = format::qualified(key);
        found.extend(wrong.iter().map(|why| Broken::invalid_text(format!("{path}.key"), key, why)));
    } else if operator != "Exists" {
        let why =
            "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
        found.push(Broken::invalid_text(format!("{path}.operator"), operator, why));
    }
    if !toleration["tolerationSeconds"].is_null() && effect != "NoExecute" {
        let why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
        found.push(Broken::invalid_text(format!("{path}.effect"), effect, why));
    }
    match operator {
        "" | "Equal" => {
            let wrong = format::label_value(value);
            found
                .extend(wrong.iter().map(|why| Broken::invalid_text(format!("{path}.operator"), value, why)));
        }
        "Exists" if !value.is_empty() => {
            let why = "value must be empty when `operator` is 'Exists'";
            found.push(Broken::invalid_text(format!("{path}.operator"), value, why));
        }
        "Exists" => {}
        _ => {
            let known = ["Equal", "Exists"];
            found.push(Broken::unsupported(format!("{path}.operator"), &toleration["operator"], &known));
        }
    }
    if !effect.is_empty() && !["NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&effect) {
        let known = ["NoSchedule", "PreferNoSchedule", "NoExecute"];
        found.push(Broken::unsupported(format!("{path}.effect"), &toleration["effect"], &known));
    }
}

pub(super) fn node_requirement(term: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let count = term["values"].as_array().map_or(0, Vec::len);
    let values = format!("{path}.values");
    match text(term, "operator") {
        "In" | "NotIn" if count == 0 => {
            found.push(Broken::required(values, "must be specified when `operator` is 'In' or 'NotIn'"));
        }
        "Exists" | "DoesNotExist" if count > 0 => {
            let why = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
            found.push(Broken::forbidden(values, why));
        }
        "Gt" | "Lt" if count != 1 => {
            let why = "must be specified single value when `operator` is 'Lt' or 'Gt'";
            found.push(Broken::required(values, why));
        }
        "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
        operator => {
            let why = "not a valid selector operator";
            found.push(Broken::invalid_text(format!("{path}.operator"), operator, why));
        }
    }
}

pub(super) fn weight(term: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let weight = term["weight"].as_i64().unwrap_or(0);
    if !(1..=100).contains(&weight) {
        found.push(Broken::invalid(format!("{path}.weight"), &json!(weight), "must be in the range 1-100"));
    }
    if !is_absent(&term["podAffinityTerm"]) || !is_absent(&term["preference"]) {
        return;
    }
    if !path.contains("nodeAffinity") {
        // An empty term has no topology key.
        let field = format!("{path}.podAffinityTerm.topologyKey");
        found.push(Broken::required(field, "can not be empty"));
    }
}
