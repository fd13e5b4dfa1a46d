//! Prints the figures that the README states, as measured on this machine: `figures OUTDIR`, where
//! `deploy/build-static.sh OUTDIR` has put both binaries. `figures many WAIT_FOR [WAIT_FOR]` measures one or two
//! builds of the gate with ten thousand targets.
//!
//! Nothing here passes or fails: machines differ and are shared. Times are medians; the throughput of
//! `probesim` is a ratio to a bare hyper server that is measured in turn with it.

mod gate;
mod many;
mod predict;

use std::path::PathBuf;
use std::process::ExitCode;

use e2e::measure::size;
use e2e::throughput;

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (Some(first), Ok(runtime)) = (args.next(), runtime) else {
        eprintln!("usage: figures OUTDIR   (after deploy/build-static.sh OUTDIR)");
        return ExitCode::from(2);
    };
    let result = if first == throughput::BARE_SERVER {
        runtime.block_on(throughput::serve_bare())
    } else if first == "many" {
        runtime.block_on(many::measure(&args.map(PathBuf::from).collect::<Vec<_>>()))
    } else {
        runtime.block_on(measure(PathBuf::from(first)))
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("figures: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(out: PathBuf) -> std::io::Result<()> {
    let (wait_for, probesim) = (out.join("wait-for"), out.join("probesim"));
    println!("size of wait-for, static and stripped      {:>12} bytes", size(&wait_for)?);
    println!("size of probesim, static and stripped      {:>12} bytes", size(&probesim)?);
    predict::measure(&probesim).await?;
    gate::measure(&wait_for).await?;
    throughput::measure(&probesim).await
}
