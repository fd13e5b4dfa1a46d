//! `--print`: the least rights that are enough for these targets, and the initContainer that has them.
//!
//! Nothing is asked of a cluster, and nothing needs to be known of the pod: a custom resource's plural is taken as it is
//! written, and what the downward API will tell stands in the block.

mod init_container;
mod name;
pub mod needs;
mod rbac;

pub use self::init_container::init_container;
pub use self::rbac::rbac;

/// `--print`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Print {
    /// ServiceAccount, Roles and bindings.
    Rbac,
    /// The initContainer of a pod.
    InitContainer,
}

impl Print {
    /// The words of the flag.
    pub const WORDS: [(&'static str, Self); 2] =
        [("rbac", Self::Rbac), ("init-container", Self::InitContainer)];
}

/// What there is without a namespace: the one of a context that names none.
const OWN: &str = "default";
