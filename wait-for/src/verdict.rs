//! What a look at an object says: met, not yet, never, or a question that makes no sense.

use std::fmt;

/// The state of an object and, where it is not the wanted one, why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is the case, such as `0/2 available`.
    pub state: String,
    /// Why, such as `exceeded quota: compute`.
    pub cause: Option<String>,
}

/// The answer to "is it ready?", which is never only yes or no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The condition holds.
    Met(Finding),
    /// The condition may hold later.
    NotYet(Finding),
    /// The condition can never hold: waiting is hopeless.
    Failed(Finding),
    /// This object cannot be asked for this condition: a mistake in the arguments.
    Misused(Finding),
}

// === impl Finding ===

impl Finding {
    /// A state that is its own explanation.
    #[must_use]
    pub fn state(state: impl Into<String>) -> Self {
        Self { state: state.into(), cause: None }
    }

    /// A state and its cause.
    #[must_use]
    pub fn because(state: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { state: state.into(), cause: Some(cause.into()) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.state)?;
        match &self.cause {
            Some(cause) => write!(f, " — {cause}"),
            None => Ok(()),
        }
    }
}

// === impl Verdict ===

impl Verdict {
    /// What was found, whatever it means.
    #[must_use]
    pub fn finding(&self) -> &Finding {
        match self {
            Self::Met(finding) | Self::NotYet(finding) | Self::Failed(finding) | Self::Misused(finding) => {
                finding
            }
        }
    }

    /// Whether the condition holds.
    #[must_use]
    pub fn is_met(&self) -> bool {
        matches!(self, Self::Met(_))
    }

    /// Whether waiting is hopeless.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        matches!(self, Self::Failed(_))
    }

    /// `Met` where the claim is true, else `NotYet`.
    #[must_use]
    pub(crate) fn met_if(is_met: bool, finding: Finding) -> Self {
        if is_met { Self::Met(Finding::state(finding.state)) } else { Self::NotYet(finding) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_as_state_then_cause() {
        assert_eq!(Finding::state("not found").to_string(), "not found");
        assert_eq!(Finding::because("0/2 ready", "scaled to 0").to_string(), "0/2 ready — scaled to 0");
    }
}
