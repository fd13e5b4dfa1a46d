//! One row of the picture.

use std::fmt::Write;
use std::time::Duration;

use super::super::story::{Band, ContainerStory, ProbeStory, Records, Standing, Struck, Tick};
use super::super::time::{Exact, Short, from_millis};
use super::super::words;
use super::super::xml::escape;
use super::dense::{self, Heap};
use super::scale::Scale;
use super::style::class;
use crate::kubelet::{Cause, Outcome};

/// Below this, probes of a row cannot be told apart.
const CLOSEST: f64 = 5.0;
/// What lasts a shorter time is drawn as wide as this.
const NARROWEST: f64 = 1.2;

/// Where rows are drawn.
pub(super) struct Canvas<'a> {
    pub(super) svg: &'a mut String,
    pub(super) scale: Scale,
    /// How many elements a row may have.
    pub(super) most: usize,
}

// === impl Canvas ===

impl Canvas<'_> {
    /// How something stood, in a bar around `y`.
    pub(super) fn bands(&mut self, name: &str, bands: &[Band], end: u32, (y, height): (f64, f64)) {
        let name = escape(name);
        for stretch in dense::stretches(bands, end.min(self.scale.end()), self.most) {
            let (x, to) = (self.scale.x(stretch.from), self.scale.x(stretch.to));
            let width = (to - x).max(NARROWEST);
            let (class, state) = (class(stretch.standing), stretch.standing.name());
            let (from, until) = (Exact(from_millis(stretch.from)), Exact(from_millis(stretch.to)));
            let lasted = Short(from_millis(stretch.lasted));
            let told = if stretch.times > 1 {
                format!("{state} {} times, {lasted} in all, from {from} to {until}", stretch.times)
            } else {
                format!("{state} for {lasted}, from {from} to {until}")
            };
            let _ = write!(
                self.svg,
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height:.0}\">\
                 <title>{name} {told}</title></rect>",
                y - height / 2.0
            );
            if is_plain(stretch.standing, height) && width > text_width(state) + 8.0 {
                let _ = write!(
                    self.svg,
                    "<text class=\"in\" x=\"{:.1}\" y=\"{:.1}\">{state}</text>",
                    x + 4.0,
                    y + 3.7
                );
            }
        }
    }

    /// What happened to a container, on its bar.
    pub(super) fn marks(&mut self, container: &ContainerStory, y: f64) {
        let name = escape(&container.name);
        let shown = container.marks.iter().filter_map(|mark| {
            let (shape, what) = match mark.what {
                Struck::Started(0) | Struck::Stopped(Cause::PodEnds, _) => return None,
                Struck::Started(count) => ("a", format!("restarted, restart count {count}")),
                Struck::Stopped(Cause::Liveness, grace) => ("k", killed("liveness", grace)),
                Struck::Stopped(Cause::Startup, grace) => ("k", killed("startup", grace)),
                Struck::Stopped(Cause::PostStart, _) => ("k", "killed for its postStart hook".to_owned()),
                Struck::Exited(code) => {
                    (if code == 0 { "z" } else { "x" }, format!("exited with {}", words::exit_code(code)))
                }
            };
            Some((mark.at, shape, what))
        });
        let mut last = (f64::NEG_INFINITY, "");
        let (mut drawn, mut hidden) = (0, 0);
        for (at, shape, what) in shown {
            let x = self.scale.x(at);
            // A mark right upon its like says no more than that.
            if (shape == last.1 && x - last.0 < 2.0) || drawn >= self.most {
                hidden += 1;
                continue;
            }
            let at = Exact(from_millis(at));
            let _ = write!(
                self.svg,
                "<use href=\"#{shape}\" x=\"{x:.1}\" y=\"{y:.1}\"><title>{name} {what} at {at}</title></use>"
            );
            (last, drawn) = ((x, shape), drawn + 1);
        }
        if hidden > 0 {
            let _ = write!(self.svg, "<desc>{hidden} more marks lie upon these</desc>");
        }
    }

    /// The results of a probe.
    pub(super) fn probes(&mut self, probe: &ProbeStory, records: &Records, y: f64) {
        let kind = probe.terms.kind.to_string().to_lowercase();
        if is_dense(probe, self.scale, self.most) {
            let columns = u32::try_from(self.most.min(350)).unwrap_or(350);
            for heap in dense::heaps(&probe.ticks, self.scale.end(), columns) {
                self.heap(&kind, &heap, records, (y, f64::from(self.scale.end()) / f64::from(columns)));
            }
        } else {
            for tick in &probe.ticks {
                self.tick(&kind, tick, records, y);
            }
        }
    }

    fn tick(&mut self, kind: &str, tick: &Tick, records: &Records, y: f64) {
        let x = self.scale.x(tick.at);
        let start = self.scale.x(tick.at.saturating_sub(tick.took));
        if x - start > 3.0 {
            let _ = write!(self.svg, "<path class=\"took\" d=\"M{start:.1} {y:.1}H{x:.1}\"/>");
        }
        let shape = match tick.outcome {
            Outcome::Success => "s",
            Outcome::Warning => "w",
            Outcome::Failure => "f",
            Outcome::Error(_) => "e",
        };
        let title = format!("{kind} {}", told(tick, records));
        let _ =
            write!(self.svg, "<use href=\"#{shape}\" x=\"{x:.1}\" y=\"{y:.1}\"><title>{title}</title></use>");
    }

    /// The more of them failed, the higher it is.
    fn heap(&mut self, kind: &str, heap: &Heap, records: &Records, (y, column): (f64, f64)) {
        let Heap { from, to, made, failed, odd, example, .. } = heap;
        let bad = failed + odd;
        let (class, height) = match (failed, bad) {
            (_, 0) => ("good", 3.0),
            (0, _) => ("lab-warn", 6.0),
            _ => ("bad", 6.0 + 8.0 * f64::from(*failed) / f64::from(*made)),
        };
        let x = self.scale.x(*from);
        let least =
            if bad > 0 { super::scale::WIDTH * column / f64::from(self.scale.end()) - 0.5 } else { 1.0 };
        let width = (self.scale.x(*to) - x).max(least.max(NARROWEST));
        let (from, to) = (Exact(from_millis(*from)), Exact(from_millis(*to)));
        let odd = if *odd > 0 { format!(", {odd} warnings or errors") } else { String::new() };
        let example = example.map_or(String::new(), |tick| format!("; first {}", told(&tick, records)));
        let _ = write!(
            self.svg,
            "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{:.1}\" width=\"{width:.1}\" height=\"{height:.1}\">\
             <title>{kind} {from} to {to}: {made} probes, {failed} failed{odd}{example}</title></rect>",
            y + 6.0 - height
        );
    }
}

/// Whether the results of a probe cannot be told apart, or are more than a row may have.
pub(super) fn is_dense(probe: &ProbeStory, scale: Scale, most: usize) -> bool {
    let Some((first, last)) = probe.ticks.first().zip(probe.ticks.last()) else { return false };
    let (count, span) = (probe.ticks.len(), scale.x(last.at) - scale.x(first.at));
    count > most || (count > 20 && span < CLOSEST * f64::from(u32::try_from(count).unwrap_or(u32::MAX)))
}

/// Whether text on it can be read, and says something.
fn is_plain(standing: Standing, height: f64) -> bool {
    matches!(standing, Standing::Waiting | Standing::Done) || standing == Standing::Ready && height > 12.0
}

fn killed(probe: &str, grace: u32) -> String {
    format!("killed for its {probe} probe, grace period {}", Short(Duration::from_secs(grace.into())))
}

fn told(tick: &Tick, records: &Records) -> String {
    let what = match tick.outcome {
        Outcome::Success => "succeeded",
        Outcome::Warning => "succeeded with a warning",
        Outcome::Failure => "failed",
        Outcome::Error(_) => "errored",
    };
    let (at, took) = (Exact(from_millis(tick.at)), Exact(from_millis(tick.took)));
    let text = escape(records.text(tick.text));
    let text = if text.is_empty() { String::new() } else { format!(": {text}") };
    format!("{what} at {at}, after {took}{text}")
}

/// About, in the small letters that bars have.
#[expect(clippy::cast_precision_loss, reason = "words are short")]
fn text_width(text: &str) -> f64 {
    text.len() as f64 * 5.6
}
