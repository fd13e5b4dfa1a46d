//! What a run waits for: an object in the cluster, or something on the network.

use std::fmt;
use std::str::FromStr;

use crate::network;
use crate::target::{Target, TargetError};

/// One thing to wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aim {
    /// `KIND/NAME…`
    Object(Target),
    /// `tcp://…` and the like, for which no cluster is needed.
    Network(network::Target),
}

/// Why a text is neither.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AimError {
    /// It was meant as an object.
    #[error(transparent)]
    Object(#[from] TargetError),
    /// It was meant as something on the network.
    #[error(transparent)]
    Network(#[from] network::TargetError),
}

// === impl Aim ===

impl Aim {
    /// The object, where it is one.
    #[must_use]
    pub fn object(&self) -> Option<&Target> {
        match self {
            Self::Object(target) => Some(target),
            Self::Network(_) => None,
        }
    }

    /// With its condition, for the first line of the log.
    #[must_use]
    pub fn full(&self) -> String {
        match self {
            Self::Object(target) => target.full(),
            Self::Network(target) => target.to_string(),
        }
    }
}

impl FromStr for Aim {
    type Err = AimError;

    fn from_str(text: &str) -> Result<Self, AimError> {
        if network::Target::is_meant_by(text) {
            return Ok(Self::Network(text.parse()?));
        }
        Ok(Self::Object(text.parse()?))
    }
}

/// The subject of a line of output: `deployment/api`, `deployment/api@shop` where the target names its
/// namespace, `tcp://db:5432`.
impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Object(target) => match &target.namespace {
                Some(namespace) => write!(f, "{target}@{namespace}"),
                None => write!(f, "{target}"),
            },
            Self::Network(target) => write!(f, "{target}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_and_addresses_are_told_apart() {
        for (text, name, full, is_object) in [
            ("deploy/api@shop", "deployment/api@shop", "deployment/api@shop:available", true),
            ("deploy/api", "deployment/api", "deployment/api:available", true),
            ("http://api/x?key=hunter2", "http://api/x?…", "http://api/x?…", false),
        ] {
            let aim: Aim = text.parse().unwrap();
            assert_eq!(
                (aim.to_string(), aim.full(), aim.object().is_some()),
                (name.into(), full.into(), is_object)
            );
        }
        assert!(matches!("tpc://db:1".parse::<Aim>(), Err(AimError::Network(_))));
        assert!(matches!("postgres".parse::<Aim>(), Err(AimError::Object(_))));
    }
}
