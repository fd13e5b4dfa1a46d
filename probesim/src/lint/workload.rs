//! A workload as the rules look at it.

use serde_json::Value;

use super::{Finding, Severity};
use crate::kubelet::{Container, Kind, PodSpec, Probe};
use crate::load::Loaded;
use crate::manifest::{self, Object, Problem};
use crate::predict::{Place, is_simulator};

/// An object that makes pods.
pub(super) struct Workload<'a> {
    pub(super) object: &'a Object,
    pub(super) objects: &'a [Object],
    /// Where the pod's `{metadata, spec}` is, with a point at its end; empty for a Pod.
    pub(super) template: String,
    pub(super) spec: PodSpec,
    /// The containers that are probed.
    pub(super) sites: Vec<Site>,
}

/// A container in its place.
pub(super) struct Site {
    /// Such as `spec.template.spec.containers[0]`.
    pub(super) path: String,
    pub(super) container: Container,
    /// What it is told, if it is the simulator.
    pub(super) simulator: Option<Loaded>,
}

// === impl Workload ===

impl<'a> Workload<'a> {
    pub(super) fn read(object: &'a Object, objects: &'a [Object]) -> Result<Option<Self>, Problem> {
        let Some(spec) = manifest::pod_spec(object)? else { return Ok(None) };
        let template = manifest::template_path(object).unwrap_or_default();
        let template = if template.is_empty() { String::new() } else { format!("{template}.") };
        let pod = format!("{template}spec");
        let mut sites = vec![];
        for (list, containers) in
            [("initContainers", &spec.init_containers), ("containers", &spec.containers)]
        {
            for (number, container) in containers.iter().enumerate() {
                if list == "initContainers" && !container.is_restartable_init() {
                    continue;
                }
                let path = format!("{pod}.{list}[{number}]");
                let place = Place { object, objects, pod: &pod, path: &path };
                let is_simulator = is_simulator(&container.image);
                let simulator = if is_simulator { place.load(&mut vec![])? } else { None };
                sites.push(Site { path, container: container.clone(), simulator });
            }
        }
        Ok(Some(Self { object, objects, template, spec, sites }))
    }

    /// Reports on the field at a path of the object.
    pub(super) fn remark(
        &self,
        found: &mut Vec<Finding>,
        (rule, severity): (&'static str, Severity),
        field: &str,
        reason: String,
        instead: String,
    ) {
        let (file, line) = (self.object.file.display().to_string(), self.object.line_of(field));
        found.push(Finding { rule, severity, file, line, field: field.to_owned(), reason, instead });
    }

    /// Every probe with its place.
    pub(super) fn probes(&self) -> impl Iterator<Item = (&Site, Kind, &Probe, String)> {
        self.sites.iter().flat_map(|site| {
            Kind::ALL.into_iter().filter_map(move |kind| {
                Some((site, kind, site.container.probe(kind)?, format!("{}.{}", site.path, kind.field())))
            })
        })
    }

    /// `spec.replicas`, 1 if nobody says.
    pub(super) fn replicas(&self) -> u64 {
        self.object.get("spec.replicas").and_then(Value::as_u64).unwrap_or(1)
    }

    /// A label of its pods.
    pub(super) fn label(&self, key: &str) -> Option<&str> {
        let labels = self.object.get(&format!("{}metadata.labels", self.template))?;
        labels.get(key)?.as_str()
    }

    /// Whether a selector of equalities, as a Service has it, selects its pods. An empty one selects none.
    pub(super) fn is_selected_by(&self, selector: Option<&Value>) -> bool {
        let Some(terms) = selector.and_then(Value::as_object).filter(|terms| !terms.is_empty()) else {
            return false;
        };
        terms.iter().all(|(key, value)| self.label(key) == value.as_str() && value.is_string())
    }

    /// The objects of a kind in its namespace.
    pub(super) fn neighbours<'s>(&'s self, kind: &'s str) -> impl Iterator<Item = &'a Object> + 's {
        let is_one =
            move |object: &&Object| object.kind() == kind && object.namespace() == self.object.namespace();
        self.objects.iter().filter(is_one)
    }

    /// The Services that send traffic to its pods.
    pub(super) fn services(&self) -> impl Iterator<Item = &'a Object> + '_ {
        self.neighbours("Service").filter(|service| self.is_selected_by(service.get("spec.selector")))
    }
}
