//! Custom resources: readiness.md 1.9, the conventions of kstatus with one change: silence is not readiness.
//! <https://github.com/kubernetes-sigs/cli-utils/blob/master/pkg/kstatus/README.md>

use super::any::AnyObject;
use super::{guard, simple};
use crate::message::clean;
use crate::object::{Reported, reported, true_condition};
use crate::verdict::{Finding, Verdict};

/// `ready`: Reconciling wins over Ready, Stalled is hopeless, and an object without a Ready condition is not ready.
pub(super) fn ready(object: &AnyObject) -> Verdict {
    let (conditions, observed) = (object.conditions(), object.observed_generation());
    let ready = reported(&conditions, "Ready");
    if let Some(verdict) = guard::lax(&object.metadata, ready, observed) {
        return verdict;
    }
    if let Some(reconciling) = true_condition(&conditions, "Reconciling") {
        return Verdict::NotYet(simple::lack("ready", "Reconciling", Some(reconciling)));
    }
    if let Some(stalled) = true_condition(&conditions, "Stalled") {
        // A verdict on an older spec is none.
        let stale = guard::lax(&object.metadata, Some(stalled), observed);
        let finding = simple::lack("ready", "Stalled", Some(stalled));
        return stale.unwrap_or(Verdict::Failed(Finding { state: "stalled".into(), ..finding }));
    }
    match ready {
        Some(ready) if ready.is("True") => Verdict::Met(Finding::state("ready")),
        Some(ready) => Verdict::NotYet(simple::lack("ready", "Ready", Some(ready))),
        None => Verdict::NotYet(Finding::because("no Ready condition", hint(object, &conditions))),
    }
}

/// What else the object says of itself: shown, never interpreted.
fn hint(object: &AnyObject, conditions: &[Reported]) -> String {
    let mut said: Vec<String> = ["phase", "state", "health"]
        .into_iter()
        .map(|name| (name, object.text(&format!("/status/{name}"))))
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| clean(&format!("status.{name} is {value}")))
        .collect();
    let types: Vec<&str> = conditions.iter().map(|condition| &*condition.r#type).collect();
    if !types.is_empty() {
        said.push(clean(&format!("its conditions are {}", types.join(", "))));
    }
    said.push("use condition=, jsonpath= or exists".to_owned());
    said.join("; ")
}
