//! What comes after the gate: this process becomes the command, with its environment and its PID.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// What a shell reports for a command that is not there, and for one that cannot be run.
/// <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_08_02>
const NOT_FOUND: u8 = 127;
const CANNOT_RUN: u8 = 126;

/// Becomes `command`; comes back only when that fails. Without a command there is nothing to do.
#[must_use]
pub fn become_command(command: &[String]) -> ExitCode {
    let Some((program, arguments)) = command.split_first() else { return ExitCode::SUCCESS };
    let error = Command::new(program).args(arguments).exec();
    eprintln!("wait-for: cannot run {program}: {error}");
    let code = if error.kind() == std::io::ErrorKind::NotFound { NOT_FOUND } else { CANNOT_RUN };
    ExitCode::from(code)
}
