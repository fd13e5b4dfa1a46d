//! Named dependencies: what they are, and whether readiness fails with them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use crate::check::Target;
use crate::decide::{Decision, Followed};
use crate::endpoint::Endpoint;
use crate::plan::what::Manner;
use crate::value;
use crate::yaml::{Node, Problems, Reader};

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(1);
const DEFAULT_PERIOD: Duration = Duration::from_secs(5);

/// The named dependencies of a server.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dependencies {
    /// In the order of the file, which is that of their endpoints.
    pub(crate) all: Vec<Dependency>,
    pub(crate) policy: Policy,
}

/// One of them.
#[derive(Clone, Debug)]
pub struct Dependency {
    pub(crate) name: String,
    pub(crate) endpoint: Endpoint,
    /// What is really looked at, if anything is.
    pub(crate) target: Option<Target>,
    pub(crate) timeout: Duration,
    pub(crate) period: Duration,
    is_down: Arc<AtomicBool>,
}

/// How many of them readiness needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Policy {
    /// All.
    #[default]
    All,
    /// So many.
    Quorum(usize),
    /// None: it does not ask them.
    None,
}

/// Reads the dependencies of the file.
///
/// # Errors
/// All that is wrong.
pub(crate) fn read(node: &Node, path: &str) -> Result<Dependencies, Problems> {
    let mut reader = Reader::default();
    let fields = reader.fields(node, path, &["follow", "each"]);
    let policy = |text: &str| match (text, text.parse()) {
        ("all", _) => Ok(Policy::All),
        ("none", _) => Ok(Policy::None),
        (_, Ok(number)) if number > 0 => Ok(Policy::Quorum(number)),
        _ => Err("expected all, none, or how many"),
    };
    let policy = reader.read(&fields, "follow", policy).unwrap_or_default();
    let mut all: Vec<Dependency> = vec![];
    for (n, item) in fields.get("each").map_or(&[][..], |node| reader.items(node)).iter().enumerate() {
        let path = format!("{path}.each[{n}]");
        let fields = reader.fields(item, &path, &["name", "check", "timeout", "every"]);
        let Some(name) = reader.require(&fields, "name", name) else { continue };
        if all.iter().any(|other| other.name == name) {
            reader.refuse(
                fields.line_of("name"),
                &format!("{path}.name"),
                format!("{name:?} is there already"),
            );
        }
        let target = reader.read(&fields, "check", Target::parse);
        if fields.get("check").is_none() && fields.get("every").is_some() {
            let message = "is for a dependency with a `check`";
            reader.refuse(fields.line_of("every"), &format!("{path}.every"), message);
        }
        let endpoint = Endpoint::Named(u16::try_from(all.len()).unwrap_or(u16::MAX));
        all.push(Dependency {
            name,
            endpoint,
            target,
            timeout: reader.read(&fields, "timeout", value::with_unit).unwrap_or(DEFAULT_TIMEOUT),
            period: reader.read(&fields, "every", value::with_unit).unwrap_or(DEFAULT_PERIOD),
            is_down: Arc::default(),
        });
    }
    if let Policy::Quorum(number) = policy
        && number > all.len()
    {
        let message = format!("{number} of {} can never be", all.len());
        reader.refuse(fields.line_of("follow"), &format!("{path}.follow"), message);
    }
    reader.finish(Dependencies { all, policy })
}

fn name(text: &str) -> Result<String, &'static str> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_right = !text.is_empty() && text.chars().all(is_name);
    if is_right { Ok(text.to_owned()) } else { Err("expected letters, digits, and any of - _ .") }
}

// === impl Dependencies ===

impl Dependencies {
    /// The names of all.
    pub(crate) fn names(&self) -> Vec<String> {
        self.all.iter().map(|dependency| dependency.name.clone()).collect()
    }

    /// Whether readiness asks them.
    pub(crate) fn are_followed(&self) -> bool {
        self.policy != Policy::None && !self.all.is_empty()
    }

    /// Those that are really looked at.
    pub(crate) fn real(&self) -> impl Iterator<Item = Dependency> + use<> {
        let real: Vec<_> =
            self.all.iter().filter(|dependency| dependency.target.is_some()).cloned().collect();
        real.into_iter()
    }
}

// === impl Dependency ===

impl Dependency {
    /// Whether it was down when it was last looked at.
    pub(crate) fn is_down(&self) -> bool {
        self.is_down.load(Relaxed)
    }

    /// Notes whether it is; whether that is news.
    pub(crate) fn set_down(&self, is_down: bool) -> bool {
        self.is_down.swap(is_down, Relaxed) != is_down
    }

    /// Whether it fails, and how long that took to see: at most its timeout.
    pub(crate) fn verdict(&self, decision: &Decision) -> Followed {
        let is_late = decision.delay >= self.timeout;
        let is_silent = decision.answer().is_some_and(|answer| answer.manner == Manner::Never);
        let is_broken = decision.outcome() != "success" || (decision.planned.is_none() && self.is_down());
        Followed {
            delay: if is_silent { self.timeout } else { decision.delay.min(self.timeout) },
            is_failing: is_late || is_broken,
        }
    }
}

impl PartialEq for Dependency {
    fn eq(&self, other: &Self) -> bool {
        (&self.name, self.endpoint, &self.target, self.timeout, self.period)
            == (&other.name, other.endpoint, &other.target, other.timeout, other.period)
    }
}

// === impl Policy ===

impl Policy {
    /// What the verdicts on all come to. They are asked at the same time, so the slowest counts.
    pub(crate) fn followed(self, verdicts: impl Iterator<Item = Followed>) -> Followed {
        let (mut delay, mut failing, mut passing) = (Duration::ZERO, 0, 0);
        for verdict in verdicts {
            delay = delay.max(verdict.delay);
            *if verdict.is_failing { &mut failing } else { &mut passing } += 1;
        }
        let is_failing = match self {
            Self::All => failing > 0,
            Self::Quorum(number) => passing < number,
            Self::None => false,
        };
        Followed { delay, is_failing }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Dependencies, String> {
        read(&Node::parse(text).unwrap(), "dependencies").map_err(|problems| problems.to_string())
    }

    #[test]
    fn dependencies_are_simulated_or_real() {
        let text =
            "{follow: 1, each: [{name: db}, {name: api, check: 'http://api:80/x', timeout: 2s, every: 9s}]}";
        let read = read_text(text).unwrap();
        assert_eq!((read.policy, read.names()), (Policy::Quorum(1), vec!["db".into(), "api".into()]));
        assert_eq!(read.all[0].target, None);
        assert_eq!(read.all[1].target, Some(Target::parse("http://api:80/x").unwrap()));
        assert_eq!(read.all[1].timeout, Duration::from_secs(2));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, expected) in [
            ("{each: [{name: a b}]}", "dependencies.each[0].name: \"a b\": expected letters"),
            ("{each: [{name: a}, {name: a}]}", "dependencies.each[1].name: \"a\" is there already"),
            ("{each: [{check: 'ftp://x'}]}", "dependencies.each[0].name: missing"),
            (
                "{each: [{name: a, check: 'tcp://x'}]}",
                "dependencies.each[0].check: \"tcp://x\": expected http://",
            ),
            ("{follow: 3, each: [{name: a}]}", "dependencies.follow: 3 of 1 can never be"),
            ("{follow: some}", "dependencies.follow: \"some\": expected all, none"),
        ] {
            let problems = read_text(text).expect_err(text);
            assert!(problems.contains(expected), "{text}: {problems}");
        }
    }

    #[test]
    fn a_policy_says_how_many_are_needed_and_the_slowest_counts() {
        let verdict = |(seconds, is_failing)| Followed { delay: Duration::from_secs(seconds), is_failing };
        for (policy, verdicts, expected) in [
            (Policy::All, &[(1, false), (3, false)][..], (3, false)),
            (Policy::All, &[(1, false), (0, true)], (1, true)),
            (Policy::Quorum(1), &[(1, true), (0, false)], (1, false)),
            (Policy::Quorum(2), &[(1, true), (0, false)], (1, true)),
        ] {
            let followed = policy.followed(verdicts.iter().copied().map(verdict));
            assert_eq!(followed, verdict(expected), "{policy:?} {verdicts:?}");
        }
    }
}
