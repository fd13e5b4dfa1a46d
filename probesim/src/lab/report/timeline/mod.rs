//! A picture of the whole run: a row for each pod, container and probe, over one axis of time.
//!
//! It needs nothing but itself, follows the reader's light or dark scheme, and stays below about 2 MB: what is too
//! dense to be told apart is drawn together (`dense`).

mod chart;
mod dense;
mod legend;
mod page;
mod row;
mod scale;
mod style;
#[cfg(test)]
mod tests;

use super::expect::Judged;
use super::story::Story;

/// As what it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// The picture alone.
    Svg,
    /// With the summary beside it.
    Html,
}

/// Draws everything.
pub(super) fn draw(story: &Story, verdicts: &[Judged], format: Format) -> String {
    let svg = chart::chart(story, verdicts);
    match format {
        Format::Svg => format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{svg}\n"),
        Format::Html => page::page(story, verdicts, &svg),
    }
}
