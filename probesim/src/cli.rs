//! The command line: which subcommand, with which flags.

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::check;
use crate::ctl;
#[cfg(feature = "lab")]
use crate::lab;
#[cfg(feature = "lab")]
use crate::predict;
use crate::server;
use crate::settings::Settings;

const SERVE_NOTES: &str = "\
Every option can be given in the environment, under the name in brackets; an empty variable counts as unset, and
the option wins over the variable. Times are a number with a unit (50ms, 1.5s, 2m, 1h30m); where a bare number is
allowed, its unit is said.

Exit codes: 0 stopped by SIGTERM or SIGINT, after the drain; 1 cannot listen; 2 a setting is wrong;
128+n ended at once by a second signal n (130 SIGINT, 143 SIGTERM).";

/// Answers Kubernetes probes, and fails them on plan.
#[derive(Debug, Parser)]
#[command(name = "probesim", version, args_conflicts_with_subcommands = true, after_help = SERVE_NOTES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,

    #[command(flatten)]
    serve: Serve,
}

/// How to serve, or what to say instead.
#[derive(Clone, Debug, Default, PartialEq, clap::Args)]
pub struct Serve {
    #[command(flatten)]
    #[allow(missing_docs, reason = "a doc comment would become help text")]
    pub settings: Settings,

    /// Check all settings and the file, print the plan that they make, and serve nothing
    #[arg(long)]
    pub check: bool,

    /// Print the reference of settings, file and faults as Markdown, and serve nothing
    #[arg(long)]
    pub reference: bool,
}

/// What to run; `serve` when nothing is named.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Serve /liveness, /readiness, /startup and /dependency: the default
    #[command(after_help = SERVE_NOTES)]
    Serve(Box<Serve>),
    /// Run manifests, or replay the recording of a cluster, behind a Kubernetes API on loopback
    #[cfg(feature = "lab")]
    Lab(Box<lab::Args>),
    /// Say what the probes of a manifest will come to: restarts a day, unready share, time to detect, findings
    #[cfg(feature = "lab")]
    Predict(Box<predict::Args>),
    /// Probe a server once, as an exec probe in an image without a shell: exit code 0 or 1
    Check(check::Args),
    /// Change the faults of running servers: of one, or of all behind a name
    Ctl(ctl::Args),
    /// End the processes of a lab that was killed: the lab runs it, and nobody types it.
    #[cfg(feature = "lab")]
    #[command(skip)]
    Guard(lab::GuardArgs),
}

// === impl Command ===

impl Command {
    /// Runs the subcommand to its end.
    pub async fn run(self) -> ExitCode {
        match self {
            Command::Serve(serve) => server::run(*serve).await,
            #[cfg(feature = "lab")]
            Command::Lab(arguments) => lab::run(*arguments).await,
            Command::Ctl(arguments) => ctl::run(arguments).await,
            #[cfg(feature = "lab")]
            Command::Predict(arguments) => predict::run(&arguments),
            Command::Check(arguments) => check::run(arguments).await,
            #[cfg(feature = "lab")]
            Command::Guard(arguments) => lab::guard(&arguments),
        }
    }
}

/// The definition, for completions and the man page.
#[must_use]
pub fn definition() -> clap::Command {
    <Cli as clap::CommandFactory>::command()
}

/// Reads the command line, program name first.
///
/// # Errors
/// What clap has to say instead: help, the version, or what is wrong. See [`fn@print`].
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, clap::Error> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    #[cfg(feature = "lab")]
    if let Some(guard) = lab::GuardArgs::of(&arguments) {
        return Ok(Command::Guard(guard));
    }
    #[cfg(not(feature = "lab"))]
    if arguments.get(1).is_some_and(|word| word == "lab" || word == "predict") {
        let why = "this probesim serves, checks and controls only: lab and predict are in the one for laptops and CI";
        return Err(
            <Cli as clap::CommandFactory>::command().error(clap::error::ErrorKind::InvalidSubcommand, why)
        );
    }
    let cli = Cli::try_parse_from(arguments)?;
    Ok(cli.command.unwrap_or_else(|| Command::Serve(Box::new(cli.serve))))
}

/// Prints help to stdout or a usage error to stderr, and returns the exit code: 0 or 2.
pub fn print(answer: &clap::Error) -> ExitCode {
    // A closed pipe (`probesim --help | head -1`) is no reason to fail.
    let _ = answer.print();
    u8::try_from(answer.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn serve(arguments: &[&str]) -> Settings {
        match parse(arguments.iter().map(OsString::from)) {
            Ok(Command::Serve(serve)) => serve.settings,
            other => panic!("not serve: {other:?}"),
        }
    }

    fn refusal(arguments: &[&str]) -> String {
        parse(arguments.iter().map(OsString::from)).expect_err("refused").to_string()
    }

    #[test]
    fn the_definition_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn what_nobody_types_is_no_subcommand() {
        let names: Vec<_> = Cli::command().get_subcommands().map(|it| it.get_name().to_owned()).collect();
        assert_eq!(names, ["serve", "lab", "predict", "check", "ctl"]);
    }

    #[test]
    fn serve_is_the_default_subcommand() {
        assert_eq!(serve(&["probesim", "--port", "9000"]), serve(&["probesim", "serve", "--port=9000"]));
        assert_eq!(serve(&["probesim"]), Settings::default());
    }

    #[test]
    fn negative_numbers_are_values_not_flags() {
        assert_eq!(serve(&["probesim", "--fail-count", "-2"]).fail_count, Some(-2));
        assert!(refusal(&["probesim", "--latency", "-5"]).contains("invalid value '-5' for '--latency"));
    }

    #[test]
    fn a_bare_boolean_flag_is_true() {
        assert_eq!(serve(&["probesim", "--fail-dependency"]).fail_dependency, Some(true));
        assert_eq!(serve(&["probesim", "--fail-dependency=F"]).fail_dependency, Some(false));
    }

    #[test]
    fn a_check_without_a_port_is_a_usage_error() {
        for kind in ["http", "tcp", "grpc"] {
            let arguments = ["probesim", "check", kind, "db"].map(OsString::from);
            let answer = parse(arguments).expect_err("refused");
            assert_eq!(answer.exit_code(), 2);
            let words = "the port is missing; write HOST:PORT, such as db:8080";
            assert!(answer.to_string().contains(words), "{answer}");
        }
    }

    #[test]
    fn a_wrong_flag_says_what_to_write() {
        let text = refusal(&["probesim", "--failure-rate", "101"]);
        assert!(text.contains("--failure-rate") && text.contains("write 100"), "{text}");
    }

    #[test]
    fn help_names_the_variable_of_every_flag() {
        let command = Cli::command();
        let flags = command.get_arguments().filter_map(|argument| {
            let name = argument.get_long()?;
            (!matches!(name, "help" | "version" | "check" | "reference"))
                .then(|| (name, argument.get_help().unwrap().to_string()))
        });
        for (name, help) in flags {
            let variable = format!("[env: {}]", name.to_uppercase().replace('-', "_"));
            assert!(help.contains(&variable), "--{name}: {help}");
        }
    }
}
