//! Carries out what the model of a pod asks.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::pod_run::{Done, PodRun};
use super::probing;
use super::publish::{self, Surroundings};
use super::stand_in::StandIn;
use crate::kubelet::{Ask, Attempt, Change, Event, Handler, LifecycleHandler};
use crate::lab::api::answer::status::Status;
use crate::lab::happening::Fact;
use crate::lab::store::write::{self, DeleteOptions, Part, Place};

// === impl PodRun ===

impl PodRun {
    /// Does all that the model asks, and writes the status before anything that follows from it.
    pub(super) fn carry_out(&mut self) {
        while let Some(ask) = self.pod.next_ask() {
            if !matches!(ask, Ask::Change(_)) {
                self.write_status();
            }
            match ask {
                Ask::Probe(attempt) => self.probe(&attempt),
                Ask::Start { container, instance } => {
                    self.slots[container].instance = instance;
                    self.try_start(container);
                }
                Ask::PreStop { container, limit } => self.pre_stop(container, limit),
                Ask::Stop { container, grace, cause } => {
                    let slot = &mut self.slots[container];
                    if let Some(hook) = slot.hook.take() {
                        hook.abort();
                    }
                    let name = slot.name.clone();
                    if !slot.is_abandoned {
                        self.tell(Fact::Stopping { pod: self.name.clone(), container: name, grace, cause });
                        self.stop(container, grace);
                    }
                }
                Ask::Report(event) => self.report(&event),
                Ask::Change(change) => self.change(change),
                Ask::Gone => {}
            }
        }
        self.write_status();
    }

    fn change(&mut self, change: Change) {
        if let Change::Phase(phase) = change {
            self.phase = phase;
            if phase.is_terminal() {
                self.has_sandbox = (false, self.kubelet.clock.now());
            }
        }
        self.is_dirty = true;
        let status = Arc::new(self.pod.status().clone());
        self.tell(Fact::Changed { pod: self.name.clone(), change, status });
    }

    fn report(&self, event: &Event) {
        let container = event.container();
        if self.slots[container].is_abandoned {
            return;
        }
        let has_failed = self.slots[container].process.is_none()
            && matches!(self.slots[container].stand_in, Ok(StandIn::Process(_)));
        if has_failed && matches!(event, Event::Started { .. }) {
            // It could not be started: `start.rs` has said so.
            return;
        }
        self.record(container, event.severity(), event.reason(), &event.message(&self.pod));
    }

    fn stop(&mut self, container: usize, grace: Duration) {
        match &self.slots[container].process {
            Some(process) => process.stop(grace),
            // What the lab has not started it cannot stop: it only counts as restarted.
            None => {
                let instance = self.slots[container].instance;
                self.exited(container, instance, 143);
            }
        }
    }

    fn probe(&mut self, attempt: &Attempt) {
        let Some(probe) = self.pod.container(attempt.container).probe(attempt.kind) else { return };
        let Some(handler) = probe.handler() else { return };
        let timeout = Duration::from_secs(u64::try_from(probe.timeout_seconds).unwrap_or(1));
        let Attempt { id, container, kind, number } = *attempt;
        let done = self.done.clone();
        let probed = move |answer, took| {
            // The pod may be gone by then.
            let _ = done.send(Done::Probed { id, container, kind, number, answer, took });
        };
        let what = self.attempt(container, handler, timeout);
        self.tasks.spawn(probing::attempt(what, Box::new(probed)));
    }

    fn pre_stop(&mut self, container: usize, limit: Duration) {
        let hook = self.pod.container(container).lifecycle.as_ref().and_then(|it| it.pre_stop.clone());
        let (done, slot) = (self.done.clone(), container);
        let hooked = move |is_well| {
            let _ = done.send(Done::Hooked { container: slot, is_well });
        };
        let handler = match hook {
            Some(LifecycleHandler::Exec(exec)) => Some(Handler::Exec(exec)),
            Some(LifecycleHandler::HttpGet(get)) => Some(Handler::HttpGet(get)),
            Some(LifecycleHandler::Sleep { seconds }) => {
                let pause = Duration::from_secs(u64::try_from(seconds).unwrap_or(0)).min(limit);
                let sleep = async move {
                    tokio::time::sleep(pause).await;
                    hooked(true);
                };
                self.slots[container].hook = Some(self.tasks.spawn(sleep));
                return;
            }
            // The API keeps `tcpSocket` for old manifests; the kubelet refuses to run it.
            Some(LifecycleHandler::TcpSocket(_)) | None => None,
        };
        let Some(handler) = handler else { return hooked(false) };
        let what = self.attempt(container, handler, limit);
        let over = move |answer, _| hooked(probing::is_hook_well(&answer));
        self.slots[container].hook = Some(self.tasks.spawn(probing::attempt(what, Box::new(over))));
    }

    fn attempt(&self, container: usize, handler: Handler, timeout: Duration) -> probing::What {
        let slot = &self.slots[container];
        let node = &self.kubelet.node;
        probing::What {
            handler: probing::at_home(handler, slot.stand_in.as_ref().ok(), self.ip),
            timeout,
            ip: IpAddr::V4(self.ip),
            ports: self.pod.container(container).ports.clone(),
            target: match &slot.stand_in {
                Ok(StandIn::Target(target)) => Some(target.clone()),
                _ => None,
            },
            environment: slot.environment.clone(),
            directory: slot.spec["workingDir"].as_str().map(Into::into),
            version: node.version,
        }
    }

    /// Writes the status, if it has changed, to the pod that it is the status of.
    pub(super) fn write_status(&mut self) {
        if !std::mem::take(&mut self.is_dirty) || self.is_removed {
            return;
        }
        let uid = self.object["metadata"]["uid"].clone();
        let (namespace, name) = self.name.split_once('/').unwrap_or_default();
        let written = self.kubelet.node.store.write(|store, _| {
            let id = store.registry().named("pods").ok_or_else(Status::unknown_resource)?;
            let place = Place { id, namespace, name };
            write::modify(store, place, Part::Status, false, |mut current| {
                if current["metadata"]["uid"] == uid {
                    current["status"] = publish::status(&self.pod, &self.surroundings(&current));
                }
                Ok(current)
            })
        });
        if let Ok(object) = written {
            self.object = object.value();
        }
    }

    fn surroundings<'a>(&self, object: &'a serde_json::Value) -> Surroundings<'a> {
        Surroundings {
            clock: self.kubelet.clock,
            object,
            phase: self.phase,
            host_ip: self.kubelet.node.addresses.node(),
            pod_ip: self.is_placed.then_some(self.ip),
            since: self.since,
            has_sandbox: self.has_sandbox,
            containers: self.slots.iter().map(|slot| slot.details.clone()).collect(),
        }
    }

    /// The last thing that the kubelet does for a deleted pod: it has the API forget it.
    pub(super) fn finish(&mut self) {
        for slot in &self.slots {
            // It is there only if somebody needed it.
            let _ = std::fs::remove_file(&slot.termination_log);
        }
        let uid = self.object["metadata"]["uid"].as_str().map(str::to_owned);
        let (namespace, name) = self.name.split_once('/').unwrap_or_default();
        let _ = self.kubelet.node.store.write(|store, birth| {
            let id = store.registry().named("pods").ok_or_else(Status::unknown_resource)?;
            let is_deleted = store
                .get(id, namespace, name)
                .is_some_and(|pod| pod.value()["metadata"]["deletionTimestamp"].is_string());
            if is_deleted {
                let options = DeleteOptions { uid, grace: Some(0), ..DeleteOptions::default() };
                write::delete(store, Place { id, namespace, name }, &options, &birth.now)?;
            }
            Ok(())
        });
    }
}
