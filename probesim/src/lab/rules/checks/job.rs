//! Jobs and CronJobs (`pkg/apis/batch/validation`).

use serde_json::{Value, json};

use super::{Broken, Scope, items, text};
use crate::lab::controllers::selects;
use crate::lab::rules::table::{is_absent, walk};
use crate::lab::schema::Type;

/// The selector is the one that the API makes, unless the Job says that it has its own; and it selects.
pub(super) fn selector(job: &Value, _path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let spec = &job["spec"];
    let selector = &spec["selector"];
    let uid = &job["metadata"]["uid"];
    let made = json!({"metadata": {"labels": {"batch.kubernetes.io/controller-uid": uid, "controller-uid": uid,
        "batch.kubernetes.io/job-name": job["metadata"]["name"], "job-name": job["metadata"]["name"]}}});
    if spec["manualSelector"] != true && !selector.is_null() && !selects(selector, &made) {
        found.push(Broken::invalid("spec.selector", selector, "`selector` not auto-generated"));
    }
}

pub(super) fn spec(spec: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let is_indexed = spec["completionMode"] == "Indexed";
    if is_indexed {
        if spec["completions"].is_null() {
            let why = "when completion mode is Indexed";
            found.push(Broken::required(format!("{path}.completions"), why));
        }
        if spec["parallelism"].as_i64().is_some_and(|count| count > 100_000) {
            let field = format!("{path}.parallelism");
            let why = "must be less than or equal to 100000 when completion mode is Indexed";
            found.push(Broken::invalid(field, &spec["parallelism"], why));
        }
    } else {
        for field in ["backoffLimitPerIndex", "successPolicy"] {
            if !spec[field].is_null() {
                let why = "requires indexed completion mode";
                found.push(Broken::invalid(format!("{path}.{field}"), &spec[field], why));
            }
        }
    }
    if !spec["maxFailedIndexes"].is_null() && spec["backoffLimitPerIndex"].is_null() {
        let why = "when maxFailedIndexes is specified";
        found.push(Broken::required(format!("{path}.backoffLimitPerIndex"), why));
    }
    if !spec["podFailurePolicy"].is_null() && text(spec, "podReplacementPolicy") == "TerminatingOrFailed" {
        // Filled in as `Failed` where nobody says otherwise.
        let field = format!("{path}.podReplacementPolicy");
        found.push(Broken::unsupported(field, &spec["podReplacementPolicy"], &["Failed"]));
    }
}

/// Pods of a Job end; the selector of one that is not within a CronJob selects them.
pub(super) fn runs_to_the_end(spec: &Value, path: &str, scope: Scope<'_>, found: &mut Vec<Broken>) {
    let policy = &spec["template"]["spec"]["restartPolicy"];
    let field = format!("{path}.template.spec.restartPolicy");
    if policy != "OnFailure" && policy != "Never" {
        found.push(Broken::required(field, "valid values: \"OnFailure\", \"Never\""));
    } else if !spec["podFailurePolicy"].is_null() && policy != "Never" {
        let why = "only \"Never\" is supported when podFailurePolicy is specified";
        found.push(Broken::invalid(field, policy, why));
    } else if !spec["backoffLimitPerIndex"].is_null() && policy != "Never" {
        let why = "only \"Never\" is supported when backoffLimitPerIndex is specified";
        found.push(Broken::invalid(field, policy, why));
    }
    if !spec["template"].is_object()
        && let Some(of) = Type::named("PodTemplateSpec")
    {
        walk(&json!({}), &of, &format!("{path}.template"), scope, found);
    }
    let selector = &spec["selector"];
    if path != "spec" {
        if !selector.is_null() {
            found.push(Broken::invalid(
                format!("{path}.selector"),
                selector,
                "`selector` will be auto-generated",
            ));
        }
        return;
    }
    if spec["manualSelector"] == true && selector.is_null() {
        found.push(Broken::required("spec.selector", ""));
    }
    if !selector.is_null() && !selects(selector, &spec["template"]) {
        let labels = &spec["template"]["metadata"]["labels"];
        let why = "`selector` does not match template `labels`";
        found.push(Broken::invalid("spec.template.metadata.labels", labels, why));
    }
}

pub(super) fn failure_rule(rule: &Value, path: &str, scope: Scope<'_>, found: &mut Vec<Broken>) {
    let known = ["Count", "FailIndex", "FailJob", "Ignore"];
    let action = &rule["action"];
    let field = format!("{path}.action");
    if is_absent(action) {
        found
            .push(Broken::required(field, "valid values: \"Count\", \"FailIndex\", \"FailJob\", \"Ignore\""));
    } else if !known.iter().any(|one| action == one) {
        found.push(Broken::unsupported(field, action, &known));
    } else if action == "FailIndex" && scope.root["spec"]["backoffLimitPerIndex"].is_null() {
        let why = "requires the backoffLimitPerIndex to be set";
        found.push(Broken::invalid(field, action, why));
    }
    let (codes, conditions) = (&rule["onExitCodes"], &rule["onPodConditions"]);
    if !codes.is_null() && !is_absent(conditions) {
        let why = "specifying both OnExitCodes and OnPodConditions is not supported";
        found.push(Broken::invalid_as(path, &rule.to_string(), why));
    } else if codes.is_null() && is_absent(conditions) {
        let why = "specifying one of OnExitCodes and OnPodConditions is required";
        found.push(Broken::invalid_as(path, &rule.to_string(), why));
    }
}

pub(super) fn exit_codes(codes: &Value, path: &str, scope: Scope<'_>, found: &mut Vec<Broken>) {
    let count = codes["values"].as_array().map_or(0, Vec::len);
    let values = format!("{path}.values");
    if count == 0 {
        found.push(Broken::invalid_as(values.as_str(), "[]", "at least one value is required"));
    } else if count > 255 {
        found.push(Broken::too_many(values.as_str(), count, 255));
    }
    let mut seen = Vec::new();
    let mut last = i64::MIN;
    for (at, value) in items(codes, "values").enumerate() {
        let field = format!("{values}[{at}]");
        if codes["operator"] == "In" && *value == 0 {
            found.push(Broken::invalid(field.as_str(), value, "must not be 0 for the In operator"));
        }
        if seen.contains(&value) {
            found.push(Broken::duplicate(field, value));
        } else if value.as_i64().is_some_and(|value| value < last) {
            found.push(Broken::invalid(values.as_str(), &codes["values"], "must be ordered"));
        }
        last = value.as_i64().unwrap_or(last);
        seen.push(value);
    }
    let name = text(codes, "containerName");
    let pod = &scope.root["spec"]["template"]["spec"];
    let is_there = ["containers", "initContainers"]
        .iter()
        .any(|list| items(pod, list).any(|container| container["name"] == name));
    if !name.is_empty() && !is_there {
        let why = "must be one of the container or initContainer names in the pod template";
        found.push(Broken::invalid_text(format!("{path}.containerName"), name, why));
    }
}

/// Five fields (`robfig/cron`), or one of its words; and a time zone that there is.
pub(super) fn schedule(spec: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let schedule = text(spec, "schedule");
    if !schedule.is_empty()
        && let Some(why) = wrong_schedule(schedule)
    {
        found.push(Broken::invalid(format!("{path}.schedule"), &spec["schedule"], why));
    }
    let Some(zone) = spec["timeZone"].as_str() else { return };
    let field = format!("{path}.timeZone");
    if zone.is_empty() {
        let why = "timeZone must be nil or non-empty string";
        found.push(Broken::invalid(field, &spec["timeZone"], why));
    } else if zone == "Local" {
        let why = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones";
        found.push(Broken::invalid(field, &spec["timeZone"], why));
    } else if !is_zone(zone) {
        found.push(Broken::invalid(field, &spec["timeZone"], format!("unknown time zone {zone}")));
    }
}

/// The areas of the tz database, and its names without an area. Within an area the lab takes every name.
fn is_zone(zone: &str) -> bool {
    const AREAS: [&str; 12] = [
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Brazil",
        "Canada",
        "Etc",
        "Europe",
        "Indian",
    ];
    const MORE: [&str; 5] = ["Chile", "Mexico", "Pacific", "US", "Mexico"];
    let is_word = |text: &str| {
        !text.is_empty() && text.chars().all(|one| one.is_ascii_alphanumeric() || "_-+".contains(one))
    };
    match zone.split_once('/') {
        Some((area, place)) => {
            (AREAS.contains(&area) || MORE.contains(&area)) && place.split('/').all(is_word)
        }
        None => is_word(zone) && zone.starts_with(|first: char| first.is_ascii_uppercase()),
    }
}

fn wrong_schedule(schedule: &str) -> Option<String> {
    if let Some(word) = schedule.strip_prefix('@') {
        let is_known = ["yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly"]
            .contains(&word)
            || word.starts_with("every ");
        return (!is_known).then(|| format!("unrecognized descriptor: {schedule}"));
    }
    let fields: Vec<&str> = schedule.split_whitespace().filter(|field| !field.starts_with("TZ=")).collect();
    let [minute, hour, day, month, weekday] = fields.as_slice() else {
        let listed = fields.join(" ");
        return Some(format!("expected exactly 5 fields, found {}: [{listed}]", fields.len()));
    };
    const MONTHS: &[&str] =
        &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const DAYS: &[&str] = &["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let all = [
        (minute, 0, 59, &[][..]),
        (hour, 0, 23, &[]),
        (day, 1, 31, &[]),
        (month, 1, 12, MONTHS),
        (weekday, 0, 6, DAYS),
    ];
    all.into_iter().find_map(|(field, least, most, names)| {
        field.split(',').find_map(|part| wrong_part(part, least, most, names))
    })
}

fn wrong_part(part: &str, least: u32, most: u32, names: &[&str]) -> Option<String> {
    let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
    let number = |text: &str| -> Result<u32, String> {
        let lower = text.to_lowercase();
        if let Some(at) = names.iter().position(|name| *name == lower) {
            return Ok(u32::try_from(at).unwrap_or(0) + least);
        }
        text.parse::<u32>().map_err(|_| {
            format!("failed to parse int from {text}: strconv.Atoi: parsing {text:?}: invalid syntax")
        })
    };
    let (from, to) = match range {
        "*" | "?" => (least, most),
        range => {
            let (from, to) = range.split_once('-').map_or((range, None), |(from, to)| (from, Some(to)));
            let from = match number(from) {
                Ok(from) => from,
                Err(why) => return Some(why),
            };
            match to.map(number) {
                None if step.is_some() => (from, most),
                None => (from, from),
                Some(Ok(to)) => (from, to),
                Some(Err(why)) => return Some(why),
            }
        }
    };
    if from < least {
        return Some(format!("beginning of range ({from}) below minimum ({least}): {part}"));
    }
    if to > most {
        return Some(format!("end of range ({to}) above maximum ({most}): {part}"));
    }
    if from > to {
        return Some(format!("beginning of range ({from}) beyond end of range ({to}): {part}"));
    }
    match step.map(number) {
        Some(Ok(0)) => Some(format!("step of range should be a positive number: {part}")),
        Some(Err(why)) => Some(why),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_are_refused_in_the_words_of_cron() {
        for (schedule, why) in [
            ("* * * * *", None),
            ("*/5 0-6,12 1 jan-mar mon", None),
            ("@daily", None),
            ("@often", Some("unrecognized descriptor: @often")),
            ("* * *", Some("expected exactly 5 fields, found 3: [* * *]")),
            ("60 * * * *", Some("end of range (60) above maximum (59): 60")),
            ("5-2 * * * *", Some("beginning of range (5) beyond end of range (2): 5-2")),
            ("x * * * *", Some("failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax")),
        ] {
            assert_eq!(wrong_schedule(schedule).as_deref(), why, "{schedule}");
        }
        assert!(is_zone("Europe/Berlin") && is_zone("UTC") && !is_zone("Nowhere/City"));
    }
}
