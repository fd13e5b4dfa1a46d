//! Changes of the live faults, whole or not at all.

use std::time::Duration;

use super::route::Change;
use crate::endpoint::Endpoints;
use crate::plan::Put;
use crate::plan::process::Limits;
use crate::plan::spec::{self, Spec, Target};
use crate::yaml::{Content, Node, Problem, Problems};

/// How long a live fault lives that does not say: nobody should have to remember it.
const DEFAULT_TTL: Duration = Duration::from_secs(600);

/// What a change needs to know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    pub(super) endpoints: &'a Endpoints,
    pub(super) uptime: Duration,
    /// For the names of faults that have none.
    pub(super) number: u64,
    pub(super) limits: Limits,
}

/// A change that is known to be possible.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    change: Change,
    target: Option<Target>,
    new: Vec<Put>,
}

/// Checks a change: of all live faults, or of those of one endpoint, which they then need not name.
///
/// # Errors
/// All that is wrong with it.
pub(super) fn check(
    change: Change,
    endpoint: Option<&str>,
    body: &str,
    context: Context<'_>,
) -> Result<Checked, Problems> {
    let target = match endpoint {
        Some(name) => Some(spec::target(name, context.endpoints).map_err(|message| problem("", &message))?),
        None => None,
    };
    let new = match change {
        Change::Delete => vec![],
        Change::Put | Change::Patch => read(body, endpoint, context)?,
    };
    Ok(Checked { change, target, new })
}

fn read(body: &str, endpoint: Option<&str>, context: Context<'_>) -> Result<Vec<Put>, Problems> {
    let mut node = Node::parse(body)?;
    // `{"faults": [...]}`, as GET gives them.
    if let Content::Map(entries) = &mut node.content
        && let [(key, _, _)] = entries.as_slice()
        && key == "faults"
    {
        node = entries.remove(0).2;
    }
    if node.content == Content::Null {
        return Err(problem("faults", "expected a fault, or a list of faults; DELETE takes them away"));
    }
    if let Some(endpoint) = endpoint {
        imply(&mut node, endpoint)?;
    }
    let prefix = format!("live-{}-", context.number);
    let specs = spec::read_all(&node, "faults", &prefix, context.endpoints)?;
    let wrong = specs.iter().filter_map(|spec| context.limits.check(spec).err());
    let wrong: Vec<_> =
        wrong.flat_map(|(key, message)| problem(&format!("faults.{key}"), &message).0).collect();
    if !wrong.is_empty() {
        return Err(Problems(wrong));
    }
    Ok(specs.into_iter().map(|spec| put(spec, context.uptime)).collect())
}

/// Gives every fault the endpoint of the path.
fn imply(node: &mut Node, endpoint: &str) -> Result<(), Problems> {
    let line = node.line;
    match &mut node.content {
        Content::List(items) => items.iter_mut().try_for_each(|item| imply(item, endpoint)),
        Content::Map(entries) => {
            if let Some((_, line, _)) = entries.iter().find(|(key, ..)| key == "on") {
                let message = format!("the path says it already: {endpoint}");
                return Err(Problems(vec![Problem { line: *line, field: "faults.on".into(), message }]));
            }
            let on = Node { line, content: Content::Text(endpoint.to_owned()) };
            entries.insert(0, ("on".to_owned(), line, on));
            Ok(())
        }
        // The reader says what is wrong with it.
        Content::Null | Content::Text(_) => Ok(()),
    }
}

fn put(spec: Spec, uptime: Duration) -> Put {
    let ttl = spec.ttl.unwrap_or(DEFAULT_TTL);
    let expires = (!ttl.is_zero()).then(|| uptime.saturating_add(ttl));
    Put { spec, epoch: uptime, expires }
}

fn problem(field: &str, message: &str) -> Problems {
    Problems(vec![Problem { line: 1, field: field.to_owned(), message: message.to_owned() }])
}

// === impl Checked ===

impl Checked {
    /// Does it.
    pub(super) fn apply(self, live: &mut Vec<Put>) {
        let names: Vec<&str> = self.new.iter().map(|put| put.spec.name.as_str()).collect();
        live.retain(|put| !names.contains(&put.spec.name.as_str()));
        match (self.change, self.target) {
            (Change::Patch, _) => {}
            (Change::Put | Change::Delete, None) => live.clear(),
            (Change::Put | Change::Delete, Some(target)) => {
                for put in live.iter_mut() {
                    put.spec.on.retain(|on| *on != target);
                }
                live.retain(|put| !put.spec.on.is_empty());
            }
        }
        live.extend(self.new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(endpoints: &Endpoints) -> Context<'_> {
        Context { endpoints, uptime: Duration::from_secs(100), number: 1, limits: Limits::default() }
    }

    fn changed(live: &mut Vec<Put>, change: Change, endpoint: Option<&str>, body: &str) {
        check(change, endpoint, body, context(&Endpoints::default())).expect(body).apply(live);
    }

    fn refused(endpoint: Option<&str>, body: &str) -> String {
        check(Change::Put, endpoint, body, context(&Endpoints::default())).expect_err(body).to_string()
    }

    fn names(live: &[Put]) -> Vec<&str> {
        live.iter().map(|put| put.spec.name.as_str()).collect()
    }

    #[test]
    fn put_replaces_patch_adds_and_delete_takes_away() {
        let mut live = vec![];
        changed(
            &mut live,
            Change::Put,
            None,
            "[{on: readiness, name: a}, {on: [liveness, readiness], name: b}]",
        );
        changed(&mut live, Change::Patch, Some("tcp"), "{\"name\": \"c\", \"answer\": \"reset\"}");
        assert_eq!(names(&live), ["a", "b", "c"]);
        changed(&mut live, Change::Patch, Some("readiness"), "{name: a, status: 503}");
        assert_eq!(names(&live), ["b", "c", "a"], "the same name is replaced");
        changed(&mut live, Change::Delete, Some("readiness"), "");
        assert_eq!(names(&live), ["b", "c"], "b is still for liveness");
        changed(&mut live, Change::Put, Some("liveness"), "{\"faults\": [{name: d}]}");
        assert_eq!(names(&live), ["c", "d"]);
        changed(&mut live, Change::Delete, None, "");
        assert_eq!(live, []);
    }

    #[test]
    fn a_live_fault_has_a_time_to_live() {
        for (body, expires) in [("{}", Some(700)), ("{ttl: 30s}", Some(130)), ("{ttl: 0}", None)] {
            let mut live = vec![];
            changed(&mut live, Change::Put, Some("liveness"), body);
            assert_eq!(live[0].expires, expires.map(Duration::from_secs), "{body}");
            assert_eq!(live[0].spec.name, "live-1-1");
        }
    }

    #[test]
    fn what_is_wrong_changes_nothing_and_names_the_field() {
        for (endpoint, body, expected) in [
            (None, "{on: readiness, rate: 300}", "line 1: faults.rate: \"300\": expected a percentage"),
            (Some("nowhere"), "{}", "line 1: no such endpoint"),
            (Some("tcp"), "{on: tcp}", "line 1: faults.on: the path says it already"),
            (None, "", "line 1: faults: expected a fault"),
            (None, "hello", "line 1: faults: expected a map"),
            (None, "{on: startup, starts: 3}", "line 1: faults.starts: fault \"live-1-1\" has"),
            (
                None,
                "{on: process, memory: 2Gi}",
                "line 1: faults.memory: fault \"live-1-1\": 2Gi is above the limit",
            ),
            (
                Some("process"),
                "{cpu: 50}",
                "line 1: faults.cpu: fault \"live-1-1\": 50000m is above the limit",
            ),
            (None, "{", "line "),
        ] {
            let text = refused(endpoint, body);
            assert!(text.starts_with(expected), "{body}: {text}");
        }
    }
}
