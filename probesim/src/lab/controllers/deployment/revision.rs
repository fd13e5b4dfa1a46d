//! The ReplicaSet of the current template: found, made, numbered; and old ones forgotten.

use serde_json::{Value, json};

use super::{Sync, Told, Write, meta, pod};
use crate::lab::controllers::plan::Target;

pub(super) const REVISION: &str = "deployment.kubernetes.io/revision";
pub(super) const DESIRED: &str = "deployment.kubernetes.io/desired-replicas";
pub(super) const MAX: &str = "deployment.kubernetes.io/max-replicas";
const HISTORY: &str = "deployment.kubernetes.io/revision-history";
const HASH: &str = "pod-template-hash";

// === impl Sync ===

impl Sync<'_> {
    /// `FindNewReplicaSet`: the oldest one with the Deployment's template.
    pub(super) fn new_set(&self) -> Option<usize> {
        let template = &self.deployment["spec"]["template"];
        self.sets.iter().position(|set| without_hash(&set["spec"]["template"]) == *template)
    }

    /// `getNewReplicaSet`, without making one: keeps its annotations and the Deployment's revision right.
    pub(super) fn find_new_set(&mut self) -> Option<usize> {
        let at = self.new_set()?;
        let change = self.annotations_to_change(at);
        if !change.is_null() {
            self.patch_set(at, change);
        }
        let revision = meta::annotation(&self.sets[at], REVISION).unwrap_or_default().to_owned();
        let is_known = meta::annotation(&self.deployment, REVISION) == Some(revision.as_str());
        let is_silent = self.has_deadline() && meta::condition(&self.deployment, "Progressing").is_none();
        if is_silent {
            let message = format!("Found new replica set \"{}\"", meta::name(&self.sets[at]));
            self.set_condition("Progressing", "True", "FoundNewReplicaSet", &message);
        }
        if is_silent || !is_known {
            self.write_status(Some(&revision));
        }
        Some(at)
    }

    /// `getNewReplicaSet`: the ReplicaSet of the current template, made if there is none.
    pub(super) fn ensure_new_set(&mut self) -> usize {
        if let Some(at) = self.find_new_set() {
            return at;
        }
        let revision = (self.newest_revision(self.old_sets()) + 1).to_string();
        let name = self.make_new_set(&revision);
        // What was paused from the start goes on as resumed until its pods come.
        let reason =
            meta::condition(&self.deployment, "Progressing").map_or("", |known| meta::text(known, "/reason"));
        if self.has_deadline() && reason != "DeploymentResumed" {
            let message = format!("Created new replica set \"{name}\"");
            self.set_condition("Progressing", "True", "NewReplicaSetCreated", &message);
        }
        self.write_status(Some(&revision));
        self.sets.len() - 1
    }

    fn make_new_set(&mut self, revision: &str) -> String {
        let spec = &self.deployment["spec"];
        let hash = pod::template_hash(&spec["template"]);
        let (mut template, mut selector) = (spec["template"].clone(), spec["selector"].clone());
        meta::put(&mut template, &["metadata", "labels", HASH], json!(hash));
        meta::put(&mut selector, &["matchLabels", HASH], json!(hash));
        let name = format!("{}-{hash}", meta::name(&self.deployment));
        let annotations = merged(self.inherited_annotations(), self.replica_annotations());
        let annotations = merged(annotations, json!({REVISION: revision}));
        let mut set = json!({
            "apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": name, "namespace": meta::namespace(&self.deployment),
                         "labels": template["metadata"]["labels"], "annotations": annotations,
                         "ownerReferences": [meta::owner_reference(&self.deployment)]},
            "spec": {"replicas": 0, "selector": selector, "template": template},
        });
        if let Some(min_ready) = meta::number(&self.deployment, "/spec/minReadySeconds") {
            set["spec"]["minReadySeconds"] = json!(min_ready);
        }
        self.sets.push(set);
        let replicas = self.new_set_size(self.sets.len() - 1);
        let set = self.sets.last_mut().expect("it has just been pushed");
        set["spec"]["replicas"] = json!(replicas);
        self.plan.push(Write::Create(set.clone(), None));
        if replicas > 0 {
            self.tell(format!("Scaled up replica set {name} from 0 to {replicas}"));
        }
        name
    }

    /// `SetNewReplicaSetAnnotations`, as a merge patch; null when all is as it should be.
    fn annotations_to_change(&self, at: usize) -> Value {
        let set = &self.sets[at];
        let mut wanted = self.inherited_annotations();
        let revision = self.newest_revision(self.old_sets()) + 1;
        let own = revision_of(set);
        if own < revision {
            wanted = merged(wanted, json!({REVISION: revision.to_string()}));
            if own > 0 {
                let history = meta::annotation(set, HISTORY).map(|older| format!("{older},{own}"));
                wanted = merged(wanted, json!({HISTORY: history.unwrap_or_else(|| own.to_string())}));
            }
        }
        let mut change = Value::Null;
        if !meta::has_labels(&wanted, &set["metadata"]["annotations"]) {
            change["metadata"]["annotations"] = wanted;
        }
        let min_ready = |object: &Value| meta::count(object, "/spec/minReadySeconds");
        if min_ready(set) != min_ready(&self.deployment) {
            change["spec"]["minReadySeconds"] = json!(min_ready(&self.deployment));
        }
        change
    }

    /// The Deployment's annotations, without those that are its own affair.
    fn inherited_annotations(&self) -> Value {
        let is_own = |key: &str| {
            matches!(
                key,
                "kubectl.kubernetes.io/last-applied-configuration"
                    | REVISION
                    | HISTORY
                    | DESIRED
                    | MAX
                    | "deprecated.deployment.rollback.to"
            )
        };
        let annotations = self.deployment["metadata"]["annotations"].as_object().into_iter().flatten();
        let inherited = annotations.filter(|(key, _)| !is_own(key));
        Value::Object(inherited.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    /// What tells a later look that the Deployment was scaled.
    pub(super) fn replica_annotations(&self) -> Value {
        let wanted = self.wanted();
        json!({DESIRED: wanted.to_string(), MAX: (wanted + self.max_surge()).to_string()})
    }

    fn newest_revision(&self, sets: Vec<usize>) -> i64 {
        sets.into_iter().map(|at| revision_of(&self.sets[at])).max().unwrap_or(0)
    }

    /// `cleanupDeployment`: keeps `revisionHistoryLimit` old ReplicaSets.
    pub(super) fn clean_up(&mut self) {
        let limit = meta::number(&self.deployment, "/spec/revisionHistoryLimit").unwrap_or(10);
        let mut old = self.old_sets();
        old.retain(|at| !meta::is_deleting(&self.sets[*at]));
        old.sort_by_key(|at| revision_of(&self.sets[*at]));
        let spare = old.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
        for at in old.into_iter().take(spare) {
            let set = &self.sets[at];
            let is_idle = meta::count(set, "/status/replicas") == 0
                && meta::replicas(set) == 0
                && meta::count(set, "/metadata/generation") <= meta::count(set, "/status/observedGeneration");
            if is_idle {
                self.plan.push(Write::Delete(Target::of(set), None::<Told>));
            }
        }
    }
}

pub(super) fn revision_of(set: &Value) -> i64 {
    meta::annotation(set, REVISION).and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn without_hash(template: &Value) -> Value {
    let mut template = template.clone();
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.shift_remove(HASH);
    }
    template
}

fn merged(mut into: Value, from: Value) -> Value {
    if let (Some(into), Value::Object(from)) = (into.as_object_mut(), from) {
        into.extend(from);
    }
    into
}
