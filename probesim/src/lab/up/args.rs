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

    /// Namespace of objects that name none
    #[arg(short, long, value_name = "NAME", default_value = "default", conflicts_with = "replay")]
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
