//! What is made from the command lines' definitions: shell completions and man pages.
//!
//! They are files of the repository rather than a feature of the binaries, which stay small without them.

use std::path::{Path, PathBuf};

use clap::CommandFactory;
use clap_complete::{Shell, generate};

/// Where the files are, from the repository's root.
const DIRECTORY: &str = "deploy/share";

/// Every file, by its path in the repository, and what must be in it.
#[must_use]
pub fn files() -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for (name, command) in
        [("wait-for", wait_for::cli::Cli::command()), ("probesim", probesim::cli::definition())]
    {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let mut text = Vec::new();
            generate(shell, &mut command.clone(), name, &mut text);
            files.push((Path::new(DIRECTORY).join(format!("completions/{name}.{shell}")), text));
        }
        let mut text = Vec::new();
        if clap_mangen::Man::new(command.clone()).render(&mut text).is_ok() {
            files.push((Path::new(DIRECTORY).join(format!("man/{name}.1")), text));
        }
    }
    files
}

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
