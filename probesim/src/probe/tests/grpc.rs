//! Calls of the health protocol: of our own server, and of servers that are none.

use std::net::Ipv4Addr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::time::Instant;

use super::server::{Server, Step, blackhole};
use super::*;
use crate::endpoint::Endpoints;
use crate::plan::spec;
use crate::server::control::Controller;
use crate::server::engine::{Engine, Setup};
use crate::yaml::Node;

/// Ours, with one service beside the whole.
async fn serving(faults: &str) -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let endpoints = Endpoints::new([], ["orders".to_owned()]);
    let faults = Node::parse(faults).expect("YAML");
    let fixed = spec::read_all(&faults, "", "fault-", &endpoints).expect("faults");
    let engine = Arc::new(Engine::new(Setup { endpoints, fixed, ..Setup::default() }, 42, Instant::now()));
    tokio::spawn(async move {
        let controller = Controller::default();
        while let Ok((stream, peer)) = listener.accept().await {
            let engine = Arc::clone(&engine);
            tokio::spawn(crate::grpc::server::serve(stream, engine, peer.ip(), controller.watch()));
        }
    });
    port
}

async fn called(port: u16, service: Option<&str>, timeout: Duration) -> Answer {
    attempted(json!({"grpc": {"port": port, "service": service}}), timeout).await
}

#[tokio::test]
async fn a_server_of_health_is_asked_for_a_service() {
    let port = serving("{on: grpc/orders, status: 503}").await;
    assert_eq!(called(port, None, PATIENCE).await, Answer::success("service healthy".into()));
    for (service, expected) in [
        ("orders", "service unhealthy (responded with \"NOT_SERVING\")"),
        ("nobody", "error: health rpc probe failed: rpc error: code = NotFound desc = unknown service"),
    ] {
        assert_eq!(called(port, Some(service), PATIENCE).await, Answer::failure(expected.into()));
    }
}

#[tokio::test]
async fn every_fault_fails_the_probe_and_none_is_an_error() {
    let short = Duration::from_millis(500);
    for (answer, expected) in [
        ("never", "timeout: health rpc did not complete within 500ms"),
        ("malformed", "error: health rpc probe failed: rpc error: code = Internal desc = unexpected EOF"),
        (
            "reset",
            "error: health rpc probe failed: rpc error: code = Unavailable desc = error reading from server: connection reset by peer",
        ),
        (
            "close",
            "error: health rpc probe failed: rpc error: code = Unavailable desc = error reading from server: EOF",
        ),
    ] {
        let port = serving(&format!("{{on: grpc, answer: {answer}}}")).await;
        assert_eq!(called(port, None, short).await, Answer::failure(expected.into()), "{answer}");
    }
}

#[tokio::test]
async fn whoever_does_not_greet_is_not_connected_to() {
    let short = Duration::from_millis(200);
    let (hanging, _queue) = blackhole().await;
    let silent = Server::following(vec![Step::Stall]).await;
    let http = Server::answering("HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let (closed, _closed) = closed_port();
    for port in [closed, hanging, silent.port, http.port] {
        let expected = format!(
            "timeout: failed to connect service \"127.0.0.1:{port}\" within 200ms: context deadline exceeded"
        );
        assert_eq!(called(port, None, short).await, Answer::failure(expected));
    }
}

#[tokio::test]
async fn a_refused_connection_is_tried_again_after_a_second() {
    let (port, closed) = closed_port();
    let listening = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let listener = closed.listen(1).expect("a listener");
        listener.accept().await.expect("a connection");
    });
    let begun = Instant::now();
    let calling = tokio::spawn(async move { called(port, None, PATIENCE).await });
    listening.await.expect("no panic");
    assert!(begun.elapsed() >= Duration::from_millis(900), "{:?}", begun.elapsed());
    calling.abort();
}

#[tokio::test]
async fn the_frames_are_those_of_grpc_go() {
    let settings = Step::Bytes(vec![0, 0, 0, 4, 0, 0, 0, 0, 0]);
    let question = Step::Read(b"\0\0\x09\0\x01\0\0\0\x01\0\0\0\0\x04\x0a\x02db");
    let server = Server::following(vec![settings, question]).await;
    called(server.port, Some("db"), PATIENCE).await;
    let received = server.received(1).await.remove(0);
    let begin = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0\0\0\0\x04\x01\0\0\0\0";
    assert!(received.starts_with(begin), "{}", received.escape_ascii());
    // `:method POST`, `:scheme http`, and then `:path` with its text.
    let head = &received[begin.len()..];
    assert_eq!(head[3..9], [1, 4, 0, 0, 0, 1]);
    assert_eq!(head[9..12], [0x83, 0x86, 0x45]);
}

#[tokio::test]
async fn from_1_38_on_a_refused_call_fails_at_once() {
    let (port, _closed) = closed_port();
    let call = handler(json!({"grpc": {"port": port}}));
    let version = "1.38.0".parse().expect("a version");
    let answer = attempt(&call, PATIENCE, &Subject { version, ..subject(None) }).await;
    let why = format!("dial tcp 127.0.0.1:{port}: connect: connection refused");
    let words =
        "error: health rpc probe failed: rpc error: code = Unavailable desc = connection error: desc =";
    assert_eq!(answer, Answer::failure(format!("{words} \"transport: Error while dialing: {why}\"")));
}
