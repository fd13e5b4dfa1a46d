//! The parts that a container can play in its pod.

use super::restart::Fate;
use super::settings::RestartRules;
use super::spec::{Container, PodSpec, RestartPolicy};

/// A container's part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Runs to its end before the next one starts. Has no probes.
    Init,
    /// An init container with `restartPolicy: Always`: holds the next one back until it has started, then
    /// runs along.
    Sidecar,
    /// One of `spec.containers`.
    Regular,
}

// === impl Role ===

impl Role {
    /// Whether probes are made of it and its readiness counts.
    #[must_use]
    pub const fn is_probed(self) -> bool {
        !matches!(self, Self::Init)
    }
}

/// The containers with their part and what decides over their restart, init containers first.
pub(super) fn cast(spec: &PodSpec, rules: RestartRules) -> impl Iterator<Item = (&Container, Role, Fate)> {
    // A policy of its own came to other containers than sidecars with the rules.
    let own = move |container: &Container| container.restart_policy.filter(|_| rules != RestartRules::None);
    let init = spec.init_containers.iter().map(move |container| {
        if container.is_restartable_init() && container.restart_policy_rules.is_empty() {
            return (container, Role::Sidecar, Fate::of_policy(RestartPolicy::Always));
        }
        let role = if container.is_restartable_init() { Role::Sidecar } else { Role::Init };
        // An init container that failed is tried again unless the policy is Never.
        let policy = match own(container).unwrap_or(spec.restart_policy) {
            _ if role == Role::Sidecar => RestartPolicy::Always,
            RestartPolicy::Always | RestartPolicy::OnFailure => RestartPolicy::OnFailure,
            RestartPolicy::Never => RestartPolicy::Never,
        };
        (container, role, Fate::new(container, policy, rules))
    });
    let regular = spec.containers.iter().map(move |container| {
        let policy = own(container).unwrap_or(spec.restart_policy);
        (container, Role::Regular, Fate::new(container, policy, rules))
    });
    init.chain(regular)
}
