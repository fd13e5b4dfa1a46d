//! The one door to stdout and stderr: a line that cannot be written is no reason to fail, nor to wait.
//!
//! A closed pipe, a full disk or a reader that has stopped must not change how a gate ends. What was written by
//! others can be in any line, so control characters end here, too.

use std::io::{self, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, write};

use crate::message::printable;

/// A pipe that is said to be writable takes so much without blocking (POSIX: `PIPE_BUF`).
const CHUNK: usize = 4096;
/// A log that nobody reads holds the gate up for so long, once.
const LOG_PATIENCE: Duration = Duration::from_secs(1);
/// The result is worth waiting for: its reader may be a program that is slow.
const RESULT_PATIENCE: Duration = Duration::from_secs(5);

/// Whether the reader of stderr had stopped when it was last written to.
static IS_LOG_STUCK: AtomicBool = AtomicBool::new(false);

/// Where the log goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Log;

/// Writes lines of the result to stdout.
pub(crate) fn result(lines: &[String]) {
    let text: String = lines.iter().map(|line| format!("{}\n", printable(line))).collect();
    if put(io::stdout().as_fd(), text.as_bytes(), RESULT_PATIENCE) == Put::Stuck {
        complain("nobody reads the result: the rest of it was left out");
    }
}

/// Writes a text of our own to stdout, as it is.
pub(crate) fn text(text: &str) {
    put(io::stdout().as_fd(), text.as_bytes(), RESULT_PATIENCE);
}

/// Writes a line of our own to stderr, where there is no log yet, or none any more.
pub(crate) fn complain(what: impl std::fmt::Display) {
    log(&format!("wait-for: {}\n", printable(&what.to_string())));
}

/// Writes to stderr, as it is.
pub(crate) fn log(text: &str) {
    let was_stuck = IS_LOG_STUCK.load(Ordering::Relaxed);
    let patience = if was_stuck { Duration::ZERO } else { LOG_PATIENCE };
    let is_stuck = put(io::stderr().as_fd(), text.as_bytes(), patience) == Put::Stuck;
    IS_LOG_STUCK.store(is_stuck, Ordering::Relaxed);
}

/// A log's line, on one line.
pub(crate) fn line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    format!("{}\n", printable(text.trim_end_matches('\n')))
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        log(&line(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What became of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Put {
    Done,
    /// It cannot be written: closed, full or broken.
    Lost,
    /// It could be written, if only somebody read.
    Stuck,
}

fn put(to: BorrowedFd<'_>, bytes: &[u8], patience: Duration) -> Put {
    for chunk in bytes.chunks(CHUNK) {
        let mut rest = chunk;
        while !rest.is_empty() {
            match ready(to, patience) {
                Put::Done => {}
                other => return other,
            }
            match write(to, rest) {
                Ok(0) => return Put::Lost,
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(_) => return Put::Lost,
            }
        }
    }
    Put::Done
}

/// Whether a write would go well, now or soon. What cannot be asked that is tried.
///
/// A pipe without a reader is not written to: where a command could not be run, SIGPIPE has its default action again,
/// which `std` gives it back before it tries.
fn ready(to: BorrowedFd<'_>, patience: Duration) -> Put {
    let limit = Timespec::try_from(patience).ok();
    loop {
        let mut streams = [PollFd::from_borrowed_fd(to, PollFlags::OUT)];
        match poll(&mut streams, limit.as_ref()) {
            Ok(0) => return Put::Stuck,
            Ok(_) if streams.iter().any(|stream| stream.revents().contains(PollFlags::ERR)) => {
                return Put::Lost;
            }
            Err(Errno::INTR) => {}
            Ok(_) | Err(_) => return Put::Done,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::os::fd::AsFd;

    use super::*;

    const SOON: Duration = Duration::from_millis(20);

    #[test]
    fn a_full_disk_and_a_closed_pipe_lose_the_text_and_nothing_else() {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        assert_eq!(put(full.as_fd(), b"text\n", SOON), Put::Lost);
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        assert_eq!(put(writer.as_fd(), b"text\n", SOON), Put::Lost);
    }

    #[test]
    fn a_reader_that_has_stopped_is_not_waited_for() {
        let (_reader, writer) = io::pipe().unwrap();
        assert_eq!(put(writer.as_fd(), b"text\n", SOON), Put::Done);
        assert_eq!(put(writer.as_fd(), &vec![b'x'; 1 << 20], SOON), Put::Stuck);
        assert_eq!(put(writer.as_fd(), b"text\n", Duration::ZERO), Put::Stuck);
    }

    #[test]
    fn a_line_stays_one_line() {
        assert_eq!(line(b"pod/x not ready: a\nmet pod/y\r\x1b[2K\n"), "pod/x not ready: a met pod/y  [2K\n");
    }
}
