//! What Deployments, StatefulSets and ReplicaSets share: counting pods.

use crate::verdict::{Finding, Verdict};

/// How many pods there are, of which sort.
#[derive(Clone, Copy)]
pub(super) struct Replicas {
    pub(super) wanted: i64,
    pub(super) total: i64,
    pub(super) ready: i64,
    pub(super) available: i64,
    pub(super) min_ready_seconds: i64,
}

// === impl Replicas ===

impl Replicas {
    /// `ready`: every wanted pod is, and there is one.
    pub(super) fn ready(self) -> Verdict {
        let state = format!("{}/{} ready", self.ready, self.wanted);
        let is_met = self.wanted > 0 && self.ready >= self.wanted;
        Verdict::met_if(is_met, Finding { state, cause: Some(self.lack()) })
    }

    /// `available[=N]` where no condition of the object is consulted; N is all where not given.
    pub(super) fn available(self, at_least: Option<u32>) -> Verdict {
        let needed = at_least.map_or(self.wanted, i64::from);
        let state = format!("{}/{needed} available", self.available);
        let is_met = self.available >= needed && (at_least.is_some() || self.wanted > 0);
        Verdict::met_if(is_met, Finding { state, cause: Some(self.lack()) })
    }

    /// Why there are not enough, as far as the counters tell.
    pub(super) fn lack(self) -> String {
        let Self { wanted, total, ready, available, min_ready_seconds } = self;
        if wanted == 0 {
            "scaled to 0".to_owned()
        } else if total == 0 {
            format!("no pod created yet, {wanted} wanted")
        } else if ready > available && min_ready_seconds > 0 {
            format!("{ready} ready, not yet for minReadySeconds {min_ready_seconds}")
        } else if total < wanted {
            format!("{total} of {wanted} pods created, {ready} ready")
        } else {
            format!("{ready} of {} ready", pods(total))
        }
    }
}

/// `1 pod`, `2 pods`
pub(super) fn pods(count: i64) -> String {
    counted(count, "pod")
}

/// `1 THING`, `2 THINGs`
pub(crate) fn counted(count: i64, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}
