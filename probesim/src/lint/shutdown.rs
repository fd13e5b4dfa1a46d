//! Grace periods.

use super::workload::Workload;
use super::{Finding, Severity};
use crate::kubelet::{Kind, LifecycleHandler};

/// `minimumGracePeriodInSeconds`, `pkg/kubelet/kuberuntime/kuberuntime_container.go`.
const LEAST_GRACE: i64 = 2;

pub(super) fn check(workload: &Workload<'_>, found: &mut Vec<Finding>) {
    let grace = workload.spec.termination_grace_period_seconds;
    for site in &workload.sites {
        let hook = site.container.lifecycle.as_ref().and_then(|lifecycle| lifecycle.pre_stop.as_ref());
        if let Some(LifecycleHandler::Sleep { seconds }) = hook
            && let Some((reason, instead)) = sleeps_too_long(*seconds, grace)
        {
            let field = format!("{}.lifecycle.preStop.sleep.seconds", site.path);
            workload.remark(found, ("pre-stop-uses-up-grace", Severity::Warning), &field, reason, instead);
        }
        for kind in [Kind::Startup, Kind::Liveness] {
            let own = site.container.probe(kind).and_then(|probe| probe.termination_grace_period_seconds);
            if let Some((reason, instead)) = own.and_then(|own| more_than_the_pods(own, grace)) {
                let field = format!("{}.{}.terminationGracePeriodSeconds", site.path, kind.field());
                workload.remark(
                    found,
                    ("probe-grace-longer-than-pod", Severity::Warning),
                    &field,
                    reason,
                    instead,
                );
            }
        }
    }
}

/// preStop is charged against the grace period; at least 2 s are left after it
/// (`killContainer`, `pkg/kubelet/kuberuntime/kuberuntime_container.go`).
fn sleeps_too_long(sleep: i64, grace: i64) -> Option<(String, String)> {
    let left = grace - sleep;
    (left < LEAST_GRACE).then(|| {
        let reason = format!(
            "the sleep of {sleep} s is part of the grace period of {grace} s: SIGKILL follows {LEAST_GRACE} s after \
             SIGTERM"
        );
        (reason, format!("write terminationGracePeriodSeconds: {} or more", sleep + 10))
    })
}

/// A probe's own grace period counts when that probe has the container killed
/// (<https://kubernetes.io/docs/concepts/workloads/pods/probes/>, "Probe-level terminationGracePeriodSeconds").
fn more_than_the_pods(own: i64, grace: i64) -> Option<(String, String)> {
    (own > grace).then(|| {
        let reason = format!(
            "a container that is given up gets {own} s to end, more than the {grace} s of one that is deleted in good \
             health; it answers nobody for that long"
        );
        (reason, format!("write {grace} or less"))
    })
}
