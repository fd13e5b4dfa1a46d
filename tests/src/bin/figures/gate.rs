//! The gate, against the simulated API server in this process.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use probesim::lab::{Options, Recording, Server};
use serde_json::{Value, json};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use e2e::measure::{median, memory, processor_time};

const RUNS: usize = 20;
const PODS: usize = 10_000;
const RECORDING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/recordings/dep-ok.jsonl");

/// Measures memory, processor time and latency.
pub(crate) async fn measure(wait_for: &Path) -> io::Result<()> {
    let recording = Recording::parse(&std::fs::read_to_string(RECORDING)?).map_err(io::Error::other)?;
    let server =
        Server::start(Options { namespace: "shop".into(), ..Options::for_recording(&recording) }).await?;
    let bench = Bench { wait_for: wait_for.to_owned(), kubeconfig: kubeconfig(&server)?, server };

    bench.apply(deployment(2));
    let ready = median(bench.exits_when_ready().await?);
    println!("exit when the condition already holds      {:>12.1} ms, median of {RUNS}", millis(ready));
    let detected = median(bench.exits_when_it_becomes_ready().await?);
    println!("condition true to exit                     {:>12.1} ms, median of {RUNS}", millis(detected));

    bench.apply(deployment(0));
    let mut child = bench.start("deployment/postgres")?;
    bench.server.wait_for_watches(|open| open > 0).await;
    sleep(Duration::from_secs(3)).await;
    let pid = child.id().unwrap_or_default();
    println!("peak memory of a wait for one object       {:>12} KiB", memory(pid, "VmHWM")?);
    println!("processor time of that wait, so far        {:>12} ms", processor_time(pid)?.as_millis());
    child.kill().await?;

    for number in 0..PODS {
        bench.apply(pod(number));
    }
    let mut child = bench.start("pod/app=web")?;
    bench.server.wait_for_watches(|open| open > 0).await;
    sleep(Duration::from_secs(1)).await;
    let pid = child.id().unwrap_or_default();
    println!("peak memory on a selection of {PODS} pods  {:>12} KiB", memory(pid, "VmHWM")?);
    child.kill().await?;
    std::fs::remove_file(&bench.kubeconfig)
}

struct Bench {
    wait_for: PathBuf,
    kubeconfig: PathBuf,
    server: Server,
}

impl Bench {
    fn apply(&self, object: Value) {
        self.server.store().apply(object).expect("the object is complete");
    }

    fn start(&self, target: &str) -> io::Result<Child> {
        Command::new(&self.wait_for)
            .arg(target)
            .env_clear()
            .env("KUBECONFIG", &self.kubeconfig)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
    }

    async fn exits_when_ready(&self) -> io::Result<Vec<Duration>> {
        let mut times = Vec::new();
        for _ in 0..RUNS {
            let start = Instant::now();
            self.start("deployment/postgres")?.wait().await?;
            times.push(start.elapsed());
        }
        Ok(times)
    }

    async fn exits_when_it_becomes_ready(&self) -> io::Result<Vec<Duration>> {
        let mut times = Vec::new();
        for _ in 0..RUNS {
            self.apply(deployment(0));
            self.server.wait_for_watches(|open| open == 0).await;
            let mut child = self.start("deployment/postgres")?;
            self.server.wait_for_watches(|open| open == 1).await;
            // The watch is open on the server's side; let the gate get to where it waits.
            sleep(Duration::from_millis(50)).await;
            let start = Instant::now();
            self.apply(deployment(2));
            child.wait().await?;
            times.push(start.elapsed());
        }
        Ok(times)
    }
}

fn kubeconfig(server: &Server) -> io::Result<PathBuf> {
    let path = std::env::temp_dir().join(format!("figures-{}.kubeconfig", std::process::id()));
    std::fs::write(&path, server.kubeconfig())?;
    Ok(path)
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn deployment(available: u32) -> Value {
    let status = if available > 0 { "True" } else { "False" };
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "postgres", "namespace": "shop", "generation": 1},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "postgres"}}},
        "status": {
            "observedGeneration": 1, "replicas": 2, "updatedReplicas": 2,
            "readyReplicas": available, "availableReplicas": available,
            "conditions": [{"type": "Available", "status": status}],
        },
    })
}

/// A pod of a common size, some 3 KB of JSON.
fn pod(number: usize) -> Value {
    let env: Vec<Value> =
        (0..40).map(|n| json!({"name": format!("SETTING_{n}"), "value": "x".repeat(30)})).collect();
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": format!("web-7c9d8f-{number:05}"), "namespace": "shop", "labels": {"app": "web"}},
        "spec": {"containers": [{"name": "web", "image": "web:1", "env": env}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]},
    })
}
