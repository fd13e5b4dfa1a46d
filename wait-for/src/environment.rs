//! The environment as text, and what of it is none.

use std::collections::HashMap;
use std::ffi::OsString;

use crate::suggest::closest;

/// What the environment's settings begin with.
pub const PREFIX: &str = "WAIT_FOR_";
/// Those that have another name; the ones of go_wait_for_k8s are refused where they are used.
const OTHERS: [&str; 4] = ["KUBECONFIG", "NODE_NAME", "POD_NAME", "POD_NAMESPACE"];
/// The settings, without the prefix.
const SETTINGS: [&str; 17] = [
    "ANY",
    "CONFIG",
    "CONTEXT",
    "DISABLED",
    "FAIL_FAST",
    "INTERVAL",
    "KUBECONFIG",
    "MISSING",
    "NAMESPACE",
    "NEWER_THAN",
    "ONCE",
    "ON_TIMEOUT",
    "OUTPUT",
    "QUIET",
    "STABLE_FOR",
    "TERMINATION_LOG",
    "TIMEOUT",
];
const VERBOSE: &str = "VERBOSE";

/// The variables, by name.
#[derive(Debug, Default)]
pub struct Environment {
    /// Their values; what is no UTF-8 in them is replaced.
    pub variables: HashMap<String, String>,
    /// Settings whose values are no UTF-8.
    pub unreadable: Vec<String>,
}

impl Environment {
    /// What the system has given us.
    pub fn of(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        let mut environment = Self::default();
        for (name, value) in variables {
            // No variable of ours has such a name.
            let Ok(name) = name.into_string() else { continue };
            let is_ours = name.starts_with(PREFIX) || OTHERS.contains(&name.as_str());
            let value = value.into_string().unwrap_or_else(|value| {
                if is_ours {
                    environment.unreadable.push(name.clone());
                }
                value.to_string_lossy().into_owned()
            });
            environment.variables.insert(name, value);
        }
        environment.unreadable.sort_unstable();
        environment
    }

    /// Variables that look like settings of ours with a slip in their names, and what was probably meant.
    /// Kubernetes itself makes others, such as `WAIT_FOR_SERVICE_HOST` where a Service is called wait-for.
    #[must_use]
    pub fn misspelt(&self) -> Vec<(&str, String)> {
        let mut found: Vec<_> = self
            .variables
            .keys()
            .filter_map(|name| {
                let rest = name.strip_prefix(PREFIX).filter(|rest| !is_setting(rest))?;
                let known = SETTINGS.iter().chain([&VERBOSE]).map(|known| known.to_ascii_lowercase());
                let known: Vec<String> = known.collect();
                let meant = closest(rest, known.iter().map(String::as_str))?;
                Some((name.as_str(), format!("{PREFIX}{}", meant.to_ascii_uppercase())))
            })
            .collect();
        found.sort_unstable();
        found
    }

    /// Why the gate is to be open at once, where it is.
    #[must_use]
    pub fn disabled(&self) -> Option<&str> {
        self.variables.get("WAIT_FOR_DISABLED").map(String::as_str).filter(|reason| !reason.is_empty())
    }
}

/// Whether a name without its prefix is a setting of ours.
#[must_use]
pub fn is_setting(name: &str) -> bool {
    SETTINGS.contains(&name) || name == VERBOSE
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    fn environment(variables: &[(&str, &[u8])]) -> Environment {
        Environment::of(
            variables.iter().map(|(name, value)| ((*name).into(), OsString::from_vec(value.to_vec()))),
        )
    }

    #[test]
    fn a_setting_that_is_no_text_is_named_and_a_variable_of_others_is_left_alone() {
        let found =
            environment(&[("WAIT_FOR_CONFIG", b"a\xff"), ("LS_COLORS", b"\xff"), ("POD_NAME", b"\xff")]);
        assert_eq!(found.unreadable, ["POD_NAME", "WAIT_FOR_CONFIG"]);
    }

    #[test]
    fn a_slip_in_a_name_is_seen_and_a_services_own_variables_are_none() {
        let found = environment(&[
            ("WAIT_FOR_TIMOUT", b"5s"),
            ("WAIT_FOR_TIMEOUT", b"5s"),
            ("WAIT_FOR_SERVICE_HOST", b"10.0.0.1"),
            ("WAIT_FOR_PORT", b"tcp://10.0.0.1:80"),
        ]);
        assert_eq!(found.misspelt(), [("WAIT_FOR_TIMOUT", "WAIT_FOR_TIMEOUT".to_owned())]);
    }

    #[test]
    fn an_empty_reason_disables_nothing() {
        assert_eq!(environment(&[("WAIT_FOR_DISABLED", b"")]).disabled(), None);
        assert_eq!(environment(&[("WAIT_FOR_DISABLED", b"incident 7")]).disabled(), Some("incident 7"));
    }
}
