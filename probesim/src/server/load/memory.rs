//! Memory that is held for nothing.

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use memmap2::MmapMut;
use tracing::warn;

/// So much is taken or given back at a time, so that a change of mind is soon heard.
const CHUNK: u64 = 16 << 20;
/// The smallest page there is: each is written to, or the kernel would not give it.
const PAGE: usize = 4096;

/// Holds memory. A thread of its own takes it, as touching a page takes time.
#[derive(Debug, Default)]
pub(super) struct Ballast {
    wanted: u64,
    shared: Option<Arc<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    wanted: Mutex<u64>,
    news: Condvar,
}

// === impl Ballast ===

impl Ballast {
    /// Holds so many bytes from soon on.
    pub(super) fn hold(&mut self, bytes: u64) {
        if bytes == self.wanted {
            return;
        }
        self.wanted = bytes;
        let shared = self.shared.get_or_insert_with(|| {
            let shared = Arc::new(Shared::default());
            let of_thread = Arc::clone(&shared);
            if let Err(error) = thread::Builder::new().name("memory".into()).spawn(move || of_thread.keep()) {
                warn!(%error, "no memory is held: no thread can be started");
            }
            shared
        });
        *shared.wanted.lock().unwrap_or_else(PoisonError::into_inner) = bytes;
        shared.news.notify_one();
    }
}

// === impl Shared ===

impl Shared {
    fn keep(&self) {
        let mut chunks: Vec<MmapMut> = vec![];
        loop {
            let held: u64 = chunks.iter().map(|chunk| chunk.len() as u64).sum();
            let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
            while *wanted == held {
                wanted = self.news.wait(wanted).unwrap_or_else(PoisonError::into_inner);
            }
            let wanted = *wanted;
            if wanted < held {
                // Unmapped at once: no allocator keeps it for later.
                chunks.pop();
                continue;
            }
            match touched((wanted - held).min(CHUNK)) {
                Ok(chunk) => chunks.push(chunk),
                Err(error) => {
                    warn!(%error, held, wanted, "the system gives no more memory");
                    let unchanged = |now: &mut u64| *now == wanted;
                    let guard = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
                    drop(self.news.wait_while(guard, unchanged));
                }
            }
        }
    }
}

fn touched(bytes: u64) -> std::io::Result<MmapMut> {
    let mut map = MmapMut::map_anon(usize::try_from(bytes).unwrap_or(usize::MAX))?;
    map.iter_mut().step_by(PAGE).for_each(|byte| *byte = 1);
    Ok(map)
}
