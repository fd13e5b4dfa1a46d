//! The examples for the lab come to what they tell, in short: the quick start first.

use std::path::PathBuf;

use e2e::process::Process;
use e2e::scratch::Scratch;
use e2e::{cluster, gate};
use serde_json::Value;

/// An example's text, with some of it replaced.
fn example(name: &str, replaced: &[(&str, &str)]) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    replaced.iter().fold(text, |text, (from, to)| {
        assert!(text.contains(from), "{name} has {from:?}");
        text.replace(from, to)
    })
}

/// When a condition of an object turned True: RFC 3339, which sorts as text.
fn since(object: &Value, condition: &str) -> String {
    let conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    let mut met = conditions.filter(|one| one["type"] == condition && one["status"] == "True");
    let met = met.next().unwrap_or_else(|| panic!("{condition} in {object:#}"));
    met["lastTransitionTime"].as_str().expect("a time").to_owned()
}

#[tokio::test]
async fn the_gate_of_the_quick_start_opens_once_postgres_is_available_and_not_before() {
    let manifest = example("lab-postgres.yaml", &[("for: 8s", "for: 3s")]);
    let lab = cluster!().manifest(&manifest).start().await;
    let pods = "/api/v1/namespaces/default/pods?labelSelector=app%3Dapi";
    let held = e2e::patience::eventually("a gate that runs", || async {
        let pod = lab.get(pods).await?["items"][0].take();
        pod["status"]["initContainerStatuses"][0]["state"]["running"].is_object().then_some(pod)
    })
    .await;
    assert_eq!(held["status"]["containerStatuses"][0]["state"]["waiting"]["reason"], "PodInitializing");
    let path = "/apis/apps/v1/namespaces/default/deployments/postgres";
    assert_eq!(lab.get(path).await.expect("postgres")["status"]["availableReplicas"], Value::Null);

    gate!().kubeconfig(&lab.kubeconfig()).args("deployment/api --timeout 20s").run().await.expect(0);
    let available = since(&lab.get(path).await.expect("postgres"), "Available");
    let api = lab.get(pods).await.expect("pods")["items"][0].take();
    let gate = &api["status"]["initContainerStatuses"][0]["state"]["terminated"];
    assert_eq!(gate["exitCode"], 0);
    assert!(gate["finishedAt"].as_str().expect("a time") >= available.as_str(), "{available}: {gate}");
    assert!(since(&api, "Ready") >= available, "{available}: {api:#}");
    assert_eq!(api["status"]["containerStatuses"][0]["restartCount"], 0);
}

#[tokio::test]
async fn the_quick_start_s_expectations_hold_and_fail_with_a_database_that_is_late() {
    let expectation = "deployment/api:opened<=15s, ready<=18s, restarts==0";
    for (late, time, code, says) in [
        ("for: 1s", "6s", 0, "met     deployment/api:opened<=15s"),
        ("for: 60s", "4s", 1, "failed  deployment/api:opened<=15s"),
    ] {
        let manifest = example("lab-postgres.yaml", &[("for: 8s", late)]);
        let lab = cluster!().manifest(&manifest).args("--for").arg(time).args("--expect").arg(expectation);
        lab.run().await.expect(code).saying(says);
    }
}

#[tokio::test]
async fn an_eager_liveness_probe_kills_and_a_patient_one_does_not() {
    let manifest = example("lab-liveness.yaml", &[("after: 5s", "after: 1s")]);
    let expectation = "deployment/eager:killed>=1, deployment/patient:restarts==0";
    let lab = cluster!().manifest(&manifest).args("--for 6s --expect").arg(expectation);
    lab.run().await.expect(0);
}

#[tokio::test]
async fn a_threshold_stops_the_cascade_of_a_dependency() {
    let manifest = example("lab-dependency.yaml", &[("after: 6s, for: 5s", "after: 2s, for: 3s")]);
    let expectation = "deployment/strict:available<90%, deployment/lenient:available==100%, restarts==0";
    let lab = cluster!().manifest(&manifest).args("--for 7s --expect").arg(expectation);
    lab.run().await.expect(0);
}

#[tokio::test]
async fn a_gate_on_a_stuck_rollout_gives_up_at_its_deadline() {
    let manifest =
        example("lab-rollout.yaml", &[("progressDeadlineSeconds: 6", "progressDeadlineSeconds: 2")]);
    let expectation = "deployment/web:ready==never, job/announce:opened==never, job/announce:exits==1";
    let lab = cluster!().manifest(&manifest).args("--run busybox= --for 8s --expect").arg(expectation);
    lab.run().await.expect(0).saying("ProgressDeadlineExceeded");
}

#[tokio::test]
async fn the_example_for_ci_passes_and_leaves_results() {
    let files = Scratch::new();
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/lab-ci.sh");
    let results = files.path("results.xml");
    let mut command = tokio::process::Command::new(script);
    let probesim = e2e::binary::choose("PROBESIM_BIN", env!("CARGO_BIN_EXE_probesim-shim"));
    command.arg(&results).env("PROBESIM", probesim);
    Process::start(command).ended().await.expect(0);
    let results = std::fs::read_to_string(results).expect("results");
    assert!(results.contains("<testsuites tests=\"4\" failures=\"0\""), "{results}");
}
