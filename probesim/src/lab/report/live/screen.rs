//! Puts frames one over the other.
//!
//! Nothing is switched that would have to be switched back, but for the wrapping of lines within one frame: the
//! terminal is in order whenever the program may end.

use std::io;

use super::super::writer::Writer;

/// Without this, a line with wide characters would wrap and the lines could not be counted.
const NO_WRAP: &str = "\x1b[?7l";
const WRAP: &str = "\x1b[?7h";
const CLEAR_LINE_END: &str = "\x1b[K";
const CLEAR_BELOW: &str = "\x1b[J";

/// Of a terminal, or of what it is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) columns: usize,
    pub(super) rows: usize,
}

/// What was drawn last.
#[derive(Debug, Default)]
pub(super) struct Screen {
    /// The width of each line of it.
    widths: Vec<usize>,
    columns: usize,
}

// === impl Screen ===

impl Screen {
    /// Draws lines, each with its width, in place of those before.
    pub(super) fn draw(&mut self, rows: Vec<(usize, String)>, size: Size, writer: &mut Writer) {
        let mut text = self.back(size.columns);
        text.push_str(NO_WRAP);
        for (_, row) in &rows {
            text.push_str(row);
            text.push_str(CLEAR_LINE_END);
            text.push('\n');
        }
        text.push_str(CLEAR_BELOW);
        text.push_str(WRAP);
        if writer.frame(text) {
            self.widths = rows.into_iter().map(|(width, _)| width).collect();
            self.columns = size.columns;
        }
    }

    /// Leaves nothing of it.
    pub(super) fn erase(&mut self, writer: &mut Writer) {
        let text = self.back(size().columns) + CLEAR_BELOW;
        if writer.frame(text) {
            self.widths.clear();
        }
    }

    /// To the beginning of what was drawn. In a narrower terminal its lines have been folded.
    fn back(&self, columns: usize) -> String {
        let fold = |width: &usize| {
            if columns < self.columns { width.div_ceil(columns.max(1)).max(1) } else { 1 }
        };
        match self.widths.iter().map(fold).sum::<usize>() {
            0 => "\r".to_owned(),
            lines => format!("\r\x1b[{lines}A"),
        }
    }
}

/// The size of the terminal now.
pub(super) fn size() -> Size {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok();
    let size = size.filter(|size| size.ws_col > 0 && size.ws_row > 0);
    size.map_or(Size { columns: 80, rows: 24 }, |size| Size {
        columns: usize::from(size.ws_col),
        rows: usize::from(size.ws_row),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_begins_where_the_last_one_began() {
        let screen = Screen { widths: vec![40, 80, 0], columns: 80 };
        assert_eq!(screen.back(80), "\r\x1b[3A");
        assert_eq!(screen.back(100), "\r\x1b[3A");
        assert_eq!(screen.back(30), "\r\x1b[6A", "2 + 3 + 1 lines after the fold");
        assert_eq!(Screen::default().back(80), "\r");
    }
}
