//! The servers of `/etc/resolv.conf`: the first one that does its work answers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rand::TryRng;
use rand::rngs::SysRng;
use tokio::time::timeout;

use super::exchange;
use super::packet::{Answer, Question, Records};
use super::resolv::Resolv;
use super::search::Outcome;
use crate::connection::describe;
use crate::message::clean;
use crate::network::deadline::Deadline;
use crate::network::race::{Attempt, race};
use crate::network::target::Record;
use crate::verdict::Finding;

/// No server gets company sooner than this.
const SHORTEST: Duration = Duration::from_millis(50);
/// How long the other family's addresses are waited for at the most, once there are some: as long as an address that
/// does not answer has to itself, <https://www.rfc-editor.org/rfc/rfc8305#section-8>.
const DELAY: Duration = Duration::from_millis(250);

/// Those to ask in one attempt.
pub(super) struct Servers<'a> {
    resolv: &'a Resolv,
    deadline: &'a Deadline,
    /// How long the first one has to itself.
    head_start: Duration,
    /// Which one answered last: those before it are silent.
    alive: AtomicUsize,
}

// === impl Servers ===

impl<'a> Servers<'a> {
    /// Servers that are to be asked for so many names.
    pub(super) fn new(resolv: &'a Resolv, names: usize, deadline: &'a Deadline) -> Self {
        let questions = u32::try_from(names.max(1) * resolv.servers.len()).unwrap_or(u32::MAX);
        let head_start = (deadline.left() / questions).clamp(SHORTEST, resolv.timeout);
        Self { resolv, deadline, head_start, alive: AtomicUsize::new(0) }
    }

    /// Addresses of both families, asked for side by side; one family is enough.
    pub(super) async fn addresses(&self, name: &str) -> Outcome {
        let four = self.records(name, Record::A);
        if self.resolv.is_ipv4 {
            return four.await;
        }
        let six = self.records(name, Record::Aaaa);
        tokio::pin!(four, six);
        tokio::select! {
            biased;
            four = &mut four => both(self.other(&four, six).await, four),
            six = &mut six => {
                let four = self.other(&six, four).await;
                both(six, four)
            }
        }
    }

    async fn other(&self, first: &Outcome, second: impl Future<Output = Outcome>) -> Outcome {
        let patience = match first {
            Outcome::Found(_) => DELAY.min(self.deadline.left() / 2),
            _ => Duration::MAX,
        };
        timeout(patience, second).await.unwrap_or(Outcome::Empty)
    }

    /// Records of one type.
    pub(super) async fn records(&self, name: &str, record: Record) -> Outcome {
        match self.ask(name, record).await {
            Ok(Answer::Records(records) | Answer::Truncated(records)) if records.count > 0 => {
                Outcome::Found(records)
            }
            Ok(Answer::Records(_) | Answer::Truncated(_)) => Outcome::Empty,
            Ok(Answer::NoName | Answer::Failed(_)) => Outcome::NoName,
            Err(finding) => Outcome::Failed(finding),
        }
    }

    async fn ask(&self, name: &str, record: Record) -> Result<Answer, Finding> {
        let mut id = [0; 2];
        SysRng.try_fill_bytes(&mut id).map_err(|error| Finding::state(format!("no randomness: {error}")))?;
        // A domain may make a name longer than names are.
        let Some(question) = Question::new(u16::from_be_bytes(id), name, record) else {
            return Ok(Answer::NoName);
        };
        let Resolv { servers, is_tcp, attempts, timeout: longest, .. } = self.resolv;
        let patience = (self.deadline.left() / *attempts).min(*longest);
        let first = self.alive.load(Ordering::Relaxed);
        let places = (0..servers.len()).map(|place| (first + place) % servers.len());
        let tries = places.filter_map(|place| Some((place, *servers.get(place)?)));
        let question = &question;
        let tries = tries.map(|(place, server)| -> Attempt<'_, Answer, (usize, String)> {
            Box::pin(async move {
                let asking = exchange::ask(server, question, *is_tcp, *attempts, patience);
                let why = match timeout(self.deadline.left(), asking).await {
                    Ok(Ok(Answer::Failed(code))) => code.to_owned(),
                    Ok(Ok(answer)) => {
                        self.alive.store(place, Ordering::Relaxed);
                        return Ok(answer);
                    }
                    Ok(Err(error)) => describe(&error),
                    Err(_) => "no answer".to_owned(),
                };
                Err((place, format!("{why} from {server}")))
            })
        });
        race(tries.collect(), self.head_start).await.map_err(|mut failed| {
            failed.sort();
            let why: Vec<String> = failed.into_iter().map(|(_, why)| why).collect();
            let name = clean(name.trim_end_matches('.'));
            Finding::because("name lookup failed", format!("{} for {name}", why.join(", ")))
        })
    }
}

/// What both families come to. They take turns, so that one without a way to it leaves the other its time.
fn both(six: Outcome, four: Outcome) -> Outcome {
    match (six, four) {
        (Outcome::Found(six), Outcome::Found(four)) => {
            let mut addresses = Vec::with_capacity(six.addresses.len() + four.addresses.len());
            let (mut six, mut four) = (six.addresses.into_iter(), four.addresses.into_iter());
            loop {
                let turn = [six.next(), four.next()];
                if turn == [None, None] {
                    return Outcome::Found(Records { count: addresses.len(), addresses });
                }
                addresses.extend(turn.into_iter().flatten());
            }
        }
        (found @ Outcome::Found(_), _) | (_, found @ Outcome::Found(_)) => found,
        (failed @ Outcome::Failed(_), _) | (_, failed @ Outcome::Failed(_)) => failed,
        (Outcome::NoName, Outcome::NoName) => Outcome::NoName,
        _ => Outcome::Empty,
    }
}
