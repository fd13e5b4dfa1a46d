//! The pod's workers and their attempts (`pkg/kubelet/prober/prober_manager.go`, `prober.go`).

use rand::Rng;

use super::ask::{Ask, Attempt, AttemptId};
use super::attempt::{self, Followed, Outcome};
use super::events::Event;
use super::kind::Kind;
use super::pod::Pod;
use super::role::{self, Role};
use super::time::Time;
use super::worker::Worker;

// === impl Pod ===

impl Pod {
    /// An attempt that was asked for came to an end. `output` is what the event will say.
    pub fn probe_done(
        &mut self,
        id: AttemptId,
        outcome: Outcome,
        output: &str,
        now: Time,
        rng: &mut impl Rng,
    ) {
        let index = id.worker as usize;
        let Some(worker) = self.workers.get_mut(index) else {
            return;
        };
        let Some(number) = worker.attempt().filter(|_| self.serials[index] == id.serial) else {
            return;
        };
        let (container, kind) = (worker.container, worker.kind);
        match attempt::follow(outcome, number) {
            Followed::Again => {
                self.attempt(index, number + 1);
                return;
            }
            Followed::Counts(verdict) => worker.record(Some(verdict), &mut self.results),
            Followed::Discarded => worker.record(None, &mut self.results),
        }
        let event = match outcome {
            Outcome::Success => None,
            Outcome::Warning => Some(Event::ProbeWarning { container, kind, output: output.into() }),
            Outcome::Failure => Some(Event::Unhealthy { container, kind, output: output.into() }),
            Outcome::Error(doubt) => Some(Event::Errored { container, kind, doubt, output: output.into() }),
        };
        if let Some(event) = event {
            self.ask(Ask::Report(event));
        }
        self.settle(now, rng);
    }

    /// Gives a turn to each worker that has reason for one.
    pub(super) fn run_workers(&mut self, now: Time, rng: &mut impl Rng) {
        for index in 0..self.workers.len() {
            let worker = &mut self.workers[index];
            if worker.due().is_some_and(|due| due <= now)
                && worker.turn(now, &self.status, &self.settings, &mut self.results, rng)
            {
                self.attempt(index, 1);
            }
        }
    }

    fn attempt(&mut self, index: usize, number: u8) {
        self.serial = self.serial.wrapping_add(1);
        self.serials[index] = self.serial;
        let worker = &mut self.workers[index];
        worker.attempts(number);
        let id = AttemptId { worker: index as u32, serial: self.serial };
        let (container, kind) = (worker.container, worker.kind);
        self.ask(Ask::Probe(Attempt { id, container, kind, number }));
    }

    /// `AddPod` (`pkg/kubelet/prober/prober_manager.go`): in the first SyncPod, before anything is started.
    pub(super) fn add_pod(&mut self, now: Time, rng: &mut impl Rng) {
        if std::mem::replace(&mut self.has_workers, true) {
            return;
        }
        for (index, (container, role, fate)) in
            role::cast(&self.spec, self.settings.restart_rules).enumerate()
        {
            for kind in Kind::ALL {
                if let Some(probe) = container.probe(kind).filter(|_| role.is_probed()) {
                    let fate = (fate.clone(), role == Role::Sidecar);
                    self.workers.push(Worker::new(index, kind, probe, fate, &self.settings, now, rng));
                    self.serials.push(0);
                }
            }
        }
    }
}
