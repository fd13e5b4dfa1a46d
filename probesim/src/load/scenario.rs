//! A scenario's phases, as faults.

use std::time::Duration;

use crate::endpoint::Endpoints;
use crate::plan::spec::{self, Spec};
use crate::plan::when::Phase;
use crate::value;
use crate::yaml::{Node, Reader};

pub(super) fn scenario(reader: &mut Reader, node: &Node, endpoints: &Endpoints) -> Vec<Spec> {
    let fields = reader.fields(node, "scenario", &["repeat", "phases"]);
    let repeats = reader.read(&fields, "repeat", value::boolean).unwrap_or_default();
    let Some(phases) = fields.get("phases") else {
        reader.refuse(fields.line, "scenario.phases", "missing");
        return vec![];
    };
    let phases: Vec<_> = reader.items(phases).iter().enumerate().collect();
    let last = phases.len().saturating_sub(1);
    let mut timed = vec![];
    let mut begin = Duration::ZERO;
    for (n, item) in phases {
        let path = format!("scenario.phases[{n}]");
        let phase = reader.fields(item, &path, &["name", "for", "faults"]);
        let length = reader.read(&phase, "for", value::with_unit);
        if phase.get("for").is_none() && (n < last || repeats) {
            reader.refuse(item.line, &format!("{path}.for"), "missing: only the last phase may last");
        } else if length == Some(Duration::ZERO) {
            reader.refuse(phase.line_of("for"), &format!("{path}.for"), "expected a time of more than 0");
        }
        let name = reader.read(&phase, "name", value::text).unwrap_or_else(|| format!("phase-{}", n + 1));
        let until = length.map(|length| begin.saturating_add(length));
        timed.push((path, name, phase, begin, until));
        begin = until.unwrap_or(begin);
    }
    let cycle = repeats.then_some(begin).filter(|cycle| !cycle.is_zero());
    let mut specs = vec![];
    for (path, name, phase, from, until) in timed {
        let Some(faults) = phase.get("faults") else { continue };
        let phase = Some(Phase { from, until, cycle });
        let (path, prefix) = (format!("{path}.faults"), format!("{name}-"));
        specs.extend(spec::specs(reader, faults, &path, &prefix, endpoints, phase));
    }
    specs
}
