//! One piece of work for all who ask for it at the same time: ten thousand targets read a token once, and run a
//! credential plugin once.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

/// What came of the work, for whoever asked before it was done.
#[derive(Debug)]
pub(super) struct Once<T>(Mutex<State<T>>);

#[derive(Debug)]
struct State<T> {
    last: Option<(Instant, Outcome<T>)>,
    pending: Option<(Instant, JoinHandle<Result<T, String>>)>,
}

/// How far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome<T> {
    /// Done, well or not.
    Done(Result<T, String>),
    /// It has been going on for so long. It is not begun a second time meanwhile.
    Pending(Duration),
}

impl<T> Default for Once<T> {
    fn default() -> Self {
        Self(Mutex::new(State { last: None, pending: None }))
    }
}

impl<T: Clone + 'static> Once<T> {
    /// Begins the work where it is not going on, and waits for it, at most for `patience`.
    pub(super) async fn join(
        &self,
        patience: Duration,
        begin: impl FnOnce() -> JoinHandle<Result<T, String>>,
    ) -> Outcome<T> {
        let asked = Instant::now();
        let mut state = self.0.lock().await;
        if let Some((at, outcome)) = &state.last
            && *at >= asked
        {
            return outcome.clone();
        }
        // What was left behind when its asker went may be old by now.
        let left_over = state.pending.take().filter(|(_, work)| !work.is_finished());
        let now = Instant::now();
        let (begun, work) = state.pending.insert(left_over.unwrap_or_else(|| (now, begin())));
        let begun = *begun;
        let outcome = match timeout(patience, work).await {
            Ok(done) => {
                state.pending = None;
                Outcome::Done(done.unwrap_or_else(|error| Err(error.to_string())))
            }
            Err(_) => Outcome::Pending(begun.elapsed()),
        };
        state.last = Some((Instant::now(), outcome.clone()));
        outcome
    }
}

impl<T> Drop for Once<T> {
    fn drop(&mut self) {
        if let Some((_, work)) = self.0.get_mut().pending.take() {
            work.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::sleep;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[tokio::test(start_paused = true)]
    async fn those_who_ask_together_share_the_work_and_a_later_one_has_it_done_anew() {
        let (once, begun) = (Once::default(), Cell::new(0));
        let ask = || {
            once.join(PATIENCE, || {
                begun.set(begun.get() + 1);
                let number = begun.get();
                tokio::spawn(async move {
                    sleep(Duration::from_secs(1)).await;
                    Ok(number)
                })
            })
        };
        assert_eq!(tokio::join!(ask(), ask(), ask()), (done(1), done(1), done(1)));
        sleep(Duration::from_secs(1)).await;
        assert_eq!(ask().await, done(2));
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_hangs_is_told_to_all_and_not_begun_a_second_time() {
        let (once, begun) = (Once::<u32>::default(), Cell::new(0));
        let ask = || {
            once.join(PATIENCE, || {
                begun.set(begun.get() + 1);
                tokio::spawn(std::future::pending())
            })
        };
        assert_eq!(tokio::join!(ask(), ask()), (Outcome::Pending(PATIENCE), Outcome::Pending(PATIENCE)));
        sleep(Duration::from_secs(5)).await;
        assert_eq!(ask().await, Outcome::Pending(Duration::from_secs(25)));
        assert_eq!(begun.get(), 1);
    }

    fn done(number: u32) -> Outcome<u32> {
        Outcome::Done(Ok(number))
    }
}
