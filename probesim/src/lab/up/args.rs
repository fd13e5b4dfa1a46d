//! What `probesim lab -f` takes besides what it shares with a replay.

use std::path::PathBuf;

use crate::kubelet::Version;
use crate::lab::node::{Run, Stand};
use crate::value;

/// Manifests to run, and what stands for their containers.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
pub(in crate::lab) struct Args {
    /// Manifests to run: YAML or JSON files, directories, or - for the standard input
    #[arg(short = 'f', long = "filename", value_name = "FILE", id = "manifests")]
    pub(super) manifests: Vec<PathBuf>,

    /// What runs for an image: a command of this machine, with the manifest's args after it; nothing after the =
    /// stands for the manifest's own command. The images of probesim and wait-for need none
    #[arg(long = "run", value_name = "IMAGE=COMMAND", conflicts_with = "replay")]
    pub(super) runs: Vec<Run>,

    /// What stands for a container and runs already; POD/CONTAINER or WORKLOAD/CONTAINER for one of several
    #[arg(long = "target", value_name = "CONTAINER=HOST[:PORT]", conflicts_with = "replay")]
    pub(super) targets: Vec<Stand>,

    /// An image that cannot be pulled: its containers wait in ErrImagePull and ImagePullBackOff
    #[arg(long, value_name = "IMAGE", conflicts_with = "replay")]
    pub(super) image_fails: Vec<String>,

    /// Namespace of objects that name none
    #[arg(short, long, value_name = "NAME", default_value = "default", value_parser = label, conflicts_with = "replay")]
    pub(super) namespace: String,

    /// Write what containers print to files POD-CONTAINER.log in this directory, instead of showing it
    #[arg(long, value_name = "DIR", conflicts_with = "replay")]
    pub(super) logs: Option<PathBuf>,

    /// The Kubernetes version whose kubelet is followed
    #[arg(long, value_name = "VERSION", default_value = "1.36.2", conflicts_with = "replay")]
    pub(super) kubernetes_version: Version,

    /// Seed of what the kubelet leaves to chance [default: another one each time]
    #[arg(long, value_name = "NUMBER", value_parser = value::seed, conflicts_with = "replay")]
    pub(super) seed: Option<u64>,
}

/// A DNS label (RFC 1123), as the name of a namespace has to be (`ValidateNamespaceName`).
fn label(text: &str) -> Result<String, &'static str> {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let is_label = (1..=63).contains(&text.len())
        && text.bytes().all(is_inner)
        && !text.starts_with('-')
        && !text.ends_with('-');
    if is_label {
        Ok(text.to_owned())
    } else {
        Err("expected at most 63 lower-case letters, digits and inner hyphens; write for example shop")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_has_the_name_of_one() {
        for good in ["default", "a", "team-7", &"x".repeat(63)] {
            assert_eq!(label(good), Ok(good.to_owned()));
        }
        for bad in ["", "Shop", "a_b", "-a", "a-", "a.b", &"x".repeat(64)] {
            assert!(label(bad).is_err(), "{bad:?}");
        }
    }
}
