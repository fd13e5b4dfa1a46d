//! What a run is to do: the command line, the environment and the configuration file, made into types.
//!
//! A flag wins over its `WAIT_FOR_` variable, that over the file, and that over a variable of
//! go_wait_for_k8s. An empty variable counts as unset. Every mistake is reported, not only the first.

mod error;
mod file;
mod sources;
mod targets;

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

pub use self::error::ConfigError;
use self::file::{File, FileTarget};
use self::sources::{Setting, Sources};
use crate::aim::Aim;
use crate::cli::Cli;
use crate::cluster::Hints;
use crate::connection::describe;
use crate::diagnose::FailFast;
use crate::missing::Missing;
use crate::name;
use crate::newer_than::NewerThan;
use crate::outcome::{OnTimeout, Quorum};
use crate::place::Place;
use crate::print::Print;
use crate::resource::Scope;
use crate::standing::Terms;
use crate::target::Target;
use crate::termination_log;

/// One look every so often where watching is forbidden.
const INTERVAL: Duration = Duration::from_secs(2);
/// A pause of nothing would be one request after the other.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);

/// A run, ready to go.
#[derive(Debug)]
pub struct Config {
    /// What to wait for; never empty.
    pub wanted: Vec<Wanted>,
    /// How many of them.
    pub quorum: Quorum,
    /// Look once instead of waiting.
    pub once: bool,
    /// The limit of the whole run; none is for ever.
    pub timeout: Option<Duration>,
    /// What to do when that is over.
    pub on_timeout: OnTimeout,
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
    /// What the result looks like.
    pub format: Format,
    /// What the log holds.
    pub volume: Volume,
    /// Print this instead of waiting.
    pub print: Option<Print>,
    /// What that is to be called; by default after the targets.
    pub print_name: Option<String>,
    /// The configuration file.
    pub file: Option<String>,
    /// What to become once the gate is open; nothing where it is empty.
    pub command: Vec<OsString>,
}

impl Config {
    /// Whether a target is an object in the cluster.
    #[must_use]
    pub fn needs_cluster(&self) -> bool {
        self.objects().next().is_some()
    }

    /// The targets that are objects in the cluster.
    pub fn objects(&self) -> impl Iterator<Item = &Target> {
        self.wanted.iter().filter_map(|wanted| wanted.aim.object())
    }
}

/// A target and what it is given besides its condition.
#[derive(Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What to wait for.
    pub aim: Aim,
    /// How long it must hold, and how long it may take.
    pub terms: Terms,
    /// What its absence means.
    pub missing: Missing,
    /// When waiting for it is hopeless.
    pub fail_fast: FailFast,
    /// How old it may be.
    pub newer_than: NewerThan,
}

/// `--output`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// Lines for people.
    #[default]
    Text,
    /// One JSON object a line on stdout.
    Json,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Volume {
    /// Only what went wrong.
    Quiet,
    /// Each change.
    Normal,
    /// What ended each watch, too.
    Verbose,
}

/// What is wrong with a configuration.
#[derive(Debug)]
pub struct Mistakes {
    /// Every mistake that was found.
    pub errors: Vec<ConfigError>,
    /// Where to say so for whoever looks at the pod.
    pub termination_log: PathBuf,
}

impl Mistakes {
    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, ConfigError> {
        self.errors.iter()
    }
}

/// Makes sense of everything that was said. `is_go_timeout` says that `-timeout` was spelt as
/// go_wait_for_k8s has it; `read` reads the configuration file, if one is named.
///
/// # Errors
/// Every mistake that was found.
pub fn resolve(
    cli: Cli,
    is_go_timeout: bool,
    env: &HashMap<String, String>,
    read: impl Fn(&str) -> std::io::Result<String>,
) -> Result<Config, Mistakes> {
    let mut termination_log = termination_log::named(cli.termination_log.as_deref(), env);
    let (file, unread) = match read_file(&cli, env, read) {
        Ok(read) => read,
        Err(error) => return Err(Mistakes { errors: vec![error], termination_log }),
    };
    let sources = Sources { env, file: &file };
    let mut errors = Errors(unread);
    let is_legacy = cli.resource_type.is_some()
        || cli.label_selector.is_some()
        || (cli.targets.is_empty()
            && cli.resource.is_none()
            && file.targets.is_empty()
            && sources.variable("RESOURCE_TYPE").is_some());
    let legacy = |name| is_legacy.then(|| sources.variable(name)).flatten();

    let named = targets::targets(&cli, is_legacy, &sources).unwrap_or_else(|mistakes| {
        // They may be in what could not be read.
        let is_known = errors.0.is_empty();
        errors.0.extend(mistakes.into_iter().filter(|mistake| is_known || *mistake != ConfigError::NoTarget));
        Vec::new()
    });
    // What is printed is for a pod that will know its place.
    let place = Place::of(env);
    let known_place = cli.print.is_none().then_some(&place);
    errors.0.extend(named.iter().filter_map(|(aim, _)| {
        let target = aim.object()?;
        target.check_place(known_place?).err().map(|error| ConfigError::Target(target.full(), error.into()))
    }));
    let defaults = TargetDefaults {
        stable_for: errors.or_default(duration(sources.get(cli.stable_for.as_ref(), "stable-for"), 0)),
        missing: errors.or_default(word(sources.get(cli.missing.as_ref(), "missing"), &Missing::WORDS)),
        fail_fast: errors
            .or_default(word(sources.get(cli.fail_fast.as_ref(), "fail-fast"), &FailFast::WORDS)),
        newer_than: errors
            .or_default(newer_than(sources.get(cli.newer_than.as_ref(), "newer-than"), known_place)),
        place: known_place,
    };
    let wanted = named.into_iter().map(|(aim, entry)| defaults.wanted(aim, entry, &mut errors)).collect();

    let timeout = sources.get(cli.timeout.as_ref(), "timeout").or_else(|| legacy("TIMEOUT_SECONDS"));
    let unit = match timeout.as_ref().map(|setting| setting.from.as_str()) {
        Some("TIMEOUT_SECONDS") => 1,
        Some("--timeout") if is_legacy || is_go_timeout => 60,
        _ => 0,
    };
    let timeout = errors.or_default(duration(timeout, unit));
    let interval = sources.get(cli.interval.as_ref(), "interval").or_else(|| legacy("INTERVAL_SECONDS"));
    let interval = errors.or_default(match interval {
        None => Ok(INTERVAL),
        some => duration(some, u64::from(is_legacy)),
    });
    let namespace = sources.get(cli.namespace.as_ref(), "namespace").or_else(|| legacy("NAMESPACE"));
    let scope = match namespace {
        Some(Setting { from, text }) => {
            errors.or_default(
                name::label(&text).map_err(|error| ConfigError::Namespace(from, text.clone(), error)),
            );
            Some(Scope::Namespace(text))
        }
        None if is_legacy => Some(Scope::AllNamespaces),
        None => None,
    };
    let any = errors.or_default(sources.switch(cli.any, "any")) && !cli.all;
    let once = errors.or_default(sources.switch(cli.once, "once"));
    let verbose = errors.or_default(sources.switch(cli.verbose, "verbose"));
    let quiet = errors.or_default(sources.switch(cli.quiet, "quiet"));
    let on_timeout = sources.get(cli.on_timeout.as_ref(), "on-timeout");
    let on_timeout = errors.or_default(word(on_timeout, &OnTimeout::WORDS));
    let output = sources.get(cli.output.as_ref(), "output");
    let format = errors.or_default(word(output, &[("text", Format::Text), ("json", Format::Json)]));
    if once && !cli.command.is_empty() {
        errors.0.push(ConfigError::Flags("--once only looks: leave it out, or leave out what follows --"));
    }

    let print = cli.print.map(|text| Setting { from: "--print".into(), text }.word(&Print::WORDS));
    let print = print.and_then(|word| word.map_err(|error| errors.0.push(error)).ok());
    if let Some(name) = &cli.print_name {
        errors.or_default(name::subdomain(name).map_err(|error| ConfigError::PrintName(name.clone(), error)));
        if print.is_none() {
            errors
                .0
                .push(ConfigError::Flags("--print-name goes with --print rbac or --print init-container"));
        }
    }
    if print.is_some() && cli.command.iter().any(|word| word.to_str().is_none()) {
        errors
            .0
            .push(ConfigError::Flags("--print: what follows -- is no UTF-8, which a manifest cannot hold"));
    }

    if let Some(Setting { text, .. }) = sources.get(cli.termination_log.as_ref(), "termination-log") {
        termination_log = text.into();
    }
    let path = sources.get(cli.config.as_ref(), "config").map(|setting| setting.text);
    let text = |flag: &Option<String>, name| sources.get(flag.as_ref(), name).map(|setting| setting.text);
    let config = Config {
        wanted,
        quorum: if any { Quorum::Any } else { Quorum::All },
        once,
        timeout: Some(timeout).filter(|limit| !limit.is_zero()),
        on_timeout,
        interval: interval.max(SHORTEST_INTERVAL),
        scope,
        hints: Hints {
            kubeconfig: text(&cli.kubeconfig, "kubeconfig").map(PathBuf::from),
            context: text(&cli.context, "context"),
        },
        place,
        termination_log,
        format,
        volume: match (verbose, quiet) {
            (true, _) => Volume::Verbose,
            (false, true) => Volume::Quiet,
            (false, false) => Volume::Normal,
        },
        print,
        print_name: cli.print_name,
        file: path,
        command: cli.command,
    };
    if errors.0.is_empty() {
        Ok(config)
    } else {
        Err(Mistakes { errors: errors.0, termination_log: config.termination_log })
    }
}

/// The mistakes so far.
struct Errors(Vec<ConfigError>);

impl Errors {
    /// Keeps a mistake for later, and goes on with a value that will not be used.
    fn or_default<T: Default>(&mut self, result: Result<T, ConfigError>) -> T {
        result.unwrap_or_else(|error| {
            self.0.push(error);
            T::default()
        })
    }
}

/// What targets are given that have no terms of their own.
struct TargetDefaults<'a> {
    stable_for: Duration,
    missing: Missing,
    fail_fast: FailFast,
    newer_than: NewerThan,
    /// Where we run; it does not matter for what is only printed.
    place: Option<&'a Place>,
}

impl TargetDefaults<'_> {
    fn wanted(&self, aim: Aim, entry: Option<&FileTarget>, errors: &mut Errors) -> Wanted {
        let own = |key| entry.and_then(|entry| entry.setting(key));
        let stable_for = own("stableFor").map_or(Ok(self.stable_for), |setting| setting.duration(0));
        let timeout = errors.or_default(duration(own("timeout"), 0));
        let on_timeout =
            own("onTimeout").map_or(Ok(OnTimeout::Fail), |setting| match setting.word(&OnTimeout::WORDS) {
                Ok(OnTimeout::Continue) if timeout.is_zero() => Err(ConfigError::NoTimeout(setting.from)),
                word => word,
            });
        let missing = own("missing").map_or(Ok(self.missing), |setting| setting.word(&Missing::WORDS));
        let fail_fast = own("failFast").map_or(Ok(self.fail_fast), |setting| setting.word(&FailFast::WORDS));
        let newer_than =
            own("newerThan").map_or(Ok(self.newer_than), |setting| newer_than(Some(setting), self.place));
        Wanted {
            aim,
            terms: Terms {
                stable_for: errors.or_default(stable_for),
                timeout: Some(timeout).filter(|limit| !limit.is_zero()),
                on_timeout: errors.or_default(on_timeout),
            },
            missing: errors.or_default(missing),
            fail_fast: errors.or_default(fail_fast),
            newer_than: errors.or_default(newer_than),
        }
    }
}

fn read_file(
    cli: &Cli,
    env: &HashMap<String, String>,
    read: impl Fn(&str) -> std::io::Result<String>,
) -> Result<(File, Vec<ConfigError>), ConfigError> {
    let none = File::default();
    let Some(Setting { from, text: path }) =
        (Sources { env, file: &none }).get(cli.config.as_ref(), "config")
    else {
        return Ok((none, Vec::new()));
    };
    let text = read(&path)
        .map_err(|error| ConfigError::File(format!("{from}: cannot read {path}: {}", describe(&error))))?;
    Ok(File::parse(&path, &text))
}

fn duration(setting: Option<Setting>, unit: u64) -> Result<Duration, ConfigError> {
    setting.map_or(Ok(Duration::ZERO), |setting| setting.duration(unit))
}

fn newer_than(setting: Option<Setting>, place: Option<&Place>) -> Result<NewerThan, ConfigError> {
    let Some(Setting { from, text }) = setting else { return Ok(NewerThan::Whatever) };
    match text.parse() {
        Ok(NewerThan::OwnPod) if place.is_some_and(|place| place.pod.is_none()) => Err(ConfigError::Flags(
            "--newer-than self needs the name of the pod that waits: set POD_NAME with the downward API",
        )),
        Ok(limit) => Ok(limit),
        Err(error) => Err(ConfigError::Time(from, error)),
    }
}

fn word<T: Copy + Default>(setting: Option<Setting>, known: &[(&'static str, T)]) -> Result<T, ConfigError> {
    setting.map_or(Ok(T::default()), |setting| setting.word(known))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::arguments::Arguments;
    use crate::legacy;

    const FILE: &str = "\
timeout: 5m
missing: ok
targets:
- deployment/api
- target: job/migrate
  timeout: 2m
  stableFor: 3s
  missing: fail
  onTimeout: continue
";

    fn config(line: &str, env: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        config_with(FILE, line, env)
    }

    fn config_with(file: &str, line: &str, env: &[(&str, &str)]) -> Result<Config, Vec<String>> {
        let env = env.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let words = std::iter::once("wait-for").chain(line.split_whitespace());
        let Arguments { ours, command, .. } = Arguments::of(words.map(OsString::from));
        let legacy::Normalised { args, is_go_timeout } = legacy::normalise(ours);
        let cli = Cli::try_parse_from(args).map_err(|error| vec![error.to_string()])?;
        let read = |path: &str| match path {
            "/none" => Err(std::io::Error::from_raw_os_error(2)),
            _ => Ok(file.to_owned()),
        };
        resolve(Cli { command, ..cli }, is_go_timeout, &env, read)
            .map_err(|mistakes| mistakes.errors.iter().map(ToString::to_string).collect())
    }

    fn targets(config: &Config) -> Vec<String> {
        config.wanted.iter().map(|wanted| wanted.aim.full()).collect()
    }

    #[test]
    fn targets_can_be_named_one_by_one() {
        let config = config("deploy/api@shop:rolled-out pod/app=web", &[]).unwrap();
        assert_eq!(targets(&config), ["deployment/api@shop:rolled-out", "pod/app=web:ready"]);
        assert_eq!((config.quorum, config.timeout, config.scope), (Quorum::All, None, None));
    }

    #[test]
    fn network_targets_need_no_cluster_and_their_secrets_are_not_repeated() {
        let network = config("tcp://db:5432 https://api/ready#status=200", &[]).unwrap();
        assert_eq!(targets(&network), ["tcp://db:5432", "https://api/ready"]);
        assert!(!network.needs_cluster());
        assert!(config("tcp://db:5432 pod/x", &[]).unwrap().needs_cluster());
        let errors = config("https://bob:hunter2@api/ http://api/?hunter2#boddy=hunter2", &[]).unwrap_err();
        assert!(errors[0].starts_with("\"https://***@…\": a user or password in a URL"), "{errors:?}");
        assert!(errors[1].starts_with("\"http://api/?…#…\": unknown option \"boddy\""), "{errors:?}");
        assert!(!errors.concat().contains("hunter2"), "{errors:?}");
    }

    #[test]
    fn a_file_that_is_not_there_is_named_in_words() {
        let errors = config("--config /none pod/x", &[]).unwrap_err();
        assert_eq!(errors, ["--config: cannot read /none: no such file or directory"]);
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

    #[test]
    fn a_file_holds_targets_and_settings_and_a_flag_wins_over_it() {
        let from_file = config("--config gate.yaml", &[]).unwrap();
        assert_eq!(targets(&from_file), ["deployment/api:available", "job/migrate:complete"]);
        assert_eq!(from_file.timeout, Some(Duration::from_secs(300)));
        let [api, migrate] = from_file.wanted.as_slice() else { panic!("two targets") };
        assert_eq!((api.missing, api.terms), (Missing::Ok, Terms::default()));
        assert_eq!(migrate.missing, Missing::Fail);
        assert_eq!(
            migrate.terms,
            Terms {
                stable_for: Duration::from_secs(3),
                timeout: Some(Duration::from_secs(120)),
                on_timeout: OnTimeout::Continue,
            }
        );
        let env = [("WAIT_FOR_CONFIG", "gate.yaml")];
        let with_flags = config("pod/x --timeout 7s --missing wait", &env).unwrap();
        assert_eq!(targets(&with_flags)[0], "pod/x:ready");
        assert_eq!(with_flags.timeout, Some(Duration::from_secs(7)));
        assert_eq!(with_flags.wanted[1].missing, Missing::Wait);
    }

    #[test]
    fn what_cannot_be_read_in_a_file_hides_no_other_mistake() {
        let file = "targets: [pod/X, [pod/y]]\ntimout: 5m\nstableFor: 3\n";
        let errors = config_with(file, "--config gate.yaml", &[]).unwrap_err().join("\n");
        for part in [
            "gate.yaml:1: targets: expected one",
            "gate.yaml:1",
            "\"X\"",
            "gate.yaml:2",
            "gate.yaml:3: stableFor",
        ] {
            assert!(errors.contains(part), "{part}: {errors}");
        }
        let alone = config_with("targets: 1\n", "--config gate.yaml", &[]).unwrap_err();
        assert_eq!(alone.len(), 1, "the targets may be what could not be read: {alone:?}");
    }

    #[test]
    fn what_is_to_be_waived_needs_a_time_of_its_own() {
        let file = "timeout: 5m\ntargets:\n- target: pod/x\n  onTimeout: continue\n- target: pod/y\n  onTimeout: go\n";
        let errors = config_with(file, "--config gate.yaml", &[]).unwrap_err();
        assert_eq!(
            errors,
            [
                "gate.yaml:4: onTimeout: continue needs a timeout of this target: write timeout: 2m beside it",
                "gate.yaml:6: onTimeout: \"go\" is not one of fail, continue",
            ]
        );
    }

    #[test]
    fn what_follows_two_dashes_is_the_command() {
        let config = config("pod/x -- sh -c -timeout", &[]).unwrap();
        assert_eq!(config.command, ["sh", "-c", "-timeout"]);
        assert_eq!(targets(&config), ["pod/x:ready"]);
    }

    #[test]
    fn words_are_checked() {
        let errors = config("pod/x --on-timeout go --missing no --output yaml", &[]).unwrap_err();
        assert_eq!(errors.len(), 3, "{errors:?}");
    }
}
