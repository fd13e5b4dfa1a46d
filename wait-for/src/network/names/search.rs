//! Which of the names that a name may mean is the one: the first that is known.
//!
//! A name that does not exist, has no such record or makes a server fail is no obstacle to the next, as for glibc
//! (`__res_context_search`). Nor is one on which the servers are silent, at which glibc would stop: the next one is
//! asked meanwhile, and waits for the one before it for a while.

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::packet::Records;
use crate::verdict::Finding;

/// What there is to say of one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It has what was asked for.
    Found(Records),
    /// It exists, and has nothing of that kind.
    Empty,
    /// It does not exist.
    NoName,
    /// Nobody can tell.
    Failed(Finding),
}

/// A question under way.
pub(super) type Asking<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

enum Slot<'a> {
    Asking(Asking<'a>),
    Told(Outcome),
}

/// Asks for one name after another, the next where one is silent for `head_start`; after `precedence`, a later name
/// that is known counts before an earlier one that may still be.
pub(super) async fn search<'a>(
    names: Vec<String>,
    ask: &(dyn Fn(String) -> Asking<'a> + Sync),
    head_start: Duration,
    precedence: Duration,
) -> Outcome {
    let until = Instant::now() + precedence;
    let mut names = VecDeque::from(names);
    let mut slots: Vec<Slot<'_>> = Vec::new();
    let mut is_silent = false;
    loop {
        let is_found = slots.iter().any(|slot| matches!(slot, Slot::Told(Outcome::Found(_))));
        let is_next = is_silent || !matches!(slots.last(), Some(Slot::Asking(_)));
        if !is_found && is_next {
            slots.extend(names.pop_front().map(|name| Slot::Asking(ask(name))));
        }
        if let Some(records) = first_found(&slots, Instant::now() >= until) {
            return Outcome::Found(records.clone());
        }
        if slots.iter().all(|slot| matches!(slot, Slot::Told(_))) && names.is_empty() {
            return least(slots);
        }
        let wake = match (is_found, names.is_empty()) {
            (true, _) => Some(until),
            (false, false) => Some(Instant::now() + head_start),
            (false, true) => None,
        };
        is_silent = match wake {
            Some(wake) => timeout_at(wake, progress(&mut slots)).await.is_err(),
            None => {
                progress(&mut slots).await;
                false
            }
        };
    }
}

/// The first name that is known, unless one before it may be.
fn first_found<'a>(slots: &'a [Slot<'_>], is_late: bool) -> Option<&'a Records> {
    for slot in slots {
        match slot {
            Slot::Told(Outcome::Found(records)) => return Some(records),
            Slot::Asking(_) if !is_late => return None,
            _ => {}
        }
    }
    None
}

/// Waits for an answer.
async fn progress(slots: &mut [Slot<'_>]) {
    poll_fn(|context| {
        let mut state = Poll::Pending;
        for slot in &mut *slots {
            if let Slot::Asking(asking) = slot
                && let Poll::Ready(outcome) = asking.as_mut().poll(context)
            {
                *slot = Slot::Told(outcome);
                state = Poll::Ready(());
            }
        }
        state
    })
    .await;
}

/// Where nothing is known: a failure may pass, and says more than that a name is unknown.
fn least(slots: Vec<Slot<'_>>) -> Outcome {
    let mut least = Outcome::NoName;
    for slot in slots {
        match slot {
            Slot::Told(Outcome::Failed(finding)) => return Outcome::Failed(finding),
            Slot::Told(Outcome::Empty) => least = Outcome::Empty,
            Slot::Told(_) | Slot::Asking(_) => {}
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::sleep;

    use super::*;

    fn found(count: usize) -> Outcome {
        Outcome::Found(Records { count, ..Records::default() })
    }

    /// `found` after 20 ms, and others after 10; `late` is found after 300, and `silent` never.
    async fn searched(names: &[&str]) -> (Outcome, u128) {
        let ask = |name: String| -> Asking<'static> {
            Box::pin(async move {
                match name.as_str() {
                    "silent" => pending().await,
                    "found" => sleep(Duration::from_millis(20)).await,
                    "late" => sleep(Duration::from_millis(300)).await,
                    _ => sleep(Duration::from_millis(10)).await,
                }
                match name.as_str() {
                    "found" => found(1),
                    "late" => found(2),
                    "empty" => Outcome::Empty,
                    "failed" => Outcome::Failed(Finding::state("SERVFAIL")),
                    _ => Outcome::NoName,
                }
            })
        };
        let start = Instant::now();
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        let outcome = search(names, &ask, Duration::from_millis(100), Duration::from_millis(500)).await;
        (outcome, start.elapsed().as_millis())
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_that_is_known_counts() {
        for (names, millis) in
            [(&["found"][..], 20), (&["none", "empty", "failed", "found"], 50), (&["found", "late"], 20)]
        {
            assert_eq!(searched(names).await, (found(1), millis), "{names:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_one_does_not_hide_the_next_and_a_late_one_comes_first() {
        assert_eq!(searched(&["silent", "none", "found"]).await, (found(1), 500));
        assert_eq!(searched(&["late", "found"]).await, (found(2), 300));
        assert_eq!(searched(&["late", "none"]).await, (found(2), 300));
    }

    #[tokio::test(start_paused = true)]
    async fn where_nothing_is_known_a_failure_is_told_first() {
        assert_eq!(
            searched(&["none", "failed", "empty"]).await.0,
            Outcome::Failed(Finding::state("SERVFAIL"))
        );
        assert_eq!(searched(&["none", "empty", "none"]).await.0, Outcome::Empty);
        assert_eq!(searched(&["none"]).await.0, Outcome::NoName);
        assert_eq!(searched(&[]).await.0, Outcome::NoName);
    }
}
