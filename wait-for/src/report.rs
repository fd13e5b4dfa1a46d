//! What a run says: one line when a target's state changes, a heartbeat, and the result.

use std::io::Write;
use std::time::Duration;

use crate::diagnose::Because;
use crate::duration::Short;
use crate::message::shorten;
use crate::outcome::{Known, Outcome};
use crate::verdict::{Finding, Verdict};

/// No line is longer, in bytes: terminals, log shippers and kubectl all cut sooner or later.
const LONGEST_LINE: usize = 300;
/// Trouble with the API server is not worth a line before it has lasted so long, where a state is known.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it has lasted is only worth saying after that.
const SHORT: Duration = Duration::from_secs(1);

/// A target as the report knows it.
#[derive(Debug)]
pub struct Row {
    /// `deployment/postgres`, with its namespace where that is not the default one.
    pub name: String,
    /// What is known of it.
    pub known: Known,
    /// Why, where that was looked into.
    pub why: Option<Why>,
    /// Why the API server cannot be asked just now, since when, and whether that was said.
    pub trouble: Option<Trouble>,
}

/// What a diagnosis has found.
#[derive(Debug)]
pub struct Why {
    /// What it is.
    pub because: Because,
    /// How old it was when it was told.
    pub age: Duration,
    /// When it was told, since the start of the run.
    pub told: Duration,
}

/// Trouble that a target's watch has with the API server.
#[derive(Debug)]
pub struct Trouble {
    /// What it is.
    pub what: String,
    /// When it began, since the start of the run.
    pub since: Duration,
    /// Whether there was a line about it.
    pub is_said: bool,
}

impl Row {
    /// A target of which nothing is known.
    #[must_use]
    pub fn new(name: String) -> Self {
        Self { name, known: Known::Nothing, why: None, trouble: None }
    }

    /// The one line about the target, with what stands in the way of knowing more.
    #[must_use]
    pub fn line(&self, now: Duration) -> String {
        let state = match &self.known {
            Known::Nothing if self.trouble.is_some() => "not seen yet".to_owned(),
            Known::Nothing => "not seen yet — no answer from the API server".to_owned(),
            Known::Verdict(verdict) => match &self.why {
                Some(why) => format!("{} — {}", verdict.finding().state, why.text(now)),
                None => verdict.finding().to_string(),
            },
            Known::Refused(why) => why.clone(),
        };
        let trouble = match (&self.trouble, &self.known) {
            (None, _) | (_, Known::Refused(_)) => String::new(),
            (Some(trouble), _) if now - trouble.since < SHORT => format!(" — {}", trouble.what),
            (Some(trouble), _) => format!(" — {} (for {})", trouble.what, Short(now - trouble.since)),
        };
        shorten(format!("{} {state}{trouble}", self.name), LONGEST_LINE)
    }

    /// The line of the result: the verdict's word first.
    #[must_use]
    pub fn result(&self, now: Duration) -> String {
        let word = match &self.known {
            Known::Verdict(Verdict::Met(_)) => "met",
            Known::Verdict(Verdict::NotYet(_)) => "not-yet",
            Known::Verdict(Verdict::Failed(_)) => "failed",
            Known::Verdict(Verdict::Misused(_)) => "misused",
            Known::Refused(_) => "refused",
            Known::Nothing => "unknown",
        };
        format!("{word} {}", self.line(now))
    }

    /// Whether the target holds the gate closed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(&self.known, Known::Verdict(Verdict::Met(_)))
    }

    /// A state that is new is worth a line; the same state is not.
    pub fn learn(&mut self, verdict: Verdict) -> bool {
        let known = Known::Verdict(verdict);
        let is_new = self.known != known || self.why.is_some();
        self.known = known;
        self.why = None;
        is_new
    }

    /// As [`Row::learn`], with what a diagnosis found and how long that has been so.
    pub fn learn_why(&mut self, verdict: Verdict, because: Because, age: Duration, now: Duration) -> bool {
        let known = Known::Verdict(verdict);
        // The finding's own cause is not in the line: only its state is.
        let is_new =
            !is_same_state(&self.known, &known) || self.why.as_ref().is_none_or(|why| why.because != because);
        self.known = known;
        self.why = Some(Why { because, age, told: now });
        is_new
    }

    /// Trouble is worth a line at once where nothing is known yet, else when it lasts.
    pub fn suffer(&mut self, what: String, now: Duration) -> bool {
        let is_unknown = self.known == Known::Nothing;
        let trouble = self.trouble.get_or_insert(Trouble { what: String::new(), since: now, is_said: false });
        let is_news = trouble.what != what || !trouble.is_said;
        trouble.what = what;
        let is_worth_it = is_news && (is_unknown || now - trouble.since >= PATIENCE);
        trouble.is_said |= is_worth_it;
        is_worth_it
    }

    /// The trouble is over; answers how long it lasted, where there was a line about it.
    pub fn recover(&mut self, now: Duration) -> Option<Duration> {
        self.trouble.take().filter(|trouble| trouble.is_said).map(|trouble| now - trouble.since)
    }

    /// The API server rejects the question itself.
    pub fn misuse(&mut self, finding: Finding) {
        self.known = Known::Verdict(Verdict::Misused(finding));
        self.why = None;
    }

    /// The API server will never answer.
    pub fn refuse(&mut self, why: String) {
        self.known = Known::Refused(why);
    }
}

impl Why {
    /// `CAUSE since AGE; HINT`
    fn text(&self, now: Duration) -> String {
        let age = self.age + now.saturating_sub(self.told);
        let age = if age < SHORT { String::new() } else { format!(" since {}", Short(whole(age))) };
        let hint = self.because.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        format!("{}{age}{hint}", self.because.cause)
    }
}

fn is_same_state(one: &Known, other: &Known) -> bool {
    match (one, other) {
        (Known::Verdict(one), Known::Verdict(other)) => {
            one.is_failed() == other.is_failed() && one.finding().state == other.finding().state
        }
        _ => false,
    }
}

/// In whole seconds: nobody counts the parts of an age.
fn whole(age: Duration) -> Duration {
    Duration::from_secs(age.as_secs())
}

/// The last line of the log.
#[must_use]
pub fn closing(outcome: Outcome, elapsed: Duration) -> String {
    let elapsed = Short(elapsed);
    match outcome {
        Outcome::Met => format!("open after {elapsed}"),
        Outcome::Failed => format!("giving up after {elapsed}: waiting is hopeless"),
        Outcome::Usage => format!("giving up after {elapsed}: a target cannot be asked this"),
        Outcome::TimedOut => format!("timed out after {elapsed}"),
        Outcome::Refused => format!("giving up after {elapsed}: the API server refuses us"),
        Outcome::Signalled(signal) => {
            let name = if signal == 2 { "SIGINT" } else { "SIGTERM" };
            format!("ended by {name} after {elapsed}")
        }
    }
}

/// Prints lines of the result; that nobody reads them is no reason to fail.
pub fn print(lines: &[String]) {
    let mut out = std::io::stdout().lock();
    for line in lines {
        let _ = writeln!(out, "{line}");
    }
    let _ = out.flush();
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::ZERO;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn not_yet() -> Verdict {
        Verdict::NotYet(Finding { state: "0/2 available".into(), cause: Some("scaled to 0".into()) })
    }

    #[test]
    fn a_line_says_what_and_why() {
        let mut row = Row::new("deployment/api".into());
        assert_eq!(row.line(START), "deployment/api not seen yet — no answer from the API server");
        assert!(row.learn(not_yet()));
        assert_eq!(row.line(START), "deployment/api 0/2 available — scaled to 0");
        assert_eq!(row.result(START), "not-yet deployment/api 0/2 available — scaled to 0");
        assert!(!row.learn(not_yet()), "the same state is not worth a line");
    }

    #[test]
    fn trouble_is_said_at_once_while_nothing_is_known() {
        let mut row = Row::new("pod/x".into());
        assert!(row.suffer("API server unreachable: connection refused".into(), START));
        assert!(!row.suffer("API server unreachable: connection refused".into(), seconds(1)));
        assert_eq!(row.line(START), "pod/x not seen yet — API server unreachable: connection refused");
        assert_eq!(
            row.line(seconds(4)),
            "pod/x not seen yet — API server unreachable: connection refused (for 4s)"
        );
        assert_eq!(row.recover(seconds(5)), Some(seconds(5)));
        assert_eq!(row.recover(seconds(6)), None);
    }

    #[test]
    fn a_short_outage_is_not_worth_a_line_where_the_state_is_known() {
        let mut row = Row::new("pod/x".into());
        row.learn(not_yet());
        assert!(!row.suffer("cut".into(), START));
        assert!(!row.suffer("cut".into(), seconds(9)));
        assert!(row.suffer("cut".into(), seconds(10)));
        assert!(!row.suffer("cut".into(), seconds(11)));
        assert_eq!(row.line(seconds(12)), "pod/x 0/2 available — scaled to 0 — cut (for 12s)");
        assert_eq!(row.recover(seconds(13)), Some(seconds(13)));
    }

    #[test]
    fn a_cause_that_was_looked_into_has_its_age_before_the_hint() {
        let mut row = Row::new("service/db".into());
        let because = |hint: Option<&str>| Because {
            cause: "pod db-0: readiness probe failing (HTTP 503)".into(),
            hint: hint.map(ToOwned::to_owned),
        };
        assert!(row.learn_why(not_yet(), because(None), START, seconds(3)));
        let recounted =
            Verdict::NotYet(Finding { state: "0/2 available".into(), cause: Some("other".into()) });
        assert!(!row.learn_why(recounted, because(None), seconds(10), seconds(13)), "an age is no news");
        assert_eq!(
            row.line(seconds(23)),
            "service/db 0/2 available — pod db-0: readiness probe failing (HTTP 503) since 20s"
        );
        assert!(row.learn_why(not_yet(), because(Some("see statefulset/db")), START, seconds(23)));
        assert!(row.line(seconds(25)).ends_with("(HTTP 503) since 2s; see statefulset/db"));
        assert!(row.learn(not_yet()));
        assert_eq!(row.line(seconds(25)), "service/db 0/2 available — scaled to 0");
    }

    #[test]
    fn long_lines_are_cut_at_a_character() {
        let mut row = Row::new("pod/x".into());
        row.learn(Verdict::NotYet(Finding { state: "é".repeat(400), cause: None }));
        let line = row.line(START);
        assert!(line.len() <= LONGEST_LINE && line.ends_with('…'), "{} bytes", line.len());
    }
}
