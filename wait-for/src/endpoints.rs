//! What is known of a Service target: the Services, and the EndpointSlices that belong to them.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::evaluate::service::{self, Service};
use crate::evaluate::slice::Slice;
use crate::evaluate::{Check, Look, missing, selection};
use crate::missing::Missing;
use crate::moment::Moment;
use crate::target::{Target, Which};
use crate::verdict::Verdict;

/// One or several Services and their endpoints.
#[derive(Debug)]
pub struct Endpoints {
    target: Target,
    missing: Missing,
    condition: service::Condition,
    services: Collection<Service>,
    slices: Collection<Slice>,
    is_service_forbidden: bool,
    newer_than: Option<Moment>,
}

/// Objects by namespace and name, over several lists.
#[derive(Debug)]
struct Collection<T> {
    objects: BTreeMap<String, (T, u64)>,
    round: u64,
    is_listed: bool,
}

impl<T> Collection<T> {
    fn new() -> Self {
        Self { objects: BTreeMap::new(), round: 0, is_listed: false }
    }

    fn begin(&mut self) {
        self.round += 1;
    }

    fn insert(&mut self, key: String, object: T) {
        self.objects.insert(key, (object, self.round));
    }

    fn listed(&mut self) {
        let round = self.round;
        self.objects.retain(|_, (_, seen)| *seen == round);
        self.is_listed = true;
    }
}

/// Which of the two collections is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// The Services.
    Services,
    /// The EndpointSlices.
    Slices,
}

impl Endpoints {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(
        target: Target,
        missing: Missing,
        condition: service::Condition,
        newer_than: Option<Moment>,
    ) -> Self {
        Self {
            target,
            missing,
            condition,
            services: Collection::new(),
            slices: Collection::new(),
            is_service_forbidden: false,
            newer_than,
        }
    }

    /// A list begins: what it does not show is gone.
    pub fn begin(&mut self, part: Part) {
        match part {
            Part::Services => self.services.begin(),
            Part::Slices => self.slices.begin(),
        }
    }

    /// An object as it is now.
    ///
    /// # Errors
    /// When it is no such object.
    pub fn object(&mut self, part: Part, object: &RawValue) -> Result<(), serde_json::Error> {
        match part {
            Part::Services => {
                let service = Service::read(object)?;
                let key = key(service.metadata.namespace.as_deref(), &service.metadata.name);
                self.services.insert(key, service);
            }
            Part::Slices => {
                let slice = Slice::read(object)?;
                self.slices.insert(key(slice.namespace.as_deref(), &slice.name), slice);
            }
        }
        Ok(())
    }

    /// An object that was deleted, or that matches no longer.
    ///
    /// # Errors
    /// When it is no such object.
    pub fn gone(&mut self, part: Part, object: &RawValue) -> Result<(), serde_json::Error> {
        match part {
            Part::Services => {
                let service = Service::read(object)?;
                self.services
                    .objects
                    .remove(&key(service.metadata.namespace.as_deref(), &service.metadata.name));
            }
            Part::Slices => {
                let slice = Slice::read(object)?;
                self.slices.objects.remove(&key(slice.namespace.as_deref(), &slice.name));
            }
        }
        Ok(())
    }

    /// A list is complete.
    pub fn listed(&mut self, part: Part) {
        match part {
            Part::Services => {
                self.services.listed();
                self.is_service_forbidden = false;
            }
            Part::Slices => self.slices.listed(),
        }
    }

    /// Services may not be read: the slices alone have to do. Answers whether that is new.
    pub fn forbid_services(&mut self) -> bool {
        self.services = Collection::new();
        !std::mem::replace(&mut self.is_service_forbidden, true)
    }

    /// What follows from all that; nothing before both lists are complete.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        let needs_slices = matches!(self.condition, service::Condition::HasEndpoints { .. });
        if needs_slices && !self.slices.is_listed {
            return None;
        }
        if self.is_service_forbidden {
            return Some(service::evaluate(
                None,
                self.slices.objects.values().map(|(slice, _)| slice),
                &self.condition,
            ));
        }
        if !self.services.is_listed {
            return None;
        }
        let looks: Vec<Look> =
            self.services.objects.values().map(|(service, _)| self.look(service)).collect();
        let Target { kind, which, check, .. } = &self.target;
        let is_absent = looks.is_empty();
        let verdict = match which {
            Which::Selector(_) => selection::combine(kind, check, &looks.iter().collect::<Vec<_>>()),
            Which::Name(_) => {
                looks.into_iter().next().map_or_else(|| missing(kind, check), |look| look.verdict)
            }
        };
        Some(if is_absent { self.missing.judge(verdict) } else { verdict })
    }

    /// The target that they are of.
    #[must_use]
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Of several Services the one that there is most to say about: its namespace and name.
    #[must_use]
    pub fn worst(&self) -> Option<(Option<Box<str>>, Box<str>)> {
        let looks: Vec<Look> =
            self.services.objects.values().map(|(service, _)| self.look(service)).collect();
        crate::tracker::worst(looks.iter())
    }

    fn look(&self, service: &Service) -> Look {
        let meta = &service.metadata;
        let slices = self.slices.objects.values().map(|(slice, _)| slice);
        let own = slices.filter(|slice| slice.service == meta.name && slice.namespace == meta.namespace);
        Look {
            uid: meta.uid.clone(),
            name: meta.name.clone(),
            namespace: meta.namespace.clone(),
            created: meta.creation_timestamp.as_ref().and_then(|time| time.parse().ok()),
            counts: true,
            is_final: false,
            restarts: 0,
            verdict: service::evaluate(Some(service), own, &self.condition),
        }
        .newer_than(self.newer_than)
    }
}

/// The condition of a target that needs more than the Service itself.
#[must_use]
pub fn condition(target: &Target) -> Option<service::Condition> {
    match &target.check {
        Check::Service(condition) => Some(condition.clone()),
        _ => None,
    }
}

fn key(namespace: Option<&str>, name: &str) -> String {
    format!("{}/{name}", namespace.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json, value::to_raw_value};

    use super::*;

    fn service(name: &str) -> Value {
        json!({
            "metadata": {"name": name, "namespace": "shop", "uid": name, "labels": {"app": "web"}},
            "spec": {"type": "ClusterIP", "selector": {"app": name}, "ports": [{"port": 80}]},
        })
    }

    fn slice(service: &str, ready: bool) -> Value {
        json!({
            "metadata": {"name": format!("{service}-x"), "namespace": "shop",
                "labels": {"kubernetes.io/service-name": service}},
            "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": ready}}],
            "ports": [{"port": 8080}],
        })
    }

    fn endpoints(target: &str) -> Endpoints {
        let target: Target = target.parse().unwrap();
        let condition = condition(&target).expect("a condition of Services");
        Endpoints::new(target, Missing::Wait, condition, None)
    }

    fn list(endpoints: &mut Endpoints, part: Part, objects: &[Value]) {
        endpoints.begin(part);
        for object in objects {
            endpoints.object(part, &to_raw_value(object).unwrap()).unwrap();
        }
        endpoints.listed(part);
    }

    fn is_met(endpoints: &Endpoints) -> Option<bool> {
        endpoints.verdict().map(|verdict| verdict.is_met())
    }

    #[test]
    fn both_lists_are_needed_for_a_verdict() {
        let mut endpoints = endpoints("service/api");
        list(&mut endpoints, Part::Slices, &[slice("api", true)]);
        assert_eq!(is_met(&endpoints), None);
        list(&mut endpoints, Part::Services, &[service("api")]);
        assert_eq!(is_met(&endpoints), Some(true));
    }

    #[test]
    fn slices_without_their_service_are_not_enough() {
        let mut endpoints = endpoints("service/api");
        list(&mut endpoints, Part::Slices, &[slice("api", true)]);
        list(&mut endpoints, Part::Services, &[]);
        assert_eq!(is_met(&endpoints), Some(false));
    }

    #[test]
    fn where_services_may_not_be_read_the_slices_have_to_do() {
        let mut endpoints = endpoints("service/api");
        assert!(endpoints.forbid_services() && !endpoints.forbid_services());
        assert_eq!(is_met(&endpoints), None);
        list(&mut endpoints, Part::Slices, &[slice("api", true)]);
        assert_eq!(is_met(&endpoints), Some(true));
    }

    #[test]
    fn every_service_of_a_selection_needs_endpoints_of_its_own() {
        let mut endpoints = endpoints("service/app=web");
        list(&mut endpoints, Part::Services, &[service("api"), service("db")]);
        list(&mut endpoints, Part::Slices, &[slice("api", true), slice("db", false)]);
        assert_eq!(is_met(&endpoints), Some(false));
        endpoints.object(Part::Slices, &to_raw_value(&slice("db", true)).unwrap()).unwrap();
        assert_eq!(is_met(&endpoints), Some(true));
        endpoints.gone(Part::Slices, &to_raw_value(&slice("api", true)).unwrap()).unwrap();
        assert_eq!(is_met(&endpoints), Some(false));
    }

    #[test]
    fn endpoints_of_old_say_the_same_as_slices() {
        let mut endpoints = endpoints("service/api");
        let legacy =
            |subsets: Value| json!({"metadata": {"name": "api", "namespace": "shop"}, "subsets": subsets});
        list(&mut endpoints, Part::Services, &[service("api")]);
        list(&mut endpoints, Part::Slices, &[legacy(Value::Null)]);
        assert_eq!(is_met(&endpoints), Some(false));
        let unready = json!([{"notReadyAddresses": [{"ip": "10.0.0.1"}], "ports": [{"port": 8080}]}]);
        list(&mut endpoints, Part::Slices, &[legacy(unready)]);
        let finding = endpoints.verdict().unwrap().finding().to_string();
        assert_eq!(finding, "0 ready endpoints — 1 endpoint, none ready");
        let elsewhere = json!([{"addresses": [{"ip": "10.0.0.1"}], "ports": [{"name": "admin", "port": 1}]}]);
        list(&mut endpoints, Part::Slices, &[legacy(elsewhere)]);
        assert_eq!(is_met(&endpoints), Some(false));
        let ready = json!([
            {"addresses": [{"ip": "10.0.0.1"}], "ports": [{"name": "admin", "port": 1}]},
            {"addresses": [{"ip": "10.0.0.2", "targetRef": {"uid": "u"}}], "ports": [{"port": 8080}]},
        ]);
        list(&mut endpoints, Part::Slices, &[legacy(ready)]);
        assert_eq!(is_met(&endpoints), Some(true));
        list(&mut endpoints, Part::Slices, &[]);
        assert_eq!(is_met(&endpoints), Some(false));
    }
}
