//! Arguments and variables, read by the programs' own parsers.

use std::collections::HashMap;
use std::ffi::OsString;

use clap::Parser;
use probesim::advice;
use probesim::settings::Settings;
use wait_for::cli::Cli;
use wait_for::legacy::{self, Normalised};

use crate::container::{self, Container};
use crate::file::{File, items, text};

/// What a gate's container is to do.
pub(crate) fn gate(container: &Container<'_>) -> Result<wait_for::config::Config, String> {
    if container.value.get("command").is_some() {
        return Err("command: replaces the image's entrypoint".into());
    }
    wait_for(container.arguments(), &container.environment())
}

/// What a simulator's container is to do.
pub(crate) fn simulator(container: &Container<'_>) -> Result<probesim::config::Config, String> {
    let words = std::iter::once("probesim".to_owned()).chain(container.arguments()).map(OsString::from);
    let command = probesim::cli::parse(words).map_err(|error| error.to_string())?;
    let probesim::cli::Command::Serve(settings) = command else {
        return Err("is told to be something else than a server".into());
    };
    probesim(settings.settings, &container.environment())
}

/// The gates whose arguments or variables are refused.
pub(crate) fn misunderstood_by_wait_for(file: &File) -> Vec<String> {
    let gates = container::of(file, "wait-for");
    gates
        .iter()
        .filter_map(|container| Some(format!("{}: {}", container.name(), gate(container).err()?)))
        .collect()
}

/// The simulators whose variables are refused, or have another effect than one may think.
pub(crate) fn misunderstood_by_probesim(file: &File) -> Vec<String> {
    let containers = container::of(file, "probesim");
    let configs = containers.iter().map(|container| (container.name(), simulator(container)));
    let maps =
        file.of_kind("Kustomization").flat_map(|kustomization| items(&kustomization["configMapGenerator"]));
    let generated = maps.map(|map| {
        let pairs = items(&map["literals"]).iter().filter_map(|literal| text(literal).split_once('='));
        let variables = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        (text(&map["name"]), probesim(Settings::default(), &variables))
    });
    let complaints = configs.chain(generated).flat_map(|(name, config)| match config {
        Ok(config) => {
            let advice = advice::on(&config.faults).into_iter();
            advice.map(|advice| format!("{name}: {} {}", advice.setting, advice.effect)).collect()
        }
        Err(error) => vec![format!("{name}: {error}")],
    });
    complaints.collect()
}

/// The lines of comments that are commands, by their indentation, and are refused.
pub(crate) fn misunderstood_in_comments(file: &File) -> Vec<String> {
    let commands = file.text.lines().filter_map(|line| line.trim().strip_prefix("#   wait-for "));
    let refusal = |command: &str| {
        let words = command.split_whitespace().map(str::to_owned);
        Some(format!("{command}: {}", wait_for(words, &HashMap::new()).err()?))
    };
    commands.filter_map(refusal).collect()
}

fn wait_for(
    arguments: impl IntoIterator<Item = String>,
    environment: &HashMap<String, String>,
) -> Result<wait_for::config::Config, String> {
    let words = std::iter::once("wait-for".to_owned()).chain(arguments);
    let Normalised { args, is_go_timeout } = legacy::normalise(words);
    let cli = Cli::try_parse_from(args).map_err(|error| error.to_string())?;
    wait_for::config::resolve(cli, is_go_timeout, environment, |path| std::fs::read_to_string(path))
        .map_err(|mistakes| mistakes.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
}

/// A variable that nobody reads is as wrong as one that is refused.
fn probesim(
    flags: Settings,
    variables: &HashMap<String, String>,
) -> Result<probesim::config::Config, String> {
    let asked = std::cell::RefCell::new(Vec::new());
    let config = probesim::config::Config::new(flags, |name| {
        asked.borrow_mut().push(name.to_owned());
        variables.get(name).map(OsString::from)
    })
    .map_err(|error| error.to_string())?;
    match variables.keys().find(|name| !asked.borrow().contains(name)) {
        Some(unknown) => Err(format!("{unknown} is no variable of probesim")),
        None => Ok(config),
    }
}
