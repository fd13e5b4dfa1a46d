//! A report as text, to be read at night.

use std::fmt::Write as _;

use super::findings::{Finding, Report, Unit};
use super::measure::Simulated;
use super::words::count;

/// How wide lines are.
const WIDTH: usize = 110;

/// The report of a workload.
#[must_use]
pub(super) fn report(report: &Report) -> String {
    let mut out = String::new();
    let place = if report.place.is_empty() { String::new() } else { format!("  {}", report.place) };
    let _ = writeln!(out, "{} ({}){place}", report.title, count(report.replicas, "pod"));
    for line in &report.assumptions {
        wrap(&mut out, "  assumed of ", "    ", line);
    }
    for (name, findings) in &report.containers {
        let _ = writeln!(out, "\n  container {name}");
        findings.iter().for_each(|found| finding(&mut out, found));
    }
    let _ = writeln!(out, "\n  pods");
    report.pods.iter().for_each(|found| finding(&mut out, found));
    for note in &report.notes {
        wrap(&mut out, "  note ", "    ", note);
    }
    out
}

fn finding(out: &mut String, finding: &Finding) {
    wrap(out, "    ", "      ", &finding.text);
    let Finding { unit, figure, .. } = finding;
    let mut sources = vec![];
    if let (Some(formula), Some(_)) = (figure.formula, figure.simulated) {
        sources.push(format!("formula {}", unit.words(formula)));
    }
    if let Some(simulated) = figure.simulated {
        sources.push(simulated_words(simulated, *unit));
    }
    if !sources.is_empty() {
        let _ = writeln!(out, "        {}", sources.join(" · "));
    }
    if let Some(note) = &finding.note {
        wrap(out, "        they differ: ", "        ", note);
    }
}

/// `simulated 1.03 ± 0.06 a day`; an interval that ends at a limit is told by its ends.
fn simulated_words(simulated: Simulated, unit: Unit) -> String {
    let Simulated { mean, low, high } = simulated;
    let words = |value: f64| unit.words(value);
    let half = (high - low) / 2.0;
    if mean == 0.0 && high <= 0.0 {
        "simulated none".into()
    } else if mean == 0.0 {
        format!("simulated none: fewer than {}", words(high))
    } else if half < mean * 5e-4 {
        format!("simulated {}", words(mean))
    } else if low <= 0.0 || (unit == Unit::Share && high >= 1.0) {
        format!("simulated {} ({} to {})", words(mean), words(low), words(high))
    } else {
        format!("simulated {}", unit.with_reach(mean, half))
    }
}

/// Writes a paragraph.
pub(super) fn wrap(out: &mut String, first: &str, others: &str, text: &str) {
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in text.split(' ') {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            let _ = writeln!(out, "{line}");
            line = others.to_owned();
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line += word;
        is_empty = false;
    }
    let _ = writeln!(out, "{line}");
}
