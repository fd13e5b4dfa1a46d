//! The resources that every kube-apiserver serves, as its discovery lists them (v1.36), and their API groups.
//!
//! What is not in here is a custom resource or an aggregated one, and has to be discovered.

/// A built-in resource.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct BuiltIn {
    /// Empty for the core group.
    pub group: &'static str,
    /// The version that we read.
    pub version: &'static str,
    /// As in API paths.
    pub plural: &'static str,
    /// As we print it.
    pub singular: &'static str,
    /// As kubectl abbreviates it; empty where it does not, several with a space between.
    pub short: &'static str,
    /// Whether its objects are in namespaces.
    pub is_namespaced: bool,
}

/// The groups that kube-apiserver itself serves, by default or when told to. A closed list: `*.k8s.io` holds
/// custom and aggregated ones too, such as `gateway.networking.k8s.io`, `snapshot.storage.k8s.io` and `metrics.k8s.io`.
const GROUPS: [&str; 23] = [
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];

/// Those whose objects can only be waited for by the general conditions.
pub static PLAIN: [BuiltIn; 38] = [
    namespaced("", "endpoints", "endpoints", "ep"),
    namespaced("", "events", "event", "ev"),
    namespaced("", "limitranges", "limitrange", "limits"),
    namespaced("", "podtemplates", "podtemplate", ""),
    namespaced("", "resourcequotas", "resourcequota", "quota"),
    namespaced("", "serviceaccounts", "serviceaccount", "sa"),
    global("admissionregistration.k8s.io", "mutatingadmissionpolicies", "mutatingadmissionpolicy", ""),
    global(
        "admissionregistration.k8s.io",
        "mutatingadmissionpolicybindings",
        "mutatingadmissionpolicybinding",
        "",
    ),
    global(
        "admissionregistration.k8s.io",
        "mutatingwebhookconfigurations",
        "mutatingwebhookconfiguration",
        "",
    ),
    global("admissionregistration.k8s.io", "validatingadmissionpolicies", "validatingadmissionpolicy", ""),
    global(
        "admissionregistration.k8s.io",
        "validatingadmissionpolicybindings",
        "validatingadmissionpolicybinding",
        "",
    ),
    global(
        "admissionregistration.k8s.io",
        "validatingwebhookconfigurations",
        "validatingwebhookconfiguration",
        "",
    ),
    namespaced("apps", "controllerrevisions", "controllerrevision", ""),
    global("certificates.k8s.io", "certificatesigningrequests", "certificatesigningrequest", "csr"),
    namespaced("coordination.k8s.io", "leases", "lease", ""),
    namespaced("discovery.k8s.io", "endpointslices", "endpointslice", ""),
    global("flowcontrol.apiserver.k8s.io", "flowschemas", "flowschema", ""),
    global("flowcontrol.apiserver.k8s.io", "prioritylevelconfigurations", "prioritylevelconfiguration", ""),
    global("networking.k8s.io", "ingressclasses", "ingressclass", ""),
    global("networking.k8s.io", "ipaddresses", "ipaddress", "ip"),
    namespaced("networking.k8s.io", "networkpolicies", "networkpolicy", "netpol"),
    global("networking.k8s.io", "servicecidrs", "servicecidr", ""),
    global("node.k8s.io", "runtimeclasses", "runtimeclass", ""),
    global("rbac.authorization.k8s.io", "clusterrolebindings", "clusterrolebinding", ""),
    global("rbac.authorization.k8s.io", "clusterroles", "clusterrole", ""),
    namespaced("rbac.authorization.k8s.io", "rolebindings", "rolebinding", ""),
    namespaced("rbac.authorization.k8s.io", "roles", "role", ""),
    global("resource.k8s.io", "deviceclasses", "deviceclass", ""),
    namespaced("resource.k8s.io", "resourceclaims", "resourceclaim", ""),
    namespaced("resource.k8s.io", "resourceclaimtemplates", "resourceclaimtemplate", ""),
    global("resource.k8s.io", "resourceslices", "resourceslice", ""),
    global("scheduling.k8s.io", "priorityclasses", "priorityclass", "pc"),
    global("storage.k8s.io", "csidrivers", "csidriver", ""),
    global("storage.k8s.io", "csinodes", "csinode", ""),
    namespaced("storage.k8s.io", "csistoragecapacities", "csistoragecapacity", ""),
    global("storage.k8s.io", "storageclasses", "storageclass", "sc"),
    global("storage.k8s.io", "volumeattachments", "volumeattachment", ""),
    global("storage.k8s.io", "volumeattributesclasses", "volumeattributesclass", "vac"),
];

// === impl BuiltIn ===

impl BuiltIn {
    /// The same in another version than `v1`.
    pub(crate) const fn version(mut self, version: &'static str) -> Self {
        self.version = version;
        self
    }

    /// Whether kubectl takes the word for this resource.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        name == self.singular
            || name == self.plural
            || self.short.split_whitespace().any(|short| name == short)
    }

    /// `apps`, `v1.apps`; for the core group nothing, `v1` or `v1.`.
    pub(crate) fn is_in(&self, group: &str) -> bool {
        let rest = group.strip_prefix(self.version).map(|rest| rest.strip_prefix('.').unwrap_or(rest));
        group == self.group || rest == Some(self.group)
    }
}

/// A resource of `v1` whose objects are in namespaces.
pub(crate) const fn namespaced(
    group: &'static str,
    plural: &'static str,
    singular: &'static str,
    short: &'static str,
) -> BuiltIn {
    BuiltIn { group, version: "v1", plural, singular, short, is_namespaced: true }
}

/// A resource of `v1` whose objects are in no namespace.
pub(crate) const fn global(
    group: &'static str,
    plural: &'static str,
    singular: &'static str,
    short: &'static str,
) -> BuiltIn {
    BuiltIn { group, version: "v1", plural, singular, short, is_namespaced: false }
}

/// Whether kube-apiserver itself serves the group: a kind that is not in it now will never be.
pub(crate) fn is_group(group: &str) -> bool {
    GROUPS.contains(&group)
}
