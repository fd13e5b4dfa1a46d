//! Writes a record beside the server: a thread of its own formats and writes, at most a second late.

use std::fs::File;
use std::io::{self, Write};
use std::mem;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;
use tracing::warn;

use super::{Entry, line};
use crate::endpoint::Endpoints;

/// The longest time that a line is not written.
const PERIOD: Duration = Duration::from_secs(1);
/// So many entries are written at once, before the second is over.
const MANY: usize = 1 << 13;
/// A disk that is so many entries behind will not catch up.
const TOO_MANY: usize = 1 << 17;

/// Takes entries, and never waits for the disk.
#[derive(Debug)]
pub(crate) struct Recorder {
    shared: Arc<Shared>,
    writer: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    news: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    entries: Vec<Entry>,
    /// The last line, once there is nothing to come.
    end: Option<Duration>,
    /// Nothing can be written any more.
    is_broken: bool,
}

// === impl Recorder ===

impl Recorder {
    /// Begins a record. A record of an earlier run is kept as `FILE.old`.
    ///
    /// # Errors
    /// The file cannot be made.
    pub(crate) fn begin(path: &Path, seed: u64, plan: &Value, endpoints: Endpoints) -> io::Result<Self> {
        if std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() > 0) {
            let mut old = path.as_os_str().to_owned();
            old.push(".old");
            std::fs::rename(path, old)?;
        }
        let file = File::create(path)?;
        let shared = Arc::new(Shared::default());
        let (of_writer, header) = (Arc::clone(&shared), line::header(seed, plan));
        let write = move || of_writer.write(file, header, &endpoints);
        let writer = thread::Builder::new().name("record".into()).spawn(write)?;
        Ok(Self { shared, writer })
    }

    /// Takes an entry.
    pub(crate) fn take(&self, entry: Entry) {
        let mut queue = self.shared.lock();
        if queue.is_broken {
            return;
        }
        if queue.entries.len() >= TOO_MANY {
            queue.is_broken = true;
            warn!("the record ends here: the disk is too slow");
            return;
        }
        queue.entries.push(entry);
        if queue.entries.len() == MANY {
            self.shared.news.notify_one();
        }
    }

    /// Writes what is left, and that this is the end.
    pub(crate) fn finish(self, at: Duration) {
        self.shared.lock().end = Some(at);
        self.shared.news.notify_one();
        // A writer that panicked has nothing left to write.
        let _ = self.writer.join();
    }
}

// === impl Shared ===

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes until the end, or until the disk does not take more.
    fn write(&self, mut file: File, header: String, endpoints: &Endpoints) {
        let mut text = header;
        let mut entries = Vec::new();
        loop {
            if let Err(error) = file.write_all(text.as_bytes()) {
                self.lock().is_broken = true;
                return warn!(%error, "the record ends here: it cannot be written");
            }
            text.clear();
            let end = self.next(&mut entries);
            for entry in entries.drain(..) {
                entry.write(endpoints, &mut text);
            }
            if let Some(at) = end {
                text.push_str(&line::end(at));
                if let Err(error) = file.write_all(text.as_bytes()) {
                    warn!(%error, "the end of the record cannot be written");
                }
                return;
            }
        }
    }

    /// Waits for entries; the time of the end, once it is there.
    fn next(&self, entries: &mut Vec<Entry>) -> Option<Duration> {
        let queue = self.lock();
        let is_quiet = |queue: &mut Queue| queue.entries.len() < MANY && queue.end.is_none();
        let waited = self.news.wait_timeout_while(queue, PERIOD, is_quiet);
        let (mut queue, _) = waited.unwrap_or_else(PoisonError::into_inner);
        mem::swap(&mut queue.entries, entries);
        queue.end
    }
}
