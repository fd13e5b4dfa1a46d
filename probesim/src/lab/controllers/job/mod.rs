//! The Job controller: pods until enough have succeeded, or too many have failed.
//!
//! Rules: `pkg/controller/job/job_controller.go`, `backoff_utils.go`, `indexed_job_utils.go`.

mod backoff;
mod conditions;
mod index;
mod policy;
mod track;

use std::time::Duration;

use serde_json::{Value, json};

use self::index::Indexes;
use self::policy::Failure;
use super::meta;
use super::plan::{Plan, Target, Told, Write};
use super::pod;

/// Holds a pod until its end is counted.
pub(super) const TRACKING: &str = "batch.kubernetes.io/job-tracking";
/// Changes of pods are looked at together, so much later (`syncJobBatchPeriod`).
pub(super) const BATCH: Duration = Duration::from_secs(1);

/// One look at a Job.
struct Sync<'a> {
    job: &'a Value,
    pods: &'a [&'a Value],
    active: Vec<&'a Value>,
    /// Ended, and not counted yet.
    succeeded: Vec<&'a Value>,
    failed: Vec<&'a Value>,
    now: Duration,
    /// The status as it becomes.
    status: Value,
    plan: Plan,
}

/// Looks at a Job and its pods.
pub(super) fn sync(job: &Value, pods: &[&Value], now: Duration) -> Plan {
    let mut sync = Sync::new(job, pods, now);
    if conditions::is_finished(job) {
        sync.free(pods.iter().copied().filter(|pod| is_tracked(pod)));
        sync.expire();
    } else if meta::is_deleting(job) {
        sync.free(pods.iter().copied().filter(|pod| is_tracked(pod)));
    } else {
        sync.run();
    }
    sync.plan
}

/// Whether a pod waits to be counted.
pub(super) fn is_tracked(pod: &Value) -> bool {
    let finalizers = pod["metadata"]["finalizers"].as_array();
    finalizers.into_iter().flatten().any(|finalizer| finalizer == TRACKING)
}

/// The write that lets a counted pod go.
pub(super) fn untrack(pod: &Value) -> Write {
    let mut finalizers = pod["metadata"]["finalizers"].as_array().cloned().unwrap_or_default();
    finalizers.retain(|finalizer| finalizer != TRACKING);
    Write::Patch(Target::of(pod), json!({"metadata": {"finalizers": finalizers}}))
}

// === impl Sync ===

impl<'a> Sync<'a> {
    fn new(job: &'a Value, pods: &'a [&'a Value], now: Duration) -> Self {
        let (mut active, mut succeeded, mut failed) = (Vec::new(), Vec::new(), Vec::new());
        for pod in pods.iter().copied() {
            match pod::phase(pod) {
                "Succeeded" if is_tracked(pod) => succeeded.push(pod),
                // A pod that is deleted before its end has failed (`podReplacementPolicy: TerminatingOrFailed`).
                "Failed" if is_tracked(pod) => failed.push(pod),
                "Succeeded" | "Failed" => {}
                _ if meta::is_deleting(pod) && is_tracked(pod) && !policy::waits_for_the_end(job) => {
                    failed.push(pod);
                }
                _ if meta::is_deleting(pod) => {}
                _ => active.push(pod),
            }
        }
        let mut status = job["status"].clone();
        if !status.is_object() {
            status = json!({});
        }
        Self { job, pods, active, succeeded, failed, now, status, plan: Plan::default() }
    }

    fn run(&mut self) {
        if self.status["startTime"].is_null() && !self.is_suspended() {
            self.status["startTime"] = meta::stamp(self.now);
        }
        let mut target = self.failure().or_else(|| self.early_success());
        let active = if target.is_some() {
            self.delete_pods(&self.active.clone());
            self.active.clear();
            0
        } else {
            let active = self.manage();
            if self.is_complete(active) {
                target = Some(conditions::SUCCESS);
            } else {
                self.suspend_or_resume();
            }
            active
        };
        self.set_counts(active);
        self.track(target);
    }

    fn is_suspended(&self) -> bool {
        self.job["spec"]["suspend"] == true
    }

    fn parallelism(&self) -> usize {
        let parallelism = meta::number(self.job, "/spec/parallelism").unwrap_or(1);
        parallelism.clamp(0, i32::MAX.into()).try_into().unwrap_or(0)
    }

    /// How many have to succeed; `None` for a work queue, where one success ends it.
    fn completions(&self) -> Option<usize> {
        meta::number(self.job, "/spec/completions").map(|n| n.try_into().unwrap_or(0))
    }

    fn all_succeeded(&self) -> usize {
        if let Some(indexes) = Indexes::of(self.job, &self.succeeded) {
            return indexes.succeeded();
        }
        usize::try_from(meta::count(self.job, "/status/succeeded")).unwrap_or(0) + self.succeeded.len()
    }

    fn is_complete(&self, active: usize) -> bool {
        let succeeded = self.all_succeeded();
        let is_enough = match self.completions() {
            Some(completions) => succeeded >= completions,
            None => succeeded > 0,
        };
        is_enough && active == 0
    }

    /// `manageJob`: how many pods are active after it.
    fn manage(&mut self) -> usize {
        let active = self.active.len();
        let wanted = if self.is_suspended() { 0 } else { self.wanted() };
        if active > wanted {
            let mut ranked = self.active.clone();
            ranked.sort_by_cached_key(|pod| pod::deletion_rank(pod));
            ranked.truncate(active - wanted);
            self.active.retain(|pod| !ranked.iter().any(|gone| meta::uid(gone) == meta::uid(pod)));
            // They are not wanted any more, which is no failure: they are let go uncounted.
            self.free(ranked.iter().copied());
            self.delete_pods(&ranked);
            return wanted;
        }
        let missing = wanted.saturating_sub(active + self.awaited());
        if missing == 0 {
            return active;
        }
        if policy::is_by_index(self.job) {
            return active + self.create_by_index(missing);
        }
        let ready_at = backoff::next_pod_at(self.pods);
        if ready_at > self.now {
            self.plan.look_again(Some(ready_at));
            return active;
        }
        self.create_pods(missing);
        active + missing
    }

    /// Each index has a back-off of its own. Says how many pods were made.
    fn create_by_index(&mut self, count: usize) -> usize {
        let free = self.indexes().map(|indexes| indexes.free(&self.active, usize::MAX)).unwrap_or_default();
        let mut made = 0;
        for index in free {
            let its: Vec<&Value> =
                self.pods.iter().copied().filter(|pod| index::index(pod) == Some(index)).collect();
            let ready_at = backoff::next_pod_at(&its);
            if ready_at > self.now {
                self.plan.look_again(Some(ready_at));
            } else if made < count {
                let mut pod = self.pod();
                index::mark(self.job, &mut pod, index);
                let failures = json!(self.failures(index).to_string());
                meta::put(&mut pod, &["metadata", "annotations", index::FAILURES], failures);
                self.plan.push(Write::Create(pod, Told::created_pod()));
                made += 1;
            }
        }
        made
    }

    fn pod(&self) -> Value {
        let mut pod = pod::from_template(self.job, &self.job["spec"]["template"]);
        pod["metadata"]["finalizers"] = json!([TRACKING]);
        pod
    }

    fn wanted(&self) -> usize {
        let succeeded = self.all_succeeded();
        match self.completions() {
            Some(completions) => {
                let failed = self.indexes().map_or(0, |indexes| indexes.failed());
                completions.saturating_sub(succeeded + failed).min(self.parallelism())
            }
            None if succeeded > 0 => self.active.len(),
            None => self.parallelism(),
        }
    }

    fn create_pods(&mut self, count: usize) {
        let indexes = Indexes::of(self.job, &self.succeeded);
        let free = indexes.map(|indexes| indexes.free(&self.active, count));
        for at in 0..count {
            let mut pod = self.pod();
            if let Some(free) = &free {
                let Some(index) = free.get(at) else { return };
                index::mark(self.job, &mut pod, *index);
            }
            self.plan.push(Write::Create(pod, Told::created_pod()));
        }
    }

    fn delete_pods(&mut self, pods: &[&Value]) {
        for pod in pods {
            self.plan.push(Write::Delete(Target::of(pod), Told::deleted_pod()));
        }
    }

    /// `status.active`, `ready` and `terminating`.
    fn set_counts(&mut self, active: usize) {
        let ready = self.active.iter().filter(|pod| pod::is_ready(pod)).count();
        let terminating = self.pods.iter().filter(|pod| pod::is_terminating(pod)).count();
        let status = self.status.as_object_mut().expect("it was made an object");
        status.shift_remove("active");
        meta::set_count(status, "active", active.try_into().unwrap_or(i64::MAX));
        status.insert("terminating".to_owned(), json!(terminating));
        status.insert("ready".to_owned(), json!(ready));
        status.entry("uncountedTerminatedPods").or_insert_with(|| json!({}));
    }

    /// The pods that have failed, are not counted yet, and count.
    fn counted(&self) -> impl Iterator<Item = &'a Value> {
        self.failed.iter().copied().filter(|pod| policy::failure(self.job, pod) != Failure::Ignored)
    }

    /// The indexes, with those that fail for good in this look: by a rule, or by their own limit.
    fn indexes(&self) -> Option<Indexes> {
        let mut indexes = Indexes::of(self.job, &self.succeeded)?;
        if let Some(limit) = meta::number(self.job, "/spec/backoffLimitPerIndex") {
            for pod in self.failed.iter().copied() {
                let is_last = |failures: usize| i64::try_from(failures).is_ok_and(|it| it > limit);
                let fails = policy::failure(self.job, pod) == Failure::FailsIndex;
                if fails || index::index(pod).is_some_and(|index| is_last(self.failures(index))) {
                    indexes.fail(pod);
                }
            }
        }
        Some(indexes)
    }

    /// How many pods of an index have failed, those that are counted already with the others.
    fn failures(&self, index: i64) -> usize {
        let is_its = |pod: &&&Value| pod::phase(pod) == "Failed" && index::index(pod) == Some(index);
        let counts = |pod: &&&Value| policy::failure(self.job, pod) != Failure::Ignored;
        self.pods.iter().filter(is_its).filter(counts).count()
    }

    /// Pods that are going, and are only replaced when they have gone.
    fn awaited(&self) -> usize {
        let going = self.pods.iter().filter(|pod| pod::is_terminating(pod)).count();
        if policy::waits_for_the_end(self.job) { going } else { 0 }
    }
}
