//! Why pods are not made: what a controller was told by quota and admission, readiness.md 2, rows 24 to 27.

use super::fail_fast::Row;
use crate::message::clean;

/// A controller's FailedCreate, made short.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) text: String,
    /// Whether it goes away when somebody else makes room.
    pub(super) is_quota: bool,
    pub(super) row: Option<Row>,
}

/// `Error creating: pods "web-x" is forbidden: exceeded quota: q, requested: …` without what nobody needs.
pub(super) fn refusal(message: &str) -> Refusal {
    let mut text = message.trim();
    for start in ["(combined from similar events): ", "Error creating: "] {
        text = text.strip_prefix(start).unwrap_or(text);
    }
    // From a StatefulSet: `create Pod db-0 in StatefulSet db failed error: pods "db-0" is forbidden: …`
    text = text.split_once(" failed error: ").map_or(text, |(_, error)| error);
    if text.starts_with("pods \"") {
        text = text.split_once("\" is forbidden: ").map_or(text, |(_, why)| why);
    }
    let is_quota = text.contains("exceeded quota") || text.contains("failed quota");
    let text_or_short = quota(text).unwrap_or_else(|| text.to_owned());
    Refusal { text: clean(&text_or_short), is_quota, row: row(text).filter(|_| !is_quota) }
}

/// What a policy may give up on. That a ServiceAccount or a quota is missing may change any moment.
fn row(text: &str) -> Option<Row> {
    let is_limit = |word: &str| text.contains(word) && text.contains(" usage per ");
    if text.contains("because it is being terminated") {
        return Some(Row::NamespaceTerminating);
    }
    let is_denied = text.contains("violates PodSecurity")
        || text.contains("denied the request")
        || is_limit("maximum ")
        || is_limit("minimum ");
    is_denied.then_some(Row::CreationDenied)
}

/// `exceeded quota: compute (pods 10/10)`
fn quota(text: &str) -> Option<String> {
    let rest = text.strip_prefix("exceeded quota: ")?;
    let (name, rest) = rest.split_once(", requested: ")?;
    let (_, rest) = rest.split_once(", used: ")?;
    let (used, limited) = rest.split_once(", limited: ")?;
    let limits = used.split(',').zip(limited.split(',')).map(|(used, limited)| {
        let (resource, used) = used.split_once('=')?;
        let (same, limit) = limited.split_once('=')?;
        (resource == same).then(|| format!("{resource} {used}/{limit}"))
    });
    let limits: Vec<String> = limits.collect::<Option<_>>()?;
    Some(format!("exceeded quota: {name} ({})", limits.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_without_the_name_of_the_pod_that_was_not_made() {
        let cases = [
            (
                "Error creating: pods \"web-1\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=10, limited: pods=10",
                "exceeded quota: q (pods 10/10)",
                None,
            ),
            (
                "(combined from similar events): Error creating: pods \"w\" is forbidden: exceeded quota: q, \
                 requested: limits.cpu=1,pods=1, used: limits.cpu=3,pods=2, limited: limits.cpu=3,pods=9",
                "exceeded quota: q (limits.cpu 3/3, pods 2/9)",
                None,
            ),
            (
                "create Pod db-0 in StatefulSet db failed error: pods \"db-0\" is forbidden: failed quota: q: must specify memory",
                "failed quota: q: must specify memory",
                None,
            ),
            (
                "pods \"api-6d-\" is forbidden: error looking up service account default/api: serviceaccount \"api\" not found",
                "error looking up service account default/api: serviceaccount \"api\" not found",
                None,
            ),
            (
                "Error creating: pods \"a\" is forbidden: violates PodSecurity \"restricted:latest\": runAsNonRoot != true",
                "violates PodSecurity \"restricted:latest\": runAsNonRoot != true",
                Some(Row::CreationDenied),
            ),
            (
                "Error creating: admission webhook \"w\" denied the request: no",
                "admission webhook \"w\" denied the request: no",
                Some(Row::CreationDenied),
            ),
            (
                "pods \"a\" is forbidden: maximum cpu usage per Container is 1, but limit is 2",
                "maximum cpu usage per Container is 1, but limit is 2",
                Some(Row::CreationDenied),
            ),
            (
                "pods \"a\" is forbidden: unable to create new content in namespace x because it is being terminated",
                "unable to create new content in namespace x because it is being terminated",
                Some(Row::NamespaceTerminating),
            ),
        ];
        for (message, text, row) in cases {
            let refusal = refusal(message);
            assert_eq!((&*refusal.text, refusal.row), (text, row), "{message}");
            assert_eq!(refusal.is_quota, text.contains(" quota"));
        }
    }
}
