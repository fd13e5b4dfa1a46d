//! What a kubelet says of a probe, in a few words.
//! <https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/>

use std::fmt;

use crate::evaluate::words::cause;
use crate::message::{clean_whole, cut};

/// So much of a probe's output is worth printing.
const OUTPUT: usize = 80;

/// A probe of a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Startup,
    Readiness,
    Liveness,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Startup, Self::Readiness, Self::Liveness];

    /// The probe that an event is about: `Readiness probe failed: …`, `Liveness probe errored …`.
    pub(super) fn of(message: &str) -> Option<Self> {
        let (first, rest) = message.split_once(' ')?;
        let is_it = |kind: &Self| rest.starts_with("probe ") && first.eq_ignore_ascii_case(kind.word());
        Self::ALL.into_iter().find(is_it)
    }

    /// The probe for which a container is killed: `Container web failed liveness probe, will be restarted`.
    pub(super) fn that_kills(message: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| message.contains(&format!(" failed {kind} probe")))
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::Readiness => "readiness",
            Self::Liveness => "liveness",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// `readiness probe failing (HTTP 503)`
pub(super) fn failing(message: &str) -> String {
    let (start, output) = message.split_once(':').unwrap_or((message, ""));
    let kind = Kind::of(message).map_or_else(|| "a".to_owned(), |kind| kind.to_string());
    // Not even a failure came of it.
    let verb = if start.contains(" errored") { "cannot be run" } else { "failing" };
    let output = output.trim();
    let output = if let Some(code) = output.strip_prefix("HTTP probe failed with statuscode: ") {
        clean_whole(&format!("HTTP {code}"))
    } else if output.contains("context deadline exceeded")
        || output.contains("Client.Timeout")
        || output.contains("timed out")
        || output.contains("i/o timeout")
    {
        "timeout".to_owned()
    } else if output.contains("connection refused") {
        "connection refused".to_owned()
    } else {
        cause(output)
    };
    match &*cut(output, OUTPUT) {
        "" => format!("{kind} probe {verb}"),
        output => format!("{kind} probe {verb} ({output})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probe_is_told_by_what_it_saw() {
        let long = format!("Readiness probe failed: {}!", "x".repeat(200));
        let cases = [
            (
                "Readiness probe failed: HTTP probe failed with statuscode: 503",
                "readiness probe failing (HTTP 503)",
            ),
            ("Readiness probe failed: ", "readiness probe failing"),
            (
                "Startup probe failed: dial tcp 10.0.0.1:80: connect: connection refused",
                "startup probe failing (connection refused)",
            ),
            (
                "Readiness probe failed: Get \"http://10.0.0.1/\": context deadline exceeded (Client.Timeout exceeded)",
                "readiness probe failing (timeout)",
            ),
            (
                "Readiness probe failed: Get \"https://10.0.0.1/\": http: server gave HTTP response to HTTPS client",
                "readiness probe failing (http: server gave HTTP response to HTTPS client)",
            ),
            (
                "Readiness probe errored and resulted in unknown state: rpc error: code = Unknown desc = failed to exec in \
                 container: failed to start exec \"c51\": OCI runtime exec failed: exec failed: unable to start container \
                 process: exec: \"nosuch\": executable file not found in $PATH: unknown",
                "readiness probe cannot be run (exec: \"nosuch\": executable file not found in $PATH)",
            ),
            ("Liveness probe failed: cat: no\nfile", "liveness probe failing (cat: no file)"),
            (&long, &format!("readiness probe failing ({} … {}!)", "x".repeat(30), "x".repeat(44))),
        ];
        for (message, text) in cases {
            assert_eq!(failing(message), text);
        }
    }

    #[test]
    fn the_probe_that_kills_is_told_from_any_other_end() {
        let cases = [
            ("Container web failed startup probe, will be restarted", Some(Kind::Startup)),
            ("Init container side failed liveness probe", Some(Kind::Liveness)),
            ("Stopping container web", None),
        ];
        for (message, kind) in cases {
            assert_eq!(Kind::that_kills(message), kind, "{message}");
        }
        assert_eq!(Kind::of("Readiness probe warning: x"), Some(Kind::Readiness));
        assert_eq!(Kind::of("Stopping container web"), None);
    }
}
