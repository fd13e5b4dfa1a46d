//! What stands for a container on this machine: the simulator, a process, or something that runs already.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::image::{likeness, short_name};
use super::rule::{Run, Stand};
use crate::kubelet::Role;
use crate::probe::Target;

/// Images that are this program.
const SIMULATORS: [&str; 2] = ["probesim", "kube-probesim"];
/// Images that are the gate.
const GATES: [&str; 3] = ["wait-for", "go-wait-for-k8s", "go_wait_for_k8s"];

/// What stands for a container.
#[derive(Clone, Debug)]
pub(in crate::lab) enum StandIn {
    /// A process of the lab.
    Process(Program),
    /// Something that the lab neither starts nor stops.
    Target(Target),
    /// Nothing: its image cannot be pulled.
    Unpullable,
}

/// What is started for a container, before `$(VARIABLE)`s are expanded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::lab) struct Program {
    /// What it is to the lab.
    pub(super) kind: Kind,
    /// The words that the lab or `--run` gives; nothing is expanded in them.
    pub(super) entrypoint: Vec<String>,
    /// The words of the manifest.
    pub(super) arguments: Vec<String>,
}

/// What a program is to the lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lab) enum Kind {
    /// The built-in simulator.
    Simulator,
    /// The gate.
    Gate,
    /// Any other.
    Other,
}

/// All that decides what stands for a container.
#[derive(Clone, Debug)]
pub(in crate::lab) struct Choice {
    /// `--run`.
    pub(in crate::lab) runs: Vec<Run>,
    /// `--image-fails`.
    pub(in crate::lab) failing: Vec<String>,
    /// `--target`.
    pub(in crate::lab) targets: Vec<Stand>,
    /// This program.
    pub(in crate::lab) simulator: PathBuf,
    /// The gate, where there is one.
    pub(in crate::lab) gate: Option<PathBuf>,
}

// === impl Kind ===

impl Kind {
    /// What programs of ours are called in their images.
    pub(super) const fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Simulator => &SIMULATORS,
            Self::Gate => &GATES,
            Self::Other => &[],
        }
    }
}

// === impl Choice ===

impl Choice {
    /// What stands for a container of a pod that is called, or belongs to what is called, `names`.
    ///
    /// # Errors
    /// Nothing does: what is wrong with which field, and what to write.
    pub(in crate::lab) fn stand_in(
        &self,
        names: &[&str],
        container: &Value,
        role: Role,
    ) -> Result<StandIn, String> {
        let (name, image) = (text(&container["name"]), text(&container["image"]));
        if self.failing.iter().any(|word| likeness(word, image).is_some()) {
            return Ok(StandIn::Unpullable);
        }
        // A target for this workload comes before one for all.
        let targets = || self.targets.iter().filter(|target| target.is_for(names, name));
        if let Some(found) = targets().find(|target| target.owner.is_some()).or_else(|| targets().next()) {
            if role == Role::Init {
                return Err(
                    "an init container has to end, and what --target names does not; use --run".into()
                );
            }
            return Ok(StandIn::Target(found.target.clone()));
        }
        let (command, arguments) = (words(&container["command"])?, words(&container["args"])?);
        let best = self.runs.iter().filter_map(|run| Some((likeness(&run.image, image)?, run)));
        if let Some((_, run)) = best.max_by_key(|(likeness, _)| *likeness) {
            let kind = if GATES.contains(&short_name(image)) { Kind::Gate } else { kind_of(run) };
            return given(kind, run, command, arguments).map(StandIn::Process);
        }
        let (kind, program, programs) = match short_name(image) {
            short if SIMULATORS.contains(&short) => (Kind::Simulator, Some(&self.simulator), &SIMULATORS[..]),
            short if GATES.contains(&short) => (Kind::Gate, self.gate.as_ref(), &GATES[..]),
            "" => return Err("it has no image".into()),
            _ => return Err(unknown(name, image)),
        };
        let program = program.ok_or_else(|| {
            format!("wait-for is neither beside probesim nor in PATH; write --run {}=PATH", short_name(image))
        })?;
        own(kind, program, programs, command, arguments).map(StandIn::Process)
    }

    /// Every `--run` that is about none of these containers: their owners, names and images.
    pub(in crate::lab) fn unused_runs(&self, containers: &[(String, String, String)]) -> Vec<String> {
        let is_used =
            |run: &&Run| containers.iter().any(|(_, _, image)| likeness(&run.image, image).is_some());
        let images = listed(containers.iter().map(|(_, _, image)| image.clone()));
        let unused = self.runs.iter().filter(|run| !is_used(run)).map(|run| &run.image);
        unused
            .map(|image| format!("--run {image}=: no container has this image; there are: {images}"))
            .collect()
    }

    /// Every `--image-fails` that is about none of them.
    pub(in crate::lab) fn unused_failing(&self, containers: &[(String, String, String)]) -> Vec<String> {
        let is_used = |word: &&String| containers.iter().any(|(_, _, image)| likeness(word, image).is_some());
        let images = listed(containers.iter().map(|(_, _, image)| image.clone()));
        let unused = self.failing.iter().filter(|word| !is_used(word));
        unused
            .map(|word| format!("--image-fails {word}: no container has this image; there are: {images}"))
            .collect()
    }

    /// Every `--target` that is about none of these containers.
    pub(in crate::lab) fn unused_targets(&self, containers: &[(String, String, String)]) -> Vec<String> {
        let is_used =
            |target: &&Stand| containers.iter().any(|(owner, name, _)| target.may_be_for(owner, name));
        let names = listed(containers.iter().map(|(owner, name, _)| format!("{owner}/{name}")));
        let unused = self.targets.iter().filter(|target| !is_used(target)).map(Stand::name);
        unused
            .map(|name| format!("--target {name}=: there is no such container; there are: {names}"))
            .collect()
    }
}

/// Each once, with commas.
fn listed(words: impl Iterator<Item = String>) -> String {
    let mut words: Vec<_> = words.collect();
    words.sort();
    words.dedup();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

/// Our own programs are known by their names too: a simulator listens on its pod's address, so that several can run.
fn kind_of(run: &Run) -> Kind {
    let program = run.command.first().and_then(|word| Path::new(word).file_name()).unwrap_or_default();
    let is_one_of = |names: &[&str]| names.iter().any(|name| *name == program);
    if is_one_of(&SIMULATORS) {
        Kind::Simulator
    } else if is_one_of(&GATES) {
        Kind::Gate
    } else {
        Kind::Other
    }
}

/// As `--run` has it.
fn given(kind: Kind, run: &Run, command: Vec<String>, arguments: Vec<String>) -> Result<Program, String> {
    let manifest = if run.command.is_empty() { [command, arguments].concat() } else { arguments };
    if run.command.is_empty() && manifest.is_empty() {
        return Err(format!(
            "it has no command of its own to run for --run {0}=; write --run {0}=COMMAND",
            run.image
        ));
    }
    Ok(Program { kind, entrypoint: run.command.clone(), arguments: manifest })
}

/// One of our own images: a `command` may only name the program that is in it.
fn own(
    kind: Kind,
    program: &Path,
    programs: &[&str],
    mut command: Vec<String>,
    arguments: Vec<String>,
) -> Result<Program, String> {
    if let Some(first) = command.first() {
        let is_known = Path::new(first).file_name().is_some_and(|name| programs.iter().any(|p| *p == name));
        if !is_known {
            return Err(format!("the image holds {} alone, and no {first:?}", programs[0]));
        }
        command.remove(0);
    }
    let program = program.to_string_lossy().into_owned();
    Ok(Program { kind, entrypoint: vec![program], arguments: [command, arguments].concat() })
}

fn unknown(container: &str, image: &str) -> String {
    let short = short_name(image);
    format!(
        "the lab has no containers to run image {image:?}; write --run {short}=COMMAND for a process of this \
         machine (--run {short}= for the manifest's own command), --target {container}=HOST:PORT for what \
         runs already, or --image-fails {short} to see what comes of an image that cannot be pulled"
    )
}

/// `command` or `args`.
fn words(value: &Value) -> Result<Vec<String>, String> {
    let words = value.as_array().into_iter().flatten();
    words
        .map(|word| {
            word.as_str()
                .map(str::to_owned)
                .ok_or_else(|| format!("command and args are texts; put {word} in quotes"))
        })
        .collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

// === impl StandIn ===

impl StandIn {
    /// In a few words: `simulator`, `process ./app --port 80`, `target 127.0.0.1:8080`.
    pub(in crate::lab) fn words(&self) -> String {
        match self {
            Self::Process(Program { kind: Kind::Simulator, .. }) => "simulator".into(),
            Self::Process(Program { kind: Kind::Gate, arguments, .. }) => {
                format!("wait-for {}", arguments.join(" ")).trim_end().to_owned()
            }
            Self::Process(Program { entrypoint, arguments, .. }) => {
                let words = entrypoint.iter().chain(arguments).map(String::as_str);
                format!("process {}", words.collect::<Vec<_>>().join(" "))
            }
            Self::Target(target) => format!("target {target}"),
            Self::Unpullable => "an image that cannot be pulled".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn choice() -> Choice {
        Choice {
            failing: vec!["broken".into()],
            runs: [
                "own=/x/probesim --seed 1",
                "shop/api=./api --fast",
                "api:2=./api2",
                "raw=",
                "probesim:lame=./other",
            ]
            .map(|run| run.parse().unwrap())
            .into(),
            targets: ["db=127.0.0.1:5432", "web/db=127.0.0.1:5433"].map(|it| it.parse().unwrap()).into(),
            simulator: "/bin/probesim".into(),
            gate: Some("/bin/wait-for".into()),
        }
    }

    fn chosen(container: Value) -> Result<String, String> {
        choice().stand_in(&["web-0", "web"], &container, Role::Regular).map(|stand_in| stand_in.words())
    }

    #[test]
    fn rules_come_before_images_and_the_closest_rule_first() {
        for (container, expected) in [
            (json!({"name": "c", "image": "probesim:0.1.0"}), "simulator"),
            (
                json!({"name": "c", "image": "ghcr.io/x/kube-probesim:1", "command": ["/kube-probesim"]}),
                "simulator",
            ),
            (json!({"name": "c", "image": "probesim:lame"}), "process ./other"),
            (json!({"name": "c", "image": "wait-for", "args": ["pod/x"]}), "wait-for pod/x"),
            (
                json!({"name": "c", "image": "r.io/shop/api:1", "command": ["/api"], "args": ["--port", "80"]}),
                "process ./api --fast --port 80",
            ),
            (json!({"name": "c", "image": "api:2"}), "process ./api2"),
            (json!({"name": "c", "image": "own:1"}), "simulator"),
            (json!({"name": "c", "image": "raw:1", "command": ["a"], "args": ["b"]}), "process a b"),
            (json!({"name": "db", "image": "postgres"}), "target 127.0.0.1:5433"),
            (json!({"name": "c", "image": "r.io/broken:3"}), "an image that cannot be pulled"),
        ] {
            assert_eq!(chosen(container), Ok(expected.to_owned()));
        }
        let elsewhere = choice().stand_in(&["shop"], &json!({"name": "db"}), Role::Regular).unwrap();
        assert_eq!(elsewhere.words(), "target 127.0.0.1:5432");
    }

    #[test]
    fn a_command_of_an_own_image_becomes_arguments_of_the_program() {
        let container = json!({"name": "c", "image": "probesim",
                               "command": ["/usr/bin/probesim", "serve"], "args": ["--port=1"]});
        let Ok(StandIn::Process(program)) = choice().stand_in(&[], &container, Role::Regular) else {
            panic!("a process")
        };
        assert_eq!(program.entrypoint, ["/bin/probesim"]);
        assert_eq!(program.arguments, ["serve", "--port=1"]);
    }

    #[test]
    fn what_is_about_no_container_is_told_with_what_there_is() {
        let there = |containers: &[(&str, &str, &str)]| {
            let owned =
                |&(owner, name, image): &(&str, &str, &str)| (owner.into(), name.into(), image.into());
            let containers: Vec<_> = containers.iter().map(owned).collect();
            [choice().unused_runs(&containers), choice().unused_targets(&containers)].concat()
        };
        let all = [
            ("web", "db", "x/shop/api:2"),
            ("w", "raw", "raw:1"),
            ("w", "o", "own"),
            ("w", "l", "probesim:lame"),
        ];
        assert_eq!(there(&all), [""; 0]);
        assert_eq!(
            there(&all[..3]),
            ["--run probesim:lame=: no container has this image; there are: own, raw:1, x/shop/api:2"]
        );
        assert_eq!(
            there(&[("shop", "db", "x/shop/api:2"), all[1], all[2], all[3]]),
            ["--target web/db=: there is no such container; there are: shop/db, w/l, w/o, w/raw"]
        );
    }

    #[test]
    fn what_nothing_stands_for_is_told_with_what_to_write() {
        for (container, expected) in [
            (json!({"name": "c", "image": "shop/web:1"}), "--run web=COMMAND"),
            (json!({"name": "c"}), "no image"),
            (json!({"name": "c", "image": "raw"}), "--run raw=COMMAND"),
            (json!({"name": "c", "image": "probesim", "command": ["sh", "-c", "x"]}), "no \"sh\""),
            (json!({"name": "c", "image": "raw", "args": [1]}), "put 1 in quotes"),
        ] {
            let why = chosen(container).unwrap_err();
            assert!(why.contains(expected), "{why}");
        }
        let init = choice().stand_in(&[], &json!({"name": "db"}), Role::Init).unwrap_err();
        assert!(init.contains("has to end"), "{init}");
        let no_gate = Choice { gate: None, ..choice() };
        let why =
            no_gate.stand_in(&[], &json!({"name": "w", "image": "wait-for:1"}), Role::Init).unwrap_err();
        assert!(why.contains("--run wait-for=PATH"), "{why}");
    }
}
