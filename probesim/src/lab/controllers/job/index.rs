//! Indexed Jobs: which indexes have succeeded, and which the next pods get.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Value, json};

use crate::lab::controllers::meta;

/// How often pods of an index had failed when this one was made.
pub(super) const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";
const INDEX: &str = "batch.kubernetes.io/job-completion-index";

/// The indexes of a Job that have succeeded, and those that have failed for good.
#[derive(Debug)]
pub(super) struct Indexes {
    completions: i64,
    done: BTreeSet<i64>,
    failed: BTreeSet<i64>,
}

// === impl Indexes ===

impl Indexes {
    /// Of an Indexed Job, with pods that have succeeded and are not counted yet; `None` for others.
    pub(super) fn of(job: &Value, succeeded: &[&Value]) -> Option<Self> {
        if job["spec"]["completionMode"] != "Indexed" {
            return None;
        }
        let completions = meta::size(job, "/spec/completions");
        let mut done = parse(meta::text(job, "/status/completedIndexes"), completions);
        done.extend(succeeded.iter().filter_map(|pod| index(pod)));
        done.retain(|index| *index < completions);
        let failed = parse(meta::text(job, "/status/failedIndexes"), completions);
        Some(Self { completions, done, failed })
    }

    pub(super) fn succeeded(&self) -> usize {
        self.done.len()
    }

    /// How many of the indexes that are listed like `0-2,5` have succeeded, and how many these are.
    pub(super) fn done_of(&self, listed: &str) -> (usize, usize) {
        let listed = parse(listed, self.completions);
        (listed.intersection(&self.done).count(), listed.len())
    }

    /// An index has failed for good.
    pub(super) fn fail(&mut self, pod: &Value) {
        self.failed.extend(index(pod));
    }

    pub(super) fn failed(&self) -> usize {
        self.failed.len()
    }

    /// Whether each of them has ended, one way or the other.
    pub(super) fn are_all_over(&self) -> bool {
        self.done.union(&self.failed).count() >= usize::try_from(self.completions).unwrap_or(usize::MAX)
    }

    /// As `status.failedIndexes` has those that have failed.
    pub(super) fn failed_text(&self) -> String {
        text(&self.failed)
    }

    /// The lowest indexes that are neither done nor tried now.
    pub(super) fn free(&self, active: &[&Value], count: usize) -> Vec<i64> {
        let busy: BTreeSet<i64> = active.iter().filter_map(|pod| index(pod)).collect();
        let is_over = |index: &i64| self.done.contains(index) || self.failed.contains(index);
        let is_free = |index: &i64| !is_over(index) && !busy.contains(index);
        (0..self.completions).filter(is_free).take(count).collect()
    }
}

/// As `status.completedIndexes` has them: `0-2,5`.
impl fmt::Display for Indexes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text(&self.done))
    }
}

fn text(indexes: &BTreeSet<i64>) -> String {
    let mut runs: Vec<(i64, i64)> = Vec::new();
    for index in indexes {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == *index => *last = *index,
            _ => runs.push((*index, *index)),
        }
    }
    let shown = runs.into_iter().map(|(first, last)| match last - first {
        0 => first.to_string(),
        // Two neighbours are listed, three and more are a range.
        1 => format!("{first},{last}"),
        _ => format!("{first}-{last}"),
    });
    shown.collect::<Vec<_>>().join(",")
}

/// Gives a pod its index, as a label, an annotation, a host name and an environment variable.
pub(super) fn mark(job: &Value, pod: &mut Value, index: i64) {
    let (name, index) = (format!("{}-{index}", meta::name(job)), json!(index.to_string()));
    pod["metadata"]["generateName"] = json!(format!("{name}-"));
    meta::put(pod, &["metadata", "annotations", INDEX], index.clone());
    meta::put(pod, &["metadata", "labels", INDEX], index);
    meta::put(pod, &["spec", "hostname"], json!(name));
    let field = json!({"apiVersion": "v1", "fieldPath": format!("metadata.labels['{INDEX}']")});
    let variable = json!({"name": "JOB_COMPLETION_INDEX", "valueFrom": {"fieldRef": field}});
    for key in ["initContainers", "containers"] {
        let containers = pod["spec"].get_mut(key).and_then(Value::as_array_mut);
        for container in containers.into_iter().flatten() {
            match container.get_mut("env").and_then(Value::as_array_mut) {
                Some(env) => env.push(variable.clone()),
                None => meta::put(container, &["env"], json!([variable])),
            }
        }
    }
}

/// The index of a pod.
pub(super) fn index(pod: &Value) -> Option<i64> {
    meta::annotation(pod, INDEX)?.parse().ok()
}

fn parse(text: &str, completions: i64) -> BTreeSet<i64> {
    let mut indexes = BTreeSet::new();
    for run in text.split(',') {
        let (first, last) = run.split_once('-').unwrap_or((run, run));
        if let (Ok(first), Ok(last)) = (first.parse::<i64>(), last.parse::<i64>()) {
            indexes.extend(first..=last.min(completions - 1));
        }
    }
    indexes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indexes_are_written_in_ranges_and_read_again() {
        for text in ["", "3", "0,1", "0-2,5", "1-4,6,7,9-12"] {
            let indexes = Indexes { completions: 99, done: parse(text, 99), failed: BTreeSet::new() };
            assert_eq!(indexes.to_string(), text);
        }
    }

    #[test]
    fn the_next_pods_get_the_lowest_free_indexes() {
        let job = json!({"spec": {"completionMode": "Indexed", "completions": 6},
                         "status": {"completedIndexes": "0,2"}});
        let busy = json!({"metadata": {"annotations": {INDEX: "1"}}});
        let ended = json!({"metadata": {"annotations": {INDEX: "3"}}});
        let indexes = Indexes::of(&job, &[&ended]).unwrap();
        assert_eq!((indexes.succeeded(), indexes.free(&[&busy], 5)), (3, vec![4, 5]));
        assert!(Indexes::of(&json!({"spec": {}}), &[]).is_none());
    }
}
