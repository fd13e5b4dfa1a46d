//! Whether what the API server sent answers the question: only an answer opens a gate, or says that something is gone.
//!
//! A login page, another server behind the same address, a cache that forgets what it was asked or a proxy that drops
//! the query all answer 200 with something else.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::json_text;
use crate::kube_error::KubeError;
use crate::message::clean;
use crate::resource::{Resource, Scope, Served};
use crate::target::Which;

/// The group of objects without anything but their metadata.
/// <https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches>
const META: &str = "meta.k8s.io/v1";

/// One page of a list.
#[derive(Debug)]
pub struct Page<'a> {
    /// Where a watch can start; nothing where the server does not say it.
    pub version: Option<String>,
    /// The token of the next page, if there is one.
    pub next: Option<String>,
    /// How many objects are on later pages; selections need not say it.
    pub remaining: u64,
    /// The objects, not looked into yet.
    pub items: Vec<&'a RawValue>,
}

/// What a document says it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head<'a> {
    #[serde(borrow)]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow)]
    api_version: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct List<'a> {
    #[serde(default)]
    metadata: ListMeta,
    /// Go writes an empty list as null where nobody took care; what has no such field is no list.
    #[serde(borrow, default, deserialize_with = "present")]
    items: Option<Option<Vec<&'a RawValue>>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ListMeta {
    resource_version: Option<String>,
    r#continue: Option<String>,
    remaining_item_count: Option<u64>,
}

#[derive(Deserialize)]
struct Object<'a> {
    #[serde(borrow)]
    metadata: Identity<'a>,
}

#[derive(Deserialize)]
struct Identity<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    namespace: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Labelled {
    metadata: Labels,
}

#[derive(Deserialize)]
struct Labels {
    labels: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct Placed {
    spec: Spec,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    node_name: Option<String>,
}

/// A page of the list that was asked for.
///
/// # Errors
/// [`KubeError::NoAnswer`], saying what it is instead.
pub fn page<'a>(resource: &Resource, body: &'a [u8]) -> Result<Page<'a>, KubeError> {
    let Served { plural, .. } = resource.served();
    let other = || instead(body, &format!("a list of {plural}"));
    let head: Head = json_text::read(body).map_err(|_| other())?;
    let kind = head.kind.as_deref().unwrap_or_default();
    let is_ours = is_list_of(resource.served(), resource.is_custom(), kind)
        && head.is_of(&api_version(resource.served()));
    let is_metadata =
        kind == "PartialObjectMetadataList" && head.is_of(META) && resource.is_metadata_enough();
    if is_ours || is_metadata { list(body).map_err(unreadable) } else { Err(other()) }
}

/// A page of some list.
///
/// # Errors
/// Where it is none.
pub fn list(body: &[u8]) -> Result<Page<'_>, serde_json::Error> {
    let List { metadata, items } = json_text::read(body)?;
    let items = items.ok_or_else(|| serde::de::Error::missing_field("items"))?;
    // From version 0 on, a watch may begin anywhere in the past.
    let version = metadata.resource_version.filter(|version| !matches!(version.as_str(), "" | "0"));
    let next = metadata.r#continue.filter(|token| !token.is_empty());
    let remaining = metadata.remaining_item_count.unwrap_or_default();
    Ok(Page { version, next, remaining, items: items.unwrap_or_default() })
}

/// The object that was asked for by its name.
///
/// # Errors
/// [`KubeError::NoAnswer`], saying what it is instead.
pub fn object<'a>(resource: &Resource, body: &'a [u8]) -> Result<&'a RawValue, KubeError> {
    let wanted = || resource.name().unwrap_or("an object").to_owned();
    let object: &RawValue = json_text::read(body).map_err(|_| instead(body, &wanted()))?;
    event(resource, object)?;
    Ok(object)
}

/// That an object that says of what kind it is, as those of watches do, is one of those that were asked for.
///
/// # Errors
/// [`KubeError::NoAnswer`], saying what it is instead.
pub fn event(resource: &Resource, object: &RawValue) -> Result<(), KubeError> {
    kind(resource, object)?;
    match stranger(resource, object)? {
        None => Ok(()),
        Some(stranger) => Err(foreign(resource, &stranger)),
    }
}

/// The same of an object of which a watch says that it has gone: that may be because of its labels.
///
/// # Errors
/// As for [`event`].
pub fn gone(resource: &Resource, object: &RawValue) -> Result<(), KubeError> {
    kind(resource, object)?;
    match misplaced(resource, object)? {
        None => Ok(()),
        Some(stranger) => Err(foreign(resource, &stranger)),
    }
}

/// That a document says to be of the kind, as a bookmark does.
///
/// # Errors
/// [`KubeError::NoAnswer`], saying what it is instead.
pub fn kind(resource: &Resource, object: &RawValue) -> Result<(), KubeError> {
    let Served { plural, kind, .. } = resource.served();
    let body = object.get().as_bytes();
    let other = || instead(body, &format!("one of the {plural}"));
    let head: Head = json_text::read(body).map_err(|_| other())?;
    let said = head.kind.as_deref().unwrap_or_default();
    let is_ours = said.eq_ignore_ascii_case(kind) && head.is_of(&api_version(resource.served()));
    let is_metadata = said == "PartialObjectMetadata" && head.is_of(META) && resource.is_metadata_enough();
    if is_ours || is_metadata { Ok(()) } else { Err(other()) }
}

/// What an item of a list is called where it is none of those that were asked for. Items of typed lists do not say of
/// what kind they are, but where they do it has to be the right one.
///
/// # Errors
/// [`KubeError::NoAnswer`] where it is of another kind, or no object at all.
pub fn stranger(resource: &Resource, object: &RawValue) -> Result<Option<String>, KubeError> {
    let head: Head = serde_json::from_str(object.get()).map_err(unreadable)?;
    if head.kind.is_some() {
        kind(resource, object)?;
    }
    if let Some(stranger) = misplaced(resource, object)? {
        return Ok(Some(stranger));
    }
    if !is_selected(resource, object)? {
        let Object { metadata } = serde_json::from_str(object.get()).map_err(unreadable)?;
        return Ok(Some(metadata.name.unwrap_or_default().into_owned()));
    }
    Ok(None)
}

/// What an object of another name or namespace is called.
fn misplaced(resource: &Resource, object: &RawValue) -> Result<Option<String>, KubeError> {
    let Object { metadata } = serde_json::from_str(object.get()).map_err(unreadable)?;
    let name = metadata.name.as_deref().filter(|name| !name.is_empty());
    let name =
        name.ok_or_else(|| no_answer(format!("one of the {} without a name", resource.served().plural)))?;
    let namespace = metadata.namespace.as_deref().unwrap_or_default();
    let is_ours = match resource.which() {
        Which::Name(wanted) => wanted == name,
        Which::Selector(_) => true,
    };
    let is_here = match resource.scope() {
        Scope::Namespace(wanted) => wanted == namespace,
        Scope::AllNamespaces => true,
        Scope::Cluster => namespace.is_empty(),
    };
    Ok(match (is_ours, is_here) {
        (true, true) => None,
        (_, true) => Some(name.to_owned()),
        (_, false) if namespace.is_empty() => Some(format!("{name}, which is in no namespace")),
        (_, false) => Some(format!("{name} in namespace {namespace}")),
    })
}

/// Whether it has the labels, or is on the node, that it was asked for by.
fn is_selected(resource: &Resource, object: &RawValue) -> Result<bool, KubeError> {
    if let Some(node) = resource.node() {
        let placed: Placed = serde_json::from_str(object.get()).map_err(unreadable)?;
        return Ok(placed.spec.node_name.as_deref() == Some(node));
    }
    match resource.which() {
        Which::Selector(selector) if !selector.is_everything() => {
            let labelled: Labelled = serde_json::from_str(object.get()).map_err(unreadable)?;
            let labels = labelled.metadata.labels.unwrap_or_default();
            Ok(selector.selects(|name| labels.get(name).map(String::as_str)))
        }
        Which::Selector(_) | Which::Name(_) => Ok(true),
    }
}

/// The error of an answer with objects that were not asked for.
#[must_use]
pub fn foreign(resource: &Resource, stranger: &str) -> KubeError {
    let Served { plural, .. } = resource.served();
    let wanted = match resource.which() {
        Which::Name(name) => name.clone(),
        Which::Selector(_) => "those selected".to_owned(),
    };
    no_answer(format!(
        "{} of its {plural} instead of {wanted}: does a proxy drop the query?",
        clean(stranger)
    ))
}

/// That the body is a document of this kind, where more than that is not known of it.
///
/// # Errors
/// [`KubeError::NoAnswer`], saying what it is instead.
pub fn expect(body: &[u8], wanted: &str) -> Result<(), KubeError> {
    match json_text::read::<Head>(body) {
        Ok(head) if head.kind.as_deref() == Some(wanted) => Ok(()),
        _ => Err(instead(body, &format!("a {wanted}"))),
    }
}

/// The error of a body that is something else.
#[must_use]
pub fn instead(body: &[u8], wanted: &str) -> KubeError {
    no_answer(format!("{} instead of {wanted}", describe(body)))
}

/// What a body is, in a few words.
#[must_use]
pub fn describe(body: &[u8]) -> String {
    #[derive(Deserialize)]
    struct Said<'a> {
        #[serde(borrow)]
        message: Option<Cow<'a, str>>,
    }
    let text = body.trim_ascii();
    if text.is_empty() {
        return "nothing".into();
    }
    if text.starts_with(b"<") {
        return "a web page".into();
    }
    match json_text::read::<Head>(text) {
        Ok(Head { kind: Some(kind), api_version }) => {
            let version = api_version.map(|version| format!(" of {}", clean(&version))).unwrap_or_default();
            let said = json_text::read::<Said>(text).ok().and_then(|said| said.message);
            let said = said.filter(|_| kind == "Status").map(|said| format!(" ({})", clean(&said)));
            format!("a {}{version}{}", clean(&kind), said.unwrap_or_default())
        }
        Ok(Head { kind: None, .. }) => "JSON without a kind".into(),
        Err(_) if json_text::read::<&RawValue>(text).is_ok() => "JSON that is no object of it".into(),
        Err(_) => "what is no JSON".into(),
    }
}

impl Head<'_> {
    /// Whether it does not say to be of another version or group.
    fn is_of(&self, wanted: &str) -> bool {
        self.api_version.as_deref().is_none_or(|version| version == wanted)
    }
}

fn api_version(served: &Served) -> String {
    let Served { group, version, .. } = served;
    if group.is_empty() { version.to_string() } else { format!("{group}/{version}") }
}

/// A definition may call the lists of its kind otherwise (`spec.names.listKind`), and discovery does not tell how.
fn is_list_of(served: &Served, is_custom: bool, kind: &str) -> bool {
    let Some(of) = kind.strip_suffix("List") else { return false };
    let is_any = is_custom && !of.is_empty() && of != "PartialObjectMetadata";
    of.eq_ignore_ascii_case(&served.kind) && !of.is_empty() || is_any
}

fn unreadable(error: serde_json::Error) -> KubeError {
    no_answer(format!("what does not fit: {error}"))
}

fn no_answer(what: String) -> KubeError {
    KubeError::NoAnswer(what)
}

/// A field that is there, even as null.
fn present<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests;
