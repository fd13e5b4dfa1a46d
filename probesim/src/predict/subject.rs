//! What is predicted: the pods of a workload, and what is assumed of their containers.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::environment::{Place, is_simulator};
use super::world::{Assumed, Chances};
use crate::kubelet::{Container, Handler, Kind, PodSpec};
use crate::load::Loaded;
use crate::manifest::{self, Object, Problem};

/// `progressDeadlineSeconds` of this says that there is none (`HasProgressDeadline`, `deployment_util.go`).
const NO_DEADLINE: u64 = i32::MAX.unsigned_abs() as u64;
/// What happens in more than 30 days after a rollout is none of its business.
const LONGEST_DEADLINE: u64 = 30 * 86_400;
/// `progressDeadlineSeconds` when nobody says, `SetDefaults_Deployment`, `pkg/apis/apps/v1/defaults.go`.
const DEFAULT_DEADLINE: i64 = 600;

/// The pods of a workload.
#[derive(Clone, Debug)]
pub struct Subject {
    /// `deployment/web`.
    pub title: String,
    /// Where it is written: `web.yaml:1`; empty if it is not.
    pub place: String,
    /// How many pods there are.
    pub replicas: u32,
    /// Each of them.
    pub spec: PodSpec,
    /// What is assumed of each container, init containers first.
    pub assumed: Vec<Assumed>,
    /// `progressDeadlineSeconds`.
    pub deadline: Duration,
    /// `minReadySeconds`.
    pub min_ready: Duration,
    /// What could not be known, or was taken for granted.
    pub notes: Vec<String>,
}

/// What the command line says of the servers, before what manifests say.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// Of every container.
    pub assumed: Option<Assumed>,
    /// Instead of what the manifest says.
    pub replicas: Option<u32>,
}

// === impl Subject ===

impl Subject {
    /// The pods of every object that makes some.
    ///
    /// # Errors
    /// What the API, or the simulator in a container, would not take.
    pub fn all(objects: &[Object], given: &Given) -> Result<Vec<Self>, Problem> {
        let subjects = objects.iter().map(|object| Self::of(object, objects, given));
        subjects.filter_map(Result::transpose).collect()
    }

    fn of(object: &Object, objects: &[Object], given: &Given) -> Result<Option<Self>, Problem> {
        let Some(spec) = manifest::pod_spec(object)? else { return Ok(None) };
        let template = manifest::template_path(object).unwrap_or_default();
        let pod = if template.is_empty() { "spec".to_owned() } else { format!("{template}.spec") };
        let mut notes = vec![];
        let mut assumed = vec![];
        for (list, containers) in
            [("initContainers", &spec.init_containers), ("containers", &spec.containers)]
        {
            for (number, container) in containers.iter().enumerate() {
                let path = format!("{pod}.{list}[{number}]");
                let place = Place { object, objects, pod: &pod, path: &path };
                assumed.push(assume(container, place, given, &mut notes)?);
            }
        }
        if let "Job" | "CronJob" = object.kind() {
            notes.push("a job's containers are taken to run for ever".to_owned());
        }
        if !spec.readiness_gates.is_empty() {
            notes.push("readinessGates are taken to be True".to_owned());
        }
        let seconds =
            |path: &str| object.get(path).and_then(Value::as_i64).and_then(|it| u64::try_from(it).ok());
        let deadline = seconds("spec.progressDeadlineSeconds")
            .filter(|deadline| *deadline != NO_DEADLINE)
            .map_or(DEFAULT_DEADLINE.unsigned_abs(), |deadline| deadline.min(LONGEST_DEADLINE));
        Ok(Some(Self {
            title: format!("{}/{}", object.kind().to_lowercase(), object.name()),
            place: format!("{}:{}", object.file.display(), object.line),
            replicas: given.replicas.unwrap_or_else(|| replicas(object)),
            spec,
            assumed,
            deadline: Duration::from_secs(deadline),
            min_ready: Duration::from_secs(seconds("spec.minReadySeconds").unwrap_or_default()),
            notes,
        }))
    }

    /// The containers with what is assumed of them, init containers first.
    pub fn containers(&self) -> impl Iterator<Item = (&Container, &Assumed)> {
        self.spec.init_containers.iter().chain(&self.spec.containers).zip(&self.assumed)
    }

    /// Whether nothing that is assumed depends on the time.
    #[must_use]
    pub fn is_steady(&self) -> bool {
        self.assumed.iter().all(|assumed| matches!(assumed, Assumed::Chance(_)))
    }
}

fn assume(
    container: &Container,
    place: Place<'_>,
    given: &Given,
    notes: &mut Vec<String>,
) -> Result<Assumed, Problem> {
    let assumed = match &given.assumed {
        Some(assumed) => assumed.clone(),
        None if is_simulator(&container.image) => place
            .load(notes)?
            .map_or(Assumed::Chance(Chances::NONE), |loaded| Assumed::Planned(Arc::new(loaded))),
        None => Assumed::Chance(Chances::NONE),
    };
    if let Assumed::Planned(loaded) = &assumed {
        unknown(container, loaded, notes);
    }
    Ok(assumed)
}

/// What a fault plan cannot say of a container.
fn unknown(container: &Container, loaded: &Loaded, notes: &mut Vec<String>) {
    for kind in Kind::ALL {
        if let Some(Handler::Exec(_)) = container.probe(kind).and_then(crate::kubelet::Probe::handler) {
            let (name, field) = (&container.name, kind.field());
            notes.push(format!("{name}: {field} runs a command, which is taken to succeed"));
        }
    }
    if loaded.dependencies.real().next().is_some() {
        notes.push(format!("{}: dependencies with a check are taken to be up", container.name));
    }
}

fn replicas(object: &Object) -> u32 {
    let path = match object.kind() {
        "Job" => "spec.parallelism",
        "CronJob" => "spec.jobTemplate.spec.parallelism",
        _ => "spec.replicas",
    };
    let number = object.get(path).and_then(Value::as_u64).unwrap_or(1);
    u32::try_from(number).unwrap_or(u32::MAX)
}
