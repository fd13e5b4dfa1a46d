//! What a SyncPod does: `computePodActions` (`pkg/kubelet/kuberuntime/kuberuntime_manager.go`).

use super::init::{self, Progress};
use super::kill::Cause;
use super::results::Verdict;
use super::role::Role;
use super::runtime::{Instance, Instances};
use super::spec::RestartPolicy;
use super::status::Waiting;

/// One container as the decisions and the status see it: instances by the last relist, results by instance.
#[derive(Clone, Copy, Debug)]
pub(super) struct View {
    pub(super) role: Role,
    pub(super) policy: RestartPolicy,
    /// A restart rule brings back the one that ended last, whatever the policy.
    pub(super) has_rule: bool,
    pub(super) instances: Instances,
    pub(super) has_startup_probe: bool,
    pub(super) liveness: Option<(Instance, Verdict)>,
    pub(super) startup: Option<(Instance, Verdict)>,
    /// The reason cache: what became of the last start.
    pub(super) held: Option<Waiting>,
}

// === impl View ===

impl View {
    /// Whether the instance that ended last is followed by another.
    pub(super) fn comes_back(&self) -> bool {
        let by_policy = |exit_code: i32| self.policy.restarts_after(exit_code);
        self.instances.exited.is_some_and(|exited| self.has_rule || by_policy(exited.exit_code))
    }
}

/// What has to be done, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Actions {
    /// Nothing runs that should, and nothing will: the pod is wound up.
    pub(super) kill_pod: bool,
    pub(super) kill: Vec<(usize, Cause)>,
    pub(super) start: Vec<usize>,
}

/// Liveness is asked first, then startup; only the result of the instance that runs counts.
pub(super) fn failed_probe(view: &View) -> Option<Cause> {
    let failed = |result: Option<(Instance, Verdict)>| {
        view.instances.running.is_some_and(|running| result == Some((running.instance, Verdict::Failure)))
    };
    if failed(view.liveness) {
        Some(Cause::Liveness)
    } else if failed(view.startup) {
        Some(Cause::Startup)
    } else {
        None
    }
}

/// `computePodActions` for a pod whose sandbox stands and whose spec does not change.
pub(super) fn compute(views: &[View]) -> Actions {
    let mut actions = Actions::default();
    if init::init_actions(views, &mut actions) == Progress::Busy {
        return actions;
    }
    let mut kept = 0;
    let mut starts = 0;
    for (index, view) in views.iter().enumerate().filter(|(_, view)| view.role == Role::Regular) {
        let (instances, policy) = (view.instances, view.policy);
        if instances.running.is_none() {
            if instances.exited.is_none() || view.comes_back() {
                actions.start.push(index);
                starts += 1;
            }
            continue;
        }
        let Some(cause) = failed_probe(view) else {
            kept += 1;
            continue;
        };
        actions.kill.push((index, cause));
        if policy != RestartPolicy::Never {
            actions.start.push(index);
            starts += 1;
        }
    }
    if kept == 0 && starts == 0 {
        actions.kill_pod = true;
        actions.start.clear();
    }
    actions
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::runtime::{Exited, Running};
    use super::super::time::Time;
    use super::*;

    pub(in super::super) fn view(role: Role) -> View {
        let policy = match role {
            Role::Init => RestartPolicy::OnFailure,
            Role::Sidecar | Role::Regular => RestartPolicy::Always,
        };
        View {
            role,
            policy,
            has_rule: false,
            instances: Instances::default(),
            has_startup_probe: false,
            liveness: None,
            startup: None,
            held: None,
        }
    }

    pub(in super::super) fn regular() -> View {
        view(Role::Regular)
    }

    pub(in super::super) fn running(mut view: View) -> View {
        view.instances.running = Some(Running { instance: Instance::FIRST, started_at: Time::ORIGIN });
        view
    }

    pub(in super::super) fn exited(mut view: View, exit_code: i32) -> View {
        let (started_at, finished_at) = (Time::ORIGIN, Time::ORIGIN);
        view.instances.exited =
            Some(Exited { instance: Instance::FIRST, exit_code, started_at, finished_at, was_reset: false });
        view
    }

    fn failing(mut view: View) -> View {
        view.liveness = Some((Instance::FIRST, Verdict::Failure));
        running(view)
    }

    #[test]
    fn a_failed_probe_kills_and_restarts_in_one_sync() {
        let actions = compute(&[failing(regular()), running(regular())]);
        assert_eq!((actions.kill, actions.start), (vec![(0, Cause::Liveness)], vec![0]));
        assert!(!actions.kill_pod);
    }

    #[test]
    fn the_result_of_an_earlier_instance_does_not_count() {
        let mut view = failing(regular());
        view.liveness = Some((Instance::FIRST.next(), Verdict::Failure));
        assert_eq!(compute(&[view]), Actions::default());
    }

    #[test]
    fn with_the_policy_never_the_last_kill_ends_the_pod() {
        let mut view = failing(regular());
        view.policy = RestartPolicy::Never;
        assert!(!compute(&[view, running(regular())]).kill_pod);
        assert!(compute(&[view]).kill_pod);
        assert!(compute(&[view]).start.is_empty());
    }

    #[test]
    fn with_the_policy_on_failure_a_kill_restarts_but_a_clean_exit_does_not() {
        let policy = RestartPolicy::OnFailure;
        assert_eq!(compute(&[View { policy, ..failing(regular()) }]).start, [0]);
        assert_eq!(compute(&[View { policy, ..exited(regular(), 1) }]).start, [0]);
        assert!(compute(&[View { policy, ..exited(regular(), 0) }]).start.is_empty());
        assert_eq!(compute(&[View { policy, has_rule: true, ..exited(regular(), 0) }]).start, [0]);
    }
}
