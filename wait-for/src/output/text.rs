//! The lines of a run, for people.

use std::time::Duration;

use super::Opening;
use crate::duration::Short;
use crate::message::cut;
use crate::outcome::Outcome;
use crate::row::Row;

/// Room for the targets in the first line.
const ROOM: usize = 300;

/// The first line: what is waited for, where, and for how long.
pub(super) fn opening(opening: &Opening) -> String {
    let timeout = opening.timeout.map_or("none".to_owned(), |limit| Short(limit).to_string());
    let place = opening.place.as_ref();
    let place = place.map(|(scope, server)| format!(" in {scope} at {server}")).unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    format!("wait-for {version}: {}{place}; timeout {timeout}", some(&opening.targets))
}

/// All the targets, or how many there are and the first ones.
fn some(targets: &[String]) -> String {
    let all = targets.join(", ");
    if all.len() <= ROOM {
        return all;
    }
    let mut shown = 0;
    let first: Vec<&str> = targets
        .iter()
        .take_while(|target| {
            shown += target.len();
            shown <= ROOM / 2
        })
        .map(String::as_str)
        .collect();
    match targets {
        [only] => cut(only.clone(), ROOM),
        _ if first.is_empty() => format!("{} targets", count(targets.len())),
        _ => {
            let more = count(targets.len() - first.len());
            format!("{} targets: {} and {more} more", count(targets.len()), first.join(", "))
        }
    }
}

/// A number that can be read: `9,997`.
pub(super) fn count(number: usize) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group).into_owned());
    groups.collect::<Vec<_>>().join(",")
}

/// One time a line is enough.
pub(super) fn still_waiting(row: &Row, now: Duration) -> String {
    format!("still waiting after {}: {}", Short(now), row.gist(now))
}

pub(super) fn waived(row: &Row, now: Duration) -> String {
    format!("waived after {}, as its onTimeout says: {}", Short(now), row.gist(now))
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
        Outcome::Waived => format!("timed out after {elapsed}; going on all the same, as on-timeout says"),
        Outcome::Refused => format!("giving up after {elapsed}: the API server refuses us"),
        Outcome::Signalled(signal) => {
            let name = if signal == 2 { "SIGINT" } else { "SIGTERM" };
            format!("ended by {name} after {elapsed}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_targets_there_are_the_first_ones_and_a_number() {
        let targets =
            |count: usize| (0..count).map(|index| format!("pod/p-{index}:ready")).collect::<Vec<_>>();
        assert_eq!(some(&targets(2)), "pod/p-0:ready, pod/p-1:ready");
        let many = some(&targets(10_000));
        assert!(many.starts_with("10,000 targets: pod/p-0:ready, pod/p-1:ready,"), "{many}");
        assert!(many.ends_with(" and 9,989 more") && many.len() < 300, "{many}");
        assert_eq!(some(&vec!["x".repeat(200); 1000]), "1,000 targets");
    }

    #[test]
    fn numbers_have_their_thousands_apart() {
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
    }
}
