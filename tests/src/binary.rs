//! Which binaries are tested: those that the environment names, else this package's own builds of them.

use std::path::PathBuf;

/// The binary that `variable` names, else the shim at `shim`.
#[must_use]
pub fn choose(variable: &str, shim: &str) -> PathBuf {
    std::env::var_os(variable)
        .filter(|path| !path.is_empty())
        .map_or_else(|| PathBuf::from(shim), PathBuf::from)
}

/// A gate to be started: `$WAIT_FOR_BIN`, or the shim. Cargo tells its place only to this package's tests.
#[macro_export]
macro_rules! gate {
    () => {
        $crate::gate::Gate::new($crate::binary::choose("WAIT_FOR_BIN", env!("CARGO_BIN_EXE_wait-for-shim")))
    };
}

/// A simulator to be started: `$PROBESIM_BIN`, or the shim.
#[macro_export]
macro_rules! simulator {
    () => {
        $crate::simulator::Simulator::new($crate::binary::choose(
            "PROBESIM_BIN",
            env!("CARGO_BIN_EXE_probesim-shim"),
        ))
    };
}

/// A lab that runs manifests, to be started: `$PROBESIM_BIN` and `$WAIT_FOR_BIN`, or the shims.
#[macro_export]
macro_rules! cluster {
    () => {
        $crate::cluster::Cluster::new(
            &$crate::binary::choose("PROBESIM_BIN", env!("CARGO_BIN_EXE_probesim-shim")),
            &$crate::binary::choose("WAIT_FOR_BIN", env!("CARGO_BIN_EXE_wait-for-shim")),
        )
    };
}
