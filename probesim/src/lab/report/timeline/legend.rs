//! What the shapes mean.

use std::fmt::Write;

use super::super::story::Standing;
use super::style::class;

const STANDINGS: [Standing; 8] = [
    Standing::Waiting,
    Standing::Starting,
    Standing::Ready,
    Standing::NotReady,
    Standing::BackOff,
    Standing::Stopping,
    Standing::Done,
    Standing::Failed,
];

const SHAPES: [(&str, &str); 7] = [
    ("s", "probe succeeded"),
    ("f", "failed"),
    ("w", "with a warning"),
    ("e", "errored"),
    ("k", "killed for a probe"),
    ("x", "exited"),
    ("a", "restarted"),
];

/// Two rows, from `y` down.
pub(super) fn legend(svg: &mut String, left: f64, y: f64) {
    let mut x = left;
    for standing in STANDINGS {
        let (name, class) = (standing.name(), class(standing));
        let _ = write!(
            svg,
            "<rect class=\"{class}\" x=\"{x:.0}\" y=\"{:.0}\" width=\"18\" height=\"11\"/>\
             <text class=\"mute\" x=\"{:.0}\" y=\"{y:.0}\">{name}</text>",
            y - 10.0,
            x + 23.0
        );
        x += step(name) + 30.0;
    }
    x = left;
    for (shape, name) in SHAPES {
        let _ = write!(
            svg,
            "<use href=\"#{shape}\" x=\"{:.0}\" y=\"{:.0}\"/><text class=\"mute\" x=\"{:.0}\" y=\"{:.0}\">{name}</text>",
            x + 7.0,
            // The marks stand on their line, the others are centred on it.
            y + if matches!(shape, "k" | "x" | "a") { 18.0 } else { 15.0 },
            x + 17.0,
            y + 19.0
        );
        x += step(name) + 24.0;
    }
}

/// How wide a word is, about.
#[expect(clippy::cast_precision_loss, reason = "words are short")]
fn step(name: &str) -> f64 {
    name.len() as f64 * 6.9
}
