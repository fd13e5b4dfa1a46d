//! What one sees of the lab: lines or a live view while it runs, and a summary, verdicts and files at its end.

use std::process::ExitCode;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinHandle;

use super::happening::Happening;

/// What is shown, checked and written.
#[allow(dead_code, reason = "the lab's command will take them")]
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct Args {}

/// Tells everything that comes; once the sender is dropped, sums up, checks the expectations, writes the files,
/// and returns the exit code.
#[allow(dead_code, reason = "the lab's command will run it")]
#[must_use]
pub(super) fn spawn(args: &Args, mut happenings: UnboundedReceiver<Happening>) -> JoinHandle<ExitCode> {
    let _ = args;
    tokio::spawn(async move {
        while let Some(happening) = happenings.recv().await {
            println!("{happening:?}");
        }
        ExitCode::SUCCESS
    })
}
