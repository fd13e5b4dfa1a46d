//! Every request that the server has seen, so that tests can wait for one instead of sleeping.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio::time::Instant;

/// How many requests are remembered.
const KEPT: usize = 20_000;

/// One request and what became of it.
#[derive(Clone, Debug)]
pub struct Request {
    /// Counts from 0 and never repeats.
    pub number: u64,
    /// When it arrived.
    pub at: Instant,
    /// HTTP method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// Query, undecoded.
    pub query: String,
    /// `get`, `list`, `watch`, …; empty for paths that are not resources.
    pub verb: String,
    /// Plural name of the resource; empty for paths that are none.
    pub resource: String,
    /// Status code, once answered.
    pub status: Option<u16>,
    /// Whether it is a watch that is still open.
    pub is_open_watch: bool,
}

/// The log; clones share it.
#[derive(Clone, Debug)]
pub(super) struct Requests {
    kept: Arc<Mutex<VecDeque<Request>>>,
    /// Counts everything that happens to the log.
    news: watch::Sender<u64>,
}

/// Marks a watch as closed when it is dropped.
#[derive(Debug)]
pub(super) struct OpenWatch {
    log: Requests,
    number: u64,
}

// === impl Request ===

impl Request {
    /// Whether it is a watch.
    #[must_use]
    pub fn is_watch(&self) -> bool {
        self.verb == "watch"
    }
}

// === impl Requests ===

impl Requests {
    pub(super) fn new() -> Self {
        Self { kept: Arc::default(), news: watch::Sender::new(0) }
    }

    /// Adds a request; its number is given here.
    pub(super) fn arrived(&self, mut request: Request) -> u64 {
        let mut kept = self.lock();
        let number = kept.back().map_or(0, |last| last.number + 1);
        request.number = number;
        kept.push_back(request);
        if kept.len() > KEPT {
            kept.pop_front();
        }
        drop(kept);
        self.tell();
        number
    }

    pub(super) fn answered(&self, number: u64, status: u16) {
        self.update(number, |request| request.status = Some(status));
    }

    /// Notes a watch as open until the returned guard is dropped.
    pub(super) fn open(&self, number: u64) -> OpenWatch {
        self.update(number, |request| request.is_open_watch = true);
        OpenWatch { log: self.clone(), number }
    }

    pub(super) fn all(&self) -> Vec<Request> {
        self.lock().iter().cloned().collect()
    }

    /// How many requests there have been.
    pub(super) fn count(&self) -> u64 {
        self.lock().back().map_or(0, |last| last.number + 1)
    }

    /// The first request numbered `since` or later that satisfies the claim, now or once it comes.
    pub(super) async fn wait_for(&self, since: u64, is_it: impl Fn(&Request) -> bool) -> Request {
        let mut news = self.news.subscribe();
        loop {
            news.mark_unchanged();
            let found = self.lock().iter().find(|r| r.number >= since && is_it(r)).cloned();
            if let Some(request) = found {
                return request;
            }
            // The sender lives in `self`: waiting cannot fail.
            let _ = news.changed().await;
        }
    }

    /// Waits until as many watches are open as `is_enough` wants.
    pub(super) async fn wait_for_watches(&self, is_enough: impl Fn(usize) -> bool) {
        let mut news = self.news.subscribe();
        loop {
            news.mark_unchanged();
            if is_enough(self.open_watches()) {
                return;
            }
            let _ = news.changed().await;
        }
    }

    pub(super) fn open_watches(&self) -> usize {
        self.lock().iter().filter(|request| request.is_open_watch).count()
    }

    fn update(&self, number: u64, change: impl FnOnce(&mut Request)) {
        let mut kept = self.lock();
        let first = kept.front().map_or(0, |first| first.number);
        let at = usize::try_from(number.wrapping_sub(first)).unwrap_or(usize::MAX);
        if let Some(request) = kept.get_mut(at) {
            change(request);
        }
        drop(kept);
        self.tell();
    }

    fn tell(&self) {
        self.news.send_modify(|news| *news += 1);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Request>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl OpenWatch ===

impl Drop for OpenWatch {
    fn drop(&mut self) {
        self.log.update(self.number, |request| request.is_open_watch = false);
    }
}
