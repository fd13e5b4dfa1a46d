//! Kubeconfig files, read and merged as kubectl does.
//!
//! <https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/>

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::Uri;
use serde::Deserialize;
use serde_json::{Value, json};

use super::credentials::Secret;
use super::exec_plugin::ClusterInfo;
use super::{Cluster, ClusterError, Credentials, ExecPlugin, Tls, read};
use crate::message::clean;
use crate::yaml;

/// Several files as one: of two entries with the same name the first counts.
#[derive(Debug)]
pub(super) struct Kubeconfig {
    path: PathBuf,
    content: Content,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Content {
    current_context: Option<String>,
    clusters: Option<Vec<NamedCluster>>,
    users: Option<Vec<NamedUser>>,
    contexts: Option<Vec<NamedContext>>,
}

#[derive(Debug, Deserialize)]
struct NamedCluster {
    name: String,
    cluster: ClusterEntry,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct ClusterEntry {
    server: Option<String>,
    certificate_authority: Option<PathBuf>,
    certificate_authority_data: Option<String>,
    #[serde(default)]
    insecure_skip_tls_verify: bool,
    tls_server_name: Option<String>,
    proxy_url: Option<String>,
    extensions: Option<Vec<Extension>>,
}

#[derive(Debug, Deserialize)]
struct Extension {
    name: String,
    extension: Value,
}

#[derive(Debug, Deserialize)]
struct NamedUser {
    name: String,
    #[serde(default)]
    user: UserEntry,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct UserEntry {
    token: Option<String>,
    #[serde(rename = "tokenFile")]
    token_file: Option<PathBuf>,
    username: Option<String>,
    password: Option<String>,
    client_certificate: Option<PathBuf>,
    client_certificate_data: Option<String>,
    client_key: Option<PathBuf>,
    client_key_data: Option<String>,
    exec: Option<ExecPlugin>,
    auth_provider: Option<Value>,
    #[serde(rename = "as")]
    impersonate: Option<String>,
    as_uid: Option<String>,
    as_groups: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct NamedContext {
    name: String,
    context: ContextEntry,
}

#[derive(Debug, Deserialize)]
struct ContextEntry {
    cluster: String,
    user: Option<String>,
    namespace: Option<String>,
}

/// Reads `paths` in order. A file that is missing from a list is passed over, as kubectl does;
/// one that is `required`, or that is there but broken, is an error.
pub(super) fn load(paths: &[PathBuf], required: bool) -> Result<Kubeconfig, ClusterError> {
    let mut merged: Option<Kubeconfig> = None;
    for path in paths {
        if !required && !path.exists() {
            continue;
        }
        let content = parse(&read(path)?, path)?;
        match &mut merged {
            None => merged = Some(Kubeconfig { path: path.clone(), content }),
            Some(first) => first.content.append(content),
        }
    }
    merged.ok_or_else(|| {
        let list: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        ClusterError::Unusable(format!("none of the files in KUBECONFIG exists: {}", list.join(", ")))
    })
}

fn parse(text: &str, path: &Path) -> Result<Content, ClusterError> {
    let problem = |problem: String| ClusterError::Kubeconfig { path: path.to_owned(), problem };
    let value = yaml::to_json(text).map_err(problem)?;
    if value.is_null() {
        return Err(problem("the file is empty".into()));
    }
    let mut content: Content = serde_json::from_value(value).map_err(|error| problem(error.to_string()))?;
    if let Some(dir) = path.parent() {
        content.resolve_paths(dir);
    }
    Ok(content)
}

impl Content {
    /// Relative paths are relative to the file that has them.
    fn resolve_paths(&mut self, dir: &Path) {
        let rebase = |path: &mut Option<PathBuf>| {
            if let Some(path) = path {
                *path = dir.join(&*path);
            }
        };
        for NamedCluster { cluster, .. } in self.clusters.iter_mut().flatten() {
            rebase(&mut cluster.certificate_authority);
        }
        for NamedUser { user, .. } in self.users.iter_mut().flatten() {
            rebase(&mut user.token_file);
            rebase(&mut user.client_certificate);
            rebase(&mut user.client_key);
            if let Some(exec) = &mut user.exec
                && exec.command.contains('/')
            {
                exec.command = dir.join(&exec.command).to_string_lossy().into_owned();
            }
        }
    }

    fn append(&mut self, later: Self) {
        self.current_context =
            self.current_context.take().filter(|name| !name.is_empty()).or(later.current_context);
        self.clusters.get_or_insert_default().extend(later.clusters.into_iter().flatten());
        self.users.get_or_insert_default().extend(later.users.into_iter().flatten());
        self.contexts.get_or_insert_default().extend(later.contexts.into_iter().flatten());
    }
}

impl Kubeconfig {
    /// The cluster of `context`, or of the current context.
    pub(super) fn cluster(self, context: Option<&str>) -> Result<Cluster, ClusterError> {
        let Self { path, content } = self;
        let problem = |problem: String| ClusterError::Kubeconfig { path: path.clone(), problem };
        let contexts = content.contexts.unwrap_or_default();
        let wanted = match context.or(content.current_context.as_deref()).filter(|name| !name.is_empty()) {
            Some(name) => name.to_owned(),
            None => return Err(problem("no current-context: set it, or give --context NAME".into())),
        };
        let known: Vec<&str> = contexts.iter().map(|context| context.name.as_str()).collect();
        let known = known.join(", ");
        let context = contexts.into_iter().find(|context| context.name == wanted);
        let context =
            context.ok_or_else(|| problem(format!("no context {wanted:?}; it has: {known}")))?.context;
        let cluster = content.clusters.into_iter().flatten().find(|cluster| cluster.name == context.cluster);
        let cluster = cluster
            .ok_or_else(|| {
                problem(format!("context {wanted:?} names cluster {:?}, which is not there", context.cluster))
            })?
            .cluster;
        let user = match context.user.filter(|name| !name.is_empty()) {
            None => UserEntry::default(),
            Some(name) => {
                let user = content.users.into_iter().flatten().find(|user| user.name == name);
                user.ok_or_else(|| {
                    problem(format!("context {wanted:?} names user {name:?}, which is not there"))
                })?
                .user
            }
        };
        assemble(cluster, user, context.namespace).map_err(problem)
    }
}

fn assemble(cluster: ClusterEntry, user: UserEntry, namespace: Option<String>) -> Result<Cluster, String> {
    if let Some(proxy) = &cluster.proxy_url {
        return Err(format!(
            "proxy-url {} is not supported: reach the server directly, or through a tunnel",
            clean(proxy)
        ));
    }
    if user.auth_provider.is_some() {
        return Err("auth-provider was removed from Kubernetes in 1.26: use exec or a token".into());
    }
    let written = cluster.server.as_deref().filter(|server| !server.is_empty());
    let written = written.ok_or("the cluster has no server")?;
    let (server, told) = (parse_server(written)?, told(written, &cluster));
    let impersonate = impersonation(&user);
    let tls = Tls {
        ca: decode(cluster.certificate_authority_data, "certificate-authority-data")?,
        ca_file: cluster.certificate_authority,
        insecure: cluster.insecure_skip_tls_verify,
        server_name: cluster.tls_server_name,
        client_certificate: decode(user.client_certificate_data, "client-certificate-data")?,
        client_certificate_file: user.client_certificate,
        client_key: decode(user.client_key_data, "client-key-data")?,
        client_key_file: user.client_key,
        ..Tls::default()
    };
    // client-go's order: a token file wins over a token, both over the others.
    let credentials = if let Some(path) = user.token_file {
        Credentials::token_file(path)
    } else if let Some(token) = user.token.filter(|token| !token.is_empty()) {
        Credentials::Token(Secret(token))
    } else if let Some(name) = user.username.filter(|name| !name.is_empty()) {
        Credentials::Basic(name, Secret(user.password.unwrap_or_default()))
    } else if let Some(exec) = user.exec {
        exec.check()?;
        Credentials::exec(exec.of(told))
    } else {
        Credentials::None
    };
    let namespace = namespace.filter(|name| !name.is_empty()).unwrap_or_else(|| "default".into());
    Ok(Cluster { server, tls, credentials, impersonate, namespace })
}

/// What a credential plugin is told of the cluster, where it wants to be.
/// <https://kubernetes.io/docs/reference/config-api/client-authentication.v1/#client-authentication-k8s-io-v1-Cluster>
fn told(server: &str, cluster: &ClusterEntry) -> ClusterInfo {
    const CONFIG: &str = "client.authentication.k8s.io/exec";
    let mut fields = json!({"server": server});
    let mut tell = |name: &str, value: Value| fields[name] = value;
    if let Some(name) = &cluster.tls_server_name {
        tell("tls-server-name", json!(name));
    }
    if cluster.insecure_skip_tls_verify {
        tell("insecure-skip-tls-verify", json!(true));
    }
    if let Some(data) = &cluster.certificate_authority_data {
        tell("certificate-authority-data", json!(data));
    }
    if let Some(config) = cluster.extensions.iter().flatten().find(|extension| extension.name == CONFIG) {
        tell("config", config.extension.clone());
    }
    let ca_file = cluster.certificate_authority.clone();
    ClusterInfo { fields, ca_file: ca_file.filter(|_| cluster.certificate_authority_data.is_none()) }
}

/// A server may be written without its scheme, as client-go allows.
fn parse_server(server: &str) -> Result<Uri, String> {
    let url = if server.contains("://") { server.to_owned() } else { format!("http://{server}") };
    let uri: Uri = url.parse().map_err(|error| format!("server {server:?} is no URL: {error}"))?;
    match (uri.scheme_str(), uri.host()) {
        (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(uri),
        _ => Err(format!("server {server:?} is no http:// or https:// URL")),
    }
}

/// <https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/>
fn impersonation(user: &UserEntry) -> Vec<(&'static str, String)> {
    let name = user.impersonate.iter().map(|name| ("impersonate-user", name.clone()));
    let uid = user.as_uid.iter().map(|uid| ("impersonate-uid", uid.clone()));
    let groups = user.as_groups.iter().flatten().map(|group| ("impersonate-group", group.clone()));
    name.chain(uid).chain(groups).collect()
}

fn decode(data: Option<String>, field: &str) -> Result<Option<Vec<u8>>, String> {
    let Some(data) = data.filter(|data| !data.is_empty()) else { return Ok(None) };
    let compact: String = data.split_whitespace().collect();
    STANDARD.decode(compact).map(Some).map_err(|error| format!("{field} is no base64: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &str) -> Result<Cluster, ClusterError> {
        let path = PathBuf::from("/etc/kube/config");
        let content = parse(text, &path)?;
        Kubeconfig { path, content }.cluster(None)
    }

    const SHOP: &str = "
current-context: shop
contexts:
- name: shop
  context: {cluster: prod, user: robot, namespace: shop}
- name: bare
  context: {cluster: prod}
clusters:
- name: prod
  cluster: {server: 'https://api.example.com:6443/k8s', certificate-authority: pki/ca.crt}
users:
- name: robot
  user: {tokenFile: token, as: someone, as-groups: [a, b]}
";

    #[test]
    fn a_context_joins_its_cluster_user_and_namespace() {
        let cluster = from(SHOP).unwrap();
        assert_eq!(cluster.server.to_string(), "https://api.example.com:6443/k8s");
        assert_eq!(cluster.namespace, "shop");
        assert_eq!(cluster.tls.ca_file.as_deref(), Some(Path::new("/etc/kube/pki/ca.crt")));
        assert!(
            matches!(&cluster.credentials, Credentials::TokenFile(file) if file.path() == Path::new("/etc/kube/token"))
        );
        let names: Vec<&str> = cluster.impersonate.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["impersonate-user", "impersonate-group", "impersonate-group"]);
    }

    #[test]
    fn another_context_can_be_chosen_and_a_wrong_one_lists_those_there_are() {
        let path = PathBuf::from("/etc/kube/config");
        let load = || Kubeconfig { path: path.clone(), content: parse(SHOP, &path).unwrap() };
        let bare = load().cluster(Some("bare")).unwrap();
        assert_eq!(bare.namespace, "default");
        assert!(matches!(bare.credentials, Credentials::None));
        let error = load().cluster(Some("shpo")).unwrap_err().to_string();
        assert_eq!(error, "/etc/kube/config: no context \"shpo\"; it has: shop, bare");
    }

    #[test]
    fn what_is_broken_is_named_with_its_file() {
        for (text, part) in [
            ("", "the file is empty"),
            ("clusters: [", "line "),
            ("clusters: 3", "invalid type"),
            ("contexts: []", "no current-context"),
            (&SHOP.replace("cluster: prod", "cluster: test"), "names cluster \"test\""),
            (&SHOP.replace("name: robot", "name: human"), "names user \"robot\""),
            (&SHOP.replace("https://api", "ftp://api"), "no http:// or https:// URL"),
            (
                &SHOP.replace("certificate-authority: pki/ca.crt", "certificate-authority-data: '%'"),
                "certificate-authority-data is no base64",
            ),
            (
                &SHOP.replace("certificate-authority: pki/ca.crt", "proxy-url: 'http://proxy'"),
                "proxy-url http://proxy is not supported",
            ),
            (
                &SHOP.replace("certificate-authority: pki/ca.crt", "proxy-url: 'http://bob:hunter2@proxy'"),
                "proxy-url http://***@proxy is not supported",
            ),
            (
                &SHOP.replace("tokenFile: token,", "exec: {apiVersion: v1, command: get-token},"),
                "exec: apiVersion \"v1\" is not supported; write client.authentication.k8s.io/v1",
            ),
        ] {
            let error = from(text).unwrap_err().to_string();
            assert!(error.starts_with("/etc/kube/config: ") && error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn several_files_merge_and_the_first_entry_counts() {
        let dir = std::env::temp_dir().join(format!("wait-for-merge-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let (one, two, none) = (dir.join("one"), dir.join("two"), dir.join("none"));
        std::fs::write(&one, "clusters: [{name: prod, cluster: {server: 'http://one'}}]\n").unwrap();
        std::fs::write(&two, SHOP).unwrap();
        let cluster = load(&[none.clone(), one, two], false).unwrap().cluster(None).unwrap();
        assert_eq!(cluster.server.to_string(), "http://one/");
        assert!(
            matches!(&cluster.credentials, Credentials::TokenFile(file) if file.path() == dir.join("token"))
        );
        assert!(
            load(std::slice::from_ref(&none), false).unwrap_err().to_string().contains("none of the files")
        );
        assert!(load(&[none], true).unwrap_err().to_string().contains("cannot read"));
    }

    #[test]
    fn a_plugin_is_told_of_the_cluster_in_the_words_of_its_protocol() {
        let entry = "{server: 'https://api', tls-server-name: api, certificate-authority: ca.crt, extensions: [
            {name: other, extension: 1}, {name: client.authentication.k8s.io/exec, extension: {audience: shop}}]}";
        let entry: ClusterEntry = serde_json::from_value(yaml::to_json(entry).unwrap()).unwrap();
        let ClusterInfo { fields, ca_file } = told("https://api", &entry);
        let config = json!({"audience": "shop"});
        assert_eq!(fields, json!({"server": "https://api", "tls-server-name": "api", "config": config}));
        assert_eq!(ca_file.as_deref(), Some(Path::new("ca.crt")));
    }
}
