//! What a request line asks for: the path, by the rules of the API server's `RequestInfoFactory`, and the query.

/// What a path means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `/healthz`, `/livez`, `/readyz` and the checks below them.
    Health,
    /// `/version`.
    Version,
    /// `/api`: the core group's versions.
    Api,
    /// `/apis`: every other group.
    Apis,
    /// `/apis/GROUP`.
    Group(String),
    /// `/api/v1` and `/apis/GROUP/VERSION`: the resources of one group and version.
    GroupVersion(String, String),
    /// `/openapi/v3`: where the documents are.
    OpenApi,
    /// `/openapi/v3/api/v1` and `/openapi/v3/apis/GROUP/VERSION`.
    OpenApiDocument(String, String),
    /// A collection or an object.
    Resource(Target),
    /// Anything else.
    Unknown,
}

/// The part of a path that names a collection, an object or a subresource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) group: String,
    pub(super) version: String,
    /// Empty for cluster-scoped resources and for all namespaces.
    pub(super) namespace: String,
    pub(super) plural: String,
    pub(super) name: Option<String>,
    pub(super) subresource: Option<String>,
    /// The deprecated `/api/v1/watch/…`.
    pub(super) is_watch_path: bool,
}

/// Decoded query parameters in the order of the query.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::lab) struct Query(Vec<(String, String)>);

/// Reads a path.
pub(super) fn route(path: &str) -> Route {
    let parts: Vec<String> =
        path.trim_matches('/').split('/').filter(|p| !p.is_empty()).map(|p| decode(p, false)).collect();
    let words: Vec<&str> = parts.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["healthz" | "livez" | "readyz", ..] => Route::Health,
        ["version"] => Route::Version,
        ["api"] => Route::Api,
        ["apis"] => Route::Apis,
        ["api", version] => Route::GroupVersion(String::new(), (*version).to_owned()),
        ["apis", group] => Route::Group((*group).to_owned()),
        ["apis", group, version] => Route::GroupVersion((*group).to_owned(), (*version).to_owned()),
        ["openapi", "v3"] => Route::OpenApi,
        ["openapi", "v3", "api", version] => Route::OpenApiDocument(String::new(), (*version).to_owned()),
        ["openapi", "v3", "apis", group, version] => {
            Route::OpenApiDocument((*group).to_owned(), (*version).to_owned())
        }
        ["api", version, rest @ ..] => target("", version, rest),
        ["apis", group, version, rest @ ..] => target(group, version, rest),
        _ => Route::Unknown,
    }
}

fn target(group: &str, version: &str, mut rest: &[&str]) -> Route {
    let is_watch_path = rest.first() == Some(&"watch") && rest.len() > 1;
    if is_watch_path {
        rest = &rest[1..];
    }
    let mut namespace = "";
    if let ["namespaces", inside, below @ ..] = rest
        && !below.is_empty()
        && !matches!(below, ["status" | "finalize"])
    {
        (namespace, rest) = (inside, below);
    }
    let [plural, below @ ..] = rest else { return Route::Unknown };
    let subresource = (below.len() > 1).then(|| below[1..].join("/"));
    Route::Resource(Target {
        group: group.to_owned(),
        version: version.to_owned(),
        namespace: namespace.to_owned(),
        plural: (*plural).to_owned(),
        name: below.first().map(|name| (*name).to_owned()),
        subresource,
        is_watch_path,
    })
}

// === impl Query ===

impl Query {
    pub(in crate::lab) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key, true), decode(value, true))
        });
        Self(pairs.collect())
    }

    /// The first value of this name; empty if absent, as for Go's `url.Values.Get`.
    pub(in crate::lab) fn get(&self, name: &str) -> &str {
        self.find(name).unwrap_or_default()
    }

    pub(in crate::lab) fn find(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Every value of this name.
    pub(in crate::lab) fn all(&self, name: &str) -> Vec<&str> {
        self.0.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    /// Anything but `0` and `false` is true (`Convert_Slice_string_To_bool`).
    pub(in crate::lab) fn flag(&self, name: &str) -> bool {
        self.find(name).is_some_and(|value| value != "0" && !value.eq_ignore_ascii_case("false"))
    }
}

/// Undoes percent-encoding; in a query a plus sign is a blank.
fn decode(text: &str, plus_is_blank: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'%').then(|| after.get(..2)).flatten().and_then(|hex| {
            let text = str::from_utf8(hex).ok()?;
            u8::from_str_radix(text, 16).ok()
        });
        match escaped {
            Some(plain) => {
                bytes.push(plain);
                rest = &after[2..];
            }
            None => {
                bytes.push(if byte == b'+' && plus_is_blank { b' ' } else { byte });
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(path: &str) -> Target {
        match route(path) {
            Route::Resource(target) => target,
            other => panic!("{path} is {other:?}"),
        }
    }

    #[test]
    fn paths_mean_what_they_mean_to_the_api_server() {
        for (path, expected) in [
            ("/api", Route::Api),
            ("/apis/", Route::Apis),
            ("/apis/apps", Route::Group("apps".to_owned())),
            ("/api/v1", Route::GroupVersion(String::new(), "v1".to_owned())),
            ("/readyz/ping", Route::Health),
            ("/version", Route::Version),
            ("/openapi/v2", Route::Unknown),
            ("/openapi/v3", Route::OpenApi),
            ("/openapi/v3/api/v1", Route::OpenApiDocument(String::new(), "v1".to_owned())),
            ("/openapi/v3/apis/apps/v1", Route::OpenApiDocument("apps".to_owned(), "v1".to_owned())),
            ("/", Route::Unknown),
        ] {
            assert_eq!(route(path), expected, "{path}");
        }
    }

    #[test]
    fn namespaces_are_a_prefix_and_a_resource() {
        for (path, namespace, plural, name, subresource) in [
            ("/api/v1/pods", "", "pods", None, None),
            ("/api/v1/namespaces/a/pods", "a", "pods", None, None),
            ("/api/v1/namespaces/a/pods/p/status", "a", "pods", Some("p"), Some("status")),
            ("/api/v1/namespaces", "", "namespaces", None, None),
            ("/api/v1/namespaces/a", "", "namespaces", Some("a"), None),
            ("/api/v1/namespaces/a/status", "", "namespaces", Some("a"), Some("status")),
            ("/apis/apps/v1/namespaces/a/deployments/d%2Dx", "a", "deployments", Some("d-x"), None),
        ] {
            let target = resource(path);
            assert_eq!((target.namespace.as_str(), target.plural.as_str()), (namespace, plural), "{path}");
            assert_eq!(
                (target.name.as_deref(), target.subresource.as_deref()),
                (name, subresource),
                "{path}"
            );
        }
        assert!(resource("/api/v1/watch/namespaces/a/pods").is_watch_path);
    }

    #[test]
    fn queries_are_decoded_and_flags_are_lenient() {
        let query = Query::parse(
            "fieldSelector=metadata.name%3Dp1&labelSelector=a+in+%28b%29&watch=yes&x=False&empty=",
        );
        assert_eq!(query.get("fieldSelector"), "metadata.name=p1");
        assert_eq!(query.get("labelSelector"), "a in (b)");
        assert!(query.flag("watch") && query.flag("empty"));
        assert!(!query.flag("x") && !query.flag("absent"));
    }
}
