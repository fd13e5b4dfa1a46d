//! The gate as a library, so that its parts can be tested one by one.
//!
//! From the outside in: `cli` and `legacy` take the command line apart, `config` makes types of it,
//! `cluster` finds the API server, `gate` runs a `follow` for each target, which joins what is watched
//! (`watch`, `api`, `frames`, `connection`) with what is known (`tracker`, `endpoints`, `evaluate`) and with
//! why it is so (`diagnose`), and `outcome` decides when it is over.

pub mod api;
pub mod backoff;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod connection;
pub mod diagnose;
pub mod doubt;
pub mod duration;
pub mod endpoints;
pub mod evaluate;
pub mod follow;
pub mod frames;
pub mod gate;
pub mod kind;
pub mod kube_error;
pub mod legacy;
pub mod log;
pub mod message;
pub mod name;
pub mod object;
pub mod outcome;
pub mod report;
pub mod resource;
pub mod resume;
pub mod selector;
pub mod signals;
mod suggest;
pub mod target;
pub mod termination_log;
pub mod tracker;
pub mod verdict;
pub mod watch;
pub mod yaml;

use std::collections::HashMap;
use std::process::ExitCode;

use clap::Parser;
use tokio::time::Instant;

use crate::cli::Cli;
use crate::config::Config;
use crate::gate::Gate;
use crate::outcome::Outcome;
use crate::signals::Signals;

/// Parses the command line, waits, and returns the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let start = Instant::now();
    let env: HashMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let config = match configure(&env) {
        Ok(config) => config,
        Err(code) => return code,
    };
    log::init(start, config.verbose);
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let outcome = runtime.block_on(run(config, &env, start));
            // A name lookup that hangs in its thread must not hold up the end.
            runtime.shutdown_background();
            outcome.into()
        }
        Err(error) => {
            tracing::error!("cannot start: {error}");
            Outcome::Failed.into()
        }
    }
}

fn configure(env: &HashMap<String, String>) -> Result<Config, ExitCode> {
    let args = std::env::args_os().map(|arg| arg.to_string_lossy().into_owned());
    let legacy::Normalised { args, is_go_timeout } = legacy::normalise(args);
    let cli = Cli::try_parse_from(args).map_err(|error| {
        // clap knows where help and mistakes go; a closed pipe is no trouble of ours.
        let _ = error.print();
        if error.use_stderr() { Outcome::Usage.into() } else { ExitCode::SUCCESS }
    })?;
    config::resolve(cli, is_go_timeout, env).map_err(|errors| {
        for error in errors {
            eprintln!("wait-for: {error}");
        }
        Outcome::Usage.into()
    })
}

async fn run(config: Config, env: &HashMap<String, String>, start: Instant) -> Outcome {
    let mut signals = match Signals::arm() {
        Ok(signals) => signals,
        Err(error) => {
            tracing::error!("cannot listen for signals: {error}");
            return Outcome::Failed;
        }
    };
    match cluster::find(&config.hints, env) {
        Ok(cluster) => Gate::new(config, start).run(cluster, &mut signals).await,
        Err(error) => {
            tracing::error!("{error}");
            Outcome::Usage
        }
    }
}
