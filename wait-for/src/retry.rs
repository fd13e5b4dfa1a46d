//! Trying again after trouble with the API server: how long to wait, and when that is hopeless.

use std::time::Duration;

use rand::SeedableRng;
use rand::rngs::{SysError, SysRng, Xoshiro256PlusPlus};
use tokio::time::{Instant, sleep};

use crate::backoff::Backoff;
use crate::kube_error::KubeError;

/// A refusal (401, 403, an untrusted certificate) may be cured by whoever installs us: a Role that is
/// applied a moment later, a token or a CA that is just being rotated. So long it is waited for.
pub const GRACE: Duration = Duration::from_secs(30);

/// The trouble so far.
pub struct Retry {
    backoff: Backoff,
    rng: Xoshiro256PlusPlus,
    refused_since: Option<Instant>,
}

impl Retry {
    /// No trouble yet.
    ///
    /// # Errors
    /// When the system has no randomness for the jitter.
    pub fn new() -> Result<Self, SysError> {
        let rng = Xoshiro256PlusPlus::try_from_rng(&mut SysRng)?;
        Ok(Self { backoff: Backoff::default(), rng, refused_since: None })
    }

    /// Whether waiting does not help: a rejected request will be rejected again, and a refusal is hopeless when its
    /// grace is over.
    pub fn is_hopeless(&mut self, error: &KubeError) -> bool {
        if !error.is_refusal() {
            return matches!(error, KubeError::Rejected(_));
        }
        self.refused_since.get_or_insert_with(Instant::now).elapsed() >= GRACE
    }

    /// The API server has answered: the next refusal has its grace again.
    pub fn answered(&mut self) {
        self.refused_since = None;
    }

    /// Waits before the next attempt, and at least as long as the server asks.
    pub async fn pause(&mut self, asked: Option<Duration>) {
        sleep(self.backoff.next(asked, &mut self.rng)).await;
    }

    /// An exchange went well: the next pause is short again.
    pub fn calm(&mut self) {
        self.backoff.reset();
    }

    /// The next delay of another backoff, with the same jitter.
    pub fn delay(&mut self, of: &mut Backoff) -> Duration {
        of.next(None, &mut self.rng)
    }
}

/// What is said of trouble: at once what is missing and what happens if it stays so. The rule comes before the server's
/// own words, which may be cut.
#[must_use]
pub fn words(error: &KubeError, missing_rule: &str) -> String {
    let end = format!("giving up after {}s", GRACE.as_secs());
    match error {
        KubeError::Forbidden(said) => {
            format!("forbidden: {missing_rule}; {end} without it; the API server says: {said}")
        }
        _ if error.is_refusal() => format!("{error}; {end} of it"),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_refusal_has_its_grace_and_a_rejection_has_none() {
        let mut retry = Retry::new().unwrap();
        let refused = KubeError::Unauthorized("Unauthorized".into());
        assert!(retry.is_hopeless(&KubeError::Rejected("bad".into())));
        assert!(!retry.is_hopeless(&refused));
        advance(GRACE / 2).await;
        assert!(!retry.is_hopeless(&KubeError::Unreachable("refused".into())));
        assert!(!retry.is_hopeless(&refused));
        retry.answered();
        assert!(!retry.is_hopeless(&refused));
        advance(GRACE).await;
        assert!(retry.is_hopeless(&refused));
    }

    #[test]
    fn trouble_is_said_with_its_cure_first() {
        let forbidden = KubeError::Forbidden("pods is forbidden".into());
        assert_eq!(
            words(&forbidden, "add to a Role for it: pods"),
            "forbidden: add to a Role for it: pods; giving up after 30s without it; the API server says: pods is forbidden"
        );
        assert_eq!(
            words(&KubeError::Unauthorized("Unauthorized".into()), ""),
            "credentials not accepted: Unauthorized; giving up after 30s of it"
        );
        assert_eq!(words(&KubeError::Unreachable("x".into()), ""), "API server unreachable: x");
    }
}
