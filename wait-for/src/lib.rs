//! The gate as a library, so that its parts can be tested one by one.
//!
//! From the outside in: `cli` and `legacy` take the command line apart, `config` makes types of it,
//! `cluster` finds the API server, `gate` runs a `follow` for each target, which joins what is watched
//! (`watch`, `api`, `frames`, `connection`) with what is known (`tracker`, `endpoints`, `evaluate`) and with
//! why it is so (`diagnose`), and `outcome` decides when it is over.

pub mod aim;
pub mod api;
pub mod backoff;
pub mod bounded_file;
pub mod built_in;
mod certificate_words;
pub mod cli;
pub mod cluster;
pub mod config;
pub mod connection;
pub mod diagnose;
pub mod discovery;
pub mod doubt;
pub mod duration;
pub mod endpoints;
pub mod evaluate;
pub mod exec;
pub mod follow;
pub mod frames;
pub mod gate;
pub mod install;
pub mod kind;
pub mod kube_error;
pub mod legacy;
pub mod log;
pub mod message;
pub mod missing;
pub mod moment;
pub mod name;
pub mod network;
pub mod newer_than;
pub mod object;
pub mod outcome;
pub mod output;
pub mod place;
pub mod print;
pub mod resource;
pub mod resume;
pub mod row;
pub mod selector;
pub mod signals;
pub mod standing;
mod suggest;
pub mod target;
pub mod termination_log;
pub mod tracker;
pub mod verdict;
pub mod watch;
pub mod yaml;

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use tokio::time::Instant;

use crate::cli::Cli;
use crate::config::{Config, ConfigError};
use crate::gate::Gate;
use crate::legacy::Normalised;
use crate::outcome::Outcome;
use crate::output::Output;
use crate::print::Print;
use crate::signals::Signals;

/// Parses the command line, waits, and returns the exit code; after `--`, becomes the command instead.
#[must_use]
pub fn main() -> ExitCode {
    let start = Instant::now();
    let env: HashMap<String, String> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let Normalised { args, is_go_timeout } =
        legacy::normalise(std::env::args_os().map(|arg| arg.to_string_lossy().into_owned()));
    let cli = match Cli::try_parse_from(&args) {
        Ok(cli) => cli,
        Err(error) => {
            // clap knows where help and mistakes go; a closed pipe is no trouble of ours.
            let _ = error.print();
            return if error.use_stderr() { Outcome::Usage.into() } else { ExitCode::SUCCESS };
        }
    };
    if let [verb, dir] = cli.targets.as_slice()
        && verb == "install"
    {
        return install(Path::new(dir));
    }
    if let Some(reason) = env.get("WAIT_FOR_DISABLED").filter(|reason| !reason.is_empty()) {
        eprintln!("wait-for: open at once: WAIT_FOR_DISABLED={reason}");
        return exec::become_command(&cli.command);
    }
    match config::resolve(cli, is_go_timeout, &env, |path| std::fs::read_to_string(path)) {
        Ok(config) => match config.print {
            Some(what) => print(what, &config, &args),
            None => wait(config, &env, start),
        },
        Err(errors) => complain(&errors),
    }
}

fn install(dir: &Path) -> ExitCode {
    match install::install(dir) {
        Ok(path) => {
            println!("installed {}", path.display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("wait-for: cannot install: {error}");
            Outcome::Usage.into()
        }
    }
}

/// Prints a manifest; a closed pipe is no trouble of ours.
fn print(what: Print, config: &Config, args: &[String]) -> ExitCode {
    let text = match what {
        Print::Rbac => print::rbac(config),
        Print::InitContainer => print::init_container(&print::without_print(&args[1..])),
    };
    let _ = std::io::stdout().write_all(text.as_bytes());
    ExitCode::SUCCESS
}

fn complain(errors: &[ConfigError]) -> ExitCode {
    for error in errors {
        eprintln!("wait-for: {error}");
    }
    Outcome::Usage.into()
}

fn wait(config: Config, env: &HashMap<String, String>, start: Instant) -> ExitCode {
    let command = config.command.clone();
    let output = Output::for_run(&config);
    log::init(start, config.volume, &output);
    let outcome = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let outcome = runtime.block_on(run(config, output, env, start));
            // A name lookup that hangs in its thread must not hold up the end.
            runtime.shutdown_background();
            outcome
        }
        Err(error) => {
            tracing::error!("cannot start: {error}");
            Outcome::Failed
        }
    };
    if outcome.code() == 0 { exec::become_command(&command) } else { outcome.into() }
}

async fn run(config: Config, output: Output, env: &HashMap<String, String>, start: Instant) -> Outcome {
    let mut signals = match Signals::arm() {
        Ok(signals) => signals,
        Err(error) => {
            tracing::error!("cannot listen for signals: {error}");
            return Outcome::Failed;
        }
    };
    // What is only on the network needs no cluster, and no rights in one.
    let cluster = config.needs_cluster().then(|| cluster::find(&config.hints, env)).transpose();
    match cluster {
        Ok(cluster) => Gate::new(config, output, start).run(cluster, &mut signals).await,
        Err(error) => {
            tracing::error!("{error}");
            Outcome::Usage
        }
    }
}
