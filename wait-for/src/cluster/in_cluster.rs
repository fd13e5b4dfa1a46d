//! The pod's own service account, as kubelet mounts it.
//!
//! <https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/>

use std::collections::HashMap;
use std::path::Path;

use hyper::Uri;

use super::{Cluster, ClusterError, Credentials, Tls};
use crate::bounded_file;

/// Where kubelet mounts the token, the CA and the namespace.
pub(super) const SERVICE_ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// The cluster that this pod runs in. Token and CA are read anew at every use, since both rotate.
pub(super) fn load(env: &HashMap<String, String>, dir: &Path) -> Result<Cluster, ClusterError> {
    let (Some(host), Some(port)) = (env.get("KUBERNETES_SERVICE_HOST"), env.get("KUBERNETES_SERVICE_PORT"))
    else {
        return Err(ClusterError::Unusable(
            "no API server: give --kubeconfig FILE or set KUBECONFIG (in a pod, KUBERNETES_SERVICE_HOST and \
             KUBERNETES_SERVICE_PORT are set by Kubernetes)"
                .into(),
        ));
    };
    let authority = if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") };
    let server = format!("https://{authority}").parse::<Uri>().map_err(|error| {
        ClusterError::Unusable(format!(
            "KUBERNETES_SERVICE_HOST and _PORT give no URL ({authority}): {error}"
        ))
    })?;
    let token = dir.join("token");
    if let Err(source) = std::fs::metadata(&token) {
        return Err(ClusterError::Unusable(format!(
            "no service account token at {} ({source}): set automountServiceAccountToken: true, or mount one",
            token.display()
        )));
    }
    // client-go does without the namespace file too: a projected volume may leave it out.
    let namespace = bounded_file::read_text(&dir.join("namespace"), bounded_file::TOKEN).unwrap_or_default();
    let namespace = match namespace.trim() {
        "" => "default".to_owned(),
        name => name.to_owned(),
    };
    Ok(Cluster {
        server,
        tls: Tls { ca_file: Some(dir.join("ca.crt")), ..Tls::default() },
        credentials: Credentials::token_file(token),
        impersonate: Vec::new(),
        namespace,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> HashMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    fn service_account(name: &str) -> std::path::PathBuf {
        let dir = std::env::temp_dir().join(format!("wait-for-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("token"), "secret\n").unwrap();
        dir
    }

    #[test]
    fn the_pods_own_namespace_is_the_default_one() {
        let dir = service_account("namespace");
        std::fs::write(dir.join("namespace"), "shop\n").unwrap();
        let env = env(&[("KUBERNETES_SERVICE_HOST", "10.96.0.1"), ("KUBERNETES_SERVICE_PORT", "443")]);
        let cluster = load(&env, &dir).unwrap();
        assert_eq!(cluster.namespace, "shop");
        assert_eq!(cluster.server.to_string(), "https://10.96.0.1:443/");
    }

    #[test]
    fn ipv6_hosts_get_brackets_and_a_missing_namespace_file_is_no_trouble() {
        let dir = service_account("ipv6");
        let env = env(&[("KUBERNETES_SERVICE_HOST", "fd00::1"), ("KUBERNETES_SERVICE_PORT", "6443")]);
        let cluster = load(&env, &dir).unwrap();
        assert_eq!(cluster.server.to_string(), "https://[fd00::1]:6443/");
        assert_eq!(cluster.namespace, "default");
    }

    #[test]
    fn what_is_missing_is_named() {
        let outside = load(&HashMap::new(), Path::new("/nowhere")).unwrap_err().to_string();
        assert!(outside.contains("--kubeconfig"), "{outside}");
        let env = env(&[("KUBERNETES_SERVICE_HOST", "10.96.0.1"), ("KUBERNETES_SERVICE_PORT", "443")]);
        let unmounted = load(&env, Path::new("/nowhere")).unwrap_err().to_string();
        assert!(unmounted.contains("automountServiceAccountToken"), "{unmounted}");
    }
}
