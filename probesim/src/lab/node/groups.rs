//! The process groups of the lab: none of them outlives it.

use std::collections::BTreeMap;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tokio::sync::watch;

/// The groups of processes that run, by the ID of their leader; clones share them.
#[derive(Clone, Debug)]
pub(in crate::lab) struct Groups(watch::Sender<BTreeMap<i32, Farewell>>);

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
    pub(in crate::lab) fn new() -> Self {
        Self(watch::Sender::new(BTreeMap::new()))
    }

    pub(super) fn add(&self, leader: i32, farewell: Farewell) {
        self.0.send_modify(|leaders| {
            leaders.insert(leader, farewell);
        });
    }

    /// The leader has ended: what it has left behind ends too, as with the namespace of a container.
    pub(super) fn remove(&self, leader: i32) {
        send_to_group(leader, Signal::SIGKILL);
        self.0.send_modify(|leaders| {
            leaders.remove(&leader);
        });
    }

    /// Asks each leader to end, and kills those that need not be asked.
    pub(in crate::lab) fn terminate(&self) {
        for (leader, farewell) in self.0.borrow().iter() {
            match farewell {
                Farewell::Asked => terminate(*leader),
                Farewell::Killed => send_to_group(*leader, Signal::SIGKILL),
            }
        }
    }

    /// Ends every process of every group.
    pub(in crate::lab) fn kill(&self) {
        self.0.borrow().keys().for_each(|leader| send_to_group(*leader, Signal::SIGKILL));
    }

    /// Waits until no leader runs.
    pub(in crate::lab) async fn emptied(&self) {
        // The sender lives in `self`: waiting cannot fail.
        let _ = self.0.subscribe().wait_for(BTreeMap::is_empty).await;
    }
}

/// SIGTERM goes to the first process alone, as the container runtime sends it.
pub(super) fn terminate(leader: i32) {
    // It may have ended just now.
    let _ = kill(Pid::from_raw(leader), Signal::SIGTERM);
}

/// SIGKILL takes all of a container's processes.
pub(super) fn send_to_group(leader: i32, signal: Signal) {
    // It may be gone already.
    let _ = killpg(Pid::from_raw(leader), signal);
}
