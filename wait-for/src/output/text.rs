//! The lines of a run, for people.

use std::time::Duration;

use super::Opening;
use crate::duration::Short;
use crate::outcome::Outcome;
use crate::row::Row;

/// The first line: what is waited for, where, and for how long.
pub(super) fn opening(opening: &Opening) -> String {
    let timeout = opening.timeout.map_or("none".to_owned(), |limit| Short(limit).to_string());
    let place = opening.place.as_ref();
    let place = place.map(|(scope, server)| format!(" in {scope} at {server}")).unwrap_or_default();
    format!(
        "wait-for {}: {}{place}; timeout {timeout}",
        env!("CARGO_PKG_VERSION"),
        opening.targets.join(", ")
    )
}

pub(super) fn still_waiting(row: &Row, now: Duration) -> String {
    format!("still waiting after {}: {}", Short(now), row.line(now))
}

pub(super) fn recovered(row: &Row, lasted: Duration) -> String {
    format!("{}: the API server answers again, after {}", row.name, Short(lasted))
}

/// The last line.
pub(crate) fn closing(outcome: Outcome, elapsed: Duration) -> String {
    let elapsed = Short(elapsed);
    match outcome {
        Outcome::Met => format!("open after {elapsed}"),
        Outcome::Failed => format!("giving up after {elapsed}: waiting is hopeless"),
        Outcome::Usage => format!("giving up after {elapsed}: a target cannot be asked this"),
        Outcome::TimedOut => format!("timed out after {elapsed}"),
        Outcome::Waived => format!("timed out after {elapsed}; going on all the same, as --on-timeout says"),
        Outcome::Refused => format!("giving up after {elapsed}: the API server refuses us"),
        Outcome::Signalled(signal) => {
            let name = if signal == 2 { "SIGINT" } else { "SIGTERM" };
            format!("ended by {name} after {elapsed}")
        }
    }
}
