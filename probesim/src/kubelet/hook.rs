//! postStart hooks: part of the start, so that everything waits for them (`startContainer`,
//! `pkg/kubelet/kuberuntime/kuberuntime_container.go`).

use rand::Rng;

use super::ask::Ask;
use super::events::Event;
use super::kill::{Announced, Cause};
use super::pod::Pod;
use super::status::Waiting;
use super::time::Time;

// === impl Pod ===

impl Pod {
    /// The hook that was asked for is over. One that failed has its container killed; the next start is held back
    /// as after a crash.
    pub fn post_start_done(&mut self, index: usize, is_well: bool, now: Time, rng: &mut impl Rng) {
        if !self.is_hooked(index) {
            return;
        }
        if is_well {
            self.end_hook(now, rng);
        } else {
            self.ask(Ask::Report(Event::FailedPostStartHook { container: index }));
            self.slots[index].held = Some(Waiting::PostStartHookError);
            self.await_exit_of_hook(index);
            if self.slots[index].actual.running.is_some() {
                self.kill(index, Cause::PostStart, Announced::Kill, now);
            } else {
                self.ask(Ask::Report(Event::Killing {
                    container: index,
                    cause: Cause::PostStart,
                    will_restart: false,
                }));
                self.answered(index, now, rng);
            }
        }
        self.settle(now, rng);
    }

    /// Whether the container that has just started has a hook to run first.
    pub(super) fn has_post_start(&self, index: usize) -> bool {
        self.container(index).post_start().is_some()
    }
}
