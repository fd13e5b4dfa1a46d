//! Mixed faults for a while; then everything is back where it was.

use std::io;
use std::path::Path;
use std::time::Duration;

use e2e::http;
use e2e::measure::{descriptors, load_average, memory};
use e2e::scratch::Scratch;
use e2e::throughput::start;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

const CLIENTS: usize = 32;
/// A client waits no longer for an answer.
const PATIENCE: Duration = Duration::from_millis(150);
/// Of resident memory: what an allocator keeps differs a little from time to time.
const SLACK_KIB: u64 = 2_048;

const PLANS: [&str; 3] = [
    "faults: [{on: all, rate: 10%, answer: reset}, {on: liveness, rate: 20%, answer: trickle, over: 100ms},
      {on: network, answer: refuse, flap: {period: 700ms, duty: 20%}}, {on: network/tcp, answer: hang, flap: {period: 300ms}}]",
    "faults: [{on: readiness, rate: 30%, answer: never}, {on: all, latency: {uniform: [0ms, 20ms]}},
      {on: network, answer: blackhole, flap: {period: 900ms, duty: 20%}}]",
    "faults: [{on: http, rate: 50%, answer: cut, body: abcdefgh}, {on: liveness, rate: 20%, answer: half-close},
      {on: network, answer: hang, flap: {period: 800ms, duty: 20%}}, {on: process, memory: 8Mi, flap: {period: 600ms}},
      {on: process, cpu: 10%}, {on: process, stall: 20ms, flap: {period: 500ms}}]",
];
const PATHS: [&str; 4] = ["/liveness", "/readiness", "/startup", "/orders"];

struct Soaked {
    pid: u32,
    main: String,
    tcp: String,
    admin: String,
    scratch: Scratch,
}

/// Soaks for a quarter of the time, looks, soaks for the rest and looks again.
pub(crate) async fn run(probesim: &Path, length: Duration) -> io::Result<()> {
    let scratch = Scratch::new();
    let config = scratch.write("plan.yaml", "faults: []");
    let config = config.to_string_lossy();
    let record = scratch.path("record");
    let mut command = Command::new(probesim);
    command.args(["--listen", "127.0.0.1:0", "--grpc-port", "0"]);
    command.args(["--config", &config, "--record", &record.to_string_lossy()]);
    let (admin, tcp) = (free_port().await?, free_port().await?);
    command.args(["--admin-port", &admin.to_string(), "--tcp-port", &tcp.to_string()]);
    let (server, main) = start(&mut command, "addr=").await?;
    let [admin, tcp] = [admin, tcp].map(|port| format!("127.0.0.1:{port}"));
    let soaked = Soaked { pid: server.id().unwrap_or_default(), main, tcp, admin, scratch };
    let asked = soaked.soak(length / 4).await;
    let (fds, rss) = soaked.look().await?;
    println!(
        "after {asked} requests: {fds} file descriptors, {rss} KiB resident; load average {}",
        load_average()?
    );
    let asked = soaked.soak(length * 3 / 4).await;
    let (fds_now, rss_now) = soaked.look().await?;
    println!(
        "after {asked} more: {fds_now} file descriptors, {rss_now} KiB resident; load average {}",
        load_average()?
    );
    if fds_now > fds || rss_now > rss + SLACK_KIB {
        return Err(io::Error::other("file descriptors or memory are not back where they were"));
    }
    Ok(())
}

async fn free_port() -> io::Result<u16> {
    Ok(tokio::net::TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port())
}

// === impl Soaked ===

impl Soaked {
    async fn soak(&self, length: Duration) -> u64 {
        let end = Instant::now() + length;
        let mut clients = JoinSet::new();
        for n in 0..CLIENTS {
            let address = if n % 4 == 0 { &self.tcp } else { &self.main };
            clients.spawn(client(address.clone(), n, end));
        }
        for (round, plan) in PLANS.iter().cycle().enumerate() {
            if Instant::now() >= end {
                break;
            }
            self.scratch.write("plan.yaml", plan);
            // The file is looked at every second.
            sleep(Duration::from_millis(1_500)).await;
            let fault = "{\"on\":\"readiness\",\"answer\":\"stall\",\"rate\":\"20%\",\"ttl\":\"1s\"}";
            let _ = self.admin("PATCH", "/faults", fault).await;
            if round % 2 == 0 {
                let _ = self.admin("POST", "/reset", "").await;
            }
        }
        clients.join_all().await.iter().sum()
    }

    /// Takes all faults away, waits until nothing is under way, and counts.
    async fn look(&self) -> io::Result<(usize, u64)> {
        self.scratch.write("plan.yaml", "faults: []");
        self.admin("POST", "/reset", "").await?;
        sleep(Duration::from_secs(4)).await;
        if let Ok(address) = self.main.parse() {
            assert_eq!(http::get(address, "/liveness").await.status, 200);
        }
        Ok((descriptors(self.pid)?, memory(self.pid, "VmRSS")?))
    }

    async fn admin(&self, method: &str, path: &str, body: &str) -> io::Result<()> {
        let mut stream = TcpStream::connect(&self.admin).await?;
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}",
            self.admin
        );
        stream.write_all(head.as_bytes()).await?;
        stream.read_to_end(&mut vec![]).await?;
        Ok(())
    }
}

/// Asks again and again, over connections that last for a while, whatever comes back.
async fn client(address: String, n: usize, end: Instant) -> u64 {
    let mut asked = 0;
    while Instant::now() < end {
        let asking = async {
            let mut stream = TcpStream::connect(&address).await?;
            for path in PATHS.iter().cycle().skip(n).take(8) {
                let head = format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n");
                stream.write_all(head.as_bytes()).await?;
                asked += 1;
                if stream.read(&mut [0; 1024]).await? == 0 {
                    break;
                }
            }
            io::Result::Ok(())
        };
        // Not to be answered is what they are here for.
        let _ = timeout(PATIENCE, asking).await;
        sleep(Duration::from_millis(5)).await;
    }
    asked
}
