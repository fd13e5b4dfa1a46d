//! Starts an instance of a container, or says why it cannot be started yet, and takes note of its end.

use std::sync::Arc;
use std::time::Duration;

use rand::RngExt;
use serde_json::json;

use super::groups::Stop;
use super::pod_run::{Done, PodRun};
use super::prepare::{self, Given};
use super::process::{Invocation, Process};
use super::publish::LastWords;
use super::stand_in::{Kind, Program, StandIn};
use crate::kubelet::Instance;
use crate::lab::api::accounts::Account;
use crate::lab::api::kubeconfig::kubeconfig;
use crate::lab::happening::Fact;
use crate::system_error::describe;

/// `backOffPeriod` of the pod worker.
const RETRY: Duration = Duration::from_secs(10);
/// A relist on demand, and one that comes by itself.
const SOON: Duration = Duration::from_millis(90);
const RELIST: Duration = Duration::from_secs(1);
/// `MaxContainerTerminationMessageLength`.
const LAST_WORDS: usize = 4096;
/// containerd's exit code and reason for a container whose process cannot be started.
const START_ERROR: (i32, &str) = (128, "StartError");

// === impl PodRun ===

impl PodRun {
    /// Starts what the model has asked for, or holds it and tries again later.
    pub(super) fn try_start(&mut self, container: usize) {
        if self.slots[container].is_abandoned {
            return;
        }
        if !self.has_sandbox.0 {
            self.has_sandbox = (true, self.kubelet.clock.now());
            self.is_placed = true;
            self.object["status"]["podIP"] = json!(self.ip.to_string());
            self.object["status"]["hostIP"] = json!(self.kubelet.node.addresses.node().to_string());
            self.is_dirty = true;
        }
        let stand_in = match &self.slots[container].stand_in {
            Ok(StandIn::Unpullable) => return self.miss_image(container, None),
            // A pod that came later, with an image that nothing stands for.
            Err(why) => return self.miss_image(container, Some(&why.clone())),
            Ok(stand_in) => stand_in.clone(),
        };
        let image = self.pod.container(container).image.clone();
        let pulled =
            format!("Container image \"{image}\" already present on machine and can be accessed by the pod");
        self.record(container, "Normal", "Pulled", &pulled);
        let environment = match self.environment(container, &stand_in) {
            Ok(environment) => environment,
            Err(why) => {
                self.record(container, "Warning", "Failed", &format!("Error: {why}"));
                return self.hold(container, "CreateContainerConfigError", why);
            }
        };
        let slot = &mut self.slots[container];
        slot.details.held = None;
        slot.tries = 0;
        slot.environment = Arc::new(environment.clone());
        slot.details.image_id = match &stand_in {
            StandIn::Target(_) | StandIn::Unpullable => "lab://target".into(),
            StandIn::Process(program) => format!("lab://{}", kind(program)),
        };
        match stand_in {
            StandIn::Target(_) | StandIn::Unpullable => self.started(container),
            StandIn::Process(program) => {
                let spec = &self.slots[container].spec;
                let stop = Stop::of(spec, &self.object, self.kubelet.node.version.sends_stop_signals());
                let invocation = prepare::invocation(&program, spec, environment, stop);
                match self.spawn(container, &invocation) {
                    Ok(process) => {
                        self.slots[container].process = Some(process);
                        self.started(container);
                    }
                    Err(error) => {
                        let program = invocation.words.first().map_or("", String::as_str);
                        self.cannot_start(container, &refusal(program, &error));
                    }
                }
            }
        }
    }

    fn environment(&self, container: usize, stand_in: &StandIn) -> Result<Vec<(String, String)>, String> {
        let slot = &self.slots[container];
        let node = &self.kubelet.node;
        let namespace = &self.pod.identity().namespace;
        let kind = match stand_in {
            StandIn::Process(program) => Some(program.kind),
            StandIn::Target(_) | StandIn::Unpullable => None,
        };
        // Without `--namespace` a client takes the pod's own, as it would in a cluster, and acts as its account.
        let account = Account::of_pod(&self.object);
        let path = node.directory.join(format!("kubeconfig-{namespace}_{}", account.name.replace('/', "_")));
        if !path.exists() {
            std::fs::write(&path, kubeconfig(node.api, namespace, Some(&account.token())))
                .map_err(|error| format!("cannot write {}: {}", path.display(), describe(&error)))?;
        }
        if kind == Some(Kind::Gate) {
            std::fs::write(&slot.termination_log, "").map_err(|error| {
                format!("cannot write {}: {}", slot.termination_log.display(), describe(&error))
            })?;
        }
        let given = Given {
            inherited: &node.inherited,
            pod: &self.object,
            kubeconfig: &path.to_string_lossy(),
            termination_log: &slot.termination_log.to_string_lossy(),
        };
        let find = |resource: &str, name: &str| node.store.get(resource, namespace, name);
        prepare::environment(&slot.spec, kind, &given, &find)
    }

    fn spawn(&self, container: usize, invocation: &Invocation) -> std::io::Result<Process> {
        let node = &self.kubelet.node;
        let slot = &self.slots[container];
        let output = node.logs.begin(&self.name, &slot.name, slot.instance)?;
        let (done, instance) = (self.done.clone(), slot.instance);
        let ended = move |code| {
            // The pod may be gone by then.
            let _ = done.send(Done::Exited { container, instance, code });
        };
        Process::start(invocation, &node.groups, output, Box::new(ended))
    }

    fn started(&mut self, container: usize) {
        let (name, instance) = (self.slots[container].name.clone(), self.slots[container].instance);
        self.tell(Fact::Started { pod: self.name.clone(), container: name, instance });
        self.pod.container_started(container, self.kubelet.clock.now(), &mut self.rng);
    }

    /// The runtime makes a container of which nothing ever ran, and the kubelet tries again by its back-off.
    fn cannot_start(&mut self, container: usize, why: &str) {
        let (code, reason) = START_ERROR;
        self.say_last(container, Some(reason), why.to_owned());
        let slot = &mut self.slots[container];
        slot.process = None;
        slot.details.failure = why.to_owned();
        let (name, instance) = (slot.name.clone(), slot.instance);
        self.tell(Fact::Started { pod: self.name.clone(), container: name.clone(), instance });
        self.tell(Fact::Exited { pod: self.name.clone(), container: name, exit_code: code });
        let now = self.kubelet.clock.now();
        self.pod.container_not_started(container, code, why, now, &mut self.rng);
    }

    /// An instance ended.
    pub(super) fn exited(&mut self, container: usize, instance: Instance, code: i32) {
        let slot = &mut self.slots[container];
        if slot.instance != instance {
            return;
        }
        slot.process = None;
        // Its commands end with it; a pause does not notice.
        let cut = slot.hook.take_if(|hook| !hook.is_pause);
        let name = slot.name.clone();
        if let Ok(words) = std::fs::read(&slot.termination_log)
            && !words.is_empty()
        {
            let shown = words.len().min(LAST_WORDS);
            self.say_last(container, None, String::from_utf8_lossy(&words[..shown]).into_owned());
        }
        self.kubelet.node.logs.end(&self.name, &name);
        self.tell(Fact::Exited { pod: self.name.clone(), container: name, exit_code: code });
        self.pod.container_exited(container, code, self.kubelet.clock.now(), &mut self.rng);
        if let Some(hook) = cut {
            hook.task.abort();
            self.hooked(
                container,
                hook.when,
                Err("error: the container has ended, message: \"\"".to_owned()),
            );
        }
    }

    fn say_last(&mut self, container: usize, reason: Option<&'static str>, message: String) {
        let slot = &mut self.slots[container];
        // The status shows two instances that have ended at most.
        if slot.details.last_words.len() > 1 {
            slot.details.last_words.remove(0);
        }
        slot.details.last_words.push(LastWords { instance: slot.instance, reason, message });
    }

    /// The image cannot be pulled. The status shows what the try before this one came to, as a kubelet's does.
    fn miss_image(&mut self, container: usize, why: Option<&str>) {
        let image = self.pod.container(container).image.clone();
        let slot = &mut self.slots[container];
        let policy = slot.spec["imagePullPolicy"].as_str().unwrap_or_default().to_owned();
        let before = slot.pulls.outcome.clone();
        let told = slot.pulls.attempt(&image, &policy, why, self.kubelet.clock.now());
        for (severity, reason, message) in told {
            self.record(container, severity, reason, &message);
        }
        self.show_held(container, before);
        self.try_again(container, SOON);
    }

    /// It cannot be started now: its status says why, and it is tried again.
    fn hold(&mut self, container: usize, reason: &'static str, why: String) {
        self.show_held(container, Some((reason, why)));
        self.try_again(container, RELIST);
    }

    fn show_held(&mut self, container: usize, held: Option<(&'static str, String)>) {
        self.is_dirty |= self.slots[container].details.held != held;
        self.slots[container].details.held = held;
    }

    /// The first time as soon as the sandbox is seen, then by `backOffPeriod` and its jitter.
    fn try_again(&mut self, container: usize, first: Duration) {
        let slot = &mut self.slots[container];
        slot.tries = slot.tries.saturating_add(1);
        let wait = match slot.tries {
            1 => first,
            _ => RETRY.mul_f64(1.0 + 0.5 * self.rng.random::<f64>()),
        };
        let done = self.done.clone();
        self.tasks.spawn(async move {
            tokio::time::sleep(wait).await;
            // The pod may be gone by then.
            let _ = done.send(Done::Retry { container });
        });
    }
}

/// containerd's and runc's words for a process that cannot be started.
fn refusal(program: &str, error: &std::io::Error) -> String {
    let why = match error.kind() {
        std::io::ErrorKind::NotFound if !program.contains('/') => {
            format!("exec: \"{program}\": executable file not found in $PATH")
        }
        std::io::ErrorKind::NotFound => format!("exec: \"{program}\": stat {program}: {}", describe(error)),
        _ => format!("exec: \"{program}\": {}", describe(error)),
    };
    format!(
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create \
         failed: unable to start container process: {why}: unknown"
    )
}

const fn kind(program: &Program) -> &'static str {
    match program.kind {
        Kind::Simulator => "simulator",
        Kind::Gate => "wait-for",
        Kind::Other => "process",
    }
}
