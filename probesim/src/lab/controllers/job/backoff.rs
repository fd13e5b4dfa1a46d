//! How long a failed pod holds back the next one: 10 s, doubled with each failure since the last success.

use std::time::Duration;

use serde_json::Value;

use crate::lab::controllers::{meta, pod};

/// `DefaultJobPodFailureBackOff`
const FIRST: Duration = Duration::from_secs(10);
/// `MaxJobPodFailureBackOff`
const LONGEST: Duration = Duration::from_secs(600);

/// The moment from which a new pod may be made; long ago when none has failed.
pub(super) fn next_pod_at(pods: &[&Value]) -> Duration {
    let ended = |phase: &'static str| {
        let pods = pods
            .iter()
            .filter(move |pod| pod::phase(pod) == phase || phase == "Failed" && pod::is_terminating(pod));
        pods.map(|pod| ended_at(pod))
    };
    let success = ended("Succeeded").max().unwrap_or_default();
    let failures: Vec<Duration> = ended("Failed").filter(|at| *at > success).collect();
    let Some(last) = failures.iter().max() else { return Duration::ZERO };
    let doublings = u32::try_from(failures.len() - 1).unwrap_or(u32::MAX).min(10);
    *last + (FIRST * 2_u32.pow(doublings)).min(LONGEST)
}

/// `getFinishedTime`: the last container's end, else when it was last ready, deleted, or made.
fn ended_at(pod: &Value) -> Duration {
    let statuses = pod["status"]["containerStatuses"].as_array();
    let ends = statuses.into_iter().flatten().map(|one| meta::time(one, "/state/terminated/finishedAt"));
    let last = ends.collect::<Option<Vec<_>>>().and_then(|ends| ends.into_iter().max());
    let unready = || meta::time(meta::condition(pod, "Ready")?, "/lastTransitionTime");
    last.or_else(unready)
        .or_else(|| meta::time(pod, "/metadata/deletionTimestamp"))
        .or_else(|| meta::time(pod, "/metadata/creationTimestamp"))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn ended(phase: &str, at: u64) -> Value {
        let at = meta::stamp(Duration::from_secs(at));
        json!({"status": {"phase": phase, "containerStatuses": [{"state": {"terminated": {"finishedAt": at}}}]}})
    }

    #[test]
    fn each_failure_since_the_last_success_doubles_the_wait() {
        let (ok, fail) = (|at| ended("Succeeded", at), |at| ended("Failed", at));
        for (pods, expected) in [
            (vec![], 0),
            (vec![ok(100)], 0),
            (vec![fail(100)], 110),
            (vec![fail(100), fail(111)], 131),
            (vec![fail(100), fail(111), fail(140)], 180),
            (vec![fail(100), ok(105), fail(111)], 121),
            ((0..12).map(|n| fail(100 + n)).collect(), 711),
        ] {
            let pods: Vec<&Value> = pods.iter().collect();
            assert_eq!(next_pod_at(&pods), Duration::from_secs(expected), "{} pods", pods.len());
        }
    }
}
