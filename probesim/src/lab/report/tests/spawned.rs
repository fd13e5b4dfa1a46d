//! The whole, with its files and its exit code.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tokio::sync::mpsc;

use super::*;
use crate::lab::report::Args;
use crate::lab::report::run::run as report;
use crate::lab::report::writer::Writer;

#[derive(Parser)]
struct Lab {
    #[command(flatten)]
    args: Args,

    #[arg(long)]
    replay: bool,
}

/// A directory of its own that goes with it.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("probesim-report-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a directory");
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs on these happenings; the exit code, and what is printed.
async fn run(arguments: &[&str], happenings: Vec<Happening>) -> (ExitCode, String) {
    let lab = Lab::parse_from(["lab"].iter().chain(arguments));
    assert!(!lab.replay);
    let (sender, receiver) = mpsc::unbounded_channel();
    for happening in happenings {
        sender.send(happening).expect("there is a receiver");
    }
    drop(sender);
    let printed = Buffer::default();
    let code = report(lab.args, receiver, Writer::to(printed.clone())).await;
    (code, printed.text())
}

#[tokio::test]
async fn the_exit_code_says_whether_every_expectation_was_met() {
    for (expectations, code) in [
        ("ready <= 30s", ExitCode::SUCCESS),
        ("ready <= 30s,crash:restarts == 0", ExitCode::from(1)),
        ("deployment/none:killed == 0", ExitCode::from(1)),
    ] {
        assert_eq!(run(&["--quiet", "--expect", expectations], minute()).await.0, code, "{expectations}");
    }
    assert_eq!(run(&["--quiet"], minute()).await.0, ExitCode::SUCCESS);
}

#[tokio::test]
async fn each_way_to_show_it_ends_with_what_it_came_to() {
    let expect = ["--expect", "ready <= 30s, crash:restarts == 0"];
    let verdicts = "met     ready <= 30s         5.004s (web-0)\nfailed  crash:restarts == 0  3\n";
    let (_, quiet) = run(&["--quiet", expect[0], expect[1]], minute()).await;
    assert!(quiet.starts_with("after 58s: 3 pods\nPOD ") && quiet.ends_with(verdicts), "{quiet}");
    let (_, plain) = run(&["--output", "plain", expect[0], expect[1]], minute()).await;
    assert!(plain.starts_with("    0.000s  web-0  added") && plain.ends_with(&quiet), "{plain}");
    let (_, json) = run(&["--output", "json", expect[0], expect[1]], minute()).await;
    let last = json.lines().last().expect("a line");
    assert!(last.starts_with(r#"{"time":58.006,"type":"summary","#), "{last}");
    assert_eq!(json.lines().count(), minute().len() + 1);
    let (_, json) = run(&["--output", "json", "-q", expect[0], expect[1]], minute()).await;
    assert_eq!(json.trim_end(), last);
}

#[tokio::test]
async fn the_files_are_written_when_all_is_over() {
    let directory = Directory::new("files");
    let (junit, svg, html) = (directory.file("j.xml"), directory.file("t.svg"), directory.file("t.HTML"));
    let arguments = ["--quiet", "--expect", "crash:killed == 0", "--junit", &junit, "--timeline", &svg];
    run(&arguments, minute()).await;
    run(&["--quiet", "--timeline", &html], minute()).await;
    let read = |file: &str| std::fs::read_to_string(file).expect(file);
    assert!(read(&junit).contains("<testcase classname=\"probesim.lab\" name=\"crash:killed == 0\">"));
    assert!(read(&svg).starts_with("<?xml") && read(&svg).contains("crash:killed == 0"));
    assert!(read(&html).starts_with("<!DOCTYPE html>") && read(&html).contains("<svg"));
}

#[tokio::test]
async fn a_file_that_cannot_be_written_is_an_error() {
    let directory = Directory::new("gone");
    let file = directory.file("j.svg");
    let lab = Lab::parse_from(["lab", "--quiet", "--timeline", &file]);
    drop(directory);
    let (_, receiver) = mpsc::unbounded_channel();
    let code = report(lab.args, receiver, Writer::to(Buffer::default())).await;
    assert_eq!(code, ExitCode::from(2));
}

#[tokio::test]
async fn a_live_view_leaves_the_terminal_with_the_summary_alone() {
    let (_, shown) = run(&["--output", "live"], minute()).await;
    let (_, after) = shown.rsplit_once("\x1b[J").expect("it is taken away");
    assert!(after.starts_with("after 58s: 3 pods\nPOD"), "{after}");
}
