//! A report as JSON.

use serde_json::{Map, Value, json};

use super::findings::{Finding, Report};

/// The report of a workload.
#[must_use]
pub(super) fn report(report: &Report) -> Value {
    let findings = |findings: &[Finding]| findings.iter().map(finding).collect::<Value>();
    let containers = report.containers.iter();
    let containers: Value =
        containers.map(|(name, found)| json!({"name": name, "findings": findings(found)})).collect();
    json!({
        "workload": report.title,
        "place": report.place,
        "replicas": report.replicas,
        "assumptions": report.assumptions,
        "containers": containers,
        "pods": findings(&report.pods),
        "notes": report.notes,
    })
}

fn finding(finding: &Finding) -> Value {
    let mut map = Map::new();
    map.insert("id".into(), finding.id.into());
    map.insert("text".into(), finding.text.as_str().into());
    map.insert("unit".into(), finding.unit.name().into());
    if let Some(formula) = finding.figure.formula {
        map.insert("formula".into(), formula.into());
    }
    if let Some(simulated) = finding.figure.simulated {
        let interval = [simulated.low, simulated.high];
        map.insert("simulated".into(), json!({"mean": simulated.mean, "interval95": interval}));
    }
    if let Some(worst) = finding.worst {
        map.insert("worst".into(), worst.into());
    }
    if let Some(note) = &finding.note {
        map.insert("note".into(), note.as_str().into());
    }
    Value::Object(map)
}
