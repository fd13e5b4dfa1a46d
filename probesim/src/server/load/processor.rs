//! Processor time that is taken for nothing.

use std::hint;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::thread::{self, Thread};
use std::time::Duration;

use tokio::time::Instant;
use tracing::warn;

/// Busy and idle together: short, so that a probe beside it sees the same load whenever it comes.
const PERIOD: Duration = Duration::from_millis(20);
/// Between two looks at the clock.
const ROUNDS: u32 = 1_000;

/// Threads that are busy for a part of each period. There are never more than were needed at once.
#[derive(Debug, Default)]
pub(super) struct Burners {
    wanted: u32,
    all: Vec<(Arc<AtomicU32>, Thread)>,
}

// === impl Burners ===

impl Burners {
    /// Takes so many thousandths of a core from now on, a whole core at most with one thread.
    pub(super) fn take(&mut self, millicores: u32) {
        if millicores == self.wanted {
            return;
        }
        self.wanted = millicores;
        let threads = millicores.div_ceil(1_000);
        while self.all.len() < threads as usize {
            let share = Arc::new(AtomicU32::new(0));
            let of_thread = Arc::clone(&share);
            match thread::Builder::new().name("cpu".into()).spawn(move || burn(&of_thread)) {
                Ok(handle) => self.all.push((share, handle.thread().clone())),
                Err(error) => {
                    warn!(%error, "no processor time is taken: no thread can be started");
                    break;
                }
            }
        }
        for (n, (share, thread)) in self.all.iter().enumerate() {
            let of_this = if n < threads as usize { millicores / threads } else { 0 };
            share.store(of_this, Relaxed);
            thread.unpark();
        }
    }
}

fn burn(share: &AtomicU32) {
    loop {
        let busy = PERIOD * share.load(Relaxed) / 1_000;
        if busy.is_zero() {
            thread::park();
            continue;
        }
        let begun = Instant::now();
        while begun.elapsed() < busy {
            (0..ROUNDS).for_each(|round| {
                hint::black_box(round);
            });
        }
        thread::sleep(PERIOD.saturating_sub(begun.elapsed()));
    }
}
