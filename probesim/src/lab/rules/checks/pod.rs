//! `ValidatePodSpec`, as far as it looks at several fields.

use serde_json::Value;

use super::{Broken, Scope, text};
use crate::lab::rules::meta;
use crate::lab::rules::table::labels;

/// Labels and annotations of a template; the API names them without `metadata`.
pub(super) fn template_labels(value: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let metadata = &value["metadata"];
    labels(&metadata["labels"], &format!("{path}.labels"), found);
    meta::annotations(&metadata["annotations"], &format!("{path}.annotations"), found);
    if value["spec"].is_null() {
        // A missing spec is one without containers.
        found.push(Broken::required(format!("{path}.spec.containers"), ""));
    }
}

pub(super) fn dns(spec: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let servers = spec["dnsConfig"]["nameservers"].as_array().map_or(0, Vec::len);
    if text(spec, "dnsPolicy") == "None" && servers == 0 {
        let why = "must provide at least one DNS nameserver when `dnsPolicy` is None";
        let field = if spec["dnsConfig"].is_null() { "dnsConfig" } else { "dnsConfig.nameservers" };
        let why = if spec["dnsConfig"].is_null() {
            "must provide `dnsConfig` when `dnsPolicy` is None"
        } else {
            why
        };
        found.push(Broken::required(format!("{path}.{field}"), why));
    }
}
