//! Limits for waiting: a test that hangs says what it waited for.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

/// Longer than anything here takes on a busy machine.
pub const LIMIT: Duration = Duration::from_secs(20);
/// Between two looks at what cannot be waited for.
const PAUSE: Duration = Duration::from_millis(20);

/// The result of `future`, which has to come within [`LIMIT`].
///
/// # Panics
/// When it does not.
pub async fn soon<T>(what: &str, future: impl Future<Output = T>) -> T {
    match timeout(LIMIT, future).await {
        Ok(value) => value,
        Err(_) => panic!("waited {LIMIT:?} in vain for {what}"),
    }
}

/// Looks again and again until `look` finds something.
///
/// # Panics
/// When it does not within [`LIMIT`].
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut look: impl FnMut() -> F) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(begun.elapsed() < LIMIT, "waited {LIMIT:?} in vain for {what}");
        sleep(PAUSE).await;
    }
}
