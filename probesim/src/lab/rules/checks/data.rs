//! ConfigMaps, Secrets and claims.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{Broken, Scope, text};
use crate::lab::rules::format;
use crate::lab::rules::quantity;

/// Of all values together, in bytes (`MaxSecretSize`).
const MOST: usize = 1024 * 1024;

pub(super) fn config_map(map: &Value, _path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let mut size = 0_usize;
    for (key, value) in map["data"].as_object().into_iter().flatten() {
        keys(key, "data", found);
        if map["binaryData"].get(key).is_some() {
            let why = "duplicate of key present in binaryData";
            found.push(Broken::invalid_text(format!("data[{key}]"), key, why));
        }
        size += value.as_str().map_or(0, str::len);
    }
    for (key, value) in map["binaryData"].as_object().into_iter().flatten() {
        keys(key, "binaryData", found);
        size += value.as_str().map_or(0, length);
    }
    if size > MOST {
        // The API names the whole object so.
        found.push(Broken::too_long("[]", MOST));
    }
}

fn keys(key: &str, field: &str, found: &mut Vec<Broken>) {
    let wrong = format::config_key(key);
    found.extend(wrong.iter().map(|why| Broken::invalid_text(format!("{field}[{key}]"), key, why)));
}

/// Of what Base64 stands for.
fn length(encoded: &str) -> usize {
    encoded.len() / 4 * 3
        - encoded.bytes().rev().take_while(|byte| *byte == b'=').take(2).count().min(encoded.len())
}

pub(super) fn secret(secret: &Value, _path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let values = secret["data"].as_object().into_iter().flatten();
    let size: usize = values.filter_map(|(_, value)| value.as_str().map(length)).sum();
    if size > MOST {
        found.push(Broken::too_long("data", MOST));
    }
}

/// What each type has to have in it.
pub(super) fn secret_type(secret: &Value, _path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let data = &secret["data"];
    let require = |keys: &[&str], found: &mut Vec<Broken>| {
        let missing = keys.iter().filter(|key| data.get(**key).is_none());
        found.extend(missing.map(|key| Broken::required(format!("data[{key}]"), "")));
    };
    let is_json = |key: &str, found: &mut Vec<Broken>| {
        let Some(value) = data[key].as_str() else { return };
        let decoded = STANDARD.decode(value).unwrap_or_default();
        if serde_json::from_slice::<serde_json::Map<String, Value>>(&decoded).is_err() {
            let path = format!("data[{key}]");
            found.push(Broken::invalid_as(path, "\"<secret contents redacted>\"", json_error(&decoded)));
        }
    };
    match text(secret, "type") {
        "kubernetes.io/tls" => require(&["tls.crt", "tls.key"], found),
        "kubernetes.io/dockercfg" => {
            require(&[".dockercfg"], found);
            is_json(".dockercfg", found);
        }
        "kubernetes.io/dockerconfigjson" => {
            require(&[".dockerconfigjson"], found);
            is_json(".dockerconfigjson", found);
        }
        "kubernetes.io/ssh-auth" => require(&["ssh-privatekey"], found),
        "kubernetes.io/basic-auth" => {
            let has = |key: &str| data.get(key).is_some();
            if !has("username") && !has("password") {
                require(&["username", "password"], found);
            }
        }
        "kubernetes.io/service-account-token" => {
            let name = &secret["metadata"]["annotations"]["kubernetes.io/service-account.name"];
            if name.as_str().is_none_or(str::is_empty) {
                let field = "metadata.annotations[kubernetes.io/service-account.name]";
                found.push(Broken::required(field, ""));
            }
        }
        _ => {}
    }
}

/// What Go's decoder says of the usual mistakes.
fn json_error(text: &[u8]) -> String {
    match text.iter().find(|byte| !byte.is_ascii_whitespace()) {
        None => "unexpected end of JSON input".to_owned(),
        Some(b'{') => "unexpected end of JSON input".to_owned(),
        Some(first) => {
            format!("invalid character '{}' looking for beginning of value", char::from(*first))
        }
    }
}

pub(super) fn storage(spec: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let field = format!("{path}.resources[storage]");
    match &spec["resources"]["requests"]["storage"] {
        Value::String(amount) => {
            if quantity::parse(amount).is_ok_and(|amount| amount <= 0) {
                found.push(Broken::invalid_text(field, amount, "must be greater than zero"));
            }
        }
        _ => found.push(Broken::required(field, "")),
    }
}
