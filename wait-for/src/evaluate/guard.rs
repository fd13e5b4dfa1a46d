//! What keeps a good-looking status from being believed: deletion, and a controller that has not looked yet.

use crate::message::clean;
use crate::object::{Metadata, Reported};
use crate::verdict::{Finding, Verdict};

/// `not-yet` for an object on its way out.
pub(super) fn deletion(metadata: &Metadata) -> Option<Verdict> {
    metadata.is_being_deleted().then(|| Verdict::NotYet(Finding::state(being_deleted(metadata))))
}

/// `not-yet` for an object on its way out, or whose status speaks of an older spec.
///
/// `observed` is the status's observedGeneration, 0 where the status lacks it; `None` where there is no status.
/// Newer is as good as equal: after a restore from a backup the generation may have gone back.
pub(super) fn strict(metadata: &Metadata, observed: Option<i64>) -> Option<Verdict> {
    deletion(metadata).or_else(|| match observed {
        Some(observed) if observed >= metadata.generation => None,
        observed => Some(Verdict::NotYet(unobserved(metadata, observed.unwrap_or(0)))),
    })
}

/// As `strict`, for kinds whose controllers need not say what they observed: no word counts as agreement.
pub(super) fn lax(
    metadata: &Metadata,
    condition: Option<&Reported>,
    observed: Option<i64>,
) -> Option<Verdict> {
    let observed = condition.and_then(|condition| condition.observed_generation).or(observed);
    deletion(metadata).or_else(|| {
        let observed = observed.filter(|&observed| observed < metadata.generation)?;
        Some(Verdict::NotYet(unobserved(metadata, observed)))
    })
}

/// `being deleted; finalizers a, b`
pub(super) fn being_deleted(metadata: &Metadata) -> String {
    if metadata.finalizers.is_empty() {
        return "being deleted".to_owned();
    }
    format!("being deleted; finalizers {}", clean(&metadata.finalizers.join(", ")))
}

fn unobserved(metadata: &Metadata, observed: i64) -> Finding {
    Finding::state(format!("generation {} not observed yet (controller saw {observed})", metadata.generation))
}
