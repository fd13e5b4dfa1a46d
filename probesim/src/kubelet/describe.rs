//! The words for a pod's state: condition and waiting messages.

use super::conditions::{self, Conditions, Reason};
use super::pod::Pod;

/// What messages call the pod.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// `metadata.name`.
    pub name: String,
    /// `metadata.namespace`.
    pub namespace: String,
    /// `metadata.uid`.
    pub uid: String,
}

// === impl Identity ===

impl Identity {
    /// `NAME_NAMESPACE(UID)`: `format.Pod`.
    #[must_use]
    pub fn event_name(&self) -> String {
        format!("{}_{}({})", self.name, self.namespace, self.uid)
    }
}

// === impl Pod ===

impl Pod {
    /// `message` of the conditions: Initialized, ContainersReady, Ready.
    #[must_use]
    pub fn condition_messages(&self) -> [Option<String>; 3] {
        let Conditions { initialized, containers_ready, ready, .. } = self.status.conditions;
        let name = |index: usize| self.container(index).name.as_str();
        let of = |reason| conditions::containers_message(reason, &self.status.containers, self.roles(), name);
        let gates = || {
            let names = self.spec.readiness_gates.iter().map(|gate| gate.condition_type.as_str());
            conditions::gates_message(names.zip(self.gates.iter().copied()))
        };
        [
            initialized.reason.and_then(of),
            containers_ready.reason.and_then(of),
            ready.reason.and_then(|reason| match reason {
                Reason::ReadinessGatesNotReady => Some(gates()),
                other => of(other),
            }),
        ]
    }

    /// `message` of a container that waits for its back-off to end.
    #[must_use]
    pub fn back_off_message(&self, index: usize, delay: std::time::Duration) -> String {
        let name = &self.container(index).name;
        // Go's `Duration` writes 160 s as 2m40s.
        let (minutes, seconds) = (delay.as_secs() / 60, delay.as_secs() % 60);
        let delay = if minutes == 0 { format!("{seconds}s") } else { format!("{minutes}m{seconds}s") };
        format!("back-off {delay} restarting failed container={name} pod={}", self.identity.event_name())
    }
}
