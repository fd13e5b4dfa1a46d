//! A process beside the lab that ends the lab's processes when the lab is killed and cannot do it itself.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::{self, BufRead, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use super::groups::kill_group;

/// The first argument with which this program is the guard. No subcommand: that would show in shell completions.
const NAME: &str = "lab-guard";

/// How the names of directories for the lab's own files begin.
pub(in crate::lab) const SCRATCH: &str = "probesim-lab-";

/// The guard, as the lab sees it: the pipe over which it learns of groups. However the lab ends, the pipe does too.
#[derive(Clone, Debug)]
pub(super) struct Guard(Arc<Mutex<ChildStdin>>);

/// What the guard is told at its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Args {
    /// The lab's own files, which go with it.
    directory: PathBuf,
}

// === impl Args ===

impl Args {
    /// What the lab has written, if these arguments, program name first, are its own.
    #[must_use]
    pub fn of(arguments: &[OsString]) -> Option<Self> {
        match arguments {
            [_, name, directory] if name == NAME => Some(Self { directory: directory.into() }),
            _ => None,
        }
    }
}

// === impl Guard ===

impl Guard {
    /// Starts it, out of the reach of Ctrl-C.
    pub(super) fn start(program: &Path, directory: &Path) -> io::Result<Self> {
        let mut command = Command::new(program);
        command.arg(NAME).arg(directory).env_clear().process_group(0);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let pipe = child.stdin.ok_or(io::ErrorKind::BrokenPipe)?;
        Ok(Self(Arc::new(Mutex::new(pipe))))
    }

    pub(super) fn add(&self, leader: i32) {
        self.say('+', leader);
    }

    pub(super) fn remove(&self, leader: i32) {
        self.say('-', leader);
    }

    fn say(&self, sign: char, leader: i32) {
        let mut pipe = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A guard that was killed guards nothing; the lab ends its processes itself as long as it can.
        let _ = writeln!(pipe, "{sign}{leader}");
    }
}

/// Is the guard: listens until the lab has ended, and ends what it has left.
#[must_use]
pub fn guard(args: &Args) -> ExitCode {
    watch(io::stdin().lock()).into_iter().for_each(kill_group);
    clear(&args.directory);
    ExitCode::SUCCESS
}

/// Removes a lab's directory. After an orderly end it is gone already; whoever else calls this must lose nothing.
fn clear(directory: &Path) {
    if directory.file_name().is_some_and(|name| name.to_string_lossy().starts_with(SCRATCH)) {
        let _ = std::fs::remove_dir_all(directory);
    }
}

/// The groups that are left when the pipe ends.
fn watch(pipe: impl BufRead) -> BTreeSet<i32> {
    let mut leaders = BTreeSet::new();
    for line in pipe.lines().map_while(Result::ok) {
        let mut letters = line.chars();
        match (letters.next(), letters.as_str().parse()) {
            (Some('+'), Ok(leader)) => leaders.insert(leader),
            (Some('-'), Ok(leader)) => leaders.remove(&leader),
            _ => continue,
        };
    }
    leaders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_a_directory_of_a_lab_is_removed() {
        let directory = std::env::temp_dir().join(format!("no-lab-{}", std::process::id()));
        std::fs::create_dir(&directory).unwrap();
        let arguments = ["probesim", NAME].map(OsString::from).into_iter().chain([directory.clone().into()]);
        let args = Args::of(&arguments.collect::<Vec<_>>()).unwrap();
        clear(&args.directory);
        assert!(directory.exists());
        std::fs::remove_dir(directory).unwrap();
        assert_eq!(Args::of(&["probesim", NAME].map(OsString::from)), None);
    }

    #[test]
    fn what_came_and_did_not_go_is_left() {
        let left = watch("+10\n+11\n-10\nnonsense\n+12\n".as_bytes());
        assert_eq!(left.into_iter().collect::<Vec<_>>(), [11, 12]);
    }
}
