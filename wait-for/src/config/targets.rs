//! The targets of a run: named one by one, in a file, or one that is spelt out in flags.

use super::error::ConfigError;
use super::sources::{Setting, Sources};
use crate::aim::Aim;
use crate::cli::Cli;
use crate::kind::Kind;
use crate::legacy;
use crate::network;
use crate::target::Target;

/// A target and, where it stands in a file, the entry that may have terms of its own.
pub(super) type Named<'a> = (Aim, Option<&'a super::file::FileTarget>);

/// Every target, or every mistake.
pub(super) fn targets<'a>(
    cli: &Cli,
    is_legacy: bool,
    sources: &Sources<'a>,
) -> Result<Vec<Named<'a>>, Vec<ConfigError>> {
    if cli.resource.is_some() || is_legacy {
        return match spelt_out(cli, is_legacy, sources) {
            Ok(target) => Ok(vec![(Aim::Object(target), None)]),
            Err(error) => Err(vec![error]),
        };
    }
    if cli.name.is_some() || cli.selector.is_some() || cli.condition.is_some() {
        return Err(vec![ConfigError::Flags("--name, --selector and --condition need --resource KIND")]);
    }
    let on_the_line = cli.targets.iter().map(|text| {
        text.parse().map(|aim| (aim, None)).map_err(|error| ConfigError::Target(shown(text), error))
    });
    let in_the_file = sources.file.targets.iter().map(|entry| {
        let Setting { from, text } = &entry.target;
        text.parse()
            .map(|aim| (aim, Some(entry)))
            .map_err(|error| ConfigError::SpeltOut(format!("{from}: {:?}", shown(text)), error))
    });
    let (good, bad): (Vec<_>, Vec<_>) = on_the_line.chain(in_the_file).partition(Result::is_ok);
    if !bad.is_empty() {
        return Err(bad.into_iter().filter_map(Result::err).collect());
    }
    if good.is_empty() {
        return Err(vec![ConfigError::NoTarget]);
    }
    Ok(good.into_iter().filter_map(Result::ok).collect())
}

/// A target that is mistaken, as it may be repeated: one on the network without its secrets.
fn shown(text: &str) -> String {
    if network::Target::is_meant_by(text) { network::redacted(text) } else { text.to_owned() }
}

fn spelt_out(cli: &Cli, is_legacy: bool, sources: &Sources) -> Result<Target, ConfigError> {
    if !cli.targets.is_empty() {
        return Err(ConfigError::Flags(
            "a target is spelt out with --resource (or --resource-type); name the others the same way as \
             KIND/NAME, or leave the flags out",
        ));
    }
    let flag = |flag: &Option<String>, name: &str| {
        flag.clone().map(|text| Setting { from: format!("--{name}"), text })
    };
    let legacy_variable = |name| is_legacy.then(|| sources.variable(name)).flatten();
    let kind = flag(&cli.resource, "resource")
        .or_else(|| flag(&cli.resource_type, "resource-type"))
        .or_else(|| legacy_variable("RESOURCE_TYPE"))
        .ok_or(ConfigError::Flags("--label-selector needs --resource-type KIND (or RESOURCE_TYPE)"))?;
    let selector = flag(&cli.selector, "selector")
        .or_else(|| flag(&cli.label_selector, "label-selector"))
        .or_else(|| legacy_variable("LABEL_SELECTOR"));
    let is_theirs = is_legacy && cli.name.is_none();
    let default =
        kind.text.parse::<Kind>().ok().filter(|_| is_theirs).and_then(|kind| legacy::condition(&kind));
    let condition = cli.condition.as_deref().or(default);
    let (from, target) = match (&cli.name, selector) {
        (Some(_), Some(_)) => return Err(ConfigError::Flags("give either --name or a selector, not both")),
        (Some(name), None) => (kind.from, Target::named(&kind.text, name, None, condition)),
        (None, Some(selector)) => {
            (selector.from, Target::selected(&kind.text, &selector.text, None, condition))
        }
        (None, None) if is_legacy => (kind.from, Target::selected(&kind.text, "", None, condition)),
        (None, None) => {
            return Err(ConfigError::Flags("--resource needs --name NAME or --selector SELECTOR"));
        }
    };
    target.map_err(|error| ConfigError::SpeltOut(from, error.into()))
}
