//! `probesim serve`: the settings, a listener and the signals, put together.

mod accept;
mod connection;
mod endpoints;
mod listen;
mod shutdown;
#[cfg(test)]
mod tests;

use std::process::ExitCode;
use std::sync::Arc;

use rand::TryRng;
use rand::rngs::SysRng;
use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::{Level, info, warn};

use crate::advice;
use crate::config::Config;
use crate::endpoint::Endpoint;
use crate::plan::Plan;
use crate::settings::Settings;
use endpoints::Engine;
use shutdown::Signals;

/// A setting is wrong: nothing was served.
const USAGE: u8 = 2;

/// Why the server cannot start.
#[derive(Debug, thiserror::Error)]
enum CannotStart {
    #[error("cannot catch SIGTERM and SIGINT: {0}")]
    Signals(std::io::Error),
    #[error("cannot draw a seed from the system: {0}; set one with --seed or SEED")]
    Seed(rand::rngs::SysError),
    #[error(transparent)]
    Listen(#[from] listen::CannotListen),
}

/// Serves until a signal, and returns the exit code.
pub async fn run(flags: Settings) -> ExitCode {
    // Before anything else: as PID 1 a signal that nobody caught is lost.
    let signals = Signals::arm().map_err(CannotStart::Signals);
    let config = match Config::new(flags, |name| std::env::var_os(name)) {
        Ok(config) => config,
        Err(bad) => {
            eprintln!("probesim: cannot use these variables:\n{bad}");
            return ExitCode::from(USAGE);
        }
    };
    log_to_stderr(config.log_level);
    let outcome = match signals {
        Ok(signals) => serve(config, signals).await,
        Err(error) => Err(error),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("probesim: {error}");
        ExitCode::FAILURE
    })
}

async fn serve(config: Config, mut signals: Signals) -> Result<ExitCode, CannotStart> {
    let seed = config.seed.map_or_else(|| SysRng.try_next_u64(), Ok).map_err(CannotStart::Seed)?;
    let engine = Arc::new(Engine::new(Plan::new(&config.faults), seed, Instant::now()));
    let listener = listen::bind(config.listen)?;
    announce(&config, &engine, &listener, seed);

    let stop = Notify::new();
    let served = accept::serve(listener, Arc::clone(&engine), config.drain, stop.notified());
    let signalled_twice = async {
        let signal = signals.next().await;
        info!(signal = signal.name(), "stopping");
        stop.notify_one();
        signals.next().await
    };
    let exit = tokio::select! {
        () = served => ExitCode::SUCCESS,
        signal = signalled_twice => {
            warn!(signal = signal.name(), "stopped at once by a second signal");
            signal.exit_code()
        }
    };
    let state = engine.state();
    info!(requests = state.requests(), abandoned = state.abandoned(), uptime = ?engine.uptime(), "stopped");
    Ok(exit)
}

fn log_to_stderr(level: Level) {
    let format = tracing_subscriber::fmt().with_ansi(false).with_target(false);
    // A second subscriber is refused, which happens only to a program that has its own.
    let _ = format.with_max_level(level).with_writer(std::io::stderr).try_init();
}

/// The state at start, in one line, and what is surprising about it.
fn announce(config: &Config, engine: &Engine, listener: &tokio::net::TcpListener, seed: u64) {
    let plan = engine.plan();
    info!(
        version = env!("CARGO_PKG_VERSION"),
        addr = %listener.local_addr().unwrap_or_else(|_| config.listen.address()),
        seed,
        liveness = %plan.of(Endpoint::Liveness),
        readiness = %plan.of(Endpoint::Readiness),
        startup = %plan.of(Endpoint::Startup),
        dependency = %plan.of(Endpoint::Dependency),
        drain_delay = ?config.drain.delay,
        grace = ?config.drain.grace,
        "listening"
    );
    for advice in advice::on(&config.faults) {
        warn!(setting = advice.setting, effect = %advice.effect, "check this setting");
    }
}
