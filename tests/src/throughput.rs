//! Requests a second, beside a bare hyper server: two processes measured in turn, over 64 connections.

use std::convert::Infallible;
use std::io;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::measure::{median, memory};

/// The argument that makes this program the bare server.
pub const BARE_SERVER: &str = "--bare-server";
const CONNECTIONS: usize = 64;
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_secs(2);

/// Measures `probesim` against the bare server.
///
/// # Errors
/// A server does not start, or does not answer.
pub async fn measure(probesim: &Path) -> io::Result<()> {
    let (simulator, ours) = start(Command::new(probesim).args(["--listen", "127.0.0.1:0"]), "addr=").await?;
    let pid = simulator.id().unwrap_or_default();
    sleep(Duration::from_millis(500)).await;
    println!("resident memory of probesim, idle          {:>12} KiB", memory(pid, "VmRSS")?);
    let (_bare, theirs) = start(Command::new(std::env::current_exe()?).arg(BARE_SERVER), "addr=").await?;
    let (mut our_rates, mut their_rates, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (our, their) = (rate(&ours).await?, rate(&theirs).await?);
        our_rates.push(our);
        their_rates.push(their);
        ratios.push(our / their);
    }
    println!(
        "requests a second of probesim              {:>12.0} (median of {ROUNDS} rounds)",
        median(our_rates)
    );
    println!("requests a second of a bare hyper server   {:>12.0}", median(their_rates));
    println!("ratio, round by round                      {:>12.2} (median)", median(ratios));
    Ok(())
}

/// Starts a server and reads its address from the first line that has `mark`.
///
/// # Errors
/// A server does not start, or does not answer.
pub async fn start(command: &mut Command, mark: &str) -> io::Result<(Child, String)> {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true).spawn()?;
    let stderr = child.stderr.take().ok_or_else(|| io::Error::other("no stderr"))?;
    let mut lines = BufReader::new(stderr).lines();
    let address = timeout(Duration::from_secs(10), async {
        while let Some(line) = lines.next_line().await? {
            if let Some((_, rest)) = line.split_once(mark) {
                return Ok(rest.split_whitespace().next().unwrap_or_default().to_owned());
            }
        }
        Err(io::Error::other("the server ended before it said where it listens"))
    });
    let address =
        address.await.map_err(|_| io::Error::other("the server did not say where it listens"))??;
    // What it says later is read and dropped, or its pipe would fill.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok((child, address))
}

/// Requests a second over all connections, each with one request at a time.
async fn rate(address: &str) -> io::Result<f64> {
    let end = Instant::now() + ROUND;
    let mut connections = JoinSet::new();
    for _ in 0..CONNECTIONS {
        connections.spawn(requests(address.to_owned(), end));
    }
    let mut total = 0;
    while let Some(count) = connections.join_next().await {
        total += count.map_err(io::Error::other)??;
    }
    Ok(f64::from(total) / ROUND.as_secs_f64())
}

async fn requests(address: String, end: Instant) -> io::Result<u32> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut answer = vec![0; 4096];
    let mut count = 0;
    while Instant::now() < end {
        stream.write_all(b"GET /liveness HTTP/1.1\r\nHost: localhost\r\n\r\n").await?;
        // The answers are small and come in one piece; the first byte after that is the next answer's.
        let length = stream.read(&mut answer).await?;
        if !answer[..length].starts_with(b"HTTP/1.1 200 ") {
            return Err(io::Error::other("an answer that is no 200"));
        }
        count += 1;
    }
    Ok(count)
}

/// The peer: what hyper does with the least that answers the same request.
///
/// # Errors
/// A server does not start, or does not answer.
pub async fn serve_bare() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("addr={}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        tokio::spawn(async move {
            let service = service_fn(|_: Request<hyper::body::Incoming>| async {
                Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(
                    b"Liveness probe successful\n",
                ))))
            });
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}
