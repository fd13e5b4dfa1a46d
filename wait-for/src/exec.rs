//! What comes after the gate: this process becomes the command, with its environment and its PID.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use crate::connection::describe;
use crate::{say, termination_log};

/// What a shell reports for a command that is not there, and for one that cannot be run.
/// <https://pubs.opengroup.org/onlinepubs/9799919799/utilities/V3_chap02.html#tag_19_08_02>
const NOT_FOUND: u8 = 127;
const CANNOT_RUN: u8 = 126;

/// Why the command does not run.
#[derive(Debug, thiserror::Error)]
#[error("cannot run {program}: {why}")]
struct CannotRun {
    program: String,
    why: String,
    /// The exit code that says so.
    code: u8,
}

/// Becomes `command`; comes back only when that fails, or when there is none.
///
/// # Errors
/// Where it is not there, or cannot be run.
fn become_command(command: &[OsString]) -> Result<(), CannotRun> {
    let Some((program, arguments)) = command.split_first() else { return Ok(()) };
    let error = Command::new(program).args(arguments).exec();
    Err(CannotRun {
        program: program.to_string_lossy().into_owned(),
        why: describe(&error),
        code: if error.kind() == std::io::ErrorKind::NotFound { NOT_FOUND } else { CANNOT_RUN },
    })
}

/// What is to happen once the gate is open.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Then {
    /// What to become; nothing where it is empty.
    pub command: Vec<OsString>,
    /// The file for the reason why that cannot be.
    pub termination_log: PathBuf,
}

impl Then {
    /// Becomes the command; comes back only when that fails, or when there is none.
    #[must_use]
    pub fn start(&self) -> ExitCode {
        match become_command(&self.command) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                say::complain(&error);
                termination_log::write(&self.termination_log, &[error.to_string()]);
                ExitCode::from(error.code)
            }
        }
    }
}
