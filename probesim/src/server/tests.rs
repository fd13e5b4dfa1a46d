//! What a client sees: real connections over loopback, and connections in memory where time is paused.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{self, Instant};

use super::accept::{self, Served};
use super::connection;
use super::control::Controller;
use super::engine::{Engine, Setup};
use crate::config::{Drain, Faults};
use crate::dependency;
use crate::endpoint::{Endpoint, Endpoints};
use crate::plan::spec;
use crate::plan::{Port, Rate};
use crate::rng::Draws;
use crate::yaml::Node;

const SEED: u64 = 42;
pub(super) const HOUR: Duration = Duration::from_secs(3600);
/// For what must happen at once; longer than any pause of a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) engine: Arc<Engine>,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<()>,
}

// === impl Server ===

impl Server {
    async fn start(faults: Faults, drain: Drain) -> Self {
        Self::serving(engine(&faults), drain).await
    }

    /// With faults as a user writes them.
    pub(super) async fn planned(faults: &str) -> Self {
        Self::serving(planned(faults), Drain { delay: Duration::ZERO, grace: Duration::ZERO }).await
    }

    pub(super) async fn serving(engine: Arc<Engine>, drain: Drain) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let stopped = async {
            stopped.await.unwrap_or_default();
        };
        let serve = {
            let engine = Arc::clone(&engine);
            move |stream, peer: SocketAddr, control| {
                connection::serve(stream, Arc::clone(&engine), Some(peer.ip()), control)
            }
        };
        let http = Served { port: Port::Http, listener, serve };
        let served = tokio::spawn(accept::serve(http, Arc::clone(&engine), drain, stopped));
        Self { address, engine, stop: Some(stop), served }
    }

    async fn with(faults: Faults) -> Self {
        Self::start(faults, Drain { delay: Duration::ZERO, grace: Duration::ZERO }).await
    }

    pub(super) fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    pub(super) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Sends one request on a connection of its own; returns the status and the body.
    pub(super) async fn ask(&self, request_line: &str) -> (u16, String) {
        let mut stream = self.connect().await;
        stream.write_all(closing(request_line).as_bytes()).await.unwrap();
        let answer = read_all(&mut stream).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }
}

fn engine(faults: &Faults) -> Arc<Engine> {
    let setup = Setup { faults: faults.clone(), ..Setup::default() };
    Arc::new(Engine::new(setup, SEED, Instant::now()))
}

pub(super) fn planned(faults: &str) -> Arc<Engine> {
    let endpoints = Endpoints::default();
    let fixed = spec::read_all(&Node::parse(faults).unwrap(), "", "fault-", &endpoints).unwrap();
    Arc::new(Engine::new(Setup { fixed, ..Setup::default() }, SEED, Instant::now()))
}

/// A server with these named dependencies.
pub(super) fn depending(dependencies: &str, faults: &str) -> Arc<Engine> {
    let dependencies = dependency::read(&Node::parse(dependencies).unwrap(), "").unwrap();
    let endpoints = Endpoints::new(dependencies.names(), []);
    let fixed = spec::read_all(&Node::parse(faults).unwrap(), "", "fault-", &endpoints).unwrap();
    let setup = Setup { endpoints, dependencies, fixed, ..Setup::default() };
    Arc::new(Engine::new(setup, SEED, Instant::now()))
}

fn latency(latency: Duration) -> Faults {
    Faults { latency, ..Faults::default() }
}

pub(super) fn closing(request_line: &str) -> String {
    format!("{request_line} HTTP/1.1\r\nHost: pod\r\nConnection: close\r\n\r\n")
}

pub(super) async fn read_all(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut answer = String::new();
    time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("in time").unwrap();
    answer
}

/// Waits for a condition that must come true.
pub(super) async fn eventually(what: &str, is_true: impl Fn() -> bool) {
    let looking = async {
        while !is_true() {
            time::sleep(Duration::from_millis(1)).await;
        }
    };
    time::timeout(PATIENCE, looking).await.expect(what);
}

/// A connection in memory, for tests on a paused clock.
fn in_memory(faults: &Faults) -> (Arc<Engine>, DuplexStream) {
    let engine = engine(faults);
    (Arc::clone(&engine), connected(engine))
}

pub(super) fn connected(engine: Arc<Engine>) -> DuplexStream {
    let (client, server) = tokio::io::duplex(4096);
    tokio::spawn(async move {
        let controller = Controller::default();
        connection::serve(server, engine, None, controller.watch()).await;
    });
    client
}

#[tokio::test]
async fn an_answer_is_plain_text_with_a_length() {
    let server = Server::with(Faults::default()).await;
    let mut stream = server.connect().await;
    stream.write_all(closing("GET /liveness").as_bytes()).await.unwrap();
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.contains("\r\ncontent-type: text/plain; charset=utf-8\r\n"), "{answer}");
    assert!(answer.contains("\r\ncontent-length: 26\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\nLiveness probe successful\n"), "{answer}");
}

#[tokio::test]
async fn an_unknown_path_is_a_404_as_gos() {
    let server = Server::with(Faults::default()).await;
    let mut stream = server.connect().await;
    stream.write_all(closing("GET /nope").as_bytes()).await.unwrap();
    let answer = read_all(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 404 Not Found\r\n"), "{answer}");
    assert!(answer.contains("\r\nx-content-type-options: nosniff\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n404 page not found\n"), "{answer}");
}

#[tokio::test]
async fn every_method_is_answered() {
    let server = Server::with(Faults { fail_dependency: true, ..Faults::default() }).await;
    for method in ["GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"] {
        let answer = server.ask(&format!("{method} /dependency")).await;
        assert_eq!(answer, (500, "Dependency failure\n".to_owned()), "{method}");
    }
}

#[tokio::test]
async fn head_has_the_length_and_no_body() {
    let server = Server::with(Faults::default()).await;
    let mut stream = server.connect().await;
    stream.write_all(closing("HEAD /startup").as_bytes()).await.unwrap();
    let answer = read_all(&mut stream).await;
    assert!(answer.contains("\r\ncontent-length: 25\r\n") && answer.ends_with("\r\n\r\n"), "{answer}");
}

#[tokio::test]
async fn queries_are_ignored_and_aliases_answer() {
    let server = Server::with(Faults::default()).await;
    let live = (200, "Liveness probe successful\n".to_owned());
    let ready = (200, "Readiness probe successful\n".to_owned());
    let started = (200, "Startup probe successful\n".to_owned());
    assert_eq!(server.ask("GET /liveness?verbose").await, live);
    assert_eq!(server.ask("GET /livez").await, live);
    assert_eq!(server.ask("GET http://pod/readyz").await, ready);
    assert_eq!(server.ask("GET /startupz").await, started);
}

#[tokio::test]
async fn a_connection_is_kept_for_more_requests_also_after_a_body() {
    let server = Server::with(Faults::default()).await;
    let mut stream = server.connect().await;
    let first = "POST /liveness HTTP/1.1\r\nHost: pod\r\nContent-Length: 5\r\n\r\nhello";
    stream.write_all(format!("{first}{}", closing("GET /readiness")).as_bytes()).await.unwrap();
    let answers = read_all(&mut stream).await;
    assert_eq!(answers.matches("HTTP/1.1 200 OK").count(), 2, "{answers}");
}

#[tokio::test(start_paused = true)]
async fn latency_is_exact() {
    let (engine, mut client) = in_memory(&latency(Duration::from_millis(1_500)));
    let begun = Instant::now();
    client.write_all(closing("GET /readiness").as_bytes()).await.unwrap();
    let answer = read_all(&mut client).await;
    assert!(answer.ends_with("Readiness probe successful\n"), "{answer}");
    let took = begun.elapsed();
    assert!((1_500..=1_501).contains(&took.as_millis()), "{took:?}");
    assert_eq!((engine.state().waiting(), engine.state().abandoned()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_threshold_crossed_during_the_wait_fails() {
    let faults =
        Faults { liveness_fail_after: Some(Duration::from_secs(2)), ..latency(Duration::from_secs(1)) };
    let (_, mut client) = in_memory(&faults);
    time::advance(Duration::from_millis(1_200)).await;
    client.write_all(closing("GET /liveness").as_bytes()).await.unwrap();
    let answer = read_all(&mut client).await;
    assert!(answer.ends_with("Liveness probe failed due to time threshold\n"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_request_is_closed() {
    let (_, mut client) = in_memory(&Faults::default());
    let begun = Instant::now();
    let mut nothing = [0; 1];
    assert_eq!(client.read(&mut nothing).await.unwrap(), 0);
    assert_eq!(begun.elapsed().as_secs(), 60);
}

#[tokio::test]
async fn a_wait_ends_when_its_client_goes_away_and_its_request_still_counts() {
    let faults = Faults { fail_count: 1, recovery_period: 1, ..latency(HOUR) };
    let server = Server::with(faults).await;
    let state = server.engine.state();
    for (abandoned, request) in [
        "GET /liveness HTTP/1.1\r\nHost: pod\r\n\r\n",
        "POST /liveness HTTP/1.1\r\nHost: pod\r\nContent-Length: 5\r\n\r\nhello",
        "POST /readiness HTTP/1.1\r\nHost: pod\r\nContent-Length: 500000\r\n\r\nhello",
        "GET /readiness HTTP/1.1\r\nHost: pod\r\n\r\n",
    ]
    .into_iter()
    .enumerate()
    {
        let mut stream = server.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        eventually("the wait begins", || state.waiting() == 1).await;
        assert_eq!(state.abandoned(), abandoned as u64);
        drop(stream);
        eventually("the wait ends", || state.waiting() == 0).await;
        assert_eq!(state.abandoned(), abandoned as u64 + 1, "{request}");
    }
    assert_eq!(state.take_turn(Endpoint::Liveness), 2, "both took their turn");
}

#[tokio::test]
async fn the_same_seed_fails_as_many_whatever_the_concurrency() {
    const CLIENTS: u64 = 16;
    const REQUESTS: u64 = 25;
    let rate = Rate::from_percent(30.0).unwrap();
    let server = Server::with(Faults { failure_rate: rate, ..Faults::default() }).await;
    let server = Arc::new(server);
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..CLIENTS {
        let server = Arc::clone(&server);
        clients.spawn(async move {
            let mut failed = 0;
            for _ in 0..REQUESTS {
                failed += u64::from(server.ask("GET /liveness").await.0 == 500);
            }
            failed
        });
    }
    let failed: u64 = clients.join_all().await.into_iter().sum();
    let draws = Draws::new(SEED);
    let expected = (0..CLIENTS * REQUESTS).filter(|n| rate.covers(draws.at(0, *n))).count() as u64;
    assert_eq!(failed, expected);
}

#[tokio::test]
async fn readiness_alone_fails_during_the_drain_delay() {
    let mut server = Server::start(Faults::default(), Drain { delay: HOUR, grace: HOUR }).await;
    assert_eq!(server.ask("GET /readiness").await.0, 200);
    server.stop();
    eventually("the drain begins", || server.engine.state().is_draining()).await;
    assert_eq!(server.ask("GET /readiness").await, (503, "Shutting down\n".to_owned()));
    for path in ["/liveness", "/startup", "/dependency"] {
        assert_eq!(server.ask(&format!("GET {path}")).await.0, 200, "{path}");
    }
    assert!(!server.served.is_finished());
}

#[tokio::test]
async fn a_request_under_way_is_finished_and_an_idle_connection_closed() {
    let drain = Drain { delay: Duration::ZERO, grace: HOUR };
    let mut server = Server::start(latency(Duration::from_millis(300)), drain).await;
    let mut idle = server.connect().await;
    idle.write_all(b"GET /startup HTTP/1.1\r\nHost: pod\r\n\r\n").await.unwrap();
    let mut busy = server.connect().await;
    busy.write_all(b"GET /liveness HTTP/1.1\r\nHost: pod\r\n\r\n").await.unwrap();
    eventually("the wait begins", || server.engine.state().waiting() == 1).await;
    server.stop();
    assert!(read_all(&mut idle).await.ends_with("Startup probe successful\n"));
    assert!(read_all(&mut busy).await.ends_with("Liveness probe successful\n"));
    time::timeout(PATIENCE, server.served).await.expect("the server ends").unwrap();
    TcpStream::connect(server.address).await.expect_err("nobody listens");
}

#[tokio::test]
async fn the_grace_ends_what_does_not_finish() {
    let drain = Drain { delay: Duration::ZERO, grace: Duration::from_millis(50) };
    let mut server = Server::start(latency(HOUR), drain).await;
    let mut stuck = server.connect().await;
    stuck.write_all(b"GET /liveness HTTP/1.1\r\nHost: pod\r\n\r\n").await.unwrap();
    eventually("the wait begins", || server.engine.state().waiting() == 1).await;
    server.stop();
    time::timeout(PATIENCE, server.served).await.expect("the server ends").unwrap();
}
