//! What a controller decides: writes in their order, and when to look again.

use std::time::Duration;

use serde_json::Value;

use super::meta;

/// The outcome of one look at an object.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Plan {
    /// In this order.
    pub(super) writes: Vec<Write>,
    /// The moment, since 1970, at which something changes by waiting.
    pub(super) again: Option<Duration>,
}

/// One write, as an API client makes it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Write {
    /// A new object, and the Event that tells of it.
    Create(Value, Option<Told>),
    /// A merge patch of metadata and spec.
    Patch(Target, Value),
    /// The status, and annotations that are written with it.
    Status(Target, Value, Option<Value>),
    /// A delete, as a client asks for it.
    Delete(Target, Option<Told>),
    /// An Event about the object that was looked at.
    Event(Told),
}

/// Which object a write is about; another one of the same name is left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) uid: String,
}

/// An Event; `{}` in its message stands for the name of what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) severity: &'static str,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

// === impl Plan ===

impl Plan {
    pub(super) fn push(&mut self, write: Write) {
        self.writes.push(write);
    }

    /// Looks again at this moment at the latest.
    pub(super) fn look_again(&mut self, at: Option<Duration>) {
        self.again = match (self.again, at) {
            (Some(first), Some(second)) => Some(first.min(second)),
            (first, second) => first.or(second),
        };
    }

    /// Writes a status unless the object has it already.
    pub(super) fn set_status(&mut self, object: &Value, status: Value) {
        if object.get("status") != Some(&status) {
            self.push(Write::Status(Target::of(object), status, None));
        }
    }
}

// === impl Target ===

impl Target {
    pub(super) fn of(object: &Value) -> Self {
        Self {
            api_version: meta::text(object, "/apiVersion").to_owned(),
            kind: meta::text(object, "/kind").to_owned(),
            namespace: meta::namespace(object).to_owned(),
            name: meta::name(object).to_owned(),
            uid: meta::uid(object).to_owned(),
        }
    }
}

// === impl Told ===

impl Told {
    pub(super) fn normal(reason: &'static str, message: impl Into<String>) -> Self {
        Self { severity: "Normal", reason, message: message.into() }
    }

    pub(super) fn warning(reason: &'static str, message: impl Into<String>) -> Self {
        Self { severity: "Warning", reason, message: message.into() }
    }

    pub(super) fn created_pod() -> Option<Self> {
        Some(Self::normal("SuccessfulCreate", "Created pod: {}"))
    }

    pub(super) fn deleted_pod() -> Option<Self> {
        Some(Self::normal("SuccessfulDelete", "Deleted pod: {}"))
    }
}
