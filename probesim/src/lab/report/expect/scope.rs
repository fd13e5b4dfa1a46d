//! Of which pods or containers something is expected.

use super::super::story::{ContainerStory, PodStory, Story, split};

/// A scope: everything, `web-0`, `shop/web-0`, `deployment/web`, or one of these with `/CONTAINER`.
#[derive(Clone, Debug)]
pub(super) struct Scope(Vec<String>);

/// What a scope has matched: a pod, or one container of it.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) pod: &'a PodStory,
    pub(super) container: Option<&'a ContainerStory>,
}

// === impl Scope ===

impl Scope {
    pub(super) const fn all() -> Self {
        Self(Vec::new())
    }

    pub(super) fn of(text: &str) -> Option<Self> {
        let is_name = |part: &str| {
            let is_inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
            !part.is_empty() && part.chars().all(is_inner)
        };
        let parts: Vec<String> = text.split('/').map(str::to_owned).collect();
        let is_scope = parts.len() <= 3 && parts.iter().all(|part| is_name(part));
        is_scope.then_some(Self(parts))
    }

    /// All that it stands for.
    pub(super) fn subjects<'a>(&self, story: &'a Story) -> Vec<Subject<'a>> {
        story.pods().iter().flat_map(|pod| self.in_pod(pod)).collect()
    }

    fn in_pod<'a>(&self, pod: &'a PodStory) -> Vec<Subject<'a>> {
        if self.0.is_empty() || names_pod(&self.0, pod) {
            return vec![Subject { pod, container: None }];
        }
        let Some((name, owner)) = self.0.split_last() else { return Vec::new() };
        let containers = pod.containers.iter().filter(|one| &*one.name == name.as_str());
        let is_owner = names_pod(owner, pod);
        containers.filter(|_| is_owner).map(|one| Subject { pod, container: Some(one) }).collect()
    }
}

// === impl Subject ===

impl<'a> Subject<'a> {
    /// Its containers.
    pub(super) fn containers(self) -> &'a [ContainerStory] {
        self.container.map_or(&self.pod.containers, std::slice::from_ref)
    }

    /// What it is called in a verdict.
    pub(super) fn name(self, story: &Story) -> String {
        let pod = story.shown(&self.pod.name);
        self.container.map_or(pod.to_owned(), |one| format!("{pod}/{}", one.name))
    }
}

/// Whether the parts name the pod, or its workload.
fn names_pod(parts: &[String], pod: &PodStory) -> bool {
    let (name, namespace) = split(&pod.name);
    match parts {
        [one] => one == name,
        [first, second] => {
            let kind = whole_kind(first);
            (kind == "pod" || first == namespace) && second == name
                || pod.workload.as_deref().and_then(|it| it.split_once('/')) == Some((kind, second))
        }
        _ => false,
    }
}

/// As kubectl has it: `deploy` is a `deployment`.
fn whole_kind(kind: &str) -> &str {
    match kind {
        "po" | "pods" => "pod",
        "deploy" | "deployments" => "deployment",
        "sts" | "statefulsets" => "statefulset",
        "ds" | "daemonsets" => "daemonset",
        "rs" | "replicasets" => "replicaset",
        "jobs" => "job",
        "cj" | "cronjobs" => "cronjob",
        other => other,
    }
}
