//! Many objects, one verdict.

use super::{Check, Look, pod};
use crate::kind::Kind;
use crate::verdict::{Finding, Verdict};

/// Decides whether a selection meets a condition: at least one object is there, and all that count meet it; of pods
/// asked for `ready=N`, at least N do.
#[must_use]
pub fn combine(kind: &Kind, check: &Check, looks: &[&Look]) -> Verdict {
    let total = looks.len();
    let counted = looks.iter().copied().filter(|look| look.counts);
    let count = counted.clone().count();
    if *check == Check::Deleted {
        return Verdict::met_if(total == 0, deleted(counted, total));
    }
    let met = counted.clone().filter(|look| look.verdict.is_met()).count();
    let at_least = match check {
        Check::Pod(pod::Condition::Ready(Some(at_least))) => Some(*at_least as usize),
        _ => None,
    };
    let is_met = at_least.map_or(count > 0 && met == count, |at_least| met >= at_least);
    let state = format!("{met}/{} {}", at_least.unwrap_or(count), word(check));
    if is_met {
        return Verdict::Met(Finding::state(state));
    }
    if let Some(look) = counted.clone().find(|look| matches!(look.verdict, Verdict::Misused(_))) {
        return Verdict::Misused(about(kind, look));
    }
    let failed = counted.clone().filter(|look| look.verdict.is_failed()).count();
    let worst = counted.clone().find(|look| look.verdict.is_failed());
    let worst = worst.or_else(|| counted.clone().find(|look| !look.verdict.is_met()));
    let cause = match worst {
        Some(look) if count - met > 1 => format!("{} (+{} more)", about(kind, look), count - met - 1),
        Some(look) => about(kind, look).to_string(),
        None if count > 0 => format!("only {count} selected"),
        None if total > 0 => format!("{total} matched and ignored: ended, being deleted or too old"),
        None => "nothing matches the selector yet".to_owned(),
    };
    // A pod is replaced by another; whatever else is selected stays what it is.
    let is_hopeless = if *kind == Kind::Pod { count > 0 && failed == count } else { failed > 0 };
    let finding = Finding::because(state, cause);
    if is_hopeless { Verdict::Failed(finding) } else { Verdict::NotYet(finding) }
}

/// `2 still there — web-0: being deleted`
fn deleted<'a>(mut looks: impl Iterator<Item = &'a Look>, total: usize) -> Finding {
    match looks.next() {
        Some(look) => Finding::because(
            format!("{total} still there"),
            format!("{}: {}", look.name, look.verdict.finding().state),
        ),
        None => Finding::state("all gone"),
    }
}

/// `web-0 not ready — CAUSE`
fn about(kind: &Kind, look: &Look) -> Finding {
    let Finding { state, cause } = look.verdict.finding();
    let state = match (kind, cause) {
        // "not ready" is said by the count already.
        (Kind::Pod, Some(cause)) if look.verdict.finding().state.starts_with("not ") => {
            return Finding::state(format!("{}: {cause}", look.name));
        }
        _ => format!("{}: {state}", look.name),
    };
    Finding { state, cause: cause.clone() }
}

/// What a condition is called in a count of objects.
fn word(check: &Check) -> String {
    match check {
        Check::Exists => "exist".to_owned(),
        Check::Pod(condition) => condition.past().to_owned(),
        Check::Simple(condition) => condition.name().to_owned(),
        check => format!("meet {check}"),
    }
}
