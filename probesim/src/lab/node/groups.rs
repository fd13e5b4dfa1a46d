//! The process groups of the lab: none of them outlives it.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::sync::watch;

use super::guard::Guard;

/// The groups of processes that run, by the ID of their leader; clones share them.
#[derive(Clone, Debug)]
pub(in crate::lab) struct Groups {
    leaders: watch::Sender<BTreeMap<i32, Farewell>>,
    guard: Guard,
}

/// How a group ends when the lab does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farewell {
    /// It is asked, and has a moment.
    Asked,
    /// There is nothing in it that could be lost.
    Killed,
}

// === impl Groups ===

impl Groups {
    /// None yet; a guard, which is another process of this program, ends them if the lab cannot.
    ///
    /// # Errors
    /// When the guard cannot be started.
    pub(in crate::lab) fn guarded(program: &Path, directory: &Path) -> io::Result<Self> {
        let guard = Guard::start(program, directory)?;
        Ok(Self { leaders: watch::Sender::new(BTreeMap::new()), guard })
    }

    pub(super) fn add(&self, leader: i32, farewell: Farewell) {
        self.guard.add(leader);
        self.leaders.send_modify(|leaders| {
            leaders.insert(leader, farewell);
        });
    }

    /// The leader has ended: what it has left behind ends too, as with the namespace of a container.
    pub(super) fn remove(&self, leader: i32) {
        kill_group(leader);
        self.guard.remove(leader);
        self.leaders.send_modify(|leaders| {
            leaders.remove(&leader);
        });
    }

    /// Asks each leader to end, and kills those that need not be asked.
    pub(in crate::lab) fn terminate(&self) {
        for (leader, farewell) in self.leaders.borrow().iter() {
            match farewell {
                Farewell::Asked => terminate(*leader),
                Farewell::Killed => kill_group(*leader),
            }
        }
    }

    /// Ends every process of every group.
    pub(in crate::lab) fn kill(&self) {
        self.leaders.borrow().keys().for_each(|leader| kill_group(*leader));
    }

    /// Waits until no leader runs.
    pub(in crate::lab) async fn emptied(&self) {
        // The sender lives in `self`: waiting cannot fail.
        let _ = self.leaders.subscribe().wait_for(BTreeMap::is_empty).await;
    }
}

/// SIGTERM goes to the first process alone, as the container runtime sends it.
pub(super) fn terminate(leader: i32) {
    // It may have ended just now.
    let _ = kill(Pid::from_raw(leader), Signal::SIGTERM);
}

/// SIGKILL takes all of a container's processes.
pub(super) fn kill_group(leader: i32) {
    // It may be gone already.
    let _ = killpg(Pid::from_raw(leader), Signal::SIGKILL);
}
