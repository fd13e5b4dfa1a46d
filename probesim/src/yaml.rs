//! YAML, and with it JSON, as a tree that knows its lines; and the reader that collects all that is wrong.

use std::fmt;

use saphyr::{MarkedYaml, Scalar, YamlData, YamlLoader};
use saphyr_parser::Parser;
use serde_json::{Map, Value};

/// A part of a document.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Where it begins, from 1.
    pub line: usize,
    /// What it is.
    pub content: Content,
}

/// What a node is. Scalars are text: what they mean is the business of the settings' own parsers.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// Nothing.
    Null,
    /// A word, a number, a string.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// Keys, their lines, and values.
    Map(Vec<(String, usize, Node)>),
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where, from 1.
    pub line: usize,
    /// Which field, as in `faults[0].rate`; empty for the document.
    pub field: String,
    /// What is wrong, and what to write.
    pub message: String,
}

/// All that is wrong with a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

/// Reads fields and collects problems.
#[derive(Debug, Default)]
pub struct Reader {
    problems: Vec<Problem>,
}

/// A map whose keys are known to be right.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    /// Where it begins.
    pub line: usize,
    path: String,
    entries: &'a [(String, usize, Node)],
}

// === impl Node ===

impl Node {
    /// The only document of a text.
    ///
    /// # Errors
    /// What the parser says, with its line; that there is another document, which nobody would read.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        let nothing = Self { line: 1, content: Content::Null };
        let all: Vec<Self> = documents(text)?.iter().map(convert).collect();
        // Nothing after a last `---` is no document to miss.
        if let Some(second) = all.iter().skip(1).find(|node| node.content != Content::Null) {
            let message = "a second document begins here; write everything into one".to_owned();
            return Err(Problems(vec![Problem { line: second.line, field: String::new(), message }]));
        }
        Ok(all.into_iter().next().unwrap_or(nothing))
    }

    /// As JSON, in which every scalar but null is a string.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Text(text) => Value::String(text.clone()),
            Content::List(items) => items.iter().map(Self::to_json).collect(),
            Content::Map(entries) => {
                Value::Object(entries.iter().map(|(key, _, node)| (key.clone(), node.to_json())).collect())
            }
        }
    }
}

/// Every document of a text. Scalars are as they were written: what they mean, readers differ about.
///
/// # Errors
/// What the parser says, with its line.
pub(crate) fn documents(text: &str) -> Result<Vec<MarkedYaml<'_>>, Problems> {
    let mut loader = YamlLoader::default();
    loader.early_parse(false);
    let loaded = Parser::new_from_iter(text.chars()).load(&mut loader, true);
    match loaded.err().or_else(|| loader.error().cloned()) {
        None => Ok(loader.into_documents()),
        Some(error) => {
            let message = format!("not YAML: {} (column {})", error.info(), error.marker().col() + 1);
            Err(Problems(vec![Problem { line: error.marker().line(), field: String::new(), message }]))
        }
    }
}

fn convert(yaml: &MarkedYaml<'_>) -> Node {
    let content = match &yaml.data {
        YamlData::Value(scalar) => of_scalar(scalar),
        YamlData::Sequence(items) => Content::List(items.iter().map(convert).collect()),
        YamlData::Mapping(entries) => Content::Map(entries.iter().map(|(k, v)| entry(k, v)).collect()),
        YamlData::Tagged(_, inner) => return convert(inner),
        YamlData::Representation(text, style, tag) => {
            let scalar = Scalar::parse_from_cow_and_metadata(text.clone(), *style, tag.as_ref());
            scalar.as_ref().map_or(Content::Null, of_scalar)
        }
        YamlData::Alias(_) | YamlData::BadValue => Content::Null,
    };
    Node { line: yaml.span.start.line(), content }
}

fn entry(key: &MarkedYaml<'_>, value: &MarkedYaml<'_>) -> (String, usize, Node) {
    let key = convert(key);
    let text = match key.content {
        Content::Text(text) => text,
        Content::Null | Content::List(_) | Content::Map(_) => String::new(),
    };
    (text, key.line, convert(value))
}

fn of_scalar(scalar: &Scalar<'_>) -> Content {
    match scalar {
        Scalar::Null => Content::Null,
        Scalar::Boolean(boolean) => Content::Text(boolean.to_string()),
        Scalar::Integer(integer) => Content::Text(integer.to_string()),
        Scalar::FloatingPoint(float) => Content::Text(float.into_inner().to_string()),
        Scalar::String(text) => Content::Text(text.to_string()),
    }
}

// === impl Problems ===

impl std::error::Error for Problems {}

/// One line for each.
impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, Problem { line, field, message }) in self.0.iter().enumerate() {
            let (end, colon) = (if n == 0 { "" } else { "\n" }, if field.is_empty() { "" } else { ": " });
            write!(f, "{end}line {line}: {field}{colon}{message}")?;
        }
        Ok(())
    }
}

impl Problems {
    /// For clients of the control API.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let problem = |Problem { line, field, message }: &Problem| {
            let mut map = Map::new();
            map.insert("field".into(), field.as_str().into());
            map.insert("line".into(), (*line).into());
            map.insert("message".into(), message.as_str().into());
            Value::Object(map)
        };
        self.0.iter().map(problem).collect()
    }
}

// === impl Reader ===

impl Reader {
    /// What was read, unless something was wrong.
    ///
    /// # Errors
    /// All that was wrong, by line.
    pub fn finish<T>(mut self, value: T) -> Result<T, Problems> {
        self.problems.sort_by_key(|problem| problem.line);
        if self.problems.is_empty() { Ok(value) } else { Err(Problems(self.problems)) }
    }

    /// Notes a problem.
    pub fn refuse(&mut self, line: usize, field: &str, message: impl Into<String>) {
        self.problems.push(Problem { line, field: field.to_owned(), message: message.into() });
    }

    /// The fields of a map; null is an empty one. Keys that are not in `known` are refused.
    pub fn fields<'a>(&mut self, node: &'a Node, path: &str, known: &[&str]) -> Fields<'a> {
        let entries: &[_] = match &node.content {
            Content::Map(entries) => entries,
            Content::Null => &[],
            Content::Text(_) | Content::List(_) => {
                self.refuse(node.line, path, format!("expected a map of {}", known.join(", ")));
                &[]
            }
        };
        let fields = Fields { line: node.line, path: path.to_owned(), entries };
        for (key, line, _) in entries {
            if !known.contains(&key.as_str()) {
                let message = match key.split_once(':') {
                    // `{status:503}` is a key without a value.
                    Some((begin, end)) if known.contains(&begin) => {
                        format!("YAML needs a space after the colon; write {begin}: {end}")
                    }
                    _ => format!("unknown; expected one of {}", known.join(", ")),
                };
                self.refuse(*line, &fields.path_of(key), message);
            }
        }
        fields
    }

    /// The items of a list; null is an empty one, and anything else a list of itself.
    pub fn items<'a>(&mut self, node: &'a Node) -> &'a [Node] {
        match &node.content {
            Content::List(items) => items,
            Content::Null => &[],
            Content::Text(_) | Content::Map(_) => std::slice::from_ref(node),
        }
    }

    /// The text of a scalar.
    pub fn text<'a>(&mut self, node: &'a Node, path: &str) -> Option<&'a str> {
        match &node.content {
            Content::Text(text) => Some(text),
            Content::Null | Content::List(_) | Content::Map(_) => {
                self.refuse(node.line, path, "expected one value");
                None
            }
        }
    }

    /// A scalar as `parse` reads it.
    pub fn scalar<T, E: fmt::Display>(
        &mut self,
        node: &Node,
        path: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = self.text(node, path)?;
        parse(text).map_err(|why| self.refuse(node.line, path, format!("{text:?}: {why}"))).ok()
    }

    /// The field of this name as `parse` reads it; `None` if it is absent, or wrong.
    pub fn read<T, E: fmt::Display>(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let node = fields.get(key)?;
        self.scalar(node, &fields.path_of(key), parse)
    }

    /// As [`Reader::read`], for a field that must be there.
    pub fn require<T, E: fmt::Display>(
        &mut self,
        fields: &Fields<'_>,
        key: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if fields.get(key).is_none() {
            self.refuse(fields.line, &fields.path_of(key), "missing");
        }
        self.read(fields, key, parse)
    }
}

// === impl Fields ===

impl<'a> Fields<'a> {
    /// The field of this name, unless it is null.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&'a Node> {
        let entry = self.entries.iter().find(|(name, ..)| name == key)?;
        (entry.2.content != Content::Null).then_some(&entry.2)
    }

    /// Whether one of these fields is there; the first one.
    #[must_use]
    pub fn first_of<'k>(&self, keys: &[&'k str]) -> Option<&'k str> {
        keys.iter().copied().find(|key| self.get(key).is_some())
    }

    /// The line of this field, else of the map.
    #[must_use]
    pub fn line_of(&self, key: &str) -> usize {
        self.entries.iter().find(|(name, ..)| name == key).map_or(self.line, |(_, line, _)| *line)
    }

    /// Every key with its line and value.
    #[must_use]
    pub fn entries(&self) -> &'a [(String, usize, Node)] {
        self.entries
    }

    /// How a field is called in messages.
    #[must_use]
    pub fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problems(text: &str) -> String {
        Node::parse(text).expect_err(text).to_string()
    }

    #[test]
    fn a_second_document_would_be_overlooked_and_is_refused() {
        let refusal = problems("a: 1\n---\nb: 2\n");
        assert!(refusal.starts_with("line 3: a second document begins here"), "{refusal}");
        for text in ["---\na: 1\n", "a: 1\n---\n", "a: 1\n...\n"] {
            assert!(Node::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn nodes_know_their_lines() {
        let node = Node::parse("a: 1\n\nb:\n  - x\n  - {c: '2'}\n").unwrap();
        let Content::Map(entries) = &node.content else { panic!("{node:?}") };
        assert_eq!((entries[0].1, entries[1].1), (1, 3));
        let Content::List(items) = &entries[1].2.content else { panic!("{node:?}") };
        assert_eq!((items[0].line, items[1].line), (4, 5));
        assert_eq!(node.to_json(), json!({"a": "1", "b": ["x", {"c": "2"}]}));
    }

    #[test]
    fn json_is_yaml() {
        let node = Node::parse("{\"a\": [1, 2.5, true, null, \"x\"]}").unwrap();
        assert_eq!(node.to_json(), json!({"a": ["1", "2.5", "true", null, "x"]}));
    }

    #[test]
    fn what_is_not_yaml_is_named_with_its_line() {
        assert!(problems("a: 1\nb: [1, 2\nc: 3\n").starts_with("line "));
        assert!(problems("a: 1\na: 2\n").contains("line 2: not YAML: duplicated key"));
    }

    #[test]
    fn all_problems_come_at_once_in_the_order_of_lines() {
        let node = Node::parse("b: x\nc: 1\na: y\n").unwrap();
        let mut reader = Reader::default();
        let fields = reader.fields(&node, "top", &["a", "b"]);
        let number = |text: &str| text.parse::<u8>();
        reader.read(&fields, "a", number);
        reader.read(&fields, "b", number);
        reader.require(&fields, "d", number);
        let lines = reader.finish(()).unwrap_err().to_string();
        let expected = "\
line 1: top.b: \"x\": invalid digit found in string
line 1: top.d: missing
line 2: top.c: unknown; expected one of a, b
line 3: top.a: \"y\": invalid digit found in string";
        assert_eq!(lines, expected);
    }
}
