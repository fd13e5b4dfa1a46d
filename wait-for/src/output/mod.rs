//! What a run says: a line when a target's state changes, a heartbeat, and the result.

mod chorus;
mod json;
mod live;
mod pace;
mod text;

use std::io::IsTerminal;
use std::time::Duration;

pub use self::chorus::{Chorus, Voice};
pub(crate) use self::live::Above;
pub use self::live::Screen;
pub use self::pace::Pace;
pub(crate) use self::text::closing;
use crate::config::{Config, Format, Volume};
use crate::duration::Short;
use crate::outcome::Outcome;
use crate::row::Row;
use crate::say;

/// Nobody reads more lines about targets that are still waited for.
const BEATS: usize = 10;

/// How a run talks to its user.
pub enum Output {
    /// Lines: changes on stderr, the result on stdout.
    Text,
    /// One JSON object a line on stdout.
    Json,
    /// On a terminal: one line a target that changes in place.
    Live(Screen),
}

/// What the first line says.
pub struct Opening<'a> {
    /// The targets, whole.
    pub targets: Vec<String>,
    /// Where objects are, and at which API server; none where all targets are on the network.
    pub place: Option<(String, String)>,
    /// The limit of the run.
    pub timeout: Option<Duration>,
    /// What is being waited for, row by row.
    pub rows: &'a [Row],
}

impl Output {
    /// The way that fits the configuration and the terminal.
    #[must_use]
    pub fn for_run(config: &Config) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        match config.format {
            Format::Json => Self::Json,
            Format::Text if is_terminal && config.volume == Volume::Normal && !config.once => Self::Live(
                Screen::for_stderr(std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())),
            ),
            Format::Text => Self::Text,
        }
    }

    /// The run begins.
    pub fn open(&mut self, opening: &Opening, now: Duration) {
        match self {
            Self::Text => tracing::info!("{}", text::opening(opening)),
            Self::Json => json::open(opening),
            Self::Live(screen) => {
                screen.print(&text::opening(opening));
                screen.draw(opening.rows, now);
            }
        }
    }

    /// A target's state has changed.
    pub fn change(&mut self, rows: &[Row], index: usize, now: Duration) {
        match self {
            Self::Text => tracing::info!("{}", rows[index].line(now)),
            Self::Json => json::row("change", &rows[index], now),
            Self::Live(screen) => screen.draw(rows, now),
        }
    }

    /// More targets than those that were named have this trouble; programs are told of each.
    pub fn refrain(&mut self, what: &str) {
        if let Self::Text = self {
            tracing::info!("more targets: {what}");
        }
    }

    /// Whether what is the same of many is said of some only.
    #[must_use]
    pub fn is_for_people(&self) -> bool {
        !matches!(self, Self::Json)
    }

    /// A target's time is over, and it does not count any more.
    pub fn waive(&mut self, rows: &[Row], index: usize, now: Duration) {
        match (self, rows.get(index)) {
            (Self::Text, Some(row)) => tracing::warn!("{}", text::waived(row, now)),
            (Self::Json, Some(row)) => json::row("change", row, now),
            (Self::Live(screen), _) => screen.draw(rows, now),
            (_, None) => {}
        }
    }

    /// The API server answers a target again, after it had not for `lasted`.
    pub fn recover(&mut self, rows: &[Row], index: usize, lasted: Duration, now: Duration) {
        match self {
            Self::Text => tracing::info!("{}", text::recovered(&rows[index], lasted)),
            Self::Json => json::row("recovered", &rows[index], now),
            Self::Live(screen) => screen.draw(rows, now),
        }
    }

    /// Nothing has happened for a while. People are told of some targets and how many more there are, programs of all.
    pub fn beat(&mut self, rows: &[Row], now: Duration) {
        let mut closed = rows.iter().filter(|row| !row.is_open(now));
        match self {
            Self::Text => {
                for row in closed.by_ref().take(BEATS) {
                    tracing::info!("{}", text::still_waiting(row, now));
                }
                let more = closed.count();
                if more > 0 {
                    tracing::info!("still waiting after {}: and {} more", Short(now), text::count(more));
                }
            }
            Self::Json => closed.for_each(|row| json::row("waiting", row, now)),
            Self::Live(_) => {}
        }
    }

    /// Time passes: what is on a screen shows it.
    pub fn tick(&mut self, rows: &[Row], now: Duration) {
        if let Self::Live(screen) = self {
            screen.draw(rows, now);
        }
    }

    /// Whether time that passes is to be seen.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Live(_))
    }

    /// The run is over.
    pub fn close(&mut self, rows: &[Row], outcome: Outcome, is_once: bool, now: Duration) {
        if let Self::Live(screen) = self {
            screen.draw(rows, now);
            screen.leave();
        }
        if matches!(self, Self::Json) {
            json::close(rows, outcome, now);
            return;
        }
        // On a terminal the same lines have just been left standing, if they all had room.
        let is_left_standing = matches!(self, Self::Live(screen) if screen.shows_all(rows));
        if !(is_left_standing && std::io::stdout().is_terminal()) {
            say::result(&rows.iter().map(|row| row.result(now)).collect::<Vec<_>>());
        }
        let closing = closing(outcome, now);
        match outcome {
            Outcome::Met => tracing::info!("{closing}"),
            Outcome::Waived => tracing::warn!("{closing}"),
            // Not yet is an answer, where one only looks.
            Outcome::TimedOut if is_once => {}
            _ => tracing::error!("{closing}"),
        }
    }
}
