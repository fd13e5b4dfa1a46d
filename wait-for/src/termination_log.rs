//! The file whose text `kubectl describe pod` shows when the container has ended.
//!
//! <https://kubernetes.io/docs/tasks/debug/debug-application/determine-reason-pod-failure/>

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::bounded_file::without_waiting;
use crate::message::printable;

/// Where a container has it unless its manifest says otherwise.
pub const DEFAULT: &str = "/dev/termination-log";
/// A kubelet keeps the last so many bytes of it, and the first line is the one that matters.
const LIMIT: usize = 4096;
/// Time between two writes while the gate waits.
const PAUSE: Duration = Duration::from_secs(1);
/// Room for the line that says how many were left out.
const REST: usize = 40;

/// The file by its flag, else its variable, else by default.
#[must_use]
pub fn named(flag: Option<&str>, env: &HashMap<String, String>) -> PathBuf {
    let variable = env.get("WAIT_FOR_TERMINATION_LOG").map(String::as_str);
    let said = [flag, variable].into_iter().flatten().find(|path| !path.is_empty());
    said.unwrap_or(DEFAULT).into()
}

/// Writes `lines` in place of what the file holds; a file that is not there is not made.
pub fn write(path: &Path, lines: &[String]) {
    write_of_more(path, lines, 0);
}

/// As [`write`], where there are so many more lines for which there is no room.
pub fn write_of_more(path: &Path, lines: &[String], more: usize) {
    match put(path, &text(lines, more)) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => tracing::debug!(path = %path.display(), %error, "cannot write the termination log"),
    }
}

/// As many of the lines as are kept, whole, and how many more there are.
fn text(lines: &[String], more: usize) -> String {
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        let line = printable(line);
        let separator = if index > 0 { "\n" } else { "" };
        let is_last = index + 1 == lines.len() && more == 0;
        let room = if is_last { LIMIT } else { LIMIT - REST };
        if text.len() + separator.len() + line.len() <= room {
            text.push_str(separator);
            text.push_str(&line);
        } else if index == 0 {
            text = crate::message::shorten(line.into_owned(), room);
        } else {
            let rest = lines.len() - index + more;
            return format!("{text}\nand {rest} more");
        }
    }
    if more > 0 { format!("{text}\nand {more} more") } else { text }
}

/// What is written while the gate waits, in case it is killed: the newest reasons, but not at every change of one.
#[derive(Debug)]
pub struct LastWords {
    path: PathBuf,
    is_stale: bool,
    earliest: Duration,
}

impl LastWords {
    /// Nothing was written to the file yet.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path, is_stale: false, earliest: Duration::ZERO }
    }

    /// What was written is no longer true.
    pub fn expire(&mut self) {
        self.is_stale = true;
    }

    /// When to write anew, since the start of the run.
    #[must_use]
    pub fn due(&self) -> Option<Duration> {
        self.is_stale.then_some(self.earliest)
    }

    /// Writes.
    pub fn write(&mut self, lines: &[String], more: usize, now: Duration) {
        write_of_more(&self.path, lines, more);
        self.is_stale = false;
        self.earliest = now + PAUSE;
    }
}

/// Only a regular file, which a kubelet makes, can be written without waiting for anybody.
fn put(path: &Path, text: &str) -> io::Result<()> {
    let is_regular = |metadata: fs::Metadata| {
        if metadata.is_file() { Ok(()) } else { Err(io::Error::other("it is no regular file")) }
    };
    fs::metadata(path).and_then(is_regular)?;
    let mut file = without_waiting().write(true).open(path)?;
    file.metadata().and_then(is_regular)?;
    file.write_all(text.as_bytes())?;
    file.set_len(text.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_file_is_replaced_and_a_missing_one_is_not_made() {
        let path = std::env::temp_dir().join(format!("wait-for-termination-{}", std::process::id()));
        write(&path, &["one".into()]);
        assert!(!path.exists());
        fs::write(&path, "something longer than that").unwrap();
        write(&path, &["one".into(), "two".into()]);
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo");
        write(&path, &["é".repeat(LIMIT)]);
        assert!(fs::metadata(&path).unwrap().len() <= 4096);
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn lines_are_kept_whole_and_the_rest_is_counted() {
        let lines: Vec<String> = (0..1000).map(|index| format!("pod/p-{index} not found")).collect();
        let text = text(&lines, 7);
        assert!(text.len() <= LIMIT && text.starts_with("pod/p-0 not found\npod/p-1 not found\n"), "{text}");
        let kept = text.lines().count() - 1;
        assert!(text.ends_with(&format!("not found\nand {} more", 1007 - kept)), "{text}");
        assert_eq!(super::text(&["a\nb".into(), "c".into()], 0), "a b\nc");
        assert_eq!(super::text(&["a".into()], 3), "a\nand 3 more");
    }

    #[test]
    fn changes_in_quick_succession_are_written_once() {
        let mut words = LastWords::new("/nowhere".into());
        assert_eq!(words.due(), None);
        words.expire();
        assert_eq!(words.due(), Some(Duration::ZERO));
        words.write(&[], 0, Duration::from_millis(10));
        assert_eq!(words.due(), None);
        words.expire();
        assert_eq!(words.due(), Some(Duration::from_millis(1010)));
    }

    #[test]
    fn what_is_no_regular_file_is_left_alone() {
        for path in ["/dev/null", "/dev/full", "/"] {
            assert!(put(Path::new(path), "text").is_err(), "{path}");
        }
    }
}
