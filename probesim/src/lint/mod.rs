//! What is wrong with manifests although the API takes them: pure rules, each with the source of its truth.
//!
//! | file | rules about |
//! |---|---|
//! | `timing` | periods, timeouts, delays, thresholds |
//! | `pairs` | what the probes of one container come to together |
//! | `ports` | ports of probes and Services |
//! | `rollout` | replicas, budgets, deadlines |
//! | `shutdown` | grace periods |
//! | `simulator` | faults that the probes do not see |
//! | `gates`, `hosts` | `wait-for` that holds nothing back, or waits for itself |
//! | `sidecars` | init containers that go on running |
//! | `taken` | ports that two containers want |
//! | `fields` | values that the API will not take |

mod fields;
mod gates;
mod hosts;
mod pairs;
mod ports;
mod rollout;
mod shutdown;
mod sidecars;
mod simulator;
mod taken;
#[cfg(test)]
mod tests;
mod timing;
mod workload;

use std::fmt;

use serde_json::{Value, json};

use crate::manifest::{Object, Problem};
use workload::Workload;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It cannot work.
    Error,
    /// It will do harm one day.
    Warning,
    /// Good to know.
    Note,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule, in kebab case.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The field.
    pub field: String,
    /// What comes of it, in numbers where there are some.
    pub reason: String,
    /// What to write instead.
    pub instead: String,
}

/// All findings, in the order of the objects and by line.
///
/// # Errors
/// What the API, or the simulator in a container, would not take.
pub fn check(objects: &[Object]) -> Result<Vec<Finding>, Problem> {
    let mut workloads = vec![];
    for object in objects {
        workloads.extend(Workload::read(object, objects)?);
    }
    let mut found = vec![];
    for workload in &workloads {
        let begin = found.len();
        timing::check(workload, &mut found);
        pairs::check(workload, &mut found);
        ports::check(workload, &mut found);
        rollout::check(workload, &mut found);
        shutdown::check(workload, &mut found);
        simulator::check(workload, &mut found);
        gates::check(workload, &workloads, &mut found);
        sidecars::check(workload, &mut found);
        taken::check(workload, &mut found);
        fields::check(workload, &mut found);
        found[begin..].sort_by_key(|finding| finding.line);
    }
    Ok(found)
}

// === impl Finding ===

/// `web.yaml:12: warning: spec.…: reason; instead [rule]`
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { rule, severity, file, line, field, reason, instead } = self;
        write!(f, "{file}:{line}: {severity}: {field}: {reason}; {instead} [{rule}]")
    }
}

impl Finding {
    /// For programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "rule": self.rule,
            "severity": self.severity.to_string(),
            "file": self.file,
            "line": self.line,
            "field": self.field,
            "reason": self.reason,
            "instead": self.instead,
        })
    }
}

// === impl Severity ===

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        })
    }
}
