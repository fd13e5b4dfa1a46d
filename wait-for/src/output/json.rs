//! The lines of a run, for programs: the README has the schema.

use std::time::Duration;

use serde::Serialize;

use super::Opening;
use crate::outcome::Outcome;
use crate::row::Row;
use crate::say;
use crate::standing::Known;

#[derive(Serialize)]
struct Open<'a> {
    event: &'static str,
    version: &'static str,
    targets: &'a [String],
    scope: Option<&'a str>,
    server: Option<&'a str>,
    timeout_ms: Option<u64>,
}

#[derive(Serialize)]
struct Change<'a> {
    event: &'static str,
    elapsed_ms: u64,
    #[serde(flatten)]
    target: Target<'a>,
}

#[derive(Serialize)]
struct Close<'a> {
    event: &'static str,
    elapsed_ms: u64,
    outcome: &'static str,
    exit_code: u8,
    targets: Vec<Target<'a>>,
}

#[derive(Serialize)]
struct Target<'a> {
    target: &'a str,
    verdict: &'static str,
    state: Option<&'a str>,
    cause: Option<&'a str>,
    trouble: Option<&'a str>,
}

impl<'a> Target<'a> {
    fn of(row: &'a Row, now: Duration) -> Self {
        let (state, cause) = match row.standing.known() {
            Known::Nothing => (None, None),
            Known::Refused(why) => (None, Some(why.as_str())),
            Known::Verdict(verdict) => {
                let finding = verdict.finding();
                let found = row.why.as_ref().map(|why| why.because.cause.as_str());
                (Some(finding.state.as_str()), found.or(finding.cause.as_deref()))
            }
        };
        let trouble = row.trouble.as_ref().map(|trouble| trouble.what.as_str());
        Self { target: &row.name, verdict: row.word(now), state, cause, trouble }
    }
}

pub(super) fn open(opening: &Opening) {
    print(&Open {
        event: "open",
        version: env!("CARGO_PKG_VERSION"),
        targets: &opening.targets,
        scope: opening.place.as_ref().map(|(scope, _)| scope.as_str()),
        server: opening.place.as_ref().map(|(_, server)| server.as_str()),
        timeout_ms: opening.timeout.map(millis),
    });
}

pub(super) fn row(event: &'static str, row: &Row, now: Duration) {
    print(&Change { event, elapsed_ms: millis(now), target: Target::of(row, now) });
}

pub(super) fn close(rows: &[Row], outcome: Outcome, now: Duration) {
    print(&Close {
        event: "close",
        elapsed_ms: millis(now),
        outcome: outcome.word(),
        exit_code: outcome.code(),
        targets: rows.iter().map(|row| Target::of(row, now)).collect(),
    });
}

fn print(line: &impl Serialize) {
    if let Ok(line) = serde_json::to_string(line) {
        say::result(&[line]);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standing::Terms;
    use crate::verdict::{Finding, Verdict};

    #[test]
    fn a_change_has_the_fields_of_the_schema() {
        let mut row = Row::new("deployment/api".into(), Terms::default());
        row.learn(Verdict::NotYet(Finding::because("0/2 available", "scaled to 0")), Duration::ZERO);
        let now = Duration::from_millis(1500);
        let change = Change { event: "change", elapsed_ms: millis(now), target: Target::of(&row, now) };
        assert_eq!(
            serde_json::to_string(&change).unwrap(),
            r#"{"event":"change","elapsed_ms":1500,"target":"deployment/api","verdict":"not-yet","state":"0/2 available","cause":"scaled to 0","trouble":null}"#
        );
    }
}
