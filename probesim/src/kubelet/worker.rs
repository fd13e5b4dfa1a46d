//! One probe worker: `pkg/kubelet/prober/worker.go`. A worker lives as long as its pod and outlives the
//! instances of its container; its fields are fixed when it is made.

use rand::{Rng, RngExt};

use super::kind::Kind;
use super::restart::Fate;
use super::results::{Results, Verdict};
use super::runtime::Instance;
use super::settings::Settings;
use super::spec::Probe;
use super::status::{PodStatus, State};
use super::ticker::Ticker;
use super::time::Time;

/// A worker. There is one for each container and kind of probe.
#[derive(Debug)]
pub(super) struct Worker {
    pub(super) container: usize,
    pub(super) kind: Kind,
    initial_delay: u64,
    success_threshold: u32,
    failure_threshold: u32,
    period_seconds: i32,
    /// What decides whether the container comes back after it ended.
    fate: Fate,
    is_sidecar: bool,
    is_exec: bool,
    /// Its attempts come to nothing any more.
    is_frozen: bool,
    ticker: Ticker,
    /// `manualTriggerCh`, which holds one.
    is_triggered: bool,
    /// `stopCh`.
    is_stopped: bool,
    instance: Option<Instance>,
    /// `lastResult` and `resultRun`: neither is reset when the container changes.
    last: Option<Verdict>,
    run: u32,
    is_on_hold: bool,
    activity: Activity,
}

/// What a worker is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Activity {
    /// In `time.Sleep`, because the kubelet has only just started.
    Asleep(Time),
    /// In `select`.
    Waiting,
    /// Blocked in the attempt of this number, from 1.
    Probing(u8),
    /// Returned.
    Ended,
}

/// What `doProbe` came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Keep going.
    KeepGoing,
    /// The loop ends.
    End,
    /// Run the handler; the turn goes on with `record`.
    Probe,
}

// === impl Worker ===

impl Worker {
    /// `newWorker`, and the start of `run` with the only jitter that probing has: a kubelet younger than
    /// the period lets the worker sleep for a random part of it. The ticker begins after that, long
    /// before there is a container.
    pub(super) fn new(
        container: usize,
        kind: Kind,
        probe: &Probe,
        (fate, is_sidecar): (Fate, bool),
        settings: &Settings,
        now: Time,
        rng: &mut impl Rng,
    ) -> Self {
        let ticker = Ticker::new(probe.period_seconds, now);
        let period = ticker.due().since(now);
        let is_young = settings.kubelet_started.is_some_and(|start| period > now.since(start));
        let sleep = if is_young { period.mul_f64(rng.random::<f64>()) } else { std::time::Duration::ZERO };
        Self {
            container,
            kind,
            initial_delay: u64::try_from(probe.initial_delay_seconds).unwrap_or(0),
            success_threshold: u32::try_from(probe.success_threshold).unwrap_or(1),
            failure_threshold: u32::try_from(probe.failure_threshold).unwrap_or(1),
            period_seconds: probe.period_seconds,
            fate,
            is_sidecar,
            is_exec: probe.handlers.exec.is_some(),
            is_frozen: false,
            ticker,
            is_triggered: false,
            is_stopped: false,
            instance: None,
            last: None,
            run: 0,
            is_on_hold: false,
            activity: Activity::Asleep(now + sleep),
        }
    }

    /// When it has something to do of its own accord.
    pub(super) fn due(&self) -> Option<Time> {
        match self.activity {
            Activity::Asleep(until) => Some(until),
            Activity::Waiting if self.is_triggered || self.is_stopped => Some(Time::ORIGIN),
            Activity::Waiting => Some(self.ticker.due()),
            Activity::Probing(_) | Activity::Ended => None,
        }
    }

    /// The number of the attempt that is under way.
    pub(super) const fn attempt(&self) -> Option<u8> {
        match self.activity {
            Activity::Probing(number) => Some(number),
            _ => None,
        }
    }

    /// Notes which attempt is under way.
    pub(super) const fn attempts(&mut self, number: u8) {
        self.activity = Activity::Probing(number);
    }

    /// Whether the manager still has it: `getWorker`.
    pub(super) fn exists(&self) -> bool {
        self.activity != Activity::Ended
    }

    /// A non-blocking send on `manualTriggerCh`.
    pub(super) const fn trigger(&mut self) {
        self.is_triggered = true;
    }

    /// kubernetes#140881: the pod ends, and an exec probe errs from here on.
    pub(super) const fn freeze(&mut self) {
        self.is_frozen = self.is_exec;
    }

    /// A non-blocking send on `stopCh`. An attempt that is under way is still waited for.
    pub(super) const fn stop(&mut self) {
        self.is_stopped = true;
    }

    /// The `select` of `run`, and `doProbe` for as long as there is reason to. Says whether the handler
    /// has to run now.
    ///
    /// When a tick and a trigger are both there, Go takes either; the other one follows. A trigger begins
    /// the tick grid anew.
    pub(super) fn turn(
        &mut self,
        now: Time,
        status: &PodStatus,
        settings: &Settings,
        results: &mut Results,
        rng: &mut impl Rng,
    ) -> bool {
        loop {
            match self.activity {
                Activity::Asleep(until) if until <= now => {
                    self.ticker = Ticker::new(self.period_seconds, now);
                    self.activity = Activity::Waiting;
                }
                Activity::Waiting if self.is_stopped => {
                    self.end(results);
                    return false;
                }
                Activity::Waiting if self.is_triggered => {
                    let has_tick = self.ticker.due() <= now;
                    if has_tick && rng.random() {
                        self.ticker.take(now);
                    } else {
                        self.is_triggered = false;
                        self.ticker.reset(now);
                    }
                }
                Activity::Waiting if self.ticker.take(now) => {}
                _ => return false,
            }
            match self.do_probe(now, status, settings, results) {
                Turn::KeepGoing => {}
                Turn::Probe => return true,
                Turn::End => self.end(results),
            }
        }
    }

    /// `doProbe` up to the handler. It looks at the status as it was published, not at the runtime.
    ///
    /// What `doProbe` does for a pod that is being deleted never happens: it looks at the pod as it was when
    /// the worker was made. `terminate.rs` stops the workers instead.
    fn do_probe(
        &mut self,
        now: Time,
        status: &PodStatus,
        settings: &Settings,
        results: &mut Results,
    ) -> Turn {
        if status.phase.is_terminal() {
            return Turn::End;
        }
        let container = &status.containers[self.container];
        let Some(instance) = container.instance else {
            return Turn::KeepGoing;
        };
        if self.instance != Some(instance) {
            results.remove(self.container, self.kind);
            self.instance = Some(instance);
            let is_older_than_kubelet = match container.state {
                State::Running(running) => settings.is_older_than_kubelet(running.started_at),
                _ => false,
            };
            if self.is_sidecar && self.kind == Kind::Startup && container.started {
                results.set(self.container, self.kind, instance, Verdict::Success);
            }
            if !is_older_than_kubelet {
                results.set(self.container, self.kind, instance, self.kind.initial());
            }
            self.is_on_hold = false;
        }
        if self.is_on_hold {
            return Turn::KeepGoing;
        }
        let running = match container.state {
            State::Running(running) => running,
            State::Waiting(_) => {
                results.set(self.container, self.kind, instance, Verdict::Failure);
                return Turn::KeepGoing;
            }
            State::Terminated(exited) => {
                results.set(self.container, self.kind, instance, Verdict::Failure);
                let restarts = self.fate.restarts_after(exited.exit_code);
                return if restarts { Turn::KeepGoing } else { Turn::End };
            }
        };
        if now.since(running.started_at.whole_second()).as_secs() < self.initial_delay {
            return Turn::KeepGoing;
        }
        // Once started there is nothing to do for startup, before that nothing for the others.
        if container.started == (self.kind == Kind::Startup) {
            return Turn::KeepGoing;
        }
        if self.is_frozen { Turn::KeepGoing } else { Turn::Probe }
    }

    /// `doProbe` after the handler: counts the run of equal results and, at the threshold, sets the result.
    /// `None` is an error: the result is thrown away, and the run neither grows nor ends.
    pub(super) fn record(&mut self, result: Option<Verdict>, results: &mut Results) {
        self.activity = Activity::Waiting;
        let (Some(result), Some(instance)) = (result.filter(|_| !self.is_frozen), self.instance) else {
            return;
        };
        if self.last == Some(result) {
            self.run += 1;
        } else {
            self.last = Some(result);
            self.run = 1;
        }
        let threshold = match result {
            Verdict::Failure => self.failure_threshold,
            Verdict::Success => self.success_threshold,
            Verdict::Unknown => 0,
        };
        if self.run < threshold {
            return;
        }
        results.set(self.container, self.kind, instance, result);
        let decides = match self.kind {
            Kind::Liveness => result == Verdict::Failure,
            Kind::Startup => true,
            Kind::Readiness => false,
        };
        if decides {
            self.is_on_hold = true;
            self.run = 0;
        }
    }

    /// The clean-up of `run`.
    pub(super) fn end(&mut self, results: &mut Results) {
        results.remove(self.container, self.kind);
        self.activity = Activity::Ended;
    }
}
