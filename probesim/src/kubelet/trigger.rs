//! Readiness and `started` from the results, and the extra probes that come of it: `UpdatePodStatus`
//! (`pkg/kubelet/prober/prober_manager.go`).

use super::kind::Kind;
use super::pod::Pod;
use super::results::Verdict;
use super::role::Role;
use super::status::{ContainerStatus, State, Waiting};

// === impl Pod ===

impl Pod {
    /// Fills in `started` and `ready`. A started container that is not ready although it has a readiness
    /// probe has that probe run at once: so every SyncPod of a pod that is not ready adds a probe.
    pub(super) fn update_pod_status(&mut self, containers: &mut [ContainerStatus]) {
        for (index, status) in containers.iter_mut().enumerate() {
            status.started = self.is_started(index, status);
            if self.slots[index].role == Role::Init {
                status.ready = match status.state {
                    State::Terminated(exited) => exited.exit_code == 0,
                    State::Waiting(waiting) => waiting == Waiting::RestartingAllContainers,
                    State::Running(_) => false,
                };
                continue;
            }
            if !status.started {
                continue;
            }
            let result = status.instance.and_then(|it| self.results.get(index, Kind::Readiness, it));
            status.ready = match (result, self.worker(index, Kind::Readiness)) {
                (Some(Verdict::Success), _) | (_, None) => true,
                (_, Some(worker)) => {
                    self.workers[worker].trigger();
                    false
                }
            };
        }
    }

    /// The result of this very instance decides; without one, what was published before; without that,
    /// whether there is a startup probe at all.
    fn is_started(&self, index: usize, status: &ContainerStatus) -> bool {
        let State::Running(running) = status.state else {
            return false;
        };
        match self.results.get(index, Kind::Startup, running.instance) {
            Some(result) => result == Verdict::Success,
            None => status.started || self.worker(index, Kind::Startup).is_none(),
        }
    }

    /// `getWorker`: one that was stopped is gone.
    pub(super) fn worker(&self, container: usize, kind: Kind) -> Option<usize> {
        self.workers
            .iter()
            .position(|worker| worker.container == container && worker.kind == kind && worker.exists())
    }
}
