//! Files that somebody else chose, read with a limit on their size and on the time that it takes.
//!
//! A path can lead to a pipe that nobody writes to, to a device without an end, or to a volume whose server is
//! gone: none of them may hold up a gate's timeout or its signals.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tokio::task::spawn_blocking;
use tokio::time::timeout;

/// A token: those of service accounts have about 1 kB, those of others a few.
pub const TOKEN: usize = 64 << 10;
/// Settings, kubeconfigs and certificates; a bundle of all public CAs has a quarter of it.
pub const SETTINGS: usize = 1 << 20;
/// A file that has not been read by then is on a volume that hangs, or is a pipe that stays empty.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often a pipe that is empty is looked at again.
const PAUSE: Duration = Duration::from_millis(5);

/// Reads the file, and no more than `limit` bytes: a regular file, or a pipe as shells make it of `<(…)`.
///
/// This can hang with the volume that the file is on; see [`in_time`] and [`off_loop`].
///
/// # Errors
/// What the system says, or in its place that the file is of a kind that is not read, too large or silent.
pub fn read(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    let kind = std::fs::metadata(path)?.file_type();
    let other = [
        (kind.is_dir(), "it is a directory, not a file"),
        (kind.is_socket(), "it is a socket, not a file"),
        (kind.is_char_device() || kind.is_block_device(), "it is a device, not a file"),
    ];
    if let Some((_, words)) = other.into_iter().find(|(is_it, _)| *is_it) {
        return Err(io::Error::new(ErrorKind::InvalidInput, words));
    }
    let mut file = without_waiting().read(true).open(path)?;
    let (mut bytes, mut left) = (Vec::new(), PATIENCE);
    loop {
        // One byte more than is allowed tells that there is more.
        let room = (limit + 1).saturating_sub(bytes.len()) as u64;
        match file.by_ref().take(room).read_to_end(&mut bytes) {
            Ok(_) if bytes.len() > limit => {
                let words = format!("it has more than {} kB", limit >> 10);
                return Err(io::Error::new(ErrorKind::FileTooLarge, words));
            }
            Ok(_) if bytes.is_empty() && kind.is_fifo() => {
                return Err(io::Error::new(ErrorKind::UnexpectedEof, "it is a pipe that nobody writes to"));
            }
            Ok(_) => return Ok(bytes),
            Err(error) if error.kind() == ErrorKind::WouldBlock && !left.is_zero() => {
                left = left.saturating_sub(PAUSE);
                thread::sleep(PAUSE);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                let words = format!("it is a pipe whose end did not come within {}s", PATIENCE.as_secs());
                return Err(io::Error::new(ErrorKind::TimedOut, words));
            }
            Err(error) => return Err(error),
        }
    }
}

/// As [`read`], for what has to be text.
///
/// # Errors
/// As for [`read`], and where it is not UTF-8.
pub fn read_text(path: &Path, limit: usize) -> io::Result<String> {
    String::from_utf8(read(path, limit)?)
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is no UTF-8 text"))
}

/// Options whose `open` does not wait for the other end of a pipe, nor reading or writing for bytes or room in it.
#[must_use]
pub fn without_waiting() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.custom_flags(libc::O_NONBLOCK);
    options
}

/// Does `work` with files, and stops waiting for it when their volume hangs: its thread is left behind.
///
/// # Errors
/// Those of `work`, or [`ErrorKind::TimedOut`].
pub fn in_time<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    let (sender, done) = mpsc::sync_channel(1);
    thread::Builder::new().spawn(move || {
        // Nobody waits any more for what comes too late.
        let _ = sender.send(work());
    })?;
    done.recv_timeout(PATIENCE + PAUSE).unwrap_or_else(|_| Err(hangs(PATIENCE)))
}

/// As [`in_time`], without holding up the tasks that run beside this one.
///
/// # Errors
/// As for [`in_time`].
pub async fn off_loop<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    wait(PATIENCE, work).await
}

async fn wait<T: Send + 'static>(
    patience: Duration,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    // What reads a pipe gives up by itself, a moment before.
    match timeout(patience + PAUSE, spawn_blocking(work)).await {
        Ok(Ok(result)) => result,
        Ok(Err(error)) => Err(io::Error::other(error)),
        Err(_) => Err(hangs(patience)),
    }
}

fn hangs(patience: Duration) -> io::Error {
    let words = format!("the volume that it is on has not answered for {}s", patience.as_secs());
    io::Error::new(ErrorKind::TimedOut, words)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::PathBuf;

    use super::*;

    fn path(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("wait-for-bounded-{name}-{}", std::process::id()));
        let _ = std::fs::remove_file(&path);
        path
    }

    fn pipe(name: &str) -> PathBuf {
        let path = path(name);
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        path
    }

    fn words(result: io::Result<Vec<u8>>) -> String {
        result.unwrap_err().to_string()
    }

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let path = path("limit");
        std::fs::write(&path, vec![b'x'; 2048]).unwrap();
        assert_eq!(read(&path, 2048).unwrap().len(), 2048);
        assert_eq!(words(read(&path, 2047)), "it has more than 1 kB");
        std::fs::write(&path, [0xff]).unwrap();
        assert_eq!(read_text(&path, 10).unwrap_err().to_string(), "it is no UTF-8 text");
    }

    #[test]
    fn what_is_no_file_is_said_and_not_read() {
        assert_eq!(words(read(Path::new("/dev/zero"), 10)), "it is a device, not a file");
        assert_eq!(words(read(&std::env::temp_dir(), 10)), "it is a directory, not a file");
        assert_eq!(read(Path::new("/no/such/file"), 10).unwrap_err().kind(), ErrorKind::NotFound);
    }

    #[test]
    fn a_pipe_is_read_where_somebody_writes_to_it() {
        let path = pipe("written");
        // A pipe keeps what was written to it as long as somebody has it open.
        let _keeper = without_waiting().read(true).open(&path).unwrap();
        let mut writer = std::fs::File::options().write(true).open(&path).unwrap();
        writer.write_all(b"token").unwrap();
        drop(writer);
        assert_eq!(read(&path, 10).unwrap(), b"token");
    }

    #[test]
    fn a_pipe_that_nobody_writes_to_is_not_waited_for() {
        assert_eq!(words(read(&pipe("silent"), 10)), "it is a pipe that nobody writes to");
    }

    #[tokio::test]
    async fn a_volume_that_hangs_is_given_up() {
        let (release, held) = mpsc::channel::<()>();
        let hung = wait(PAUSE, move || held.recv().map_err(io::Error::other)).await.unwrap_err();
        assert_eq!(hung.kind(), ErrorKind::TimedOut);
        assert!(hung.to_string().starts_with("the volume that it is on has not answered"), "{hung}");
        drop(release);
    }

    #[test]
    fn what_is_done_in_time_is_answered() {
        assert_eq!(in_time(|| Ok(7)).unwrap(), 7);
    }
}
