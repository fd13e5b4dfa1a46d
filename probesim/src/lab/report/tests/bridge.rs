//! From a pod in virtual time to what a view is told.

use std::sync::Arc;
use std::time::Duration;

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};
use serde_json::Value;

use crate::kubelet::{
    Ask, Attempt, Cause, Change, Event, Identity, Instance, Kind, Note, Outcome, Pod, PodSpec, Settings,
    Start, Time, VirtualTime, World,
};
use crate::lab::happening::{Fact, Happening, Member};

/// What the containers of a pod do: seconds are counted from the pod's being added.
pub(in crate::lab::report) struct Script {
    /// What a probe finds.
    pub(in crate::lab::report) probe: fn(container: &str, kind: Kind, second: f64) -> (Outcome, &'static str),
    /// After how many seconds an instance ends of itself, and with which code.
    pub(in crate::lab::report) exit: fn(container: &str, instance: u32) -> Option<(f64, i32)>,
    /// When the pod is deleted.
    pub(in crate::lab::report) deleted: Option<f64>,
}

struct Scripted<'a> {
    names: &'a [Arc<str>],
    pod: Arc<str>,
    script: &'a Script,
    added: Duration,
    /// `None` stands for the status that the pod has after the step.
    facts: Vec<(Duration, Told)>,
}

enum Told {
    Fact(Fact),
    Change(Change),
}

/// What happens to a pod that is added at `added`, until `until`; both are seconds of the lab.
pub(in crate::lab::report) fn pod(
    (name, workload): (&str, Option<&str>),
    spec: &Value,
    script: &Script,
    (added, until): (f64, f64),
) -> Vec<Happening> {
    let spec: PodSpec = serde_json::from_value(spec.clone()).expect("a pod's spec");
    let (namespace, short) = name.split_once('/').expect("namespace/name");
    let identity = Identity { name: short.into(), namespace: namespace.into(), uid: "u".into() };
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let model = Pod::try_new(spec, identity, Settings::ideal(), Time::ORIGIN, &mut rng).expect("valid");
    let count = model.spec().init_containers.len() + model.spec().containers.len();
    let members: Vec<Member> = (0..count)
        .map(|index| Member::new(model.container(index), model.role(index), "simulator".into()))
        .collect();
    let names: Vec<Arc<str>> = members.iter().map(|member| Arc::clone(&member.name)).collect();
    let pod: Arc<str> = name.into();
    let added = seconds(added);
    let world = Scripted { names: &names, pod: Arc::clone(&pod), script, added, facts: Vec::new() };
    let first =
        Fact::PodAdded { pod: Arc::clone(&pod), workload: workload.map(Arc::from), containers: members };
    let mut happenings = vec![Happening { at: added, fact: first }];
    let mut run = VirtualTime::new(model, world, Time::ORIGIN, &mut rng);
    let end = seconds(until) - added;
    let deleted = script.deleted.map(|at| Time::ORIGIN + seconds(at));
    collect(&mut run, &mut happenings);
    for (moment, is_deletion) in deleted.map(|at| (at, true)).into_iter().chain([(Time::ORIGIN + end, false)])
    {
        while run.step(moment, &mut rng) {
            collect(&mut run, &mut happenings);
        }
        if is_deletion {
            run.act(&mut rng, |pod, now, rng| pod.delete(None, now, rng));
            collect(&mut run, &mut happenings);
        }
    }
    // A probe is told when it is over, and that may be later.
    happenings.sort_by_key(|happening| happening.at);
    happenings.retain(|happening| happening.at <= seconds(until));
    happenings
}

/// All of them in order of time.
pub(in crate::lab::report) fn together(pods: impl IntoIterator<Item = Vec<Happening>>) -> Vec<Happening> {
    let mut all: Vec<Happening> = pods.into_iter().flatten().collect();
    all.sort_by_key(|happening| happening.at);
    all
}

/// An answer to every probe.
pub(in crate::lab::report) fn healthy(_: &str, _: Kind, _: f64) -> (Outcome, &'static str) {
    (Outcome::Success, "")
}

/// No end.
pub(in crate::lab::report) fn lives(_: &str, _: u32) -> Option<(f64, i32)> {
    None
}

fn collect(run: &mut VirtualTime<Scripted<'_>>, happenings: &mut Vec<Happening>) {
    let status = Arc::new(run.pod.status().clone());
    let pod = Arc::clone(&run.world.pod);
    happenings.extend(run.world.facts.drain(..).map(|(at, told)| {
        let fact = match told {
            Told::Fact(fact) => fact,
            Told::Change(change) => {
                Fact::Changed { pod: Arc::clone(&pod), change, status: Arc::clone(&status) }
            }
        };
        Happening { at, fact }
    }));
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_millis((seconds * 1000.0).round() as u64)
}

// === impl Scripted ===

impl Scripted<'_> {
    fn tell(&mut self, now: Time, fact: Fact) {
        let at = self.added + now.since(Time::ORIGIN);
        self.facts.push((at, Told::Fact(fact)));
    }
}

impl World for Scripted<'_> {
    fn probe(&mut self, attempt: &Attempt, now: Time, _: &mut impl Rng) -> (Outcome, Duration) {
        let container = &self.names[attempt.container];
        let second = now.since(Time::ORIGIN).as_secs_f64();
        let (outcome, output) = (self.script.probe)(container, attempt.kind, second);
        let took = if output.contains("deadline") { seconds(1.0) } else { seconds(0.002) };
        let fact = Fact::Probed {
            pod: Arc::clone(&self.pod),
            container: Arc::clone(container),
            kind: attempt.kind,
            attempt: attempt.number,
            outcome,
            output: output.into(),
            took,
        };
        self.tell(now + took, fact);
        (outcome, took)
    }

    fn start(&mut self, container: usize, instance: Instance, now: Time) -> Start {
        let name = Arc::clone(&self.names[container]);
        let exits = (self.script.exit)(&name, instance.restart_count());
        let takes = seconds(0.1);
        let fact = Fact::Started { pod: Arc::clone(&self.pod), container: name, instance };
        self.tell(now + takes, fact);
        Start { takes, exits: exits.map(|(after, code)| (seconds(after), code)) }
    }

    fn stop(&mut self, container: usize, grace: Duration, cause: Cause, now: Time) -> (Duration, i32) {
        let container = Arc::clone(&self.names[container]);
        self.tell(now, Fact::Stopping { pod: Arc::clone(&self.pod), container, grace, cause });
        (seconds(0.4), 143)
    }

    fn observe(&mut self, note: &Note<'_>, now: Time) {
        let pod = Arc::clone(&self.pod);
        match note {
            Note::Exited(container, exit_code) => {
                let container = Arc::clone(&self.names[*container]);
                self.tell(now, Fact::Exited { pod, container, exit_code: *exit_code });
            }
            Note::Ask(Ask::Change(change)) => {
                self.facts.push((self.added + now.since(Time::ORIGIN), Told::Change(*change)));
            }
            Note::Ask(Ask::Report(Event::BackOff { container, delay })) => {
                let container = Arc::clone(&self.names[*container]);
                self.tell(now, Fact::BackOff { pod, container, delay: *delay });
            }
            Note::Ask(Ask::Gone) => self.tell(now, Fact::PodGone { pod }),
            Note::Ask(_) | Note::Started(_) => {}
        }
    }
}
