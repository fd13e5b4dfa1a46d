//! Faults from outside: records and replays, loads of the process, and a chain of dependencies.

use std::collections::BTreeMap;
use std::time::Duration;

use e2e::http::Connection;
use e2e::patience::eventually;
use e2e::scratch::Scratch;
use e2e::simulator::{Serving, Simulator};
use nix::sys::signal::Signal;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant;

const PLAN: &str = "[{on: readiness, rate: 30%, status: 503, retry_after: 2}, {on: liveness, pass: 3, fail: 2, repeat: true}, \
                     {on: all, rate: 20%, latency: {uniform: [1ms, 9ms]}}, {on: http, bursts: {gap: 9, length: 4}, status: 502}]";
const PATHS: [&str; 4] = ["/readiness", "/liveness", "/orders", "/startup"];

/// So many clients at once, each with so many requests over all paths; how often each path had each status.
async fn storm(serving: &Serving, clients: usize, requests: usize) -> BTreeMap<(usize, u16), usize> {
    let mut storm = JoinSet::new();
    for client in 0..clients {
        let address = serving.address;
        storm.spawn(async move {
            let mut connection = Connection::open(address).await;
            let mut seen = vec![];
            for request in 0..requests {
                let path = (client + request) % PATHS.len();
                seen.push((path, connection.ask("GET", PATHS[path]).await.status));
            }
            seen
        });
    }
    let mut counts = BTreeMap::new();
    for seen in storm.join_all().await.into_iter().flatten() {
        *counts.entry(seen).or_default() += 1;
    }
    counts
}

/// The decisions of a record by endpoint and number, without what tells one run from another.
fn decisions(record: &str) -> BTreeMap<(String, u64), Value> {
    let lines = record.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let decided = lines.filter(|line| line["endpoint"].is_string());
    let keyed = decided.map(|mut line| {
        let key = (
            line["endpoint"].as_str().expect("a name").to_owned(),
            line["sequence"].as_u64().expect("a number"),
        );
        line.as_object_mut().expect("an object").retain(|key, _| !["at", "caller"].contains(&key.as_str()));
        (key, line)
    });
    keyed.collect()
}

fn recording(scratch: &Scratch, name: &str) -> Simulator {
    e2e::simulator!().env("RECORD", &scratch.path(name).to_string_lossy()).env("DRAIN_DELAY", "0s")
}

async fn stop(serving: Serving) {
    serving.process.signal(Signal::SIGTERM);
    serving.process.ended().await.expect(0);
}

#[tokio::test]
async fn a_record_gives_every_request_the_same_decision_whatever_the_plan_and_the_concurrency() {
    let scratch = Scratch::new();
    let first = recording(&scratch, "first").env("FAULTS", PLAN).env("FAILURE_RATE", "10").start().await;
    let seen = storm(&first, 64, 40).await;
    stop(first).await;
    let first = scratch.read("first").expect("a record");
    assert_eq!(decisions(&first).len(), 64 * 40);

    let again = recording(&scratch, "again").env("REPLAY", &scratch.path("first").to_string_lossy());
    let again = again.env("FAULTS", "{on: all, status: 418}").start().await;
    assert_eq!(storm(&again, 5, 512).await, seen);
    let line = again.process.until_says("replaying").await.text;
    assert!(line.contains("decisions=2560"), "{line}");
    assert_eq!(again.ask("/liveness").await.0, 418, "past the end the plan answers");
    again.process.until_says("the record is over for this endpoint").await;
    stop(again).await;
    let again = scratch.read("again").expect("a record");
    let (mut expected, mut got) = (decisions(&first), decisions(&again));
    got.remove(&("liveness".to_owned(), 640)).expect("the one past the end");
    for (key, decision) in &mut expected {
        assert_eq!(got.get(key), Some(&*decision), "{key:?}");
    }
    assert_eq!(got.len(), expected.len());
}

#[tokio::test]
async fn a_recorded_network_fault_comes_and_goes_as_it_did() {
    let scratch = Scratch::new();
    let faults = "{on: network, answer: refuse, after: 1s, for: 1s}";
    let first = recording(&scratch, "first").env("FAULTS", faults).start().await;
    first.process.until_says("network=\"open\"").await;
    stop(first).await;
    let begun = Instant::now();
    let again = e2e::simulator!().env("REPLAY", &scratch.path("first").to_string_lossy()).start().await;
    eventually("it is refused", async || TcpStream::connect(again.address).await.err()).await;
    assert!(begun.elapsed() >= Duration::from_millis(900), "{:?}", begun.elapsed());
    eventually("it is open", async || TcpStream::connect(again.address).await.ok()).await;
    assert!(begun.elapsed() >= Duration::from_millis(1_900), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn what_a_killed_server_recorded_is_a_record() {
    let scratch = Scratch::new();
    let killed = recording(&scratch, "first").start().await;
    killed.ask("/liveness").await;
    eventually("it is written", async || {
        scratch.read("first").filter(|text| text.contains("\"liveness\",\"seq"))
    })
    .await;
    killed.process.signal(Signal::SIGKILL);
    let again = e2e::simulator!().env("REPLAY", &scratch.path("first").to_string_lossy());
    let again = again.env("FAULTS", "{on: all, status: 418}").start().await;
    assert_eq!(again.ask("/liveness").await.0, 200);
    assert_eq!(again.ask("/liveness").await.0, 418);
}

#[tokio::test]
async fn a_wrong_record_ends_it_with_2_and_names_the_line() {
    let scratch = Scratch::new();
    let header = "{\"record\":1,\"seed\":1}";
    for (text, expected) in [
        ("hello\n".to_owned(), ":1: expected the first line of a record"),
        (format!("{header}\n{{}}\n"), ":2: at: expected seconds"),
        (format!("{header}\n\n{{\"end\":1}}\n"), ":2: expected a JSON object"),
    ] {
        let path = scratch.write("record", &text);
        let run = e2e::simulator!().env("REPLAY", &path.to_string_lossy()).run().await.expect(2);
        run.saying(&format!("{}{expected}", path.display()));
    }
    let run = e2e::simulator!().env("REPLAY", "/no/such").run().await.expect(2);
    run.saying("REPLAY: cannot read /no/such: no such file or directory");
    e2e::simulator!().env("RECORD", "/no/such").run().await.expect(2).saying("RECORD /no/such: no such file");
    e2e::simulator!().envs("RECORD=/tmp/x REPLAY=/tmp/x").run().await.expect(2).saying("the same file");
}

#[tokio::test]
async fn a_full_disk_ends_the_record_and_not_the_server() {
    let serving = e2e::simulator!().env("RECORD", "/dev/full").start().await;
    serving.process.until_says("the record ends here").await;
    assert_eq!(serving.ask("/liveness").await.0, 200);
}

/// A field of `/proc/PID/status`, in KiB.
fn resident(serving: &Serving) -> u64 {
    let status =
        std::fs::read_to_string(format!("/proc/{}/status", serving.process.id())).expect("a process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.split_whitespace().next().and_then(|kib| kib.parse().ok()).expect("a number")
}

/// Processor time in ticks of 10 ms.
fn ticks(serving: &Serving) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", serving.process.id())).expect("a process");
    let fields: Vec<_> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    [11, 12].map(|n: usize| fields[n].parse::<u64>().expect("ticks")).iter().sum()
}

/// A server whose faults can be changed, and the address for that.
async fn controlled(environment: &str) -> (Serving, String) {
    let serving = e2e::simulator!().envs("ADMIN_PORT=0").envs(environment).start().await;
    let line = serving.process.until_says("port=\"admin\"").await.text;
    let address = line.split("at=").nth(1).expect("an address").trim().to_owned();
    (serving, address)
}

async fn ctl(address: &str, arguments: &str, code: i32) -> e2e::process::Ended {
    e2e::simulator!().args(&format!("ctl --to {address} {arguments}")).run().await.expect(code)
}

const MIB: u64 = 1024;

#[tokio::test]
async fn memory_is_really_held_and_really_given_back() {
    let (serving, admin) = controlled("MEMORY_LOAD=32Mi LOAD_FOR=2s").await;
    serving.process.until_says("memory_bytes=33554432").await;
    serving.process.until_says("memory_bytes=0").await;
    let idle = eventually("the setting's memory is given back", async || {
        Some(resident(&serving)).filter(|now| *now < 30 * MIB)
    })
    .await;
    let until = async |what: &str, is_right: fn(u64) -> bool| {
        eventually(what, async || Some(()).filter(|()| is_right(resident(&serving).saturating_sub(idle))))
            .await;
    };
    ctl(&admin, "put {\"on\":\"process\",\"memory\":\"64Mi\",\"ttl\":\"3s\"}", 0).await;
    until("it is held", |more| more >= 63 * MIB).await;
    assert_eq!(serving.ask("/liveness").await.0, 200);
    until("its time is over", |more| more < 4 * MIB).await;
    ctl(&admin, "put {\"on\":\"process\",\"memory\":\"64Mi\",\"ramp\":\"300ms\"}", 0).await;
    until("it is held", |more| more >= 63 * MIB).await;
    ctl(&admin, "reset", 0).await;
    until("it is reset", |more| more < 4 * MIB).await;
}

#[tokio::test]
async fn processor_time_is_really_taken_and_probes_are_answered_meanwhile() {
    let (serving, admin) = controlled("").await;
    ctl(&admin, "put {\"on\":\"process\",\"cpu\":\"50%\"}", 0).await;
    let begun = ticks(&serving);
    // At half a core a second; on a busy machine it takes longer.
    eventually("half a second was taken", async || Some(()).filter(|()| ticks(&serving) - begun >= 50)).await;
    assert_eq!(serving.ask("/liveness").await.0, 200);
    ctl(&admin, "reset", 0).await;
    eventually("no more is taken", async || {
        let before = ticks(&serving);
        tokio::time::sleep(Duration::from_millis(300)).await;
        Some(()).filter(|()| ticks(&serving) - before <= 2)
    })
    .await;
}

#[tokio::test]
async fn a_stall_stops_the_server_and_is_over_in_time() {
    let faults = "{on: process, stall: 1500ms, after: 500ms}";
    let serving = e2e::simulator!().env("FAULTS", faults).start().await;
    let mut connection = Connection::open(serving.address).await;
    assert_eq!(connection.ask("GET", "/liveness").await.status, 200);
    serving.process.until_says("the serving thread stalls").await;
    let begun = Instant::now();
    assert_eq!(connection.ask("GET", "/liveness").await.status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(1_000), "{:?}", begun.elapsed());
    assert_eq!(connection.ask("GET", "/liveness").await.status, 200);
}

#[tokio::test]
async fn a_load_above_its_limit_is_refused_with_what_to_write() {
    let run = e2e::simulator!().env("MEMORY_LOAD", "64Gi").run().await.expect(2);
    run.saying(
        "fault \"memory-load\": 64Gi is above the limit; write at most 1Gi, or raise MEMORY_LOAD_LIMIT",
    );
    e2e::simulator!().env("CPU_LOAD", "50").run().await.expect(2).saying("or raise CPU_LOAD_LIMIT");
    e2e::simulator!().env("MEMORY_LOAD", "64MB").run().await.expect(2).saying("write 64M");
    let (_serving, admin) = controlled("").await;
    let refused = ctl(&admin, "put {\"on\":\"process\",\"cpu\":\"64\"}", 1).await;
    refused.saying("failed: 422").saying("64000m is above the limit; write at most 1000m");
}

/// A simulator that needs another one's readiness.
async fn needing(scratch: &Scratch, upstream: &Serving, follow: &str) -> Serving {
    let check = format!("http://{}/readiness", upstream.address);
    let text =
        format!("dependencies: {{follow: {follow}, each: [{{name: up, check: '{check}', every: 50ms}}]}}\n");
    let name = format!("{follow}-{}.yaml", upstream.address.port());
    let file = scratch.write(&name, text);
    e2e::simulator!().env("CONFIG", &file.to_string_lossy()).start().await
}

#[tokio::test]
async fn a_failure_goes_up_a_chain_that_follows_and_stops_where_nobody_does() {
    let scratch = Scratch::new();
    let (database, admin) = controlled("").await;
    let api = needing(&scratch, &database, "all").await;
    let web = needing(&scratch, &api, "all").await;
    let careful = needing(&scratch, &api, "none").await;
    let until = async |serving: &Serving, status: u16| {
        eventually("its readiness", async || {
            let now = serving.ask("/readiness").await.0;
            Some(()).filter(|()| now == status)
        })
        .await;
    };
    until(&web, 200).await;
    ctl(&admin, "put --on readiness {\"status\":503}", 0).await;
    until(&web, 500).await;
    eventually("it sees the failure", async || {
        let seen = careful.ask("/dependency/up").await.0;
        Some(()).filter(|()| seen == 500)
    })
    .await;
    assert_eq!(careful.ask("/readiness").await.0, 200, "and stays ready");
    ctl(&admin, "reset", 0).await;
    until(&web, 200).await;
}
