//! What people are told of a probe, and of an end.

use super::line::Tone;
use super::story::{LAST_ATTEMPT, ProbeStory};
use crate::kubelet::{Kind, Outcome};

/// An attempt that the probe has learnt of, if it is worth a line: the first success, each change, each failure.
pub(super) fn probed(
    probe: &ProbeStory,
    (outcome, attempt): (Outcome, u8),
    output: &str,
    is_ready: bool,
    is_verbose: bool,
) -> Option<(Tone, String)> {
    let output = output.trim_end();
    let said = |what: &str| if output.is_empty() { what.to_owned() } else { format!("{what}: {output}") };
    match outcome {
        Outcome::Error(_) if attempt < LAST_ATTEMPT => {
            let what = format!("errored in attempt {attempt} of {LAST_ATTEMPT}");
            is_verbose.then(|| (Tone::Plain, said(&what)))
        }
        Outcome::Error(_) => {
            let what = format!("errored {LAST_ATTEMPT} times, which counts neither way");
            Some((Tone::Warning, said(&what)))
        }
        Outcome::Failure => {
            let is_bad = probe.has_reached_threshold();
            let tone = if is_bad { Tone::Bad } else { Tone::Warning };
            Some((tone, format!("{} ({})", said("failed"), consequence(probe, is_ready))))
        }
        Outcome::Success | Outcome::Warning => {
            let run = probe.run.map_or(0, |run| run.1);
            let is_first = probe.made - probe.failed - probe.errored == 1;
            let needed = probe.threshold(true);
            let is_news = outcome == Outcome::Warning && probe.before() != Some(Outcome::Warning);
            if run > needed.max(1) && !is_news && !is_verbose {
                return None;
            }
            let what = match (is_first, run) {
                (true, _) => "succeeded for the first time",
                (_, 1) => "succeeded again",
                _ => "succeeded",
            };
            let what =
                if outcome == Outcome::Warning { format!("{what}, with a warning") } else { what.into() };
            let count =
                if needed > 1 && run <= needed { format!(" ({run} of {needed})") } else { String::new() };
            // What a success says is of no interest.
            let what = if outcome == Outcome::Warning { said(&what) } else { what };
            Some((Tone::Good, what + &count))
        }
    }
}

/// How many failures in a row there are, and what they come to.
fn consequence(probe: &ProbeStory, is_ready: bool) -> String {
    let (run, needed) = (probe.run.map_or(0, |run| run.1), probe.terms.failures);
    let (becomes, makes) = match probe.terms.kind {
        Kind::Readiness => ("not ready", "make it not ready"),
        Kind::Liveness | Kind::Startup => ("it is killed", "have it killed"),
    };
    match run {
        _ if probe.terms.kind == Kind::Readiness && !is_ready => format!("{run} in a row"),
        _ if run >= needed => format!("{run} in a row: {becomes}"),
        1 => format!("{needed} in a row {makes}"),
        _ => format!("{run} in a row, {needed} {makes}"),
    }
}

/// `137, SIGKILL`.
pub(super) fn exit_code(code: i32) -> String {
    let signal = match code {
        129 => "SIGHUP",
        130 => "SIGINT",
        131 => "SIGQUIT",
        134 => "SIGABRT",
        135 => "SIGBUS",
        136 => "SIGFPE",
        137 => "SIGKILL",
        139 => "SIGSEGV",
        141 => "SIGPIPE",
        143 => "SIGTERM",
        _ => return code.to_string(),
    };
    format!("{code}, {signal}")
}
