//! How much later than planned answers come.

use std::io;
use std::path::Path;
use std::time::Duration;

use e2e::measure::{load_average, memory};
use e2e::throughput::start;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

const CONNECTIONS: u32 = 1_000;
/// Between two requests of a connection.
const PERIOD: Duration = Duration::from_millis(200);
const REQUESTS: u32 = 25;
const ROUNDS: usize = 3;
const INJECTED: Duration = Duration::from_millis(100);

/// Measures without and with an injected latency: the first is what network, client and machine cost.
pub(crate) async fn measure(probesim: &Path) -> io::Result<()> {
    println!(
        "{CONNECTIONS} connections, {:.0} requests a second",
        f64::from(CONNECTIONS) / PERIOD.as_secs_f64()
    );
    for round in 1..=ROUNDS {
        for injected in [Duration::ZERO, INJECTED] {
            let latency = format!("{}ms", injected.as_millis());
            let arguments = ["--listen", "127.0.0.1:0", "--admin-port", "0", "--latency", &latency];
            let (server, address) = start(Command::new(probesim).args(arguments), "addr=").await?;
            let mut errors = storm(&address, injected).await?;
            errors.sort_unstable();
            let at = |percent: usize| errors[(errors.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
            let busy = memory(server.id().unwrap_or_default(), "VmRSS")?;
            println!(
                "round {round}, {latency:>5} injected: error p50 {:.2} ms, p90 {:.2} ms, p99 {:.2} ms, max {:.2} ms; \
                 {busy} KiB resident; load average {}",
                at(50),
                at(90),
                at(99),
                at(100),
                load_average()?
            );
        }
    }
    Ok(())
}

/// How much later than `injected` each answer came.
async fn storm(address: &str, injected: Duration) -> io::Result<Vec<Duration>> {
    let mut connections = JoinSet::new();
    let mut streams = vec![];
    for _ in 0..CONNECTIONS {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        streams.push(stream);
    }
    let begin = Instant::now() + Duration::from_millis(200);
    for (n, stream) in (0..).zip(streams) {
        // Spread over the period.
        connections.spawn(requests(stream, begin + PERIOD * n / CONNECTIONS, injected));
    }
    let mut all = vec![];
    while let Some(errors) = connections.join_next().await {
        all.extend(errors.map_err(io::Error::other)??);
    }
    Ok(all)
}

/// Sends at fixed moments. A request whose moment came while the answer before was still awaited counts from that
/// moment: else a server that stops would hide what it does to those who wait.
async fn requests(mut stream: TcpStream, begin: Instant, injected: Duration) -> io::Result<Vec<Duration>> {
    let mut answer = vec![0; 1024];
    let mut errors = Vec::with_capacity(REQUESTS as usize);
    for n in 0..REQUESTS {
        let due = begin + PERIOD * n;
        let from = if Instant::now() < due {
            sleep_until(due).await;
            Instant::now()
        } else {
            due
        };
        stream.write_all(b"GET /liveness HTTP/1.1\r\nHost: localhost\r\n\r\n").await?;
        let length = stream.read(&mut answer).await?;
        errors.push(from.elapsed().saturating_sub(injected));
        if !answer[..length].starts_with(b"HTTP/1.1 200 ") {
            return Err(io::Error::other("an answer that is no 200"));
        }
    }
    Ok(errors)
}
