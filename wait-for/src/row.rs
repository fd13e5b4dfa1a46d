//! A target as the user sees it: its name, where it stands, and what stands in the way of knowing more.

use std::time::Duration;

use crate::diagnose::Because;
use crate::duration::Short;
use crate::message::{cut, made_printable};
use crate::outcome::Outcome;
use crate::standing::{Known, Standing, Terms};
use crate::verdict::{Finding, Verdict};

/// No line is longer, in bytes: terminals, log shippers and kubectl all cut sooner or later.
const LONGEST_LINE: usize = 300;
/// Trouble with the API server is not worth a line before it has lasted so long, where a state is known.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it has lasted is only worth saying after that.
const SHORT: Duration = Duration::from_secs(1);

/// Whether a line says how long things have been so.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ages {
    Told,
    LeftOut,
}

/// A target and what is to be said of it.
#[derive(Debug)]
pub struct Row {
    /// `deployment/postgres`, with its namespace where that is not the default one.
    pub name: String,
    /// What is known of it.
    pub standing: Standing,
    /// Why, where that was looked into.
    pub why: Option<Why>,
    /// What has made its condition start to hold anew.
    pub broken: Option<String>,
    /// Why the API server cannot be asked just now, since when, and whether that was said.
    pub trouble: Option<Trouble>,
    is_waived: bool,
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
    pub fn new(name: String, terms: Terms) -> Self {
        Self {
            name: made_printable(name),
            standing: Standing::new(terms),
            why: None,
            broken: None,
            trouble: None,
            is_waived: false,
        }
    }

    /// The one line about the target, with what stands in the way of knowing more.
    #[must_use]
    pub fn line(&self, now: Duration) -> String {
        self.text(now, Ages::Told)
    }

    /// What the line says apart from times: where this is the same, nothing is new.
    #[must_use]
    pub fn gist(&self, now: Duration) -> String {
        self.text(now, Ages::LeftOut)
    }

    /// What sort of state it is in: the same while only numbers and causes change.
    #[must_use]
    pub fn sort(&self, now: Duration) -> String {
        let state = match self.standing.known() {
            Known::Nothing | Known::Refused(_) => "",
            Known::Verdict(verdict) => &verdict.finding().state,
        };
        let is_digit = |c: char| c.is_ascii_digit();
        let trouble = if self.trouble.is_some() { "!" } else { "" };
        format!("{}{trouble} {}", self.word(now), state.replace(is_digit, ""))
    }

    fn text(&self, now: Duration, ages: Ages) -> String {
        let known = self.standing.known();
        let state = match known {
            Known::Nothing if self.trouble.is_some() => "not seen yet".to_owned(),
            Known::Nothing => "not seen yet — no answer from the API server".to_owned(),
            Known::Verdict(verdict) => match (self.standing.holding(now), &self.why) {
                (Some(_), _) if ages == Ages::LeftOut => {
                    format!("{}, to be held{}", verdict.finding(), self.broken())
                }
                (Some(held), _) => format!(
                    "{}, held for {} of {}{}",
                    verdict.finding(),
                    Short(held),
                    Short(self.standing.stable_for()),
                    self.broken()
                ),
                (None, Some(why)) => format!("{} — {}", verdict.finding().state, why.text(now, ages)),
                (None, None) => verdict.finding().to_string(),
            },
            // What helps against it stands first, and is never cut.
            Known::Refused(why) => return format!("{} {why}", self.name),
        };
        let line = cut(format!("{} {state}", self.name), LONGEST_LINE);
        match &self.trouble {
            None => line,
            Some(trouble) if ages == Ages::LeftOut || now.saturating_sub(trouble.since) < SHORT => {
                format!("{line} — {}", trouble.what)
            }
            Some(trouble) => format!("{line} — {} (for {})", trouble.what, Short(now - trouble.since)),
        }
    }

    /// What has made the condition hold anew, as a sentence's end.
    fn broken(&self) -> String {
        self.broken.as_ref().map(|why| format!("; {why}")).unwrap_or_default()
    }

    /// Where the target stands, in one word.
    #[must_use]
    pub fn word(&self, now: Duration) -> &'static str {
        match (self.standing.end(now), self.standing.known()) {
            (Some(Outcome::Met), _) => "met",
            (Some(Outcome::Failed), _) => "failed",
            (Some(Outcome::Usage), _) => "misused",
            (Some(Outcome::Refused), _) => "refused",
            (Some(Outcome::TimedOut), _) => "timed-out",
            (Some(Outcome::Waived), _) => "waived",
            (_, Known::Nothing) => "unknown",
            _ => "not-yet",
        }
    }

    /// The line of the result: the word first.
    #[must_use]
    pub fn result(&self, now: Duration) -> String {
        format!("{} {}", self.word(now), self.line(now))
    }

    /// Whether the target does not hold the gate closed.
    #[must_use]
    pub fn is_open(&self, now: Duration) -> bool {
        matches!(self.standing.end(now), Some(Outcome::Met | Outcome::Waived))
    }

    /// Whether the target is waived since the last time that this was asked.
    pub fn turns_waived(&mut self, now: Duration) -> bool {
        let was_waived =
            std::mem::replace(&mut self.is_waived, self.standing.end(now) == Some(Outcome::Waived));
        self.is_waived && !was_waived
    }

    /// A state that is new is worth a line; the same state is not.
    pub fn learn(&mut self, verdict: Verdict, now: Duration) -> bool {
        let (verdict, why) = (safe(verdict), self.why.take());
        let is_said = why.as_ref().is_none_or(|why| why.because.says(&verdict));
        self.standing.learn(Known::Verdict(verdict), now) || !is_said
    }

    /// As [`Row::learn`], with what a diagnosis found and how long that has been so.
    pub fn learn_why(&mut self, verdict: Verdict, because: Because, age: Duration, now: Duration) -> bool {
        let known = Known::Verdict(safe(verdict));
        let because =
            Because { cause: made_printable(because.cause), hint: because.hint.map(made_printable) };
        // The finding's own cause is not in the line: only its state is.
        let is_said = match (&self.why, self.standing.known()) {
            (Some(why), _) => why.because == because,
            (None, Known::Verdict(verdict)) => because.says(verdict),
            (None, _) => false,
        };
        let is_new = !is_said || !is_same_state(self.standing.known(), &known);
        self.standing.learn(known, now);
        self.why = Some(Why { because, age, told: now });
        is_new
    }

    /// The condition has not held all the time; worth a line where it has to.
    pub fn start_anew(&mut self, why: String, now: Duration) -> bool {
        let is_held = self.standing.start_anew(now);
        self.broken = is_held.then(|| made_printable(why));
        is_held
    }

    /// Trouble is worth a line at once where nothing is known yet, else when it lasts.
    pub fn suffer(&mut self, what: String, now: Duration) -> bool {
        let what = made_printable(what);
        let is_unknown = *self.standing.known() == Known::Nothing;
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
    pub fn misuse(&mut self, finding: Finding, now: Duration) {
        self.why = None;
        self.standing.learn(Known::Verdict(safe(Verdict::Misused(finding))), now);
    }

    /// The API server will never answer.
    pub fn refuse(&mut self, why: String, now: Duration) {
        self.standing.learn(Known::Refused(made_printable(why)), now);
    }
}

impl Why {
    /// `CAUSE since AGE; HINT`
    fn text(&self, now: Duration, ages: Ages) -> String {
        let age = self.age + now.saturating_sub(self.told);
        let age = if age < SHORT || ages == Ages::LeftOut {
            String::new()
        } else {
            format!(" since {}", Short(whole(age)))
        };
        let hint = self.because.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
        format!("{}{age}{hint}", self.because.cause)
    }
}

/// A verdict whose words, which may come from anybody, are safe to print.
fn safe(verdict: Verdict) -> Verdict {
    let safe = |finding: Finding| Finding {
        state: made_printable(finding.state),
        cause: finding.cause.map(made_printable),
    };
    match verdict {
        Verdict::Met(finding) => Verdict::Met(safe(finding)),
        Verdict::NotYet(finding) => Verdict::NotYet(safe(finding)),
        Verdict::Failed(finding) => Verdict::Failed(safe(finding)),
        Verdict::Misused(finding) => Verdict::Misused(safe(finding)),
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
        let mut row = Row::new("deployment/api".into(), Terms::default());
        assert_eq!(row.line(START), "deployment/api not seen yet — no answer from the API server");
        assert!(row.learn(not_yet(), START));
        assert_eq!(row.line(START), "deployment/api 0/2 available — scaled to 0");
        assert_eq!(row.result(START), "not-yet deployment/api 0/2 available — scaled to 0");
        assert!(!row.learn(not_yet(), START), "the same state is not worth a line");
    }

    #[test]
    fn trouble_is_said_at_once_while_nothing_is_known() {
        let mut row = Row::new("pod/x".into(), Terms::default());
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
        let mut row = Row::new("pod/x".into(), Terms::default());
        row.learn(not_yet(), START);
        assert!(!row.suffer("cut".into(), START));
        assert!(!row.suffer("cut".into(), seconds(9)));
        assert!(row.suffer("cut".into(), seconds(10)));
        assert!(!row.suffer("cut".into(), seconds(11)));
        assert_eq!(row.line(seconds(12)), "pod/x 0/2 available — scaled to 0 — cut (for 12s)");
        assert_eq!(row.recover(seconds(13)), Some(seconds(13)));
    }

    #[test]
    fn a_cause_that_was_looked_into_has_its_age_before_the_hint() {
        let mut row = Row::new("service/db".into(), Terms::default());
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
        assert!(row.learn(not_yet(), seconds(25)));
        assert_eq!(row.line(seconds(25)), "service/db 0/2 available — scaled to 0");
        let same = Because { cause: "scaled to 0".into(), hint: None };
        assert!(!row.learn_why(not_yet(), same, START, seconds(26)), "no line is printed twice in a row");
        assert!(!row.learn(not_yet(), seconds(27)));
    }

    #[test]
    fn a_restart_makes_a_condition_hold_anew_and_is_said() {
        let met = || Verdict::Met(Finding::state("ready"));
        let mut row = Row::new("pod/x".into(), Terms { stable_for: seconds(10), ..Terms::default() });
        assert!(!row.start_anew("x was restarted".into(), START), "nothing holds yet");
        row.learn(met(), START);
        assert!(row.start_anew("x was restarted, 1 restart in all".into(), seconds(8)));
        let line = "pod/x ready, held for 1s of 10s; x was restarted, 1 restart in all";
        assert_eq!(row.line(seconds(9)), line);
        assert!(!row.is_open(seconds(17)) && row.is_open(seconds(18)));
        let mut careless = Row::new("pod/x".into(), Terms::default());
        careless.learn(met(), START);
        assert!(!careless.start_anew("x was restarted".into(), seconds(1)), "nobody asked it to hold");
    }

    #[test]
    fn long_lines_are_cut_in_the_middle_between_characters() {
        let mut row = Row::new("pod/x".into(), Terms::default());
        row.learn(Verdict::NotYet(Finding::because("é".repeat(400), "the cause")), START);
        let line = row.line(START);
        assert!(line.len() <= LONGEST_LINE && line.ends_with("the cause"), "{line}");
    }

    #[test]
    fn what_helps_against_a_refusal_is_never_cut() {
        let mut row = Row::new("pod/x".into(), Terms::default());
        row.suffer("y".repeat(400), START);
        assert!(row.line(START).ends_with(&"y".repeat(400)));
        row.refuse("z".repeat(400), START);
        assert!(row.line(START).ends_with(&"z".repeat(400)));
    }

    #[test]
    fn nobody_can_write_a_second_line() {
        let evil = "ready\r\nmet pod/y \x1b[2K\u{2028}\u{202e}";
        let finding = || Finding::because(evil, evil);
        let mut row = Row::new(format!("pod/{evil}"), Terms::default());
        let mut lines = Vec::new();
        row.suffer(evil.into(), START);
        lines.push(row.result(START));
        row.learn(Verdict::NotYet(finding()), START);
        lines.push(row.result(START));
        let because = Because { cause: evil.into(), hint: Some(evil.into()) };
        row.learn_why(Verdict::Failed(finding()), because, START, START);
        lines.push(row.result(START));
        row.misuse(finding(), START);
        lines.push(row.result(START));
        row.refuse(evil.into(), START);
        lines.push(row.result(START));
        for line in lines {
            assert_eq!(crate::message::printable(&line), line);
        }
    }

    #[test]
    fn numbers_and_causes_do_not_change_the_sort_of_a_state() {
        let mut row = Row::new("pod/app=x".into(), Terms::default());
        let mut learn = |verdict| {
            row.learn(verdict, START);
            (row.sort(START), row.gist(START))
        };
        let one = learn(Verdict::NotYet(Finding::because("1/2000 ready", "pod x-17 pulling")));
        let two = learn(Verdict::NotYet(Finding::because("12/2000 ready", "pod y-zz pulling")));
        assert!(one.0 == two.0 && one.1 != two.1, "{one:?} {two:?}");
        assert_ne!(learn(Verdict::NotYet(Finding::state("none found"))).0, one.0);
        assert_ne!(learn(Verdict::Met(Finding::state("2000/2000 ready"))).0, one.0);
    }
}
