//! Keys of ConfigMaps and Secrets: readiness.md 1.8. Their values are looked at for being empty, and never kept.
//! <https://kubernetes.io/docs/concepts/configuration/secret/#restriction-names-data>

use std::fmt;

use super::any::AnyObject;
use super::check::{Asked, CheckError};
use super::guard;
use crate::message::clean;
use crate::verdict::{Finding, Verdict};

/// A key that must be there with a value: controllers create the object first and fill it later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HasKey(String);

pub(super) const NAMES: &[&str] = &["has-key"];

/// Decides whether the object has a value under the key.
#[must_use]
pub fn evaluate(object: &AnyObject, HasKey(key): &HasKey) -> Verdict {
    if let Some(verdict) = guard::deletion(&object.metadata) {
        return verdict;
    }
    let maps = ["data", "binaryData"].map(|name| object.tree[name].as_object());
    let entries = maps.into_iter().flatten().flatten();
    match entries.clone().find(|(name, _)| *name == key) {
        Some((_, value)) if value.as_str().is_none_or(str::is_empty) => {
            Verdict::NotYet(Finding::because(format!("key {key} is empty"), "it is waited for a value"))
        }
        Some(_) => Verdict::Met(Finding::state(format!("has key {key}"))),
        None => {
            let mut keys: Vec<&str> = entries.map(|(name, _)| name.as_str()).collect();
            keys.sort_unstable();
            let cause = match keys.as_slice() {
                [] => "it has no keys yet".to_owned(),
                keys => format!("its keys are {}", clean(&keys.join(", "))),
            };
            Verdict::NotYet(Finding::because(format!("no key {key}"), cause))
        }
    }
}

// === impl HasKey ===

impl HasKey {
    pub(super) fn parse(asked: Asked<'_>) -> Result<Self, CheckError> {
        if asked.known(NAMES).is_none() {
            return Err(asked.unknown());
        }
        let is_key = |key: &&str| {
            let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            !key.is_empty() && key.len() <= 253 && key.bytes().all(is_allowed)
        };
        asked.argument().filter(is_key).map(|key| Self(key.to_owned())).ok_or(CheckError::Key)
    }
}

impl fmt::Display for HasKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "has-key={}", self.0)
    }
}
