//! `ListOptions`: the query of a list or watch, checked as the API server checks it.
//!
//! Rules: "Resource versions" and "Efficient detection of changes" in the Kubernetes API concepts, and apimachinery's
//! `ValidateListOptions`.

use serde_json::json;

use super::fields;
use super::selector::Selector;
use crate::lab::api::answer::status::Status;
use crate::lab::api::route::Query;
use crate::lab::schema::resources::Resource;

/// A list or watch that may be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lab) struct ListOptions {
    pub(in crate::lab) selector: Selector,
    pub(super) version: Version,
    pub(super) limit: usize,
    pub(super) continue_token: String,
    pub(super) allow_bookmarks: bool,
    pub(super) send_initial_events: Option<bool>,
    pub(in crate::lab) timeout_seconds: Option<u64>,
}

/// How new the answer has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// Unset: the newest state.
    Newest,
    /// `0`: any state.
    Any,
    /// At least as new as this.
    NotOlderThan(u64),
    /// Exactly this.
    Exact(u64),
}

// === impl ListOptions ===

impl ListOptions {
    pub(in crate::lab) fn parse(resource: &Resource, query: &Query, is_watch: bool) -> Result<Self, Status> {
        let limit = integer(query, "limit")?.unwrap_or(0);
        let timeout_seconds = integer(query, "timeoutSeconds")?;
        let selector = Selector::parse(query.get("labelSelector"), query.get("fieldSelector"))
            .map_err(Status::bad_request)?;
        let send_initial_events = query.find("sendInitialEvents").map(|_| query.flag("sendInitialEvents"));
        let causes = if is_watch {
            watch_causes(query, send_initial_events)
        } else {
            list_causes(query, send_initial_events)
        };
        if !causes.is_empty() {
            return Err(invalid(&causes));
        }
        for field in selector.field_names() {
            fields::check(resource, field).map_err(Status::bad_request)?;
        }
        Ok(Self {
            selector,
            version: version(query, is_watch, limit > 0)?,
            limit: usize::try_from(limit).unwrap_or(0),
            continue_token: query.get("continue").to_owned(),
            allow_bookmarks: query.flag("allowWatchBookmarks"),
            send_initial_events,
            timeout_seconds: timeout_seconds.and_then(|s| u64::try_from(s).ok()).filter(|s| *s > 0),
        })
    }
}

fn integer(query: &Query, name: &str) -> Result<Option<i64>, Status> {
    match query.get(name) {
        "" => Ok(None),
        text => text
            .parse()
            .map(Some)
            .map_err(|_| Status::bad_request(format!("strconv.ParseInt: parsing {text:?}: invalid syntax"))),
    }
}

/// What `resourceVersion`, its match and a limit ask for together.
fn version(query: &Query, is_watch: bool, is_paged: bool) -> Result<Version, Status> {
    let text = query.get("resourceVersion");
    let number = match text {
        "" => return Ok(Version::Newest),
        "0" => return Ok(Version::Any),
        text => text.parse::<u64>().map_err(|_| not_a_version(text, is_watch))?,
    };
    if !query.get("continue").is_empty() {
        return Err(Status::bad_request("specifying resource version is not allowed when using continue"));
    }
    // "Legacy": a limit with a version and no match means exactly that version.
    let is_exact = match query.get("resourceVersionMatch") {
        "Exact" => true,
        "" => is_paged && !is_watch,
        _ => false,
    };
    Ok(if is_exact { Version::Exact(number) } else { Version::NotOlderThan(number) })
}

/// A list answers 400; a watch 500 without a reason, as recorded.
fn not_a_version(text: &str, is_watch: bool) -> Status {
    let why = format!(
        "resourceVersion: Invalid value: {text:?}: strconv.ParseUint: parsing {text:?}: invalid syntax"
    );
    if is_watch {
        Status::failure(500, "", why)
    } else {
        Status::bad_request(format!("invalid resource version: {why}"))
    }
}

/// One rule that is broken: the cause's reason, the field and the message.
type Cause = (&'static str, &'static str, String);

fn forbidden(field: &'static str, why: &str) -> Cause {
    ("FieldValueForbidden", field, format!("Forbidden: {why}"))
}

fn unsupported(value: &str, supported: &str) -> Cause {
    let why = format!("Unsupported value: {value:?}: supported values: {supported}");
    ("FieldValueNotSupported", "resourceVersionMatch", why)
}

fn list_causes(query: &Query, send_initial_events: Option<bool>) -> Vec<Cause> {
    const FIELD: &str = "resourceVersionMatch";
    let mut causes = Vec::new();
    let (matching, version) = (query.get(FIELD), query.get("resourceVersion"));
    if !matching.is_empty() {
        if version.is_empty() {
            causes.push(forbidden(
                FIELD,
                "resourceVersionMatch is forbidden unless resourceVersion is provided",
            ));
        }
        if !query.get("continue").is_empty() {
            causes.push(forbidden(FIELD, "resourceVersionMatch is forbidden when continue is provided"));
        }
        if matching != "Exact" && matching != "NotOlderThan" {
            causes.push(unsupported(matching, r#""", "Exact", "NotOlderThan""#));
        }
        if matching == "Exact" && version == "0" {
            let why = r#"resourceVersionMatch "exact" is forbidden for resourceVersion "0""#;
            causes.push(forbidden(FIELD, why));
        }
    }
    if send_initial_events.is_some() {
        causes.push(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
    }
    causes
}

fn watch_causes(query: &Query, send_initial_events: Option<bool>) -> Vec<Cause> {
    const FIELD: &str = "resourceVersionMatch";
    let mut causes = Vec::new();
    let matching = query.get(FIELD);
    if send_initial_events.is_some() && matching != "NotOlderThan" {
        let why = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
        causes.push(forbidden(FIELD, why));
    }
    if !matching.is_empty() {
        if send_initial_events.is_none() {
            let why = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
            causes.push(forbidden(FIELD, why));
        }
        if matching != "NotOlderThan" {
            causes.push(unsupported(matching, r#""NotOlderThan""#));
        }
        if !query.get("continue").is_empty() {
            causes.push(forbidden(FIELD, "resourceVersionMatch is forbidden when continue is provided"));
        }
    }
    causes
}

/// One cause is the message itself; several come in brackets (`field.ErrorList.ToAggregate`).
fn invalid(causes: &[Cause]) -> Status {
    let texts: Vec<String> = causes.iter().map(|(_, field, why)| format!("{field}: {why}")).collect();
    let text = if let [one] = texts.as_slice() { one.clone() } else { format!("[{}]", texts.join(", ")) };
    let causes: Vec<_> = causes
        .iter()
        .map(|(reason, field, why)| json!({"reason": reason, "message": why, "field": field}))
        .collect();
    let message = format!("ListOptions.meta.k8s.io \"\" is invalid: {text}");
    Status::failure(422, "Invalid", message)
        .with_details(json!({"group": "meta.k8s.io", "kind": "ListOptions", "causes": causes}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::schema::resources::Registry;

    fn parse(query: &str, is_watch: bool) -> Result<ListOptions, Status> {
        let registry = Registry::built_in();
        let resource = registry.get(registry.named("configmaps").unwrap()).clone();
        ListOptions::parse(&resource, &Query::parse(query), is_watch)
    }

    #[test]
    fn a_version_means_what_the_table_of_the_api_concepts_says() {
        for (query, expected) in [
            ("", Version::Newest),
            ("limit=5", Version::Newest),
            ("resourceVersion=0&limit=5", Version::Any),
            ("resourceVersion=7", Version::NotOlderThan(7)),
            ("resourceVersion=7&limit=5", Version::Exact(7)),
            ("resourceVersion=7&limit=5&resourceVersionMatch=NotOlderThan", Version::NotOlderThan(7)),
            ("resourceVersion=7&resourceVersionMatch=Exact", Version::Exact(7)),
        ] {
            assert_eq!(parse(query, false).unwrap().version, expected, "{query}");
        }
        assert_eq!(parse("resourceVersion=7&limit=5", true).unwrap().version, Version::NotOlderThan(7));
    }

    #[test]
    fn broken_rules_are_answered_as_recorded() {
        for (query, is_watch, body) in [
            (
                "resourceVersionMatch=Exact",
                false,
                r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided","reason":"Invalid","details":{"group":"meta.k8s.io","kind":"ListOptions","causes":[{"reason":"FieldValueForbidden","message":"Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided","field":"resourceVersionMatch"}]},"code":422}"#,
            ),
            (
                "resourceVersion=abc",
                false,
                r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"invalid resource version: resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": invalid syntax","reason":"BadRequest","code":400}"#,
            ),
            (
                "fieldSelector=foo%3Dbar",
                false,
                r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"\"foo\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\"","reason":"BadRequest","code":400}"#,
            ),
            (
                "sendInitialEvents=true",
                true,
                r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"ListOptions.meta.k8s.io \"\" is invalid: resourceVersionMatch: Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan","reason":"Invalid","details":{"group":"meta.k8s.io","kind":"ListOptions","causes":[{"reason":"FieldValueForbidden","message":"Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan","field":"resourceVersionMatch"}]},"code":422}"#,
            ),
        ] {
            assert_eq!(parse(query, is_watch).unwrap_err().to_value().to_string(), body, "{query}");
        }
    }

    #[test]
    fn codes_of_other_mistakes() {
        for (query, is_watch, code) in [
            ("timeoutSeconds=x", true, 400),
            ("limit=x", false, 400),
            ("resourceVersion=abc", true, 500),
            ("labelSelector=%3D%3D", false, 400),
            ("resourceVersionMatch=NotOlderThan&resourceVersion=1", true, 422),
            ("resourceVersionMatch=Exact&resourceVersion=0", false, 422),
            ("resourceVersionMatch=Newest&resourceVersion=1", false, 422),
            ("continue=x&resourceVersion=1", false, 400),
            ("sendInitialEvents=false", false, 422),
        ] {
            assert_eq!(parse(query, is_watch).unwrap_err().code, code, "{query}");
        }
    }
}
