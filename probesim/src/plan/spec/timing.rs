//! When, as it is written.

use super::positive;
use crate::plan::Rate;
use crate::plan::when::{Bursts, Flap, Phase, Timing, Turns};
use crate::value;
use crate::yaml::{Fields, Reader};

pub(super) fn timing(reader: &mut Reader, fields: &Fields<'_>, phase: Option<Phase>) -> Timing {
    let after = reader.read(fields, "after", value::with_unit).unwrap_or_default();
    let length = reader.read(fields, "for", value::with_unit);
    let until = reader.read(fields, "until", value::with_unit);
    if let (Some(_), Some(_)) = (length, until) {
        reader.refuse(fields.line_of("until"), &fields.path_of("until"), "give `for` or `until`, not both");
    }
    if until.is_some_and(|until| until <= after) {
        let message = "ends before it begins: it must be later than `after`";
        reader.refuse(fields.line_of("until"), &fields.path_of("until"), message);
    }
    Timing {
        rate: reader.read(fields, "rate", value::rate).unwrap_or(Rate::ALWAYS),
        ramp: reader.read(fields, "ramp", positive),
        after,
        until: until.or_else(|| length.map(|length| after.saturating_add(length))),
        turns: turns(reader, fields),
        flap: flap(reader, fields),
        bursts: bursts(reader, fields),
        starts: reader.read(fields, "starts", value::count),
        phase,
    }
}

fn turns(reader: &mut Reader, fields: &Fields<'_>) -> Option<Turns> {
    fields.first_of(&["pass", "fail", "repeat"])?;
    let pass = reader.read(fields, "pass", value::count).unwrap_or_default();
    let fail = reader.read(fields, "fail", value::count);
    let repeats = reader.read(fields, "repeat", value::boolean).unwrap_or_default();
    if repeats && fail.is_none() {
        reader.refuse(
            fields.line_of("repeat"),
            &fields.path_of("repeat"),
            "needs `fail`: when to begin anew",
        );
    }
    Some(Turns { pass, fail, repeats })
}

fn flap(reader: &mut Reader, fields: &Fields<'_>) -> Option<Flap> {
    let node = fields.get("flap")?;
    let flap = reader.fields(node, &fields.path_of("flap"), &["period", "duty"]);
    let period = reader.require(&flap, "period", positive);
    let duty = reader.read(&flap, "duty", value::rate).or_else(|| Rate::from_percent(50.0))?;
    Some(Flap { period: period?, duty })
}

fn bursts(reader: &mut Reader, fields: &Fields<'_>) -> Option<Bursts> {
    let node = fields.get("bursts")?;
    let path = fields.path_of("bursts");
    let bursts = reader.fields(node, &path, &["gap", "length"]);
    let gap = reader.require(&bursts, "gap", value::count);
    let length = reader.require(&bursts, "length", value::count);
    let bursts = Bursts::new(gap?, length?);
    if bursts.is_none() {
        reader.refuse(node.line, &path, "gap must be 1 or more, length from 1 to 1000");
    }
    bursts
}
