//! Lines for people, into a file or a pipe.

use super::line::{Columns, InColumns, Line, tell};
use super::story::Story;
use crate::lab::happening::Happening;

/// Keeps the columns in line.
#[derive(Debug, Default)]
pub(super) struct Plain {
    columns: Columns,
    is_verbose: bool,
}

// === impl Plain ===

impl Plain {
    pub(super) fn new(is_verbose: bool) -> Self {
        Self { columns: Columns::default(), is_verbose }
    }

    /// The line for what has happened, if it is worth one; `story` has learnt it.
    pub(super) fn line(&mut self, story: &Story, happening: &Happening) -> Option<String> {
        let line = tell(story, happening, self.is_verbose)?;
        Some(self.align(&line))
    }

    fn align(&mut self, line: &Line) -> String {
        self.columns.fit(line);
        InColumns(line, self.columns).to_string().trim_end().to_owned()
    }
}
