use super::*;
use serde_json::json;

const DEPLOYMENT: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  template:
    spec:
      containers:
      - name: web
        readinessProbe:
          httpGet: {path: /ready, port: 8080}
          periodSeconds: 5
";

fn objects(text: &str) -> Result<Vec<Object>, String> {
    parse_text(text).map_err(|problem| problem.to_string())
}

fn spec_of(text: &str) -> Result<(), String> {
    let objects = objects(text)?;
    pod_spec(&objects[0]).map(|_| ()).map_err(|problem| problem.to_string())
}

#[test]
fn documents_lists_and_json_become_objects() {
    let text = "\
# nothing here
---
apiVersion: v1
kind: Pod
metadata: {name: a}
---
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: b}
- {apiVersion: v1, kind: PodList, items: [{metadata: {name: c, namespace: m}}]}
";
    let objects = objects(text).unwrap();
    let found: Vec<_> = objects
        .iter()
        .map(|object| (object.kind(), object.name(), object.namespace(), object.line))
        .collect();
    assert_eq!(found, [("Pod", "a", "default", 3), ("Pod", "b", "default", 11), ("Pod", "c", "m", 14)]);
    assert_eq!(objects[1].line_of("metadata.name"), 13);
}

#[test]
fn json_with_tabs_and_escapes_is_read() {
    let text = "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Pod\",\n\t\"metadata\": {\"name\": \"a\\u00e9\\n\\/\", \"x\": \"y\"}\n}\n";
    let objects = objects(text).unwrap();
    assert_eq!(objects[0].value["metadata"], json!({"name": "aé\n/", "x": "y"}));
    assert_eq!(objects[0].line_of("kind"), 3);
}

#[test]
fn json_that_is_no_yaml_is_read_too() {
    let text = "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"a\", \"x\": \"\\ud83d\\ude00\"}}\n\n\
                {\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"b\"}}\n";
    let objects = objects(text).unwrap();
    assert_eq!(objects[0].value["metadata"]["x"], "😀");
    assert_eq!((objects[1].name(), objects[1].line), ("b", 3));
}

#[test]
fn what_is_no_object_is_refused_with_what_to_write() {
    for (text, expected) in [
        ("kind: Pod\n", "a.yaml:1: apiVersion is missing: write for example `apiVersion: apps/v1`"),
        ("apiVersion: v1\nmetadata: {}\n", "a.yaml:1: kind is missing: write for example `kind: Deployment`"),
        (
            "apiVersion: v1\nkind: [Pod]\n",
            "a.yaml:1: kind: expected a word: write for example `kind: Deployment`",
        ),
        (
            "apiVersion: v1\nkind: Pod\nmetadata:\n  labels: {}\n",
            "a.yaml:3: metadata.name: missing: write `metadata: {name: …}`",
        ),
        (
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: 5\n",
            "a.yaml:4: metadata.name: expected a string, not 5: write `name: \"5\"`",
        ),
        (
            "apiVersion: v1\nkind: Pod\nmetadata:\n  generateName: a-\n",
            "a.yaml:3: metadata.name: missing: `generateName` is for `kubectl create` alone; write `name`",
        ),
        (
            "- a\n",
            "a.yaml:1: not an object: write apiVersion, kind, metadata and spec, each on a line of its own",
        ),
    ] {
        assert_eq!(objects(text).unwrap_err(), expected);
    }
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: n}\n";
    let expected = "a.yaml:3: metadata.namespace: expected a string, not false: put it in quotes";
    assert_eq!(objects(text).unwrap_err(), expected);
    assert!(objects("a: [1\n").unwrap_err().starts_with("a.yaml:"));
    assert!(objects("a: {{ .Values.x }}\nb: }\n").unwrap_err().ends_with("give what `helm template` prints"));
}

#[test]
fn workloads_keep_their_pods_where_the_api_has_them() {
    let template = json!({"spec": {"containers": [{"name": "c"}]}});
    for (kind, spec) in [
        ("Deployment", json!({"template": template})),
        ("Job", json!({"template": template})),
        ("CronJob", json!({"jobTemplate": {"spec": {"template": template}}})),
        ("Pod", template["spec"].clone()),
    ] {
        let value = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "a"}, "spec": spec});
        let object = Object::new(Path::new("-"), 1, value);
        assert_eq!(pod_template(&object).unwrap()["spec"], template["spec"], "{kind}");
        assert_eq!(pod_spec(&object).unwrap().unwrap().containers[0].name, "c");
    }
    let service = Object::new(Path::new("-"), 1, json!({"kind": "Service"}));
    assert!(pod_template(&service).is_none() && pod_spec(&service).unwrap().is_none());
}

#[test]
fn what_the_api_would_refuse_is_named_with_path_and_line() {
    let at = "a.yaml:11: spec.template.spec.containers[0].readinessProbe";
    for (from, to, expected) in [
        ("periodSeconds: 5", "periodSeconds: '5'", format!("{at}.periodSeconds: expected a whole number, not a string: write 5 without quotes")),
        ("periodSeconds: 5", "periodSeconds: 5s", format!("{at}.periodSeconds: expected a whole number, not \"5s\"")),
        ("periodSeconds: 5", "periodSeconds: -1", format!("{at}.periodSeconds: must be greater than or equal to 0")),
        ("periodSeconds: 5", "periodSecond: 5", format!("{at}.periodSecond: no such field; write periodSeconds")),
        ("name: web\n        re", "name: yes\n        re", "a.yaml:8: spec.template.spec.containers[0].name: expected a string, not true: put it in quotes".into()),
        ("- name: web", "- image: web", "a.yaml:8: spec.template.spec.containers[0]: missing field name: write it".into()),
        ("port: 8080", "port: [1]", "a.yaml:10: spec.template.spec.containers[0].readinessProbe.httpGet.port: expected a number or a name, not [1]".into()),
        ("httpGet: {path: /ready, port: 8080}", "httpGet: {path: /ready, port: 8080, paht: x}", "a.yaml:10: spec.template.spec.containers[0].readinessProbe.httpGet.paht: no such field; write one of path, port, host, scheme, httpHeaders".into()),
    ] {
        assert_eq!(spec_of(&DEPLOYMENT.replace(from, to)).unwrap_err(), expected);
    }
    assert_eq!(spec_of(DEPLOYMENT), Ok(()));
    let both = DEPLOYMENT.replace("periodSeconds: 5", "periodSecond: 5\n          timeoutSeconds: -1");
    let lines = spec_of(&both).unwrap_err();
    assert_eq!(lines.lines().count(), 2, "{lines}");
    assert!(lines.lines().all(|line| line.starts_with("a.yaml:1")), "{lines}");
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let problem = read(&["/nowhere/a.yaml".into()]).unwrap_err();
    assert!(problem.to_string().starts_with("/nowhere/a.yaml: cannot be read: "), "{problem}");
}
