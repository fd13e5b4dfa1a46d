//! Loads a simulator over loopback and prints what comes of it: `load PROBESIM [latency | throughput | memory |
//! soak SECONDS]`, all but the soak when none is named.
//!
//! Nothing passes or fails but the soak, which ends with 1 unless file descriptors and memory are back where they
//! were. Times depend on what else the machine does, so its load average is printed beside them.

mod latency;
mod memory;
mod soak;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use e2e::throughput;

const USAGE: &str = "usage: load PROBESIM [latency | throughput | memory | soak SECONDS]";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("load: {error}");
            return ExitCode::FAILURE;
        }
    };
    let result = match words[..] {
        [throughput::BARE_SERVER] => runtime.block_on(throughput::serve_bare()),
        [probesim] => runtime.block_on(all(&PathBuf::from(probesim))),
        [probesim, "latency"] => runtime.block_on(latency::measure(Path::new(probesim))),
        [probesim, "throughput"] => runtime.block_on(throughput::measure(Path::new(probesim))),
        [probesim, "memory"] => runtime.block_on(memory::measure(Path::new(probesim))),
        [probesim, "soak", seconds] if seconds.parse::<u64>().is_ok() => {
            let length = Duration::from_secs(seconds.parse().unwrap_or_default());
            runtime.block_on(soak::run(Path::new(probesim), length))
        }
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("load: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn all(probesim: &Path) -> io::Result<()> {
    latency::measure(probesim).await?;
    throughput::measure(probesim).await?;
    memory::measure(probesim).await
}
