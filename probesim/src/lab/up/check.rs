//! What is wrong with manifests, before anything of them runs.

use serde_json::Value;

use crate::kubelet::{PodSpec, Role};
use crate::lab::node::{Choice, MOST_PODS, check_environment};
use crate::lab::schema::Type;
use crate::lab::schema::conform::{WrongType, conform};
use crate::lab::store::Store;
use crate::lab::store::live::LiveStore;
use crate::manifest::{Object, Problem, pod_spec, template_path};

use super::apply;

/// Every problem that there is with them; none: they can run.
pub(super) fn problems(objects: &[Object], namespace: &str, choice: &Choice) -> Vec<Problem> {
    // Nobody sees this store: it only says what the real one will say.
    let store = LiveStore::new(Store::new(1, 1));
    let (mut found, mut count, mut is_too_many) = (Vec::new(), 0_usize, false);
    for object in apply::in_order(objects) {
        if let Err(status) = apply::apply(&store, object, namespace) {
            found.push(object.problem("", &status.message));
            continue;
        }
        count = count.saturating_add(pods_of(object));
        if count > MOST_PODS && !is_too_many {
            is_too_many = true;
            found.push(object.problem(
                "spec",
                &format!("this makes {count} pods, and the lab runs {MOST_PODS} at most: write fewer"),
            ));
        }
        let mut wrong = pods(object, choice);
        if wrong.is_empty() {
            wrong = fields(object);
        }
        found.extend(wrong);
    }
    found
}

/// How many pods an object asks for at once.
fn pods_of(object: &Object) -> usize {
    let number =
        |field: &str| usize::try_from(object.value["spec"][field].as_i64().unwrap_or(1)).unwrap_or(0);
    match object.kind() {
        "Pod" | "DaemonSet" => 1,
        "Deployment" | "ReplicaSet" | "StatefulSet" => number("replicas"),
        "Job" if object.value["spec"]["completions"].is_null() => number("parallelism"),
        "Job" => number("parallelism").min(number("completions")),
        _ => 0,
    }
}

/// The owner, name and image of each container.
pub(super) fn named(objects: &[Object]) -> Vec<(String, String, String)> {
    let mut there = Vec::new();
    for object in objects {
        let Ok(Some(spec)) = pod_spec(object) else { continue };
        for Container { value, .. } in containers(object, &spec) {
            let text = |field: &str| value[field].as_str().unwrap_or_default().to_owned();
            there.push((object.name().to_owned(), text("name"), text("image")));
        }
    }
    there
}

/// What is wrong with the pods that an object makes.
fn pods(object: &Object, choice: &Choice) -> Vec<Problem> {
    let spec = match pod_spec(object) {
        Err(problem) => return vec![problem],
        Ok(None) => return Vec::new(),
        Ok(Some(spec)) => spec,
    };
    let mut found = Vec::new();
    for Container { path, value, role } in containers(object, &spec) {
        let name = value["name"].as_str().unwrap_or_default();
        if let Err(why) = choice.stand_in(&[object.name()], value, role) {
            found.push(object.problem(&format!("{path}.image"), &format!("container {name}: {why}")));
        }
        if let Err(why) = check_environment(value) {
            let (field, why) = why.split_once(": ").unwrap_or_default();
            found.push(object.problem(&format!("{path}.{field}"), why));
        }
    }
    found
}

/// Fields that the kind does not have: kubectl has the API refuse them (`fieldValidation: Strict`).
fn fields(object: &Object) -> Vec<Problem> {
    let Some(of) = Type::of_object(object.text("apiVersion"), object.kind()) else { return Vec::new() };
    match conform(&mut object.value.clone(), of) {
        Err(WrongType(why)) => vec![object.problem("", &why)],
        Ok(unknown) => unknown.iter().map(|path| object.problem(path, "no such field")).collect(),
    }
}

/// What is in them and the lab does not do, one line each.
pub(super) fn omissions(objects: &[Object]) -> Vec<String> {
    let mut found = Vec::new();
    for object in objects {
        let Ok(Some(spec)) = pod_spec(object) else { continue };
        for Container { path, value, .. } in containers(object, &spec) {
            let mut omit = |field: &str, what: &str| {
                let path = format!("{path}.{field}");
                found.push(format!("{}:{}: {path}: {what}", object.file.display(), object.line_of(&path)));
            };
            if value["volumeMounts"].as_array().is_some_and(|mounts| !mounts.is_empty()) {
                omit("volumeMounts", "nothing is mounted: processes of the lab see this machine's files");
            }
        }
    }
    found
}

/// A container of an object's pods.
struct Container<'a> {
    path: String,
    value: &'a Value,
    role: Role,
}

fn containers<'a>(object: &'a Object, spec: &PodSpec) -> Vec<Container<'a>> {
    let template = template_path(object)
        .filter(|path| !path.is_empty())
        .map_or(String::new(), |path| format!("{path}."));
    let list = |name: &str, roles: Vec<Role>| {
        let path = format!("{template}spec.{name}");
        let values = object.get(&path).and_then(Value::as_array).into_iter().flatten();
        let made = values.zip(roles).enumerate();
        made.map(|(index, (value, role))| Container { path: format!("{path}[{index}]"), value, role })
            .collect::<Vec<_>>()
    };
    let init = spec.init_containers.iter();
    let init = init.map(|it| if it.is_restartable_init() { Role::Sidecar } else { Role::Init }).collect();
    let mut all = list("initContainers", init);
    all.extend(list("containers", vec![Role::Regular; spec.containers.len()]));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::path::Path;

    fn choice() -> Choice {
        Choice {
            runs: vec![],
            targets: vec![],
            failing: vec![],
            simulator: "/bin/probesim".into(),
            gate: None,
        }
    }

    fn found(values: &[Value]) -> Vec<String> {
        let objects: Vec<_> = values
            .iter()
            .enumerate()
            .map(|(at, value)| Object::new(Path::new("m.yaml"), at + 1, value.clone()))
            .collect();
        problems(&objects, "default", &choice()).iter().map(ToString::to_string).collect()
    }

    fn pod(name: &str, container: Value) -> Value {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [container]}})
    }

    #[test]
    fn every_problem_is_named_with_its_place() {
        let good = pod("good", json!({"name": "c", "image": "probesim"}));
        assert_eq!(found(std::slice::from_ref(&good)), [""; 0]);
        let wrong = [
            pod("a", json!({"name": "c", "image": "nginx:1"})),
            pod("b", json!({"name": "c", "image": "probesim", "env": [{"name": "A", "value": 1}]})),
            json!({"apiVersion": "v9", "kind": "Nope", "metadata": {"name": "x"}}),
            good.clone(),
            good,
            pod("p", json!({"name": "c", "image": "probesim", "livenessProbe": {}})),
            pod("q", json!({"name": "c", "image": "probesim", "arg": ["x"]})),
        ];
        for (found, expected) in found(&wrong).iter().zip([
            "m.yaml:3: no resource",
            "m.yaml:1: spec.containers[0].image: container c: the lab has no containers",
            "m.yaml:2: spec.containers[0].env[0].value: a variable is text",
            "m.yaml:5: pods \"good\" already exists",
            "m.yaml:6: spec.containers[0].livenessProbe: must specify a handler type",
            "m.yaml:7: spec.containers[0].arg: no such field",
        ]) {
            assert!(found.starts_with(expected), "{found}");
        }
        assert_eq!(found(&wrong).len(), 6);
    }

    #[test]
    fn more_pods_than_a_machine_can_run_are_refused() {
        let workload = |kind: &str, spec: Value| {
            let value = json!({"kind": kind, "metadata": {"name": "x"}, "spec": spec});
            pods_of(&Object::new(Path::new("m.yaml"), 1, value))
        };
        assert_eq!(workload("Deployment", json!({})), 1);
        assert_eq!(workload("StatefulSet", json!({"replicas": 7})), 7);
        assert_eq!(workload("Job", json!({"parallelism": 5, "completions": 2})), 2);
        assert_eq!(workload("Job", json!({"parallelism": 5})), 5);
        let template = json!({"metadata": {"labels": {"a": "b"}},
                              "spec": {"containers": [{"name": "c", "image": "probesim"}]}});
        let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"},
            "spec": {"replicas": 100_000, "selector": {"matchLabels": {"a": "b"}}, "template": template}});
        let words = "m.yaml:1: spec: this makes 100000 pods, and the lab runs 1000 at most: write fewer";
        assert_eq!(found(&[deployment]), [words]);
    }

    #[test]
    fn a_template_of_a_workload_is_checked_too() {
        let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "d"}, "spec":
            {"template": {"spec": {"initContainers": [{"name": "i", "image": "x"}],
                                   "containers": [{"name": "c", "image": "probesim"}]}}}});
        let found = found(&[deployment]);
        assert!(
            found[0].starts_with("m.yaml:1: spec.template.spec.initContainers[0].image: container i:"),
            "{found:?}"
        );
    }

    #[test]
    fn what_is_left_out_is_said() {
        let container =
            json!({"name": "c", "image": "probesim", "volumeMounts": [{"name": "v", "mountPath": "/v"}]});
        let object = Object::new(Path::new("m.yaml"), 1, pod("p", container));
        let omissions = omissions(&[object]);
        assert_eq!(omissions.len(), 1);
        assert!(omissions[0].starts_with("m.yaml:1: spec.containers[0].volumeMounts: nothing is mounted"));
    }
}
