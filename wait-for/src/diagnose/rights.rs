//! What may be read: a refusal is remembered for a while, for all targets of the run, and told once. readiness.md 3.4.

use std::time::Duration;

/// A Role may be extended while the gate waits.
const MEMORY: Duration = Duration::from_secs(300);

/// What a diagnosis reads beside the target. All but the last are listed, in the namespace of the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// L1: reasons of containers.
    Pods,
    /// L2: exactly the newest revision of a Deployment.
    ReplicaSets,
    /// L3: quota, mounts, sandboxes, probes.
    Events,
    /// L4: whether the namespace of what is absent is there. It takes a `ClusterRole`, and is never asked for.
    Namespaces,
}

/// What was refused, and where.
#[derive(Debug, Default)]
pub struct Rights {
    refused: Vec<Refused>,
}

#[derive(Debug)]
struct Refused {
    right: Right,
    /// Empty for what no namespaced Role grants.
    namespace: Box<str>,
    at: Duration,
}

impl Right {
    /// The resource of RBAC rules.
    #[must_use]
    pub const fn resource(self) -> &'static str {
        match self {
            Self::Pods => "pods",
            Self::ReplicaSets => "replicasets.apps",
            Self::Events => "events",
            Self::Namespaces => "namespaces",
        }
    }

    /// Whether a Role of a namespace can grant it.
    const fn is_namespaced(self) -> bool {
        !matches!(self, Self::Namespaces)
    }
}

impl Rights {
    /// Whether it is worth a request.
    #[must_use]
    pub fn may(&self, right: Right, namespace: &str, now: Duration) -> bool {
        self.refused.iter().all(|refused| !refused.is_of(right, namespace) || now >= refused.at + MEMORY)
    }

    /// The API server said no. Answers whether to say what would help: once, and only what a Role can grant.
    pub fn refuse(&mut self, right: Right, namespace: &str, now: Duration) -> bool {
        if let Some(refused) = self.refused.iter_mut().find(|refused| refused.is_of(right, namespace)) {
            refused.at = now;
            return false;
        }
        let namespace = if right.is_namespaced() { namespace.into() } else { Box::default() };
        self.refused.push(Refused { right, namespace, at: now });
        right.is_namespaced()
    }
}

impl Refused {
    fn is_of(&self, right: Right, namespace: &str) -> bool {
        self.right == right && (!right.is_namespaced() || *self.namespace == *namespace)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_remembered_for_five_minutes_and_told_once() {
        let mut rights = Rights::default();
        let at = Duration::from_secs;
        assert!(rights.may(Right::Pods, "a", at(0)));
        assert!(rights.refuse(Right::Pods, "a", at(0)));
        assert!(!rights.may(Right::Pods, "a", at(299)) && rights.may(Right::Events, "a", at(299)));
        assert!(rights.may(Right::Pods, "a", at(300)));
        assert!(!rights.refuse(Right::Pods, "a", at(300)));
        assert!(!rights.may(Right::Pods, "a", at(599)));
    }

    #[test]
    fn a_role_grants_in_one_namespace_and_says_nothing_of_another() {
        let mut rights = Rights::default();
        rights.refuse(Right::Pods, "a", Duration::ZERO);
        assert!(rights.may(Right::Pods, "b", Duration::ZERO));
        assert!(rights.refuse(Right::Pods, "b", Duration::ZERO), "that is news");
    }

    #[test]
    fn cluster_wide_rights_are_refused_once_for_all_and_not_asked_for() {
        let mut rights = Rights::default();
        assert!(!rights.refuse(Right::Namespaces, "a", Duration::ZERO));
        assert!(!rights.may(Right::Namespaces, "b", Duration::ZERO));
    }
}
