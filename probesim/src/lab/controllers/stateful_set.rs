//! The StatefulSet controller: numbered pods, one after another, and back in reverse.
//!
//! Rules: `pkg/controller/statefulset/stateful_set_control.go` and `stateful_set_utils.go`.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::meta;
use super::plan::{Plan, Target, Told, Write};
use super::pod;
use super::revisions::Revisions;

const REVISION: &str = "controller-revision-hash";

/// One look at a StatefulSet.
struct Sync<'a> {
    set: &'a Value,
    pods: Vec<(i64, &'a Value)>,
    claims: &'a [&'a Value],
    revisions: Revisions<'a>,
    min_ready: Duration,
    now: Duration,
    plan: Plan,
}

/// Looks at a StatefulSet, its pods, its ControllerRevisions, and the claims of its namespace.
pub(super) fn sync(
    set: &Value,
    pods: &[&Value],
    revisions: &[&Value],
    claims: &[&Value],
    now: Duration,
) -> Plan {
    let mut plan = Plan::default();
    let revisions = Revisions::ensure(&mut plan, set, revisions);
    let mut numbered: Vec<_> = pods.iter().filter_map(|pod| Some((ordinal(set, pod)?, *pod))).collect();
    numbered.sort_by_key(|(ordinal, _)| *ordinal);
    let min_ready = meta::seconds(set, "/spec/minReadySeconds").unwrap_or_default();
    let mut sync = Sync { set, pods: numbered, claims, revisions, min_ready, now, plan };
    if !meta::is_deleting(set) {
        sync.run();
    }
    // The status tells of the pods as they were before this look.
    let status = sync.status();
    let used = [meta::text(&status, "/currentRevision"), meta::text(&status, "/updateRevision")];
    let is_used = |name: &str| {
        used.contains(&name) || sync.pods.iter().any(|(_, pod)| meta::label(pod, REVISION) == name)
    };
    sync.revisions.clean_up(&mut sync.plan, set, is_used);
    sync.plan.set_status(set, status);
    sync.plan.look_again(pod::next_available(sync.pods.iter().map(|(_, pod)| *pod), min_ready, now));
    sync.plan
}

/// So many pods are made at one look; the change that they are causes the next.
const BURST: usize = 100;

// === impl Sync ===

impl<'a> Sync<'a> {
    fn run(&mut self) {
        if self.keep_replicas().is_some() && self.drop_condemned().is_some() {
            self.update();
        }
    }

    /// Each ordinal has its pod; `None` when the next step has to wait.
    fn keep_replicas(&mut self) -> Option<()> {
        let mut made = 0;
        for ordinal in self.ordinals() {
            match self.pod(ordinal) {
                None => {
                    if made == BURST {
                        return None;
                    }
                    made += 1;
                    self.create(ordinal);
                    self.wait_if_ordered()?;
                }
                Some(pod) if pod::is_terminal(pod) => {
                    if !meta::is_deleting(pod) {
                        self.delete(pod);
                    }
                    self.wait_if_ordered()?;
                }
                Some(pod) if !self.is_healthy(pod) => self.wait_if_ordered()?,
                Some(_) => {}
            }
        }
        Some(())
    }

    /// Pods beyond the replicas go, the highest first.
    fn drop_condemned(&mut self) -> Option<()> {
        let ordinals = self.ordinals();
        let condemned: Vec<_> = self.pods.iter().filter(|(at, _)| !ordinals.contains(at)).copied().collect();
        let unhealthy = self.pods.iter().find(|(_, pod)| !self.is_healthy(pod)).map(|(at, _)| *at);
        for (at, pod) in condemned.into_iter().rev() {
            if meta::is_deleting(pod) || !self.is_healthy(pod) && unhealthy != Some(at) {
                self.wait_if_ordered()?;
                if meta::is_deleting(pod) {
                    continue;
                }
            }
            self.delete(pod);
            self.wait_if_ordered()?;
        }
        Some(())
    }

    /// Replaces pods of older revisions, the highest ordinal first, each when those above are healthy.
    fn update(&mut self) {
        if self.set["spec"]["updateStrategy"]["type"] == "OnDelete" {
            return;
        }
        let ordinals = self.ordinals();
        let partition = meta::size(self.set, "/spec/updateStrategy/rollingUpdate/partition");
        for at in (ordinals.start + partition..ordinals.end).rev() {
            let Some(pod) = self.pod(at) else { return };
            if meta::label(pod, REVISION) != self.revisions.name && !meta::is_deleting(pod) {
                self.delete(pod);
                return;
            }
            if !self.is_healthy(pod) {
                return;
            }
        }
    }

    fn ordinals(&self) -> std::ops::Range<i64> {
        let start = meta::size(self.set, "/spec/ordinals/start");
        start..start + meta::replicas(self.set)
    }

    fn pod(&self, ordinal: i64) -> Option<&'a Value> {
        self.pods.iter().find(|(at, _)| *at == ordinal).map(|(_, pod)| *pod)
    }

    /// Running, ready for `minReadySeconds`, and not on its way out.
    fn is_healthy(&self, pod: &Value) -> bool {
        pod::phase(pod) == "Running"
            && pod::is_available(pod, self.min_ready, self.now)
            && !meta::is_deleting(pod)
    }

    fn wait_if_ordered(&self) -> Option<()> {
        (self.set["spec"]["podManagementPolicy"] == "Parallel").then_some(())
    }

    /// `newVersionedStatefulSetPod`: below the partition, pods come back as they were.
    fn create(&mut self, ordinal: i64) {
        let spec = &self.set["spec"];
        let partition = meta::size(spec, "/updateStrategy/rollingUpdate/partition");
        let current = meta::text(self.set, "/status/currentRevision");
        let is_below =
            spec["updateStrategy"]["type"] != "OnDelete" && ordinal < self.ordinals().start + partition;
        let older = self.revisions.template(current).filter(|_| is_below);
        let (template, revision) = match older {
            Some(template) => (template, current.to_owned()),
            None => (&spec["template"], self.revisions.name.clone()),
        };
        let name = format!("{}-{ordinal}", meta::name(self.set));
        let mut pod = pod::from_template(self.set, template);
        pod["metadata"]["name"] = json!(name);
        for (label, value) in [
            ("apps.kubernetes.io/pod-index", ordinal.to_string()),
            (REVISION, revision),
            ("statefulset.kubernetes.io/pod-name", name.clone()),
        ] {
            meta::put(&mut pod, &["metadata", "labels", label], json!(value));
        }
        meta::put(&mut pod, &["spec", "hostname"], json!(name));
        if spec["serviceName"].is_string() {
            meta::put(&mut pod, &["spec", "subdomain"], spec["serviceName"].clone());
        }
        for claim in spec["volumeClaimTemplates"].as_array().into_iter().flatten() {
            self.claim(&mut pod, claim, &name);
        }
        let told = format!("Create Pod {{}} in StatefulSet {} successful", meta::name(self.set));
        self.plan.push(Write::Create(pod, Some(Told::normal("SuccessfulCreate", told))));
    }

    /// The claim of a pod, bound from the start, and the volume that uses it.
    fn claim(&mut self, pod: &mut Value, template: &Value, pod_name: &str) {
        let volume = meta::name(template);
        let name = format!("{volume}-{pod_name}");
        let of_pod = json!({"name": volume, "persistentVolumeClaim": {"claimName": name}});
        match pod["spec"]["volumes"].as_array_mut() {
            Some(volumes) => {
                volumes.retain(|other| other["name"] != volume);
                volumes.push(of_pod);
            }
            None => pod["spec"]["volumes"] = json!([of_pod]),
        }
        if self.claims.iter().any(|claim| meta::name(claim) == name) {
            return;
        }
        let mut claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {}});
        claim["metadata"]["name"] = json!(name);
        claim["metadata"]["namespace"] = json!(meta::namespace(self.set));
        claim["metadata"]["labels"] = self.set["spec"]["selector"]["matchLabels"].clone();
        claim["spec"] = template["spec"].clone();
        claim["status"] = super::claim::bound(&claim);
        let told =
            format!("Create Claim {{}} Pod {pod_name} in StatefulSet {} success", meta::name(self.set));
        self.plan.push(Write::Create(claim, Some(Told::normal("SuccessfulCreate", told))));
    }

    fn delete(&mut self, pod: &Value) {
        let told = format!("Delete Pod {{}} in StatefulSet {} successful", meta::name(self.set));
        self.plan.push(Write::Delete(Target::of(pod), Some(Told::normal("SuccessfulDelete", told))));
    }

    /// `updateStatus` and `completeRollingUpdate`
    fn status(&self) -> Value {
        let update = self.revisions.name.as_str();
        let mut current = meta::text(self.set, "/status/currentRevision");
        if current.is_empty() {
            current = update;
        }
        let count = |test: &dyn Fn(&Value) -> bool| -> i64 {
            let pods = self.pods.iter().filter(|(_, pod)| !pod::phase(pod).is_empty() && test(pod));
            pods.count().try_into().unwrap_or(i64::MAX)
        };
        let is_running_ready = |pod: &Value| pod::phase(pod) == "Running" && pod::is_ready(pod);
        let of = |name: &str| {
            let name = name.to_owned();
            move |pod: &Value| !meta::is_deleting(pod) && meta::label(pod, REVISION) == name
        };
        let (replicas, ready, updated) = (count(&|_| true), count(&is_running_ready), count(&of(update)));
        let available =
            count(&|pod| is_running_ready(pod) && pod::is_available(pod, self.min_ready, self.now));
        let is_rolled_out = self.set["spec"]["updateStrategy"]["type"] != "OnDelete"
            && meta::count(self.set, "/spec/updateStrategy/rollingUpdate/partition") == 0
            && updated == replicas
            && ready == replicas
            && replicas == meta::replicas(self.set);
        if is_rolled_out {
            current = update;
        }
        let mut status = Map::new();
        status.insert("observedGeneration".to_owned(), self.set["metadata"]["generation"].clone());
        status.insert("replicas".to_owned(), json!(replicas));
        meta::set_count(&mut status, "readyReplicas", ready);
        meta::set_count(&mut status, "currentReplicas", count(&of(current)));
        meta::set_count(&mut status, "updatedReplicas", updated);
        status.insert("currentRevision".to_owned(), json!(current));
        status.insert("updateRevision".to_owned(), json!(update));
        status.insert("collisionCount".to_owned(), json!(0));
        status.insert("availableReplicas".to_owned(), json!(available));
        Value::Object(status)
    }
}

/// The number in a pod's name; `None` for names that are not of this set.
fn ordinal(set: &Value, pod: &Value) -> Option<i64> {
    meta::name(pod).strip_prefix(meta::name(set))?.strip_prefix('-')?.parse().ok()
}
