//! The back-off before a restart: `doBackOff` (`pkg/kubelet/kuberuntime/kuberuntime_manager.go`) over
//! `flowcontrol.Backoff` (client-go).

use std::time::Duration;

use super::runtime::Exited;
use super::settings::Settings;
use super::time::Time;

/// An entry that was not updated for this long is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(600);

/// A container's entry. Its key, a hash of the container's spec, stays the same for a pod's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) delay: Duration,
    pub(super) last_update: Time,
}

/// A start that has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) delay: Duration,
    pub(super) until: Time,
}

/// Whether a container may be started now, and the entry for next time.
///
/// `exited` is the newest instance that had ended *when the SyncPod began*. After a self-exit that is the
/// one that just ended; after a probe's kill it is the one before, so that a restart is immediate when the
/// previous instance ended long enough ago.
///
/// # Errors
/// The start is held back; the entry stays as it is.
pub(super) fn start(
    entry: Option<Entry>,
    exited: Option<Exited>,
    settings: &Settings,
    now: Time,
) -> Result<Option<Entry>, Held> {
    let Some(exited) = exited else {
        return Ok(entry);
    };
    let ended = exited.finished_at;
    // Housekeeping drops old entries; an entry is also void when the container outlived it.
    let known = entry.filter(|entry| {
        now.since(entry.last_update) <= FORGOTTEN_AFTER && ended.since(entry.last_update) <= FORGOTTEN_AFTER
    });
    match known {
        Some(Entry { delay, .. }) if now.since(ended) < delay => Err(Held { delay, until: ended + delay }),
        Some(Entry { delay, .. }) => {
            let delay = (2 * delay).min(settings.max_restart_period);
            Ok(Some(Entry { delay, last_update: now }))
        }
        None => {
            let delay = settings.base_restart_period.min(settings.max_restart_period);
            Ok(Some(Entry { delay, last_update: now }))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::runtime::Instance;
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::from_millis(seconds * 1000)
    }

    fn ended(seconds: u64) -> Option<Exited> {
        let finished_at = at(seconds);
        Some(Exited {
            instance: Instance::FIRST,
            exit_code: 1,
            started_at: finished_at,
            finished_at,
            was_reset: false,
        })
    }

    fn entry(delay: u64, last_update: u64) -> Option<Entry> {
        Some(Entry { delay: Duration::from_secs(delay), last_update: at(last_update) })
    }

    #[test]
    fn the_first_start_leaves_no_entry_and_the_first_restart_is_immediate() {
        let settings = Settings::ideal();
        assert_eq!(start(None, None, &settings, at(5)), Ok(None));
        assert_eq!(start(None, ended(5), &settings, at(5)), Ok(entry(10, 5)));
    }

    #[test]
    fn the_wait_counts_from_the_end_of_the_instance_and_doubles_up_to_the_cap() {
        let settings = Settings::ideal();
        let held = start(entry(10, 5), ended(7), &settings, at(8)).expect_err("held back");
        assert_eq!((held.delay, held.until), (Duration::from_secs(10), at(17)));
        assert_eq!(start(entry(10, 5), ended(7), &settings, at(17)), Ok(entry(20, 17)));
        assert_eq!(start(entry(300, 5), ended(7), &settings, at(307)), Ok(entry(300, 307)));
    }

    #[test]
    fn ten_minutes_without_a_restart_forget_the_entry() {
        let settings = Settings::ideal();
        assert_eq!(start(entry(300, 12), ended(613), &settings, at(613)), Ok(entry(10, 613)));
        assert!(start(entry(300, 12), ended(612), &settings, at(612)).is_err());
        // A probe's kill long after: the instance before ended in time, but housekeeping was quicker.
        assert_eq!(start(entry(300, 12), ended(12), &settings, at(700)), Ok(entry(10, 700)));
    }
}
