//! The simulator and the lab as a library: the binary is a thin shell, and the tests use the parts.

#![cfg_attr(
    not(test),
    warn(clippy::print_stdout, clippy::print_stderr, reason = "they panic where nobody reads: see `say`")
)]
#![cfg_attr(not(feature = "lab"), allow(dead_code, reason = "the lab and the predictions use it"))]

use std::process::ExitCode;

mod admin;
pub mod advice;
mod bounded;
pub mod check;
pub mod cli;
pub mod config;
pub mod ctl;
pub mod decide;
pub mod dependency;
mod duration;
pub mod endpoint;
mod grpc;
pub mod kubelet;
#[cfg(feature = "lab")]
pub mod lab;
#[cfg(feature = "lab")]
pub mod lint;
pub mod load;
#[cfg(feature = "lab")]
pub mod manifest;
pub mod metrics;
pub mod plan;
#[cfg(feature = "lab")]
pub mod predict;
pub mod probe;
pub mod quantity;
mod record;
pub mod reference;
pub mod rng;
mod say;
pub mod server;
pub mod settings;
pub mod state;
mod system_error;
pub mod value;
pub mod yaml;

/// Parses the command line, runs the subcommand, and returns the exit code.
#[must_use]
pub fn main() -> ExitCode {
    let command = match cli::parse(std::env::args_os()) {
        Ok(command) => command,
        Err(answer) => return cli::print(&answer),
    };
    match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => {
            let code = runtime.block_on(command.run());
            // A name that is still being looked up must not hold up the end.
            runtime.shutdown_background();
            code
        }
        Err(error) => {
            say::trouble(format_args!("cannot start: {error}"));
            ExitCode::FAILURE
        }
    }
}
