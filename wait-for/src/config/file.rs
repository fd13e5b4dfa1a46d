//! The configuration file: the same settings as YAML, and targets with terms of their own.
//!
//! Every mistake is collected with its line, so that one run shows them all.

use std::collections::HashMap;

use saphyr::{LoadableYamlNode, MarkedYaml, Scalar, YamlData};

use super::error::ConfigError;
use super::sources::Setting;
use crate::suggest::{closest, did_you_mean};

/// The keys at the top; `targets` beside them.
const KEYS: [&str; 17] = [
    "any",
    "context",
    "failFast",
    "interval",
    "kubeconfig",
    "missing",
    "namespace",
    "newerThan",
    "onTimeout",
    "once",
    "output",
    "quiet",
    "stableFor",
    "targets",
    "terminationLog",
    "timeout",
    "verbose",
];
/// The keys of a target that has terms of its own.
const TARGET_KEYS: [&str; 7] =
    ["target", "timeout", "onTimeout", "stableFor", "missing", "failFast", "newerThan"];

/// A file that has been read; the one without content where there is none.
#[derive(Debug, Default)]
pub(super) struct File {
    settings: HashMap<String, Setting>,
    pub(super) targets: Vec<FileTarget>,
}

/// A target in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileTarget {
    /// The target, and where it stands.
    pub(super) target: Setting,
    settings: HashMap<String, Setting>,
}

impl File {
    /// Reads the text of the file `name`: what there is in it, and what cannot be read.
    pub(super) fn parse(name: &str, text: &str) -> (Self, Vec<ConfigError>) {
        let mut reader = Reader { name, errors: Vec::new() };
        (reader.file(text), reader.errors)
    }

    pub(super) fn setting(&self, key: &str) -> Option<Setting> {
        self.settings.get(key).cloned()
    }
}

impl FileTarget {
    pub(super) fn setting(&self, key: &str) -> Option<Setting> {
        self.settings.get(key).cloned()
    }
}

struct Reader<'a> {
    name: &'a str,
    errors: Vec<ConfigError>,
}

impl Reader<'_> {
    fn complain(&mut self, line: usize, what: &str) {
        self.errors.push(ConfigError::File(format!("{}:{line}: {what}", self.name)));
    }

    fn file(&mut self, text: &str) -> File {
        let mut file = File::default();
        match MarkedYaml::load_from_str(text) {
            Err(error) => self.complain(error.marker().line(), error.info()),
            Ok(documents) => match documents.as_slice() {
                [] => self.complain(
                    1,
                    "the file is empty: write targets, such as \"targets: [deployment/postgres]\"",
                ),
                [document] => self.top(document, &mut file),
                [_, second, ..] => self.complain(line(second), "a second document: write one"),
            },
        }
        file
    }

    fn top(&mut self, document: &MarkedYaml, file: &mut File) {
        for (key, value) in self.entries(document, &KEYS) {
            if key == "targets" {
                file.targets = self.targets(value);
            } else if let Some(setting) = self.scalar(&key, value) {
                file.settings.insert(key, setting);
            }
        }
    }

    fn targets(&mut self, value: &MarkedYaml) -> Vec<FileTarget> {
        let YamlData::Sequence(items) = &value.data else {
            self.complain(
                line(value),
                "targets: expected a list, such as [deployment/postgres, job/migrate]",
            );
            return Vec::new();
        };
        items.iter().filter_map(|item| self.target(item)).collect()
    }

    fn target(&mut self, item: &MarkedYaml) -> Option<FileTarget> {
        if !matches!(item.data, YamlData::Mapping(_)) {
            let target = self.scalar("targets", item)?;
            return Some(FileTarget { target, settings: HashMap::new() });
        }
        let mistakes = self.errors.len();
        let mut settings = HashMap::new();
        for (key, value) in self.entries(item, &TARGET_KEYS) {
            if let Some(setting) = self.scalar(&key, value) {
                settings.insert(key, setting);
            }
        }
        let target = settings.remove("target");
        // A misspelt "target" is one mistake, not two.
        if target.is_none() && self.errors.len() == mistakes {
            self.complain(line(item), "a target without \"target\": write \"target: KIND/NAME\"");
        }
        Some(FileTarget { target: target?, settings })
    }

    /// The entries of a mapping whose keys are all known.
    fn entries<'n>(
        &mut self,
        node: &'n MarkedYaml<'n>,
        known: &[&'static str],
    ) -> Vec<(String, &'n MarkedYaml<'n>)> {
        let YamlData::Mapping(entries) = &node.data else {
            self.complain(
                line(node),
                &format!("expected keys and values; the keys are {}", known.join(", ")),
            );
            return Vec::new();
        };
        let mut result = Vec::new();
        for (key, value) in entries {
            match key.data.as_str() {
                Some(name) if known.contains(&name) => result.push((name.to_owned(), value)),
                name => {
                    let name = name.unwrap_or("(not a word)");
                    let hint = did_you_mean(closest(name, known.iter().copied()));
                    self.complain(
                        line(key),
                        &format!("unknown key {name:?}{hint}; known are {}", known.join(", ")),
                    );
                }
            }
        }
        result
    }

    fn scalar(&mut self, key: &str, value: &MarkedYaml) -> Option<Setting> {
        let text = match &value.data {
            YamlData::Value(Scalar::String(text)) => text.to_string(),
            YamlData::Value(Scalar::Boolean(value)) => value.to_string(),
            YamlData::Value(Scalar::Integer(value)) => value.to_string(),
            YamlData::Value(Scalar::FloatingPoint(value)) => value.to_string(),
            _ => {
                self.complain(line(value), &format!("{key}: expected one value"));
                return None;
            }
        };
        Some(Setting { from: format!("{}:{}: {key}", self.name, line(value)), text })
    }
}

fn line(node: &MarkedYaml) -> usize {
    node.span.start.line()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> Vec<String> {
        File::parse("gate.yaml", text).1.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn targets_stand_alone_or_with_terms_of_their_own() {
        let text =
            "timeout: 5m\nany: true\ntargets:\n- deployment/api\n- target: job/migrate\n  timeout: 2m\n";
        let (file, errors) = File::parse("gate.yaml", text);
        assert_eq!(errors, []);
        assert_eq!(file.setting("any").unwrap().text, "true");
        assert_eq!(file.setting("timeout").unwrap().from, "gate.yaml:1: timeout");
        let texts: Vec<&str> = file.targets.iter().map(|target| target.target.text.as_str()).collect();
        assert_eq!(texts, ["deployment/api", "job/migrate"]);
        assert_eq!(file.targets[1].setting("timeout").unwrap().from, "gate.yaml:6: timeout");
        assert_eq!(file.targets[1].setting("missing"), None);
    }

    #[test]
    fn every_mistake_is_named_with_its_line() {
        let text = "timout: 5m\ntargets:\n- traget: pod/x\n- target: [pod/x]\nstableFor: {a: b}\n";
        let errors = errors(text);
        assert_eq!(errors.len(), 4, "{errors:?}");
        assert!(
            errors[0].starts_with("gate.yaml:1: unknown key \"timout\" (did you mean \"timeout\"?)"),
            "{errors:?}"
        );
        for part in
            ["gate.yaml:3: unknown key", "gate.yaml:4: target: expected one value", "gate.yaml:5: stableFor"]
        {
            assert!(errors.iter().any(|error| error.starts_with(part)), "{part}: {errors:?}");
        }
    }

    #[test]
    fn a_file_that_is_no_configuration_says_what_one_is() {
        for (text, part) in [
            ("", "gate.yaml:1: the file is empty"),
            ("- pod/x\n", "gate.yaml:1: expected keys and values"),
            ("targets: pod/x\n", "gate.yaml:1: targets: expected a list"),
            ("targets: [\n", "gate.yaml:"),
            ("timeout: 1s\n---\ntimeout: 2s\n", "a second document"),
        ] {
            assert!(errors(text)[0].contains(part), "{text:?}: {:?}", errors(text));
        }
    }
}
