//! Which resources the server knows: the built-in ones as a v1.36 cluster serves them, and custom ones.

use std::collections::BTreeSet;
use std::sync::Arc;

/// The verbs that every stored resource serves, in the order in which discovery lists them.
pub(in crate::lab) const VERBS: [&str; 8] =
    ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

/// One resource: what its URL says, what its objects say, and what discovery says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// API group, empty for the core group.
    pub group: String,
    /// Version within the group.
    pub version: String,
    /// Plural name, as in the URL.
    pub plural: String,
    /// Singular name, as kubectl accepts it.
    pub singular: String,
    /// Kind of its objects.
    pub kind: String,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
    /// Short names, as kubectl accepts them.
    pub short_names: Vec<String>,
    /// Categories such as `all`.
    pub categories: Vec<String>,
    /// Whether it has a `status` subresource, so that plain writes leave the status alone.
    pub has_status: bool,
    /// Whether it has a `scale` subresource.
    pub has_scale: bool,
    /// Whether a `CustomResourceDefinition` made it known.
    pub is_custom: bool,
}

/// Every resource that is served; an index into it stands for the resource everywhere else.
#[derive(Clone, Debug)]
pub struct Registry {
    resources: Vec<Arc<Resource>>,
    /// Those whose definition is gone: their place stays, for what stands for them.
    gone: BTreeSet<usize>,
}

/// Stands for a resource of one [`Registry`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(pub(in crate::lab) usize);

// === impl Resource ===

impl Resource {
    /// A namespaced custom resource with a `status` subresource: `custom("example.com", "v1", "widgets", "Widget")`.
    #[must_use]
    pub fn custom(group: &str, version: &str, plural: &str, kind: &str) -> Self {
        Self {
            group: group.to_owned(),
            version: version.to_owned(),
            plural: plural.to_owned(),
            singular: kind.to_lowercase(),
            kind: kind.to_owned(),
            namespaced: true,
            short_names: Vec::new(),
            categories: Vec::new(),
            has_status: true,
            has_scale: false,
            is_custom: true,
        }
    }

    /// `v1` or `apps/v1`, as in `apiVersion`.
    #[must_use]
    pub fn group_version(&self) -> String {
        if self.group.is_empty() { self.version.clone() } else { format!("{}/{}", self.group, self.version) }
    }

    /// `pods` or `deployments.apps`, as error messages spell it.
    #[must_use]
    pub fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.clone() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// Whether its objects are pods.
    pub(in crate::lab) fn is_pods(&self) -> bool {
        self.group.is_empty() && self.plural == "pods"
    }

    /// Whether its strategy sets `metadata.generation`: in the core group only pods and replication controllers.
    pub(in crate::lab) fn has_generation(&self) -> bool {
        match self.group.as_str() {
            "" => matches!(self.plural.as_str(), "pods" | "replicationcontrollers"),
            "autoscaling" | "rbac.authorization.k8s.io" | "storage.k8s.io" | "coordination.k8s.io" => false,
            _ => true,
        }
    }

    /// Whether an update has to say which version it is based on (`AllowUnconditionalUpdate`).
    pub(in crate::lab) fn needs_version(&self) -> bool {
        let is_listed = matches!(
            self.plural.as_str(),
            "customresourcedefinitions"
                | "leases"
                | "poddisruptionbudgets"
                | "apiservices"
                | "runtimeclasses"
                | "mutatingwebhookconfigurations"
                | "validatingwebhookconfigurations"
        );
        self.is_custom || is_listed
    }

    /// A custom resource as its `CustomResourceDefinition` describes it: the first served version.
    pub(in crate::lab) fn from_definition(definition: &serde_json::Value) -> Option<Self> {
        let spec = &definition["spec"];
        let text = |v: &serde_json::Value| v.as_str().map(str::to_owned);
        let texts = |v: &serde_json::Value| -> Vec<String> {
            v.as_array().into_iter().flatten().filter_map(text).collect()
        };
        let version = spec["versions"].as_array()?.iter().find(|v| v["served"] != false)?;
        let kind = text(&spec["names"]["kind"])?;
        Some(Self {
            group: text(&spec["group"])?,
            version: text(&version["name"])?,
            plural: text(&spec["names"]["plural"])?,
            singular: text(&spec["names"]["singular"]).unwrap_or_else(|| kind.to_lowercase()),
            kind,
            namespaced: spec["scope"] != "Cluster",
            short_names: texts(&spec["names"]["shortNames"]),
            categories: texts(&spec["names"]["categories"]),
            has_status: version["subresources"]["status"].is_object(),
            // Other paths than those of the built-in kinds are not followed.
            has_scale: version["subresources"]["scale"]["specReplicasPath"] == ".spec.replicas",
            is_custom: true,
        })
    }
}

// === impl Registry ===

impl Registry {
    /// The resources of a v1.36 cluster, in the order in which its discovery lists the groups.
    #[must_use]
    pub fn built_in() -> Self {
        Self { resources: BUILT_IN.lines().filter_map(parse).map(Arc::new).collect(), gone: BTreeSet::new() }
    }

    /// Adds a custom resource, or replaces the one of the same name.
    pub(in crate::lab) fn register(&mut self, resource: Resource) -> ResourceId {
        let is_it = |one: &Arc<Resource>| {
            one.group == resource.group && one.version == resource.version && one.plural == resource.plural
        };
        match self.resources.iter().position(is_it) {
            Some(at) => {
                self.resources[at] = Arc::new(resource);
                self.gone.remove(&at);
                ResourceId(at)
            }
            None => {
                self.resources.push(Arc::new(resource));
                ResourceId(self.resources.len() - 1)
            }
        }
    }

    /// Serves what a definition made known no longer.
    pub(in crate::lab) fn remove(&mut self, group: &str, plural: &str) {
        let is_it = |one: &Resource| one.is_custom && one.group == group && one.plural == plural;
        let found = self.resources.iter().enumerate().filter(|(_, one)| is_it(one));
        self.gone.extend(found.map(|(at, _)| at));
    }

    /// The resource of this URL: `/apis/GROUP/VERSION/…/PLURAL`.
    #[must_use]
    pub fn find(&self, group: &str, version: &str, plural: &str) -> Option<ResourceId> {
        self.position(|r| r.group == group && r.version == version && r.plural == plural)
    }

    /// The resource of objects with this `apiVersion` and `kind`.
    #[must_use]
    pub fn of_object(&self, api_version: &str, kind: &str) -> Option<ResourceId> {
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        self.position(|r| r.kind == kind && r.version == version && r.group == group)
    }

    /// The resource that this word means to kubectl: `deployments`, `deployment.apps`, `deploy`, `Deployment`.
    #[must_use]
    pub fn named(&self, word: &str) -> Option<ResourceId> {
        self.position(|r| {
            let (name, group) = word.split_once('.').map_or((word, None), |(n, g)| (n, Some(g)));
            let is_name = r.plural == name
                || r.singular == name
                || r.kind == name
                || r.short_names.iter().any(|short| short == name);
            is_name && group.is_none_or(|group| group == r.group)
        })
    }

    pub(in crate::lab) fn get(&self, id: ResourceId) -> &Arc<Resource> {
        &self.resources[id.0]
    }

    /// Those that are served.
    pub(in crate::lab) fn iter(&self) -> impl Iterator<Item = &Arc<Resource>> {
        let served = self.resources.iter().enumerate().filter(|(at, _)| !self.gone.contains(at));
        served.map(|(_, resource)| resource)
    }

    /// All that ever were, in the order of what stands for them.
    pub(in crate::lab) fn iter_all(&self) -> impl Iterator<Item = &Arc<Resource>> {
        self.resources.iter()
    }

    pub(in crate::lab) fn len(&self) -> usize {
        self.resources.len()
    }

    fn position(&self, matches: impl Fn(&Resource) -> bool) -> Option<ResourceId> {
        let is_it = |(at, resource): (usize, &Arc<Resource>)| matches(resource) && !self.gone.contains(&at);
        self.resources.iter().enumerate().position(is_it).map(ResourceId)
    }
}

/// One line of [`BUILT_IN`]: group/version, plural, kind, scope, short names, categories, subresources.
fn parse(line: &str) -> Option<Resource> {
    let mut words = line.split_whitespace();
    let (group, version) = words.next().map(|gv| gv.rsplit_once('/').unwrap_or(("", gv)))?;
    let (plural, kind, scope) = (words.next()?, words.next()?, words.next()?);
    let mut list = || -> Vec<String> {
        words.next().filter(|w| *w != "-").into_iter().flat_map(|w| w.split(',')).map(str::to_owned).collect()
    };
    let (short_names, categories, subresources) = (list(), list(), list());
    Some(Resource {
        group: group.to_owned(),
        version: version.to_owned(),
        plural: plural.to_owned(),
        singular: kind.to_lowercase(),
        kind: kind.to_owned(),
        namespaced: scope == "ns",
        short_names,
        categories,
        has_status: subresources.iter().any(|s| s == "status"),
        has_scale: subresources.iter().any(|s| s == "scale"),
        is_custom: false,
    })
}

/// What discovery of a v1.36.2 server lists, without what this server does not store or serve.
const BUILT_IN: &str = "\
v1 configmaps ConfigMap ns cm - -
v1 endpoints Endpoints ns ep - -
v1 events Event ns ev - -
v1 limitranges LimitRange ns limits - -
v1 namespaces Namespace cluster ns - status
v1 nodes Node cluster no - status
v1 persistentvolumeclaims PersistentVolumeClaim ns pvc - status
v1 persistentvolumes PersistentVolume cluster pv - status
v1 pods Pod ns po all status
v1 podtemplates PodTemplate ns - - -
v1 replicationcontrollers ReplicationController ns rc all scale,status
v1 resourcequotas ResourceQuota ns quota - status
v1 secrets Secret ns - - -
v1 serviceaccounts ServiceAccount ns sa - -
v1 services Service ns svc all status
apiregistration.k8s.io/v1 apiservices APIService cluster - api-extensions status
apps/v1 controllerrevisions ControllerRevision ns - - -
apps/v1 daemonsets DaemonSet ns ds all status
apps/v1 deployments Deployment ns deploy all scale,status
apps/v1 replicasets ReplicaSet ns rs all scale,status
apps/v1 statefulsets StatefulSet ns sts all scale,status
events.k8s.io/v1 events Event ns ev - -
autoscaling/v2 horizontalpodautoscalers HorizontalPodAutoscaler ns hpa all status
batch/v1 cronjobs CronJob ns cj all status
batch/v1 jobs Job ns - all status
certificates.k8s.io/v1 certificatesigningrequests CertificateSigningRequest cluster csr - status
networking.k8s.io/v1 ingressclasses IngressClass cluster - - -
networking.k8s.io/v1 ingresses Ingress ns ing - status
networking.k8s.io/v1 networkpolicies NetworkPolicy ns netpol - -
policy/v1 poddisruptionbudgets PodDisruptionBudget ns pdb - status
rbac.authorization.k8s.io/v1 clusterrolebindings ClusterRoleBinding cluster - - -
rbac.authorization.k8s.io/v1 clusterroles ClusterRole cluster - - -
rbac.authorization.k8s.io/v1 rolebindings RoleBinding ns - - -
rbac.authorization.k8s.io/v1 roles Role ns - - -
storage.k8s.io/v1 csidrivers CSIDriver cluster - - -
storage.k8s.io/v1 csinodes CSINode cluster - - -
storage.k8s.io/v1 storageclasses StorageClass cluster sc - -
storage.k8s.io/v1 volumeattachments VolumeAttachment cluster - - status
admissionregistration.k8s.io/v1 mutatingwebhookconfigurations MutatingWebhookConfiguration cluster - api-extensions -
admissionregistration.k8s.io/v1 validatingwebhookconfigurations ValidatingWebhookConfiguration cluster - api-extensions -
apiextensions.k8s.io/v1 customresourcedefinitions CustomResourceDefinition cluster crd,crds api-extensions status
scheduling.k8s.io/v1 priorityclasses PriorityClass cluster pc - -
coordination.k8s.io/v1 leases Lease ns - - -
node.k8s.io/v1 runtimeclasses RuntimeClass cluster - - -
discovery.k8s.io/v1 endpointslices EndpointSlice ns - - -
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_a_resource() {
        let registry = Registry::built_in();
        assert_eq!(registry.len(), BUILT_IN.lines().count());
        let id = registry.find("apps", "v1", "deployments").unwrap();
        let deployments = registry.get(id);
        assert_eq!((deployments.kind.as_str(), deployments.singular.as_str()), ("Deployment", "deployment"));
        assert!(deployments.namespaced && deployments.has_status);
        assert_eq!(deployments.short_names, ["deploy"]);
        assert_eq!(deployments.qualified(), "deployments.apps");
    }

    #[test]
    fn kubectl_words_name_a_resource() {
        let registry = Registry::built_in();
        let pods = registry.find("", "v1", "pods");
        let deployments = registry.find("apps", "v1", "deployments");
        for (word, id) in [
            ("pods", pods),
            ("po", pods),
            ("Pod", pods),
            ("deployment.apps", deployments),
            ("deployments.nope", None),
            ("widgets", None),
        ] {
            assert_eq!(registry.named(word), id, "{word}");
        }
    }

    #[test]
    fn a_definition_registers_its_first_served_version() {
        let definition = serde_json::json!({"spec": {
            "group": "example.com", "scope": "Namespaced",
            "names": {"plural": "widgets", "kind": "Widget", "shortNames": ["wd"]},
            "versions": [{"name": "v1alpha1", "served": false}, {"name": "v1", "served": true}],
        }});
        let resource = Resource::from_definition(&definition).unwrap();
        assert_eq!((resource.group_version().as_str(), resource.has_status), ("example.com/v1", false));
        assert_eq!(resource.short_names, ["wd"]);
    }
}
