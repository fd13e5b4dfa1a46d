//! `podFailurePolicy` and `successPolicy`: what the end of a pod means to its Job.
//!
//! Rules: `pkg/controller/job/pod_failure_policy.go` and `success_policy.go`.

use serde_json::Value;

use super::index::Indexes;
use crate::lab::controllers::meta;

/// What a failed pod comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// It counts.
    Counts,
    /// It does not.
    Ignored,
    /// It counts, and its index has failed for good.
    FailsIndex,
    /// The Job has failed, with this message.
    FailsJob(String),
}

/// What the first rule that matches says of a failed pod; without one it counts.
pub(super) fn failure(job: &Value, pod: &Value) -> Failure {
    let rules = job["spec"]["podFailurePolicy"]["rules"].as_array().into_iter().flatten();
    for (at, rule) in rules.enumerate() {
        let Some(what) = matched(rule, pod) else { continue };
        return match rule["action"].as_str() {
            Some("Ignore") => Failure::Ignored,
            // Without a limit for each index there is nothing that could fail alone.
            Some("FailIndex") if is_by_index(job) => Failure::FailsIndex,
            Some("FailIndex") => continue,
            Some("FailJob") => Failure::FailsJob(format!("{what} matching FailJob rule at index {at}")),
            _ => Failure::Counts,
        };
    }
    Failure::Counts
}

/// Whether each index has a limit of its own.
pub(super) fn is_by_index(job: &Value) -> bool {
    !job["spec"]["backoffLimitPerIndex"].is_null()
}

/// Whether a pod that is going is neither failed nor replaced before it has ended: `podReplacementPolicy: Failed`,
/// which a failure policy implies.
pub(super) fn waits_for_the_end(job: &Value) -> bool {
    job["spec"]["podReplacementPolicy"] == "Failed" || !job["spec"]["podFailurePolicy"].is_null()
}

/// What in the pod a rule is about, in words.
fn matched(rule: &Value, pod: &Value) -> Option<String> {
    let name = format!("{}/{}", meta::namespace(pod), meta::name(pod));
    let codes = &rule["onExitCodes"];
    if codes.is_object() {
        let (container, code) = exit(codes, pod)?;
        return Some(format!("Container {container} for pod {name} failed with exit code {code}"));
    }
    let wanted = rule["onPodConditions"].as_array().into_iter().flatten();
    let found = wanted.filter_map(|wanted| {
        let kind = meta::text(wanted, "/type");
        let status = wanted["status"].as_str().unwrap_or("True");
        meta::condition(pod, kind).filter(|condition| condition["status"] == status).map(|_| kind)
    });
    found.take(1).next().map(|kind| format!("Pod {name} has condition {kind}"))
}

/// The container and the exit code that a rule asks for; 0 never matches.
fn exit<'a>(codes: &Value, pod: &'a Value) -> Option<(&'a str, i64)> {
    let status = |key: &str| pod["status"][key].as_array().into_iter().flatten();
    let mut all = status("containerStatuses").chain(status("initContainerStatuses"));
    all.find_map(|one| {
        let code = one.pointer("/state/terminated/exitCode")?.as_i64().filter(|code| *code != 0)?;
        let is_named = codes["containerName"].is_null() || codes["containerName"] == one["name"];
        let is_among = codes["values"].as_array()?.iter().any(|value| value.as_i64() == Some(code));
        let is_matched = is_named && is_among == (codes["operator"] == "In");
        is_matched.then(|| (meta::text(one, "/name"), code))
    })
}

/// The rule by which the Job has succeeded, if there is one.
pub(super) fn success(job: &Value, indexes: &Indexes) -> Option<usize> {
    let rules = job["spec"]["successPolicy"]["rules"].as_array()?;
    rules.iter().position(|rule| {
        let count = rule["succeededCount"].as_u64().and_then(|count| usize::try_from(count).ok());
        match rule["succeededIndexes"].as_str() {
            Some(wanted) => {
                let (done, all) = indexes.done_of(wanted);
                done >= count.unwrap_or(all)
            }
            None => count.is_some_and(|count| indexes.succeeded() >= count),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_first_rule_that_matches_says_what_a_failed_pod_means() {
        let job = json!({"spec": {"backoffLimitPerIndex": 1, "podFailurePolicy": {"rules": [
            {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]},
            {"action": "FailJob", "onExitCodes": {"containerName": "app", "operator": "In", "values": [42]}},
            {"action": "FailIndex", "onExitCodes": {"operator": "In", "values": [3]}},
            {"action": "Count", "onExitCodes": {"operator": "NotIn", "values": [9]}},
            {"action": "Ignore", "onExitCodes": {"operator": "In", "values": [9]}}]}}});
        let pod = |container: &str, code: i64, is_disrupted: bool| {
            let disrupted = json!([{"type": "DisruptionTarget", "status": "True"}]);
            json!({"metadata": {"name": "p", "namespace": "n"}, "status": {
                "conditions": if is_disrupted { disrupted } else { json!([]) },
                "containerStatuses": [{"name": container, "state": {"terminated": {"exitCode": code}}}]}})
        };
        let words = "Container app for pod n/p failed with exit code 42 matching FailJob rule at index 1";
        for (pod, expected) in [
            (pod("app", 42, false), Failure::FailsJob(words.to_owned())),
            (pod("side", 42, false), Failure::Counts),
            (pod("app", 42, true), Failure::Ignored),
            (pod("app", 3, false), Failure::FailsIndex),
            (pod("app", 9, false), Failure::Ignored),
            (pod("app", 0, false), Failure::Counts),
        ] {
            assert_eq!(failure(&job, &pod), expected);
        }
        assert_eq!(failure(&json!({"spec": {}}), &pod("app", 42, false)), Failure::Counts);
    }

    #[test]
    fn a_success_policy_asks_for_indexes_for_a_number_or_for_both() {
        let of = |rules: Value, done: &str| {
            let job = json!({"spec": {"completionMode": "Indexed", "completions": 9, "successPolicy": {"rules": rules}},
                             "status": {"completedIndexes": done}});
            success(&job, &Indexes::of(&job, &[]).expect("indexed"))
        };
        let both = json!([{"succeededIndexes": "7"}, {"succeededIndexes": "0-2,5", "succeededCount": 2}]);
        for (rules, done, rule) in [
            (both.clone(), "", None),
            (both.clone(), "0,3", None),
            (both.clone(), "2,5", Some(1)),
            (both, "2,5,7", Some(0)),
            (json!([{"succeededIndexes": "0-2"}]), "0,1", None),
            (json!([{"succeededIndexes": "0-2"}]), "0-2", Some(0)),
            (json!([{"succeededCount": 3}]), "0,4,8", Some(0)),
        ] {
            assert_eq!(of(rules, done), rule, "{done}");
        }
    }
}
