//! A gate with ten thousand targets: the time to the first look at all of them, and its memory. Given a second
//! program, the build of before, both are measured in turn.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use probesim::lab::{Options, Server};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio::time::{Duration, Instant, timeout};

use e2e::measure::{median, memory};

const TARGETS: usize = 10_000;
const RUNS: usize = 3;
/// A gate that has not seen all its targets by then is measured as it is.
const PATIENCE: Duration = Duration::from_secs(120);

/// Measures each of the programs.
pub(crate) async fn measure(programs: &[PathBuf]) -> io::Result<()> {
    let server = Server::start(Options { namespace: "shop".into(), ..Options::default() }).await?;
    for number in 0..TARGETS {
        server.store().apply(pod(number)).map_err(|error| io::Error::other(format!("{error:?}")))?;
    }
    let kubeconfig = write("kubeconfig", &server.kubeconfig())?;
    let names: String = (0..TARGETS).map(|number| format!("- pod/{}\n", name(number))).collect();
    let config = write("gate.yaml", &format!("targets:\n{names}"))?;
    let mut figures = vec![(Vec::new(), Vec::new()); programs.len()];
    for _ in 0..RUNS {
        for (program, (times, peaks)) in programs.iter().zip(&mut figures) {
            let (time, peak) = run(program, &kubeconfig, &config).await?;
            times.push(time);
            peaks.push(peak);
        }
    }
    for (program, (times, peaks)) in programs.iter().zip(figures) {
        let program = program.display();
        println!(
            "{TARGETS} targets, each seen once            {:>12.2?}, median of {RUNS} ({program})",
            median(times)
        );
        println!(
            "peak memory by then                        {:>12} KiB, median of {RUNS} ({program})",
            median(peaks)
        );
    }
    std::fs::remove_file(kubeconfig)?;
    std::fs::remove_file(config)
}

/// The time until every target has been told of, and the peak of memory in KiB.
async fn run(program: &Path, kubeconfig: &Path, config: &Path) -> io::Result<(Duration, u64)> {
    let start = Instant::now();
    let mut gate = Command::new(program)
        .args(["--output", "json", "--config"])
        .arg(config)
        .env_clear()
        .env("KUBECONFIG", kubeconfig)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let out = gate.stdout.take().ok_or_else(|| io::Error::other("no stdout"))?;
    let mut lines = BufReader::new(out).lines();
    let mut seen = HashSet::new();
    let all = async {
        while let Some(line) = lines.next_line().await? {
            let line: Value = serde_json::from_str(&line)?;
            if line["state"].is_string()
                && let Some(target) = line["target"].as_str()
            {
                seen.insert(target.to_owned());
            }
            if seen.len() == TARGETS {
                break;
            }
        }
        io::Result::Ok(())
    };
    if timeout(PATIENCE, all).await.is_err() {
        println!("only {} targets seen within {PATIENCE:?} ({})", seen.len(), program.display());
    }
    let time = start.elapsed();
    let peak = memory(gate.id().unwrap_or_default(), "VmHWM")?;
    gate.kill().await?;
    Ok((time, peak))
}

fn write(name: &str, text: &str) -> io::Result<PathBuf> {
    let path = std::env::temp_dir().join(format!("figures-{}-{name}", std::process::id()));
    std::fs::write(&path, text)?;
    Ok(path)
}

fn name(number: usize) -> String {
    format!("web-7c9d8f-{number:05}")
}

fn pod(number: usize) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name(number), "namespace": "shop", "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "image": "web:1"}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]},
    })
}
