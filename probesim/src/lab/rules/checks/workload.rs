//! Deployments, ReplicaSets, StatefulSets and DaemonSets (`pkg/apis/apps/validation`).

use serde_json::{Value, json};

use super::selector::is_empty;
use super::{Broken, Scope, text};
use crate::lab::controllers::selects;
use crate::lab::rules::format;
use crate::lab::rules::table::{is_absent, walk};
use crate::lab::schema::Type;

const MISMATCH: &str = "`selector` does not match template `labels`";

/// The selector is one, and selects the pods of the template, which is looked at then.
pub(super) fn template_matches(spec: &Value, path: &str, scope: Scope<'_>, found: &mut Vec<Broken>) {
    let (selector, template) = (&spec["selector"], &spec["template"]);
    let place = format!("{path}.selector");
    let before = found.len();
    if let (Some(of), Value::Object(_)) = (Type::named("LabelSelector"), selector) {
        walk(selector, &of, &place, scope, found);
    }
    let is_wrong = found.len() > before;
    let kind = match scope.kind {
        "StatefulSet" => "statefulset.",
        "DaemonSet" => "daemonset",
        _ => "deployment",
    };
    if selector.is_object() && is_empty(selector) {
        let why = match kind {
            "statefulset." => "empty selector is invalid for statefulset".to_owned(),
            kind => format!("empty selector is invalid for {kind}"),
        };
        found.push(Broken::invalid(place.as_str(), &json!({}), why));
    }
    if is_wrong {
        let why = if scope.kind == "StatefulSet" { "" } else { "invalid label selector" };
        found.push(Broken::invalid(place, selector, why));
        return;
    }
    let labels = &template["metadata"]["labels"];
    let is_selected = selector.is_object() && (is_empty(selector) || selects(selector, template));
    if !is_selected {
        let shown = if labels.is_null() { &Value::Null } else { labels };
        found.push(Broken::invalid(format!("{path}.template.metadata.labels"), shown, MISMATCH));
    }
    if let Some(of) = Type::named("PodTemplateSpec") {
        let template = if template.is_object() { template } else { &json!({}) };
        walk(template, &of, &format!("{path}.template"), scope, found);
    }
}

/// Pods of such a workload start again for ever.
pub(super) fn runs_forever(spec: &Value, path: &str, scope: Scope<'_>, found: &mut Vec<Broken>) {
    let pod = &spec["template"]["spec"];
    let policy = &pod["restartPolicy"];
    if !is_absent(policy) && policy != "Always" {
        // One that there is not has been said to be wrong already, and is said again.
        found.push(Broken::unsupported(format!("{path}.template.spec.restartPolicy"), policy, &["Always"]));
    }
    if !pod["activeDeadlineSeconds"].is_null() {
        let kind = scope.kind;
        let kind = if kind == "Deployment" { "ReplicaSet" } else { kind };
        let why = format!("activeDeadlineSeconds in {kind} is not Supported");
        found.push(Broken::forbidden(format!("{path}.template.spec.activeDeadlineSeconds"), why));
    }
}

pub(super) fn progress_deadline(spec: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let Some(deadline) = spec["progressDeadlineSeconds"].as_i64() else { return };
    if deadline <= spec["minReadySeconds"].as_i64().unwrap_or(0) {
        let field = format!("{path}.progressDeadlineSeconds");
        found.push(Broken::invalid(field, &json!(deadline), "must be greater than minReadySeconds"));
    }
}

pub(super) fn recreate(strategy: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    if strategy["type"] == "Recreate" && !strategy["rollingUpdate"].is_null() {
        let why = "may not be specified when strategy `type` is 'Recreate'";
        found.push(Broken::forbidden(format!("{path}.rollingUpdate"), why));
    }
}

pub(super) fn surge(rolling: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let (unavailable, surge) = (&rolling["maxUnavailable"], &rolling["maxSurge"]);
    let field = format!("{path}.maxUnavailable");
    if is_none(unavailable) && is_none(surge) {
        found.push(Broken::invalid(field.as_str(), unavailable, "may not be 0 when `maxSurge` is 0"));
    }
    if format::percentage(unavailable).is_some_and(|share| share > 100) {
        found.push(Broken::invalid(field, unavailable, "must not be greater than 100%"));
    }
}

fn is_none(share: &Value) -> bool {
    share.as_i64() == Some(0) || format::percentage(share) == Some(0)
}

pub(super) fn daemon_surge(rolling: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let (unavailable, surge) = (&rolling["maxUnavailable"], &rolling["maxSurge"]);
    for (field, share) in [("maxUnavailable", unavailable), ("maxSurge", surge)] {
        if format::percentage(share).is_some_and(|share| share > 100) {
            found.push(Broken::invalid(format!("{path}.{field}"), share, "must not be greater than 100%"));
        }
    }
    let has = |share: &Value| !share.is_null() && !is_none(share);
    if has(unavailable) && has(surge) {
        let why = "may not be set when maxUnavailable is non-zero";
        found.push(Broken::invalid(format!("{path}.maxSurge"), surge, why));
    } else if !has(unavailable) && !has(surge) {
        let why = "cannot be 0 when maxSurge is 0";
        found.push(Broken::invalid(format!("{path}.maxUnavailable"), unavailable, why));
    }
}

pub(super) fn stateful_policies(spec: &Value, path: &str, _scope: Scope<'_>, found: &mut Vec<Broken>) {
    let policy = &spec["podManagementPolicy"];
    if !is_absent(policy) && policy != "OrderedReady" && policy != "Parallel" {
        let why = "must be 'OrderedReady' or 'Parallel'";
        found.push(Broken::invalid(format!("{path}.podManagementPolicy"), policy, why));
    }
    let strategy = &spec["updateStrategy"];
    match text(strategy, "type") {
        "" | "RollingUpdate" => {}
        "OnDelete" => {
            if !strategy["rollingUpdate"].is_null() {
                let why = "only allowed for updateStrategy 'RollingUpdate'";
                let field = format!("{path}.updateStrategy.rollingUpdate");
                found.push(Broken::invalid(field, &strategy["rollingUpdate"], why));
            }
        }
        _ => {
            let why = "must be 'RollingUpdate' or 'OnDelete'";
            found.push(Broken::invalid(format!("{path}.updateStrategy"), strategy, why));
        }
    }
}
