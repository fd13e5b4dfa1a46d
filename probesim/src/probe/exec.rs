//! `exec`: `pkg/probe/exec/exec.go`, and the words of the container runtime (containerd with runc).

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use rand::TryRng;
use rand::rngs::SysRng;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time;

use super::command::{expand, look_path};
use super::words::{self, quote};
use super::{Answer, Subject};
use crate::kubelet::Exec;
use crate::system_error::describe;

/// `maxReadLength`: what is kept of the output.
const LONGEST: usize = 10 << 10;
/// Longer than anybody waits.
const FOR_EVER: Duration = Duration::from_secs(1 << 30);
/// Where programs are looked for when nothing says so.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Runs the command, without a shell, and waits until it and its output end.
///
/// The timeout is for the command alone: then it is killed, and what it has left behind is not. As long as that holds
/// its output open, the attempt goes on (containerd).
pub(super) async fn attempt(exec: &Exec, timeout: Duration, subject: &Subject<'_>) -> Answer {
    let command: Vec<_> = exec.command.iter().map(|part| expand(part, subject.environment)).collect();
    let mut child = match start(&command, subject) {
        Ok(child) => child,
        Err(Refused::ByRuntime(why)) => return Answer::unknown(refusal(&why)),
        // The runtime has the process by then, and its last words are on its standard error.
        Err(Refused::BySystem(why)) => return Answer::failure(format!("exec {}: {why}", command[0])),
    };
    // In a container, what is left ends with it.
    let group = subject.group.is_none().then(|| Group(child.id()));
    let ended = end(&mut child, timeout).await;
    if let Some(group) = group {
        group.leave();
    }
    match ended {
        Ok((None, _)) => {
            let command = quote(command.join(" ").as_bytes());
            let timeout = words::duration(timeout);
            Answer::failure(format!("command timed out: {command} timed out after {timeout}"))
        }
        Ok((Some(status), output)) if status.success() => Answer::success(output),
        Ok((Some(_), output)) => Answer::failure(output),
        Err(error) => Answer::unknown(refusal(&error.to_string())),
    }
}

/// Runs the command of a hook for as long as it takes.
///
/// # Errors
/// What Go's error and the output say of it.
pub(super) async fn hook(exec: &Exec, subject: &Subject<'_>) -> Result<(), String> {
    let command: Vec<_> = exec.command.iter().map(|part| expand(part, subject.environment)).collect();
    let (code, output) = match start(&command, subject) {
        Ok(mut child) => match end(&mut child, FOR_EVER).await {
            Ok((Some(status), _)) if status.success() => return Ok(()),
            Ok((status, output)) => (status.map_or(137, |status| status.code().unwrap_or(137)), output),
            Err(error) => (126, describe(&error)),
        },
        Err(Refused::ByRuntime(why)) => {
            return Err(format!("error: {}, message: \"\"", refusal(&why)));
        }
        Err(Refused::BySystem(why)) => (126, why),
    };
    let (words, shown) = (command.join(" "), quote(output.as_bytes()));
    Err(format!("error: command '{words}' exited with {code}: {output}, message: {shown}"))
}

/// Who does not start a command, and why.
enum Refused {
    ByRuntime(String),
    BySystem(String),
}

fn start(command: &[String], subject: &Subject<'_>) -> Result<Child, Refused> {
    let Some((program, arguments)) = command.split_first() else {
        return Err(Refused::ByRuntime("exec: no command".into()));
    };
    let own_path = std::env::var("PATH").ok();
    let path = subject.environment.iter().rev().find(|(name, _)| name == "PATH").map(|(_, path)| path);
    let path = path.or(own_path.as_ref()).map_or(DEFAULT_PATH, String::as_str);
    let directory = subject.directory.unwrap_or(Path::new("."));
    if let Err(error) = directory.metadata() {
        let directory = quote(directory.as_os_str().as_encoded_bytes());
        let why = describe(&error);
        return Err(Refused::ByRuntime(format!(
            "chdir to cwd ({directory}) set in config.json failed: {why}"
        )));
    }
    let found = look_path(program, directory, path, &look).map_err(Refused::ByRuntime)?;
    let mut ready = std::process::Command::new(found);
    ready.arg0(program).args(arguments).current_dir(directory).process_group(subject.group.unwrap_or(0));
    ready.envs(subject.environment.iter().map(|(name, value)| (name, value)));
    ready.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Command::from(ready).spawn().map_err(|error| Refused::BySystem(describe(&error)))
}

/// Whether a file can be executed: `findExecutable` of Go's `os/exec`.
fn look(file: &Path, called: &str) -> Result<(), String> {
    let metadata = file.metadata().map_err(|error| format!("stat {called}: {}", describe(&error)))?;
    match metadata.permissions().mode() {
        _ if metadata.is_dir() => Err("is a directory".into()),
        mode if mode & 0o111 == 0 => Err("permission denied".into()),
        _ => Ok(()),
    }
}

/// What containerd and runc say of a command that they do not start. Each one has an identity of its own.
fn refusal(why: &str) -> String {
    let mut bytes = [0; 32];
    // Without a random source identities repeat, which hurts nobody.
    let _ = SysRng.try_fill_bytes(&mut bytes);
    let id: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "rpc error: code = Unknown desc = failed to exec in container: failed to start exec \"{id}\": \
         OCI runtime exec failed: exec failed: unable to start container process: {why}: unknown"
    )
}

/// The exit status, `None` if it had to be killed; and what was written: first to stdout, then to stderr, cut off.
async fn end(child: &mut Child, timeout: Duration) -> io::Result<(Option<ExitStatus>, String)> {
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    let wait = async {
        if let Ok(status) = time::timeout(timeout, child.wait()).await {
            return status.map(Some);
        }
        child.kill().await.map(|()| None)
    };
    let (status, stdout, stderr) = tokio::try_join!(wait, read(stdout.as_mut()), read(stderr.as_mut()))?;
    let mut output = stdout;
    output.extend(stderr);
    output.truncate(LONGEST);
    Ok((status, String::from_utf8_lossy(&output).into_owned()))
}

/// Reads to the end, and keeps the beginning.
async fn read(stream: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut kept = vec![];
    let Some(mut stream) = stream else { return Ok(kept) };
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(kept),
            length => kept.extend(buffer[..length].iter().take(LONGEST - kept.len())),
        }
    }
}

/// The processes of a command: all of them are killed unless the command has ended by itself.
struct Group(Option<u32>);

// === impl Group ===

impl Group {
    fn leave(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(id) = self.0.and_then(|id| i32::try_from(id).ok()) {
            // Those that are gone already are no matter.
            let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
        }
    }
}
