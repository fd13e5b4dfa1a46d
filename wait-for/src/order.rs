//! What a process of this program is to do, by its arguments and environment.

use std::io;
use std::path::PathBuf;

use clap::Parser;

use crate::arguments::Arguments;
use crate::cli::Cli;
use crate::config::{self, Config, Mistakes};
use crate::environment::Environment;
use crate::exec::Then;
use crate::legacy::{self, Normalised};
use crate::print::{self, Print};
use crate::{termination_log, usage};

/// The one thing to do.
#[derive(Debug)]
pub(crate) enum Order {
    /// Print a text.
    Show(String),
    /// Copy this program to a directory.
    Install(PathBuf),
    /// Open at once.
    Open { reason: String, then: Then },
    /// Wait.
    Wait(Box<Config>),
    /// Say what is wrong with what was said.
    Refuse { mistakes: Vec<String>, termination_log: PathBuf },
}

/// Decides; `read` reads the configuration file.
pub(crate) fn decide(
    arguments: Arguments,
    environment: &Environment,
    read: impl Fn(&str) -> io::Result<String>,
) -> Order {
    let termination_log = termination_log::named(arguments.flag("termination-log"), &environment.variables);
    let Normalised { args, is_go_timeout } = legacy::normalise(arguments.ours.iter().cloned());
    let parsed = Cli::try_parse_from(&args);
    if let Err(error) = &parsed
        && !error.use_stderr()
    {
        return Order::Show(error.to_string());
    }
    // To install is not to wait: a pod whose gates are disabled needs the program all the same.
    if args.get(1).is_some_and(|verb| verb == "install") {
        match usage::install(&args, &arguments.command) {
            Ok(dir) => return Order::Install(dir),
            Err(_) if environment.disabled().is_some() => {}
            Err(mistake) => return Order::Refuse { mistakes: vec![mistake], termination_log },
        }
    }
    if let Some(reason) = environment.disabled() {
        let then = Then { command: arguments.command, termination_log };
        return Order::Open { reason: reason.to_owned(), then };
    }
    let unreadable = usage::unreadable(&arguments.unreadable, &environment.unreadable);
    if !unreadable.is_empty() {
        return Order::Refuse { mistakes: unreadable, termination_log };
    }
    let cli = match parsed {
        Ok(cli) => Cli { command: arguments.command.clone(), ..cli },
        Err(error) => {
            return Order::Refuse { mistakes: vec![usage::explain(&error, &args)], termination_log };
        }
    };
    match config::resolve(cli, is_go_timeout, &environment.variables, read) {
        Ok(config) => match config.print {
            None => Order::Wait(Box::new(config)),
            Some(Print::Rbac) => Order::Show(print::rbac(&config)),
            Some(Print::InitContainer) => {
                let said = arguments.ours.get(1..).unwrap_or_default();
                Order::Show(print::init_container(&config, said, &environment.variables))
            }
        },
        Err(Mistakes { errors, termination_log }) => {
            Order::Refuse { mistakes: errors.iter().map(ToString::to_string).collect(), termination_log }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(line: &str, env: &[(&str, &str)]) -> Order {
        let arguments =
            Arguments::of(std::iter::once("wait-for").chain(line.split_whitespace()).map(Into::into));
        let environment = Environment::of(env.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        decide(arguments, &environment, |_| Err(io::Error::from_raw_os_error(2)))
    }

    fn refusal(line: &str, env: &[(&str, &str)]) -> (String, PathBuf) {
        match order(line, env) {
            Order::Refuse { mistakes, termination_log } => (mistakes.join("\n"), termination_log),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn a_disabled_gate_is_open_however_wrong_the_rest_is() {
        let disabled = [("WAIT_FOR_DISABLED", "incident 7"), ("WAIT_FOR_TIMEOUT", "soon")];
        for line in
            ["--timout 5s pdo/x -- app -v", "-- app -v", "--config /none -- app -v", "install -- app -v"]
        {
            match order(line, &disabled) {
                Order::Open { reason, then } => {
                    assert_eq!(
                        (reason.as_str(), then.command),
                        ("incident 7", vec!["app".into(), "-v".into()])
                    );
                }
                other => panic!("{line}: {other:?}"),
            }
        }
    }

    #[test]
    fn help_and_install_are_no_gates() {
        let disabled = [("WAIT_FOR_DISABLED", "incident 7")];
        assert!(matches!(order("--help", &disabled), Order::Show(text) if text.contains("Usage")));
        assert!(
            matches!(order("install /shared", &disabled), Order::Install(dir) if dir == std::path::Path::new("/shared"))
        );
    }

    #[test]
    fn whatever_is_wrong_the_termination_log_is_the_one_that_was_named() {
        let env = [("WAIT_FOR_TERMINATION_LOG", "/env")];
        for (line, env, path) in [
            ("pod/", &[][..], "/dev/termination-log"),
            ("pod/", &env, "/env"),
            ("--timout 5s pod/x", &env, "/env"),
            ("--timout 5s --termination-log /flag pod/x", &env, "/flag"),
            ("--config /none --termination-log=/flag pod/x", &env, "/flag"),
        ] {
            assert_eq!(refusal(line, env).1, PathBuf::from(path), "{line}");
        }
    }
}
