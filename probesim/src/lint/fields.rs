//! Values that the API will not take, because YAML reads them as something else.

use serde_json::Value;

use super::workload::Workload;
use super::{Finding, Severity};

/// `env[].value`, `command[]` and `args[]` are strings in the API: decoding `5` or `yes` into one fails
/// (apimachinery, `json: cannot unmarshal number into Go struct field EnvVar.value of type string`).
pub(super) fn check(workload: &Workload<'_>, found: &mut Vec<Finding>) {
    for list in ["initContainers", "containers"] {
        let path = format!("{}spec.{list}", workload.template);
        let containers = workload.object.get(&path).and_then(Value::as_array).into_iter().flatten();
        for (number, container) in containers.enumerate() {
            let path = format!("{path}[{number}]");
            for (field, inner) in [("env", Some("value")), ("command", None), ("args", None)] {
                let items = container.get(field).and_then(Value::as_array).into_iter().flatten();
                for (number, item) in items.enumerate() {
                    let value = inner.map_or(Some(item), |inner| item.get(inner));
                    let Some(value @ (Value::Number(_) | Value::Bool(_))) = value else { continue };
                    let inner = inner.map_or_else(String::new, |inner| format!(".{inner}"));
                    let path = format!("{path}.{field}[{number}]{inner}");
                    let reason = format!("YAML reads this as {value}, and the API takes only a string");
                    let rule = ("not-a-string", Severity::Error);
                    workload.remark(found, rule, &path, reason, "put it in quotes".into());
                }
            }
        }
    }
}
