//! Settings and faults from all their sources: flags, the environment, the file.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::Path;
use std::time::Duration;

use serde_json::json;

use crate::config::Config;
use crate::dependency::{self, Dependencies};
use crate::endpoint::Endpoints;
use crate::plan::Port;
use crate::plan::spec::{self, Spec, Target};
use crate::plan::what::{Network, What};
use crate::plan::when::{Phase, Timing};
use crate::record::{self, Replay};
use crate::settings::Settings;
use crate::system_error::describe;
use crate::value;
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
    let mut fixed = partition(&config).into_iter().collect::<Vec<_>>();
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
    let needs_starts = fixed.iter().find(|spec| spec.timing.starts.is_some());
    if let (Some(spec), None) = (needs_starts, &config.starts_file) {
        wrong.push(format!("fault {:?} has `starts`: set STARTS_FILE to a file in an emptyDir", spec.name));
    }
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
        Ok(Loaded { config, endpoints, dependencies, fixed, replay })
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
        specs.extend(scenario(&mut reader, node, endpoints));
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

fn scenario(reader: &mut Reader, node: &Node, endpoints: &Endpoints) -> Vec<Spec> {
    let fields = reader.fields(node, "scenario", &["repeat", "phases"]);
    let repeats = reader.read(&fields, "repeat", value::boolean).unwrap_or_default();
    let Some(phases) = fields.get("phases") else {
        reader.refuse(fields.line, "scenario.phases", "missing");
        return vec![];
    };
    let phases: Vec<_> = reader.items(phases).iter().enumerate().collect();
    let last = phases.len().saturating_sub(1);
    let mut timed = vec![];
    let mut begin = Duration::ZERO;
    for (n, item) in phases {
        let path = format!("scenario.phases[{n}]");
        let phase = reader.fields(item, &path, &["name", "for", "faults"]);
        let length = reader.read(&phase, "for", value::with_unit);
        if phase.get("for").is_none() && (n < last || repeats) {
            reader.refuse(item.line, &format!("{path}.for"), "missing: only the last phase may last");
        } else if length == Some(Duration::ZERO) {
            reader.refuse(phase.line_of("for"), &format!("{path}.for"), "expected a time of more than 0");
        }
        let name = reader.read(&phase, "name", value::text).unwrap_or_else(|| format!("phase-{}", n + 1));
        let until = length.map(|length| begin.saturating_add(length));
        timed.push((path, name, phase, begin, until));
        begin = until.unwrap_or(begin);
    }
    let cycle = repeats.then_some(begin).filter(|cycle| !cycle.is_zero());
    let mut specs = vec![];
    for (path, name, phase, from, until) in timed {
        let Some(faults) = phase.get("faults") else { continue };
        let phase = Some(Phase { from, until, cycle });
        let (path, prefix) = (format!("{path}.faults"), format!("{name}-"));
        specs.extend(spec::specs(reader, faults, &path, &prefix, endpoints, phase));
    }
    specs
}

/// kube-probesim's partition as a fault of the network, if it is to be one.
fn partition(config: &Config) -> Option<Spec> {
    let after = config.faults.disconnect_after.filter(|_| config.partition != Network::Open)?;
    let until = config.faults.reconnect_after.map(|length| after.saturating_add(length));
    (until != Some(after)).then(|| Spec {
        name: "partition".to_owned(),
        on: vec![Target::Port(Port::Http)],
        timing: Timing { after, until, ..Timing::default() },
        whom: Default::default(),
        what: What::Network(config.partition),
        ttl: None,
        is_of_file: false,
        source: json!({"on": "network", "name": "partition", "answer": config.partition.word(),
            "after": format!("{after:?}"), "until": until.map(|until| format!("{until:?}"))}),
    })
}

// === impl BadSettings ===

impl std::error::Error for BadSettings {}

impl fmt::Display for BadSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file(text: &str, variables: &[(&str, &str)]) -> Result<Loaded, String> {
        let lookup = |name: &str| match name {
            "CONFIG" => Some(OsString::from("plan.yaml")),
            name => variables.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value)),
        };
        load(Settings::default(), lookup, |_| Ok(text.to_owned())).map_err(|bad| bad.to_string())
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn settings_of_the_file_yield_to_the_environment() {
        let text = "settings: {LATENCY: 50, SEED: 7}";
        let config = with_file(text, &[("LATENCY", "70")]).unwrap().config;
        assert_eq!((config.faults.latency.as_millis(), config.seed), (70, Some(7)));
    }

    #[test]
    fn faults_come_from_the_setting_and_the_file() {
        let loaded =
            with_file("faults: [{on: readiness}]", &[("FAULTS", "{on: liveness, rate: 5}")]).unwrap();
        let names: Vec<_> = loaded.fixed.iter().map(|spec| spec.name.as_str()).collect();
        assert_eq!(names, ["setting-1", "fault-1"]);
    }

    #[test]
    fn phases_follow_each_other() {
        let text = "
scenario:
  repeat: true
  phases:
    - for: 30s
    - {name: outage, for: 10s, faults: [{on: readiness, after: 2s}]}
    - {for: 20s, faults: {on: liveness}}";
        let loaded = with_file(text, &[]).unwrap();
        let phase = |n: usize| (loaded.fixed[n].name.as_str(), loaded.fixed[n].timing.phase.unwrap());
        let cycle = Some(secs(60));
        assert_eq!(phase(0), ("outage-1", Phase { from: secs(30), until: Some(secs(40)), cycle }));
        assert_eq!(phase(1), ("phase-3-1", Phase { from: secs(40), until: Some(secs(60)), cycle }));
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once_with_file_and_line() {
        let text = "\
settings:
  PORT: x
  NONE: 1
faults:
  - {on: nowhere}
scenario:
  repeat: true
  phases:
    - faults: [{on: liveness, rte: 5}]
unknown: 1
";
        let bad = with_file(text, &[("LATENCY", "-5"), ("FAULTS", "{on: all, rate: x}")]).unwrap_err();
        for (line, beginning) in bad.lines().zip([
            "LATENCY=",
            "plan.yaml: line 2: settings.PORT=\"x\"",
            "plan.yaml: line 3: settings.NONE: no such variable",
            "FAULTS: line 1: faults.rate",
            "plan.yaml: line 5: faults[0].on: \"nowhere\"",
            "plan.yaml: line 9: scenario.phases[0].for: missing",
            "plan.yaml: line 9: scenario.phases[0].faults[0].rte: unknown",
            "plan.yaml: line 10: unknown: unknown; expected one of settings, faults, dependencies",
        ]) {
            assert!(line.starts_with(beginning), "{beginning}\n{bad}");
        }
        assert_eq!(bad.lines().count(), 8, "{bad}");
    }

    #[test]
    fn a_fault_of_the_first_starts_needs_their_file() {
        let bad = with_file("faults: {on: startup, starts: 2}", &[]).unwrap_err();
        assert!(bad.contains("set STARTS_FILE"), "{bad}");
    }

    #[test]
    fn a_real_partition_replaces_the_500() {
        let variables = [("DISCONNECT_AFTER", "1"), ("RECONNECT_AFTER", "2"), ("PARTITION", "blackhole")];
        let loaded = with_file("", &variables).unwrap();
        let [spec] = &loaded.fixed[..] else { panic!("{:?}", loaded.fixed) };
        assert_eq!(spec.what, What::Network(Network::Blackhole));
        assert_eq!((spec.timing.after, spec.timing.until), (secs(60), Some(secs(180))));
    }
}
