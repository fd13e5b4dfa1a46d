//! `jsonpath={PATH}[OP VALUE]`: any value of any object.

use std::fmt;

use serde_json::Value;

use super::any::AnyObject;
use super::compare::{Op, number, plain};
use super::guard;
use super::jsonpath::{Cursor, Path, PathError};

use crate::kind::Kind;
use crate::message::clean;
use crate::verdict::{Finding, Verdict};

/// A place in an object, and what must be there: something, where no value is given.
#[derive(Clone, Debug, PartialEq)]
pub struct JsonCheck {
    /// As it was written.
    text: String,
    /// The length of the path in it.
    path_length: usize,
    path: Path,
    wanted: Option<(Op, String)>,
}

impl Eq for JsonCheck {}

/// Decides whether what is at the path is as wanted.
///
/// kubectl refuses a path that leads to several values; here each of them must be as wanted (not empty, where no value
/// is given), and there must be one. An element of `[*]` that lacks the rest of the path has an empty value.
pub(super) fn evaluate(kind: &Kind, object: &AnyObject, check: &JsonCheck) -> Verdict {
    if let Some(verdict) = guard::deletion(&object.metadata) {
        return verdict;
    }
    let path = clean(check.path_text());
    let found = check.path.find(&object.tree);
    let Some((op, wanted)) = &check.wanted else {
        let empty = found.iter().filter(|value| is_empty(value)).count();
        return match (found.len(), empty) {
            (0, _) => nothing_at(&path),
            (_, 0) => Verdict::Met(Finding::state(format!("there is a value at {path}"))),
            (1, _) => {
                Verdict::NotYet(Finding::because(format!("no value at {path}"), "what is there is empty"))
            }
            (all, _) => Verdict::NotYet(Finding::because(
                format!("no value at {path}"),
                format!("{empty} of {all} are empty or not there"),
            )),
        };
    };
    match found.iter().find(|value| !op.holds(value, wanted)) {
        None if found.is_empty() => nothing_at(&path),
        None if *kind == Kind::Secret => Verdict::Met(Finding::state(format!("{path} is as wanted"))),
        None => Verdict::Met(Finding::state(format!("{path} {op} {}", clean(wanted)))),
        Some(value) => {
            // What a Secret holds is shown nowhere.
            let shown = match plain(value) {
                _ if *kind == Kind::Secret => "another value".to_owned(),
                Some(text) if text.is_empty() => "empty or not there".to_owned(),
                Some(text) => clean(&text),
                None if value.is_array() => "a list".to_owned(),
                None => "an object".to_owned(),
            };
            let cause = if op.needs_numbers() && plain(value).is_none_or(|text| number(&text).is_none()) {
                format!("that is no number, and {op} {} is waited for", clean(wanted))
            } else {
                format!("{op} {} is waited for", clean(wanted))
            };
            Verdict::NotYet(Finding::because(format!("{path} is {shown}"), cause))
        }
    }
}

// === impl JsonCheck ===

impl JsonCheck {
    /// Reads `{.status.phase}=Running`, `.status.readyReplicas>=2`, `{.status.loadBalancer.ingress}`.
    pub(super) fn parse(text: &str) -> Result<Self, PathError> {
        let mut cursor = Cursor::new(text);
        let is_braced = cursor.take("{");
        let path = Path::parse_relaxed(&mut cursor)?;
        if is_braced {
            cursor.expect("}", "\"}\" is expected, or a \".FIELD\" or \"[N]\"")?;
        }
        let path_length = text.len() - cursor.rest().len();
        if path.is_whole() {
            return Err(cursor.error("a path is expected, such as {.status.phase}"));
        }
        cursor.skip_blanks();
        let op = Op::parse(&mut cursor);
        let value = cursor.rest().trim();
        let wanted = match op {
            Some(op) if value.is_empty() && op.needs_numbers() => {
                return Err(cursor.error("a number is expected"));
            }
            Some(op) if op.needs_numbers() && number(value).is_none() => {
                return Err(cursor.error("only numbers can be less or more"));
            }
            Some(_) if value.is_empty() => return Err(cursor.error("a value is expected")),
            Some(op) => Some((op, unquoted(value).to_owned())),
            None if value.is_empty() => None,
            None => return Err(cursor.error("=, !=, <, <=, > or >= is expected")),
        };
        Ok(Self { text: text.to_owned(), path_length, path, wanted })
    }

    /// `.status.phase`
    fn path_text(&self) -> &str {
        self.text[..self.path_length].trim_start_matches('{').trim_end_matches('}')
    }
}

impl fmt::Display for JsonCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "jsonpath={}", self.text)
    }
}

fn nothing_at(path: &str) -> Verdict {
    Verdict::NotYet(Finding::because(format!("no value at {path}"), "there is nothing at that path yet"))
}

/// What there is no point in waiting for; `false` and `0` are values.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A value may stand between quotes, which then do not belong to it.
fn unquoted(value: &str) -> &str {
    let between = |quote| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    between('"').or_else(|| between('\'')).unwrap_or(value)
}
