//! The rows of a sweep as a table, and as JSON.

use serde_json::{Value, json};

use super::measure::Figure;
use super::sweep::{Row, Sweep};
use super::words::{digits, share, time};

/// The rows as JSON.
#[must_use]
pub(super) fn json(sweep: &Sweep, rows: &[Row]) -> Value {
    let figure = |figure: &Figure| {
        let simulated = figure.simulated.map(|it| json!({"mean": it.mean, "interval95": [it.low, it.high]}));
        json!({"formula": figure.formula, "simulated": simulated})
    };
    let detection =
        |detection: Option<(f64, f64)>| detection.map(|(mean, worst)| json!({"mean": mean, "worst": worst}));
    let rows = rows.iter().map(|row| {
        json!({
            "value": row.value,
            "restarts": figure(&row.restarts),
            "unready": figure(&row.unready),
            "livenessDetection": detection(row.detection[0]),
            "readinessDetection": detection(row.detection[1]),
        })
    });
    json!({"sweep": sweep.to_string(), "rows": rows.collect::<Value>()})
}

/// The rows as a table.
#[must_use]
pub(super) fn table(sweep: &Sweep, rows: &[Row]) -> String {
    let has = |kind: usize| sweep.moves_detection() && rows.iter().any(|row| row.detection[kind].is_some());
    let has_formula = rows.iter().any(|row| row.restarts.formula.is_some());
    let mut head = vec![sweep.to_string()];
    for title in ["restarts a day", "unready"] {
        if has_formula {
            head.push(format!("{title}, formula"));
        }
        head.push(if has_formula { "simulated ± 95 %".into() } else { format!("{title} ± 95 %") });
    }
    for (kind, name) in ["liveness", "readiness"].iter().enumerate() {
        if has(kind) {
            head.push(format!("{name} sees in"));
            head.push("at worst".into());
        }
    }
    let mut lines = vec![head];
    for row in rows {
        let mut line = vec![sweep.words(row.value)];
        for (figure, words) in [(row.restarts, digits as fn(f64) -> String), (row.unready, share)] {
            if has_formula {
                line.push(figure.formula.map_or_else(String::new, words));
            }
            line.push(figure.simulated.map_or_else(String::new, |it| {
                if it.mean == 0.0 && it.high <= 0.0 {
                    "none seen".into()
                } else if it.mean == 0.0 {
                    format!("< {}", words(it.high))
                } else {
                    format!("{} ± {}", words(it.mean), words((it.high - it.low) / 2.0))
                }
            }));
        }
        for kind in [0, 1].into_iter().filter(|kind| has(*kind)) {
            let (mean, worst) = row.detection[kind].unwrap_or_default();
            line.extend([time(mean), time(worst)]);
        }
        lines.push(line);
    }
    let remark =
        "  a formula knows one probe and no back-off: where the two differ, the simulation is right\n";
    aligned(&lines) + if has_formula { remark } else { "" }
}

fn aligned(lines: &[Vec<String>]) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..lines.first().map_or(0, Vec::len)).map(width).collect();
    let mut out = String::new();
    for line in lines {
        out.push_str("  ");
        for (cell, width) in line.iter().zip(&widths) {
            out.extend(std::iter::repeat_n(' ', 2 + width - cell.chars().count()));
            out.push_str(cell);
        }
        out.push('\n');
    }
    out
}
