//! A YAML file of the repository, taken apart.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// A file, as text and as objects.
pub(crate) struct File {
    /// From the repository's root.
    pub(crate) path: String,
    pub(crate) text: String,
    pub(crate) objects: Vec<Value>,
}

impl File {
    /// Every YAML file below a folder of the repository.
    pub(crate) fn all_in(folder: &str) -> Vec<Self> {
        let mut paths = Vec::new();
        collect(&root().join(folder), &mut paths);
        paths.sort();
        paths.iter().map(|path| Self::read(path)).collect()
    }

    /// The file at this path from the repository's root.
    pub(crate) fn at(path: &str) -> Self {
        Self::read(&root().join(path))
    }

    /// A file with this content.
    pub(crate) fn new(path: &str, text: String) -> Self {
        let objects = documents(&text)
            .iter()
            .map(|document| {
                wait_for::yaml::to_json(document).unwrap_or_else(|error| panic!("{path}: {error}"))
            })
            .filter(|object| !object.is_null())
            .collect();
        Self { path: path.to_owned(), text, objects }
    }

    pub(crate) fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Value> {
        self.objects.iter().filter(move |object| object["kind"] == kind)
    }

    pub(crate) fn find(&self, kind: &str, name: &str) -> Option<&Value> {
        self.of_kind(kind).find(|object| object["metadata"]["name"] == name)
    }

    fn read(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let short = path.strip_prefix(root()).unwrap_or(path);
        Self::new(&short.display().to_string(), text)
    }
}

/// The repository's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package is in the workspace").to_owned()
}

/// A string, or nothing where there is none.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The items of a list; none where there is no list.
pub(crate) fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
            into.push(path);
        }
    }
}

/// A line that begins with `---` parts two documents wherever it stands, even within a block of text:
/// <https://yaml.org/spec/1.2.2/#914-explicit-documents>
fn documents(text: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for line in text.lines() {
        if line == "---" || line.starts_with("--- ") {
            documents.push(String::new());
        } else if let Some(last) = documents.last_mut() {
            last.push_str(line);
            last.push('\n');
        }
    }
    documents
}

#[test]
fn documents_are_parted_by_their_marker_only() {
    let file = File::new("x", "# on top\n---\na: 1\n---\nb: |\n  ---\n  text---\n---\n".to_owned());
    assert_eq!(file.objects, [serde_json::json!({"a": 1}), serde_json::json!({"b": "---\ntext---\n"})]);
}
