//! Follows one network target: tries it again and again, and tells of each change.

use std::time::Duration;

use rand::rngs::{SysError, SysRng, Xoshiro256PlusPlus};
use rand::{Rng, RngExt, SeedableRng};
use tokio::time::{Instant, sleep_until};

use super::prober::Prober;
use super::target::Target;
use crate::follow::{News, Sender};
use crate::verdict::Verdict;

/// A network target in its place in the run.
#[derive(Debug)]
pub struct Follow {
    /// Which target of the run it is.
    pub index: usize,
    /// The target.
    pub target: Target,
}

impl Follow {
    /// Tries at once and then at each interval, until it is dropped: what answers now may have gone by the
    /// time that the other targets are met.
    ///
    /// # Errors
    /// When the system has no randomness.
    pub async fn run(self, news: Sender) -> Result<(), SysError> {
        let mut rng = Xoshiro256PlusPlus::try_from_rng(&mut SysRng)?;
        let interval = self.target.interval;
        let mut prober = Prober::new(self.target);
        let mut told = None;
        loop {
            let start = Instant::now();
            let verdict = prober.attempt().await;
            if told.as_ref() != Some(&verdict) {
                told = Some(verdict.clone());
                if news.send((self.index, News::Verdict(verdict))).is_err() {
                    return Ok(());
                }
            }
            sleep_until(start + jitter(interval, &mut rng)).await;
        }
    }

    /// Tries once.
    pub async fn look(self) -> Verdict {
        Prober::new(self.target).attempt().await
    }
}

/// A tenth more or less, so that the gates of many replicas do not come in step.
fn jitter(interval: Duration, rng: &mut impl Rng) -> Duration {
    interval.mul_f64(rng.random_range(0.9..=1.1))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;
    use tokio::sync::mpsc::unbounded_channel;

    use super::*;
    use crate::verdict::Finding;

    #[tokio::test]
    async fn a_change_is_told_and_the_same_again_is_not() {
        let reserved = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = reserved.local_addr().unwrap();
        drop(reserved);
        let target = format!("tcp://{address}#interval=100ms").parse().unwrap();
        let (sender, mut news) = unbounded_channel();
        let following = tokio::spawn(Follow { index: 3, target }.run(sender));

        let Some((3, News::Verdict(refused))) = news.recv().await else { panic!("no verdict") };
        let expected = format!("connection refused ({address})");
        assert_eq!(refused, Verdict::NotYet(Finding::state(expected)));
        let _listener = TcpListener::bind(address).await.unwrap();
        let Some((3, News::Verdict(open))) = news.recv().await else { panic!("no verdict") };
        assert_eq!(open, Verdict::Met(Finding::state("open")));
        assert!(tokio::time::timeout(Duration::from_millis(300), news.recv()).await.is_err(), "told twice");

        drop(news);
        drop(_listener);
        assert_eq!(following.await.unwrap(), Ok(()));
    }

    #[test]
    fn jitter_stays_near_the_interval() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(7);
        for _ in 0..1000 {
            let pause = jitter(Duration::from_secs(1), &mut rng);
            assert!((0.9..=1.1).contains(&pause.as_secs_f64()), "{pause:?}");
        }
    }
}
