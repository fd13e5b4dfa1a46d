//! Curves as an SVG that needs nothing else: readable on light and dark ground.

use std::fmt::Write as _;

use super::chart::{Chart, Panel, Series};

const WIDTH: f64 = 820.0;
const LEFT: f64 = 96.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 64.0;
/// Of one panel: its title and legend, its plot, its axis.
const HEAD: f64 = 44.0;
const PLOT: f64 = 210.0;
const FOOT: f64 = 56.0;

/// One colour for a series; they differ in lightness too.
const STYLE: &str = "\
:root{--ground:#fff;--text:#1f2328;--quiet:#59636e;--grid:#e4e8ec;--a:#0b5cad;--b:#c4490a;--c:#1a7f37;--d:#8250df}
@media(prefers-color-scheme:dark){:root{--ground:#14181d;--text:#e6edf3;--quiet:#9aa6b2;--grid:#2d343c;--a:#63b0ff;--b:#ff9a5c;\
--c:#5bd07a;--d:#c4a2ff}}
svg{background:var(--ground)}text{font:13px system-ui,sans-serif;fill:var(--text)}.quiet{fill:var(--quiet);font-size:12px}
.title{font-size:17px;font-weight:600}.head{font-weight:600}.grid{stroke:var(--grid)}.axis{stroke:var(--quiet)}
.line{fill:none;stroke-width:2}.bar{stroke-width:1.5}";

/// The chart as an SVG document.
#[must_use]
pub(super) fn draw(chart: &Chart) -> String {
    let height = TOP + chart.panels.len() as f64 * (HEAD + PLOT + FOOT);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\">\n<title>{title}</title>\n<style>{STYLE}</style>\n<rect width=\"{WIDTH}\" \
         height=\"{height}\" fill=\"var(--ground)\"/>\n<text class=\"title\" x=\"{LEFT}\" y=\"34\">{title}</text>\n\
         <text class=\"quiet\" x=\"{LEFT}\" y=\"54\">over {label}</text>\n",
        title = escape(&chart.title),
        label = escape(&chart.x_label),
    );
    for (number, panel) in chart.panels.iter().enumerate() {
        let top = TOP + number as f64 * (HEAD + PLOT + FOOT) + HEAD;
        draw_panel(&mut out, chart, panel, top);
    }
    out.push_str("</svg>\n");
    out
}

fn draw_panel(out: &mut String, chart: &Chart, panel: &Panel, top: f64) {
    let (bottom, right) = (top + PLOT, WIDTH - RIGHT);
    let x = |value: f64| LEFT + chart.x.place(value) * (right - LEFT);
    let y = |value: f64| bottom - panel.y.place(value) * PLOT;
    let scale = if panel.y.is_logarithmic { " (logarithmic)" } else { "" };
    let _ = writeln!(
        out,
        "<text class=\"head\" x=\"{LEFT}\" y=\"{:.0}\">{}{scale}</text>",
        top - 26.0,
        panel.title
    );
    legend(out, panel, top - 8.0);
    for tick in panel.y.ticks() {
        let at = y(tick);
        let label = panel.words.of(tick);
        let _ = writeln!(
            out,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{at:.1}\" y2=\"{at:.1}\"/>"
        );
        let _ = writeln!(
            out,
            "<text class=\"quiet\" text-anchor=\"end\" x=\"{:.0}\" y=\"{:.1}\">{label}</text>",
            LEFT - 8.0,
            at + 4.0
        );
    }
    for tick in chart.x.ticks() {
        let at = x(tick);
        let label = chart.x_words.of(tick);
        let _ = writeln!(
            out,
            "<line class=\"axis\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{bottom}\" y2=\"{:.0}\"/>\
             <text class=\"quiet\" text-anchor=\"middle\" x=\"{at:.1}\" y=\"{:.0}\">{label}</text>",
            bottom + 5.0,
            bottom + 19.0
        );
    }
    let _ =
        writeln!(out, "<line class=\"axis\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{bottom}\" y2=\"{bottom}\"/>");
    let middle = f64::midpoint(LEFT, right);
    let _ = writeln!(
        out,
        "<text class=\"quiet\" text-anchor=\"middle\" x=\"{middle:.0}\" y=\"{:.0}\">{}</text>",
        bottom + 38.0,
        escape(&chart.x_label)
    );
    for (number, series) in panel.series.iter().enumerate() {
        draw_series(out, series, colour(number), x, y);
    }
}

fn draw_series(
    out: &mut String,
    series: &Series,
    colour: &str,
    x: impl Fn(f64) -> f64,
    y: impl Fn(f64) -> f64,
) {
    if series.is_line {
        let points: Vec<_> =
            series.points.iter().map(|point| format!("{:.1},{:.1}", x(point.x), y(point.y))).collect();
        let _ =
            writeln!(out, "<polyline class=\"line\" stroke=\"{colour}\" points=\"{}\"/>", points.join(" "));
        return;
    }
    for point in &series.points {
        let at = x(point.x);
        let _ = writeln!(
            out,
            "<line class=\"bar\" stroke=\"{colour}\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"/>\
             <circle fill=\"{colour}\" cx=\"{at:.1}\" cy=\"{:.1}\" r=\"3.5\"/>",
            y(point.low),
            y(point.high),
            y(point.y)
        );
    }
}

fn legend(out: &mut String, panel: &Panel, y: f64) {
    let mut x = LEFT;
    for (number, series) in panel.series.iter().enumerate() {
        let colour = colour(number);
        let sign = if series.is_line {
            format!(
                "<line stroke=\"{colour}\" stroke-width=\"2\" x1=\"{x}\" x2=\"{}\" y1=\"{1}\" y2=\"{1}\"/>",
                x + 18.0,
                y - 4.0
            )
        } else {
            format!("<circle fill=\"{colour}\" cx=\"{}\" cy=\"{}\" r=\"3.5\"/>", x + 9.0, y - 4.0)
        };
        let _ =
            writeln!(out, "{sign}<text class=\"quiet\" x=\"{}\" y=\"{y}\">{}</text>", x + 24.0, series.name);
        x += 44.0 + series.name.len() as f64 * 6.6;
    }
}

const fn colour(number: usize) -> &'static str {
    ["var(--a)", "var(--b)", "var(--c)", "var(--d)"][number % 4]
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
