//! The parts of a live object that every kind has, as the API server writes them.

use serde::{Deserialize, Deserializer};

/// `metadata`, as far as it matters.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metadata {
    /// Unique within the kind and namespace.
    pub name: Box<str>,
    /// Absent on what is not namespaced.
    pub namespace: Option<Box<str>>,
    /// Unique for ever: a recreated object has another.
    pub uid: Box<str>,
    /// Counts the changes of `spec`.
    pub generation: i64,
    /// When it was made, as the API server writes a time.
    pub creation_timestamp: Option<Box<str>>,
    /// Set once deletion has begun.
    pub deletion_timestamp: Option<Box<str>>,
    /// So long after the request for it that moment is.
    pub deletion_grace_period_seconds: Option<i64>,
    /// Who still holds a deleted object.
    #[serde(deserialize_with = "null_is_default")]
    pub finalizers: Vec<String>,
    /// Who made it.
    #[serde(deserialize_with = "null_is_default")]
    pub owner_references: Vec<OwnerReference>,
    /// Only those that tie an EndpointSlice to its Service and a pod to its revision.
    #[serde(deserialize_with = "null_is_default")]
    pub labels: Labels,
    /// Only a Deployment's revision.
    #[serde(deserialize_with = "null_is_default")]
    pub annotations: Annotations,
}

/// The annotations that carry meaning here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Annotations {
    /// A Deployment's revision, which its newest ReplicaSet shares.
    #[serde(rename = "deployment.kubernetes.io/revision")]
    pub revision: Box<str>,
}

/// The labels that carry meaning here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Labels {
    /// The Service that an EndpointSlice belongs to.
    #[serde(rename = "kubernetes.io/service-name")]
    pub service_name: Box<str>,
    /// Present, with whatever value, on the EndpointSlices of a headless Service.
    #[serde(rename = "service.kubernetes.io/headless")]
    pub headless: Option<Box<str>>,
    /// Which ReplicaSet of a Deployment a pod belongs to.
    #[serde(rename = "pod-template-hash")]
    pub template_hash: Box<str>,
    /// Which revision of a StatefulSet or DaemonSet a pod belongs to.
    #[serde(rename = "controller-revision-hash")]
    pub revision_hash: Box<str>,
}

/// An entry of `metadata.ownerReferences`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct OwnerReference {
    /// Such as `ReplicaSet`.
    pub kind: Box<str>,
    /// The owner's name.
    pub name: Box<str>,
    /// The owner's uid.
    pub uid: Box<str>,
    /// Whether this owner manages the object.
    pub controller: Option<bool>,
}

/// An entry of `status.conditions`.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Reported {
    /// Such as `Available`.
    pub r#type: Box<str>,
    /// `True`, `False` or `Unknown`.
    pub status: Box<str>,
    /// One word.
    #[serde(deserialize_with = "null_is_default")]
    pub reason: Box<str>,
    /// A sentence; untrusted.
    #[serde(deserialize_with = "null_is_default")]
    pub message: String,
    /// The generation that this condition speaks of.
    pub observed_generation: Option<i64>,
    /// Since when it has this status.
    pub last_transition_time: Option<Box<str>>,
}

// === impl Metadata ===

impl Metadata {
    /// Whether deletion has begun.
    #[must_use]
    pub fn is_being_deleted(&self) -> bool {
        self.deletion_timestamp.is_some()
    }

    /// Whether its controller is a StatefulSet, which brings a finished pod back under the same name.
    #[must_use]
    pub fn is_controlled_by_statefulset(&self) -> bool {
        self.controller().is_some_and(|owner| &*owner.kind == "StatefulSet")
    }

    /// The one owner that manages it.
    #[must_use]
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.owner_references.iter().find(|owner| owner.controller == Some(true))
    }
}

// === impl Reported ===

impl Reported {
    /// Whether the condition has this status; case does not matter, as for kubectl.
    #[must_use]
    pub fn is(&self, status: &str) -> bool {
        self.status.eq_ignore_ascii_case(status)
    }

    /// `Reason: message`, cleaned; whichever there is.
    #[must_use]
    pub fn explanation(&self) -> String {
        explanation(&self.reason, &self.message)
    }
}

/// Finds a condition by its type; case does not matter, as for kubectl.
#[must_use]
pub fn reported<'a>(conditions: &'a [Reported], r#type: &str) -> Option<&'a Reported> {
    conditions.iter().find(|condition| condition.r#type.eq_ignore_ascii_case(r#type))
}

/// The condition of this type, where it is True.
#[must_use]
pub fn true_condition<'a>(conditions: &'a [Reported], r#type: &str) -> Option<&'a Reported> {
    reported(conditions, r#type).filter(|condition| condition.is("True"))
}

/// `Reason: message`, cleaned; whichever there is.
#[must_use]
pub fn explanation(reason: &str, message: &str) -> String {
    match (reason, message) {
        (reason, "") => crate::message::clean(reason),
        ("", message) => crate::message::clean(message),
        (reason, message) => crate::message::clean(&format!("{reason}: {message}")),
    }
}

/// Reads an explicit `null` as absent: Go writes it for a nil list.
///
/// # Errors
/// Where the value is neither `null` nor a `T`.
pub fn null_is_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}
