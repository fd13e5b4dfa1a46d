//! `dns://`: a name resolves; to addresses as programs see them, or to records of one type in the DNS itself.

use super::deadline::Deadline;
use super::names::Names;
use super::target::Query;
use crate::verdict::{Finding, Verdict};

/// Looks the name up.
pub(super) async fn attempt(query: &Query, names: &Names, deadline: &Deadline) -> Result<Verdict, Finding> {
    let Some(record) = query.record else {
        let found = names.lookup(&query.name, deadline).await?;
        return Ok(judge(found.len(), query.at_least, ("address", "addresses")));
    };
    let count = names.count(&query.name, record, deadline).await?;
    let (one, many) = (format!("{record} record"), format!("{record} records"));
    Ok(judge(count, query.at_least, (&one, &many)))
}

fn judge(count: usize, at_least: usize, (one, many): (&str, &str)) -> Verdict {
    if count >= at_least {
        let what = if count == 1 { one } else { many };
        return Verdict::Met(Finding::state(format!("{count} {what}")));
    }
    Verdict::NotYet(Finding::state(match (count, at_least) {
        (0, 1) => format!("no {many}"),
        _ => format!("{count}/{at_least} {many}"),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_told_in_words() {
        for (count, at_least, is_met, line) in [
            (1, 1, true, "1 address"),
            (3, 2, true, "3 addresses"),
            (0, 1, false, "no addresses"),
            (0, 2, false, "0/2 addresses"),
            (1, 2, false, "1/2 addresses"),
        ] {
            let verdict = judge(count, at_least, ("address", "addresses"));
            assert_eq!((verdict.is_met(), verdict.finding().to_string()), (is_met, line.to_owned()));
        }
    }
}
