//! Several ways to one thing, tried one after another, and side by side where one is silent.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::time::timeout;

/// One of the ways.
pub(super) type Attempt<'a, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 'a>>;

/// The first that succeeds; what went wrong with each, in their order, where none does. The next one begins when one
/// has failed, or all have been silent for so long.
pub(super) async fn race<'a, T, E>(
    attempts: Vec<Attempt<'a, T, E>>,
    head_start: Duration,
) -> Result<T, Vec<E>> {
    let mut left = attempts.into_iter().enumerate().peekable();
    let mut running = Vec::new();
    let mut failed = Vec::new();
    loop {
        running.extend(left.next());
        if running.is_empty() {
            failed.sort_by_key(|(place, _)| *place);
            return Err(failed.into_iter().map(|(_, error)| error).collect());
        }
        let patience = if left.peek().is_some() { head_start } else { Duration::MAX };
        match timeout(patience, first(&mut running)).await {
            Ok((_, Ok(success))) => return Ok(success),
            Ok((place, Err(error))) => failed.push((place, error)),
            Err(_) => {}
        }
    }
}

/// Waits for one of them, which is then taken out.
async fn first<T, E>(running: &mut Vec<(usize, Attempt<'_, T, E>)>) -> (usize, Result<T, E>) {
    poll_fn(|context| {
        for index in 0..running.len() {
            if let Poll::Ready(result) = running[index].1.as_mut().poll(context) {
                return Poll::Ready((running.swap_remove(index).0, result));
            }
        }
        Poll::Pending
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use tokio::time::{Instant, sleep};

    use super::*;

    fn after(millis: u64, result: Result<u8, u8>) -> Attempt<'static, u8, u8> {
        Box::pin(async move {
            sleep(Duration::from_millis(millis)).await;
            result
        })
    }

    async fn raced(attempts: Vec<Attempt<'static, u8, u8>>) -> (Result<u8, Vec<u8>>, u128) {
        let start = Instant::now();
        let result = race(attempts, Duration::from_millis(100)).await;
        (result, start.elapsed().as_millis())
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_one_gets_company_and_may_still_win() {
        assert_eq!(raced(vec![Box::pin(pending()), after(10, Ok(2))]).await, (Ok(2), 110));
        assert_eq!(raced(vec![after(105, Ok(1)), after(10, Ok(2))]).await, (Ok(1), 105));
        assert_eq!(raced(vec![after(10, Err(1)), after(10, Ok(2))]).await, (Ok(2), 20));
    }

    #[tokio::test(start_paused = true)]
    async fn what_went_wrong_is_told_in_order() {
        assert_eq!(raced(vec![after(150, Err(1)), after(10, Err(2))]).await, (Err(vec![1, 2]), 150));
        assert_eq!(raced(vec![]).await, (Err(vec![]), 0));
    }
}
