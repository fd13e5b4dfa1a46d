//! What a client sees of planned faults.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::TcpStream;
use tokio::time::{self, Instant};

use super::tests::{PATIENCE, Server, closing, connected, depending, eventually, planned, read_all};
use crate::config::Drain;
use crate::endpoint::Endpoints;
use crate::plan::{Put, spec};
use crate::yaml::Node;

/// Connects to a server in memory that has these faults, and asks for its liveness.
async fn asked(faults: &str) -> DuplexStream {
    let mut client = connected(planned(faults));
    client.write_all(closing("GET /liveness").as_bytes()).await.unwrap();
    client
}

/// What arrives until the end, with the time of the first byte, of the body's first and of the last.
async fn timed(client: &mut DuplexStream) -> (String, [u128; 3]) {
    let begun = Instant::now();
    let (mut text, mut times) = (String::new(), [0; 3]);
    let mut byte = [0; 1];
    while client.read(&mut byte).await.is_ok_and(|read| read > 0) {
        let now = begun.elapsed().as_millis();
        if text.is_empty() {
            times[0] = now;
        }
        if text.ends_with("\r\n\r\n") && times[1] == 0 {
            times[1] = now;
        }
        times[2] = now;
        text.push(char::from(byte[0]));
    }
    (text, times)
}

fn put(server: &Server, faults: &str) {
    let specs = spec::read_all(&Node::parse(faults).unwrap(), "", "live-", &Endpoints::default()).unwrap();
    let epoch = server.engine.uptime();
    server.engine.change_live(|live| {
        live.clear();
        live.extend(specs.into_iter().map(|spec| Put { spec, epoch, expires: None }));
    });
}

/// Whether a new connection is answered, refused, reset, or times out.
async fn network(address: SocketAddr) -> &'static str {
    let asking = async {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(closing("GET /liveness").as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await
    };
    match time::timeout(Duration::from_millis(300), asking).await {
        Ok(Ok(0)) => "closed",
        Ok(Ok(_)) => "answered",
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionRefused => "refused",
        Ok(Err(error)) if error.kind() == ErrorKind::ConnectionReset => "reset",
        Ok(Err(error)) => panic!("{error}"),
        Err(_) => "timed out",
    }
}

#[tokio::test]
async fn a_planned_answer_has_its_status_headers_and_body() {
    let server =
        Server::planned("{on: liveness, status: 429, body: slow down, headers: {X-A: b}, retry_after: 7}")
            .await;
    let mut stream = server.connect().await;
    stream.write_all(closing("GET /liveness").as_bytes()).await.unwrap();
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 429 Too Many Requests\r\n"), "{answer}");
    for header in ["x-a: b", "retry-after: 7", "content-length: 9", "content-type: text/plain; charset=utf-8"]
    {
        assert!(answer.contains(&format!("\r\n{header}\r\n")), "{header}: {answer}");
    }
    assert!(answer.ends_with("\r\n\r\nslow down"), "{answer}");
    assert_eq!(server.ask("GET /readiness").await.0, 200);
}

#[tokio::test]
async fn only_those_who_are_meant_are_hit() {
    let server = Server::planned("{on: http, path: /api/*, callers: others, status: 503}").await;
    assert_eq!(server.ask("GET /api/x").await.0, 503);
    assert_eq!(server.ask("GET /other").await.0, 404);
    let mut stream = server.connect().await;
    let probe =
        "GET /api/x HTTP/1.1\r\nHost: pod\r\nUser-Agent: kube-probe/1.36\r\nConnection: close\r\n\r\n";
    stream.write_all(probe.as_bytes()).await.unwrap();
    assert!(read_all(&mut stream).await.starts_with("HTTP/1.1 404"));
}

#[tokio::test(start_paused = true)]
async fn slow_headers_spread_the_head() {
    let mut client = asked("{on: liveness, answer: slow-headers, over: 8s}").await;
    let (text, [first, body, last]) = timed(&mut client).await;
    assert!(
        text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("Liveness probe successful\n"),
        "{text}"
    );
    assert!(first < 200, "{first}");
    assert!((8_000..8_100).contains(&body) && (8_000..8_100).contains(&last), "{body} {last}");
}

#[tokio::test(start_paused = true)]
async fn a_trickle_spreads_the_body_after_any_latency() {
    let mut client = asked("{on: liveness, answer: trickle, over: 5s, status: 500, latency: 1s}").await;
    let (text, [first, _, last]) = timed(&mut client).await;
    assert!(text.starts_with("HTTP/1.1 500 ") && text.ends_with("Injected failure\n"), "{text}");
    assert!((1_000..1_100).contains(&first) && (6_000..6_100).contains(&last), "{first} {last}");
}

#[tokio::test(start_paused = true)]
async fn a_truncated_body_ends_early_and_a_stalled_one_never() {
    let mut client = asked("{on: liveness, answer: truncate, body: abcdefgh}").await;
    let (text, _) = timed(&mut client).await;
    assert!(text.contains("content-length: 8\r\n") && text.ends_with("\r\n\r\nabcd"), "{text}");

    let mut client = asked("{on: liveness, answer: stall, body: abcdefgh}").await;
    let stalled = time::timeout(Duration::from_secs(3_600), timed(&mut client)).await;
    assert!(stalled.is_err(), "it ended: {stalled:?}");
}

#[tokio::test(start_paused = true)]
async fn malformed_bodies_and_garbage_are_no_http() {
    let (text, _) = timed(&mut asked("{on: liveness, answer: malformed}").await).await;
    assert!(text.contains("transfer-encoding: chunked") && text.ends_with("\r\n\r\nno-number\r\nbroken\r\n"));
    let (text, _) = timed(&mut asked("{on: liveness, answer: garbage}").await).await;
    assert!(!text.contains("HTTP/1.1"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_close_and_a_half_close_answer_nothing() {
    for answer in ["close", "half-close"] {
        let mut client = asked(&format!("{{on: liveness, answer: {answer}}}")).await;
        assert_eq!(timed(&mut client).await.0, "", "{answer}");
    }
}

#[tokio::test]
async fn a_half_closed_connection_still_reads() {
    let server = Server::planned("{on: liveness, answer: half-close}").await;
    let mut stream = server.connect().await;
    stream.write_all(closing("GET /liveness").as_bytes()).await.unwrap();
    assert_eq!(read_all(&mut stream).await, "");
    for _ in 0..3 {
        stream.write_all(b"more").await.unwrap();
    }
    assert_eq!(server.engine.state().waiting(), 1);
    drop(stream);
    eventually("the connection ends", || server.engine.state().waiting() == 0).await;
}

#[tokio::test]
async fn a_reset_is_a_reset_also_within_the_body() {
    for (answer, expected) in [("reset", ""), ("cut", "Live")] {
        let server = Server::planned(&format!("{{on: liveness, body: LiveLive, answer: {answer}}}")).await;
        let mut stream = server.connect().await;
        stream.write_all(closing("GET /liveness").as_bytes()).await.unwrap();
        let mut bytes = vec![];
        let error = time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{answer}");
        assert!(bytes.ends_with(expected.as_bytes()), "{answer}");
    }
}

#[tokio::test]
async fn a_request_that_is_never_answered_ends_with_its_client() {
    let server = Server::planned("{on: liveness, answer: never}").await;
    let mut stream = server.connect().await;
    stream.write_all(closing("GET /liveness").as_bytes()).await.unwrap();
    eventually("it hangs", || server.engine.state().waiting() == 1).await;
    drop(stream);
    eventually("it ends", || server.engine.state().waiting() == 0).await;
}

/// The accept loop hears of a change in its next turn.
async fn a_turn() {
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn every_network_fault_is_real_and_gone_at_once() {
    let server = Server::planned("[]").await;
    for (fault, seen) in [
        ("refuse", "refused"),
        ("reset", "reset"),
        ("hang", "timed out"),
        ("blackhole", "timed out"),
        ("refuse", "refused"),
    ] {
        assert_eq!(network(server.address).await, "answered", "before {fault}");
        put(&server, &format!("{{on: network, answer: {fault}}}"));
        a_turn().await;
        assert_eq!(network(server.address).await, seen, "{fault}");
        put(&server, "[]");
        let begun = Instant::now();
        a_turn().await;
        while network(server.address).await != "answered" {
            assert!(begun.elapsed() < Duration::from_millis(100), "{fault} lasts");
        }
        assert!(begun.elapsed() < Duration::from_millis(100), "{fault} lasts for {:?}", begun.elapsed());
    }
}

#[tokio::test]
async fn a_blackhole_drops_even_the_connecting() {
    let server = Server::planned("{on: network, answer: blackhole}").await;
    a_turn().await;
    let connecting = TcpStream::connect(server.address);
    let outcome = time::timeout(Duration::from_millis(300), connecting).await;
    assert!(outcome.is_err(), "{outcome:?}");
}

#[tokio::test]
async fn an_open_connection_is_cut_or_frozen_with_the_network() {
    let request = b"GET /liveness HTTP/1.1\r\nHost: pod\r\n\r\n";
    let server = Server::planned("[]").await;
    let mut stream = server.connect().await;
    let mut answer = [0; 1024];
    stream.write_all(request).await.unwrap();
    assert!(stream.read(&mut answer).await.unwrap() > 0);

    put(&server, "{on: network, answer: blackhole}");
    a_turn().await;
    stream.write_all(request).await.unwrap();
    let frozen = time::timeout(Duration::from_millis(200), stream.read(&mut answer)).await;
    assert!(frozen.is_err(), "{frozen:?}");
    put(&server, "[]");
    let thawed = time::timeout(PATIENCE, stream.read(&mut answer)).await.unwrap();
    assert!(thawed.unwrap() > 0, "answered when the network is back");

    put(&server, "{on: network, answer: refuse}");
    let cut = time::timeout(PATIENCE, stream.read(&mut answer)).await.unwrap();
    assert_eq!(cut.unwrap_err().kind(), ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn a_network_fault_comes_and_goes_on_time() {
    let server = Server::planned("{on: network, answer: refuse, flap: {period: 400ms, duty: 50%}}").await;
    for _ in 0..2 {
        eventually_network(server.address, "refused").await;
        eventually_network(server.address, "answered").await;
    }
}

async fn eventually_network(address: SocketAddr, expected: &str) {
    let looking = async {
        while network(address).await != expected {
            time::sleep(Duration::from_millis(5)).await;
        }
    };
    time::timeout(PATIENCE, looking).await.expect(expected);
}

async fn readiness_with(dependencies: &str, faults: &str) -> (u16, u128) {
    let mut client = connected(depending(dependencies, faults));
    let begun = Instant::now();
    client.write_all(closing("GET /readiness").as_bytes()).await.unwrap();
    let answer = read_all(&mut client).await;
    (answer[9..12].parse().unwrap(), begun.elapsed().as_millis())
}

#[tokio::test(start_paused = true)]
async fn readiness_follows_its_dependencies_and_waits_for_them() {
    let each = "each: [{name: db, timeout: 2s}, {name: cache}]";
    let broken = "{on: dependency/db, status: 503}";
    for (follow, faults, expected, waited) in [
        ("all", "[]", 200, 0),
        ("all", broken, 500, 0),
        ("1", broken, 200, 0),
        ("none", broken, 200, 0),
        ("all", "{on: dependency/db, latency: 1500ms}", 200, 1_500),
        ("all", "{on: dependency/db, latency: 1h}", 500, 2_000),
        ("all", "{on: dependency/db, answer: never}", 500, 2_000),
        ("all", "{on: dependency/db, answer: reset}", 500, 0),
    ] {
        let dependencies = format!("{{follow: {follow}, {each}}}");
        let (status, millis) = readiness_with(&dependencies, faults).await;
        assert_eq!(status, expected, "{follow} {faults}");
        assert!((waited..waited + 100).contains(&millis), "{follow} {faults}: {millis} ms");
    }
}

#[tokio::test]
async fn a_real_dependency_is_down_while_nobody_listens() {
    let upstream = Server::planned("[]").await;
    let address = upstream.address;
    let text = format!("{{each: [{{name: up, check: 'http://{address}/readiness', every: 5ms}}]}}");
    let engine = depending(&text, "[]");
    let dependency = engine.dependencies().real().next().unwrap();
    tokio::spawn(super::upstream::watch(dependency.clone()));
    let drain = Drain { delay: Duration::ZERO, grace: Duration::ZERO };
    let server = Server::serving(engine, drain).await;
    assert_eq!(server.ask("GET /readiness").await.0, 200);
    put(&upstream, "{on: network, answer: refuse}");
    eventually("it is seen", || dependency.is_down()).await;
    assert_eq!(server.ask("GET /readiness").await.0, 500);
    assert_eq!(server.ask("GET /dependency/up").await, (500, "Dependency failure\n".to_owned()));
    put(&upstream, "[]");
    eventually("it is seen", || !dependency.is_down()).await;
    assert_eq!(server.ask("GET /readiness").await.0, 200);
}
