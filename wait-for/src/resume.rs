//! What to do when a watch has ended: go on from the last version, or list again; at once, or later.

use std::time::Duration;

use crate::kube_error::KubeError;

/// How long the first watches last, in seconds. Most waits are short, and the end of a watch is when a
/// connection that only looks alive is found out; after that, one request in five minutes is enough.
const LIFETIMES: [u64; 6] = [15, 30, 60, 120, 240, 290];
/// The API server sends a bookmark about every minute; when two are overdue, it is not there any more.
const OVERDUE_BOOKMARKS: Duration = Duration::from_secs(130);
/// A server may end a watch a little after it said it would.
const LATENESS: Duration = Duration::from_secs(5);
/// A watch that lived so long was a good one: what ended it is no reason to wait.
const GOOD: Duration = Duration::from_secs(5);

/// How a watch ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// As announced, or by a server that shuts down.
    Clean,
    /// It said nothing for too long.
    Silent,
    /// With an error.
    Failed(KubeError),
}

/// A watch that has ended.
#[derive(Debug)]
pub struct Ended {
    /// How.
    pub end: End,
    /// How long it was open.
    pub lived: Duration,
    /// Whether it sent anything, a bookmark for example.
    pub spoke: bool,
}

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub struct Next {
    /// List again instead of going on from the last version.
    pub relist: bool,
    /// Wait first: [`crate::backoff::Backoff`], and at least what the server asked for.
    pub pause: Option<Pause>,
}

/// A wait before the next request.
#[derive(Debug, PartialEq, Eq)]
pub struct Pause(pub Option<Duration>);

impl Ended {
    /// The next step. A version is only trusted where the watch before it ended well and had spoken: a
    /// server that was restored from a backup stays silent at a version that it has not reached yet.
    #[must_use]
    pub fn next(&self) -> Next {
        let unhurried = (self.lived < GOOD).then_some(Pause(None));
        match &self.end {
            End::Clean => Next { relist: !self.spoke, pause: unhurried },
            End::Silent => Next { relist: true, pause: None },
            End::Failed(KubeError::Busy { retry_after, .. }) => {
                Next { relist: false, pause: Some(Pause(*retry_after)) }
            }
            End::Failed(_) => Next { relist: true, pause: unhurried },
        }
    }
}

/// How long the next watch should last: longer each time.
#[must_use]
pub fn lifetime(watches_before: usize) -> Duration {
    Duration::from_secs(LIFETIMES[watches_before.min(LIFETIMES.len() - 1)])
}

/// How long such a watch may say nothing. Not every server sends bookmarks, so they are only missed where
/// they have been seen.
#[must_use]
pub fn patience(lifetime: Duration, bookmarks_seen: bool) -> Duration {
    let whole = lifetime + LATENESS;
    if bookmarks_seen { whole.min(OVERDUE_BOOKMARKS) } else { whole }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(end: End, lived_secs: u64, spoke: bool) -> (bool, bool) {
        let next = Ended { end, lived: Duration::from_secs(lived_secs), spoke }.next();
        (next.relist, next.pause.is_some())
    }

    const RESUME: bool = false;
    const RELIST: bool = true;
    const AT_ONCE: bool = false;
    const LATER: bool = true;

    #[test]
    fn a_watch_that_ended_as_announced_is_resumed_at_once() {
        assert_eq!(next(End::Clean, 290, true), (RESUME, AT_ONCE));
    }

    #[test]
    fn a_watch_that_never_spoke_may_be_at_a_version_from_the_future() {
        assert_eq!(next(End::Clean, 290, false), (RELIST, AT_ONCE));
        assert_eq!(next(End::Silent, 130, true), (RELIST, AT_ONCE));
    }

    #[test]
    fn a_server_that_ends_every_watch_at_once_is_not_hammered() {
        assert_eq!(next(End::Clean, 0, false), (RELIST, LATER));
        assert_eq!(next(End::Clean, 0, true), (RESUME, LATER));
    }

    #[test]
    fn a_cut_or_forgotten_history_is_listed_again() {
        let cut = || End::Failed(KubeError::Unreachable("cut".into()));
        assert_eq!(next(cut(), 60, true), (RELIST, AT_ONCE));
        assert_eq!(next(cut(), 0, false), (RELIST, LATER));
        let expired = || End::Failed(KubeError::Expired("too old".into()));
        assert_eq!(next(expired(), 60, true), (RELIST, AT_ONCE));
        assert_eq!(next(expired(), 0, false), (RELIST, LATER));
    }

    #[test]
    fn a_busy_server_is_not_asked_for_a_list_on_top() {
        let retry_after = Some(Duration::from_secs(7));
        let end = End::Failed(KubeError::Busy { message: "later".into(), retry_after });
        let next = Ended { end, lived: Duration::ZERO, spoke: false }.next();
        assert_eq!(next, Next { relist: false, pause: Some(Pause(retry_after)) });
    }

    #[test]
    fn an_hour_of_waiting_costs_few_requests() {
        let (mut elapsed, mut watches) = (Duration::ZERO, 0);
        while elapsed < Duration::from_secs(3600) {
            elapsed += lifetime(watches);
            watches += 1;
        }
        assert!(watches < 20, "{watches} watches");
    }

    #[test]
    fn missing_bookmarks_are_noticed_where_there_have_been_some() {
        let long = Duration::from_secs(290);
        assert_eq!(patience(long, true), Duration::from_secs(130));
        assert_eq!(patience(long, false), Duration::from_secs(295));
        assert_eq!(patience(Duration::from_secs(15), true), Duration::from_secs(20));
    }
}
