//! Where a setting may come from: its flag, else its `WAIT_FOR_` variable, else the configuration file.

use std::collections::HashMap;
use std::time::Duration;

use super::error::ConfigError;
use super::file::File;
use crate::duration;
use crate::suggest::{closest, did_you_mean};

/// A value and where it stands, for messages: `--timeout`, `WAIT_FOR_TIMEOUT`, `gate.yaml:3: timeout`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) from: String,
    pub(super) text: String,
}

/// The environment and the file; flags are passed with each question.
pub(super) struct Sources<'a> {
    pub(super) env: &'a HashMap<String, String>,
    pub(super) file: &'a File,
}

impl Sources<'_> {
    /// The setting `name`, such as `stable-for`, whose flag says `flag`.
    pub(super) fn get(&self, flag: Option<&String>, name: &str) -> Option<Setting> {
        flag.map(|text| Setting { from: format!("--{name}"), text: text.clone() })
            .filter(|setting| !setting.text.is_empty() || name != "namespace")
            .or_else(|| self.variable(&format!("WAIT_FOR_{}", name.to_uppercase().replace('-', "_"))))
            .or_else(|| self.file.setting(&camel(name)))
    }

    /// A variable; an empty one counts as unset.
    pub(super) fn variable(&self, name: &str) -> Option<Setting> {
        let text = self.env.get(name).filter(|text| !text.is_empty())?;
        Some(Setting { from: name.to_owned(), text: text.clone() })
    }

    /// A switch, which is on where its flag is given.
    pub(super) fn switch(&self, is_given: bool, name: &str) -> Result<bool, ConfigError> {
        if is_given {
            return Ok(true);
        }
        self.get(None, name).map_or(Ok(false), |setting| {
            setting.word(&[("true", true), ("1", true), ("false", false), ("0", false)])
        })
    }
}

impl Setting {
    /// One of some words.
    pub(super) fn word<T: Copy>(&self, known: &[(&'static str, T)]) -> Result<T, ConfigError> {
        let text = self.text.to_ascii_lowercase();
        known.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning).ok_or_else(|| {
            let words = || known.iter().map(|(word, _)| *word);
            ConfigError::Word {
                from: self.from.clone(),
                text: self.text.clone(),
                known: words().collect::<Vec<_>>().join(", "),
                hint: did_you_mean(closest(&text, words())),
            }
        })
    }

    /// A duration; a bare number counts in `unit` seconds, where there is such a unit.
    pub(super) fn duration(&self, unit: u64) -> Result<Duration, ConfigError> {
        let parsed = match self.text.trim().parse::<u64>() {
            Ok(count) if unit > 0 => duration::seconds(&self.text, count.saturating_mul(unit)),
            _ => duration::parse(&self.text),
        };
        parsed.map_err(|error| ConfigError::Duration(self.from.clone(), error))
    }
}

/// `stable-for` as YAML has it: `stableFor`.
fn camel(name: &str) -> String {
    let mut words = name.split('-');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |text, word| text + &word[..1].to_uppercase() + &word[1..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_yaml_have_humps() {
        assert_eq!(camel("timeout"), "timeout");
        assert_eq!(camel("termination-log"), "terminationLog");
    }

    #[test]
    fn a_word_that_is_not_known_gets_a_hint() {
        let setting = Setting { from: "--on-timeout".into(), text: "contineu".into() };
        let error = setting.word(&[("fail", 1), ("continue", 2)]).unwrap_err().to_string();
        assert!(error.starts_with("--on-timeout: \"contineu\" is not one of fail, continue"), "{error}");
        assert!(error.contains("did you mean"), "{error}");
    }
}
