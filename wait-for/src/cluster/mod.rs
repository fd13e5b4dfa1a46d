//! Where the API server is and who we are to it: a kubeconfig, or the pod's own service account.

mod credentials;
mod exec_plugin;
mod in_cluster;
mod kubeconfig;
mod once;
mod tls;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use hyper::Uri;

use crate::bounded_file;
use crate::connection::describe;

pub use credentials::{Credentials, Presented};
pub use exec_plugin::ExecPlugin;
pub use tls::{Identity, Tls, TlsError};

/// An API server and the identity to use with it.
#[derive(Debug)]
pub struct Cluster {
    /// The server's URL: scheme, host, port, and a path prefix where a proxy needs one.
    pub server: Uri,
    /// How the server's certificate is checked, and which one we present.
    pub tls: Tls,
    /// How we say who we are.
    pub credentials: Credentials,
    /// Headers that ask the server to treat us as somebody else (`as`, `as-groups`, `as-uid`).
    pub impersonate: Vec<(&'static str, String)>,
    /// The namespace of targets that name none: the context's, or the pod's own.
    pub namespace: String,
}

/// Why no API server could be found or used; each names the file or variable to mend.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// A file could not be read.
    #[error("cannot read {path}: {why}", path = path.display(), why = describe(source))]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A kubeconfig is not what it should be.
    #[error("{path}: {problem}", path = path.display())]
    Kubeconfig {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, with the line where there is one.
        problem: String,
    },
    /// A setting that is understood but cannot be used.
    #[error("{0}")]
    Unusable(String),
}

/// What the user said about where the cluster is; what is not said is found as kubectl finds it.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// `--kubeconfig`: this one file.
    pub kubeconfig: Option<PathBuf>,
    /// `--context`: instead of the file's current one.
    pub context: Option<String>,
}

/// Finds the cluster: `--kubeconfig`, else `$KUBECONFIG` (a list), else `~/.kube/config` if there is
/// one, else the pod's service account.
///
/// # Errors
/// When what was found cannot be used, or nothing was found.
pub fn find(hints: &Hints, env: &HashMap<String, String>) -> Result<Cluster, ClusterError> {
    let context = hints.context.as_deref();
    if let Some(path) = &hints.kubeconfig {
        return kubeconfig::load(std::slice::from_ref(path), true)?.cluster(context);
    }
    let listed: Vec<PathBuf> = env
        .get("KUBECONFIG")
        .map(|list| std::env::split_paths(list).filter(|path| !path.as_os_str().is_empty()).collect())
        .unwrap_or_default();
    if !listed.is_empty() {
        return kubeconfig::load(&listed, listed.len() == 1)?.cluster(context);
    }
    let home = env.get("HOME").map(|home| Path::new(home).join(".kube/config"));
    if let Some(path) = home.filter(|path| path.exists()) {
        return kubeconfig::load(&[path], true)?.cluster(context);
    }
    if context.is_some() {
        return Err(ClusterError::Unusable(
            "--context needs a kubeconfig: give --kubeconfig FILE or set KUBECONFIG".into(),
        ));
    }
    in_cluster::load(env, Path::new(in_cluster::SERVICE_ACCOUNT))
}

fn read(path: &Path) -> Result<String, ClusterError> {
    // Of hundreds of clusters with all their certificates in them.
    const LARGEST: usize = 8 << 20;
    bounded_file::read_text(path, LARGEST)
        .map_err(|source| ClusterError::Read { path: path.to_owned(), source })
}
