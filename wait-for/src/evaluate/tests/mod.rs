//! Tables of objects and verdicts: the shared list, and what each rule says beyond it.

mod cluster;
mod custom;
mod jobs;
mod json;
mod keys;
mod listed;
mod pods;
mod selections;
mod services;
mod workloads;

use std::borrow::Borrow;

use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use super::slice::Slice;
use super::{Check, Look, combine, look, missing, service};
use crate::kind::Kind;
use crate::target::{Target, Which};
use crate::verdict::Verdict;

/// Looks at an object as `target:CONDITION` would, with the slices that a Service's verdict needs.
fn verdict_of(kind: impl Borrow<Kind>, condition: &str, object: &Value, slices: &[Value]) -> Verdict {
    let kind = kind.borrow();
    let check = Check::parse(kind, condition).unwrap_or_else(|error| panic!("{condition}: {error}"));
    match (&check, object) {
        (check, Value::Null) => missing(kind, check),
        (Check::Service(condition), object) => {
            let slices: Vec<Slice> = slices.iter().map(|slice| Slice::read(&raw(slice)).unwrap()).collect();
            let service = service::Service::read(&raw(object)).unwrap();
            service::evaluate(Some(&service), slices.iter(), condition)
        }
        (check, object) => looks(kind, check, std::slice::from_ref(object)).remove(0).verdict,
    }
}

fn looks(kind: &Kind, check: &Check, objects: &[Value]) -> Vec<Look> {
    let which = Which::Name("x".into());
    let target = Target { kind: kind.clone(), which, namespace: None, check: check.clone() };
    objects.iter().map(|object| look(&target, &raw(object)).unwrap()).collect()
}

fn verdict_of_all(kind: impl Borrow<Kind>, condition: &str, objects: &[Value]) -> Verdict {
    let kind = kind.borrow();
    let check = Check::parse(kind, condition).unwrap_or_else(|error| panic!("{condition}: {error}"));
    let looks = looks(kind, &check, objects);
    combine(kind, &check, &looks.iter().collect::<Vec<_>>())
}

/// The verdict's word in the tables.
fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Met(_) => "met",
        Verdict::NotYet(_) => "not-yet",
        Verdict::Failed(_) => "failed",
        Verdict::Misused(_) => "misused",
    }
}

/// One line of a table: object in YAML, condition, expected verdict, fragments of its finding.
type Case<'a> = (&'a str, &'a str, &'a str, &'a [&'a str]);

/// Runs a table and reports every line that is wrong, not only the first.
fn run(kind: impl Borrow<Kind>, cases: &[Case<'_>]) {
    let kind = kind.borrow();
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(object, condition, expected, fragments)| {
            let verdict = verdict_of(kind, condition, &yaml(object), &[]);
            complaint(&verdict, expected, fragments)
                .map(|text| format!("{condition} of {object}\n    {text}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn complaint(verdict: &Verdict, expected: &str, fragments: &[&str]) -> Option<String> {
    let finding = verdict.finding().to_string();
    let lower = finding.to_lowercase();
    let is_explained = fragments.iter().all(|fragment| lower.contains(&fragment.to_lowercase()));
    let has_reason = !finding.is_empty() && finding.len() <= 300;
    (word(verdict) != expected || !is_explained || !has_reason)
        .then(|| format!("expected {expected} with {fragments:?}, got {}: {finding}", word(verdict)))
}

fn raw(value: &Value) -> Box<RawValue> {
    to_raw_value(value).unwrap()
}

fn yaml(text: &str) -> Value {
    crate::yaml::to_json(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}
