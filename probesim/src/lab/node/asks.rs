//! Carries out what the model of a pod asks.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::pod_run::{Done, Hook, PodRun, When};
use super::probing;
use super::process::Process;
use super::publish::{self, Surroundings};
use super::stand_in::StandIn;
use crate::kubelet::{Ask, Attempt, Change, Event, Handler, LifecycleHandler};
use crate::lab::api::answer::status::Status;
use crate::lab::happening::Fact;
use crate::lab::store::write::{self, DeleteOptions, Part, Place};
use crate::probe::Answer;

/// A hook lasts as long as it takes; longer than anybody waits.
const UNLIMITED: Duration = Duration::from_secs(1 << 30);

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
                Ask::PostStart { container } => self.run_hook(container, When::PostStart, UNLIMITED),
                Ask::PreStop { container, limit } => self.run_hook(container, When::PreStop, limit),
                Ask::Stop { container, grace, cause } => {
                    let slot = &self.slots[container];
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
        let message = event.message(&self.pod);
        let slot = event.container().map(|container| &self.slots[container]);
        if slot.is_some_and(|slot| slot.is_abandoned) {
            return;
        }
        let path = slot.map(|slot| slot.field_path.as_str());
        self.kubelet.recorder.record(&self.object, path, event.severity(), event.reason(), &message);
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
        let published = self.pod.status().containers.get(container).and_then(|status| status.instance);
        let is_live = published == Some(self.slots[container].instance);
        if matches!(handler, Handler::Exec(_)) && !(is_live && self.slots[container].is_alive()) {
            // The kubelet still has the container before this one in its status, and asks that.
            return probed(Answer::of_exited_container(), Duration::ZERO);
        }
        let what = self.attempt(container, handler, timeout);
        self.tasks.spawn(probing::attempt(what, Box::new(probed)));
    }

    fn run_hook(&mut self, container: usize, when: When, limit: Duration) {
        let lifecycle = self.pod.container(container).lifecycle.clone().unwrap_or_default();
        let hook = match when {
            When::PostStart => lifecycle.post_start,
            When::PreStop => lifecycle.pre_stop,
        };
        let (done, slot) = (self.done.clone(), container);
        let hooked = move |result| {
            // The pod may be gone by then.
            let _ = done.send(Done::Hooked { container: slot, when, result });
        };
        let keep = |task, is_pause| Some(Hook { task, when, is_pause });
        let handler = match hook {
            Some(LifecycleHandler::Exec(exec)) => Some(Handler::Exec(exec)),
            Some(LifecycleHandler::HttpGet(get)) => Some(Handler::HttpGet(get)),
            Some(LifecycleHandler::Sleep { seconds }) => {
                let pause = Duration::from_secs(u64::try_from(seconds).unwrap_or(0)).min(limit);
                let sleep = async move {
                    tokio::time::sleep(pause).await;
                    hooked(Ok(()));
                };
                self.slots[container].hook = keep(self.tasks.spawn(sleep), true);
                return;
            }
            // The API keeps `tcpSocket` for old manifests; the kubelet refuses to run it.
            Some(LifecycleHandler::TcpSocket(_)) | None => None,
        };
        let Some(handler) = handler else { return hooked(Err("invalid handler".to_owned())) };
        let what = self.attempt(container, handler, UNLIMITED);
        let pod = self.pod.identity().event_name();
        let called = format!("Container \"{}\" in Pod \"{pod}\"", self.slots[container].name);
        self.slots[container].hook =
            keep(self.tasks.spawn(probing::hook(what, called, Box::new(hooked))), false);
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
            group: slot.process.as_ref().map(Process::group),
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
