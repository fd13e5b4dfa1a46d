//! `probesim ctl` and several replicas: processes on addresses of their own, and one port.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use e2e::process::Ended;
use e2e::simulator::Serving;
use tokio::net::TcpListener;

/// Replicas at 127.0.0.1 and the following addresses, with one admin port.
struct Fleet {
    replicas: Vec<Serving>,
    port: u16,
}

// === impl Fleet ===

impl Fleet {
    async fn start(count: u8) -> Self {
        Self::with(count, "").await
    }

    async fn with(count: u8, environment: &str) -> Self {
        let port = free_port(count).await;
        let mut replicas = vec![];
        for n in 0..count {
            let address = address(n);
            let simulator = e2e::simulator!().env("LISTEN", &format!("{address}:0")).envs(environment);
            let simulator =
                simulator.env("ADMIN_LISTEN", &address.to_string()).env("ADMIN_PORT", &port.to_string());
            let mut serving = simulator.start().await;
            serving.address.set_ip(address.into());
            replicas.push(serving);
        }
        Self { replicas, port }
    }

    /// All of them, as a name without a head would give them.
    fn to(&self, count: u8) -> String {
        let all: Vec<_> = (0..count).map(|n| format!("{}:{}", address(n), self.port)).collect();
        all.join(",")
    }

    async fn ctl(&self, count: u8, arguments: &str) -> Ended {
        let line = format!("ctl --timeout 2s --to {} {arguments}", self.to(count));
        e2e::simulator!().args(&line).run().await
    }

    /// The status of each replica's readiness.
    async fn readiness(&self) -> Vec<u16> {
        let mut statuses = vec![];
        for replica in &self.replicas {
            statuses.push(replica.ask("/readiness").await.0);
        }
        statuses
    }
}

fn address(n: u8) -> Ipv4Addr {
    Ipv4Addr::new(127, 0, 0, n + 1)
}

/// A port that is free on all of the addresses.
async fn free_port(count: u8) -> u16 {
    for _ in 0..100 {
        let first = TcpListener::bind((address(0), 0)).await.expect("a free port");
        let port = first.local_addr().expect("an address").port();
        let mut others = vec![];
        for n in 1..count {
            others.extend(TcpListener::bind(SocketAddr::from((address(n), port))).await);
        }
        if others.len() + 1 == usize::from(count) {
            return port;
        }
    }
    panic!("no port is free on {count} addresses");
}

const FAIL: &str = "put --on readiness {\"status\":503}";

#[tokio::test]
async fn all_replicas_are_told_and_each_has_its_line() {
    let fleet = Fleet::start(3).await;
    let ended = fleet.ctl(3, FAIL).await.expect(0);
    let expected: Vec<_> =
        (0..3).map(|n| format!("{}:{} ok, 1 live fault", address(n), fleet.port)).collect();
    assert_eq!(ended.results(), expected);
    assert_eq!(fleet.readiness().await, [503; 3]);
    fleet.ctl(3, "reset").await.expect(0).saying("ok, 0 live faults");
    assert_eq!(fleet.readiness().await, [200; 3]);
}

#[tokio::test]
async fn a_count_or_a_share_is_told_and_always_the_same_ones() {
    let fleet = Fleet::start(3).await;
    for (choice, expected) in
        [("--count 1", [503, 200, 200]), ("--share 50%", [503, 503, 200]), ("--share 100%", [503, 503, 503])]
    {
        fleet.ctl(3, "reset").await.expect(0);
        fleet.ctl(3, &format!("{choice} {FAIL}")).await.expect(0);
        assert_eq!(fleet.readiness().await, expected, "{choice}");
    }
}

#[tokio::test]
async fn replicas_are_told_one_after_the_other_with_a_pause() {
    let fleet = Fleet::start(3).await;
    let ended = fleet.ctl(3, &format!("--rolling 400ms {FAIL}")).await.expect(0).between(0.8, 10.0);
    let times: Vec<Duration> =
        ended.lines.iter().filter(|line| line.is_result).map(|line| line.after).collect();
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_millis(300)), "{times:?}");
    assert_eq!(fleet.readiness().await, [503; 3]);
}

#[tokio::test]
async fn a_replica_that_cannot_be_reached_fails_alone_and_is_named() {
    let fleet = Fleet::start(2).await;
    let ended = fleet.ctl(3, FAIL).await.expect(1).saying("1 of 3 failed");
    let missing = format!("{}:{} failed: connection refused", address(2), fleet.port);
    assert_eq!(ended.results()[2], missing);
    assert_eq!(fleet.readiness().await, [503; 2]);
}

#[tokio::test]
async fn a_rollout_stops_at_the_first_failure_and_names_those_it_spared() {
    let fleet = Fleet::start(1).await;
    let ended = fleet.ctl(3, &format!("--rolling 10ms {FAIL}")).await.expect(1).saying("2 of 3 failed");
    let words: Vec<_> =
        ended.results().iter().map(|line| line.split_once(' ').expect("two words").1).collect();
    assert_eq!(words, ["ok, 1 live fault", "failed: connection refused", "skipped"]);
}

#[tokio::test]
async fn a_replica_that_says_nothing_takes_no_longer_than_the_timeout() {
    let fleet = Fleet::start(1).await;
    let silent = TcpListener::bind((address(1), fleet.port)).await.expect("a free port");
    let ended = fleet.ctl(2, FAIL).await.expect(1).between(2.0, 12.0);
    assert!(ended.results()[1].ends_with("failed: no answer within 2s"), "{ended}");
    drop(silent);
}

#[tokio::test]
async fn a_wrong_fault_is_refused_by_every_replica_and_changes_none() {
    let fleet = Fleet::start(2).await;
    let ended = fleet.ctl(2, "put --on readiness {\"rate\":300}").await.expect(1).saying("2 of 2 failed");
    assert!(
        ended.results().iter().all(|line| line.contains("failed: 422") && line.contains("rate")),
        "{ended}"
    );
    assert_eq!(fleet.readiness().await, [200; 2]);
}

#[tokio::test]
async fn a_token_opens_all_replicas_and_its_lack_none() {
    let fleet = Fleet::with(2, "ADMIN_TOKEN=secret").await;
    fleet.ctl(2, FAIL).await.expect(1).saying("401").saying("bearer token");
    let line = format!("ctl --to {} {FAIL}", fleet.to(2));
    e2e::simulator!().env("ADMIN_TOKEN", "secret").args(&line).run().await.expect(0);
    assert_eq!(fleet.readiness().await, [503; 2]);
}

#[tokio::test]
async fn every_address_of_a_name_is_told() {
    let fleet = Fleet::start(1).await;
    let line = format!("ctl --to localhost:{port},127.0.0.1:{port} {FAIL}", port = fleet.port);
    let ended = e2e::simulator!().args(&line).run().await;
    // Where localhost has an IPv6 address too, nobody is there, which is said; 127.0.0.1 is told once.
    let told = ended.results().iter().filter(|line| line.contains(" ok, 1 live fault")).count();
    assert_eq!(told, 1, "{ended}");
    assert_eq!(fleet.readiness().await, [503]);
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_named_and_nobody_is_told() {
    let fleet = Fleet::start(1).await;
    let line = format!("ctl --timeout 5s --to 127.0.0.1:{},nowhere.invalid:1 {FAIL}", fleet.port);
    let ended = e2e::simulator!().args(&line).run().await.expect(1).between(0.0, 15.0);
    ended.saying("cannot find nowhere.invalid:1").saying("nobody was told");
    assert_eq!(fleet.readiness().await, [200]);
}
