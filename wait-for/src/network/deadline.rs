//! The limit of one attempt: everything in it ends by then.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::duration::Short;
use crate::verdict::Finding;

/// When an attempt ends, and how long it was given.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deadline {
    at: Instant,
    limit: Duration,
}

impl Deadline {
    /// A limit that runs from now on.
    pub(super) fn after(limit: Duration) -> Self {
        Self { at: Instant::now() + limit, limit }
    }

    /// What is left of it.
    pub(super) fn left(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// Waits for something, or finds that there is none of it within the limit.
    pub(super) async fn wait<T>(
        &self,
        something: &str,
        future: impl Future<Output = T>,
    ) -> Result<T, Finding> {
        timeout_at(self.at, future)
            .await
            .map_err(|_| Finding::state(format!("no {something} within {}", Short(self.limit))))
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn stages_share_one_limit_and_the_late_one_is_named() {
        let deadline = Deadline::after(Duration::from_secs(2));
        assert_eq!(deadline.wait("connection", async { 5 }).await, Ok(5));
        let found = deadline.wait("answer", pending::<()>()).await.unwrap_err();
        assert_eq!(found, Finding::state("no answer within 2s"));
        assert_eq!(deadline.left(), Duration::ZERO);
    }
}
