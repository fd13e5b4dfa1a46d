//! The process groups of the lab: none of them outlives it.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use serde_json::Value;
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

/// What the container runtime asks the first process of a container with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stop {
    /// `lifecycle.stopSignal`, or SIGTERM.
    pub(super) signal: Signal,
    /// It is the first process of its namespace: a signal that it has no handler for does nothing.
    pub(super) is_first: bool,
}

// === impl Stop ===

impl Stop {
    /// What a container and its pod say of it; `follows` where the version knows `lifecycle.stopSignal`.
    pub(super) fn of(container: &Value, pod: &Value, follows: bool) -> Self {
        let named = container["lifecycle"]["stopSignal"].as_str().filter(|_| follows);
        Self {
            signal: named.and_then(|name| name.parse().ok()).unwrap_or(Signal::SIGTERM),
            // With a shared namespace the sandbox has process ID 1.
            is_first: pod["spec"]["shareProcessNamespace"] != true && pod["spec"]["hostPID"] != true,
        }
    }
}

/// SIGTERM goes to the first process alone.
fn terminate(leader: i32) {
    // It may have ended just now.
    let _ = kill(Pid::from_raw(leader), Signal::SIGTERM);
}

/// Asks the first process of a container to end, and it alone, as the container runtime does. In a container it
/// has the process ID 1, to which the kernel delivers only what it has a handler for (`pid_namespaces(7)`); here the
/// signal is withheld instead.
pub(super) fn stop(leader: i32, stop: Stop) {
    let is_heard = !stop.is_first || status(leader).is_none_or(|status| catches(&status, stop.signal));
    if is_heard {
        // It may have ended just now.
        let _ = kill(Pid::from_raw(leader), stop.signal);
    }
}

fn status(process: i32) -> Option<String> {
    std::fs::read_to_string(format!("/proc/{process}/status")).ok()
}

/// Whether a process has a handler for a signal, by its `/proc/PID/status`.
fn catches(status: &str, signal: Signal) -> bool {
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let mask = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_none_or(|mask| mask >> (signal as i32 - 1) & 1 == 1)
}

/// SIGKILL takes all of a container's processes.
pub(super) fn kill_group(leader: i32) {
    // It may be gone already.
    let _ = killpg(Pid::from_raw(leader), Signal::SIGKILL);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_container_may_name_the_signal_and_share_its_namespace() {
        let stop = |container: Value, pod: Value, follows: bool| {
            let stop = Stop::of(&container, &json!({"spec": pod}), follows);
            (stop.signal, stop.is_first)
        };
        let usr1 = json!({"lifecycle": {"stopSignal": "SIGUSR1"}});
        assert_eq!(stop(json!({}), json!({}), true), (Signal::SIGTERM, true));
        assert_eq!(stop(usr1.clone(), json!({}), true), (Signal::SIGUSR1, true));
        assert_eq!(stop(usr1, json!({}), false), (Signal::SIGTERM, true));
        assert_eq!(stop(json!({}), json!({"shareProcessNamespace": true}), true), (Signal::SIGTERM, false));
    }

    #[test]
    fn the_handlers_of_a_process_are_in_its_status() {
        let status = |mask: &str| format!("Name:\tsh\nSigIgn:\t0000000000000000\nSigCgt:\t{mask}\n");
        for (mask, is_term, is_usr1) in [
            ("0000000000000000", false, false),
            ("0000000000004000", true, false),
            ("0000000000010202", false, true),
            ("000000018001c6ef", true, true),
        ] {
            let caught = [Signal::SIGTERM, Signal::SIGUSR1].map(|signal| catches(&status(mask), signal));
            assert_eq!(caught, [is_term, is_usr1], "{mask}");
        }
        assert!(catches("", Signal::SIGTERM), "what cannot be told is sent");
    }
}
