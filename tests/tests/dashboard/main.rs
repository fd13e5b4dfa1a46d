//! The page of the admin port, in a real browser.

mod look;
mod safety;

use std::net::SocketAddr;

use e2e::browser::Browser;
use e2e::http;
use e2e::patience::soon;
use e2e::simulator::Serving;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const KUBELET: &str = "Host: test\r\nUser-Agent: kube-probe/1.36\r\n";

/// A simulator and the address of its admin port.
struct Admin {
    serving: Serving,
    address: SocketAddr,
}

// === impl Admin ===

impl Admin {
    async fn start(environment: &str) -> Self {
        Self::start_with(environment, &[]).await
    }

    async fn start_with(environment: &str, more: &[(&str, &str)]) -> Self {
        let simulator = e2e::simulator!().env("ADMIN_PORT", "0").envs(environment);
        let simulator = more.iter().fold(simulator, |simulator, (name, value)| simulator.env(name, value));
        let serving = simulator.start().await;
        let line = serving.process.until_says("port=\"admin\"").await.text;
        let address = line.split("at=").nth(1).and_then(|address| address.trim().parse().ok());
        Self { address: address.unwrap_or_else(|| panic!("no address in {line:?}")), serving }
    }

    fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    /// As a kubelet asks.
    async fn probe(&self, path: &str) -> u16 {
        soon("an answer", http::send(self.serving.address, "GET", path, KUBELET, "")).await.status
    }

    /// As curl and `ctl` do.
    async fn put(&self, fault: &str) {
        let headers = format!("Host: {}\r\n", self.address);
        let answer = soon("an answer", http::send(self.address, "PATCH", "/faults", &headers, fault)).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
    }

    async fn faults(&self) -> Value {
        let answer = http::get(self.address, "/faults").await;
        serde_json::from_str::<Value>(&answer.body).expect("JSON")["faults"].take()
    }
}

/// The words of an endpoint's row, as an expression.
fn row(endpoint: &str) -> String {
    format!("(document.querySelector('#endpoints [data-key=\"{endpoint}\"]')?.innerText ?? '')")
}

/// Whether an element has this text in it, as an expression.
fn says(selector: &str, text: &str) -> String {
    format!("document.querySelector({}).innerText.includes({})", json!(selector), json!(text))
}

/// Claims that the browser had nothing to complain of.
async fn expect_no_complaints(browser: &Browser) {
    assert_eq!(browser.log().await, Vec::<Value>::new());
}

#[tokio::test]
async fn outcomes_appear_as_they_happen_and_what_fails_is_named() {
    let Some(browser) = Browser::start().await else { return };
    let admin = Admin::start("FAIL_DEPENDENCY=true LATENCY=20 SEED=18446744073709551615").await;
    browser.open(&admin.url()).await;
    browser.until(&says("#link", "live")).await;
    browser.until(&says("#process", "seed 18446744073709551615")).await;
    browser.until(&says("#unasked", "liveness")).await;
    for _ in 0..3 {
        assert_eq!(admin.probe("/liveness").await, 200);
        assert_eq!(admin.probe("/readiness").await, 500);
    }
    browser.until(&format!("{}.includes('✓ passing')", row("liveness"))).await;
    browser.until(&format!("{}.includes('✕ failing')", row("readiness"))).await;
    let strip = |endpoint: &str, counts: &str| {
        let chart = format!("document.querySelector('#endpoints [data-key={endpoint}] svg')");
        format!("{chart}?.getAttribute('aria-label') === 'Last 3 outcomes of {endpoint}: {counts}'")
    };
    browser.until(&strip("liveness", "3 passed, 0 failed, 0 without an answer")).await;
    browser.until(&strip("readiness", "0 passed, 3 failed, 0 without an answer")).await;
    browser.until(&format!("{}.includes('3 requests, 3 failed · kubelet every ')", row("readiness"))).await;
    browser.until(&format!("/Wait: 20 ms injected, \\d+ ms served/.test({})", row("liveness"))).await;
    browser.until(&says("#summary", "▲ 2 faults active")).await;
    browser.until(&says("#detail", "Failing: readiness (500 dependency).")).await;
    browser.until(&says("#faults", "readiness and dependency: answers 500 always")).await;
    browser.until(&says("#seen", "from 127.0.0.1")).await;
    browser
        .until("document.querySelector('#seen [data-key=probes]').innerText.includes('6 requests, 3 failed')")
        .await;
    // What a page that comes later shows has been told by the state alone.
    browser.open(&format!("{}dashboard", admin.url())).await;
    browser.until(&format!("{}.includes('✕ failing')", row("readiness"))).await;
    expect_no_complaints(&browser).await;
    browser.quit().await;
}

#[tokio::test]
async fn a_fault_of_the_page_changes_the_answers_counts_down_and_is_cleared() {
    let Some(browser) = Browser::start().await else { return };
    let admin = Admin::start("").await;
    browser.open(&admin.url()).await;
    browser.until(&says("#summary", "✓ No fault is active")).await;
    assert_eq!(admin.probe("/readiness").await, 200);

    browser.choose("#on", "readiness").await;
    browser.choose("#preset", "is unavailable (503)").await;
    assert_eq!(browser.run("return text.value").await, "{on: readiness, status: 503, ttl: 2m}");
    browser.click("#send").await;
    browser.until(&says("#summary", "▲ 1 fault active")).await;
    assert_eq!(admin.probe("/readiness").await, 503);
    browser.until(&format!("{}.includes('✕ failing 503 live-1-1')", row("readiness"))).await;
    browser.until(&says("#faults", "readiness: answers 503")).await;
    browser.until(&says("#detail", "1 live fault, over in 1 m ")).await;
    let left = browser.text("#faults .left").await;
    assert!(left.ends_with(" left"), "{left}");
    browser.until(&format!("!{}", says("#faults .left", &left))).await;

    browser.click("#faults .clear").await;
    browser.until(&says("#summary", "✓ No fault is active")).await;
    assert_eq!(admin.probe("/readiness").await, 200);
    browser.until(&format!("{}.includes('✓ passing 200')", row("readiness"))).await;
    assert_eq!(admin.faults().await, json!([]));

    // One is cleared, the other stays; then all are.
    admin.put("[{on: liveness, name: a b&c, ttl: 0}, {on: tcp, name: other}]").await;
    browser.until(&says("#faults", "until cleared")).await;
    browser.click("[aria-label='Clear the fault a b&c']").await;
    browser.until("document.querySelectorAll('#faults li').length === 1").await;
    assert_eq!(admin.faults().await[0]["name"], "other");
    browser.choose("#on", "main port").await;
    browser.choose("#preset", "refuses connections").await;
    browser.click("#send").await;
    browser.until(&says("#detail", "The main port: refuse.")).await;
    assert!(TcpStream::connect(admin.serving.address).await.is_err());
    browser.click("#reset").await;
    browser.until(&says("#summary", "✓ No fault is active")).await;
    assert_eq!(admin.probe("/liveness").await, 200);
    expect_no_complaints(&browser).await;
    browser.quit().await;
}

#[tokio::test]
async fn what_the_server_refuses_is_shown_with_line_and_field() {
    let Some(browser) = Browser::start().await else { return };
    let admin = Admin::start("").await;
    browser.open(&admin.url()).await;
    browser.until(&says("#link", "live")).await;
    browser.write("#text", "- on: readiness\n  rate: 300%\n- on: <b>nowhere</b>").await;
    browser.click("#send").await;
    browser.until(&says("#answer", "the plan is wrong, nothing has changed")).await;
    browser.until(&says("#answer", "line 2: faults[0].rate: \"300%\": expected a percentage")).await;
    browser.until(&says("#answer", "line 3: faults[1].on: \"<b>nowhere</b>\"")).await;
    assert_eq!(admin.faults().await, json!([]));
    // What is right again takes the complaint away.
    browser.write("#text", "{on: liveness, name: <img src=x onerror=alert(1)>, status: 503}").await;
    browser.click("#send").await;
    browser.until(&says("#faults", "<img src=x onerror=alert(1)>")).await;
    browser.until("answer.innerText === ''").await;
    assert_eq!(browser.run("return document.querySelectorAll('img, b b, #answer b').length").await, 0);
    let complaints = browser.log().await;
    let is_refusal =
        |entry: &Value| entry["source"] == "network" && entry["message"].to_string().contains("422");
    assert!(complaints.iter().all(is_refusal), "{complaints:?}");
    browser.quit().await;
}

#[tokio::test]
async fn a_lost_server_is_said_and_found_again() {
    let Some(browser) = Browser::start().await else { return };
    let admin = Admin::start("").await;
    let url = admin.url();
    browser.open(&url).await;
    admin.probe("/liveness").await;
    browser.until(&format!("{}.includes('✓ passing')", row("liveness"))).await;
    // Frozen, it says nothing.
    admin.serving.process.signal(Signal::SIGSTOP);
    browser.until(&says("#summary", &format!("No answer from {}", admin.address))).await;
    browser.until("/Since \\d+ s: it said nothing for 4 s/.test(detail.innerText)").await;
    admin.serving.process.signal(Signal::SIGCONT);
    browser.until(&says("#summary", "✓ No fault is active")).await;
    // Dead, it refuses connections.
    let port = admin.address.port().to_string();
    drop(admin);
    browser.until(&says("#link", "no answer")).await;
    browser.until(&says("#detail", "it cannot be reached")).await;
    let again = Admin::start_with("FAIL_DEPENDENCY=true", &[("ADMIN_PORT", &port)]).await;
    browser.until(&says("#link", "live")).await;
    browser.until(&says("#unasked", "liveness")).await;
    assert_eq!(again.probe("/readiness").await, 500);
    browser.until(&format!("{}.includes('✕ failing 500 dependency')", row("readiness"))).await;
    let complaints = browser.log().await;
    assert!(complaints.iter().all(|entry| entry["source"] == "network"), "{complaints:?}");
    browser.quit().await;
}

#[tokio::test]
async fn thousands_of_decisions_leave_the_page_small_and_its_counts_exact() {
    let Some(browser) = Browser::start().await else { return };
    let admin = Admin::start("").await;
    browser.open(&admin.url()).await;
    browser.until(&says("#link", "live")).await;
    admin.probe("/readiness").await;
    let burst = "GET /liveness HTTP/1.1\r\nHost: test\r\n\r\n".repeat(20_000);
    let mut stream = TcpStream::connect(admin.serving.address).await.expect("a listener");
    let (mut read, mut write) = stream.split();
    let answers = async {
        let (mut buffer, mut length) = (vec![0; 65_536], 0);
        // The shortest answer has more.
        while length < 20_000 * 100 {
            let n = read.read(&mut buffer).await.expect("answers");
            assert!(n > 0, "closed");
            length += n;
        }
    };
    let (written, ()) =
        soon("20,000 answers", async { tokio::join!(write.write_all(burst.as_bytes()), answers) }).await;
    written.expect("a connection");
    browser.until(&format!("{}.includes('20,000 requests, 0 failed')", row("liveness"))).await;
    browser.until("!sampled.hidden").await;
    // The strip of the other endpoint has not been drowned.
    for (endpoint, label) in [("liveness", "Last 40 outcomes"), ("readiness", "Last 1 outcomes")] {
        let strip = format!("document.querySelector('#endpoints [data-key={endpoint}] svg')");
        browser.until(&format!("{strip}.getAttribute('aria-label').startsWith('{label}')")).await;
    }
    let nodes = browser.run("return document.querySelectorAll('*').length").await;
    assert!(nodes.as_u64().is_some_and(|nodes| nodes < 400), "{nodes}");
    expect_no_complaints(&browser).await;
    browser.quit().await;
}
