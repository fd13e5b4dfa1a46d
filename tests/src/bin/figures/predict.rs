//! Probes a second that the kubelet's model makes in virtual time, start and output of the process included.

use std::io;
use std::path::Path;

use serde_json::Value;
use tokio::process::Command;
use tokio::time::Instant;

/// Liveness and readiness, at a failure rate at which now and then something happens.
const ARGUMENTS: [&str; 12] = [
    "predict",
    "--output",
    "json",
    "--period",
    "10s",
    "--failure-rate",
    "1%",
    "--for",
    "2000h",
    "--samples",
    "20",
    "--seed=1",
];

/// Measures the speed of `probesim predict`.
pub(crate) async fn measure(probesim: &Path) -> io::Result<()> {
    let begun = Instant::now();
    let output = Command::new(probesim).args(ARGUMENTS).output().await?;
    let seconds = begun.elapsed().as_secs_f64();
    let json: Value = serde_json::from_slice(&output.stdout).map_err(io::Error::other)?;
    let probes = json["simulatedProbes"].as_f64().ok_or_else(|| io::Error::other("no simulatedProbes"))?;
    println!(
        "prober in virtual time                     {:>12.1} million probes a second",
        probes / seconds / 1e6
    );
    Ok(())
}
