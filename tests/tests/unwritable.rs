//! The simulator goes on, and ends with the exit code that it has said it would, where nothing can be printed.

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;

use e2e::http;
use e2e::patience::{eventually, soon};
use e2e::scratch::Scratch;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

const POD: &str = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "app"}, "spec": {"containers": [
    {"name": "app", "image": "app", "livenessProbe": {"tcpSocket": {"port": 80}}}]}}"#;

fn program() -> PathBuf {
    e2e::binary::choose("PROBESIM_BIN", env!("CARGO_BIN_EXE_probesim-shim"))
}

fn command(line: &str) -> Command {
    let mut command = Command::new(program());
    command.args(line.split_whitespace()).env_clear().stdin(Stdio::null()).kill_on_drop(true);
    command
}

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").expect("Linux has it").into()
}

/// The writing end of a pipe that nobody reads.
fn closed() -> Stdio {
    std::io::pipe().expect("a pipe").1.into()
}

async fn code(mut child: Child) -> Option<i32> {
    soon("its end", child.wait()).await.expect("a child").code()
}

async fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.expect("a port").local_addr().expect("its address")
}

#[tokio::test]
async fn exit_codes_are_those_that_are_documented() {
    let scratch = Scratch::new();
    let pod = scratch.write("pod.json", POD);
    let pod = pod.display();
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let (taken, nobody) = (taken.local_addr().expect("its address"), free().await);
    for (line, expected) in [
        ("--help", 0),
        ("lab --help", 0),
        ("--check", 0),
        ("--reference", 0),
        ("--failure-rate 101", 2),
        ("--latency jitter --check", 2),
        (&format!("predict -f {pod} --lint"), 0),
        (&format!("predict -f {pod}.not"), 2),
        (&format!("check tcp {taken}"), 0),
        (&format!("check tcp {nobody}"), 1),
        (&format!("ctl state --to {nobody}"), 1),
        ("ctl state --to a", 2),
        (&format!("lab -f {pod}.not"), 2),
    ] {
        for (how, out) in [("full", full as fn() -> Stdio), ("closed", closed)] {
            let child = command(line).stdout(out()).stderr(out()).spawn().expect("it starts");
            assert_eq!(code(child).await, Some(expected), "probesim {line}, with {how} outputs");
        }
    }
}

#[tokio::test]
async fn a_server_that_cannot_log_serves() {
    for out in [full, closed] {
        let at = free().await;
        let mut serve = command("serve --log-level debug");
        let port = at.port().to_string();
        let child = serve.args(["--port", &port]).stdout(out()).stderr(out()).spawn().expect("it starts");
        let listens = || async { tokio::net::TcpStream::connect(at).await.ok() };
        eventually("the server", listens).await;
        assert_eq!(http::get(at, "/liveness").await.status, 200);
        end(&child);
        assert_eq!(code(child).await, Some(0));
    }
}

#[tokio::test]
async fn a_server_whose_log_was_closed_after_its_first_line_serves_and_drains() {
    let mut child = command("serve --port 0").stderr(Stdio::piped()).spawn().expect("it starts");
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let line = loop {
        let line = soon("a line", lines.next_line()).await.expect("text").expect("a line");
        if line.contains("addr=") {
            break line;
        }
    };
    drop(lines);
    let port = line.split("addr=").nth(1).and_then(|rest| rest.split_whitespace().next());
    let port = port.and_then(|at| at.rsplit(':').next()).and_then(|port| port.parse().ok()).expect("a port");
    assert_eq!(http::get(SocketAddr::from(([127, 0, 0, 1], port)), "/liveness").await.status, 200);
    end(&child);
    assert_eq!(code(child).await, Some(0));
}

#[tokio::test]
async fn a_lab_says_that_its_report_could_not_be_written() {
    let scratch = Scratch::new();
    let pod = scratch.write("pod.json", POD);
    let line = format!("lab -f {} --run app=true --for 300ms", pod.display());
    for (out, expected, words) in
        [(full(), 2, "cannot write the report to stdout: no space left"), (closed(), 0, "")]
    {
        let child = command(&line).env("PATH", "/usr/bin:/bin").stdout(out).stderr(Stdio::piped()).spawn();
        let ended = soon("its end", child.expect("it starts").wait_with_output()).await.expect("a child");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(expected), "{said}");
        assert!(said.contains(words), "{said}");
    }
}

#[tokio::test]
async fn a_lab_says_that_what_containers_print_could_not_be_written() {
    let scratch = Scratch::new();
    let pod = scratch.write("pod.json", POD);
    std::os::unix::fs::symlink("/dev/full", scratch.path("app-app.log")).expect("a link");
    let logs = scratch.directory().display();
    let mut lab = command(&format!("lab --quiet -f {} --logs {logs} --for 500ms --run", pod.display()));
    lab.arg("app=echo hello").env("PATH", "/usr/bin:/bin").stdout(Stdio::null()).stderr(Stdio::piped());
    let ended = soon("its end", lab.spawn().expect("it starts").wait_with_output()).await.expect("a child");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(2), "{said}");
    assert_eq!(said.matches("cannot write all that containers print").count(), 1, "{said}");
}

fn end(child: &Child) {
    let id = child.id().and_then(|id| i32::try_from(id).ok()).expect("it runs");
    kill(Pid::from_raw(id), Signal::SIGTERM).expect("it runs");
}
