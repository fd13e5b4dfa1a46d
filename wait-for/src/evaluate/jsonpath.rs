//! The part of kubectl's JSONPath that points at values: fields, indexes, `[*]` and filters; no scripts, no `..`.
//! <https://kubernetes.io/docs/reference/kubectl/jsonpath/>

use serde_json::Value;

use super::compare::{Op, plain};

/// A path that is known to be well formed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path(Vec<Step>);

/// What is wrong with a path, and where: a count of characters from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {at}: {what}")]
pub struct PathError {
    at: usize,
    what: &'static str,
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Field(String),
    /// Counted from the end where it is negative.
    Index(i64),
    All,
    /// Any of these, each being all of those.
    Filter(Vec<Vec<Test>>),
}

/// `@.type=="Ready"`; without an operator the value has to be there.
#[derive(Clone, Debug, PartialEq)]
struct Test {
    path: Path,
    right: Option<(Op, Value)>,
}

/// A text that is read from left to right.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    /// How many filters the cursor is inside of.
    depth: usize,
}

/// Filters within filters beyond that are nobody's intention.
const DEEPEST: usize = 4;

// === impl Path ===

impl Path {
    /// Reads steps up to what is none.
    pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Self, PathError> {
        let mut steps = Vec::new();
        loop {
            if cursor.take("..") {
                return Err(cursor.error("\"..\" is not supported: name every field"));
            } else if cursor.take(".*") || cursor.take("[*]") {
                steps.push(Step::All);
            } else if cursor.take(".") {
                let word = cursor.word()?;
                if word.is_empty() {
                    return Err(cursor.error("a field's name is expected after \".\""));
                }
                steps.push(Step::Field(word));
            } else if cursor.take("[") {
                cursor.skip_blanks();
                steps.push(Step::bracketed(cursor)?);
                cursor.skip_blanks();
                cursor.expect("]", "\"]\" is expected")?;
            } else {
                return Ok(Self(steps));
            }
        }
    }

    /// As [`parse`](Self::parse), also after `$`, and without the first `.`, as kubectl takes it.
    pub(super) fn parse_relaxed(cursor: &mut Cursor<'_>) -> Result<Self, PathError> {
        cursor.take("$");
        let first = if cursor.rest().starts_with(['.', '[']) { String::new() } else { cursor.word()? };
        let Self(mut steps) = Self::parse(cursor)?;
        if !first.is_empty() {
            steps.insert(0, Step::Field(first));
        }
        Ok(Self(steps))
    }

    /// Whether it goes nowhere.
    pub(super) fn is_whole(&self) -> bool {
        self.0.is_empty()
    }

    /// Everything that the path leads to. Of several elements, one in which the rest of the path leads nowhere
    /// counts as an empty value, so that "every element" means every one.
    pub(super) fn find<'v>(&self, root: &'v Value) -> Vec<&'v Value> {
        find_each(&self.0, root)
    }

    /// Everything that is really there.
    fn present<'v>(&self, root: &'v Value) -> Vec<&'v Value> {
        let mut found = vec![root];
        for step in &self.0 {
            found = found.into_iter().flat_map(|value| step.find(value)).collect();
        }
        found
    }
}

/// What an element counts as that lacks the rest of a path.
static LACKING: Value = Value::String(String::new());

fn find_each<'v>(steps: &[Step], value: &'v Value) -> Vec<&'v Value> {
    let Some((step, rest)) = steps.split_first() else { return vec![value] };
    let is_choice = matches!(step, Step::All | Step::Filter(_));
    let mut found = Vec::new();
    for element in step.find(value) {
        let before = found.len();
        found.extend(find_each(rest, element));
        if is_choice && found.len() == before {
            found.push(&LACKING);
        }
    }
    found
}

// === impl Step ===

impl Step {
    /// What stands between brackets.
    fn bracketed(cursor: &mut Cursor<'_>) -> Result<Self, PathError> {
        if let Some(name) = cursor.quoted()? {
            return Ok(Self::Field(name));
        }
        if cursor.take("?(") {
            return filter(cursor);
        }
        let number = cursor.run(|c| c.is_ascii_digit() || c == '-');
        match number.parse() {
            Ok(index) => Ok(Self::Index(index)),
            Err(_) => Err(cursor.error("a number, \"*\", a quoted name or ?(@.FIELD==VALUE) is expected")),
        }
    }

    fn find<'v>(&self, value: &'v Value) -> Vec<&'v Value> {
        match (self, value) {
            (Self::Field(name), Value::Object(fields)) => fields.get(name).into_iter().collect(),
            (Self::Index(index), Value::Array(items)) => {
                let length = i64::try_from(items.len()).unwrap_or(i64::MAX);
                let from_start = if *index < 0 { index.saturating_add(length) } else { *index };
                usize::try_from(from_start).ok().and_then(|at| items.get(at)).into_iter().collect()
            }
            (Self::All, Value::Array(items)) => items.iter().collect(),
            (Self::All, Value::Object(fields)) => fields.values().collect(),
            (Self::Filter(any), Value::Array(items)) => {
                let passes = |item: &&Value| any.iter().any(|all| all.iter().all(|test| test.holds(item)));
                items.iter().filter(passes).collect()
            }
            _ => Vec::new(),
        }
    }
}

// === impl Test ===

impl Test {
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, PathError> {
        cursor.skip_blanks();
        cursor.expect("@", "\"@\" is expected: a filter is written ?(@.FIELD==VALUE)")?;
        let path = Path::parse(cursor)?;
        cursor.skip_blanks();
        let Some(op) = Op::parse(cursor) else { return Ok(Self { path, right: None }) };
        cursor.skip_blanks();
        let value = literal(cursor)?;
        cursor.skip_blanks();
        Ok(Self { path, right: Some((op, value)) })
    }

    fn holds(&self, item: &Value) -> bool {
        let found = self.path.present(item);
        match &self.right {
            None => !found.is_empty(),
            Some((op, right)) => {
                let right = plain(right).unwrap_or_default();
                found.into_iter().any(|left| op.holds(left, &right))
            }
        }
    }
}

// === impl Cursor ===

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    pub(super) fn take(&mut self, token: &str) -> bool {
        let is_next = self.rest().starts_with(token);
        self.at += if is_next { token.len() } else { 0 };
        is_next
    }

    pub(super) fn expect(&mut self, token: &str, what: &'static str) -> Result<(), PathError> {
        if self.take(token) { Ok(()) } else { Err(self.error(what)) }
    }

    pub(super) fn skip_blanks(&mut self) {
        self.run(char::is_whitespace);
    }

    pub(super) fn error(&self, what: &'static str) -> PathError {
        PathError { at: self.text[..self.at].chars().count() + 1, what }
    }

    fn run(&mut self, is_in: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !is_in(c)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    /// A field's name; a backslash takes the next character as it is, as in `.metadata.labels.example\.com/x`.
    fn word(&mut self) -> Result<String, PathError> {
        let mut word = String::new();
        loop {
            word.push_str(self.run(|c| !c.is_whitespace() && !"\\.[](){}=!<>&|@'\"*".contains(c)));
            if !self.take("\\") {
                return Ok(word);
            }
            let Some(c) = self.rest().chars().next() else {
                return Err(self.error("a character is expected after \"\\\""));
            };
            self.at += c.len_utf8();
            word.push(c);
        }
    }

    /// A text between quotes of either kind; nothing where there is no quote.
    fn quoted(&mut self) -> Result<Option<String>, PathError> {
        let Some(quote) = self.rest().chars().next().filter(|c| matches!(c, '\'' | '"')) else {
            return Ok(None);
        };
        let mut text = String::new();
        let mut is_escaped = false;
        for (at, c) in self.rest().char_indices().skip(1) {
            if c == quote && !is_escaped {
                self.at += at + 1;
                return Ok(Some(text));
            }
            is_escaped = c == '\\' && !is_escaped;
            if !is_escaped {
                text.push(c);
            }
        }
        Err(self.error("this quote has no end"))
    }
}

fn filter(cursor: &mut Cursor<'_>) -> Result<Step, PathError> {
    if cursor.depth == DEEPEST {
        return Err(cursor.error("filters are nested too deeply"));
    }
    cursor.depth += 1;
    let mut any = vec![vec![Test::parse(cursor)?]];
    loop {
        if cursor.take("&&") {
            let test = Test::parse(cursor)?;
            if let Some(all) = any.last_mut() {
                all.push(test);
            }
        } else if cursor.take("||") {
            any.push(vec![Test::parse(cursor)?]);
        } else {
            cursor.expect(")", "\"&&\", \"||\" or \")\" is expected")?;
            cursor.depth -= 1;
            return Ok(Step::Filter(any));
        }
    }
}

/// The right side of a comparison in a filter: a quoted text, a number, true, false or null.
fn literal(cursor: &mut Cursor<'_>) -> Result<Value, PathError> {
    if let Some(text) = cursor.quoted()? {
        return Ok(Value::String(text));
    }
    let start = cursor.at;
    let word = cursor.run(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    serde_json::from_str(word).map_err(|_| {
        cursor.at = start;
        cursor.error("a quoted text, a number, true or false is expected")
    })
}
