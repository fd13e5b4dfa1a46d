//! Sidecars: init containers that go on running.

use serde_json::Value;

use super::workload::Workload;
use super::{Finding, Severity};
use crate::kubelet::Kind;

/// The next container waits for a startup probe and for no other
/// (`computeInitContainerActions`, `pkg/kubelet/kuberuntime/kuberuntime_container.go`).
pub(super) fn check(workload: &Workload<'_>, found: &mut Vec<Finding>) {
    for site in &workload.sites {
        let is_probed = |kind| site.container.probe(kind).is_some();
        let is_sidecar = site.container.is_restartable_init() && site.path.contains("initContainers");
        // What is to be waited for may be in a hook: the next container waits for that too.
        let hook = workload.object.get(&format!("{}.lifecycle.postStart", site.path));
        let is_held = is_probed(Kind::Startup) || hook.is_some_and(Value::is_object);
        if !is_sidecar || is_held {
            continue;
        }
        let Some(kind) = [Kind::Readiness, Kind::Liveness].into_iter().find(|kind| is_probed(*kind)) else {
            continue;
        };
        let reason = format!(
            "the next container starts as soon as this one runs: {} holds nothing back",
            kind.field()
        );
        let instead = "if what follows needs it, write a startupProbe with the same handler".to_owned();
        workload.remark(
            found,
            ("sidecar-without-startup-probe", Severity::Warning),
            &site.path,
            reason,
            instead,
        );
    }
}
