//! Whether objects have only fields that the API has, with values of the right type.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::batch::v1::Job;
use k8s_openapi::api::core::v1::{Pod, Secret, Service, ServiceAccount};
use k8s_openapi::api::rbac::v1::{Role, RoleBinding};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::file::{File, text};

/// The fields that the API does not know: reading an object drops them.
pub(crate) fn unknown_fields(file: &File) -> Vec<String> {
    file.objects.iter().flat_map(unknown_in).collect()
}

fn unknown_in(object: &Value) -> Vec<String> {
    let read_back = match text(&object["kind"]) {
        "Deployment" => read_back::<Deployment>(object),
        "Job" => read_back::<Job>(object),
        "Pod" => read_back::<Pod>(object),
        "Role" => read_back::<Role>(object),
        "RoleBinding" => read_back::<RoleBinding>(object),
        "Secret" => read_back::<Secret>(object),
        "Service" => read_back::<Service>(object),
        "ServiceAccount" => read_back::<ServiceAccount>(object),
        // kustomize's own; `kubectl kustomize` reads it.
        "Kustomization" => Ok(object.clone()),
        other => Err(format!("this test knows no kind {other:?}")),
    };
    let place = format!("{}/{}", text(&object["kind"]), text(&object["metadata"]["name"]));
    match read_back {
        Ok(read_back) => {
            let mut dropped = Vec::new();
            compare(object, &read_back, &place, &mut dropped);
            dropped
        }
        Err(error) => vec![format!("{place}: {error}")],
    }
}

fn read_back<T: DeserializeOwned + Serialize>(object: &Value) -> Result<Value, String> {
    let typed: T = serde_json::from_value(object.clone()).map_err(|error| error.to_string())?;
    serde_json::to_value(typed).map_err(|error| error.to_string())
}

fn compare(given: &Value, kept: &Value, place: &str, dropped: &mut Vec<String>) {
    match (given, kept) {
        (Value::Object(given), Value::Object(kept)) => {
            for (field, value) in given {
                let place = format!("{place}.{field}");
                match kept.get(field) {
                    Some(kept) => compare(value, kept, &place, dropped),
                    None => dropped.push(format!("{place} is unknown")),
                }
            }
        }
        (Value::Array(given), Value::Array(kept)) if given.len() == kept.len() => {
            for (position, (given, kept)) in given.iter().zip(kept).enumerate() {
                compare(given, kept, &format!("{place}[{position}]"), dropped);
            }
        }
        _ if given == kept => {}
        _ => dropped.push(format!("{place}: {given} is taken for {kept}")),
    }
}
