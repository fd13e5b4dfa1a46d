//! Resident memory, idle and with many connections that hang.

use std::io;
use std::path::Path;
use std::time::Duration;

use e2e::measure::memory;
use e2e::throughput::start;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::sleep;

const HANGING: usize = 10_000;

/// Measures; the server inherits the limit of open files.
pub(crate) async fn measure(probesim: &Path) -> io::Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    for faults in ["[{on: liveness, answer: never}]", "[{on: liveness, latency: 1h}]"] {
        let arguments = ["--listen", "127.0.0.1:0", "--admin-port", "0", "--faults", faults];
        let (server, address) = start(Command::new(probesim).args(arguments), "addr=").await?;
        let pid = server.id().unwrap_or_default();
        sleep(Duration::from_millis(500)).await;
        let idle = memory(pid, "VmRSS")?;
        let mut hanging = Vec::with_capacity(HANGING);
        for _ in 0..HANGING {
            let mut stream = TcpStream::connect(&address).await?;
            stream.write_all(b"GET /liveness HTTP/1.1\r\nHost: localhost\r\n\r\n").await?;
            hanging.push(stream);
        }
        sleep(Duration::from_secs(1)).await;
        let busy = memory(pid, "VmRSS")?;
        println!(
            "resident memory, idle {idle} KiB, with {} hanging connections {busy} KiB: {faults}",
            hanging.len()
        );
    }
    Ok(())
}
