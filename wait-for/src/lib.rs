//! The gate as a library, so that its parts can be tested one by one.

use std::process::ExitCode;

/// Parses the command line, waits, and returns the exit code.
#[must_use]
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
