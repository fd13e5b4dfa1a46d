//! What may be read: a refusal is remembered for a while and told once. readiness.md 3.4.

use std::time::Duration;

/// A Role may be extended while the gate waits.
const MEMORY: Duration = Duration::from_secs(300);

/// What a diagnosis reads beside the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// L1: reasons of containers.
    Pods,
    /// L2: exactly the newest revision of a Deployment.
    ReplicaSets,
    /// L3: quota, mounts, sandboxes, probes.
    Events,
    /// L4: whether a namespace is there.
    Namespaces,
    /// L4: when a volume is bound.
    StorageClasses,
}

/// What was refused.
#[derive(Debug, Default)]
pub struct Rights {
    refused: Vec<(Right, Duration)>,
}

impl Right {
    /// The resource of RBAC rules.
    #[must_use]
    pub const fn resource(self) -> &'static str {
        match self {
            Self::Pods => "pods",
            Self::ReplicaSets => "replicasets",
            Self::Events => "events",
            Self::Namespaces => "namespaces",
            Self::StorageClasses => "storageclasses",
        }
    }

    /// Whether a namespaced Role can grant it: what needs a ClusterRole is not asked for.
    const fn is_worth_granting(self) -> bool {
        matches!(self, Self::Pods | Self::ReplicaSets | Self::Events)
    }
}

impl Rights {
    /// Whether it is worth a request.
    #[must_use]
    pub fn may(&self, right: Right, now: Duration) -> bool {
        self.refused.iter().all(|(refused, at)| *refused != right || now >= *at + MEMORY)
    }

    /// The API server said no. Answers whether to say what would help: once.
    pub fn refuse(&mut self, right: Right, now: Duration) -> bool {
        match self.refused.iter_mut().find(|(refused, _)| *refused == right) {
            Some((_, at)) => {
                *at = now;
                false
            }
            None => {
                self.refused.push((right, now));
                right.is_worth_granting()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_remembered_for_five_minutes_and_told_once() {
        let mut rights = Rights::default();
        let at = Duration::from_secs;
        assert!(rights.may(Right::Pods, at(0)));
        assert!(rights.refuse(Right::Pods, at(0)));
        assert!(!rights.may(Right::Pods, at(299)) && rights.may(Right::Events, at(299)));
        assert!(rights.may(Right::Pods, at(300)));
        assert!(!rights.refuse(Right::Pods, at(300)));
        assert!(!rights.may(Right::Pods, at(599)));
    }

    #[test]
    fn cluster_wide_rights_are_not_asked_for() {
        assert!(!Rights::default().refuse(Right::Namespaces, Duration::ZERO));
    }
}
