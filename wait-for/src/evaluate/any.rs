//! An object of any kind, as a tree: custom resources may have anything anywhere, and what is of another type than
//! usual counts as absent.

use serde_json::Value;

use super::OnlyMetadata;
use crate::object::{Metadata, Reported};

/// An object, for as long as it is looked at.
pub struct AnyObject {
    pub(super) metadata: Metadata,
    pub(super) tree: Value,
}

// === impl AnyObject ===

impl AnyObject {
    /// Reads an object.
    ///
    /// # Errors
    /// Where the JSON is none.
    pub fn read(json: &str) -> Result<Self, serde_json::Error> {
        let OnlyMetadata { metadata } = serde_json::from_str(json)?;
        Ok(Self { metadata, tree: serde_json::from_str(json)? })
    }

    /// What is at `/status/phase`, say; nothing where that is no text.
    pub(super) fn text(&self, pointer: &str) -> &str {
        self.tree.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    /// The count at `/status/currentHealthy`, say.
    pub(super) fn count(&self, pointer: &str) -> i64 {
        self.tree.pointer(pointer).and_then(Value::as_i64).unwrap_or_default()
    }

    /// The items at `/status/conditions`, say.
    pub(super) fn list(&self, pointer: &str) -> &[Value] {
        self.tree.pointer(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The generation that the status speaks of, where it says so.
    pub(super) fn observed_generation(&self) -> Option<i64> {
        self.tree.pointer("/status/observedGeneration").and_then(Value::as_i64)
    }

    /// The entries of `status.conditions` that have a type and a status.
    pub(super) fn conditions(&self) -> Vec<Reported> {
        let reported = |entry: &Value| {
            let text = |name| entry.get(name).and_then(Value::as_str);
            Some(Reported {
                r#type: text("type")?.into(),
                status: text("status")?.into(),
                reason: text("reason").unwrap_or_default().into(),
                message: text("message").unwrap_or_default().into(),
                observed_generation: entry.get("observedGeneration").and_then(Value::as_i64),
                last_transition_time: text("lastTransitionTime").map(Into::into),
            })
        };
        self.list("/status/conditions").iter().filter_map(reported).collect()
    }
}
