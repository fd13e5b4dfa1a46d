//! The picture: title, legend, axis, rows, and what is to be noted.

use std::fmt::Write;

use super::super::clean::clean;
use super::super::expect::Judged;
use super::super::story::{PodStory, Story};
use super::super::time::{Short, millis};
use super::super::xml::escape;
use super::legend::legend;
use super::row::{Canvas, is_dense};
use super::scale::{LEFT, Scale, WIDTH};
use super::style::{SHAPES, STYLE};

/// Rows beyond are left out, pod by pod.
const MOST_ROWS: usize = 300;
/// Elements of all rows together, about 150 bytes each.
const MOST_ELEMENTS: usize = 16_000;
/// A row with fewer says too little.
const FEWEST_ELEMENTS: usize = 24;

const MARGIN: f64 = 20.0;
const TOP: f64 = 102.0;
const POD_HEIGHT: f64 = 26.0;
const CONTAINER_HEIGHT: f64 = 24.0;
const PROBE_HEIGHT: f64 = 18.0;
const NOTE_HEIGHT: f64 = 18.0;
/// Where it is so.
const DENSE: &str = "probes that are too many to be told apart are bars: the higher, the more of them failed";
/// Of a name, so many characters fit to the left.
const LONGEST_NAME: usize = 26;

/// The whole picture.
pub(super) fn chart(story: &Story, verdicts: &[Judged]) -> String {
    let pods = chosen(story.pods());
    let rows: usize = pods.iter().map(rows).sum();
    let scale = Scale::new(story.now());
    let most = (MOST_ELEMENTS / rows.max(1)).clamp(FEWEST_ELEMENTS, 350);
    let mut notes = notes(story, verdicts, pods.len());
    let mut probes = pods.iter().flat_map(|pod| &pod.containers).flat_map(|one| &one.probes);
    if probes.any(|probe| is_dense(probe, scale, most)) {
        notes.push(("mute", DENSE.to_owned()));
    }
    let height: f64 = pods.iter().map(height).sum();
    let bottom = TOP + height.max(POD_HEIGHT);
    let all = bottom + 30.0 + NOTE_HEIGHT * notes.len() as f64;
    let width = LEFT + WIDTH + MARGIN;
    let mut svg = format!(
        "<svg class=\"lab\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {all:.0}\" \
         width=\"{width:.0}\" height=\"{all:.0}\" role=\"img\">\n<title>{title}</title>\n<style>{STYLE}</style>\n\
         {SHAPES}\n<rect class=\"bg\" width=\"{width:.0}\" height=\"{all:.0}\"/>\n\
         <text class=\"h\" x=\"{MARGIN:.0}\" y=\"28\">{title}</text>\n",
        title = title(story)
    );
    legend(&mut svg, MARGIN, 52.0);
    axis(&mut svg, scale, bottom);
    let mut canvas = Canvas { svg: &mut svg, scale, most };
    let mut y = TOP;
    for pod in pods {
        y = draw_pod(&mut canvas, story, pod, y);
    }
    for (number, (class, note)) in notes.iter().enumerate() {
        let y = bottom + 40.0 + NOTE_HEIGHT * number as f64;
        let note = escape(&clean(note, 180));
        let _ = writeln!(svg, "<text class=\"{class}\" x=\"{MARGIN:.0}\" y=\"{y:.0}\">{note}</text>");
    }
    svg + "</svg>"
}

/// What the picture is of.
pub(super) fn title(story: &Story) -> String {
    let count = story.pods().len();
    let noun = if count == 1 { "pod" } else { "pods" };
    format!("probesim lab: {count} {noun}, {}", Short(story.now()))
}

/// As many pods as there is room for.
fn chosen(pods: &[PodStory]) -> &[PodStory] {
    let mut left = MOST_ROWS;
    let fits = |pod: &&PodStory| {
        let is_room = rows(pod) <= left;
        left = left.saturating_sub(rows(pod));
        is_room
    };
    &pods[..pods.iter().take_while(fits).count()]
}

fn rows(pod: &PodStory) -> usize {
    1 + pod.containers.iter().map(|one| 1 + one.probes.len()).sum::<usize>()
}

fn height(pod: &PodStory) -> f64 {
    let containers =
        pod.containers.iter().map(|one| CONTAINER_HEIGHT + PROBE_HEIGHT * one.probes.len() as f64);
    POD_HEIGHT + containers.sum::<f64>() + 8.0
}

/// Draws a pod from `y` down; returns where the next one begins.
fn draw_pod(canvas: &mut Canvas<'_>, story: &Story, pod: &PodStory, mut y: f64) -> f64 {
    let end = millis(pod.end(story.now()));
    let right = LEFT + WIDTH;
    let _ = writeln!(canvas.svg, "<path class=\"grid\" d=\"M{MARGIN:.0} {y:.1}H{right:.0}\"/>");
    let name = story.shown(&pod.name);
    let middle = y + POD_HEIGHT / 2.0 + 1.0;
    let whole = pod.workload.as_deref().map_or(name.to_owned(), |workload| format!("{name} of {workload}"));
    label(canvas.svg, "b", (MARGIN, middle), name, &whole);
    canvas.bands(name, &pod.bands, end, (middle, 16.0));
    y += POD_HEIGHT;
    for one in &pod.containers {
        let middle = y + CONTAINER_HEIGHT / 2.0 + 2.0;
        label(canvas.svg, "n", (MARGIN + 12.0, middle), &one.name, &format!("{}: {}", one.name, one.runs));
        canvas.bands(&one.name, &one.bands, end, (middle, 12.0));
        canvas.marks(one, middle - 5.0);
        y += CONTAINER_HEIGHT;
        for probe in &one.probes {
            let middle = y + PROBE_HEIGHT / 2.0;
            let kind = probe.terms.kind.to_string().to_lowercase();
            let counts =
                format!("{kind}: {} probes, {} failed, {} errored", probe.made, probe.failed, probe.errored);
            label(canvas.svg, "mute", (MARGIN + 24.0, middle), &kind, &counts);
            canvas.probes(probe, story.records(), middle);
            y += PROBE_HEIGHT;
        }
        canvas.svg.push('\n');
    }
    y + 8.0
}

fn label(svg: &mut String, class: &str, (x, y): (f64, f64), name: &str, whole: &str) {
    // The beginning of a pod's name says less than its end.
    let characters = name.chars().count();
    let shown: String = if characters > LONGEST_NAME {
        let end: String = name.chars().skip(characters - LONGEST_NAME / 2).collect();
        let start: String = name.chars().take(LONGEST_NAME / 2 - 1).collect();
        format!("{start}…{end}")
    } else {
        name.to_owned()
    };
    let (shown, whole) = (escape(&shown), escape(&clean(whole, 300)));
    let _ = writeln!(
        svg,
        "<text class=\"{class}\" x=\"{x:.0}\" y=\"{:.1}\">{shown}<title>{whole}</title></text>",
        y + 4.0
    );
}

fn axis(svg: &mut String, scale: Scale, bottom: f64) {
    let mut lines = String::new();
    for (at, text) in scale.ticks() {
        let x = scale.x(at);
        let _ = write!(lines, "M{x:.1} {:.0}V{bottom:.1}", TOP - 4.0);
        for y in [TOP - 10.0, bottom + 15.0] {
            let _ = write!(svg, "<text class=\"mute m\" x=\"{x:.1}\" y=\"{y:.0}\">{text}</text>");
        }
    }
    let _ = writeln!(svg, "<path class=\"grid\" d=\"{lines}\"/>");
}

/// The verdicts, and what is missing from the picture.
fn notes(story: &Story, verdicts: &[Judged], drawn: usize) -> Vec<(&'static str, String)> {
    let mut notes: Vec<(&'static str, String)> = verdicts
        .iter()
        .map(|Judged { expected, is_met, found }| {
            let (class, word) = if *is_met { ("good", "✓ met") } else { ("bad", "✗ failed") };
            (class, format!("{word}: {expected}: {found}"))
        })
        .collect();
    if drawn < story.pods().len() {
        let missing = story.pods().len() - drawn;
        notes.push(("mute", format!("{missing} more pods are not drawn")));
    }
    if let Some(at) = story.records().full_at() {
        notes.push((
            "mute",
            format!("not drawn to the end: there was no room for what came after {}", Short(at)),
        ));
    }
    notes
}
