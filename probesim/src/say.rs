//! The one door for what is printed. Nobody being there to read it, or no room for it, ends nothing.
//!
//! `println!` and `eprintln!` panic where the words cannot be written: in a closed pipe, on a full disk. The exit code
//! tells what came of it all the same.

use std::fmt;
use std::io::{self, ErrorKind, Write};

use crate::system_error::describe;

/// Prints a result to stdout. A closed pipe (`| head`) is no trouble; a full disk is said.
pub(crate) fn result(text: &str) {
    let mut out = io::stdout();
    if let Err(why) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        // Said is all it can be: the exit code tells what was found, as always.
        let _ = lost("the result", &why);
    }
}

/// A line for people, to stderr.
pub(crate) fn line(words: fmt::Arguments<'_>) {
    // In one piece, so that lines of several processes do not mix; where it cannot be said, there is nobody to tell.
    let _ = io::stderr().write_all(format!("{words}\n").as_bytes());
}

/// What is wrong, with the name of the program before it.
pub(crate) fn trouble(words: fmt::Arguments<'_>) {
    line(format_args!("probesim: {words}"));
}

/// Output to stdout that could not be written. Whoever closes a pipe has read enough: that is no trouble.
///
/// # Errors
/// What is trouble has been said.
pub(crate) fn lost(what: &str, why: &io::Error) -> Result<(), ()> {
    if why.kind() == ErrorKind::BrokenPipe {
        return Ok(());
    }
    trouble(format_args!("cannot write {what} to stdout: {}", describe(why)));
    Err(())
}

/// Stderr as the log writes to it: whatever becomes of a line, it counts as written.
pub(crate) struct Log;

// === impl Log ===

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let _ = io::stderr().write_all(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
