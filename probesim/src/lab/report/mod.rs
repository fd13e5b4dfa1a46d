//! What one sees of the lab: lines or a live view while it runs, and a summary, verdicts and files at its end.
//!
//! Deciding, without clock or output: `story` is everything that is known so far; `line` and `words` say what is worth
//! a line, `plain`, `json` and `live` shape it; `expect` judges, `summary` and `junit` tell, `timeline` draws.
//!
//! Acting: `run` takes in what happens, `writer` writes from a thread of its own, so that nobody who reads slowly
//! can hold up the lab.

mod args;
mod clean;
mod expect;
mod json;
mod junit;
mod line;
mod live;
mod plain;
mod run;
mod story;
mod summary;
#[cfg(test)]
mod tests;
mod time;
mod timeline;
mod words;
mod writer;
mod xml;

use std::io;
use std::process::ExitCode;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

pub(super) use self::args::Args;
use self::writer::Writer;
use super::happening::Happening;

/// What was asked for could not be written.
pub(super) const NOT_WRITTEN: u8 = 2;

/// Tells everything that comes; once the sender is dropped, sums up, judges what was expected, writes the files,
/// and returns the exit code.
#[must_use]
pub(super) fn spawn(args: &Args, happenings: UnboundedReceiver<Happening>) -> JoinHandle<ExitCode> {
    tokio::spawn(run::run(args.clone(), happenings, Writer::to(io::stdout())))
}
