//! What a container of the simulator is told by its manifest: `env`, `envFrom`, `args`, mounted ConfigMaps.

use std::ffi::OsString;
use std::io;
use std::path::Path;

use serde_json::Value;

use crate::cli::{self, Command};
use crate::load::{self, BadSettings, Loaded};
use crate::manifest::{Object, Problem};
use crate::settings::Settings;

/// A container in a manifest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// The object that it is part of.
    pub(crate) object: &'a Object,
    /// All objects, for the ConfigMaps among them.
    pub(crate) objects: &'a [Object],
    /// Where the pod's spec is.
    pub(crate) pod: &'a str,
    /// Where the container is: `spec.containers[0]`.
    pub(crate) path: &'a str,
}

/// Whether an image is the simulator, or the one that it grew from.
pub(crate) fn is_simulator(image: &str) -> bool {
    let name = image.rsplit('/').next().unwrap_or_default();
    let name = name.split(['@', ':']).next().unwrap_or_default();
    matches!(name, "probesim" | "kube-probesim")
}

/// [`load::load`], compiled once for all that call it from here.
pub(super) fn load_all(
    flags: Settings,
    lookup: &dyn Fn(&str) -> Option<OsString>,
    read: &dyn Fn(&Path) -> io::Result<String>,
) -> Result<Loaded, BadSettings> {
    load::load(flags, lookup, read)
}

// === impl Place ===

impl Place<'_> {
    /// The settings and faults that the simulator would have there, `None` if it is no server; `notes` are what
    /// could not be known.
    ///
    /// # Errors
    /// It would not start with them.
    pub(crate) fn load(&self, notes: &mut Vec<String>) -> Result<Option<Loaded>, Problem> {
        let Some(flags) = self.flags()? else { return Ok(None) };
        let variables = self.variables(notes)?;
        let lookup = |name: &str| {
            let found = variables.iter().rev().find(|(variable, _)| variable == name);
            found.map(|(_, value)| OsString::from(value))
        };
        load_all(flags, &lookup, &|path| self.file(path)).map(Some).map_err(|bad| {
            let name = bad.0[0].split(['=', ':']).next().unwrap_or_default();
            let path = self.path_of(name);
            self.object.problem(&path, &bad.to_string().replace('\n', "; "))
        })
    }

    /// Where a variable is set; the container if it is not.
    fn path_of(&self, name: &str) -> String {
        let list = self.list("env");
        let place = list.iter().position(|entry| entry["name"] == name);
        place.map_or_else(|| self.path.to_owned(), |place| format!("{}.env[{place}]", self.path))
    }

    fn list(&self, field: &str) -> &[Value] {
        let list = self.object.get(&format!("{}.{field}", self.path)).and_then(Value::as_array);
        list.map_or(&[], Vec::as_slice)
    }

    /// In the order in which later ones win.
    fn variables(&self, notes: &mut Vec<String>) -> Result<Vec<(String, String)>, Problem> {
        let mut variables = vec![];
        for source in self.list("envFrom") {
            let prefix = source["prefix"].as_str().unwrap_or_default();
            let name = source["configMapRef"]["name"].as_str();
            match name.and_then(|name| self.config_map(name)) {
                Some(data) => {
                    let entries = data.iter().filter_map(|(key, value)| Some((key, value.as_str()?)));
                    variables
                        .extend(entries.map(|(key, value)| (format!("{prefix}{key}"), value.to_owned())));
                }
                None => notes.push(format!(
                    "{}: envFrom is not in these manifests, its variables are not known",
                    self.path
                )),
            }
        }
        for (number, entry) in self.list("env").iter().enumerate() {
            let name = entry["name"].as_str().unwrap_or_default().to_owned();
            let path = format!("{}.env[{number}]", self.path);
            match (&entry["value"], entry.get("valueFrom")) {
                (Value::String(value), _) => variables.push((name, value.clone())),
                (Value::Null, None) => variables.push((name, String::new())),
                (Value::Null, Some(from)) => match self.referred(from) {
                    Some(value) => variables.push((name, value)),
                    None => notes.push(format!("{path}: the value of {name} is not known here")),
                },
                (other, _) => {
                    let message = format!("expected a string, not {other}: put it in quotes");
                    return Err(self.object.problem(&format!("{path}.value"), &message));
                }
            }
        }
        Ok(variables)
    }

    fn referred(&self, from: &Value) -> Option<String> {
        let reference = from.get("configMapKeyRef")?;
        let data = self.config_map(reference["name"].as_str()?)?;
        data.get(reference["key"].as_str()?)?.as_str().map(str::to_owned)
    }

    fn config_map(&self, name: &str) -> Option<&serde_json::Map<String, Value>> {
        let is_it = |object: &&Object| {
            object.kind() == "ConfigMap"
                && object.name() == name
                && object.namespace() == self.object.namespace()
        };
        self.objects.iter().find(is_it)?.get("data")?.as_object()
    }

    /// The arguments as the simulator reads them, if they make a server of it.
    fn flags(&self) -> Result<Option<Settings>, Problem> {
        let words = |field: &str| self.list(field).iter().filter_map(Value::as_str).map(OsString::from);
        // The first word of a command is the program.
        let mut line: Vec<OsString> = words("command").collect();
        if line.is_empty() {
            line.push("probesim".into());
        }
        line.extend(words("args"));
        match cli::parse(line) {
            Ok(Command::Serve(serve)) => Ok(Some(serve.settings)),
            Ok(_) => Ok(None),
            Err(why) => {
                let why = why.to_string();
                let said = why.split("\n\nUsage:").next().unwrap_or_default().trim_start_matches("error: ");
                let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
                Err(self.object.problem(&format!("{}.args", self.path), &said))
            }
        }
    }

    /// A file of a mounted ConfigMap.
    fn file(&self, path: &Path) -> io::Result<String> {
        let found = self.list("volumeMounts").iter().find_map(|mount| {
            let below = path.strip_prefix(mount["mountPath"].as_str()?).ok()?;
            let key = mount["subPath"].as_str().or(below.to_str()).filter(|key| !key.is_empty())?;
            let volumes = self.object.get(&format!("{}.volumes", self.pod))?.as_array()?;
            let volume = volumes.iter().find(|volume| volume["name"] == mount["name"])?;
            self.config_map(volume["configMap"]["name"].as_str()?)?.get(key)?.as_str().map(str::to_owned)
        });
        let message = "it is not in a ConfigMap of these manifests; give them too, or the file with --config";
        found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Duration;

    fn load(container: Value, data: Value) -> Result<(Loaded, Vec<String>), String> {
        let volumes = json!([{"name": "plan", "configMap": {"name": "plan"}}]);
        let pod = json!({"kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": [container], "volumes": volumes}});
        let map = json!({"kind": "ConfigMap", "metadata": {"name": "plan"}, "data": data});
        let objects = [pod, map].map(|value| Object::new(Path::new("a.yaml"), 3, value));
        let place = Place { object: &objects[0], objects: &objects, pod: "spec", path: "spec.containers[0]" };
        let mut notes = vec![];
        place
            .load(&mut notes)
            .map(|loaded| (loaded.expect("a server"), notes))
            .map_err(|problem| problem.to_string())
    }

    #[test]
    fn images_are_known_by_their_last_name() {
        for (image, expected) in [
            ("probesim:0.1.0", true),
            ("ghcr.io/x/kube-probesim", true),
            ("registry:5000/probesim@sha256:abc", true),
            ("probesim-app:1", false),
            ("nginx", false),
        ] {
            assert_eq!(is_simulator(image), expected, "{image}");
        }
    }

    #[test]
    fn settings_come_from_variables_arguments_and_config_maps() {
        let container = json!({
            "args": ["--fail-count", "3"],
            "env": [{"name": "FAILURE_RATE", "value": "20"},
                    {"name": "LATENCY", "valueFrom": {"configMapKeyRef": {"name": "plan", "key": "latency"}}},
                    {"name": "SEED", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
                    {"name": "CONFIG", "value": "/etc/plan/plan.yaml"}],
            "envFrom": [{"configMapRef": {"name": "plan"}}],
            "volumeMounts": [{"name": "plan", "mountPath": "/etc/plan"}],
        });
        let data = json!({"latency": "50", "RECOVERY_PERIOD": "2", "plan.yaml": "faults: [{on: readiness}]"});
        let (loaded, notes) = load(container, data).unwrap();
        let faults = &loaded.config.faults;
        assert_eq!(faults.failure_rate.fraction(), 0.2);
        assert_eq!(
            (faults.latency, faults.fail_count, faults.recovery_period),
            (Duration::from_millis(50), 3, 2)
        );
        assert_eq!(loaded.fixed.len(), 1);
        assert_eq!(notes, ["spec.containers[0].env[2]: the value of SEED is not known here"]);
    }

    #[test]
    fn what_the_simulator_would_refuse_is_named_with_its_place() {
        for (container, expected) in [
            (
                json!({"env": [{"name": "FAILURE_RATE", "value": "101"}]}),
                "a.yaml:3: spec.containers[0].env[0]: FAILURE_RATE=\"101\": expected a percentage from 0 to 100; write 100 for all requests",
            ),
            (
                json!({"env": [{"name": "FAILURE_RATE", "value": 20}]}),
                "a.yaml:3: spec.containers[0].env[0].value: expected a string, not 20: put it in quotes",
            ),
            (
                json!({"env": [{"name": "CONFIG", "value": "/x"}]}),
                "a.yaml:3: spec.containers[0].env[0]: CONFIG: cannot read /x: it is not in a ConfigMap of these manifests; give them too, or the file with --config",
            ),
        ] {
            assert_eq!(load(container, json!({})).unwrap_err(), expected);
        }
        let why = load(json!({"args": ["--failure"]}), json!({})).unwrap_err();
        assert!(why.contains("spec.containers[0].args: unexpected argument '--failure'"), "{why}");
    }
}
