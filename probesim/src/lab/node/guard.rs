//! A process beside the lab that ends the lab's processes when the lab is killed and cannot do it itself.

use std::collections::BTreeSet;
use std::io::{self, BufRead, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use super::groups::kill_group;

/// The subcommand under which this program is the guard.
const NAME: &str = "guard";

/// The guard, as the lab sees it: the pipe over which it learns of groups. However the lab ends, the pipe does too.
#[derive(Clone, Debug)]
pub(super) struct Guard(Arc<Mutex<ChildStdin>>);

/// What the guard is told at its start.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The lab's own files, which go with it.
    directory: PathBuf,
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
    // After an orderly end it is gone already.
    let _ = std::fs::remove_dir_all(&args.directory);
    ExitCode::SUCCESS
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
    fn what_came_and_did_not_go_is_left() {
        let left = watch("+10\n+11\n-10\nnonsense\n+12\n".as_bytes());
        assert_eq!(left.into_iter().collect::<Vec<_>>(), [11, 12]);
    }
}
