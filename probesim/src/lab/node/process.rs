//! A process that stands for a container: its start, its lines, its end.

use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until, timeout};

use super::groups::{self, Farewell, Groups, Stop};
use super::output::Output;

/// containerd's limit for a line of a log.
const LONGEST_LINE: usize = 16 * 1024;
/// What a process has written is read to its end, unless something that got away keeps the pipe open.
const LAST_LINES: Duration = Duration::from_secs(1);

/// What is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Invocation {
    /// The program and its arguments; at least the program.
    pub(super) words: Vec<String>,
    /// All variables that it gets.
    pub(super) environment: Vec<(String, String)>,
    /// `workingDir`.
    pub(super) directory: Option<PathBuf>,
    /// Its end when the lab ends.
    pub(super) farewell: Farewell,
    /// What asks it to end before that.
    pub(super) stop: Stop,
}

/// A process that runs. When this is dropped, nobody can stop it but the lab's end.
#[derive(Debug)]
pub(super) struct Process {
    leader: i32,
    graces: UnboundedSender<Duration>,
}

// === impl Process ===

impl Process {
    /// Starts it in a process group of its own. Calls `ended` with the exit code as the kubelet has it.
    pub(super) fn start(
        invocation: &Invocation,
        groups: &Groups,
        output: Output,
        ended: Box<dyn FnOnce(i32) + Send>,
    ) -> io::Result<Self> {
        let (program, arguments) =
            invocation.words.split_first().ok_or_else(|| io::Error::other("there is no command"))?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.envs(invocation.environment.iter().map(|(name, value)| (name, value)));
        if let Some(directory) = &invocation.directory {
            command.current_dir(directory);
        }
        let child = command.process_group(0).kill_on_drop(true).spawn()?;
        let leader = child.id().and_then(|id| i32::try_from(id).ok()).ok_or(io::ErrorKind::NotFound)?;
        groups.add(leader, invocation.farewell);
        let (graces, orders) = unbounded_channel();
        tokio::spawn(supervise(child, (leader, invocation.stop), orders, groups.clone(), output, ended));
        Ok(Self { leader, graces })
    }

    /// The group that its commands belong to, and end with.
    pub(super) const fn group(&self) -> i32 {
        self.leader
    }

    /// SIGTERM now, SIGKILL after the grace period; when it is told again, the new period counts.
    pub(super) fn stop(&self, grace: Duration) {
        // When it has ended already, its end is under way to whoever waits for it.
        let _ = self.graces.send(grace);
    }
}

async fn supervise(
    mut child: Child,
    (leader, stop): (i32, Stop),
    mut orders: UnboundedReceiver<Duration>,
    groups: Groups,
    output: Output,
    ended: Box<dyn FnOnce(i32) + Send>,
) {
    let mut readers = JoinSet::new();
    readers.spawn(read(child.stdout.take(), output.clone()));
    readers.spawn(read(child.stderr.take(), output));
    let mut kill_at: Option<Instant> = None;
    let mut is_told = true;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status,
            grace = orders.recv(), if is_told => match grace {
                Some(grace) => {
                    groups::stop(leader, stop);
                    // A grace period beyond all time never ends.
                    kill_at = Instant::now().checked_add(grace);
                }
                None => is_told = false,
            },
            () = at(kill_at) => {
                groups::kill_group(leader);
                kill_at = None;
            }
        }
    };
    groups.remove(leader);
    let _ = timeout(LAST_LINES, async { while readers.join_next().await.is_some() {} }).await;
    // A child of ours can be waited for; if not, it counts as killed.
    ended(status.map_or(137, exit_code));
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// 128+n when signal n ended it, as the container runtime has it.
fn exit_code(status: ExitStatus) -> i32 {
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(9))
}

/// Hands on what comes line by line; a line that is too long in parts.
async fn read<R: AsyncRead + Unpin>(stream: Option<R>, output: Output) {
    let Some(mut stream) = stream else { return };
    let mut line = Vec::new();
    let mut buffer = vec![0; LONGEST_LINE];
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        for &byte in &buffer[..length] {
            if byte == b'\n' {
                output.line(&String::from_utf8_lossy(&line));
                line.clear();
            } else {
                line.push(byte);
                if line.len() == LONGEST_LINE {
                    output.line(&String::from_utf8_lossy(&line));
                    line.clear();
                }
            }
        }
    }
    if !line.is_empty() {
        output.line(&String::from_utf8_lossy(&line));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_is_an_exit_code_above_128() {
        for (raw, code) in [(0, 0), (3 << 8, 3), (9, 137), (15, 143)] {
            assert_eq!(exit_code(ExitStatus::from_raw(raw)), code);
        }
    }
}
