//! The record that a server writes, and the one that it gives again; it may do either, both or none.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Entry, Recorder, Replay};
use crate::decide::{Arrival, Decision};
use crate::endpoint::{Endpoint, Endpoints};

/// Both of them.
#[derive(Debug)]
pub(crate) struct Tape {
    recorder: Mutex<Option<Recorder>>,
    /// Whether there is a recorder: asking takes a lock.
    is_recording: AtomicBool,
    replay: Option<Replay>,
}

// === impl Tape ===

impl Tape {
    /// Nothing is written yet.
    pub(crate) fn new(replay: Option<Replay>) -> Self {
        Self { recorder: Mutex::default(), is_recording: AtomicBool::new(false), replay }
    }

    /// The record that is given again.
    pub(crate) fn replay(&self) -> Option<&Replay> {
        self.replay.as_ref()
    }

    /// What the record has for this request. A server that stops says so, whatever was recorded.
    pub(crate) fn replayed(
        &self,
        endpoint: Endpoint,
        arrival: Arrival<'_>,
        endpoints: &Endpoints,
    ) -> Option<Decision> {
        let replay = self.replay.as_ref().filter(|_| !arrival.is_draining)?;
        replay.decision(endpoint, arrival.sequence, endpoints)
    }

    /// From now on everything is written.
    pub(crate) fn start(&self, recorder: Recorder) {
        *self.lock() = Some(recorder);
        self.is_recording.store(true, Relaxed);
    }

    /// Writes an entry, if a record is written.
    pub(crate) fn record(&self, entry: impl FnOnce() -> Entry) {
        if self.is_recording.load(Relaxed)
            && let Some(recorder) = &*self.lock()
        {
            recorder.take(entry());
        }
    }

    /// Writes the rest of the record, and that this is the end.
    pub(crate) fn finish(&self, at: Duration) {
        let recorder = self.lock().take();
        if let Some(recorder) = recorder {
            recorder.finish(at);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Recorder>> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
