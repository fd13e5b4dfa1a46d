//! The environment of a container: `envFrom`, then `env`, as `makeEnvironmentVariables` has them
//! (`pkg/kubelet/kubelet_pods.go`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::expand::expand;
use super::field;

/// Finds an object of the pod's namespace: by its resource (`configmaps`, `secrets`) and its name.
pub(super) type Find<'a> = &'a dyn Fn(&str, &str) -> Option<Value>;

/// The variables in order, a later one of the same name in place of the earlier.
///
/// # Errors
/// What is missing, in the kubelet's words; the container waits with `CreateContainerConfigError`.
pub(super) fn environment(
    container: &Value,
    pod: &Value,
    find: Find<'_>,
) -> Result<Vec<(String, String)>, String> {
    let mut variables = Vec::new();
    for source in list(&container["envFrom"]) {
        take_all(source, find, &mut variables)?;
    }
    for variable in list(&container["env"]) {
        let name = text(&variable["name"]);
        let value = match variable.get("value").and_then(Value::as_str) {
            Some(literal) => Some(expand(literal, |name| value_of(&variables, name))),
            None => from(&variable["valueFrom"], pod, find)?,
        };
        if let Some(value) = value {
            set(&mut variables, name, value);
        }
    }
    Ok(variables)
}

/// Whether the API server would take the variables, and the lab can fill them in.
///
/// # Errors
/// The field below the container's, and what to write.
pub(in crate::lab) fn check(container: &Value) -> Result<(), String> {
    for (index, variable) in list(&container["env"]).enumerate() {
        let source = &variable["valueFrom"];
        let wrong = |what: &str| Err(format!("env[{index}].{what}"));
        if text(&variable["name"]).is_empty() {
            return wrong("name: Required value");
        }
        if variable.get("value").is_some_and(|value| !value.is_string() && !value.is_null()) {
            return wrong("value: a variable is text; put the value in quotes");
        }
        if source["resourceFieldRef"].is_object() {
            return wrong("valueFrom.resourceFieldRef: the lab gives no resources; write a value here");
        }
        let path = text(&source["fieldRef"]["fieldPath"]);
        if source["fieldRef"].is_object() && !field::is_known(path) {
            return wrong(&format!("valueFrom.fieldRef.fieldPath: Unsupported value: \"{path}\""));
        }
    }
    Ok(())
}

/// The value of a variable.
pub(super) fn value_of<'a>(variables: &'a [(String, String)], name: &str) -> Option<&'a str> {
    variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// Sets a variable, in the place where it was first set.
pub(super) fn set(variables: &mut Vec<(String, String)>, name: &str, value: String) {
    match variables.iter_mut().find(|(known, _)| known == name) {
        Some((_, old)) => *old = value,
        None => variables.push((name.to_owned(), value)),
    }
}

/// `envFrom[]`.
fn take_all(source: &Value, find: Find<'_>, variables: &mut Vec<(String, String)>) -> Result<(), String> {
    let prefix = text(&source["prefix"]);
    let (reference, kind) = match source.get("configMapRef") {
        Some(reference) => (reference, Kind::ConfigMap),
        None => (&source["secretRef"], Kind::Secret),
    };
    let Some(object) = kind.object(reference, find)? else { return Ok(()) };
    for (key, value) in kind.entries(&object) {
        set(variables, &format!("{prefix}{key}"), value);
    }
    Ok(())
}

/// `valueFrom`; `None` when it is optional and missing.
fn from(source: &Value, pod: &Value, find: Find<'_>) -> Result<Option<String>, String> {
    if let Some(reference) = source.get("fieldRef") {
        let path = text(&reference["fieldPath"]);
        return field::value(pod, path).map(Some).ok_or_else(|| format!("unsupported fieldPath: {path}"));
    }
    let (reference, kind) = match (source.get("configMapKeyRef"), source.get("secretKeyRef")) {
        (Some(reference), _) => (reference, Kind::ConfigMap),
        (None, Some(reference)) => (reference, Kind::Secret),
        // A variable without a value is an empty one.
        (None, None) => return Ok(Some(String::new())),
    };
    let Some(object) = kind.object(reference, find)? else { return Ok(None) };
    let key = text(&reference["key"]);
    match kind.entries(&object).into_iter().find(|(known, _)| known == key) {
        Some((_, value)) => Ok(Some(value)),
        None if reference["optional"] == true => Ok(None),
        None => {
            let (namespace, name) = (text(&pod["metadata"]["namespace"]), text(&reference["name"]));
            Err(format!("couldn't find key {key} in {} {namespace}/{name}", kind.name()))
        }
    }
}

/// Where variables come from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    ConfigMap,
    Secret,
}

// === impl Kind ===

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }

    /// The object referred to; `None` when it is optional and missing.
    fn object(self, reference: &Value, find: Find<'_>) -> Result<Option<Value>, String> {
        let (name, resource) = (text(&reference["name"]), self.name().to_lowercase());
        match find(&format!("{resource}s"), name) {
            None if reference["optional"] != true => Err(format!("{resource} \"{name}\" not found")),
            found => Ok(found),
        }
    }

    /// The text entries; those of a Secret are base64, and `stringData` comes over `data`.
    fn entries(self, object: &Value) -> Vec<(String, String)> {
        let data = object["data"].as_object().into_iter().flatten();
        let decoded = data.map(|(key, value)| {
            let value = text(value);
            let plain = match self {
                Self::ConfigMap => value.to_owned(),
                Self::Secret => String::from_utf8_lossy(&STANDARD.decode(value).unwrap_or_default()).into(),
            };
            (key.clone(), plain)
        });
        let mut entries: Vec<_> = decoded.collect();
        for (key, value) in object["stringData"].as_object().into_iter().flatten() {
            set(&mut entries, key, text(value).to_owned());
        }
        entries
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn find(resource: &str, name: &str) -> Option<Value> {
        match (resource, name) {
            ("configmaps", "app") => Some(json!({"data": {"MODE": "fast", "A": "from-map"}})),
            ("secrets", "db") => {
                Some(json!({"data": {"password": "aHVudGVyMg=="}, "stringData": {"x": "y"}}))
            }
            _ => None,
        }
    }

    fn made(container: Value) -> Result<String, String> {
        let pod = json!({"metadata": {"name": "p", "namespace": "shop", "labels": {"app": "api"}}});
        environment(&container, &pod, &find).map(|variables| {
            variables.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
        })
    }

    #[test]
    fn variables_come_from_everywhere_and_the_last_of_a_name_counts() {
        for (container, expected) in [
            (json!({}), ""),
            (
                json!({"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "$(A)2$(C)"}]}),
                "A=1 B=12$(C)",
            ),
            (json!({"env": [{"name": "A"}]}), "A="),
            (json!({"env": [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]}), "A=2"),
            (
                json!({"envFrom": [{"configMapRef": {"name": "app"}}, {"prefix": "DB_", "secretRef": {"name": "db"}}],
                       "env": [{"name": "A", "value": "own"}]}),
                "MODE=fast A=own DB_password=hunter2 DB_x=y",
            ),
            (
                json!({"env": [{"name": "P", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}},
                               {"name": "M", "valueFrom": {"configMapKeyRef": {"name": "app", "key": "MODE"}}},
                               {"name": "N", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}}]}),
                "P=hunter2 M=fast N=api",
            ),
            (
                json!({"envFrom": [{"configMapRef": {"name": "nope", "optional": true}}],
                       "env": [{"name": "K", "valueFrom": {"configMapKeyRef":
                           {"name": "app", "key": "none", "optional": true}}}]}),
                "",
            ),
        ] {
            assert_eq!(made(container), Ok(expected.to_owned()));
        }
    }

    #[test]
    fn what_is_missing_is_named_as_the_kubelet_does() {
        for (container, expected) in [
            (json!({"envFrom": [{"configMapRef": {"name": "web"}}]}), "configmap \"web\" not found"),
            (
                json!({"env": [{"name": "K", "valueFrom": {"secretKeyRef": {"name": "web", "key": "k"}}}]}),
                "secret \"web\" not found",
            ),
            (
                json!({"env": [{"name": "K", "valueFrom": {"configMapKeyRef": {"name": "app", "key": "k"}}}]}),
                "couldn't find key k in ConfigMap shop/app",
            ),
        ] {
            assert_eq!(made(container), Err(expected.to_owned()));
        }
    }

    #[test]
    fn what_the_api_or_the_lab_cannot_take_is_refused() {
        for (variable, expected) in [
            (json!({"name": "A", "value": "1"}), Ok(())),
            (json!({"value": "1"}), Err("env[0].name: Required value")),
            (
                json!({"name": "A", "value": 1}),
                Err("env[0].value: a variable is text; put the value in quotes"),
            ),
            (
                json!({"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}}),
                Err("env[0].valueFrom.resourceFieldRef: the lab gives no resources; write a value here"),
            ),
            (
                json!({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.nope"}}}),
                Err("env[0].valueFrom.fieldRef.fieldPath: Unsupported value: \"spec.nope\""),
            ),
        ] {
            assert_eq!(check(&json!({"env": [variable]})), expected.map_err(str::to_owned));
        }
    }
}
