//! Curves in a terminal: of Braille dots, or of plain characters where those cannot be shown.

use std::fmt::Write as _;

use super::chart::{Chart, Panel, Point};

const WIDTH: usize = 72;
const HEIGHT: usize = 12;
/// The dots of a Braille character: 2 by 4, and the bit of each (Unicode, U+2800).
const DOTS: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// The chart, a panel below the other.
#[must_use]
pub(super) fn draw(chart: &Chart, has_unicode: bool) -> String {
    let mut out = String::new();
    for panel in &chart.panels {
        let scale = if panel.y.is_logarithmic { ", logarithmic" } else { "" };
        let _ = writeln!(out, "  {}{scale}", panel.title);
        let canvas = Canvas::of(chart, panel, has_unicode);
        let labels = labels(panel);
        let width = labels.iter().map(|(_, label)| label.chars().count()).max().unwrap_or(0);
        let (corner, bar) = if has_unicode { ('└', '│') } else { ('+', '|') };
        for (row, line) in canvas.rows(has_unicode).into_iter().enumerate() {
            let label = labels.iter().find(|(at, _)| *at == row).map_or("", |(_, label)| label);
            let _ = writeln!(out, "  {label:>width$} {bar}{}", line.trim_end());
        }
        let dash = if has_unicode { "─" } else { "-" };
        let _ = writeln!(out, "  {:>width$} {corner}{}", "", dash.repeat(WIDTH));
        let _ = writeln!(out, "  {:>width$}  {}", "", x_labels(chart));
        let legend = legend(panel, has_unicode);
        let _ = writeln!(out, "  {:>width$}  {}{legend}\n", "", chart.x_label);
    }
    out
}

/// The labels of the y axis with the rows that they stand at.
fn labels(panel: &Panel) -> Vec<(usize, String)> {
    let mut labels: Vec<(usize, String)> = vec![];
    for tick in panel.y.ticks().into_iter().rev() {
        let row = ((1.0 - panel.y.place(tick)) * (HEIGHT - 1) as f64).round() as usize;
        if labels.last().is_none_or(|(last, _)| row > *last) {
            labels.push((row, panel.words.of(tick)));
        }
    }
    labels
}

fn x_labels(chart: &Chart) -> String {
    let mut line = String::new();
    for tick in chart.x.ticks() {
        let label = chart.x_words.of(tick);
        let at = (chart.x.place(tick) * (WIDTH - 1) as f64).round() as usize;
        let begin = at.saturating_sub(label.chars().count() / 2);
        let length = line.chars().count();
        if length == 0 || begin > length {
            line.extend(std::iter::repeat_n(' ', begin - length.min(begin)));
            line += &label;
        }
    }
    line
}

fn legend(panel: &Panel, has_unicode: bool) -> String {
    let names: Vec<_> =
        panel.series.iter().filter(|series| series.is_line).map(|series| series.name).collect();
    let mut parts = vec![];
    if !names.is_empty() {
        parts.push(format!("line: {}", names.join("; ")));
    }
    if let Some(series) = panel.series.iter().find(|series| !series.is_line) {
        parts.push(format!("{}: {}", if has_unicode { '●' } else { 'o' }, series.name));
    }
    format!("    ({})", parts.join(", "))
}

/// Lines as dots, points as characters over them.
struct Canvas {
    dots: Vec<Vec<bool>>,
    marks: Vec<(usize, usize)>,
    /// Dots in a character.
    dense: (usize, usize),
}

// === impl Canvas ===

impl Canvas {
    fn of(chart: &Chart, panel: &Panel, has_unicode: bool) -> Self {
        let dense = if has_unicode { (2, 4) } else { (1, 1) };
        let dots = vec![vec![false; WIDTH * dense.0]; HEIGHT * dense.1];
        let mut canvas = Self { dots, marks: vec![], dense };
        for series in &panel.series {
            let places: Vec<_> = series
                .points
                .iter()
                .map(|Point { x, y, .. }| (chart.x.place(*x), 1.0 - panel.y.place(*y)))
                .collect();
            if series.is_line {
                places.windows(2).for_each(|pair| canvas.line(pair[0], pair[1]));
                places.iter().for_each(|place| canvas.line(*place, *place));
            } else {
                let cell = |(x, y): &(f64, f64)| {
                    ((x * (WIDTH - 1) as f64).round() as usize, (y * (HEIGHT - 1) as f64).round() as usize)
                };
                canvas.marks.extend(places.iter().map(cell));
            }
        }
        canvas
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64)) {
        let (width, height) = ((self.dots[0].len() - 1) as f64, (self.dots.len() - 1) as f64);
        let steps = ((to.0 - from.0).abs() * width).max((to.1 - from.1).abs() * height).ceil().max(1.0);
        for step in 0..=steps as u32 {
            let part = f64::from(step) / steps;
            let x = (from.0 + (to.0 - from.0) * part) * width;
            let y = (from.1 + (to.1 - from.1) * part) * height;
            self.dots[y.round() as usize][x.round() as usize] = true;
        }
    }

    fn rows(&self, has_unicode: bool) -> Vec<String> {
        let cell = |row: usize, column: usize| {
            if self.marks.contains(&(column, row)) {
                return if has_unicode { '●' } else { 'o' };
            }
            let mut bits = 0;
            for (y, line) in DOTS.iter().enumerate().take(self.dense.1) {
                for (x, bit) in line.iter().enumerate().take(self.dense.0) {
                    if self.dots[row * self.dense.1 + y][column * self.dense.0 + x] {
                        bits |= bit;
                    }
                }
            }
            match bits {
                0 => ' ',
                _ if !has_unicode => '*',
                bits => char::from_u32(0x2800 + bits).unwrap_or('*'),
            }
        };
        (0..HEIGHT).map(|row| (0..WIDTH).map(|column| cell(row, column)).collect()).collect()
    }
}
