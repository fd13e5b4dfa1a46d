//! What the probes of one container come to together.

use std::time::Duration;

use super::workload::Workload;
use super::{Finding, Severity};
use crate::kubelet::{Handler, Kind, Probe};
use crate::predict::detection;
use crate::predict::words::time;

/// The last word of paths that say by convention whether a server takes traffic, or what it depends on
/// (<https://kubernetes.io/docs/reference/using-api/health-checks/>).
const NOT_FOR_LIVENESS: [&str; 5] = ["ready", "readyz", "readiness", "dependency", "dependencies"];

pub(super) fn check(workload: &Workload<'_>, found: &mut Vec<Finding>) {
    for site in &workload.sites {
        let Some(liveness) = site.container.probe(Kind::Liveness) else { continue };
        let path = format!("{}.livenessProbe", site.path);
        let readiness = site.container.probe(Kind::Readiness);
        if let Some((reason, instead)) =
            readiness.and_then(|readiness| restarts_before_unready(liveness, readiness))
        {
            workload.remark(found, ("liveness-as-readiness", Severity::Warning), &path, reason, instead);
        } else if let Some((reason, instead)) = probes_others(liveness) {
            let field = format!("{path}.httpGet.path");
            workload.remark(found, ("liveness-on-dependency", Severity::Warning), &field, reason, instead);
        }
        if let Some(Handler::TcpSocket(_)) = liveness.handler() {
            let (reason, instead) = connects_only();
            let field = format!("{path}.tcpSocket");
            workload.remark(found, ("tcp-liveness", Severity::Warning), &field, reason, instead);
        }
    }
}

/// Both look at the same thing, and the restart is not the later of the two
/// (<https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/>: liveness with a higher
/// failureThreshold).
fn restarts_before_unready(liveness: &Probe, readiness: &Probe) -> Option<(String, String)> {
    if liveness.handler() != readiness.handler() {
        return None;
    }
    let (restart, unready) = (detection(liveness, Duration::ZERO).1, detection(readiness, Duration::ZERO).1);
    if restart > unready {
        return None;
    }
    let worst = |time_: Duration| time(time_.as_secs_f64());
    let reason = format!(
        "it asks the same as readinessProbe and restarts the container after {} of failures, when readiness takes it \
         out after {}: a server that is only busy is restarted instead of relieved",
        worst(restart),
        worst(unready)
    );
    let threshold = 2 * unready.as_secs() / u64::from(liveness.period_seconds.unsigned_abs().max(1));
    Some((reason, format!("write failureThreshold: {} for liveness, or a path of its own", threshold.max(2))))
}

/// kubernetes#115917: a dependency that is down must not restart whoever needs it.
fn probes_others(liveness: &Probe) -> Option<(String, String)> {
    let Some(Handler::HttpGet(get)) = liveness.handler() else { return None };
    let path = get.path.split(['?', '#']).next().unwrap_or_default();
    let word = path.split('/').find(|word| NOT_FOR_LIVENESS.contains(&word.to_lowercase().as_str()))?;
    let (_, restart) = detection(liveness, Duration::ZERO);
    let reason = format!(
        "by its name /{word} says whether traffic is welcome, or how others are: when they fail for {}, every replica \
         is restarted at the same time, and that cures nothing",
        time(restart.as_secs_f64())
    );
    Some((reason, "write a path that answers for the process alone, such as /livez".into()))
}

/// `pkg/probe/tcp/tcp.go` connects and closes; the kernel accepts from the backlog, listen(2).
fn connects_only() -> (String, String) {
    let reason =
        "the kernel accepts connections for a process that hangs, so that a deadlock is never seen; only a \
                  closed port fails this probe"
            .to_owned();
    (reason, "write httpGet or grpc, or an exec that asks the process for something".into())
}
