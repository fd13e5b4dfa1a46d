//! The parts that a container can play in its pod.

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

/// The containers with their part and the policy that decides over their restart, init containers first.
pub(super) fn cast(spec: &PodSpec) -> impl Iterator<Item = (&Container, Role, RestartPolicy)> {
    let init = spec.init_containers.iter().map(|container| {
        if container.is_restartable_init() {
            (container, Role::Sidecar, RestartPolicy::Always)
        } else {
            // An init container that failed is tried again unless the policy is Never.
            let policy = container.restart_policy.unwrap_or(match spec.restart_policy {
                RestartPolicy::Always | RestartPolicy::OnFailure => RestartPolicy::OnFailure,
                RestartPolicy::Never => RestartPolicy::Never,
            });
            (container, Role::Init, policy)
        }
    });
    let regular = spec
        .containers
        .iter()
        .map(|container| (container, Role::Regular, container.restart_policy.unwrap_or(spec.restart_policy)));
    init.chain(regular)
}
