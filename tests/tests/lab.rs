//! The lab runs manifests: pods come up, fail, restart and go as they would on a cluster, and nothing of them
//! outlives it.

use std::time::Duration;

use e2e::cluster::is_running;
use e2e::patience::eventually;
use e2e::{cluster, gate, simulator};
use nix::sys::signal::Signal;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

/// A pod of the simulator that is probed every second, with these variables.
fn simulated(name: &str, variables: &str) -> String {
    format!(
        r#"
apiVersion: v1
kind: Pod
metadata: {{name: {name}, labels: {{app: {name}}}}}
spec:
  containers:
  - name: main
    image: ghcr.io/shop/probesim:1.0
    env: [{variables}]
    ports: [{{name: http, containerPort: 8080}}]
    readinessProbe: {{httpGet: {{path: /readiness, port: http}}, periodSeconds: 1, failureThreshold: 1}}
    livenessProbe: {{httpGet: {{path: /liveness, port: 8080}}, periodSeconds: 1, failureThreshold: 1}}
---
"#
    )
}

/// A pod of a shell command.
fn shell(name: &str, script: &str, more: &str) -> String {
    format!(
        r#"
apiVersion: v1
kind: Pod
metadata: {{name: {name}}}
spec:
  terminationGracePeriodSeconds: 2
  containers:
  - name: main
    image: busybox
    command: [sh, -c, {script:?}]
{more}
---
"#
    )
}

fn main_of(pod: &Value) -> &Value {
    &pod["status"]["containerStatuses"][0]
}

#[tokio::test]
async fn a_gate_opens_once_a_simulator_is_ready() {
    let lab = cluster!().manifest(&simulated("api", "{name: STARTUP_DELAY, value: 1s}")).start().await;
    let gate = gate!().kubeconfig(&lab.kubeconfig()).args("pod/api --timeout 20s").run().await;
    gate.expect(0);
    let pod = lab.until_ready("api", true).await;
    assert_eq!(pod["spec"]["nodeName"], "lab");
    assert_eq!((&pod["status"]["phase"], &main_of(&pod)["started"]), (&"Running".into(), &true.into()));
    lab.until_event("Scheduled", "Successfully assigned default/api to lab").await;
}

#[tokio::test]
async fn a_plan_for_readiness_takes_the_pod_out() {
    let lab =
        cluster!().manifest(&simulated("api", "{name: READINESS_FAIL_AFTER_TIME, value: '4'}")).start().await;
    lab.until_ready("api", true).await;
    let pod = lab.until_ready("api", false).await;
    assert_eq!(main_of(&pod)["restartCount"], 0);
    let event =
        lab.until_event("Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 500").await;
    assert_eq!(event["involvedObject"]["fieldPath"], "spec.containers{main}");
}

#[tokio::test]
async fn a_plan_for_liveness_restarts_the_container() {
    let lab = cluster!().manifest(&simulated(
        "api",
        "{name: LIVENESS_FAIL_AFTER_TIME, value: '1'}, {name: DRAIN_DELAY, value: '0'}",
    ));
    let lab = lab.start().await;
    lab.until_event("Killing", "Container main failed liveness probe, will be restarted").await;
    let pod =
        lab.until_pod("api", "was restarted", |pod| main_of(pod)["restartCount"].as_u64() >= Some(1)).await;
    assert_eq!(main_of(&pod)["lastState"]["terminated"]["exitCode"], 0);
}

#[tokio::test]
async fn an_init_container_holds_its_pod_until_another_is_ready() {
    let waiting = r#"
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  initContainers:
  - {name: wait, image: "ghcr.io/shop/wait-for:1.0", args: [pod/api]}
  containers:
  - {name: main, image: probesim}
---
"#;
    let late = simulated("api", "{name: STARTUP_DELAY, value: 2s}");
    let lab = cluster!().manifest(&(waiting.to_owned() + &late)).start().await;
    let held = lab.until_pod("web", "runs its gate", |pod| {
        pod["status"]["initContainerStatuses"][0]["state"]["running"].is_object()
    });
    let held = held.await;
    assert_eq!(main_of(&held)["state"]["waiting"]["reason"], "PodInitializing");
    lab.until_ready("api", true).await;
    let open = lab.until_ready("web", true).await;
    let gate = &open["status"]["initContainerStatuses"][0]["state"]["terminated"];
    assert_eq!((&gate["exitCode"], &gate["reason"]), (&0.into(), &"Completed".into()));
}

#[tokio::test]
async fn what_ignores_sigterm_is_killed_after_the_grace_period() {
    let probe = "    livenessProbe: {exec: {command: ['false']}, periodSeconds: 1, failureThreshold: 1}";
    let deaf = shell("deaf", "trap '' TERM; while :; do sleep 0.2; done", probe);
    let polite = shell("polite", "trap 'exit 7' TERM; while :; do sleep 0.2; done", probe);
    let lab = cluster!().args("--run busybox=").manifest(&(deaf + &polite)).start().await;
    for (name, code) in [("deaf", 137), ("polite", 7)] {
        let pod = lab
            .until_pod(name, "was restarted", |pod| main_of(pod)["restartCount"].as_u64() >= Some(1))
            .await;
        assert_eq!(main_of(&pod)["lastState"]["terminated"]["exitCode"], code, "{name}");
    }
}

#[tokio::test]
async fn a_deleted_pod_has_its_grace_period_and_goes() {
    let deaf = shell("deaf", "trap '' TERM; while :; do sleep 0.2; done", "");
    let forced = shell("forced", "trap '' TERM; while :; do sleep 0.2; done", "");
    let lab = cluster!().args("--run busybox=").manifest(&(deaf + &forced)).start().await;
    lab.until_ready("deaf", true).await;
    lab.until_ready("forced", true).await;
    let began = Instant::now();
    lab.delete_pod("deaf", "").await;
    lab.delete_pod("forced", "?gracePeriodSeconds=0").await;
    lab.until_gone("forced").await;
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    let ending =
        lab.until_pod("deaf", "is being deleted", |pod| pod["metadata"]["deletionTimestamp"].is_string());
    assert_eq!(ending.await["metadata"]["deletionGracePeriodSeconds"], 2);
    lab.until_gone("deaf").await;
    let took = began.elapsed().as_secs_f64();
    assert!((1.8..6.0).contains(&took), "{took}");
    lab.until_event("Killing", "Stopping container main").await;
}

#[tokio::test]
async fn nothing_outlives_the_lab() {
    let mark = format!("86400.{}", std::process::id());
    let script = format!("trap '' TERM; sleep {mark} & sleep {mark} & wait; wait; sleep {mark}");
    for (signal, is_twice) in [(Signal::SIGINT, false), (Signal::SIGTERM, true)] {
        let manifest = shell("deaf", &script, "") + &simulated("api", "");
        let lab = cluster!().args("--run busybox=").manifest(&manifest).start().await;
        eventually("its processes", || async { is_running(&mark).then_some(()) }).await;
        let ip = lab.until_ready("api", true).await["status"]["podIP"].as_str().unwrap().to_owned();
        lab.process.signal(signal);
        let told = Instant::now();
        if is_twice {
            lab.process.signal(Signal::SIGINT);
        }
        lab.process.ended().await.expect(0);
        let took = told.elapsed().as_secs_f64();
        assert!(if is_twice { took < 2.5 } else { took < 6.0 }, "{took}");
        assert!(!is_running(&mark), "a process is left");
        assert!(tokio::net::TcpStream::connect((ip.as_str(), 8080)).await.is_err(), "a simulator is left");
    }
}

#[tokio::test]
async fn nothing_outlives_a_lab_that_was_killed() {
    let mark = format!("86401.{}", std::process::id());
    let manifest = shell("idle", &format!("sleep {mark} & wait"), "");
    let lab = cluster!().args("--run busybox=").manifest(&manifest).start().await;
    eventually("its process", || async { is_running(&mark).then_some(()) }).await;
    lab.process.signal(Signal::SIGKILL);
    eventually("the end of its process", || async { (!is_running(&mark)).then_some(()) }).await;
}

#[tokio::test]
async fn what_cannot_run_is_refused_with_its_line_before_anything_starts() {
    for (manifest, args, says) in [
        ("kind: Pod\n", "", "manifest.yaml:1:"),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: main\n    image: nginx:1\n",
            "",
            "manifest.yaml:7: spec.containers[0].image: container main: the lab has no containers to run image \"nginx:1\"",
        ),
        (
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: main\n    image: probesim\n    livenessProbe: {periodSeconds: -1}\n",
            "",
            "manifest.yaml:8: spec.containers[0].livenessProbe: must specify a handler type",
        ),
        (
            "apiVersion: v1\nkind: Nope\nmetadata: {name: x}\n",
            "",
            "manifest.yaml:1: no resource is known for kind \"Nope\"",
        ),
        (&simulated("p", ""), "--speed 2", "cannot be used with"),
        (&simulated("p", ""), "--run probesim", "expected IMAGE=COMMAND"),
        (&simulated("p", ""), "--target main=:1", "is no host"),
    ] {
        cluster!().manifest(manifest).args(args).run().await.expect(2).saying(says).not_saying("listening");
    }
    cluster!().args("--replay x").manifest(&simulated("p", "")).run().await.expect(2);
}

#[tokio::test]
async fn a_program_that_is_not_there_is_a_container_that_cannot_start() {
    let lab =
        cluster!().args("--run busybox=/no/such/program").manifest(&shell("p", "true", "")).start().await;
    let pod = lab
        .until_pod("p", "backs off", |pod| main_of(pod)["state"]["waiting"]["reason"] == "CrashLoopBackOff");
    let pod = pod.await;
    let ended = &main_of(&pod)["lastState"]["terminated"];
    assert_eq!((&ended["exitCode"], &ended["reason"]), (&128.into(), &"StartError".into()));
    let why = "exec: \"/no/such/program\": stat /no/such/program: no such file or directory: unknown";
    assert!(ended["message"].as_str().unwrap().ends_with(why), "{ended}");
    lab.until_event("Failed", "Error: failed to create containerd task: failed to create shim task:").await;
}

#[tokio::test]
async fn a_process_without_a_handler_outlives_sigterm_as_with_process_id_1() {
    let more = "    livenessProbe: {exec: {command: [\"false\"]}, periodSeconds: 1, failureThreshold: 1}";
    let hears = shell("hears", "trap 'exit 7' TERM; while :; do sleep 0.1; done", more);
    let manifest = shell("deaf", "sleep 1000", more) + &hears;
    let lab = cluster!().args("--run busybox=").manifest(&manifest).start().await;
    for (name, code) in [("deaf", 137), ("hears", 7)] {
        let ended = |pod: &Value| main_of(pod)["lastState"]["terminated"]["exitCode"] == code;
        lab.until_pod(name, "was killed", ended).await;
    }
}

#[tokio::test]
async fn a_hook_that_fails_keeps_its_container_from_running() {
    let more = "    lifecycle: {postStart: {exec: {command: [sh, -c, \"echo a word; exit 3\"]}}}";
    let lab = cluster!().args("--run busybox=").manifest(&shell("p", "sleep 1000", more)).start().await;
    let waits = |pod: &Value| main_of(pod)["state"]["waiting"]["reason"] == "PostStartHookError";
    let pod = lab.until_pod("p", "waits for its hook", waits).await;
    let message = main_of(&pod)["state"]["waiting"]["message"].as_str().unwrap();
    let begin =
        "Exec lifecycle hook ([sh -c echo a word; exit 3]) for Container \"main\" in Pod \"p_default(";
    assert!(message.starts_with(begin), "{message}");
    assert!(message.contains("exited with 3: a word"), "{message}");
    lab.until_event("FailedPostStartHook", "PostStartHook failed").await;
    lab.until_event("Killing", "FailedPostStartHook").await;
}

#[tokio::test]
async fn variables_come_from_the_objects_of_the_manifest() {
    let objects = r#"
apiVersion: v1
kind: ConfigMap
metadata: {name: settings}
data: {GREETING: hello}
---
"#;
    let more = "    envFrom: [{configMapRef: {name: settings}}]\n    env: [{name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]";
    let pod = shell("p", "echo $GREETING from $HOSTNAME on $NODE at $POD_IP; sleep 600", more);
    let lab = cluster!().args("--run busybox=");
    let logs = lab.path("logs");
    let lab = lab.arg("--logs").arg(&logs.to_string_lossy()).manifest(&(pod + objects)).start().await;
    let pod = lab.until_ready("p", true).await;
    let ip = pod["status"]["podIP"].as_str().unwrap();
    let expected = format!("hello from p on lab at {ip}\n");
    let log =
        || async { std::fs::read_to_string(logs.join("p-main.log")).ok().filter(|text| *text == expected) };
    eventually("the line in the log", log).await;
}

#[tokio::test]
async fn what_runs_already_stands_for_a_container() {
    let simulator = simulator!().env("READINESS_FAIL_AFTER_TIME", "3").start().await;
    let manifest = simulated("api", "").replace("probesim:1.0", "postgres:17");
    let target = format!("api/main={}", simulator.address);
    let lab = cluster!().arg("--target").arg(&target).manifest(&manifest).start().await;
    lab.until_ready("api", true).await;
    lab.until_ready("api", false).await;
}

#[tokio::test]
async fn a_lab_with_a_time_ends_then() {
    let ended = cluster!().args("--for 1s").manifest(&simulated("api", "")).run().await;
    ended.expect(0).between(1.0, 5.0);
}

#[tokio::test]
async fn logs_are_served_of_this_instance_and_of_the_one_before() {
    let script = "echo instance $(($(cat $HOME/count 2>/dev/null || echo 0) + 1)) | tee $HOME/log; echo 1 > $HOME/count; sleep 1; exit 3";
    let lab = cluster!().args("--run busybox=").manifest(&shell("p", script, "")).start().await;
    lab.until_pod("p", "was restarted", |pod| {
        main_of(pod)["restartCount"] == 1 && main_of(pod)["state"]["running"].is_object()
    })
    .await;
    let log = |query: &'static str| {
        let path = format!("/api/v1/namespaces/default/pods/p/log{query}");
        e2e::http::get(lab.address, Box::leak(path.into_boxed_str()))
    };
    eventually("its line", || async { (log("").await.body == "instance 2\n").then_some(()) }).await;
    assert_eq!(log("?previous=true").await.body, "instance 1\n");
    let none = log("?container=nope").await;
    assert_eq!(none.status, 400);
    assert!(none.body.contains("container nope is not valid for pod p"), "{}", none.body);
}

const DEPLOYMENT: &str = r#"
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: main
        image: probesim
        readinessProbe: {httpGet: {path: /readiness, port: 8080}, periodSeconds: 1}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: 8080}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec:
  template:
    spec:
      restartPolicy: Never
      initContainers:
      - {name: wait, image: wait-for, args: ["deployment/web", "service/web:has-endpoints=2"]}
      containers:
      - {name: main, image: busybox, command: ["true"]}
"#;

#[tokio::test]
async fn a_deployment_becomes_available_and_a_job_that_waits_for_it_completes() {
    let lab = cluster!().args("--run busybox=").manifest(DEPLOYMENT).start().await;
    let gate = gate!().kubeconfig(&lab.kubeconfig()).args("job/migrate:complete --timeout 20s").run().await;
    gate.expect(0);
    let pods = lab.get("/api/v1/namespaces/default/pods?labelSelector=app%3Dweb").await.unwrap();
    let addresses: Vec<&str> =
        pods["items"].as_array().unwrap().iter().filter_map(|pod| pod["status"]["podIP"].as_str()).collect();
    assert_eq!(addresses.len(), 2);
    assert_ne!(addresses[0], addresses[1]);
    let deployment = lab.get("/apis/apps/v1/namespaces/default/deployments/web").await.unwrap();
    assert_eq!(deployment["status"]["availableReplicas"], 2);
}

/// Changes an object by a merge patch.
async fn patch(address: std::net::SocketAddr, path: &str, body: &str) {
    let head = format!(
        "PATCH {path} HTTP/1.1\r\nHost: lab\r\nContent-Type: application/merge-patch+json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all((head + body).as_bytes()).await.unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
}

#[tokio::test]
async fn a_pod_whose_image_nothing_stands_for_waits_as_for_a_pull_and_can_be_deleted() {
    let lab = cluster!().args("--run busybox=").manifest(DEPLOYMENT).start().await;
    lab.until_event("Started", "Container started").await;
    let pods = "/api/v1/namespaces/default/pods?labelSelector=app%3Dweb";
    let change = r#"{"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "nope:2"}]}}}}"#;
    patch(lab.address, "/apis/apps/v1/namespaces/default/deployments/web", change).await;
    lab.until_event("Failed", "Failed to pull image \"nope:2\": the lab has no containers").await;
    let stuck = eventually("a pod that cannot pull", || async {
        let pods = lab.get(pods).await?;
        let is_stuck = |pod: &&Value| main_of(pod)["state"]["waiting"]["reason"] == "ErrImagePull";
        pods["items"].as_array()?.iter().find(is_stuck).cloned()
    })
    .await;
    assert_eq!(stuck["status"]["phase"], "Pending");
    lab.delete_pod(stuck["metadata"]["name"].as_str().unwrap(), "").await;
    lab.until_gone(stuck["metadata"]["name"].as_str().unwrap()).await;
}
