//! The arguments as they come: what is ours, and after `--` the command, byte for byte.

use std::ffi::{OsStr, OsString};

/// The arguments of this process.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// The program and what is said to it; what is no UTF-8 in them is replaced.
    pub ours: Vec<String>,
    /// What was no UTF-8, as it may be shown.
    pub unreadable: Vec<String>,
    /// What follows the first `--`.
    pub command: Vec<OsString>,
}

impl Arguments {
    /// Takes them apart. The first `--` ends what is ours, whatever stands before it.
    pub fn of(all: impl IntoIterator<Item = OsString>) -> Self {
        let mut all = all.into_iter();
        let mut arguments = Self::default();
        for argument in all.by_ref().take_while(|argument| argument != OsStr::new("--")) {
            let text = argument.into_string().unwrap_or_else(|argument| {
                arguments.unreadable.push(format!("{argument:?}"));
                argument.to_string_lossy().into_owned()
            });
            arguments.ours.push(text);
        }
        arguments.command = all.collect();
        arguments
    }

    /// The value of the flag `--name`, where it is given, however little sense the rest makes.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<&str> {
        let mut found = None;
        let mut arguments = self.ours.iter().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.strip_prefix("--").and_then(|rest| rest.strip_prefix(name)) {
                Some("") => found = arguments.next().map(String::as_str),
                Some(rest) => found = rest.strip_prefix('=').or(found),
                None => {}
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    fn arguments(line: &str) -> Arguments {
        Arguments::of(line.split(' ').map(OsString::from))
    }

    #[test]
    fn the_command_is_taken_as_it_is() {
        let odd = OsString::from_vec(b"caf\xe9".to_vec());
        let all = ["wait-for", "pod/x", "--", "sh", "--", "-timeout"].map(OsString::from);
        let found = Arguments::of(all.into_iter().chain([odd.clone()]));
        assert_eq!(found.ours, ["wait-for", "pod/x"]);
        assert_eq!(found.command, [OsString::from("sh"), "--".into(), "-timeout".into(), odd]);
        assert!(found.unreadable.is_empty());
    }

    #[test]
    fn what_is_ours_has_to_be_text() {
        let found = Arguments::of([OsString::from("wait-for"), OsString::from_vec(b"pod/\xff".to_vec())]);
        assert_eq!(found.unreadable, ["\"pod/\\xFF\""]);
    }

    #[test]
    fn one_flag_can_be_found_among_those_that_make_no_sense() {
        for line in ["wait-for --bad --termination-log x", "wait-for --termination-log=x --bad"] {
            assert_eq!(arguments(line).flag("termination-log"), Some("x"), "{line}");
        }
        assert_eq!(arguments("wait-for pod/x -- --termination-log x").flag("termination-log"), None);
        assert_eq!(arguments("wait-for --termination-logs x").flag("termination-log"), None);
    }
}
