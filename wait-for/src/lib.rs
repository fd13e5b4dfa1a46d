//! The gate as a library, so that its parts can be tested one by one.
//!
//! From the outside in: `arguments`, `cli` and `legacy` take the command line apart, `order` decides what is to be
//! done, `config` makes types of it,
//! `cluster` finds the API server, `gate` runs a `follow` for each target, which joins what is watched
//! (`watch`, `api`, `frames`, `connection`) with what is known (`tracker`, `endpoints`, `evaluate`) and with
//! why it is so (`diagnose`), and `outcome` decides when it is over.

#![deny(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "they panic where nothing can be written: use say"
)]

pub mod aim;
pub mod answer;
pub mod api;
pub mod arguments;
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
pub mod environment;
pub mod evaluate;
pub mod exec;
pub mod follow;
pub mod frames;
pub mod gate;
pub mod install;
pub mod json_text;
pub mod jwt;
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
mod order;
pub mod outcome;
pub mod output;
pub mod place;
pub mod print;
pub mod resource;
pub mod resume;
pub mod retry;
pub mod row;
pub mod rule;
mod say;
pub mod selector;
pub mod signals;
pub mod standing;
mod suggest;
pub mod target;
pub mod termination_log;
pub mod tracker;
mod usage;
pub mod verdict;
pub mod watch;
pub mod yaml;

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, sleep_until};

use crate::arguments::Arguments;
use crate::config::Config;
use crate::environment::Environment;
use crate::exec::Then;
use crate::gate::Gate;
use crate::order::{Order, decide};
use crate::outcome::Outcome;
use crate::output::Output;
use crate::signals::Signals;

/// Parses the command line, waits, and returns the exit code; after `--`, becomes the command instead.
#[must_use]
pub fn main() -> ExitCode {
    let start = Instant::now();
    // Before anything else: as PID 1, a signal that comes earlier is lost.
    let (runtime, mut signals) = match arm() {
        Ok(armed) => armed,
        Err(error) => {
            say::complain(format!("cannot start: {}", connection::describe(&error)));
            return Outcome::Failed.into();
        }
    };
    let arguments = Arguments::of(std::env::args_os());
    let environment = Environment::of(std::env::vars_os());
    let end = match decide(arguments, &environment, settings) {
        Order::Show(text) => {
            say::text(&text);
            Ok(Then::default())
        }
        Order::Install(dir) => runtime.block_on(install(dir, &mut signals)),
        Order::Open { reason, then } => {
            say::complain(format!("open at once: WAIT_FOR_DISABLED={reason}"));
            Ok(then)
        }
        Order::Refuse { mistakes, termination_log } => {
            mistakes.iter().for_each(say::complain);
            termination_log::write(&termination_log, &mistakes);
            Err(Outcome::Usage)
        }
        Order::Wait(config) => {
            let then =
                Then { command: config.command.clone(), termination_log: config.termination_log.clone() };
            let output = Output::for_run(&config);
            log::init(start, config.volume, &output);
            for (name, meant) in environment.misspelt() {
                tracing::warn!("{name} is no setting, and is left alone: did you mean {meant}?");
            }
            let run = run(*config, output, &environment.variables, &mut signals, start);
            match runtime.block_on(run) {
                outcome if outcome.code() == 0 => Ok(then),
                outcome => Err(outcome),
            }
        }
    };
    // What came in the meantime was meant for us, and the command would never hear of it.
    let end = end.and_then(|then| match runtime.block_on(signals.pending()) {
        Some(signal) => Err(Outcome::Signalled(signal)),
        None => Ok(then),
    });
    // A name lookup that hangs in its thread must not hold up the end.
    runtime.shutdown_background();
    match end {
        Ok(then) => then.start(),
        Err(outcome) => outcome.into(),
    }
}

fn arm() -> io::Result<(Runtime, Signals)> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let signals = {
        let _context = runtime.enter();
        Signals::arm()?
    };
    Ok((runtime, signals))
}

/// Reads a configuration file, which may be on a volume that hangs.
fn settings(path: &str) -> io::Result<String> {
    let path = PathBuf::from(path);
    bounded_file::in_time(move || bounded_file::read_text(&path, bounded_file::SETTINGS))
}

/// Installs in a thread: a volume that hangs must not keep a signal from ending us.
async fn install(dir: PathBuf, signals: &mut Signals) -> Result<Then, Outcome> {
    let copying = tokio::task::spawn_blocking(move || install::install(&dir));
    tokio::select! {
        biased;
        signal = signals.recv() => Err(Outcome::Signalled(signal)),
        copied = copying => match copied.unwrap_or_else(|error| Err(error.to_string())) {
            Ok(path) => {
                say::result(&[format!("installed {}", path.display())]);
                Ok(Then::default())
            }
            Err(error) => {
                say::complain(error);
                Err(Outcome::Usage)
            }
        }
    }
}

async fn run(
    config: Config,
    output: Output,
    env: &HashMap<String, String>,
    signals: &mut Signals,
    start: Instant,
) -> Outcome {
    // What is only on the network needs no cluster, and no rights in one.
    if !config.needs_cluster() {
        return Gate::new(config, output, start).run(None, signals).await;
    }
    let (hints, env) = (config.hints.clone(), env.clone());
    // The files may be on a volume that hangs.
    let found = bounded_file::off_loop(move || Ok(cluster::find(&hints, &env)));
    let found = tokio::select! {
        biased;
        signal = signals.recv() => return Outcome::Signalled(signal),
        found = found => found,
        () = sleep_until(start + config.timeout.unwrap_or_default()), if config.timeout.is_some() => {
            return give_up(&config, "the kubeconfig was not read in time", Outcome::TimedOut);
        }
    };
    match found {
        Ok(Ok(cluster)) => Gate::new(config, output, start).run(Some(cluster), signals).await,
        Ok(Err(error)) => give_up(&config, &error.to_string(), Outcome::Usage),
        Err(error) => give_up(&config, &format!("cannot read the kubeconfig: {error}"), Outcome::Usage),
    }
}

/// Ends before there is a gate, and says why in the termination log, too.
fn give_up(config: &Config, why: &str, outcome: Outcome) -> Outcome {
    tracing::error!("{why}");
    termination_log::write(&config.termination_log, &[why.to_owned()]);
    outcome
}
