//! Mistakes in the command line, the environment or the configuration file.

use crate::aim::AimError;
use crate::duration::DurationError;
use crate::moment::MomentError;
use crate::name::NameError;

/// A mistake; each names the flag, the variable, or the file and its line.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// No target at all.
    #[error("nothing to wait for: name a target, such as deployment/postgres (see --help)")]
    NoTarget,
    /// A target that was named is malformed.
    #[error("{0:?}: {1}")]
    Target(String, #[source] AimError),
    /// A target that is spelt out, or that stands in a file, is malformed.
    #[error("{0}: {1}")]
    SpeltOut(String, #[source] AimError),
    /// A duration is malformed.
    #[error("{0}: {1}")]
    Duration(String, #[source] DurationError),
    /// No namespace can be called that.
    #[error("{0}: {1:?} is not a namespace: {2}")]
    Namespace(String, String, #[source] NameError),
    /// Nothing in a cluster can be called that.
    #[error("--print-name: {0:?} is not a name: {1}")]
    PrintName(String, #[source] NameError),
    /// A word that is not among those that are known.
    #[error("{from}: {text:?} is not one of {known}{hint}")]
    Word {
        /// Where it stands.
        from: String,
        /// The word.
        text: String,
        /// Those that are known.
        known: String,
        /// Which was probably meant.
        hint: String,
    },
    /// A target that is to be waived when its time is over, which it never is.
    #[error("{0}: continue needs a timeout of this target: write timeout: 2m beside it")]
    NoTimeout(String),
    /// A time is malformed.
    #[error("{0}: {1}, or self")]
    Time(String, #[source] MomentError),
    /// Flags that do not go together.
    #[error("{0}")]
    Flags(&'static str),
    /// A configuration file that cannot be read or understood.
    #[error("{0}")]
    File(String),
}
