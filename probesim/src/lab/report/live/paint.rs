//! Coloured text that fits a width.

use std::ffi::OsString;

/// What the terminal can show.
#[derive(Clone, Copy, Debug)]
pub(in crate::lab::report) struct Style {
    pub(in crate::lab::report) has_colour: bool,
    pub(in crate::lab::report) is_utf8: bool,
}

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    Plain,
    Bold,
    Dim,
    Good,
    Warning,
    Bad,
}

/// A row of a frame.
#[derive(Debug, Default)]
pub(super) struct Row(Vec<(Paint, String)>);

// === impl Style ===

impl Style {
    /// What the environment says: <https://no-color.org>, and the locale.
    pub(in crate::lab::report) fn of(variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let text = |name| variable(name).filter(|value| !value.is_empty());
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(text);
        let locale = locale.map_or(String::new(), |it| it.to_string_lossy().to_lowercase());
        Self {
            has_colour: text("NO_COLOR").is_none(),
            is_utf8: locale.contains("utf-8") || locale.contains("utf8"),
        }
    }
}

// === impl Paint ===

impl Paint {
    const fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Good => "32",
            Self::Warning => "33",
            Self::Bad => "31",
        }
    }
}

// === impl Row ===

impl Row {
    /// Adds a piece.
    pub(super) fn and(mut self, paint: Paint, text: impl Into<String>) -> Self {
        self.0.push((paint, text.into()));
        self
    }

    /// How many characters it has.
    pub(super) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| text.chars().count()).sum()
    }

    /// Cut off at `width`.
    pub(super) fn render(&self, width: usize, style: Style) -> String {
        let mut rendered = String::new();
        let mut left = width;
        for (paint, text) in &self.0 {
            let end = text.char_indices().nth(left).map_or(text.len(), |(end, _)| end);
            let piece = if style.is_utf8 { text[..end].to_owned() } else { ascii(&text[..end]) };
            left -= text[..end].chars().count();
            if style.has_colour && *paint != Paint::Plain && !piece.is_empty() {
                rendered += &format!("\x1b[{}m{piece}\x1b[0m", paint.code());
            } else {
                rendered += &piece;
            }
        }
        rendered.truncate(rendered.trim_end().len());
        rendered
    }
}

/// For terminals that know no more; character by character, so that widths stay.
fn ascii(text: &str) -> String {
    let instead = |c| match c {
        '✓' => '.',
        '✗' => 'x',
        '─' => '-',
        '…' => '~',
        c if c.is_ascii() => c,
        _ => '?',
    };
    text.chars().map(instead).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_cut_by_characters_not_by_colours() {
        let row = Row::default().and(Paint::Good, "✓✓✗").and(Paint::Plain, " web");
        let (full, bare) =
            (Style { has_colour: true, is_utf8: true }, Style { has_colour: false, is_utf8: false });
        assert_eq!(row.render(80, full), "\x1b[32m✓✓✗\x1b[0m web");
        assert_eq!(row.render(2, full), "\x1b[32m✓✓\x1b[0m");
        assert_eq!(row.render(5, bare), "..x w");
        assert_eq!(row.render(0, full), "");
    }

    #[test]
    fn the_environment_says_what_the_terminal_can_show() {
        for (variables, has_colour, is_utf8) in [
            (&[("LANG", "en_US.UTF-8")][..], true, true),
            (&[("LANG", "en_US.UTF-8"), ("LC_ALL", "C")], true, false),
            (&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8"), ("NO_COLOR", "1")], false, true),
            (&[("NO_COLOR", "")], true, false),
        ] {
            let style = Style::of(|name| {
                variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).into())
            });
            assert_eq!((style.has_colour, style.is_utf8), (has_colour, is_utf8), "{variables:?}");
        }
    }
}
