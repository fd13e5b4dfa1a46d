//! `dns://`: a name resolves; to addresses as programs see them, or to records of one type in the DNS itself.

mod exchange;
mod packet;
mod resolv;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::Path;

use rand::TryRng;
use rand::rngs::SysRng;
use tokio::time::timeout;

use self::packet::Answer;
use self::resolv::Resolv;
use super::deadline::Deadline;
use super::names::{Names, no_such_host};
use super::target::{Query, Record};
use crate::connection::describe;
use crate::verdict::{Finding, Verdict};

const RESOLV_CONF: &str = "/etc/resolv.conf";

/// Looks the name up.
pub(super) async fn attempt(
    query: &Query,
    names: &mut Names,
    deadline: &Deadline,
) -> Result<Verdict, Finding> {
    let Some(record) = query.record else {
        let found = names.lookup(&query.name, deadline).await?;
        return Ok(judge(found.len(), query.at_least, ("address", "addresses")));
    };
    // Without the file the C library asks this host.
    let text = std::fs::read_to_string(Path::new(RESOLV_CONF)).unwrap_or_default();
    let count = count(&Resolv::parse(&text), &query.name, record, deadline).await?;
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

/// The records of the first name that the given one may mean and that has some.
async fn count(resolv: &Resolv, name: &str, record: Record, deadline: &Deadline) -> Result<usize, Finding> {
    let mut is_known = false;
    let mut failed = None;
    for candidate in resolv.candidates(name) {
        match ask_each(resolv, &candidate, record, deadline).await {
            Ok(Answer::Records(0)) => is_known = true,
            Ok(Answer::Records(count)) => return Ok(count),
            Ok(_) => {}
            Err(found) => failed = Some(found),
        }
    }
    match failed {
        Some(found) => Err(found),
        None if is_known => Ok(0),
        None => Err(no_such_host()),
    }
}

/// The answer of the first server that does its work.
async fn ask_each(
    resolv: &Resolv,
    name: &str,
    record: Record,
    deadline: &Deadline,
) -> Result<Answer, Finding> {
    let mut id = [0; 2];
    SysRng.try_fill_bytes(&mut id).map_err(|error| Finding::state(format!("no randomness: {error}")))?;
    let question = packet::question(u16::from_be_bytes(id), name, record).ok_or_else(no_such_host)?;
    let mut failed = no_such_host();
    for (asked, server) in resolv.servers.iter().enumerate() {
        let share = deadline.left() / u32::try_from(resolv.servers.len() - asked).unwrap_or(1);
        failed = match timeout(share, exchange::ask(*server, &question, record)).await {
            Ok(Ok(Answer::Failed(code))) => by(server, "name lookup failed", code),
            Ok(Ok(answer)) => return Ok(answer),
            Ok(Err(error)) => by(server, "name lookup failed", &describe(&error)),
            Err(_) => by(server, "name lookup failed", "no answer"),
        };
    }
    Err(failed)
}

fn by(server: &SocketAddr, state: &str, why: &str) -> Finding {
    Finding::because(state, format!("{why} from {server}"))
}
