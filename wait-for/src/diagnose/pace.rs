//! How fast related objects are read: a few at once, then in step, however many targets there are.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// One read in so long, in the long run: a gate with thousands of targets is no load for an API server.
const STEP: Duration = Duration::from_millis(100);
/// What is saved up while nothing is read: a gate with a few targets never waits for its step.
const SAVED: Duration = Duration::from_secs(2);

/// When the next read is due (GCRA, <https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm>).
#[derive(Debug)]
pub(super) struct Pace {
    due: Instant,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { due: Instant::now() }
    }

    /// Waits until a read may be made.
    pub(super) async fn keep(&mut self) {
        let due = self.due.max(Instant::now());
        self.due = due + STEP;
        if let Some(at) = due.checked_sub(SAVED) {
            sleep_until(at).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn ten_reads_a_second_after_a_burst_of_twenty() {
        let start = Instant::now();
        let mut pace = Pace::new();
        for _ in 0..20 {
            pace.keep().await;
        }
        assert!(start.elapsed() < STEP);
        for _ in 0..100 {
            pace.keep().await;
        }
        assert!((9..=11).contains(&start.elapsed().as_secs()), "{:?}", start.elapsed());
    }
}
