//! How an object is shown: whole, or its metadata alone, as the `Accept` header asks.

use serde_json::{Value, json};

use super::object::Object;

/// The representation that a client asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum View {
    /// The object itself.
    #[default]
    Whole,
    /// `PartialObjectMetadata`: metadata watches ask for it.
    Metadata,
}

// === impl View ===

impl View {
    /// Reads the `Accept` header; anything unknown gets the whole object as JSON, protobuf too.
    pub(super) fn from_accept(accept: &str) -> Self {
        let first = accept.split(',').next().unwrap_or_default();
        let asks_for = |what: &str| first.split(';').any(|parameter| parameter.trim() == what);
        let is_metadata = asks_for("as=PartialObjectMetadata") || asks_for("as=PartialObjectMetadataList");
        if is_metadata && asks_for("g=meta.k8s.io") && asks_for("v=v1") {
            Self::Metadata
        } else {
            Self::Whole
        }
    }

    /// Appends the object with its kind.
    pub(super) fn write(&self, object: &Object, out: &mut Vec<u8>) {
        match self {
            Self::Whole => out.extend_from_slice(object.json()),
            Self::Metadata => out.extend_from_slice(metadata(object).to_string().as_bytes()),
        }
    }

    /// Appends the object as a list has it; metadata items carry their kind, as recorded.
    pub(super) fn write_item(&self, object: &Object, out: &mut Vec<u8>) {
        match self {
            Self::Whole => object.write_item(out),
            Self::Metadata => self.write(object, out),
        }
    }
}

fn metadata(object: &Object) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object.value()["metadata"]})
}
