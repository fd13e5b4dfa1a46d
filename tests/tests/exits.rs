//! How a gate ends: its exit code, its last words, and when.

use std::time::Duration;

use e2e::gate::Gate;
use e2e::lab::{self, count, put, watched};
use e2e::objects::{deployment, failed_pod, in_namespace, job, pod};
use e2e::patience::{eventually, soon};
use nix::sys::signal::Signal;
use probesim::lab::{Request, Server};
use serde_json::json;

fn gate(server: &Server, args: &str) -> Gate {
    e2e::gate!().kubeconfig(&server.kubeconfig()).args(args)
}

#[tokio::test]
async fn a_signal_ends_the_wait_at_once_and_the_termination_log_says_why_it_was_closed() {
    for (signal, code, name) in [(Signal::SIGTERM, 143, "SIGTERM"), (Signal::SIGINT, 130, "SIGINT")] {
        let server = lab::start().await;
        put(&server, deployment("api", 2, 1));
        let gate = gate(&server, "deployment/api").termination_log().start();
        gate.process.until_says("1/2 available").await;
        gate.process.signal(signal);
        let (ended, log) = gate.ended_with_log().await;
        ended.expect(code).saying(&format!("ended by {name}")).between(0.0, 5.0);
        let log = log.expect("a termination log");
        assert!(log.contains(name) && log.contains("deployment/api 1/2 available"), "{log}");
    }
}

#[tokio::test]
async fn a_signal_ends_the_wait_while_the_api_server_is_away_or_silent() {
    let server = lab::start().await;
    server.faults().silence();
    let silent = gate(&server, "pod/web").start();
    soon("a request", server.wait_for_request(|_| true)).await;
    silent.process.signal(Signal::SIGTERM);
    silent.ended().await.expect(143).between(0.0, 5.0);
    server.faults().refuse().await;
    let away = gate(&server, "pod/web").start();
    away.process.until_says("unreachable").await;
    away.process.signal(Signal::SIGTERM);
    away.ended().await.expect(143).between(0.0, 5.0);
}

#[tokio::test]
async fn a_termination_log_that_is_not_there_is_not_made() {
    let server = lab::start().await;
    let gate = gate(&server, "pod/web --once");
    let files = e2e::scratch::Scratch::new();
    let path = files.path("termination-log");
    gate.arg("--termination-log").arg(&path.to_string_lossy()).run().await.expect(3);
    assert!(!path.exists());
}

#[tokio::test]
async fn the_termination_log_is_empty_once_the_gate_is_open() {
    let server = lab::start().await;
    put(&server, pod("web", false));
    let gate = gate(&server, "pod/web").termination_log().start();
    watched(&server).await;
    let says_why = async || {
        let log = gate.files.read("termination-log").expect("a termination log");
        log.contains("pod/web not ready").then_some(())
    };
    eventually("the reason in the termination log", says_why).await;
    put(&server, pod("web", true));
    let (ended, log) = gate.ended_with_log().await;
    ended.expect(0);
    assert_eq!(log.as_deref(), Some(""));
}

#[tokio::test]
async fn when_the_time_runs_out_each_unmet_target_is_named_with_its_last_reason() {
    let server = lab::start().await;
    put(&server, deployment("api", 2, 1));
    put(&server, pod("met", true));
    let args = "deployment/api pod/met pod/nowhere --timeout=1s";
    let (ended, log) = gate(&server, args).termination_log().start().ended_with_log().await;
    let ended = ended.expect(3).between(1.0, 3.0).saying("timed out after 1s");
    let results = ended.results();
    assert!(results[0].starts_with("not-yet deployment/api 1/2 available"), "{ended}");
    assert!(results[1].starts_with("met pod/met"), "{ended}");
    assert!(results[2].starts_with("not-yet pod/nowhere not found"), "{ended}");
    let log = log.expect("a termination log");
    assert!(
        log.contains("1/2 available") && log.contains("pod/nowhere") && !log.contains("pod/met"),
        "{log}"
    );
}

#[tokio::test]
async fn the_time_runs_out_while_the_api_server_is_silent() {
    let server = lab::start().await;
    server.faults().silence();
    let ended = gate(&server, "pod/web --timeout=1s").run().await;
    ended.expect(3).between(1.0, 3.0).saying("unknown pod/web not seen yet");
}

#[tokio::test]
async fn what_cannot_be_asked_ends_with_2_and_says_what_to_write() {
    let server = lab::start().await;
    for (args, says) in [
        ("pod/web --timeout 10", "--timeout: \"10\" has no unit: write 10s"),
        ("pod/web --timeout soon", "--timeout"),
        ("pod/web --tmeout=10s", "--timeout"),
        ("pods/", "pods/"),
        ("pdo/web", "pod"),
        ("deployment/web:avialable", "available"),
        ("pod/web --namespace=No_Such", "--namespace"),
        ("--resource pod", "--name"),
        ("", "nothing to wait for"),
    ] {
        let ended = gate(&server, args).run().await.expect(2).saying(says).between(0.0, 3.0);
        assert!(ended.results().is_empty(), "nothing was found out: {ended}");
    }
    assert_eq!(server.request_count(), 0, "the API server is left alone");
}

#[tokio::test]
async fn a_kubeconfig_that_cannot_be_used_ends_with_2_and_names_the_file() {
    let gate = || e2e::gate!().args("pod/web --once");
    gate().env("KUBECONFIG", "/no/such/file").run().await.expect(2).saying("/no/such/file");
    gate().kubeconfig("clusters: [").run().await.expect(2).saying("kubeconfig");
    gate().kubeconfig("{}").run().await.expect(2).saying("kubeconfig");
}

#[tokio::test]
async fn a_single_look_ends_by_what_it_sees() {
    let server = lab::start().await;
    put(&server, pod("ready", true));
    put(&server, pod("waiting", false));
    put(&server, failed_pod("broken"));
    for (args, code, result) in [
        ("pod/ready --once", 0, "met pod/ready"),
        ("pod/waiting --once", 3, "not-yet pod/waiting"),
        ("pod/nowhere --once", 3, "not-yet pod/nowhere not found"),
        ("pod/broken --once", 1, "failed pod/broken"),
        ("pod/ready pod/waiting --once", 3, "met pod/ready"),
        ("pod/waiting pod/broken --once", 1, "not-yet pod/waiting"),
        ("pod/waiting pod/ready --once --any", 0, "not-yet pod/waiting"),
    ] {
        let ended = gate(&server, args).run().await.expect(code).between(0.0, 3.0);
        assert!(ended.results()[0].starts_with(result), "{args}: {ended}");
        assert_eq!(ended.results().len(), args.matches("pod/").count(), "every verdict is printed: {ended}");
    }
    assert_eq!(count(&server, "watch"), 0, "nothing is waited for");
}

#[tokio::test]
async fn a_single_look_at_a_server_that_is_away_ends_without_a_verdict() {
    let server = lab::start().await;
    server.faults().refuse().await;
    gate(&server, "pod/web --once").run().await.expect(3).saying("unreachable").between(0.0, 5.0);
}

#[tokio::test]
async fn targets_of_several_kinds_and_namespaces_are_all_waited_for() {
    let server = lab::start().await;
    for namespace in ["shop", "db"] {
        let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}});
        put(&server, object);
    }
    put(&server, in_namespace(deployment("api", 2, 1), "shop"));
    // Of the same name, and not the one that is meant.
    put(&server, deployment("api", 2, 2));
    let gate = gate(&server, "deployment/api@shop job/migrate@db:complete pod/app=web --timeout=60s").start();
    soon("three watches", server.wait_for_watches(|open| open == 3)).await;
    put(&server, pod("web", true));
    gate.process.until_says("pod/app=web").await;
    put(&server, in_namespace(job("migrate", true), "db"));
    gate.process.until_says("job/migrate@db complete").await;
    assert!(!gate.process.lines().iter().any(|line| line.is_result), "one target is still open");
    put(&server, in_namespace(deployment("api", 2, 2), "shop"));
    let ended = gate.ended().await.expect(0);
    assert_eq!(ended.results().len(), 3, "{ended}");
}

#[tokio::test]
async fn any_opens_at_the_first_that_is_met() {
    let server = lab::start().await;
    put(&server, pod("one", false));
    let gate = gate(&server, "pod/one pod/two --any --timeout=60s").start();
    soon("two watches", server.wait_for_watches(|open| open == 2)).await;
    put(&server, pod("two", true));
    gate.ended().await.expect(0).saying("not-yet pod/one").saying("met pod/two");
}

#[tokio::test]
async fn any_waits_on_when_one_target_is_hopeless() {
    let server = lab::start().await;
    put(&server, failed_pod("one"));
    put(&server, pod("two", false));
    let gate = gate(&server, "pod/one pod/two --any --timeout=60s").start();
    soon("a second look", server.wait_for_request(|request| request.number > 2 && request.verb == "list"))
        .await;
    put(&server, pod("two", true));
    gate.ended().await.expect(0);
}

#[tokio::test]
async fn a_failure_is_read_twice_before_it_is_believed() {
    let server = lab::start().await;
    put(&server, failed_pod("web"));
    gate(&server, "pod/web").run().await.expect(1).between(0.9, 5.0).saying("giving up");
    // Not what is read to say why.
    let is_it = |request: &Request| request.verb == "list" && request.resource == "pods";
    let lists: Vec<Request> = server.requests().into_iter().filter(is_it).collect();
    assert_eq!(lists.len(), 2);
    assert!(lists[1].at - lists[0].at >= Duration::from_millis(990), "{lists:#?}");
}

#[tokio::test]
async fn a_failure_that_is_cured_before_its_second_reading_does_not_end_the_wait() {
    let server = lab::start().await;
    put(&server, failed_pod("web"));
    let gate = gate(&server, "pod/web --timeout=60s").start();
    soon("a list", server.wait_for_request(|request| request.status == Some(200))).await;
    server.store().delete("pods", "default", "web").expect("it is there");
    put(&server, pod("web", false));
    watched(&server).await;
    put(&server, pod("web", true));
    gate.ended().await.expect(0);
}

#[tokio::test]
async fn a_gate_whose_target_is_met_already_opens_without_a_watch() {
    let server = lab::start().await;
    put(&server, deployment("api", 2, 2));
    let ended = gate(&server, "deployment/api").run().await.expect(0).between(0.0, 2.0);
    assert_eq!(count(&server, "list"), 1, "{ended}");
}

#[tokio::test]
async fn an_object_that_does_not_exist_yet_is_waited_for() {
    let server = lab::start().await;
    let gate = gate(&server, "job/migrate").start();
    gate.process.until_says("job/migrate not found").await;
    watched(&server).await;
    put(&server, job("migrate", false));
    gate.process.until_says("job/migrate 0/1 complete").await;
    put(&server, job("migrate", true));
    gate.ended().await.expect(0);
}

#[tokio::test]
async fn stdout_carries_the_result_and_stderr_the_log() {
    let server = lab::start().await;
    put(&server, pod("web", false));
    let gate = gate(&server, "pod/web").start();
    watched(&server).await;
    put(&server, pod("web", true));
    let ended = gate.ended().await.expect(0);
    assert_eq!(ended.results(), ["met pod/web ready"], "{ended}");
    let log = ended.log();
    assert!(log[0].contains("wait-for 0.") && log[0].contains("timeout none"), "{ended}");
    assert!(log.last().is_some_and(|line| line.contains("open after")), "{ended}");
    assert!(log.iter().all(|line| line.contains(" INFO ")), "{ended}");
}

#[tokio::test]
async fn the_same_state_is_said_once() {
    let server = lab::start().await;
    put(&server, deployment("api", 3, 1));
    let gate = gate(&server, "deployment/api --timeout=2s").start();
    watched(&server).await;
    for number in 0..20 {
        put(&server, e2e::objects::labelled(deployment("api", 3, 1), "change", &number.to_string()));
        // Each change goes out in an event of its own.
        tokio::task::yield_now().await;
    }
    let ended = gate.ended().await.expect(3);
    let said = ended.log().iter().filter(|line| line.contains("1/3 available")).count();
    assert_eq!(said, 1, "{ended}");
}
