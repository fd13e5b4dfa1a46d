//! `probesim predict` as users run it: figures, findings, plots, and what it says to wrong input.

use e2e::process::{Ended, Process};
use e2e::scratch::Scratch;
use serde_json::Value;

const WEB: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: nginx
          readinessProbe: {httpGet: {path: /ready, port: 80}}
          livenessProbe: {httpGet: {path: /live, port: 80}, timeoutSeconds: 20}
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: http}]
";

const SIMULATOR: &str = "\
apiVersion: v1
kind: Pod
metadata:
  name: sim
spec:
  containers:
    - name: sim
      image: example.com/kube-probesim:1
      env:
        - {name: LIVENESS_FAIL_AFTER_TIME, value: '60'}
      livenessProbe: {httpGet: {path: /liveness, port: 8080}}
      readinessProbe: {httpGet: {path: /readiness, port: 8080}}
";

/// Little enough for a debug build.
const QUICK: [&str; 4] = ["--for", "1h", "--samples", "3"];

async fn predict(arguments: &[&str]) -> Ended {
    let program = e2e::binary::choose("PROBESIM_BIN", env!("CARGO_BIN_EXE_probesim-shim"));
    let mut command = tokio::process::Command::new(program);
    command.env_clear().arg("predict").args(arguments);
    Process::start(command).ended().await
}

async fn predict_json(arguments: &[&str]) -> Value {
    let ended = predict(&[&["--output", "json"], arguments].concat()).await;
    assert_eq!(ended.code, Some(0), "{ended}");
    serde_json::from_str(&ended.results().join("\n")).unwrap_or_else(|why| panic!("{why}: {ended}"))
}

/// The figure of this name, of the first workload.
fn figure<'v>(json: &'v Value, id: &str) -> &'v Value {
    let workload = &json["workloads"][0];
    let containers = workload["containers"].as_array().into_iter().flatten();
    let findings = containers.flat_map(|container| container["findings"].as_array().into_iter().flatten());
    let all = findings.chain(workload["pods"].as_array().into_iter().flatten());
    all.into_iter().find(|finding| finding["id"] == id).unwrap_or_else(|| panic!("no {id}: {json:#}"))
}

#[tokio::test]
async fn a_question_by_numbers_is_answered_in_sentences() {
    let ended =
        predict(&[&["--period", "10s", "--threshold", "3", "--failure-rate", "5%"], &QUICK[..]].concat())
            .await;
    assert_eq!(ended.code, Some(0), "{ended}");
    let said = ended.results().join("\n");
    for words in [
        "liveness restarts this container every 23.4 h (1.03 a day)",
        "an outage kills it after 25 s on average, 30 s at worst",
        "a rollout trips in",
        "seed 1",
    ] {
        assert!(said.contains(words), "{words}: {ended}");
    }
}

#[tokio::test]
async fn formula_and_simulation_stand_side_by_side() {
    let scratch = Scratch::new();
    let file = scratch.write("web.yaml", WEB).display().to_string();
    let json = predict_json(&["-f", &file, "--failure-rate", "30%", "--for", "24h", "--samples", "5"]).await;
    for id in ["restarts", "not-ready", "readiness-detection", "recovery"] {
        let figure = figure(&json, id);
        let (formula, simulated) = (figure["formula"].as_f64(), figure["simulated"]["mean"].as_f64());
        let (formula, simulated) = (formula.expect(id), simulated.expect(id));
        assert!((formula - simulated).abs() < 0.25 * formula, "{id}: {figure:#}");
    }
    assert_eq!(json["workloads"][0]["replicas"], 3);
    let rules: Vec<_> = json["findings"].as_array().unwrap().iter().map(|finding| &finding["rule"]).collect();
    assert!(rules.contains(&&Value::from("timeout-longer-than-period")), "{rules:?}");
}

#[tokio::test]
async fn the_simulator_is_asked_with_the_settings_of_its_manifest() {
    let scratch = Scratch::new();
    let file = scratch.write("sim.yaml", SIMULATOR).display().to_string();
    let json = predict_json(&["-f", &file, "--for", "30m", "--samples", "3"]).await;
    let restarts = figure(&json, "restarts");
    assert!(restarts["formula"].is_null(), "{restarts:#}");
    // Liveness fails from 60 s on, and the third failure is seen 20 to 30 s later; back-off makes it rarer.
    let a_day = restarts["simulated"]["mean"].as_f64().unwrap();
    assert!((300.0..1000.0).contains(&a_day), "{restarts:#}");
}

#[tokio::test]
async fn planned_faults_and_outages_are_predicted() {
    let faults = "[{on: readiness, flap: {period: 10m, duty: 50%}}]";
    let scratch = Scratch::new();
    let file = scratch.write("sim.yaml", SIMULATOR).display().to_string();
    let json =
        predict_json(&["-f", &file, "--faults", faults, "--for", "2h", "--samples", "2", "--outage", "2m"])
            .await;
    let unready = figure(&json, "unready")["simulated"]["mean"].as_f64().unwrap();
    assert!((0.4..0.6).contains(&unready), "{unready}");
    assert_eq!(figure(&json, "outage-restart")["formula"], 1.0);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_figures() {
    let arguments = [&["--period", "5s", "--failure-rate", "20%", "--seed", "7"], &QUICK[..]].concat();
    let (first, second) = (predict(&arguments).await, predict(&arguments).await);
    assert_eq!(first.results(), second.results());
}

#[tokio::test]
async fn a_sweep_is_a_table_a_plot_and_a_drawing() {
    let scratch = Scratch::new();
    let svg = scratch.path("sweep.svg").display().to_string();
    let sweep =
        ["--failure-rate", "20%", "--sweep", "liveness.failureThreshold=1..4", "--plot", "--svg", &svg];
    let ended = predict(&[&sweep[..], &QUICK[..]].concat()).await;
    assert_eq!(ended.code, Some(0), "{ended}");
    let said = ended.results().join("\n");
    // No locale is set, so the plot has plain characters.
    for words in
        ["liveness.failureThreshold  restarts a day", "1728", "restarts a day, logarithmic", "+-----", "o"]
    {
        assert!(said.contains(words), "{words}: {ended}");
    }
    assert!(said.is_ascii() || !said.contains('\u{2800}'), "{ended}");
    let drawing = std::fs::read_to_string(&svg).expect("the SVG");
    assert!(
        drawing.starts_with("<svg ")
            && drawing.contains("prefers-color-scheme")
            && drawing.contains("<polyline")
    );
}

#[tokio::test]
async fn the_linter_says_where_and_strict_makes_it_count() {
    let scratch = Scratch::new();
    let file = scratch.write("web.yaml", WEB).display().to_string();
    let ended = predict(&["-f", &file, "--lint"]).await;
    assert_eq!(ended.code, Some(0), "{ended}");
    let place =
        format!("{file}:16: warning: spec.template.spec.containers[0].livenessProbe.timeoutSeconds: ");
    assert!(ended.results().iter().any(|line| line.starts_with(&place)), "{ended}");
    let port = format!("{file}:24: error: spec.ports[0].targetPort: ");
    assert!(ended.results().iter().any(|line| line.starts_with(&port)), "{ended}");
    assert_eq!(predict(&["-f", &file, "--lint", "--strict"]).await.code, Some(1));
}

#[tokio::test]
async fn wrong_input_says_where_and_what_to_write() {
    let scratch = Scratch::new();
    let typo = scratch
        .write("typo.yaml", WEB.replace("timeoutSeconds: 20", "periodSecond: 20"))
        .display()
        .to_string();
    let rate = scratch
        .write(
            "rate.yaml",
            SIMULATOR.replace("LIVENESS_FAIL_AFTER_TIME, value: '60'", "FAILURE_RATE, value: '101'"),
        )
        .display()
        .to_string();
    let service = scratch.write("service.yaml", WEB.split("---\n").nth(1).unwrap()).display().to_string();
    for (arguments, words) in [
        (vec![], "nothing to predict: give -f MANIFEST"),
        (vec!["-f", "/nowhere.yaml"], "/nowhere.yaml: cannot be read"),
        (vec!["-f", typo.as_str()], "livenessProbe.periodSecond: no such field; write periodSeconds"),
        (vec!["-f", rate.as_str()], "FAILURE_RATE=\"101\": expected a percentage"),
        (vec!["-f", service.as_str()], "no workload in these manifests"),
        (vec!["--failure-rate", "lots"], "write for example 20"),
        (vec!["--latency", "fast"], "expected a time such as 200ms"),
        (vec!["--sweep", "threshold=1..3"], "write one of periodSeconds"),
        (vec!["--period", "1500ms"], "whole seconds"),
        (vec!["--faults", "[{on: nowhere}]"], "no such endpoint"),
        (vec!["--strict", "--period", "5s"], "give them with -f"),
    ] {
        let ended = predict(&arguments).await;
        assert_eq!(ended.code, Some(2), "{ended}");
        assert!(ended.to_string().contains(words), "{words}: {ended}");
    }
}
