//! A directory for the lab's own files.

use std::io;
use std::path::{Path, PathBuf};

use crate::lab::node::SCRATCH;

/// A directory that goes when this is dropped.
#[derive(Debug)]
pub(super) struct Scratch(PathBuf);

// === impl Scratch ===

impl Scratch {
    /// Makes one that nobody else has.
    pub(super) fn new() -> io::Result<Self> {
        let base = std::env::temp_dir();
        let mut number = 0;
        loop {
            let path = base.join(format!("{SCRATCH}{}-{number}", std::process::id()));
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Self(path)),
                // A lab that had the same process ID was killed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays behind in the temporary directory does no harm.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
