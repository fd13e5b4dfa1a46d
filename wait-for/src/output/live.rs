//! A terminal: one line a target that changes in place, and stays when the run is over.

use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustix::termios::tcgetwinsize;

use super::text::count;
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
        let room = room();
        let drawn = rows.len().min(room);
        let before = DRAWN.swap(drawn, Ordering::Relaxed);
        say::log(&self.frame(rows, now, before, room));
    }

    /// Whether every target has its line.
    pub fn shows_all(&self, rows: &[Row]) -> bool {
        rows.len() <= room()
    }

    /// Leaves what is drawn standing.
    pub fn leave(&self) {
        DRAWN.store(0, Ordering::Relaxed);
    }

    fn frame(&self, rows: &[Row], now: Duration, drawn: usize, room: usize) -> String {
        let mut text = erase(drawn);
        text.push_str(NO_WRAP);
        let is_all = rows.len() <= room;
        let (open, closed): (Vec<&Row>, Vec<&Row>) = rows.iter().partition(|row| !is_all && row.is_open(now));
        let shown = if is_all { room } else { room.saturating_sub(1) };
        for row in closed.iter().chain(&open).take(shown) {
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
        if !is_all {
            let more = count(rows.len().saturating_sub(shown));
            let (met, all) = (count(open.len()), count(rows.len()));
            text.push_str(&format!("… and {more} more: {met} of {all} targets are met\n"));
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

/// How many lines a terminal has for us: the cursor needs one below.
fn room() -> usize {
    let rows = tcgetwinsize(io::stderr()).map_or(0, |size| size.ws_row);
    // One that does not know its size scrolls, as it always did.
    if rows == 0 { usize::MAX } else { usize::from(rows).saturating_sub(1).max(2) }
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
        let frame = Screen { has_colour: false }.frame(&rows(), Duration::from_secs(12), 0, 9);
        assert_eq!(
            frame,
            format!("{NO_WRAP}✓    12s pod/a ready\n…    12s pod/b not ready — pulling image\n{WRAP}")
        );
    }

    #[test]
    fn of_more_targets_than_fit_those_that_are_closed_are_shown() {
        let frame = Screen { has_colour: false }.frame(&rows(), Duration::from_secs(12), 0, 1);
        assert_eq!(frame, format!("{NO_WRAP}… and 2 more: 1 of 2 targets are met\n{WRAP}"));
        let mut three = rows();
        three.push(Row::new("pod/c".into(), Terms::default()));
        let frame = Screen { has_colour: false }.frame(&three, Duration::from_secs(12), 0, 2);
        assert_eq!(
            frame,
            format!(
                "{NO_WRAP}…    12s pod/b not ready — pulling image\n… and 2 more: 1 of 3 targets are met\n{WRAP}"
            )
        );
    }

    #[test]
    fn a_new_frame_takes_the_place_of_the_last_one() {
        let frame = Screen { has_colour: true }.frame(&rows(), Duration::from_secs(12), 2, 9);
        assert!(frame.starts_with("\x1b[2A\r\x1b[J"), "{frame:?}");
        assert!(frame.contains("\x1b[32m✓\x1b[0m"), "{frame:?}");
    }
}
