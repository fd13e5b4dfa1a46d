//! A terminal: one line a target that changes in place, and stays when the run is over.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::duration::Short;
use crate::row::Row;
use crate::say;

/// Without this, a long line would wrap and the lines could not be counted.
const NO_WRAP: &str = "\x1b[?7l";
const WRAP: &str = "\x1b[?7h";
const CLEAR_TO_END: &str = "\x1b[J";

/// How many live lines are on the terminal, of which a process has one: the log must know it, too.
static DRAWN: AtomicUsize = AtomicUsize::new(0);

/// Lines at the bottom of a terminal.
pub struct Screen {
    has_colour: bool,
}

/// Where the log goes on a terminal: above the live lines, which are drawn again soon.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Above;

impl Screen {
    /// A screen on stderr.
    #[must_use]
    pub fn for_stderr(has_colour: bool) -> Self {
        Self { has_colour }
    }

    /// Prints a line that stays where it is, above the live ones.
    pub fn print(&self, line: &str) {
        let _ = Above.write(line.as_bytes());
    }

    /// Draws the rows in place of those that were drawn before.
    pub fn draw(&self, rows: &[Row], now: Duration) {
        let before = DRAWN.swap(rows.len(), Ordering::Relaxed);
        say::log(&self.frame(rows, now, before));
    }

    /// Leaves what is drawn standing.
    pub fn leave(&self) {
        DRAWN.store(0, Ordering::Relaxed);
    }

    fn frame(&self, rows: &[Row], now: Duration, drawn: usize) -> String {
        let mut text = erase(drawn);
        text.push_str(NO_WRAP);
        for row in rows {
            let (mark, colour) = match row.word(now) {
                "met" => ("✓", "32"),
                "not-yet" | "unknown" => ("…", "33"),
                _ => ("✗", "31"),
            };
            let elapsed = Short(now).to_string();
            if self.has_colour {
                text.push_str(&format!("\x1b[{colour}m{mark}\x1b[0m {elapsed:>6} {}\n", row.line(now)));
            } else {
                text.push_str(&format!("{mark} {elapsed:>6} {}\n", row.line(now)));
            }
        }
        text.push_str(WRAP);
        text
    }
}

impl Write for Above {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let drawn = DRAWN.swap(0, Ordering::Relaxed);
        say::log(&(erase(drawn) + &say::line(bytes)));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Back to the first line that was drawn, and nothing below it.
fn erase(drawn: usize) -> String {
    match drawn {
        0 => String::new(),
        lines => format!("\x1b[{lines}A\r{CLEAR_TO_END}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standing::Terms;
    use crate::verdict::{Finding, Verdict};

    fn rows() -> Vec<Row> {
        let mut met = Row::new("pod/a".into(), Terms::default());
        met.learn(Verdict::Met(Finding::state("ready")), Duration::ZERO);
        let mut waiting = Row::new("pod/b".into(), Terms::default());
        waiting.learn(Verdict::NotYet(Finding::because("not ready", "pulling image")), Duration::ZERO);
        vec![met, waiting]
    }

    #[test]
    fn each_target_has_one_line() {
        let frame = Screen { has_colour: false }.frame(&rows(), Duration::from_secs(12), 0);
        assert_eq!(
            frame,
            format!("{NO_WRAP}✓    12s pod/a ready\n…    12s pod/b not ready — pulling image\n{WRAP}")
        );
    }

    #[test]
    fn a_new_frame_takes_the_place_of_the_last_one() {
        let frame = Screen { has_colour: true }.frame(&rows(), Duration::from_secs(12), 2);
        assert!(frame.starts_with("\x1b[2A\r\x1b[J"), "{frame:?}");
        assert!(frame.contains("\x1b[32m✓\x1b[0m"), "{frame:?}");
    }
}
