//! Settings and faults from all their sources: flags, the environment, the file.

mod of_settings;
mod scenario;
#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::Path;

use crate::config::Config;
use crate::dependency::{self, Dependencies};
use crate::endpoint::Endpoints;
use crate::plan::process::Limits;
use crate::plan::spec::{self, Spec};
use crate::record::{self, Replay};
use crate::settings::Settings;
use crate::system_error::describe;
use crate::yaml::{Content, Node, Problems, Reader};

/// The keys of the file, what they hold, and what they mean.
pub const KEYS: &[spec::Key] = &[
    (
        "settings",
        "{VARIABLE: value}",
        "any of the variables; the environment and flags win; read at start only",
    ),
    ("faults", "list of faults", "see below; the first one that applies answers"),
    (
        "dependencies",
        "{follow: all, none or a number, each: [{name: text, check: URL, timeout: time, every: time}]}",
        "named dependencies at `/dependency/NAME`, with faults `on: dependency/NAME`; `check` makes one real \
         (http://HOST:PORT[/PATH], tcp://HOST:PORT, grpc://HOST:PORT[/SERVICE], dns://NAME), looked at `every` 5s \
         with a `timeout` of 1s; readiness needs all of them (default), so many, or none; read at start only",
    ),
    (
        "scenario",
        "{repeat: true, phases: [{name: text, for: time, faults: list}]}",
        "phases one after the other, each with its faults, whose moments count from the phase's beginning; a phase without `for` lasts",
    ),
];

/// Everything that was asked for.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// The endpoints that they make.
    pub endpoints: Endpoints,
    /// The named dependencies.
    pub dependencies: Dependencies,
    /// What faults may ask of the process.
    pub limits: Limits,
    /// The faults of settings and file.
    pub fixed: Vec<Spec>,
    /// The record to be given again, if there is one.
    pub(crate) replay: Option<Replay>,
}

/// All that is wrong with settings and file, one line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSettings(pub Vec<String>);

/// Reads all sources.
///
/// # Errors
/// All that is wrong with them.
pub fn load(
    flags: Settings,
    lookup: impl Fn(&str) -> Option<OsString>,
    read: impl Fn(&Path) -> io::Result<String>,
) -> Result<Loaded, BadSettings> {
    let (variables, mut wrong) = Settings::read(lookup);
    let mut settings = flags.or(variables);
    let file = settings.config.clone();
    let document = file.as_deref().and_then(|path| match document(path, &read) {
        Ok(document) => Some(document),
        Err(bad) => {
            wrong.extend(bad.0);
            None
        }
    });
    if let (Some(path), Some(document)) = (&file, &document) {
        let (of_file, bad) = file_settings(document);
        settings = settings.or(of_file);
        wrong.extend(bad.into_iter().map(|bad| format!("{}: {bad}", path.display())));
    }
    let config = Config::from(settings);
    let dependencies = match document.as_ref().map(file_dependencies) {
        None => Ok(Dependencies::default()),
        Some(dependencies) => dependencies,
    };
    let dependencies = dependencies.unwrap_or_else(|problems| {
        let name = file.as_deref().unwrap_or(Path::new("")).display();
        wrong.extend(problems.to_string().lines().map(|line| format!("{name}: {line}")));
        Dependencies::default()
    });
    let endpoints = Endpoints::new(dependencies.names(), config.grpc_services.clone());
    let mut fixed: Vec<_> = of_settings::faults(&config).collect();
    if let Some(text) = &config.more_faults {
        let read = Node::parse(text).and_then(|node| spec::read_all(&node, "faults", "setting-", &endpoints));
        match read {
            Ok(specs) => fixed.extend(specs),
            Err(problems) => wrong.extend(problems.to_string().lines().map(|line| format!("FAULTS: {line}"))),
        }
    }
    if let (Some(path), Some(document)) = (&file, &document) {
        match file_faults(document, &endpoints) {
            Ok(specs) => fixed.extend(specs),
            Err(problems) => {
                wrong.extend(problems.iter().map(|line| format!("{}: {line}", path.display())));
            }
        }
    }
    let limits = of_settings::limits(&config, &read);
    wrong.extend(fixed.iter().filter_map(|spec| limits.check(spec).err()).map(|(_, message)| message));
    if config.record.is_some() && config.record == config.replay {
        wrong.push("RECORD and REPLAY are the same file: write the new record to another".to_owned());
    }
    let replay = config.replay.as_deref().and_then(|path| match record(path, &read, &endpoints) {
        Ok(replay) => Some(replay),
        Err(bad) => {
            wrong.extend(bad);
            None
        }
    });
    if wrong.is_empty() {
        Ok(Loaded { config, endpoints, dependencies, limits, fixed, replay })
    } else {
        Err(BadSettings(wrong))
    }
}

/// The record to be given again.
fn record(
    path: &Path,
    read: impl Fn(&Path) -> io::Result<String>,
    endpoints: &Endpoints,
) -> Result<Replay, Vec<String>> {
    let name = path.display();
    let text = read(path).map_err(|why| vec![format!("REPLAY: cannot read {name}: {}", describe(&why))])?;
    record::read(&text, endpoints).map_err(|wrong| wrong.iter().map(|why| format!("{name}:{why}")).collect())
}

fn document(path: &Path, read: impl Fn(&Path) -> io::Result<String>) -> Result<Node, BadSettings> {
    let name = path.display();
    let text = read(path)
        .map_err(|why| BadSettings(vec![format!("CONFIG: cannot read {name}: {}", describe(&why))]))?;
    Node::parse(&text).map_err(|problems| {
        BadSettings(problems.to_string().lines().map(|line| format!("{name}: {line}")).collect())
    })
}

/// The settings of the file, and what is wrong with them.
fn file_settings(document: &Node) -> (Settings, Vec<String>) {
    let mut reader = Reader::default();
    let top = top(&mut reader, document);
    let Some(node) = top.get("settings") else { return (Settings::default(), vec![]) };
    let Content::Map(entries) = &node.content else {
        return (
            Settings::default(),
            vec![format!("line {}: settings: expected a map of variables and values", node.line)],
        );
    };
    let known = RefCell::new(vec![]);
    let find = |name: &str| {
        known.borrow_mut().push(name.to_owned());
        let (.., value) = entries.iter().find(|(key, ..)| key == name)?;
        match &value.content {
            Content::Text(text) => Some(OsString::from(text)),
            Content::Null | Content::List(_) | Content::Map(_) => None,
        }
    };
    let (settings, bad) = Settings::read(find);
    let line_of =
        |name: &str| entries.iter().find(|(key, ..)| key == name).map_or(node.line, |entry| entry.1);
    let mut bad: Vec<String> = bad
        .into_iter()
        .map(|text| {
            let name = text.split('=').next().unwrap_or_default();
            format!("line {}: settings.{text}", line_of(name))
        })
        .collect();
    for (key, line, value) in entries {
        if !known.borrow().contains(key) {
            bad.push(format!("line {line}: settings.{key}: no such variable"));
        } else if matches!(value.content, Content::List(_) | Content::Map(_)) {
            bad.push(format!("line {line}: settings.{key}: expected one value"));
        }
    }
    (settings, bad)
}

fn top<'a>(reader: &mut Reader, document: &'a Node) -> crate::yaml::Fields<'a> {
    let known: Vec<&str> = KEYS.iter().map(|(key, ..)| *key).collect();
    reader.fields(document, "", &known)
}

/// The faults of the file, those of the scenario last.
///
/// # Errors
/// All that is wrong, by line.
pub fn file_faults(document: &Node, endpoints: &Endpoints) -> Result<Vec<Spec>, Vec<String>> {
    let mut reader = Reader::default();
    let top = top(&mut reader, document);
    let mut specs = vec![];
    if let Some(node) = top.get("faults") {
        specs.extend(spec::specs(&mut reader, node, "faults", "fault-", endpoints, None));
    }
    if let Some(node) = top.get("scenario") {
        specs.extend(scenario::scenario(&mut reader, node, endpoints));
    }
    for spec in &mut specs {
        spec.is_of_file = true;
    }
    let problems = reader.finish(specs);
    problems.map_err(|problems| problems.to_string().lines().map(String::from).collect())
}

fn file_dependencies(document: &Node) -> Result<Dependencies, Problems> {
    // Only this part: other problems of the file are found where they are read.
    let node = match &document.content {
        Content::Map(entries) => entries.iter().find(|(key, ..)| key == "dependencies"),
        Content::Null | Content::Text(_) | Content::List(_) => None,
    };
    node.map_or_else(|| Ok(Dependencies::default()), |(.., node)| dependency::read(node, "dependencies"))
}

// === impl BadSettings ===

impl std::error::Error for BadSettings {}

impl fmt::Display for BadSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}
