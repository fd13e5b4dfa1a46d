//! Who comes back after its end: `ContainerShouldRestart` (`pkg/api/v1/pod/util.go`).

use serde::Deserialize;

use super::settings::RestartRules;
use super::spec::{Container, RestartPolicy};

/// `restartPolicyRules[]`: the first one whose exit codes match comes before the policy.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RestartRule {
    /// What follows.
    pub action: RestartAction,
    /// After which ends; nothing else can be asked.
    #[serde(default)]
    pub exit_codes: Option<ExitCodes>,
}

/// `action` of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum RestartAction {
    /// The container comes back.
    Restart,
    /// All containers of the pod begin anew, init containers first.
    RestartAllContainers,
}

/// `exitCodes` of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ExitCodes {
    /// Whether they have to be among the values.
    pub operator: Operator,
    /// The exit codes.
    #[serde(default)]
    pub values: Vec<i32>,
}

/// `operator` of exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Operator {
    /// One of the values.
    In,
    /// None of them.
    NotIn,
}

/// What becomes of one container after its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fate {
    policy: RestartPolicy,
    rules: Vec<RestartRule>,
}

// === impl Fate ===

impl Fate {
    /// By its policy alone.
    pub(super) const fn of_policy(policy: RestartPolicy) -> Self {
        Self { policy, rules: Vec::new() }
    }

    /// By the rules that the container has and the version follows, then by the policy.
    pub(super) fn new(container: &Container, policy: RestartPolicy, followed: RestartRules) -> Self {
        let is_followed = |rule: &&RestartRule| match rule.action {
            RestartAction::Restart => followed != RestartRules::None,
            RestartAction::RestartAllContainers => followed == RestartRules::All,
        };
        // Rules come with a policy of the container's own: the API asks for it.
        let rules = container.restart_policy_rules.iter().filter(|_| container.restart_policy.is_some());
        Self { policy, rules: rules.filter(is_followed).cloned().collect() }
    }

    /// The policy.
    pub(super) const fn policy(&self) -> RestartPolicy {
        self.policy
    }

    /// Whether the container is started again.
    pub(super) fn restarts_after(&self, exit_code: i32) -> bool {
        self.has_rule(exit_code) || self.policy.restarts_after(exit_code)
    }

    /// Whether a rule has it started again.
    pub(super) fn has_rule(&self, exit_code: i32) -> bool {
        self.rule(exit_code).is_some()
    }

    /// Whether all containers begin anew.
    pub(super) fn resets_after(&self, exit_code: i32) -> bool {
        self.rule(exit_code).is_some_and(|rule| rule.action == RestartAction::RestartAllContainers)
    }

    /// Whether an exit code can reset the pod.
    pub(super) fn may_reset(&self) -> bool {
        self.rules.iter().any(|rule| rule.action == RestartAction::RestartAllContainers)
    }

    fn rule(&self, exit_code: i32) -> Option<&RestartRule> {
        self.rules.iter().find(|rule| {
            rule.exit_codes
                .as_ref()
                .is_some_and(|codes| codes.values.contains(&exit_code) == (codes.operator == Operator::In))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fate(followed: RestartRules) -> Fate {
        let container: Container = serde_json::from_value(json!({"name": "c", "restartPolicy": "Never",
            "restartPolicyRules": [
                {"action": "Restart", "exitCodes": {"operator": "In", "values": [42]}},
                {"action": "RestartAllContainers", "exitCodes": {"operator": "In", "values": [42, 88]}},
                {"action": "Restart", "exitCodes": {"operator": "NotIn", "values": [0, 1]}}]}))
        .expect("a container");
        Fate::new(&container, RestartPolicy::Never, followed)
    }

    #[test]
    fn the_first_rule_that_matches_comes_before_the_policy() {
        let fate = fate(RestartRules::All);
        for (code, restarts, resets) in
            [(42, true, false), (88, true, true), (7, true, false), (0, false, false), (1, false, false)]
        {
            assert_eq!((fate.restarts_after(code), fate.resets_after(code)), (restarts, resets), "{code}");
        }
    }

    #[test]
    fn rules_that_the_version_does_not_know_are_passed_over() {
        assert!(!fate(RestartRules::None).restarts_after(42));
        let before = fate(RestartRules::Restart);
        assert!(before.restarts_after(42) && !before.may_reset());
        assert!(before.restarts_after(88) && !before.resets_after(88), "the third rule matches 88");
    }
}
