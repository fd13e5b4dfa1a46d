//! Takes in what happens until nothing more comes, and then sums up.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval};

use super::args::{Args, View};
use super::expect::{Judged, judge};
use super::live::{Live, Style};
use super::plain::Plain;
use super::story::Story;
use super::writer::Writer;
use super::{NOT_WRITTEN, json, junit, summary, timeline};
use crate::lab::happening::Happening;
use crate::say;
use crate::system_error::describe;

/// The live view is not drawn more often.
const REDRAW: Duration = Duration::from_millis(100);

/// An expectation was not met.
const UNMET: u8 = 1;

/// What turns happenings into text.
enum Shown {
    Live(Box<Live>),
    Plain(Plain),
    Json,
    Nothing,
}

/// See `spawn`.
pub(super) async fn run(
    args: Args,
    mut happenings: UnboundedReceiver<Happening>,
    mut writer: Writer,
) -> ExitCode {
    let view = args.view(obeys());
    let mut shown = Shown::of(view, args.duration());
    let mut story = Story::new(args.timeline().is_some());
    let began = Instant::now();
    let mut redraw = redraws();
    loop {
        tokio::select! {
            happening = happenings.recv() => {
                let Some(happening) = happening else { break };
                story.learn(&happening);
                shown.tell(&story, &happening, &mut writer);
            }
            _ = redraw.tick(), if matches!(shown, Shown::Live(_)) => {
                story.advance(began.elapsed());
                shown.tick(&story, &mut writer);
            }
        }
    }
    story.advance(began.elapsed());
    if let Shown::Live(live) = &mut shown {
        live.leave(&mut writer);
    }
    let verdicts = judge(args.expectations(), &story);
    let files = write_files(&args, &story, &verdicts);
    let shown = writer.finish(closing(view, &story, &verdicts)).await;
    match files.and(shown) {
        _ if verdicts.iter().any(|verdict| !verdict.is_met) => ExitCode::from(UNMET),
        Err(()) => ExitCode::from(NOT_WRITTEN),
        Ok(()) => ExitCode::SUCCESS,
    }
}

/// Whether stdout is a terminal that can move its cursor.
fn obeys() -> bool {
    io::stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

fn redraws() -> Interval {
    let mut redraw = interval(REDRAW);
    redraw.set_missed_tick_behavior(MissedTickBehavior::Skip);
    redraw
}

/// The last lines.
fn closing(view: View, story: &Story, verdicts: &[Judged]) -> String {
    if matches!(view, View::Json { .. }) {
        return json::summary(story, verdicts) + "\n";
    }
    let mut lines = summary::summary(story);
    if matches!(view, View::Plain { .. }) {
        lines.insert(0, String::new());
    }
    let width = verdicts.iter().map(|verdict| verdict.expected.chars().count()).max().unwrap_or(0);
    lines.extend(verdicts.iter().map(|Judged { expected, is_met, found }| {
        let word = if *is_met { "met   " } else { "failed" };
        format!("{word}  {expected:<width$}  {found}")
    }));
    lines.join("\n") + "\n"
}

/// Writes what was asked for; says what cannot be written.
fn write_files(args: &Args, story: &Story, verdicts: &[Judged]) -> Result<(), ()> {
    let junit =
        args.junit().map_or(Ok(()), |path| write_file("--junit", path, &junit::junit(verdicts, story.now())));
    let timeline = args.timeline().map_or(Ok(()), |file| {
        write_file("--timeline", &file.path, &timeline::draw(story, verdicts, file.format))
    });
    junit.and(timeline)
}

fn write_file(flag: &str, path: &Path, text: &str) -> Result<(), ()> {
    std::fs::write(path, text).map_err(|error| {
        let (path, why) = (path.display(), describe(&error));
        say::trouble(format_args!("cannot write {path}: {why} (see {flag})"));
    })
}

// === impl Shown ===

impl Shown {
    fn of(view: View, limit: Option<Duration>) -> Self {
        match view {
            View::Live { is_verbose } => {
                let style = Style::of(|name| std::env::var_os(name));
                Self::Live(Box::new(Live::new(style, is_verbose, limit)))
            }
            View::Plain { is_verbose } => Self::Plain(Plain::new(is_verbose)),
            View::Json { is_quiet: false } => Self::Json,
            View::Json { is_quiet: true } | View::Quiet => Self::Nothing,
        }
    }

    fn tell(&mut self, story: &Story, happening: &Happening, writer: &mut Writer) {
        match self {
            Self::Live(live) => live.tell(story, happening),
            Self::Plain(plain) => {
                if let Some(line) = plain.line(story, happening) {
                    writer.line(line);
                }
            }
            Self::Json => writer.line(json::line(story, happening)),
            Self::Nothing => {}
        }
    }

    fn tick(&mut self, story: &Story, writer: &mut Writer) {
        if let Self::Live(live) = self {
            live.tick(story, writer);
        }
    }
}
