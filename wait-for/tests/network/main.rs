//! Attempts against real servers on loopback: what each answer, and each lack of one, is called.

mod grpc;
mod http;
mod servers;
mod tcp;
mod tls;

use wait_for::network::Prober;
use wait_for::verdict::Verdict;

/// One attempt's verdict, as a line that says whether the target is met.
async fn attempted(target: &str) -> String {
    let target = target.parse().unwrap_or_else(|error| panic!("{target}: {error}"));
    line(&Prober::new(target).attempt().await)
}

fn line(verdict: &Verdict) -> String {
    let word = match verdict {
        Verdict::Met(_) => "met",
        Verdict::NotYet(_) => "not yet",
        Verdict::Failed(_) | Verdict::Misused(_) => panic!("a network target gave up: {verdict:?}"),
    };
    format!("{word}: {}", verdict.finding())
}
