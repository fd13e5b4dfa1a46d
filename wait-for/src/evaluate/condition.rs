//! `condition=TYPE[=STATUS]`: any entry of `status.conditions`, of any kind.

use std::fmt;

use super::any::AnyObject;
use super::guard;
use crate::message::clean;
use crate::object::reported;
use crate::verdict::{Finding, Verdict};

/// A condition's type and the status that it must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusCondition {
    r#type: String,
    status: String,
}

/// Decides whether an object's condition has the wanted status. An absent condition has none.
#[must_use]
pub fn evaluate(object: &AnyObject, condition: &StatusCondition) -> Verdict {
    let conditions = object.conditions();
    let found = reported(&conditions, &condition.r#type);
    if let Some(verdict) = guard::lax(&object.metadata, found, object.observed_generation()) {
        return verdict;
    }
    let Some(found) = found else {
        let types: Vec<&str> = conditions.iter().map(|condition| &*condition.r#type).collect();
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
