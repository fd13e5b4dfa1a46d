//! A terminal: how everything stands, redrawn in place, and below it what happened last.

mod frame;
mod paint;
mod screen;

use std::collections::VecDeque;
use std::time::Duration;

use super::line::{Columns, Line, tell};
use super::story::Story;
use super::writer::Writer;
use crate::lab::happening::Happening;

use self::frame::Frame;
pub(super) use self::paint::Style;
use self::screen::Screen;

/// More lines than the tallest terminal shows.
const MOST_LINES: usize = 200;
/// Without news, it is drawn at every fifth tick.
const IDLE: u8 = 5;

/// The live view.
#[derive(Debug)]
pub(super) struct Live {
    style: Style,
    screen: Screen,
    is_verbose: bool,
    limit: Option<Duration>,
    columns: Columns,
    lines: VecDeque<Line>,
    has_news: bool,
    idle: u8,
}

// === impl Live ===

impl Live {
    pub(super) fn new(style: Style, is_verbose: bool, limit: Option<Duration>) -> Self {
        Self {
            style,
            screen: Screen::default(),
            is_verbose,
            limit,
            columns: Columns::default(),
            lines: VecDeque::new(),
            has_news: true,
            idle: 0,
        }
    }

    /// Something happened; `story` has learnt it.
    pub(super) fn tell(&mut self, story: &Story, happening: &Happening) {
        self.has_news = true;
        let Some(line) = tell(story, happening, self.is_verbose) else { return };
        self.columns.fit(&line);
        if self.lines.len() == MOST_LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// Time goes by.
    pub(super) fn tick(&mut self, story: &Story, writer: &mut Writer) {
        self.idle += 1;
        if self.has_news || self.idle >= IDLE {
            let size = screen::size();
            let frame = Frame {
                story,
                lines: &self.lines,
                columns: self.columns,
                size,
                style: self.style,
                limit: self.limit,
            };
            self.screen.draw(frame.rows(), size, writer);
            (self.has_news, self.idle) = (false, 0);
        }
    }

    /// Takes the view away.
    pub(super) fn leave(&mut self, writer: &mut Writer) {
        self.screen.erase(writer);
    }
}
