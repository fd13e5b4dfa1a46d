//! Writes the shell completions and man pages: `cargo run -p e2e --bin generate`.

use std::fs;
use std::process::ExitCode;

use e2e::generated::{files, root};

fn main() -> ExitCode {
    for (path, text) in files() {
        let path = root().join(path);
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
        if let Err(error) = written {
            eprintln!("generate: {}: {error}", path.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
