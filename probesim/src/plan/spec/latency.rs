//! A latency, as it is written.

use crate::plan::Latency;
use crate::value;
use crate::yaml::{Content, Fields, Node, Reader};

pub(super) fn read(reader: &mut Reader, fields: &Fields<'_>) -> Option<Latency> {
    let node = fields.get("latency")?;
    let path = fields.path_of("latency");
    let Content::Map(entries) = &node.content else {
        return reader.scalar(node, &path, value::with_unit).map(Latency::Fixed);
    };
    if let [(key, _, inner)] = entries.as_slice() {
        match key.as_str() {
            "uniform" => return uniform(reader, inner, &format!("{path}.uniform")),
            "normal" => return normal(reader, inner, &format!("{path}.normal")),
            _ => {}
        }
    }
    percentiles(reader, entries, &path, node.line)
}

fn uniform(reader: &mut Reader, node: &Node, path: &str) -> Option<Latency> {
    let times: Vec<_> =
        reader.items(node).iter().map(|item| reader.scalar(item, path, value::with_unit)).collect();
    let [from, to] = times[..] else {
        reader.refuse(node.line, path, "expected two times: [100ms, 300ms]");
        return None;
    };
    let (from, to) = (from?, to?);
    if to < from {
        reader.refuse(node.line, path, "the first time must not be longer than the second");
    }
    Some(Latency::Uniform(from, to))
}

fn normal(reader: &mut Reader, node: &Node, path: &str) -> Option<Latency> {
    let fields = reader.fields(node, path, &["mean", "deviation"]);
    let mean = reader.require(&fields, "mean", value::with_unit);
    let deviation = reader.require(&fields, "deviation", value::with_unit);
    Some(Latency::Normal { mean: mean?, deviation: deviation? })
}

fn percentiles(
    reader: &mut Reader,
    entries: &[(String, usize, Node)],
    path: &str,
    line: usize,
) -> Option<Latency> {
    let mut points = vec![];
    for (key, line, node) in entries {
        let percent = key.strip_prefix('p').and_then(|number| number.parse::<f64>().ok());
        match percent.filter(|percent| (0.0..=100.0).contains(percent)) {
            Some(percent) => {
                let time = reader.scalar(node, &format!("{path}.{key}"), value::with_unit);
                points.extend(time.map(|time| (percent, time)));
            }
            None => {
                let message = "expected uniform, normal, or percentiles such as p50 and p99.9";
                reader.refuse(*line, &format!("{path}.{key}"), message);
            }
        }
    }
    points.sort_by(|left, right| left.0.total_cmp(&right.0));
    let rises = points.windows(2).all(|pair| pair[0].0 < pair[1].0 && pair[0].1 <= pair[1].1);
    if !rises || points.is_empty() {
        reader.refuse(line, path, "the times must rise with the percentiles");
    }
    Some(Latency::Percentiles(points))
}
