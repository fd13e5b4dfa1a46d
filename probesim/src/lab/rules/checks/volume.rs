//! Volumes, and what mounts them (`ValidateVolumes`, `ValidateVolumeMounts`).

use serde_json::Value;

use super::{Broken, Scope, items, text};
use crate::lab::rules::table::is_absent;
use crate::lab::schema::Type;

/// Exactly one source.
pub(super) fn source(volume: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let Some(of) = Type::named("VolumeSource") else { return };
    let mut given = of.fields().map(|field| field.name).filter(|name| !volume[*name].is_null());
    if given.next().is_none() {
        found.push(Broken::required(path, "must specify a volume type"));
    }
    let others = given
        .map(|name| Broken::forbidden(format!("{path}.{name}"), "may not specify more than 1 volume type"));
    found.extend(others);
}

pub(super) fn mounts(container: &Value, path: &str, scope: Scope<'_>, found: &mut Vec<Broken>) {
    let pod = scope.pod.unwrap_or(&Value::Null);
    let claims = &scope.root["spec"];
    let mut seen: Vec<&str> = Vec::new();
    for (at, mount) in items(container, "volumeMounts").enumerate() {
        let path = format!("{path}.volumeMounts[{at}]");
        let name = &mount["name"];
        let is_there = items(pod, "volumes").any(|volume| volume["name"] == *name)
            || items(claims, "volumeClaimTemplates").any(|claim| claim["metadata"]["name"] == *name);
        if !is_absent(name) && !is_there {
            found.push(Broken::not_found(format!("{path}.name"), name));
        }
        let place = text(mount, "mountPath");
        if !place.is_empty() && seen.contains(&place) {
            found.push(Broken::invalid(format!("{path}.mountPath"), &mount["mountPath"], "must be unique"));
        }
        seen.push(place);
        if !is_absent(&mount["subPath"]) && !is_absent(&mount["subPathExpr"]) {
            let why = "subPathExpr and subPath are mutually exclusive";
            found.push(Broken::invalid(format!("{path}.subPathExpr"), &mount["subPathExpr"], why));
        }
    }
}
