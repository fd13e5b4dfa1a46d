//! The body of a watch: events as they happen, bookmarks and the end on time.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::view::View;
use crate::lab::api::fault::Network;
use crate::lab::api::requests::OpenWatch;
use crate::lab::schema::resources::Resource;
use crate::lab::store::live::{self, LiveStore};
use crate::lab::store::watch::{Event, Watcher};

/// Bytes per chunk at most, so that a large initial state does not become one large buffer.
const CHUNK: usize = 32 * 1024;
/// Changes per look at the store at most.
const BATCH: usize = 256;
/// The last bookmark comes this long before the end (`pkg/storage/cacher`).
const BEFORE_THE_END: Duration = Duration::from_secs(2);

/// An open watch.
#[derive(Debug)]
pub(in crate::lab::api) struct Stream {
    pub(super) resource: Arc<Resource>,
    /// `None` once an ERROR event was queued: it is the last one.
    pub(super) watcher: Option<Watcher>,
    pub(super) queue: VecDeque<Event>,
    pub(super) view: View,
    pub(super) store: LiveStore,
    pub(super) timing: Timing,
    revision: watch::Receiver<u64>,
    network: watch::Receiver<Network>,
    ends: u64,
    injected: usize,
    _open: OpenWatch,
}

/// When a watch sends bookmarks, and when it ends.
#[derive(Clone, Copy, Debug)]
pub(in crate::lab::api) struct Timing {
    pub(super) deadline: Instant,
    pub(super) bookmark_interval: Duration,
    next_bookmark: Instant,
}

/// What woke a watch.
enum Wake {
    Change,
    Bookmark,
    End,
}

// === impl Timing ===

impl Timing {
    pub(in crate::lab::api) fn new(now: Instant, lasts: Duration, bookmark_interval: Duration) -> Self {
        let mut timing =
            Self { deadline: now + lasts, bookmark_interval, next_bookmark: now + bookmark_interval };
        timing.schedule(now);
        timing
    }

    /// The next bookmark: after the interval, and once more shortly before the end.
    fn schedule(&mut self, now: Instant) {
        let regular = now + self.bookmark_interval;
        let last = self.deadline.checked_sub(BEFORE_THE_END).filter(|last| *last > now);
        self.next_bookmark = last.map_or(regular, |last| regular.min(last));
    }
}

// === impl Stream ===

impl Stream {
    pub(in crate::lab::api) fn new(
        resource: Arc<Resource>,
        (watcher, events): (Option<Watcher>, Vec<Event>),
        view: View,
        store: &LiveStore,
        timing: Timing,
        mut network: watch::Receiver<Network>,
        open: OpenWatch,
    ) -> Self {
        let (ends, injected) = {
            let now = network.borrow_and_update();
            (now.ends, now.injected.len())
        };
        Self {
            resource,
            watcher,
            queue: events.into(),
            view,
            store: store.clone(),
            timing,
            revision: store.subscribe(),
            network,
            ends,
            injected,
            _open: open,
        }
    }

    /// The next piece of the body, and the stream for what follows; `None` at the end.
    pub(super) async fn next(mut self) -> Option<(Bytes, Self)> {
        loop {
            self.network.wait_for(|network| !network.is_silent).await.ok()?;
            if let Some(bytes) = self.injected() {
                return Some((bytes, self));
            }
            if self.network.borrow_and_update().ends != self.ends {
                return None;
            }
            self.revision.mark_unchanged();
            if self.queue.is_empty() {
                if Instant::now() >= self.timing.deadline {
                    return None;
                }
                let caught = self.watcher.as_mut()?.catch_up(&self.store.lock(), BATCH);
                // Overrun: the stream just ends, and the client lists again.
                self.queue.extend(caught.ok()?);
            }
            if !self.queue.is_empty() {
                return Some((self.chunk(), self));
            }
            match self.wake().await {
                Wake::Change => {}
                Wake::Bookmark => {
                    self.timing.schedule(Instant::now());
                    self.queue.extend(self.watcher.as_ref().and_then(Watcher::bookmark));
                }
                Wake::End => return None,
            }
        }
    }

    async fn wake(&mut self) -> Wake {
        tokio::select! {
            _ = self.revision.changed() => Wake::Change,
            _ = self.network.changed() => Wake::Change,
            () = sleep_until(self.timing.next_bookmark) => Wake::Bookmark,
            () = sleep_until(self.timing.deadline) => Wake::End,
        }
    }

    /// As many queued events as fit a chunk, at least one.
    fn chunk(&mut self) -> Bytes {
        self.view.set_now(live::now());
        let mut out = Vec::new();
        while out.len() < CHUNK
            && let Some(event) = self.queue.pop_front()
        {
            event.write(&self.resource, &mut self.view, &mut out);
        }
        Bytes::from(out)
    }

    fn injected(&mut self) -> Option<Bytes> {
        let bytes = self.network.borrow().injected.get(self.injected).cloned()?;
        self.injected += 1;
        Some(bytes)
    }
}
