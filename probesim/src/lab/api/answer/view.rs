//! How an object is shown: whole, as a row of a table, or its metadata alone, as the `Accept` header asks.
//!
//! See "Receiving resources as Tables" and "Alternate representations of resources" in the API concepts.

use serde_json::{Value, json};

use super::table;
use crate::lab::schema::resources::Resource;
use crate::lab::store::object::Object;

/// The representation that a client asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lab) enum View {
    /// The object itself.
    Whole,
    /// `PartialObjectMetadata`: metadata watches ask for it.
    Metadata,
    /// `Table`: `kubectl get` asks for it.
    Table {
        /// Seconds since 1970: ages are counted from it.
        now: u64,
        /// The columns are defined once, also in a watch.
        has_columns: bool,
        /// What of the object goes with its row.
        include: Include,
    },
}

/// `includeObject` of `TableOptions`: `kubectl get --sort-by` and `-o custom-columns` need more than the cells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::lab) enum Include {
    None,
    #[default]
    Metadata,
    Object,
}

// === impl Include ===

impl Include {
    /// Reads the parameter; `None` if it is none of the three.
    pub(in crate::lab::api) fn parse(text: &str) -> Option<Self> {
        match text {
            "" | "Metadata" => Some(Self::Metadata),
            "Object" => Some(Self::Object),
            "None" => Some(Self::None),
            _ => None,
        }
    }
}

// === impl View ===

impl View {
    /// Reads the `Accept` header; `None` if it names nothing that is served.
    pub(in crate::lab::api) fn from_accept(accept: &str, now: u64) -> Option<Self> {
        if accept.is_empty() {
            return Some(Self::Whole);
        }
        accept.split(',').find_map(|one| {
            let mut words = one.split(';').map(str::trim);
            let kind = words.next()?;
            let words: Vec<&str> = words.collect();
            let as_what = words.iter().find_map(|word| word.strip_prefix("as="));
            let is_meta = words.contains(&"g=meta.k8s.io") && words.contains(&"v=v1");
            match (kind, as_what) {
                ("application/json" | "application/*" | "*/*", None) => Some(Self::Whole),
                ("application/json", Some("Table")) if is_meta => {
                    Some(Self::Table { now, has_columns: false, include: Include::default() })
                }
                ("application/json", Some("PartialObjectMetadata" | "PartialObjectMetadataList"))
                    if is_meta =>
                {
                    Some(Self::Metadata)
                }
                _ => None,
            }
        })
    }

    /// The same with so much of each object.
    pub(in crate::lab::api) fn including(self, what: Include) -> Self {
        match self {
            Self::Table { now, has_columns, .. } => Self::Table { now, has_columns, include: what },
            other => other,
        }
    }

    /// The same at a later time.
    pub(super) fn set_now(&mut self, seconds: u64) {
        if let Self::Table { now, .. } = self {
            *now = seconds;
        }
    }

    /// `kind` and `apiVersion` of a list.
    pub(in crate::lab::api) fn list_kind(&self, resource: &Resource) -> (String, String) {
        match self {
            Self::Whole => (format!("{}List", resource.kind), resource.group_version()),
            Self::Metadata => ("PartialObjectMetadataList".to_owned(), "meta.k8s.io/v1".to_owned()),
            Self::Table { .. } => ("Table".to_owned(), "meta.k8s.io/v1".to_owned()),
        }
    }

    /// What lies between a list's metadata and its items.
    pub(in crate::lab::api) fn list_items(&self, resource: &Resource) -> String {
        match self {
            Self::Whole | Self::Metadata => r#","items":["#.to_owned(),
            Self::Table { .. } => {
                format!(r#","columnDefinitions":{},"rows":["#, table::definitions(resource))
            }
        }
    }

    /// Appends the object with its kind.
    pub(in crate::lab) fn write(&mut self, resource: &Resource, object: &Object, out: &mut Vec<u8>) {
        match self {
            Self::Whole => out.extend_from_slice(object.json()),
            Self::Metadata => out.extend_from_slice(metadata(object).to_string().as_bytes()),
            Self::Table { now, has_columns, include } => {
                let mut shown = json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1",
                    "metadata": {"resourceVersion": object.resource_version.to_string()}});
                // `columnDefinitions` has no `omitempty`: without columns it is null.
                let columns = if *has_columns { Value::Null } else { table::definitions(resource) };
                shown["columnDefinitions"] = columns;
                shown["rows"] = json!([table::row(resource, &object.value(), *now, *include)]);
                *has_columns = true;
                out.extend_from_slice(shown.to_string().as_bytes());
            }
        }
    }

    /// Appends the object as a list has it; metadata items carry their kind, as recorded.
    pub(in crate::lab::api) fn write_item(
        &mut self,
        resource: &Resource,
        object: &Object,
        out: &mut Vec<u8>,
    ) {
        match self {
            Self::Whole => object.write_item(out),
            Self::Metadata => self.write(resource, object, out),
            Self::Table { now, include, .. } => {
                let row = table::row(resource, &object.value(), *now, *include);
                out.extend_from_slice(row.to_string().as_bytes());
            }
        }
    }
}

fn metadata(object: &Object) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object.value()["metadata"]})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_acceptable_representation_is_chosen() {
        let table = Some(View::Table { now: 7, has_columns: false, include: Include::Metadata });
        for (accept, expected) in [
            ("", Some(View::Whole)),
            ("*/*", Some(View::Whole)),
            ("text/html, application/json;q=0.9", Some(View::Whole)),
            ("application/json;as=Table;v=v1;g=meta.k8s.io,application/json", table.clone()),
            ("application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json", Some(View::Whole)),
            ("application/vnd.kubernetes.protobuf, application/json", Some(View::Whole)),
            (
                "application/vnd.kubernetes.protobuf;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;g=meta.k8s.io;v=v1",
                table,
            ),
            ("application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", Some(View::Metadata)),
            ("application/vnd.kubernetes.protobuf", None),
            ("application/json;as=Table;v=v1beta1;g=meta.k8s.io", None),
        ] {
            assert_eq!(View::from_accept(accept, 7), expected, "{accept}");
        }
    }
}
