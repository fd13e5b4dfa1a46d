//! Mistakes in the command line itself, in one line each.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli::Cli;
use crate::suggest::closest;

/// What is wrong with `args`, and what to write instead.
pub(crate) fn explain(error: &clap::Error, args: &[String]) -> String {
    let named = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(named)) => named.as_str(),
        _ => "",
    };
    match error.kind() {
        ErrorKind::UnknownArgument => unknown(named, args),
        ErrorKind::InvalidValue => format!("{}: a value is missing; write {named}", flag(named)),
        ErrorKind::ArgumentConflict => format!("{} is given twice: leave one out", flag(named)),
        ErrorKind::TooManyValues => format!("{} is a switch and takes no value: leave it out", flag(named)),
        _ => {
            let text = error.to_string();
            let first = text.lines().next().unwrap_or_default();
            first.strip_prefix("error: ").unwrap_or(first).to_owned()
        }
    }
}

/// The directory of `install DIR`.
///
/// # Errors
/// Where anything else stands there.
pub(crate) fn install(args: &[String], command: &[OsString]) -> Result<PathBuf, String> {
    match (args, command) {
        ([_, _, dir], []) if !dir.starts_with('-') => Ok(dir.into()),
        ([_, _], []) => {
            Err("install needs a directory: write wait-for install DIR, such as /shared".to_owned())
        }
        _ => Err("install takes one directory and nothing else: write wait-for install DIR".to_owned()),
    }
}

/// Arguments and variables that are no UTF-8.
pub(crate) fn unreadable(arguments: &[String], variables: &[String]) -> Vec<String> {
    let arguments =
        arguments.iter().map(|argument| format!("{argument} is no UTF-8: only what follows -- may be"));
    let variables =
        variables.iter().map(|name| format!("{name}: the value is no UTF-8: write it anew, or unset it"));
    arguments.chain(variables).collect()
}

/// A flag that does not exist; what was meant may be a flag with a slip in it.
fn unknown(named: &str, args: &[String]) -> String {
    // clap splits what has one dash into letters: show what was written.
    let written = args.iter().skip(1).find(|arg| arg.starts_with(named)).map_or(named, String::as_str);
    let written = written.split('=').next().unwrap_or(written);
    let command = Cli::command();
    let flags: Vec<&str> = command.get_arguments().filter_map(clap::Arg::get_long).collect();
    match closest(written.trim_start_matches('-'), flags.iter().copied()) {
        Some(meant) => format!("unexpected flag {written} (did you mean --{meant}?); see --help"),
        None => format!("unexpected flag {written}: --help lists the flags; those of a command go after --"),
    }
}

/// `--timeout <DURATION>` without its value.
fn flag(named: &str) -> &str {
    named.split(' ').next().unwrap_or(named)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn explained(line: &str) -> String {
        let args: Vec<String> = line.split(' ').map(ToOwned::to_owned).collect();
        explain(&Cli::try_parse_from(&args).unwrap_err(), &args)
    }

    #[test]
    fn a_mistake_is_one_line_that_says_what_to_write() {
        for (line, says) in [
            ("wait-for --timout 5s pod/x", "unexpected flag --timout (did you mean --timeout?); see --help"),
            ("wait-for --timout=5s pod/x", "unexpected flag --timout (did you mean --timeout?); see --help"),
            ("wait-for -timout=5s pod/x", "unexpected flag -timout (did you mean --timeout?); see --help"),
            (
                "wait-for pod/x --port 80",
                "unexpected flag --port: --help lists the flags; those of a command go after --",
            ),
            (
                "wait-for pod/x -z",
                "unexpected flag -z: --help lists the flags; those of a command go after --",
            ),
            ("wait-for pod/x --timeout", "--timeout: a value is missing; write --timeout <DURATION>"),
            ("wait-for pod/x --timeout 1s --timeout 2s", "--timeout is given twice: leave one out"),
            ("wait-for pod/x --once=true", "--once is a switch and takes no value: leave it out"),
        ] {
            assert_eq!(explained(line), says, "{line}");
        }
    }

    #[test]
    fn install_takes_one_directory() {
        let install = |line: &str, command: &[OsString]| {
            install(&line.split(' ').map(ToOwned::to_owned).collect::<Vec<_>>(), command)
        };
        assert_eq!(install("wait-for install /shared", &[]), Ok("/shared".into()));
        assert!(install("wait-for install", &[]).unwrap_err().contains("wait-for install DIR"));
        for (line, command) in [("wait-for install a b", &[][..]), ("wait-for install a", &["app".into()])] {
            assert!(install(line, command).unwrap_err().contains("nothing else"), "{line}");
        }
    }
}
