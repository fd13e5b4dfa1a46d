//! `--run IMAGE=COMMAND` and `--target CONTAINER=HOST[:PORT]`: what is to stand for containers.

use std::path::PathBuf;
use std::str::FromStr;

use crate::probe::Target;

/// What runs for an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lab) struct Run {
    /// The image, with or without registry and tag.
    pub(super) image: String,
    /// The words that stand for its entrypoint; empty: the manifest's own command.
    pub(super) command: Vec<String>,
}

/// What stands for a container, and is not started by the lab.
#[derive(Clone, Debug)]
pub(in crate::lab) struct Stand {
    /// The pod's or workload's name; `None` for any.
    pub(super) owner: Option<String>,
    /// The container's name.
    pub(super) container: String,
    /// Where it is reached.
    pub(super) target: Target,
}

// === impl Run ===

impl FromStr for Run {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (image, command) = text
            .split_once('=')
            .filter(|(image, _)| !image.trim().is_empty())
            .ok_or("expected IMAGE=COMMAND, for example api='./api --port 8080'")?;
        let command =
            shell_words::split(command).map_err(|_| format!("a quote in {command:?} is not closed"))?;
        Ok(Self { image: image.trim().to_owned(), command })
    }
}

impl Run {
    /// The program, if it is a bare name that none of these directories has.
    pub(in crate::lab) fn missing(&self, directories: &[PathBuf]) -> Option<&str> {
        let name = self.command.first().filter(|word| !word.contains('/'))?;
        (!directories.iter().any(|directory| directory.join(name).is_file())).then_some(name)
    }
}

// === impl Stand ===

impl Stand {
    /// Whether it is for this container of a pod of these names.
    pub(super) fn is_for(&self, names: &[&str], container: &str) -> bool {
        self.container == container && self.owner.as_deref().is_none_or(|owner| names.contains(&owner))
    }

    /// Whether it is for this container of what is called `owner`, or of a pod of it.
    pub(super) fn may_be_for(&self, owner: &str, container: &str) -> bool {
        let is_its = |wanted: &str| {
            wanted.strip_prefix(owner).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
        };
        self.container == container && self.owner.as_deref().is_none_or(is_its)
    }

    /// What it is for, as it was written.
    pub(super) fn name(&self) -> String {
        let owner = self.owner.as_ref().map_or(String::new(), |owner| format!("{owner}/"));
        owner + &self.container
    }
}

impl FromStr for Stand {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, target) = text
            .split_once('=')
            .filter(|(name, target)| !name.is_empty() && !target.is_empty())
            .ok_or("expected CONTAINER=HOST[:PORT], for example api=127.0.0.1:8080")?;
        let (owner, container) = match name.rsplit_once('/') {
            Some((owner, container)) => (Some(owner.to_owned()), container),
            None => (None, name),
        };
        let target = target.parse::<Target>().map_err(|error| error.to_string())?;
        Ok(Self { owner, container: container.to_owned(), target })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_at_blanks_and_quotes_hold_it_together() {
        for (text, image, command) in [
            ("api=./api --port 80", "api", &["./api", "--port", "80"][..]),
            ("shop/api:1=sh -c 'sleep 1; exit 3'", "shop/api:1", &["sh", "-c", "sleep 1; exit 3"]),
            ("api=A=b", "api", &["A=b"]),
            ("api=", "api", &[]),
        ] {
            let run: Run = text.parse().expect(text);
            assert_eq!(
                (run.image.as_str(), run.command),
                (image, command.iter().map(|w| (*w).to_owned()).collect())
            );
        }
        for wrong in ["", "api", "=./api", "api='x"] {
            assert!(wrong.parse::<Run>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_program_that_is_not_in_the_path_is_missing() {
        for (run, missing) in [
            ("a=sh -c x", None),
            ("a=no-such-program x", Some("no-such-program")),
            ("a=./x", None),
            ("a=", None),
        ] {
            let run: Run = run.parse().unwrap();
            assert_eq!(run.missing(&["/nowhere".into(), "/bin".into()]), missing);
        }
    }

    #[test]
    fn a_target_names_a_container_of_all_pods_or_of_one_workload() {
        let all: Stand = "main=127.0.0.1:8080".parse().unwrap();
        let one: Stand = "web/main=127.0.0.1".parse().unwrap();
        for (names, for_all, for_one) in
            [(&["web-abc12", "web"][..], true, true), (&["db-0", "db"], true, false)]
        {
            assert_eq!((all.is_for(names, "main"), one.is_for(names, "main")), (for_all, for_one));
        }
        assert!(!all.is_for(&["web"], "other"));
        for wrong in ["main", "main=", "=127.0.0.1"] {
            assert!(wrong.parse::<Stand>().is_err(), "{wrong}");
        }
    }
}
