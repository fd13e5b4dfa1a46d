//! What the command line says of what is shown, checked and written.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::expect::Expectation;
use super::timeline::Format as Picture;
use crate::value::{self, BadValue};

/// What is shown, checked and written.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "What is shown and checked")]
pub(in crate::lab) struct Args {
    /// End after this long, with a unit [default: only when told to, or with Ctrl-C]
    #[arg(long = "for", value_name = "TIME", value_parser = limit, conflicts_with = "replay")]
    duration: Option<Duration>,

    /// How to show what happens: live, plain (a line for each thing that matters) or json (an object for each thing
    /// that happens) [default: live on a terminal, else plain; text means the same]
    #[arg(long, value_name = "FORMAT", value_parser = output, conflicts_with = "replay")]
    output: Option<Output>,

    /// Show each probe and each Event, not only what matters
    #[arg(short, long, conflicts_with_all = ["quiet", "replay"])]
    verbose: bool,

    /// Show only the summary and the verdicts
    #[arg(short, long, conflicts_with = "replay")]
    quiet: bool,

    /// Expect this in the end, or exit with 1: [SCOPE:]METRIC OP VALUE, such as "deployment/web:ready <= 30s"; may
    /// be repeated, and hold several with commas
    ///
    /// SCOPE is a pod (web-0 or shop/web-0), a workload (deployment/web), or a container of either (web-0/app);
    /// everything when it is left out. OP is one of <= < >= > == !=. Quote it: the shell has its own use for < and >.
    ///
    /// Of each pod in the scope, or of each container; every one has to hold:
    ///   ready            time from its being scheduled to its first being Ready, or never
    ///   notReady         after that: the share of time not Ready (1%), or the time (3s), the end of the pod apart
    ///   longestNotReady  the longest time not Ready without a break
    ///   backoff          time that containers waited in CrashLoopBackOff
    ///   opened           time from being scheduled to its init containers being done, or never
    ///
    /// Of each workload in the scope:
    ///   available        the share of time with at least one pod Ready, from the first time on (99.5%)
    ///
    /// Of the whole scope together, as numbers:
    ///   restarts         starts of containers beyond the first
    ///   killed           containers killed for a failed liveness or startup probe
    ///   exits            containers that ended by themselves, init containers with exit code 0 apart
    ///   unhealthy        probes that failed or could not tell
    ///   probes           probes that were made
    ///
    /// What was never Ready fails every expectation about readiness, but ready == never. A scope that has matched
    /// nothing fails.
    #[arg(
        long,
        value_name = "EXPECTATION",
        value_delimiter = ',',
        verbatim_doc_comment,
        conflicts_with = "replay"
    )]
    expect: Vec<Expectation>,

    /// Write the verdicts as JUnit XML to a file, for CI systems
    #[arg(long, value_name = "FILE", requires = "expect", value_parser = file, conflicts_with = "replay")]
    junit: Option<PathBuf>,

    /// Draw what happened into a file: .svg, or .html with the summary beside it
    #[arg(long, value_name = "FILE", value_parser = picture, conflicts_with = "replay")]
    timeline: Option<Timeline>,
}

/// How to show what happens, as it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Output {
    /// What fits: live on a terminal, else plain.
    Text,
    Plain,
    Live,
    Json,
}

/// The timeline's file.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    pub(super) path: PathBuf,
    pub(super) format: Picture,
}

/// How it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    Live { is_verbose: bool },
    Plain { is_verbose: bool },
    Json { is_quiet: bool },
    Quiet,
}

// === impl Args ===

impl Args {
    /// After how long the lab ends of itself.
    #[must_use]
    pub(in crate::lab) const fn duration(&self) -> Option<Duration> {
        self.duration
    }

    /// How to show it; `is_terminal` says whether stdout is one that obeys.
    pub(super) const fn view(&self, is_terminal: bool) -> View {
        let is_verbose = self.verbose;
        match self.output {
            Some(Output::Json) => View::Json { is_quiet: self.quiet },
            _ if self.quiet => View::Quiet,
            Some(Output::Plain) => View::Plain { is_verbose },
            Some(Output::Live) => View::Live { is_verbose },
            Some(Output::Text) | None if is_terminal => View::Live { is_verbose },
            Some(Output::Text) | None => View::Plain { is_verbose },
        }
    }

    pub(super) fn expectations(&self) -> &[Expectation] {
        &self.expect
    }

    pub(super) fn junit(&self) -> Option<&Path> {
        self.junit.as_deref()
    }

    pub(super) const fn timeline(&self) -> Option<&Timeline> {
        self.timeline.as_ref()
    }
}

fn limit(text: &str) -> Result<Duration, String> {
    match value::with_unit(text).map_err(|error: BadValue| error.to_string())? {
        Duration::ZERO => Err("the lab would end before it began; write a time such as 60s".into()),
        limit => Ok(limit),
    }
}

fn output(text: &str) -> Result<Output, &'static str> {
    match text {
        "text" => Ok(Output::Text),
        "plain" => Ok(Output::Plain),
        "live" => Ok(Output::Live),
        "json" => Ok(Output::Json),
        _ => Err("write text, plain, live or json"),
    }
}

/// A file that can be written as far as one can see before it is.
fn file(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    if text.is_empty() || path.is_dir() {
        return Err("not a file; write the name of one".into());
    }
    match path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        Some(parent) if !parent.is_dir() => {
            Err(format!("there is no directory {}; make it first", parent.display()))
        }
        _ => Ok(path),
    }
}

fn picture(text: &str) -> Result<Timeline, String> {
    let path = file(text)?;
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let format = match extension.to_ascii_lowercase().as_str() {
        "svg" => Picture::Svg,
        "html" => Picture::Html,
        _ => return Err("the name of the file says what it will be; end it in .svg or .html".into()),
    };
    Ok(Timeline { path, format })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Lab {
        #[command(flatten)]
        args: Args,

        /// Stands for the lab's own.
        #[arg(long)]
        replay: bool,
    }

    fn parse(arguments: &[&str]) -> Result<Args, String> {
        let arguments = ["lab"].iter().chain(arguments);
        let lab = Lab::try_parse_from(arguments).map_err(|error| error.to_string())?;
        assert!(!lab.replay);
        Ok(lab.args)
    }

    fn refusal(arguments: &[&str]) -> String {
        parse(arguments).expect_err("refused")
    }

    #[test]
    fn a_terminal_has_the_live_view_unless_told_otherwise() {
        let (live, plain) = (View::Live { is_verbose: false }, View::Plain { is_verbose: false });
        for (arguments, on_terminal, elsewhere) in [
            (&[][..], live, plain),
            (&["--output", "text"], live, plain),
            (&["--output", "plain"], plain, plain),
            (&["--output", "live"], live, live),
            (&["--quiet"], View::Quiet, View::Quiet),
            (&["--output=json", "-q"], View::Json { is_quiet: true }, View::Json { is_quiet: true }),
            (&["-v"], View::Live { is_verbose: true }, View::Plain { is_verbose: true }),
        ] {
            let args = parse(arguments).expect("good");
            assert_eq!((args.view(true), args.view(false)), (on_terminal, elsewhere), "{arguments:?}");
        }
    }

    #[test]
    fn expectations_may_be_repeated_or_joined_by_commas() {
        let args = parse(&["--expect", "ready<30s, restarts == 0", "--expect", "a:killed==0"]).expect("good");
        assert_eq!(args.expectations().len(), 3);
    }

    #[test]
    fn what_is_wrong_is_refused_with_what_to_write() {
        for (arguments, words) in [
            (&["--for", "10"][..], "10s"),
            (&["--for", "0s"], "60s"),
            (&["--output", "xml"], "text, plain, live or json"),
            (&["--timeline", "t.png"], ".svg or .html"),
            (&["--timeline", "/no/such/t.svg"], "there is no directory /no/such"),
            (&["--timeline", "/"], "not a file"),
            (&["--junit", "j.xml"], "--expect"),
            (&["--quiet", "--verbose"], "cannot be used with"),
            (&["--expect", "ready < 3s", "--replay"], "cannot be used with '--replay'"),
            (&["--expect", "redy < 3s"], "there is no metric \"redy\""),
        ] {
            let refusal = refusal(arguments);
            assert!(refusal.contains(words), "{arguments:?}: {refusal}");
        }
    }
}
