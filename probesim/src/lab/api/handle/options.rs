//! The options of a write, checked as the API server checks them.
//!
//! Rules: apimachinery's `ValidateCreateOptions`, `ValidateUpdateOptions`, `ValidatePatchOptions` and
//! `ValidateDeleteOptions`.

use serde_json::{Value, json};

use crate::lab::api::answer::status::Status;
use crate::lab::api::route::Query;
use crate::lab::rules::Broken;
use crate::lab::store::cascade::Propagation;

/// Which options a request has, by its verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Options {
    Create,
    Update,
    Patch { is_apply: bool },
    Delete,
}

/// What becomes of fields that a kind does not have (`fieldValidation`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Strictness {
    Ignore,
    Warn,
    Strict,
}

/// Options that hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Checked {
    pub(super) is_dry_run: bool,
    pub(super) is_forced: bool,
    /// Without the parameter the API server warns.
    pub(super) strictness: Strictness,
}

// === impl Options ===

impl Options {
    fn kind(self) -> &'static str {
        match self {
            Self::Create => "CreateOptions",
            Self::Update => "UpdateOptions",
            Self::Patch { .. } => "PatchOptions",
            Self::Delete => "DeleteOptions",
        }
    }

    /// Takes the query, or names everything that is wrong in it.
    pub(super) fn check(self, query: &Query) -> Result<Checked, Status> {
        let mut broken = Vec::new();
        let (manager, is_forced) = (query.get("fieldManager"), query.find("force").is_some());
        match self {
            Self::Patch { is_apply: true } if manager.is_empty() => {
                broken.push(Broken::said("fieldManager", "Required value: is required for apply patch"));
            }
            Self::Patch { is_apply: false } if is_forced => {
                broken.push(Broken::said("force", "Forbidden: may not be specified for non-apply patch"));
            }
            _ => {}
        }
        if manager.len() > 128 {
            broken.push(Broken::said("fieldManager", "Too long: may not be more than 128 bytes"));
        }
        if let Some(at) = manager.chars().position(char::is_control) {
            let words = format!(
                "Invalid value: {manager:?}: should only contain printable characters (at position {at})"
            );
            broken.push(Broken::said("fieldManager", &words));
        }
        broken.extend(dry_run(&query.all("dryRun")));
        let strictness = match query.get("fieldValidation") {
            "Strict" => Strictness::Strict,
            "" | "Warn" => Strictness::Warn,
            "Ignore" => Strictness::Ignore,
            other => {
                let words = format!(
                    "Unsupported value: {other:?}: supported values: \"\", \"Ignore\", \"Strict\", \"Warn\""
                );
                broken.push(Broken::said("fieldValidation", &words));
                Strictness::Warn
            }
        };
        self.refuse(&broken)?;
        let is_dry_run = !query.get("dryRun").is_empty();
        Ok(Checked { is_dry_run, is_forced: query.flag("force"), strictness })
    }

    fn refuse(self, broken: &[Broken]) -> Result<(), Status> {
        if broken.is_empty() {
            return Ok(());
        }
        Err(Status::invalid_kind(self.kind(), "meta.k8s.io", "", broken))
    }
}

/// `All`; nothing else is known.
fn dry_run(values: &[&str]) -> Option<Broken> {
    let is_wrong = values.iter().any(|value| *value != "All" && !value.is_empty());
    let words = format!("Unsupported value: {}: supported values: \"All\"", json!(values));
    is_wrong.then(|| Broken::said("dryRun", &words))
}

/// What a delete says of dependents, and whether it is only tried.
pub(super) fn deletion(body: &Value, query: &Query) -> Result<(Propagation, bool), Status> {
    let policy = body["propagationPolicy"].as_str().or_else(|| query.find("propagationPolicy"));
    let orphans = query.find("orphanDependents").map(|_| query.flag("orphanDependents"));
    let orphans = body["orphanDependents"].as_bool().or(orphans);
    let mut broken = Vec::new();
    if let (Some(policy), Some(_)) = (policy, orphans) {
        let words =
            format!("Invalid value: {policy:?}: orphanDependents and deletionPropagation cannot be both set");
        broken.push(Broken::said("propagationPolicy", &words));
    }
    let propagation = match (policy, orphans) {
        (Some("Orphan"), _) | (None, Some(true)) => Propagation::Orphan,
        (Some("Foreground"), _) => Propagation::Foreground,
        (Some("Background" | "") | None, _) => Propagation::Background,
        (Some(other), _) => {
            let words = format!(
                "Unsupported value: {other:?}: supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\""
            );
            broken.push(Broken::said("propagationPolicy", &words));
            Propagation::Background
        }
    };
    let listed: Vec<&str> =
        body["dryRun"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let values = if listed.is_empty() { query.all("dryRun") } else { listed };
    broken.extend(dry_run(&values));
    Options::Delete.refuse(&broken)?;
    Ok((propagation, values.contains(&"All")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_refused_in_the_words_of_the_api() {
        let apply = Options::Patch { is_apply: true };
        let merge = Options::Patch { is_apply: false };
        for (options, query, words) in [
            (
                Options::Create,
                "dryRun=Some",
                "CreateOptions.meta.k8s.io \"\" is invalid: dryRun: Unsupported value: [\"Some\"]: supported values: \"All\"",
            ),
            (
                apply,
                "",
                "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch",
            ),
            (
                merge,
                "force=true",
                "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch",
            ),
        ] {
            assert_eq!(options.check(&Query::parse(query)).unwrap_err().message, words);
        }
        let long = format!("fieldManager={}", "m".repeat(129));
        assert_eq!(Options::Update.check(&Query::parse(&long)).unwrap_err().code, 422);
        let right = Options::Create.check(&Query::parse("dryRun=All&fieldValidation=Strict")).unwrap();
        assert!(right.is_dry_run && right.strictness == Strictness::Strict);
    }

    #[test]
    fn a_delete_says_one_thing_about_dependents() {
        let none = Query::parse("");
        let of = |body: Value| deletion(&body, &none).map_err(|status| status.code);
        assert_eq!(of(json!({"propagationPolicy": "Orphan"})), Ok((Propagation::Orphan, false)));
        assert_eq!(of(json!({"orphanDependents": true})), Ok((Propagation::Orphan, false)));
        assert_eq!(of(json!({"dryRun": ["All"]})), Ok((Propagation::Background, true)));
        assert_eq!(of(json!({"propagationPolicy": "Sideways"})), Err(422));
        assert_eq!(of(json!({"propagationPolicy": "Orphan", "orphanDependents": true})), Err(422));
    }
}
