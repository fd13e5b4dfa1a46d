//! What a client of the admin port sees, over loopback.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{self, Instant};

use crate::config::Token;
use crate::endpoint::Endpoint;
use crate::plan::Port;
use crate::plan::what::Network;
use crate::plan::whom::Asked;
use crate::server::engine::{Engine, Setup};

const PATIENCE: Duration = Duration::from_secs(20);

struct Admin {
    address: SocketAddr,
    engine: Arc<Engine>,
}

// === impl Admin ===

impl Admin {
    async fn start(token: Token) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let engine = Arc::new(Engine::new(Setup::default(), 42, Instant::now()));
        tokio::spawn(super::serve(listener, Arc::clone(&engine), token, false, 1));
        Self { address, engine }
    }

    async fn connect(&self, line: &str, headers: &str, body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let length = body.len();
        let request = format!(
            "{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        stream
    }

    async fn raw(&self, line: &str, headers: &str, body: &str) -> String {
        let mut stream = self.connect(line, headers, body).await;
        let mut answer = String::new();
        time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        answer
    }

    async fn ask_with(&self, line: &str, headers: &str, body: &str) -> (u16, String) {
        let answer = self.raw(line, headers, body).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }

    async fn ask(&self, line: &str, body: &str) -> (u16, Value) {
        let (status, body) = self.ask_with(line, "", body).await;
        (status, serde_json::from_str(&body).unwrap_or(Value::String(body)))
    }

    /// The status that a request to liveness would get.
    fn liveness(&self) -> u16 {
        let asked = Asked { headers: None, path: "/liveness", address: None };
        self.engine.arrive(Endpoint::Liveness, asked).status
    }
}

#[tokio::test]
async fn a_live_fault_is_put_shown_and_reset() {
    let admin = Admin::start(Token::None).await;
    let (status, body) = admin.ask("PUT /faults/liveness", r#"{"status": 503, "ttl": "1h"}"#).await;
    assert_eq!((status, &body["faults"][0]["on"]), (200, &"liveness".into()), "{body}");
    assert!(body["faults"][0]["expires_in_seconds"].as_f64().is_some_and(|left| left > 3_590.0), "{body}");
    assert_eq!(admin.liveness(), 503);

    let (status, state) = admin.ask("GET /state", "").await;
    assert_eq!(status, 200);
    assert_eq!(state["faults"][0]["hits"], 1, "{state}");
    assert_eq!(state["faults"][0]["is_active"], true);
    assert_eq!(state["seed"], 42);
    assert_eq!(state["endpoints"][0]["plan"], "live-1-1 (whole 503), else 200");

    assert_eq!(admin.ask("POST /reset", "").await.0, 200);
    assert_eq!(admin.liveness(), 200);
}

#[tokio::test]
async fn a_live_fault_is_gone_after_its_time() {
    let admin = Admin::start(Token::None).await;
    admin.ask("PUT /faults/liveness", "{ttl: 50ms}").await;
    assert_eq!(admin.liveness(), 500);
    time::timeout(PATIENCE, async {
        while admin.liveness() == 500 {
            time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    assert_eq!(admin.ask("GET /faults", "").await.1["faults"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn a_wrong_plan_is_refused_whole() {
    let admin = Admin::start(Token::None).await;
    admin.ask("PUT /faults", "{on: liveness, name: kept}").await;
    let body = r#"[{"on": "liveness", "name": "new"}, {"on": "tcp", "rate": "lots"}]"#;
    let (status, answer) = admin.ask("PUT /faults", body).await;
    assert_eq!((status, &answer["problems"][0]["field"]), (422, &"faults[1].rate".into()), "{answer}");
    let (status, answer) = admin.ask("PUT /faults", "{on: [").await;
    assert_eq!(status, 400, "{answer}");
    let faults = admin.ask("GET /faults", "").await.1;
    assert_eq!(faults["faults"][0]["name"], "kept");
}

#[tokio::test]
async fn one_live_fault_is_taken_away_by_its_name() {
    let admin = Admin::start(Token::None).await;
    admin.ask("PUT /faults", "[{on: liveness, name: a b}, {on: [liveness, tcp], name: other}]").await;
    assert_eq!(admin.ask("DELETE /faults?name=nobody", "").await.0, 404);
    for wrong in ["nam=other", "name=", "", "name=%"] {
        assert_eq!(admin.ask(&format!("DELETE /faults?{wrong}"), "").await.0, 422, "{wrong}");
    }
    let (status, body) = admin.ask("DELETE /faults?name=a%20b", "").await;
    assert_eq!((status, body["faults"].as_array().unwrap().len()), (200, 1), "{body}");
    assert_eq!(body["faults"][0]["name"], "other");
}

#[tokio::test]
async fn browsers_get_a_page_that_runs_nothing_but_its_own_files() {
    let admin = Admin::start(Token::None).await;
    let accept = "Accept: text/html,application/xhtml+xml;q=0.9\r\n";
    for (line, headers, content_type) in [
        ("GET /", accept, "text/html; charset=utf-8"),
        ("GET /dashboard", "", "text/html; charset=utf-8"),
        ("GET /dashboard.css", "", "text/css; charset=utf-8"),
        ("GET /dashboard.js", "", "text/javascript; charset=utf-8"),
    ] {
        let answer = admin.raw(line, headers, "").await;
        let head = answer.split_once("\r\n\r\n").unwrap().0.to_lowercase();
        for expected in [
            &format!("content-type: {content_type}"),
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; ",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
            "cache-control: no-store",
        ] {
            assert!(head.contains(expected), "{line}: {expected}\n{head}");
        }
    }
    let (_, page) = admin.ask_with("GET /dashboard", "", "").await;
    let is_inline = |part: &str| page.contains(part);
    assert!(!["<style", " style=", " onclick=", "<script>", "\"http", "//cdn"].into_iter().any(is_inline));
    assert!(admin.ask_with("GET /", "Accept: */*\r\n", "").await.1.starts_with("probesim, admin port"));
}

#[tokio::test]
async fn the_state_tells_what_was_seen_and_what_fails() {
    let admin = Admin::start(Token::None).await;
    admin.ask("PUT /faults/liveness", "{name: sick, rate: 100%, status: 503, ttl: 1m}").await;
    admin.liveness();
    let (_, state) = admin.ask("GET /state", "").await;
    let liveness = &state["endpoints"][0];
    assert_eq!((&liveness["requests"], &liveness["failures"]), (&1.into(), &1.into()), "{state}");
    assert_eq!(liveness["last"]["outcome"], "failure");
    assert_eq!(liveness["probe"], Value::Null);
    assert_eq!(state["faults"][0]["words"]["what"], "answers 503");
    assert_eq!(state["faults"][0]["is_live"], true);
    assert_eq!(
        (&state["callers"][0]["caller"], &state["callers"][0]["failures"]),
        (&"others".into(), &1.into())
    );
    assert_eq!(state["settings"], Value::Array(vec![]));
}

#[tokio::test]
async fn a_change_goes_on_counting_for_the_other_faults() {
    let admin = Admin::start(Token::None).await;
    admin.ask("PUT /faults", "{on: liveness, name: a, pass: 2, fail: 1}").await;
    assert_eq!([(); 2].map(|()| admin.liveness()), [200, 200]);
    admin.ask("PATCH /faults/tcp", "{answer: reset}").await;
    assert_eq!([(); 2].map(|()| admin.liveness()), [500, 200]);
}

#[tokio::test]
async fn with_a_token_changes_need_it_and_reading_does_not() {
    let admin = Admin::start(Token::Text("secret".into())).await;
    for (headers, expected) in
        [("", 401), ("Authorization: Bearer wrong\r\n", 401), ("Authorization: Bearer secret\r\n", 200)]
    {
        assert_eq!(admin.ask_with("DELETE /faults", headers, "").await.0, expected, "{headers}");
    }
    for path in ["/", "/metrics", "/state", "/faults"] {
        assert_eq!(admin.ask(&format!("GET {path}"), "").await.0, 200, "{path}");
    }
    assert_eq!(admin.ask_with("POST /reset", "Origin: http://evil.example\r\n", "").await.0, 401);
}

#[tokio::test]
async fn a_fault_of_the_network_is_in_force_when_its_client_hears_so() {
    let admin = Admin::start(Token::None).await;
    admin.ask("PUT /faults/network", "{answer: blackhole}").await;
    assert_eq!(admin.engine.network(Port::Http).0, Network::Blackhole);
    assert_eq!(admin.ask("GET /state", "").await.1["network"], "blackhole", "the admin port goes on");
}

#[tokio::test]
async fn metrics_tell_what_happened() {
    let admin = Admin::start(Token::None).await;
    admin.ask("PUT /faults/liveness", "{name: sick, status: 503}").await;
    admin.liveness();
    let (_, text) = admin.ask_with("GET /metrics", "", "").await;
    for line in [
        "probesim_requests_total{endpoint=\"liveness\",caller=\"others\",outcome=\"failure\",reason=\"whole\"} 1",
        "probesim_fault_active{endpoint=\"liveness\",fault=\"sick\",what=\"whole\"} 1",
        "probesim_fault_hits_total{endpoint=\"liveness\",fault=\"sick\",what=\"whole\"} 1",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
}

#[tokio::test]
async fn events_come_as_they_happen() {
    let admin = Admin::start(Token::None).await;
    let mut stream = admin.connect("GET /events", "", "").await;
    let mut text = String::new();
    let mut buffer = [0; 4096];
    let mut until = async |wanted: &str| {
        while !text.contains(wanted) {
            let read = time::timeout(PATIENCE, stream.read(&mut buffer)).await.unwrap().unwrap();
            assert!(read > 0, "it ended: {text}");
            text.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
        }
    };
    until(": listening").await;
    assert_eq!(admin.ask("GET /events?limit=none", "").await.0, 422);
    admin.liveness();
    until("event: decision\ndata: {\"endpoint\":\"liveness\",\"sequence\":0,").await;
}

#[tokio::test]
async fn a_command_to_exit_has_its_code() {
    let admin = Admin::start(Token::None).await;
    for wrong in ["/exit?code=256", "/exit?code=", "/exit?now"] {
        assert_eq!(admin.ask(&format!("POST {wrong}"), "").await.0, 422, "{wrong}");
    }
    assert_eq!(admin.ask("POST /exit?code=7", "").await.0, 202);
    assert_eq!(time::timeout(PATIENCE, admin.engine.exited()).await.unwrap(), 7);
}
