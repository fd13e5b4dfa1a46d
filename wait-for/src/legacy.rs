//! The command line of go_wait_for_k8s, whose manifests must keep working.
//!
//! Go's `flag` package takes `-x v`, `-x=v`, `--x v` and `--x=v` alike; clap takes only the last two.

use crate::kind::Kind;

/// The long flags that go_wait_for_k8s has.
const FLAGS: [&str; 7] =
    ["namespace", "label-selector", "resource-type", "kubeconfig", "timeout", "interval", "help"];

/// A command line in our own spelling.
#[derive(Debug, PartialEq, Eq)]
pub struct Normalised {
    /// The arguments, with two dashes where there was one.
    pub args: Vec<String>,
    /// `-timeout` was written as only go_wait_for_k8s takes it.
    pub is_go_timeout: bool,
}

/// Gives Go's single-dash flags their second dash; what follows `--` is left alone.
#[must_use]
pub fn normalise(args: impl IntoIterator<Item = String>) -> Normalised {
    let mut is_go_timeout = false;
    let mut is_literal = false;
    let args = args
        .into_iter()
        .map(|arg| {
            is_literal |= arg == "--";
            let name = arg.strip_prefix('-').and_then(|rest| rest.split('=').next());
            match name {
                Some(name) if !is_literal && FLAGS.contains(&name) => {
                    is_go_timeout |= name == "timeout";
                    format!("-{arg}")
                }
                _ => arg,
            }
        })
        .collect();
    Normalised { args, is_go_timeout }
}

/// What go_wait_for_k8s means by "ready", as the condition that says the same without its gaps.
#[must_use]
pub fn condition(kind: &Kind) -> Option<&'static str> {
    Some(match kind {
        // It compares updated and available replicas with the wanted ones.
        Kind::Deployment => "rolled-out",
        Kind::Job => "complete",
        Kind::StatefulSet | Kind::DaemonSet | Kind::ReplicaSet | Kind::Pod => "ready",
        Kind::Service => "has-endpoints",
        // It knows no others: ours are taken by their own defaults.
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalised(line: &str) -> (String, bool) {
        let Normalised { args, is_go_timeout } = normalise(line.split(' ').map(str::to_owned));
        (args.join(" "), is_go_timeout)
    }

    #[test]
    fn single_dashes_become_double_ones() {
        assert_eq!(
            normalised("wait-for -namespace=default -label-selector app=x -resource-type=pod -timeout 10"),
            (
                "wait-for --namespace=default --label-selector app=x --resource-type=pod --timeout 10".into(),
                true
            )
        );
    }

    #[test]
    fn our_own_spelling_is_left_alone() {
        for line in ["wait-for --timeout 10s -n app pod/x", "wait-for -v -l app=x", "wait-for -- -timeout 3"]
        {
            assert_eq!(normalised(line), (line.into(), false));
        }
    }
}
