//! Manifests: the objects of YAML and JSON files, with the place where each is written.
//!
//! What a word means is what kubectl takes it for, see `scalar`.

mod pod;
mod scalar;
mod tree;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;
use thiserror::Error;

use crate::system_error::describe;
use crate::yaml;
pub use pod::{pod_spec, pod_template, template_path};
use tree::Lines;

/// An object of a manifest.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// The file; `-` is the standard input.
    pub file: Arc<Path>,
    /// Where it begins there, from 1.
    pub line: usize,
    /// The object as JSON, its scalars typed as kubectl does.
    pub value: Value,
    lines: Lines,
}

/// What is wrong with a manifest: file, line, what was expected, what to write.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{file}:{}{message}", if *line == 0 { " ".to_owned() } else { format!("{line}: ") })]
pub struct Problem {
    /// The file.
    pub file: String,
    /// Where, from 1; 0 when the file could not be read at all.
    pub line: usize,
    /// What is wrong, and what to write.
    pub message: String,
}

// === impl Object ===

impl Object {
    /// An object that comes from elsewhere: all of it lies in one line.
    #[must_use]
    pub fn new(file: &Path, line: usize, value: Value) -> Self {
        Self { file: file.into(), line, value, lines: Lines { line, inner: vec![] } }
    }

    /// `kind`.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.text("kind")
    }

    /// `metadata.name`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text("metadata.name")
    }

    /// `metadata.namespace`, or `default`.
    #[must_use]
    pub fn namespace(&self) -> &str {
        let namespace = self.text("metadata.namespace");
        if namespace.is_empty() { "default" } else { namespace }
    }

    /// What is at a path such as `spec.template.spec.containers[0]`.
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Value> {
        tree::at(&self.value, path)
    }

    /// The text at a path; empty if there is none.
    #[must_use]
    pub fn text(&self, path: &str) -> &str {
        self.get(path).and_then(Value::as_str).unwrap_or_default()
    }

    /// The line of the field at a path; of what it would be in, if it is missing.
    #[must_use]
    pub fn line_of(&self, path: &str) -> usize {
        self.lines.of(&self.value, path)
    }

    /// Something that is wrong with the field at a path.
    #[must_use]
    pub fn problem(&self, path: &str, message: &str) -> Problem {
        let colon = if path.is_empty() { "" } else { ": " };
        let file = self.file.display().to_string();
        Problem { file, line: self.line_of(path), message: format!("{path}{colon}{message}") }
    }
}

/// The objects of these files, in order; the items of a `List` each for itself. `-` is the standard input, and
/// a directory stands for its *.yaml, *.yml and *.json files, sorted by name.
///
/// # Errors
/// What cannot be read, is not YAML, or is no object with `apiVersion`, `kind` and `metadata.name`.
pub fn read(files: &[PathBuf]) -> Result<Vec<Object>, Problem> {
    let mut objects = Vec::new();
    for file in files {
        let before = objects.len();
        if file.is_dir() {
            for file in directory(file)? {
                parse(&file, &content(&file)?, &mut objects)?;
            }
        } else {
            parse(file, &content(file)?, &mut objects)?;
        }
        if objects.len() == before {
            return Err(unread(
                file,
                "no objects in it: write at least one with apiVersion, kind and metadata.name",
            ));
        }
    }
    Ok(objects)
}

/// The objects of a text, for tests.
///
/// # Errors
/// As [`read`].
#[cfg(test)]
pub(crate) fn parse_text(text: &str) -> Result<Vec<Object>, Problem> {
    let mut objects = Vec::new();
    parse(Path::new("a.yaml"), text, &mut objects)?;
    Ok(objects)
}

fn directory(path: &Path) -> Result<Vec<PathBuf>, Problem> {
    let is_manifest = |file: &PathBuf| {
        let extension = file.extension().and_then(|extension| extension.to_str());
        matches!(extension, Some("yaml" | "yml" | "json")) && !file.is_dir()
    };
    let entries = std::fs::read_dir(path)
        .map_err(|why| unread(path, &format!("cannot be read: {}", describe(&why))))?;
    let mut files: Vec<_> =
        entries.filter_map(|entry| Some(entry.ok()?.path())).filter(is_manifest).collect();
    files.sort();
    if files.is_empty() {
        return Err(unread(path, "the directory has no *.yaml, *.yml or *.json file"));
    }
    Ok(files)
}

fn content(file: &Path) -> Result<String, Problem> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    read.map_err(|why| unread(file, &format!("cannot be read: {}", describe(&why))))
}

fn unread(file: &Path, message: &str) -> Problem {
    Problem { file: file.display().to_string(), line: 0, message: message.to_owned() }
}

/// Adds the objects of one text.
fn parse(file: &Path, text: &str, objects: &mut Vec<Object>) -> Result<(), Problem> {
    let problem = |line, message| Problem { file: file.display().to_string(), line, message };
    let read = yaml::documents(text);
    if let (Err(_), Some(found)) = (&read, json(file, text)) {
        return found.into_iter().try_for_each(|object| add(object, objects));
    }
    let documents = read.map_err(|problems| {
        let (line, mut message) =
            problems.0.into_iter().next().map_or((1, String::new()), |it| (it.line, it.message));
        if text.contains("{{") {
            message += "; it looks like a template: give what `helm template` prints";
        }
        problem(line, message)
    })?;
    let file: Arc<Path> = file.into();
    for document in &documents {
        let (value, lines) = tree::convert(document).map_err(|wrong| problem(wrong.line, wrong.message))?;
        if !value.is_null() {
            add(Object { file: Arc::clone(&file), line: lines.line, value, lines }, objects)?;
        }
    }
    Ok(())
}

/// JSON that is no YAML: its strings may hold halves of a character, `\ud83d\ude00`. Only the line of each
/// object is known.
fn json(file: &Path, text: &str) -> Option<Vec<Object>> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<Value>();
    let mut found = vec![];
    loop {
        let rest = &text[values.byte_offset()..];
        let begin = text.len() - rest.trim_start().len();
        let line = 1 + text[..begin].matches('\n').count();
        match values.next() {
            Some(value) => found.push(Object::new(file, line, value.ok()?)),
            None => return Some(found),
        }
    }
}

/// Adds an object, or the items of a list.
fn add(object: Object, objects: &mut Vec<Object>) -> Result<(), Problem> {
    if !object.value.is_object() {
        let message = "not an object: write apiVersion, kind, metadata and spec, each on a line of its own";
        return Err(object.problem("", message));
    }
    for (field, example) in [("apiVersion", "apps/v1"), ("kind", "Deployment")] {
        if object.text(field).is_empty() {
            let message = match object.get(field) {
                None | Some(Value::Null) => {
                    format!("{field} is missing: write for example `{field}: {example}`")
                }
                Some(_) => format!("{field}: expected a word: write for example `{field}: {example}`"),
            };
            return Err(object.problem("", &message));
        }
    }
    if let (Some(item_kind), Some(Value::Array(items))) =
        (object.kind().strip_suffix("List"), object.get("items"))
    {
        return flatten(&object, item_kind, items, objects);
    }
    if let Some(value) =
        object.get("metadata.namespace").filter(|value| !value.is_string() && !value.is_null())
    {
        let message = format!("expected a string, not {value}: put it in quotes");
        return Err(object.problem("metadata.namespace", &message));
    }
    if object.name().is_empty() {
        let message = match object.get("metadata.name") {
            Some(value) if !value.is_null() => {
                format!("expected a string, not {value}: write `name: \"{value}\"`")
            }
            _ if object.get("metadata.generateName").is_some() => {
                "missing: `generateName` is for `kubectl create` alone; write `name`".to_owned()
            }
            _ => "missing: write `metadata: {name: …}`".to_owned(),
        };
        return Err(object.problem("metadata.name", &message));
    }
    objects.push(object);
    Ok(())
}

/// `kind: List`; the items of a typed list may leave their kind to it.
fn flatten(list: &Object, kind: &str, items: &[Value], objects: &mut Vec<Object>) -> Result<(), Problem> {
    let lines = list.lines.within(&list.value, "items");
    for (value, lines) in items.iter().zip(lines) {
        let mut value = value.clone();
        if let (Value::Object(map), false) = (&mut value, kind.is_empty()) {
            for (field, text) in [("apiVersion", list.text("apiVersion")), ("kind", kind)] {
                map.entry(field).or_insert_with(|| text.into());
            }
        }
        add(Object { file: Arc::clone(&list.file), line: lines.line, value, lines }, objects)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
