//! ControllerRevisions: the templates that a StatefulSet or a DaemonSet has had, by a hash and a number.
//!
//! Rules: `pkg/controller/history/controller_history.go`.

use serde_json::{Value, json};

use super::meta;
use super::plan::{Plan, Target, Write};
use super::pod;

/// The revisions of one object.
pub(super) struct Revisions<'a> {
    known: &'a [&'a Value],
    /// The hash of the current template.
    pub(super) hash: String,
    /// The name of its revision.
    pub(super) name: String,
}

// === impl Revisions ===

impl<'a> Revisions<'a> {
    /// Finds the revision of the current template, or plans it; an older one that is current again is renumbered.
    pub(super) fn ensure(plan: &mut Plan, owner: &Value, known: &'a [&'a Value]) -> Self {
        let data = data(&owner["spec"]["template"]);
        let newest = known.iter().map(|revision| meta::count(revision, "/revision")).max().unwrap_or(0);
        if let Some(same) = known.iter().find(|revision| revision["data"] == data) {
            if meta::count(same, "/revision") < newest {
                plan.push(Write::Patch(Target::of(same), json!({"revision": newest + 1})));
            }
            let name = meta::name(same).to_owned();
            return Self { known, hash: hash_of(owner, &name), name };
        }
        let hash = pod::template_hash(&owner["spec"]["template"]);
        let name = format!("{}-{hash}", meta::name(owner));
        let labels = owner["spec"]["template"]["metadata"]["labels"].clone();
        let mut revision = json!({
            "apiVersion": "apps/v1", "kind": "ControllerRevision",
            "metadata": {"name": name, "namespace": meta::namespace(owner), "labels": labels,
                         "ownerReferences": [meta::owner_reference(owner)]},
            "data": data, "revision": newest + 1,
        });
        // The history of StatefulSets has a label of its own.
        let label = match meta::text(owner, "/kind") {
            "StatefulSet" => "controller.kubernetes.io/hash",
            _ => "controller-revision-hash",
        };
        meta::put(&mut revision, &["metadata", "labels", label], json!(hash));
        plan.push(Write::Create(revision, None));
        Self { known, hash, name }
    }

    /// The template of an older revision, if it is still known.
    pub(super) fn template(&self, name: &str) -> Option<&'a Value> {
        let revision = self.known.iter().find(|revision| meta::name(revision) == name)?;
        revision.pointer("/data/spec/template")
    }

    /// Forgets the oldest revisions beyond `revisionHistoryLimit` that nothing uses.
    pub(super) fn clean_up(&self, plan: &mut Plan, owner: &Value, is_used: impl Fn(&str) -> bool) {
        let limit = meta::number(owner, "/spec/revisionHistoryLimit").unwrap_or(10);
        let is_spare =
            |revision: &&&Value| !is_used(meta::name(revision)) && meta::name(revision) != self.name;
        let mut spare: Vec<_> = self.known.iter().filter(is_spare).collect();
        spare.sort_by_key(|revision| meta::count(revision, "/revision"));
        let too_many = spare.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
        for revision in spare.into_iter().take(too_many) {
            plan.push(Write::Delete(Target::of(revision), None));
        }
    }
}

fn data(template: &Value) -> Value {
    let mut template = template.clone();
    meta::put(&mut template, &["$patch"], json!("replace"));
    json!({"spec": {"template": template}})
}

fn hash_of(owner: &Value, name: &str) -> String {
    let prefix = format!("{}-", meta::name(owner));
    name.strip_prefix(&prefix).unwrap_or(name).to_owned()
}
