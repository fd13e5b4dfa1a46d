//! Decisions as server-sent events: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::channel::{Channel, Sender};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::time::{self, Instant};

use crate::server::engine::Event;

/// How often something is sent when nothing happens, so that proxies keep the connection.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// What has gathered is sent in pieces of about this size.
const PIECE: usize = 16 * 1024;
/// What a limit counts in.
const SECOND: Duration = Duration::from_secs(1);

/// How much a listener wants to hear: so many events of each endpoint in a second.
///
/// The limit is one of each endpoint, so that a busy one does not drown the probes of the others.
#[derive(Clone, Debug)]
struct Budget {
    limit: Option<NonZeroU32>,
    began: Instant,
    spent: Vec<u32>,
    /// Those that were left out since this was last told.
    missed: u64,
}

/// A body that never ends. What a slow client cannot take waits in the engine's ring, where the newest replace
/// the oldest, so that none of it grows.
pub(super) fn stream(
    events: Receiver<Arc<Event>>,
    limit: Option<NonZeroU32>,
    endpoints: usize,
) -> Channel<Bytes> {
    let (sender, body) = Channel::new(1);
    let budget = Budget { limit, began: Instant::now(), spent: vec![0; endpoints], missed: 0 };
    tokio::spawn(send(events, sender, budget));
    body
}

/// `?limit=N`; nothing is no limit.
pub(super) fn limit(query: Option<&str>) -> Result<Option<NonZeroU32>, &'static str> {
    let wrong = "limit: expected /events?limit=N, at most N events of each endpoint in a second";
    let number = |query: &str| query.strip_prefix("limit=")?.parse().ok();
    query.map(|query| number(query).ok_or(wrong)).transpose()
}

async fn send(mut events: Receiver<Arc<Event>>, mut sender: Sender<Bytes>, mut budget: Budget) {
    // At once, so that the client knows that it listens.
    let mut next = String::from(": listening\n\n");
    // An error means that the client left.
    while sender.send_data(Bytes::from(next)).await.is_ok() {
        next = match gather(&mut events, &mut budget).await {
            Some(text) => text,
            None => return,
        };
    }
}

/// What comes next: all that is there, or a sign of life. `None` when nothing ever comes again.
async fn gather(events: &mut Receiver<Arc<Event>>, budget: &mut Budget) -> Option<String> {
    let mut text = String::new();
    while text.is_empty() {
        gather_some(events, budget, &mut text).await.ok()?;
    }
    Some(text)
}

/// Appends what is there, which may be nothing that is wanted.
async fn gather_some(
    events: &mut Receiver<Arc<Event>>,
    budget: &mut Budget,
    text: &mut String,
) -> Result<(), RecvError> {
    match time::timeout(budget.patience(), events.recv()).await {
        Ok(Ok(event)) => budget.take(&event, Instant::now(), text),
        Ok(Err(RecvError::Lagged(missed))) => budget.missed += missed,
        Ok(Err(RecvError::Closed)) => return Err(RecvError::Closed),
        Err(_) => text.push_str(": nothing\n\n"),
    }
    while text.len() < PIECE {
        match events.try_recv() {
            Ok(event) => budget.take(&event, Instant::now(), text),
            Err(TryRecvError::Lagged(missed)) => budget.missed += missed,
            Err(TryRecvError::Empty | TryRecvError::Closed) => break,
        }
    }
    budget.tell(Instant::now(), text);
    Ok(())
}

// === impl Budget ===

impl Budget {
    /// How long to wait for an event: not much longer than it takes until the missed ones are to be told.
    fn patience(&self) -> Duration {
        if self.missed > 0 { SECOND } else { KEEP_ALIVE }
    }

    /// Appends the event, or leaves it out.
    fn take(&mut self, event: &Event, now: Instant, text: &mut String) {
        self.tell(now, text);
        let Some(limit) = self.limit else { return text.push_str(&event.frame) };
        let spent = &mut self.spent[event.endpoint.index()];
        if *spent < limit.get() {
            *spent += 1;
            text.push_str(&event.frame);
        } else {
            self.missed += 1;
        }
    }

    /// Tells how many were missed: at once if that was not wanted, else once a second.
    fn tell(&mut self, now: Instant, text: &mut String) {
        let is_over = now >= self.began + SECOND;
        if is_over {
            self.began = now;
            self.spent.fill(0);
        }
        if self.missed > 0 && (is_over || self.limit.is_none()) {
            text.push_str(&format!("event: missed\ndata: {}\n\n", self.missed));
            self.missed = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::Endpoint;

    fn event(endpoint: Endpoint) -> Event {
        Event { endpoint, frame: format!("{}.", endpoint.index()) }
    }

    fn budget(limit: u32) -> Budget {
        Budget { limit: NonZeroU32::new(limit), began: Instant::now(), spent: vec![0; 7], missed: 0 }
    }

    #[test]
    fn a_limit_is_of_each_endpoint_and_second() {
        let (mut budget, mut text) = (budget(2), String::new());
        let began = budget.began;
        for _ in 0..5 {
            budget.take(&event(Endpoint::Liveness), began, &mut text);
        }
        budget.take(&event(Endpoint::Readiness), began, &mut text);
        assert_eq!(text, "0.0.1.");
        text.clear();
        budget.take(&event(Endpoint::Liveness), began + SECOND, &mut text);
        assert_eq!(text, "event: missed\ndata: 3\n\n0.");
    }

    #[test]
    fn without_a_limit_nothing_is_left_out_and_what_was_is_told_at_once() {
        let (mut budget, mut text) = (budget(0), String::new());
        budget.missed = 7;
        for _ in 0..3 {
            budget.take(&event(Endpoint::Tcp), budget.began, &mut text);
        }
        assert_eq!(text, "event: missed\ndata: 7\n\n6.6.6.");
    }

    #[test]
    fn a_limit_is_a_number_above_0() {
        assert_eq!(limit(None), Ok(None));
        assert_eq!(limit(Some("limit=50")), Ok(NonZeroU32::new(50)));
        for wrong in ["limit=0", "limit=", "limit=-1", "limits=5", ""] {
            assert!(limit(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
