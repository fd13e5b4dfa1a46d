//! Which pods are of the newest revision: readiness.md 3.1.

use serde_json::value::RawValue;

use super::subject::{Family, Subject};
use crate::evaluate::pod::Pod;

/// The ReplicaSet of a Deployment's newest revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Newest {
    pub(super) uid: Box<str>,
    pub(super) created: Option<Box<str>>,
    hash: Box<str>,
}

/// The ReplicaSet whose revision is the Deployment's; where none has it yet, the one with the highest.
pub(super) fn newest(deployment: &Subject, replica_sets: &[&RawValue]) -> Option<Newest> {
    let owned = replica_sets
        .iter()
        .filter_map(|object| Subject::read(object).ok())
        .filter(|set| set.metadata.controller().is_some_and(|owner| owner.uid == deployment.metadata.uid));
    let wanted = deployment.revision();
    let newest = owned.max_by_key(|set| {
        let revision = set.revision();
        (!wanted.is_empty() && revision == wanted, revision.parse::<i64>().unwrap_or(-1))
    })?;
    let metadata = newest.metadata;
    let hash = metadata.labels.template_hash;
    Some(Newest { uid: metadata.uid, created: metadata.creation_timestamp, hash })
}

/// Whether a pod that the selector finds is the target's: of no other controller.
pub(super) fn is_own(family: Family, subject: &Subject, pod: &Pod) -> bool {
    let Some(controller) = pod.metadata.controller() else { return true };
    match family {
        Family::Deployment => &*controller.kind == "ReplicaSet",
        Family::StatefulSet | Family::Owner | Family::Job => {
            controller.uid.is_empty() || controller.uid == subject.metadata.uid
        }
        _ => true,
    }
}

/// Whether each pod is of the newest revision; all are where there is no telling.
pub(super) fn are_newest(
    family: Family,
    subject: &Subject,
    newest: Option<&Newest>,
    pods: &[&Pod],
) -> Vec<bool> {
    match (family, newest) {
        (Family::Deployment, Some(newest)) => {
            let is_newest = |pod: &&Pod| {
                let owner = pod.metadata.controller().map(|owner| &owner.uid);
                owner == Some(&newest.uid) || is_hash(&pod.metadata.labels.template_hash, &newest.hash)
            };
            pods.iter().map(is_newest).collect()
        }
        (Family::Deployment, None) => latest_group(pods, |pod| &pod.metadata.labels.template_hash),
        (Family::StatefulSet, _) if !subject.status.update_revision.is_empty() => pods
            .iter()
            .map(|pod| pod.metadata.labels.revision_hash == subject.status.update_revision)
            .collect(),
        (Family::Owner, _) => latest_group(pods, |pod| &pod.metadata.labels.revision_hash),
        _ => vec![true; pods.len()],
    }
}

fn is_hash(hash: &str, newest: &str) -> bool {
    !newest.is_empty() && hash == newest
}

/// The group to which the youngest pod belongs.
fn latest_group(pods: &[&Pod], hash: impl Fn(&Pod) -> &str) -> Vec<bool> {
    let youngest = pods.iter().max_by_key(|pod| pod.metadata.creation_timestamp.as_deref());
    pods.iter().map(|pod| youngest.is_some_and(|youngest| hash(pod) == hash(youngest))).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::value::to_raw_value;

    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        to_raw_value(&crate::yaml::to_json(text).unwrap()).unwrap()
    }

    fn pod(text: &str) -> Pod {
        serde_json::from_str(raw(text).get()).unwrap()
    }

    fn set(uid: &str, owner: &str, revision: &str) -> Box<RawValue> {
        raw(&format!(
            "{{metadata: {{uid: {uid}, labels: {{pod-template-hash: h{uid}}}, \
             annotations: {{deployment.kubernetes.io/revision: '{revision}'}}, \
             ownerReferences: [{{kind: Deployment, uid: {owner}, controller: true}}]}}}}"
        ))
    }

    fn uid_of_newest(revision: &str, sets: &[Box<RawValue>]) -> Option<String> {
        let text = format!(
            "{{metadata: {{uid: d, annotations: {{deployment.kubernetes.io/revision: '{revision}'}}}}}}"
        );
        let deployment = Subject::read(&raw(&text)).unwrap();
        let sets: Vec<&RawValue> = sets.iter().map(|set| &**set).collect();
        newest(&deployment, &sets).map(|newest| newest.uid.into())
    }

    #[test]
    fn the_newest_replica_set_has_the_revision_of_its_deployment() {
        let sets = [set("a", "d", "9"), set("b", "d", "10"), set("c", "other", "11")];
        assert_eq!(uid_of_newest("10", &sets).as_deref(), Some("b"));
        assert_eq!(uid_of_newest("9", &sets).as_deref(), Some("a"), "a rollback in progress");
        assert_eq!(uid_of_newest("12", &sets).as_deref(), Some("b"));
        assert_eq!(uid_of_newest("12", &sets[2..]), None);
    }

    #[test]
    fn without_replica_sets_the_youngest_pod_is_of_the_newest_revision() {
        let pods = [
            ("x", "2026-01-01T00:00:01Z"),
            ("y", "2026-01-01T00:00:02Z"),
            ("x", "2026-01-01T00:00:00Z"),
        ]
        .map(|(hash, created)| {
            pod(&format!(
                "{{metadata: {{creationTimestamp: '{created}', labels: {{pod-template-hash: {hash}}}}}}}"
            ))
        });
        let pods: Vec<&Pod> = pods.iter().collect();
        let newest = are_newest(Family::Deployment, &Subject::default(), None, &pods);
        assert_eq!(newest, [false, true, false]);
    }

    #[test]
    fn pods_of_another_owner_are_not_the_targets() {
        let subject = Subject::read(&raw("{metadata: {uid: s}}")).unwrap();
        let owned = |uid: &str| {
            pod(&format!("{{metadata: {{ownerReferences: [{{kind: Job, uid: {uid}, controller: true}}]}}}}"))
        };
        assert!(is_own(Family::Job, &subject, &owned("s")));
        assert!(!is_own(Family::Job, &subject, &owned("t")));
        assert!(is_own(Family::Job, &subject, &pod("{metadata: {name: bare}}")));
    }
}
