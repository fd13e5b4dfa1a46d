//! What a run is to do: the command line and the environment, made into types.
//!
//! A flag wins over its `WAIT_FOR_` variable, and that over a variable of go_wait_for_k8s. An empty
//! variable counts as unset. Every mistake is reported, not only the first.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::cli::Cli;
use crate::cluster::Hints;
use crate::duration::{self, DurationError};
use crate::kind::Kind;
use crate::legacy;
use crate::name::{self, NameError};
use crate::outcome::Quorum;
use crate::place::Place;
use crate::resource::Scope;
use crate::target::{Target, TargetError};

/// One look every so often where watching is forbidden.
const INTERVAL: Duration = Duration::from_secs(2);

/// A run, ready to go.
#[derive(Debug)]
pub struct Config {
    /// What to wait for; never empty.
    pub targets: Vec<Target>,
    /// How many of them.
    pub quorum: Quorum,
    /// Look once instead of waiting.
    pub once: bool,
    /// The limit of the whole run; none is for ever.
    pub timeout: Option<Duration>,
    /// Time between looks where watching is forbidden.
    pub interval: Duration,
    /// Where targets are that name no namespace; none is the cluster's default one.
    pub scope: Option<Scope>,
    /// Where the cluster is.
    pub hints: Hints,
    /// Where we run ourselves.
    pub place: Place,
    /// The file for the last reason.
    pub termination_log: PathBuf,
    /// Log debug events.
    pub verbose: bool,
}

/// A mistake in the command line or the environment.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// No target at all.
    #[error("nothing to wait for: name a target, such as deployment/postgres (see --help)")]
    NoTarget,
    /// A positional target is malformed.
    #[error("{0:?}: {1}")]
    Target(String, #[source] TargetError),
    /// The target that is spelt out is malformed.
    #[error("{0}: {1}")]
    SpeltOut(&'static str, #[source] TargetError),
    /// A duration is malformed.
    #[error("{0}: {1}")]
    Duration(&'static str, #[source] DurationError),
    /// No namespace can be called that.
    #[error("{0}: {1:?} is not a namespace: {2}")]
    Namespace(&'static str, String, #[source] NameError),
    /// A variable that is a switch has some other value.
    #[error("{0}: {1:?} is no switch: write true or false")]
    Switch(&'static str, String),
    /// Flags that do not go together.
    #[error("{0}")]
    Flags(&'static str),
}

/// Where a setting came from, and what it says.
type Setting = (&'static str, String);

/// The variables of the environment that say something.
struct Environment<'a>(&'a HashMap<String, String>);

impl Environment<'_> {
    fn get(&self, name: &'static str) -> Option<Setting> {
        self.0.get(name).filter(|value| !value.is_empty()).map(|value| (name, value.clone()))
    }

    fn switch(&self, name: &'static str) -> Result<bool, ConfigError> {
        match self.get(name) {
            None => Ok(false),
            Some((_, value)) => match value.to_ascii_lowercase().as_str() {
                "true" | "1" => Ok(true),
                "false" | "0" => Ok(false),
                _ => Err(ConfigError::Switch(name, value)),
            },
        }
    }
}

/// Makes sense of the command line and the environment. `is_go_timeout` says that `-timeout` was
/// spelt as go_wait_for_k8s has it.
///
/// # Errors
/// Every mistake that was found.
pub fn resolve(
    cli: Cli,
    is_go_timeout: bool,
    env: &HashMap<String, String>,
) -> Result<Config, Vec<ConfigError>> {
    let place = Place::of(env);
    let env = Environment(env);
    let mut errors = Vec::new();
    let is_legacy = cli.resource_type.is_some()
        || cli.label_selector.is_some()
        || (cli.targets.is_empty() && cli.resource.is_none() && env.get("RESOURCE_TYPE").is_some());
    let legacy = |name| is_legacy.then(|| env.get(name)).flatten();

    let targets = targets(&cli, is_legacy, &env).unwrap_or_else(|mistakes| {
        errors.extend(mistakes);
        Vec::new()
    });
    errors.extend(targets.iter().filter_map(|target| {
        target.check_place(&place).err().map(|error| ConfigError::Target(target.full(), error))
    }));
    let timeout = setting(&cli.timeout, "--timeout")
        .or_else(|| env.get("WAIT_FOR_TIMEOUT"))
        .or_else(|| legacy("TIMEOUT_SECONDS"));
    let timeout = match timeout {
        None => Ok(Duration::ZERO),
        Some((from @ "TIMEOUT_SECONDS", text)) => bare_or_unit(from, &text, 1),
        Some((from @ "--timeout", text)) if is_legacy || is_go_timeout => bare_or_unit(from, &text, 60),
        Some((from, text)) => bare_or_unit(from, &text, 0),
    };
    let interval = setting(&cli.interval, "--interval")
        .or_else(|| env.get("WAIT_FOR_INTERVAL"))
        .or_else(|| legacy("INTERVAL_SECONDS"));
    let interval = match interval {
        None => Ok(INTERVAL),
        Some((from, text)) => bare_or_unit(from, &text, u64::from(is_legacy)),
    };
    let namespace = setting(&cli.namespace, "--namespace")
        .filter(|(_, name)| !name.is_empty())
        .or_else(|| env.get("WAIT_FOR_NAMESPACE"))
        .or_else(|| legacy("NAMESPACE"));
    let scope = match namespace {
        Some((from, name)) => {
            if let Err(error) = name::label(&name) {
                errors.push(ConfigError::Namespace(from, name.clone(), error));
            }
            Some(Scope::Namespace(name))
        }
        None if is_legacy => Some(Scope::AllNamespaces),
        None => None,
    };
    let mut keep =
        |result: Result<bool, ConfigError>| result.map_err(|error| errors.push(error)).unwrap_or(false);
    let any = (keep(env.switch("WAIT_FOR_ANY")) || cli.any) && !cli.all;
    let once = keep(env.switch("WAIT_FOR_ONCE")) || cli.once;
    let verbose = keep(env.switch("WAIT_FOR_VERBOSE")) || cli.verbose;
    let mut keep = |result: Result<Duration, ConfigError>| {
        result.map_err(|error| errors.push(error)).unwrap_or_default()
    };
    let timeout = Some(keep(timeout)).filter(|limit| !limit.is_zero());
    // A pause of nothing would be a request after the other.
    let interval = keep(interval).max(Duration::from_millis(100));

    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(Config {
        targets,
        quorum: if any { Quorum::Any } else { Quorum::All },
        once,
        timeout,
        interval,
        scope,
        hints: Hints {
            kubeconfig: cli.kubeconfig.or_else(|| value(env.get("WAIT_FOR_KUBECONFIG"))).map(PathBuf::from),
            context: cli.context.or_else(|| value(env.get("WAIT_FOR_CONTEXT"))),
        },
        place,
        termination_log: cli
            .termination_log
            .or_else(|| value(env.get("WAIT_FOR_TERMINATION_LOG")))
            .map_or_else(|| PathBuf::from("/dev/termination-log"), PathBuf::from),
        verbose,
    })
}

fn setting(flag: &Option<String>, name: &'static str) -> Option<Setting> {
    flag.clone().map(|value| (name, value))
}

fn value(setting: Option<Setting>) -> Option<String> {
    setting.map(|(_, value)| value)
}

/// A duration; a bare number counts in `unit` seconds, where there is such a unit.
fn bare_or_unit(from: &'static str, text: &str, unit: u64) -> Result<Duration, ConfigError> {
    match text.trim().parse::<u64>() {
        Ok(count) if unit > 0 => Ok(Duration::from_secs(count.saturating_mul(unit))),
        _ => duration::parse(text).map_err(|error| ConfigError::Duration(from, error)),
    }
}

/// The targets: named one by one, or one that is spelt out in flags.
fn targets(cli: &Cli, is_legacy: bool, env: &Environment) -> Result<Vec<Target>, Vec<ConfigError>> {
    let is_spelt_out = cli.resource.is_some() || is_legacy;
    if !is_spelt_out {
        if cli.name.is_some() || cli.selector.is_some() || cli.condition.is_some() {
            return Err(vec![ConfigError::Flags("--name, --selector and --condition need --resource KIND")]);
        }
        if cli.targets.is_empty() {
            return Err(vec![ConfigError::NoTarget]);
        }
        let (good, bad): (Vec<_>, Vec<_>) = cli
            .targets
            .iter()
            .map(|text| text.parse().map_err(|error| ConfigError::Target(text.clone(), error)))
            .partition(Result::is_ok);
        let bad: Vec<ConfigError> = bad.into_iter().filter_map(Result::err).collect();
        return if bad.is_empty() { Ok(good.into_iter().filter_map(Result::ok).collect()) } else { Err(bad) };
    }
    spelt_out(cli, is_legacy, env).map(|target| vec![target]).map_err(|error| vec![error])
}

fn spelt_out(cli: &Cli, is_legacy: bool, env: &Environment) -> Result<Target, ConfigError> {
    if !cli.targets.is_empty() {
        return Err(ConfigError::Flags(
            "a target is spelt out with --resource (or --resource-type); name the others the same way as \
             KIND/NAME, or leave the flags out",
        ));
    }
    let (from, kind) = setting(&cli.resource, "--resource")
        .or_else(|| setting(&cli.resource_type, "--resource-type"))
        .or_else(|| env.get("RESOURCE_TYPE"))
        .ok_or(ConfigError::Flags("--label-selector needs --resource-type KIND (or RESOURCE_TYPE)"))?;
    let selector = setting(&cli.selector, "--selector")
        .or_else(|| setting(&cli.label_selector, "--label-selector"))
        .or_else(|| is_legacy.then(|| env.get("LABEL_SELECTOR")).flatten());
    let is_theirs = is_legacy && cli.name.is_none();
    let default = kind.parse::<Kind>().ok().filter(|_| is_theirs).and_then(|kind| legacy::condition(&kind));
    let condition = cli.condition.as_deref().or(default);
    match (&cli.name, selector) {
        (Some(_), Some(_)) => Err(ConfigError::Flags("give either --name or a selector, not both")),
        (Some(name), None) => {
            Target::named(&kind, name, None, condition).map_err(|error| ConfigError::SpeltOut(from, error))
        }
        (None, Some((from, selector))) => Target::selected(&kind, &selector, None, condition)
            .map_err(|error| ConfigError::SpeltOut(from, error)),
        (None, None) if is_legacy => {
            Target::selected(&kind, "", None, condition).map_err(|error| ConfigError::SpeltOut(from, error))
        }
        (None, None) => Err(ConfigError::Flags("--resource needs --name NAME or --selector SELECTOR")),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn config(line: &str, env: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let words = std::iter::once("wait-for").chain(line.split_whitespace()).map(str::to_owned);
        let legacy::Normalised { args, is_go_timeout } = legacy::normalise(words);
        let cli = Cli::try_parse_from(args).map_err(|error| vec![error.to_string()])?;
        resolve(cli, is_go_timeout, &env).map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    fn targets(config: &Config) -> Vec<String> {
        config.targets.iter().map(Target::full).collect()
    }

    #[test]
    fn targets_can_be_named_one_by_one() {
        let config = config("deploy/api@shop:rolled-out pod/app=web", &[]).unwrap();
        assert_eq!(targets(&config), ["deployment/api@shop:rolled-out", "pod/app=web:ready"]);
        assert_eq!((config.quorum, config.timeout, config.scope), (Quorum::All, None, None));
    }

    #[test]
    fn one_target_can_be_spelt_out() {
        let line = "--namespace app --resource deployment --name postgres --condition available";
        let config = config(line, &[]).unwrap();
        assert_eq!(targets(&config), ["deployment/postgres:available"]);
        assert_eq!(config.scope, Some(Scope::Namespace("app".into())));
    }

    #[test]
    fn the_flags_of_go_wait_for_k8s_keep_their_meaning() {
        let line = "-namespace=production -label-selector=tier=frontend -resource-type=deployment -timeout=10 -interval=10";
        let config = config(line, &[]).unwrap();
        assert_eq!(targets(&config), ["deployment/tier=frontend:rolled-out"]);
        assert_eq!(config.timeout, Some(Duration::from_secs(600)));
        assert_eq!(config.interval, Duration::from_secs(10));
        assert_eq!(config.scope, Some(Scope::Namespace("production".into())));
    }

    #[test]
    fn the_environment_of_go_wait_for_k8s_keeps_its_meaning_but_seconds_are_seconds() {
        let env = [
            ("RESOURCE_TYPE", "job"),
            ("LABEL_SELECTOR", "app=x"),
            ("TIMEOUT_SECONDS", "90"),
            ("INTERVAL_SECONDS", "7"),
        ];
        let config = config("", &env).unwrap();
        assert_eq!(targets(&config), ["job/app=x:complete"]);
        assert_eq!(config.timeout, Some(Duration::from_secs(90)));
        assert_eq!(config.interval, Duration::from_secs(7));
        assert_eq!(config.scope, Some(Scope::AllNamespaces));
    }

    #[test]
    fn its_variables_mean_nothing_to_a_target_of_our_own_kind() {
        let env = [("RESOURCE_TYPE", "job"), ("NAMESPACE", "elsewhere"), ("TIMEOUT_SECONDS", "90")];
        let config = config("pod/x", &env).unwrap();
        assert_eq!(
            (targets(&config), config.timeout, config.scope),
            (vec!["pod/x:ready".into()], None, None)
        );
    }

    #[test]
    fn a_bare_timeout_is_refused_except_in_the_legacy_spelling() {
        let errors = config("--timeout 10 pod/x", &[]).unwrap_err();
        assert_eq!(errors, ["--timeout: \"10\" has no unit: write 10s for seconds or 10m for minutes"]);
        let errors = config("pod/x", &[("WAIT_FOR_TIMEOUT", "10")]).unwrap_err();
        assert!(errors[0].starts_with("WAIT_FOR_TIMEOUT: "), "{errors:?}");
        assert_eq!(config("-timeout 10 pod/x", &[]).unwrap().timeout, Some(Duration::from_secs(600)));
        assert_eq!(
            config("--timeout=10s --resource-type=pod", &[]).unwrap().timeout,
            Some(Duration::from_secs(10))
        );
    }

    #[test]
    fn a_flag_wins_over_its_variable_and_an_empty_variable_is_none() {
        let env = [("WAIT_FOR_TIMEOUT", "5s"), ("WAIT_FOR_NAMESPACE", ""), ("WAIT_FOR_ANY", "true")];
        let from_flag = config("--timeout 7s --all pod/x", &env).unwrap();
        assert_eq!((from_flag.timeout, from_flag.quorum), (Some(Duration::from_secs(7)), Quorum::All));
        let from_env = config("pod/x", &env).unwrap();
        assert_eq!((from_env.timeout, from_env.quorum), (Some(Duration::from_secs(5)), Quorum::Any));
        assert_eq!(from_env.scope, None);
    }

    #[test]
    fn every_mistake_is_reported_at_once() {
        let errors =
            config("pod/ deployment/x:redy --timeout soon", &[("WAIT_FOR_ONCE", "maybe")]).unwrap_err();
        assert_eq!(errors.len(), 4, "{errors:?}");
        let text = errors.join("\n");
        for part in ["\"pod/\"", "\"ready\"", "--timeout", "WAIT_FOR_ONCE"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn flags_that_do_not_go_together_are_refused() {
        for (line, part) in [
            ("", "nothing to wait for"),
            ("--name x", "need --resource"),
            ("--resource pod", "needs --name"),
            ("--resource pod --name x --selector a=b", "either --name"),
            ("--resource pod --name x pod/y", "spelt out"),
            ("--namespace Shop pod/y", "--namespace: \"Shop\" is not a namespace"),
            ("--label-selector a=b", "needs --resource-type"),
        ] {
            let errors = config(line, &[]).unwrap_err();
            assert!(errors[0].contains(part), "{line}: {errors:?}");
        }
    }
}
