//! An injected wait, as exact as it can be without a busy processor.

use std::time::Duration;

use tokio::time::{self, Instant};

/// What tokio's timer counts in.
const TICK: Duration = Duration::from_millis(1);

/// Waits until a moment: never less, and less than a tick more.
///
/// tokio rounds a moment up to its next tick, and so does the kernel when it is asked to wait for that: together up to
/// two. The tick before the moment is as often as not just right after the kernel's rounding; if it is too early, the
/// next one is waited for.
pub(crate) async fn until(moment: Instant) {
    if let Some(earlier) = moment.checked_sub(TICK) {
        time::sleep_until(earlier).await;
    }
    if Instant::now() < moment {
        time::sleep_until(moment).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wait_is_never_shorter_than_asked_and_less_than_a_tick_longer() {
        for micros in [0, 1, 700, 1_000, 1_300, 99_999, 100_000] {
            let (begun, asked) = (Instant::now(), Duration::from_micros(micros));
            until(begun + asked).await;
            let waited = begun.elapsed();
            assert!((asked..asked + TICK).contains(&waited), "{asked:?}: {waited:?}");
            time::advance(Duration::from_micros(137)).await;
        }
    }
}
