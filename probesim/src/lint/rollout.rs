//! Replicas, budgets and deadlines.

use serde_json::Value;

use super::workload::Workload;
use super::{Finding, Severity};
use crate::kubelet::Kind;
use crate::manifest::Object;
use crate::predict::startup_budget;
use crate::predict::words::time;

pub(super) fn check(workload: &Workload<'_>, found: &mut Vec<Finding>) {
    if workload.object.kind() == "Deployment" {
        if let Some((field, reason, instead)) = deadline_before_start(workload) {
            workload.remark(found, ("deadline-before-start", Severity::Warning), field, reason, instead);
        }
        if let Some((reason, instead)) = all_unavailable(workload) {
            let field = "spec.strategy.rollingUpdate.maxUnavailable";
            workload.remark(found, ("all-replicas-at-once", Severity::Warning), field, reason, instead);
        }
    }
    if matches!(workload.object.kind(), "Deployment" | "StatefulSet") {
        for budget in workload.neighbours("PodDisruptionBudget") {
            if workload.is_selected_by(budget.get("spec.selector.matchLabels")) {
                found.extend(blocks_eviction(budget, workload.replicas()));
            }
        }
    }
}

/// `progressDeadlineSeconds` counts from the last progress, and a pod that is available is progress
/// (`pkg/controller/deployment/progress.go`).
fn deadline_before_start(workload: &Workload<'_>) -> Option<(&'static str, String, String)> {
    let seconds = |field: &str| workload.object.get(field).and_then(Value::as_i64);
    let deadline = seconds("spec.progressDeadlineSeconds").unwrap_or(600);
    let min_ready = seconds("spec.minReadySeconds").unwrap_or(0);
    let budgets = workload.sites.iter().map(|site| {
        let startup =
            site.container.probe(Kind::Startup).map_or(0, |probe| startup_budget(probe).1.as_secs());
        let readiness = site.container.probe(Kind::Readiness).map_or(0, |probe| probe.initial_delay_seconds);
        i64::try_from(startup).unwrap_or(i64::MAX).max(i64::from(readiness))
    });
    let longest = budgets.max().unwrap_or(0);
    let needed = longest.saturating_add(min_ready);
    if deadline > needed {
        return None;
    }
    let all = if min_ready > 0 { format!(" and {min_ready} s of minReadySeconds") } else { String::new() };
    let reason = format!(
        "a start may take {} by its probes{all}, and after {} the rollout has failed (ProgressDeadlineExceeded)",
        time(longest as f64),
        time(deadline as f64)
    );
    let instead = format!("write progressDeadlineSeconds: {}", (needed + needed / 2).max(60));
    Some(("spec.progressDeadlineSeconds", reason, instead))
}

/// A number of pods, or a percentage of them; `maxUnavailable` is rounded down
/// (`ResolveFenceposts`, `pkg/controller/deployment/util`), a budget's numbers up.
fn resolve(value: &Value, of: u64, rounds_up: bool) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => {
            let percent: u64 = text.strip_suffix('%')?.parse().ok()?;
            let product = percent.checked_mul(of)?;
            Some(if rounds_up { product.div_ceil(100) } else { product / 100 })
        }
        _ => None,
    }
}

fn all_unavailable(workload: &Workload<'_>) -> Option<(String, String)> {
    let replicas = workload.replicas();
    let value = workload.object.get("spec.strategy.rollingUpdate.maxUnavailable")?;
    let unavailable = resolve(value, replicas, false)?;
    (replicas > 0 && unavailable >= replicas).then(|| {
        let reason =
            format!("a rollout may take all of the {replicas} replicas away before a new one is ready");
        let less = (replicas / 4).max(u64::from(replicas > 1));
        let instead =
            if less == 0 { "write 0, with maxSurge: 1".to_owned() } else { format!("write {less} or less") };
        (reason, instead)
    })
}

/// An eviction is allowed while more pods are healthy than desired (`pkg/controller/disruption/disruption.go`).
fn blocks_eviction(budget: &Object, replicas: u64) -> Option<Finding> {
    let (field, value) = ["spec.minAvailable", "spec.maxUnavailable"]
        .into_iter()
        .find_map(|field| budget.get(field).map(|value| (field, value)))?;
    let number = resolve(value, replicas, true)?;
    let is_min = field == "spec.minAvailable";
    let is_blocked = if is_min { number >= replicas } else { number == 0 };
    if !is_blocked || replicas == 0 {
        return None;
    }
    let reason = format!(
        "none of the {replicas} replicas may ever be evicted: `kubectl drain` of its node does not come to an end"
    );
    let instead = if replicas == 1 {
        "write replicas: 2 or more, or no budget".to_owned()
    } else if is_min {
        format!("write minAvailable: {}", replicas - 1)
    } else {
        "write maxUnavailable: 1".to_owned()
    };
    Some(Finding {
        rule: "budget-blocks-eviction",
        severity: Severity::Warning,
        file: budget.file.display().to_string(),
        line: budget.line_of(field),
        field: field.to_owned(),
        reason,
        instead,
    })
}
