//! Init containers and sidecars: `computeInitContainerActions`
//! (`pkg/kubelet/kuberuntime/kuberuntime_container.go`).

use super::actions::{Actions, View, failed_probe};
use super::results::Verdict;
use super::role::Role;

/// How far the init containers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// The containers proper may start.
    Done,
    /// One of them has yet to end or to start.
    Busy,
}

/// Whether a container proper was ever created. From then on only sidecars are looked after.
pub(super) fn is_past(views: &[View]) -> bool {
    views.iter().any(|view| view.role == Role::Regular && !view.instances.is_none())
}

/// What is to be done about init containers, added to `actions`.
///
/// They go one after another: an init container has to end with 0, a sidecar has to run and, with a startup
/// probe, to have passed it. A sidecar comes back whenever it ends or one of its probes has it killed.
pub(super) fn init_actions(views: &[View], actions: &mut Actions) -> Progress {
    let is_past = is_past(views);
    let init = views.iter().take_while(|view| view.role != Role::Regular).enumerate();
    for (index, view) in init {
        let is_overtaken = is_past
            || views[index + 1..]
                .iter()
                .any(|later| later.role != Role::Regular && !later.instances.is_none());
        let may_go_on = match (view.role, view.instances.running, view.instances.exited) {
            (Role::Init, Some(_), _) => false,
            (Role::Init, None, Some(exited)) if exited.exit_code == 0 => true,
            (Role::Init, None, exited) => {
                let starts = exited.is_none() || view.comes_back();
                if starts && !is_past {
                    actions.start.push(index);
                }
                false
            }
            (_, Some(running), _) => match failed_probe(view) {
                Some(cause) => {
                    actions.kill.push((index, cause));
                    actions.start.push(index);
                    false
                }
                None => {
                    !view.has_startup_probe
                        || view.startup.is_some_and(|(instance, verdict)| {
                            instance == running.instance && verdict == Verdict::Success
                        })
                }
            },
            (_, None, _) => {
                actions.start.push(index);
                false
            }
        };
        if !may_go_on && !is_overtaken {
            return Progress::Busy;
        }
    }
    Progress::Done
}

#[cfg(test)]
mod tests {
    use super::super::actions::tests::{exited, regular, running, view};
    use super::*;

    fn act(views: &[View]) -> (Progress, Vec<usize>) {
        let mut actions = Actions::default();
        let progress = init_actions(views, &mut actions);
        (progress, actions.start)
    }

    #[test]
    fn init_containers_start_one_after_another() {
        let fresh = [view(Role::Init), view(Role::Init), regular()];
        assert_eq!(act(&fresh), (Progress::Busy, vec![0]));
        let first_runs = [running(view(Role::Init)), view(Role::Init), regular()];
        assert_eq!(act(&first_runs), (Progress::Busy, vec![]));
        let first_done = [exited(view(Role::Init), 0), view(Role::Init), regular()];
        assert_eq!(act(&first_done), (Progress::Busy, vec![1]));
        let both_done = [exited(view(Role::Init), 0), exited(view(Role::Init), 0), regular()];
        assert_eq!(act(&both_done), (Progress::Done, vec![]));
    }

    #[test]
    fn a_failed_init_container_is_tried_again() {
        assert_eq!(act(&[exited(view(Role::Init), 1), regular()]), (Progress::Busy, vec![0]));
    }

    #[test]
    fn a_sidecar_holds_the_next_one_back_until_it_has_started() {
        let mut sidecar = running(view(Role::Sidecar));
        sidecar.has_startup_probe = true;
        assert_eq!(act(&[sidecar, regular()]), (Progress::Busy, vec![]));
        sidecar.startup = sidecar.instances.running.map(|it| (it.instance, Verdict::Success));
        assert_eq!(act(&[sidecar, regular()]), (Progress::Done, vec![]));
    }

    #[test]
    fn a_sidecar_that_ends_comes_back_and_stops_nobody_who_is_past_it() {
        let sidecar = exited(view(Role::Sidecar), 0);
        assert_eq!(act(&[sidecar, running(regular())]), (Progress::Done, vec![0]));
        assert_eq!(act(&[sidecar, exited(view(Role::Init), 0), regular()]), (Progress::Done, vec![0]));
        assert_eq!(act(&[sidecar, regular()]), (Progress::Busy, vec![0]));
    }
}
