//! A target as the user sees it: its name, where it stands, and what stands in the way of knowing more.

use std::time::Duration;

use crate::duration::Short;
use crate::outcome::Outcome;
use crate::standing::{Known, Standing, Terms};
use crate::verdict::{Finding, Verdict};

/// No line is longer, in bytes: terminals, log shippers and kubectl all cut sooner or later.
const LONGEST_LINE: usize = 300;
/// Trouble with the API server is not worth a line before it has lasted so long, where a state is known.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it has lasted is only worth saying after that.
const SHORT: Duration = Duration::from_secs(1);

/// A target and what is to be said of it.
#[derive(Debug)]
pub struct Row {
    /// `deployment/postgres`, with its namespace where that is not the default one.
    pub name: String,
    /// What is known of it.
    pub standing: Standing,
    /// Why the API server cannot be asked just now, since when, and whether that was said.
    pub trouble: Option<Trouble>,
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
        Self { name, standing: Standing::new(terms), trouble: None }
    }

    /// The one line about the target, with what stands in the way of knowing more.
    #[must_use]
    pub fn line(&self, now: Duration) -> String {
        let known = self.standing.known();
        let state = match known {
            Known::Nothing if self.trouble.is_some() => "not seen yet".to_owned(),
            Known::Nothing => "not seen yet — no answer from the API server".to_owned(),
            Known::Verdict(verdict) => match self.standing.holding(now) {
                None => verdict.finding().to_string(),
                Some(held) => format!(
                    "{}, held for {} of {}",
                    verdict.finding(),
                    Short(held),
                    Short(self.standing.stable_for())
                ),
            },
            Known::Refused(why) => why.clone(),
        };
        let trouble = match (&self.trouble, known) {
            (None, _) | (_, Known::Refused(_)) => String::new(),
            (Some(trouble), _) if now - trouble.since < SHORT => format!(" — {}", trouble.what),
            (Some(trouble), _) => format!(" — {} (for {})", trouble.what, Short(now - trouble.since)),
        };
        shorten(format!("{} {state}{trouble}", self.name))
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
        self.standing.end(now) == Some(Outcome::Met)
    }

    /// A state that is new is worth a line; the same state is not.
    pub fn learn(&mut self, verdict: Verdict, now: Duration) -> bool {
        self.standing.learn(Known::Verdict(verdict), now)
    }

    /// Trouble is worth a line at once where nothing is known yet, else when it lasts.
    pub fn suffer(&mut self, what: String, now: Duration) -> bool {
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
        self.standing.learn(Known::Verdict(Verdict::Misused(finding)), now);
    }

    /// The API server will never answer.
    pub fn refuse(&mut self, why: String, now: Duration) {
        self.standing.learn(Known::Refused(why), now);
    }
}

/// Cuts a line to what is allowed, at a character's edge.
fn shorten(mut line: String) -> String {
    if line.len() > LONGEST_LINE {
        let mut end = LONGEST_LINE - '…'.len_utf8();
        while !line.is_char_boundary(end) {
            end -= 1;
        }
        line.truncate(end);
        line.push('…');
    }
    line
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
    fn long_lines_are_cut_at_a_character() {
        let mut row = Row::new("pod/x".into(), Terms::default());
        row.learn(Verdict::NotYet(Finding { state: "é".repeat(400), cause: None }), START);
        let line = row.line(START);
        assert!(line.len() <= LONGEST_LINE && line.ends_with('…'), "{} bytes", line.len());
    }
}
