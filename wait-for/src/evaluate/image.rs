//! Why an image cannot be had, in a few words: readiness.md 2, rows 7, 16, 17 and 21.

/// How likely it is that the registry will say something else later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cure {
    /// Somebody has to push the image or grant access.
    Somebody,
    /// The registry or the way to it.
    Time,
}

/// What registries and runtimes say, what we say, and what it means. Trouble on the way comes first: its words may
/// be followed by a "not found" of something else.
const CLASSES: [(&str, &str, Cure); 18] = [
    ("toomanyrequests", "rate limit", Cure::Time),
    ("too many requests", "rate limit", Cure::Time),
    ("no such host", "no such host", Cure::Time),
    ("connection refused", "connection refused", Cure::Time),
    ("connection reset", "connection reset", Cure::Time),
    ("x509", "certificate not trusted", Cure::Time),
    ("timeout", "timeout", Cure::Time),
    ("deadline exceeded", "timeout", Cure::Time),
    ("network is unreachable", "network unreachable", Cure::Time),
    ("500 internal", "server error", Cure::Time),
    ("502 bad", "server error", Cure::Time),
    ("503 service", "server error", Cure::Time),
    ("504 gateway", "server error", Cure::Time),
    ("unauthorized", "unauthorized", Cure::Somebody),
    ("no basic auth", "unauthorized", Cure::Somebody),
    ("denied", "access denied", Cure::Somebody),
    ("manifest unknown", "not found", Cure::Somebody),
    ("not found", "not found", Cure::Somebody),
];

/// What a failed pull comes down to.
pub(super) fn class(message: &str) -> Option<(&'static str, Cure)> {
    let message = message.to_ascii_lowercase();
    let known = CLASSES.iter().find(|(words, ..)| message.contains(words));
    known.map(|&(_, class, cure)| (class, cure))
}

/// Whether a container waits for an image that was asked for and did not come.
pub(super) fn is_pull(reason: &str) -> bool {
    matches!(reason, "ErrImagePull" | "ImagePullBackOff" | "RegistryUnavailable")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pull_errors_have_classes() {
        let cases = [
            ("docker.io/library/postgres:99: not found", "not found", Cure::Somebody),
            ("manifest unknown: manifest tagged by \"9\" is not found", "not found", Cure::Somebody),
            ("pull access denied, repository does not exist", "access denied", Cure::Somebody),
            ("failed to authorize: 401 Unauthorized", "unauthorized", Cure::Somebody),
            ("no basic auth credentials", "unauthorized", Cure::Somebody),
            ("429 Too Many Requests - toomanyrequests: slow down", "rate limit", Cure::Time),
            ("dial tcp: lookup registry.invalid: no such host", "no such host", Cure::Time),
            ("dial tcp 10.0.0.1:443: i/o timeout", "timeout", Cure::Time),
            ("dial tcp 10.0.0.1:443: connect: connection refused", "connection refused", Cure::Time),
            ("unexpected status from HEAD request: 503 Service Unavailable", "server error", Cure::Time),
            ("x509: certificate signed by unknown authority", "certificate not trusted", Cure::Time),
        ];
        for (message, words, cure) in cases {
            assert_eq!(class(message), Some((words, cure)), "{message}");
        }
        assert_eq!(class("something else"), None);
    }
}
