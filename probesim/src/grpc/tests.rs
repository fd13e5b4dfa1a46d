//! What `probesim check grpc` and a watcher see, over loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{self, Duration, Instant};

use crate::check;
use crate::endpoint::Endpoints;
use crate::plan::{Put, spec};
use crate::server::control::Controller;
use crate::server::engine::{Engine, Setup};
use crate::yaml::Node;
use wire::health::{self, Health};

const PATIENCE: Duration = Duration::from_secs(20);

async fn serving(faults: &str) -> (SocketAddr, Arc<Engine>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let endpoints = Endpoints::new([], ["orders".to_owned()]);
    let fixed = spec::read_all(&Node::parse(faults).unwrap(), "", "fault-", &endpoints).unwrap();
    let engine = Arc::new(Engine::new(Setup { endpoints, fixed, ..Setup::default() }, 42, Instant::now()));
    let shared = Arc::clone(&engine);
    tokio::spawn(async move {
        let controller = Controller::default();
        while let Ok((stream, peer)) = listener.accept().await {
            tokio::spawn(super::server::serve(stream, Arc::clone(&shared), peer.ip(), controller.watch()));
        }
    });
    (address, engine)
}

async fn checked(address: SocketAddr, service: &str) -> String {
    let target = check::Target::parse(&format!("grpc://{address}/{service}")).expect("a target");
    let looked = target.look(Duration::from_millis(500)).await;
    looked.map_or_else(|why| why.to_string(), |()| "ok".into())
}

#[tokio::test]
async fn each_service_has_its_own_health() {
    let (address, _) = serving("{on: grpc/orders, status: 503}").await;
    assert_eq!(checked(address, "").await, "ok");
    assert_eq!(checked(address, "orders").await, "service unhealthy (responded with \"NOT_SERVING\")");
    assert!(checked(address, "nobody").await.ends_with("code = NotFound desc = unknown service"));
}

#[tokio::test]
async fn every_fault_fails_the_check() {
    for (answer, expected) in [
        ("never", "within 500ms"),
        ("stall", "within 500ms"),
        ("slow-headers", "within 500ms"),
        ("malformed", "unexpected EOF"),
        ("reset", "connection reset by peer"),
        ("close", "error reading from server: EOF"),
    ] {
        let (address, _) = serving(&format!("{{on: grpc, answer: {answer}}}")).await;
        let text = checked(address, "").await;
        assert!(text.ends_with(expected), "{answer}: {text}");
    }
}

#[tokio::test]
async fn a_watcher_hears_of_every_change() {
    let (address, engine) = serving("[]").await;
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut client, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::post(format!("http://{address}/grpc.health.v1.Health/Watch"))
        .body(Full::new(bytes::Bytes::from(health::request(""))))
        .unwrap();
    let mut body = client.send_request(request).await.unwrap().into_body();
    let mut next = async || {
        let frame = time::timeout(PATIENCE, body.frame()).await.unwrap().unwrap().unwrap();
        Health::parse(&frame.into_data().unwrap()).unwrap()
    };
    assert_eq!(next().await, 1);
    let faults = "{on: grpc, status: 500}";
    let put = |spec| Put { spec, epoch: engine.uptime(), expires: None };
    let specs = spec::read_all(&Node::parse(faults).unwrap(), "", "", &Endpoints::default()).unwrap();
    engine.change_live(|live| live.extend(specs.into_iter().map(put)));
    assert_eq!(next().await, 2);
    engine.change_live(Vec::clear);
    assert_eq!(next().await, 1);
}

#[tokio::test]
async fn a_watcher_that_cancels_its_stream_is_forgotten_while_its_connection_goes_on() {
    let (address, engine) = serving("[]").await;
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut client, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let mut ask = async |method: &str| {
        let request = Request::post(format!("http://{address}/grpc.health.v1.Health/{method}"))
            .body(Full::new(bytes::Bytes::from(health::request(""))))
            .unwrap();
        client.send_request(request).await.unwrap().into_body()
    };
    ask("Check").await.collect().await.unwrap();
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let mut watching = vec![];
    for _ in 0..3 {
        let mut body = ask("Watch").await;
        time::timeout(PATIENCE, body.frame()).await.unwrap().unwrap().unwrap();
        watching.push(body);
    }
    assert!(tasks() >= before + 3);
    // The client resets the streams.
    drop(watching);
    let forgotten = async {
        while tasks() > before {
            tokio::task::yield_now().await;
        }
    };
    time::timeout(PATIENCE, forgotten).await.expect("the watches end with their streams");
    let asked = engine.state().arrived(crate::endpoint::Endpoint::Grpc);
    assert!(ask("Check").await.collect().await.is_ok(), "the connection goes on");
    assert_eq!(engine.state().arrived(crate::endpoint::Endpoint::Grpc), asked + 1);
}

#[tokio::test]
async fn other_methods_are_unimplemented() {
    let (address, _) = serving("[]").await;
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut client, connection) =
        http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::post(format!("http://{address}/grpc.health.v1.Health/List"))
        .body(Full::new(bytes::Bytes::from(health::request(""))))
        .unwrap();
    let response = client.send_request(request).await.unwrap();
    assert_eq!(response.headers()["grpc-status"], "12");
}
