//! `condition=TYPE[=STATUS]`: any entry of `status.conditions`, of any kind.

use std::fmt;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::guard;
use super::service::LoadBalancer;
use crate::message::clean;
use crate::object::{Metadata, Reported, reported};
use crate::verdict::{Finding, Verdict};

/// A condition's type and the status that it must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusCondition {
    r#type: String,
    status: String,
}

/// An object of any kind, as far as its status goes. A custom resource may have anything under these names: what
/// is of another type than usual counts as absent.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AnyObject {
    pub(super) metadata: Metadata,
    #[serde(deserialize_with = "lenient")]
    pub(super) spec: Spec,
    #[serde(deserialize_with = "lenient")]
    pub(super) status: Status,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Spec {
    #[serde(deserialize_with = "lenient")]
    pub(super) suspend: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Status {
    #[serde(deserialize_with = "lenient")]
    pub(super) observed_generation: Option<i64>,
    #[serde(deserialize_with = "lenient")]
    pub(super) conditions: Vec<Reported>,
    #[serde(deserialize_with = "lenient")]
    pub(super) phase: Box<str>,
    #[serde(deserialize_with = "lenient")]
    pub(super) state: Box<str>,
    #[serde(deserialize_with = "lenient")]
    pub(super) health: Box<str>,
    #[serde(deserialize_with = "lenient")]
    pub(super) reason: Box<str>,
    #[serde(deserialize_with = "lenient")]
    pub(super) message: Box<str>,
    #[serde(deserialize_with = "lenient")]
    pub(super) last_schedule_time: Option<Box<str>>,
    #[serde(deserialize_with = "lenient")]
    pub(super) last_successful_time: Option<Box<str>>,
    #[serde(deserialize_with = "lenient")]
    pub(super) load_balancer: LoadBalancer,
    #[serde(deserialize_with = "lenient")]
    pub(super) current_healthy: i64,
    #[serde(deserialize_with = "lenient")]
    pub(super) desired_healthy: i64,
    #[serde(deserialize_with = "lenient")]
    pub(super) disruptions_allowed: i64,
}

/// Decides whether an object's condition has the wanted status. An absent condition has none.
#[must_use]
pub fn evaluate(object: &AnyObject, condition: &StatusCondition) -> Verdict {
    let found = reported(&object.status.conditions, &condition.r#type);
    if let Some(verdict) = guard::lax(&object.metadata, found, object.status.observed_generation) {
        return verdict;
    }
    let Some(found) = found else {
        let types: Vec<&str> = object.status.conditions.iter().map(|condition| &*condition.r#type).collect();
        let cause = match types.as_slice() {
            [] => "it has no conditions".to_owned(),
            types => format!("its conditions are {}", clean(&types.join(", "))),
        };
        return Verdict::NotYet(Finding::because(format!("no {} condition", condition.r#type), cause));
    };
    let state = clean(&format!("{}={}", found.r#type, found.status));
    if found.is(&condition.status) {
        return Verdict::Met(Finding::state(state));
    }
    let explanation = found.explanation();
    let cause = if explanation.is_empty() { format!("{condition} is waited for") } else { explanation };
    Verdict::NotYet(Finding::because(state, cause))
}

// === impl StatusCondition ===

impl StatusCondition {
    /// Reads `TYPE` or `TYPE=STATUS`; nothing where either is empty.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (r#type, status) = text.split_once('=').unwrap_or((text, "True"));
        let is_word = |word: &str| !word.is_empty() && !word.contains(char::is_whitespace);
        (is_word(r#type) && is_word(status))
            .then(|| Self { r#type: r#type.to_owned(), status: status.to_owned() })
    }

    /// Whether it asks for this type to be True.
    pub(super) fn is_true(&self, r#type: &str) -> bool {
        self.r#type.eq_ignore_ascii_case(r#type) && self.status.eq_ignore_ascii_case("True")
    }
}

impl fmt::Display for StatusCondition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "condition={}", self.r#type)?;
        if self.status.eq_ignore_ascii_case("True") { Ok(()) } else { write!(f, "={}", self.status) }
    }
}

/// Reads what is of another type than expected as absent.
fn lenient<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    let raw = <&RawValue>::deserialize(deserializer)?;
    Ok(serde_json::from_str(raw.get()).unwrap_or_default())
}
