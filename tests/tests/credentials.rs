//! Who we are to the API server: token files and credential plugins that hang, end late or give something else.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use e2e::gate::Gate;
use e2e::impostor::{Impostor, answer};
use e2e::lab::{self, allow, put};
use e2e::objects::pod;
use e2e::patience::eventually;
use e2e::scratch::Scratch;
use nix::sys::signal::Signal;
use probesim::lab::{Rule, Server};
use serde_json::{Value, json};

const V1: &str = "client.authentication.k8s.io/v1";

fn exec(script: &str) -> Value {
    json!({"exec": {"apiVersion": V1, "command": "sh", "args": ["-c", script], "interactiveMode": "Never"}})
}

fn gate(server: &Server, user: &Value) -> Gate {
    let mut kubeconfig: Value = serde_json::from_str(&server.kubeconfig()).expect("JSON");
    kubeconfig["users"][0]["user"] = user.clone();
    e2e::gate!().kubeconfig(&kubeconfig.to_string())
}

fn pipe(files: &Scratch, name: &str) -> std::path::PathBuf {
    let path = files.path(name);
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
    path
}

async fn readable(token: &str) -> Server {
    let server = lab::start().await;
    put(&server, pod("web", true));
    allow(&server, token, &[Rule::new(&["get", "list", "watch"], "", "pods", "default")]);
    server
}

#[tokio::test]
async fn a_plugin_that_hangs_holds_up_neither_the_timeout_nor_a_signal_and_ends_with_its_children() {
    let server = readable("secret").await;
    let files = Scratch::new();
    let children = files.path("children");
    let script = format!("sleep 1000 & echo $! > {}; sleep 1000", children.display());
    gate(&server, &exec(&script)).args("pod/web --timeout=1s").run().await.expect(3).between(0.9, 2.0);
    let signalled = gate(&server, &exec(&script)).args("pod/web --timeout=60s").start();
    tokio::time::sleep(Duration::from_millis(300)).await;
    signalled.process.signal(Signal::SIGTERM);
    signalled.ended().await.expect(143).between(0.2, 2.0);
    let child = files.read("children").expect("the number of a child");
    let stat = format!("/proc/{}/stat", child.trim());
    let is_gone = || std::fs::read_to_string(&stat).map_or(true, |stat| stat.contains(") Z "));
    eventually("the end of the plugin's child", || async { is_gone().then_some(()) }).await;
}

#[tokio::test]
async fn a_plugin_that_hangs_is_named_while_it_does() {
    let server = readable("secret").await;
    let gate = gate(&server, &exec("sleep 1000")).args("pod/web --timeout=12s").run().await;
    gate.expect(3).saying("credential plugin sh has not answered for 10s").between(11.9, 13.0);
}

#[tokio::test]
async fn a_plugin_gives_a_token_once_for_all_targets() {
    let server = readable("secret").await;
    let files = Scratch::new();
    let runs = files.path("runs");
    let credential = json!({"apiVersion": V1, "kind": "ExecCredential", "status": {"token": "secret"}});
    let script = format!("echo run >> {}; echo '{credential}'", runs.display());
    let targets = "pod/web pod/web:exists pod/app=web pod/web:condition=Ready";
    gate(&server, &exec(&script)).args(targets).run().await.expect(0);
    assert_eq!(files.read("runs").as_deref(), Some("run\n"));
}

#[tokio::test]
async fn a_plugin_that_gives_something_else_is_said() {
    let server = readable("secret").await;
    for (script, part) in [
        ("yes", "it prints more than 1024 kB"),
        ("exit 4", "ended with exit status: 4"),
        (
            r#"echo '{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential"}'"#,
            "it answers in apiVersion",
        ),
        (r#"echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"Token"}'"#, "not ExecCredential"),
    ] {
        let ended = gate(&server, &exec(script)).args("pod/web --once").run().await;
        ended.expect(4).saying("credential plugin sh: ").saying(part).between(0.0, 5.0);
    }
    let mut insists = exec("true");
    insists["exec"]["interactiveMode"] = json!("Always");
    gate(&server, &insists).args("pod/web").run().await.expect(2).saying("a gate has no terminal");
}

#[tokio::test]
async fn a_token_file_that_is_none_is_said_and_nothing_is_sent() {
    let server = readable("secret").await;
    let files = Scratch::new();
    let large = "x".repeat(100_000);
    for (path, part) in [
        (pipe(&files, "pipe"), "it is a pipe that nobody writes to"),
        ("/dev/zero".into(), "it is a device, not a file"),
        (files.directory().to_owned(), "it is a directory, not a file"),
        (files.write("empty", "\n"), "it is empty"),
        (files.write("large", large), "it has more than 64 kB"),
        (files.path("none"), "no such file or directory"),
    ] {
        let user = json!({"tokenFile": path});
        let ended = gate(&server, &user).args("pod/web --timeout=1s").run().await;
        ended.expect(3).saying("cannot use the token file").saying(part).between(0.9, 2.0);
    }
    assert_eq!(server.request_count(), 0);
}

#[tokio::test]
async fn a_pipe_that_stays_empty_holds_up_neither_the_timeout_nor_a_signal() {
    let server = readable("secret").await;
    let files = Scratch::new();
    let path = pipe(&files, "pipe");
    let _writer = std::fs::File::options().read(true).write(true).open(&path).expect("a pipe");
    let user = json!({"tokenFile": path});
    gate(&server, &user).args("pod/web --timeout=1s").run().await.expect(3).between(0.9, 2.0);
    let by_flag = || e2e::gate!().arg("--kubeconfig").arg(path.to_str().expect("UTF-8")).arg("pod/web");
    by_flag().args("--timeout=1s").run().await.expect(3).between(0.9, 2.0);
    by_flag().run().await.expect(2).saying("a pipe whose end did not come within 4s").between(3.5, 6.0);
}

#[tokio::test]
async fn a_kubeconfig_or_an_authority_that_is_no_file_is_said() {
    let files = Scratch::new();
    for (path, part) in [
        (pipe(&files, "pipe"), "it is a pipe that nobody writes to"),
        ("/dev/zero".into(), "it is a device, not a file"),
        (files.directory().to_owned(), "it is a directory, not a file"),
    ] {
        let path = path.to_str().expect("UTF-8");
        let ended = e2e::gate!().arg("--kubeconfig").arg(path).arg("pod/web").run().await;
        ended.expect(2).saying(path).saying(part).between(0.0, 2.0);
        let server = lab::start().await;
        let mut kubeconfig: Value = serde_json::from_str(&server.kubeconfig()).expect("JSON");
        kubeconfig["clusters"][0]["cluster"] =
            json!({"server": format!("https://{}", server.address()), "certificate-authority": path});
        let ended = e2e::gate!().kubeconfig(&kubeconfig.to_string()).args("pod/web --timeout=1s").run().await;
        ended.expect(3).saying(path).saying(part).between(0.9, 2.0);
    }
}

#[tokio::test]
async fn a_token_that_has_expired_is_told_from_one_that_is_wrong() {
    let server = readable("another").await;
    let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(r#"{"exp":1700000000}"#));
    for (token, said) in [
        (token.as_str(), "credentials not accepted: the token expired at 2023-11-14T22:13:20Z"),
        ("wrong", "credentials not accepted: Unauthorized"),
    ] {
        let ended = gate(&server, &json!({"token": token})).args("pod/web --timeout=500ms").run().await;
        ended.expect(3).saying(said).saying("giving up after 30s");
    }
}

const SELF: &str = "job/migrate:exists --newer-than=self";

fn own(gate: Gate) -> Gate {
    gate.env("POD_NAME", "api-5d4-x").env("POD_NAMESPACE", "default").env("KUBERNETES_SERVICE_HOST", "x")
}

#[tokio::test]
async fn the_own_pod_is_asked_for_until_it_is_there() {
    let server = lab::start().await;
    let gate = own(e2e::gate!().kubeconfig(&server.kubeconfig())).args(SELF).arg("--timeout=30s").start();
    gate.process.until_says("own pod api-5d4-x in namespace default not found").await;
    put(&server, pod("api-5d4-x", false));
    // Times are in seconds: what is made after the pod is never older.
    put(&server, e2e::objects::job("migrate", true));
    gate.process.until_says("the API server answers again").await;
    gate.ended().await.expect(0);
    let once = own(e2e::gate!().kubeconfig(&server.kubeconfig())).env("POD_NAME", "none").args(SELF);
    let ended = once.arg("--once").run().await.expect(2).between(0.0, 3.0);
    ended.saying("own pod none in namespace default not found: are POD_NAME and POD_NAMESPACE right?");
}

#[tokio::test]
async fn the_own_pod_that_may_not_be_read_has_its_grace_and_a_rule_for_every_pod() {
    let server = lab::start().await;
    put(&server, pod("api-5d4-x", false));
    put(&server, e2e::objects::job("migrate", true));
    let jobs = Rule::new(&["get", "list", "watch"], "batch", "jobs", "default");
    allow(&server, "secret", std::slice::from_ref(&jobs));
    let gate = || own(e2e::gate!().kubeconfig(&server.kubeconfig_with_token("secret"))).args(SELF);
    let running = gate().arg("--timeout=60s").start();
    running.process.until_says(r#"forbidden: add to a Role for this account: apiGroups: [""], resources: ["pods"], verbs: [get]; giving up after 30s without it"#).await;
    allow(&server, "secret", &[jobs.clone(), Rule::new(&["get"], "", "pods", "default")]);
    running.process.until_says("the API server answers again").await;
    running.ended().await.expect(0);
    allow(&server, "secret", &[jobs]);
    gate().arg("--timeout=60s").run().await.expect(4).between(29.5, 40.0).saying("verbs: [get]");
}

#[tokio::test]
async fn an_answer_that_is_not_the_own_pod_sets_no_limit() {
    let server = Impostor::start(|_, _| answer(200, "{}")).await;
    let kubeconfig = server.kubeconfig(&json!({}));
    let ended = own(e2e::gate!().kubeconfig(&kubeconfig)).args(SELF).arg("--timeout=1s").run().await;
    ended.expect(3).saying("answered with JSON without a kind instead of");
}
