//! The simulator as kube-probesim's users know it: a process, its environment, and what comes back over the wire.

use std::time::Duration;

use e2e::http::{self, Connection};
use e2e::patience::eventually;
use e2e::simulator::Serving;
use nix::sys::signal::Signal;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until};

const LIVE: &str = "Liveness probe successful\n";
const READY: &str = "Readiness probe successful\n";

async fn serve(environment: &str) -> Serving {
    e2e::simulator!().envs(environment).start().await
}

/// Status codes of so many requests, one after the other.
async fn statuses(serving: &Serving, path: &str, count: usize) -> Vec<u16> {
    let mut connection = Connection::open(serving.address).await;
    let mut statuses = Vec::with_capacity(count);
    for _ in 0..count {
        statuses.push(connection.ask("GET", path).await.status);
    }
    statuses
}

#[tokio::test]
async fn without_settings_every_endpoint_succeeds() {
    let serving = serve("").await;
    for (path, body) in [
        ("/liveness", LIVE),
        ("/readiness", READY),
        ("/dependency", "Dependency is healthy\n"),
        ("/startup", "Startup probe successful\n"),
    ] {
        let answer = serving.get(path).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, body), "{path}");
        let head = answer.head.to_lowercase();
        assert!(head.contains("content-type: text/plain; charset=utf-8"), "{head}");
    }
    assert_eq!(serving.ask("/nope").await, (404, "404 page not found\n".to_owned()));
    assert_eq!(serving.ask("/liveness/").await.0, 404);
    for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
        let answer = http::request(serving.address, method, "/liveness").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, LIVE), "{method}");
    }
}

#[tokio::test]
async fn the_deployment_of_kube_probesims_readme_runs_as_it_is() {
    let serving = serve(
        "FAILURE_RATE=20 LATENCY=50 LIVENESS_FAIL_AFTER_TIME=60 READINESS_FAIL_AFTER_TIME=120 DISCONNECT_AFTER=30 \
         RECONNECT_AFTER=10",
    )
    .await;
    for path in ["/liveness", "/readiness"] {
        let statuses = statuses(&serving, path, 30).await;
        assert!(statuses.iter().all(|status| [200, 500].contains(status)), "{statuses:?}");
        assert!(statuses.contains(&200), "{path}: {statuses:?}");
    }
    assert_eq!(serving.ask("/dependency").await.0, 200);
}

#[tokio::test]
async fn its_commands_of_the_readme_run_as_they_are() {
    for environment in [
        "FAILURE_RATE=10 LATENCY=100 LIVENESS_FAIL_AFTER_TIME=60",
        "FAILURE_RATE=10",
        "LIVENESS_FAIL_AFTER_TIME=60",
    ] {
        let serving = serve(environment).await;
        assert!([200, 500].contains(&serving.ask("/liveness").await.0), "{environment}");
    }
}

#[tokio::test]
async fn a_failing_dependency_takes_readiness_with_it_and_liveness_not() {
    for value in ["true", "1", "T"] {
        let serving = serve(&format!("FAIL_DEPENDENCY={value}")).await;
        assert_eq!(serving.ask("/dependency").await, (500, "Dependency failure\n".to_owned()));
        let readiness = serving.ask("/readiness").await;
        assert_eq!(readiness, (500, "Readiness probe failed due to dependency\n".to_owned()));
        assert_eq!(serving.ask("/liveness").await, (200, LIVE.to_owned()));
    }
}

#[tokio::test]
async fn random_failures_hit_liveness_and_readiness_and_nothing_else() {
    let serving = serve("FAILURE_RATE=100").await;
    assert_eq!(serving.ask("/liveness").await, (500, "Randomized liveness probe failure\n".to_owned()));
    assert_eq!(serving.ask("/readiness").await, (500, "Randomized readiness probe failure\n".to_owned()));
    assert_eq!(serving.ask("/dependency").await.0, 200);
}

#[tokio::test]
async fn twenty_percent_is_twenty_percent() {
    // The seed makes it the same 4,000 draws each time.
    let serving = serve("FAILURE_RATE=20 SEED=7").await;
    let failed = statuses(&serving, "/liveness", 4000).await.iter().filter(|status| **status == 500).count();
    assert!((700..=900).contains(&failed), "{failed} of 4000");
}

#[tokio::test]
async fn the_same_seed_repeats_a_run_and_another_does_not() {
    let run = async |seed: u32| {
        let serving = serve(&format!("FAILURE_RATE=50 SEED={seed}")).await;
        let mut all = statuses(&serving, "/liveness", 200).await;
        all.extend(statuses(&serving, "/readiness", 200).await);
        all
    };
    let first = run(1).await;
    assert_eq!(first, run(1).await);
    assert_ne!(first, run(2).await);
    assert_ne!(first[..200], first[200..], "each endpoint has draws of its own");
}

#[tokio::test]
async fn the_seed_of_an_unseeded_run_is_in_its_log_and_repeats_it() {
    let serving = serve("FAILURE_RATE=50").await;
    let line = serving.process.until_says("seed=").await.text;
    let seed = line.split("seed=").nth(1).and_then(|rest| rest.split_whitespace().next()).expect("a seed");
    let again = serve(&format!("FAILURE_RATE=50 SEED={seed}")).await;
    assert_eq!(statuses(&serving, "/liveness", 200).await, statuses(&again, "/liveness", 200).await);
}

#[tokio::test]
async fn latency_delays_what_succeeds_and_neither_random_failures_nor_the_dependency() {
    let timed = async |serving: &Serving, path: &str| {
        let begun = Instant::now();
        serving.get(path).await;
        begun.elapsed()
    };
    let latency = Duration::from_millis(1500);
    let serving = serve("LATENCY=1500").await;
    for path in ["/liveness", "/readiness"] {
        assert!(timed(&serving, path).await >= latency, "{path}");
    }
    for path in ["/dependency", "/startup"] {
        assert!(timed(&serving, path).await < latency, "{path}");
    }
    let failing = serve("LATENCY=1500 FAILURE_RATE=100").await;
    assert!(timed(&failing, "/liveness").await < latency, "a random failure comes at once");
}

#[tokio::test]
async fn probes_fail_for_ever_from_their_time_on() {
    let begun = Instant::now();
    let serving = serve("LIVENESS_FAIL_AFTER_TIME=2 READINESS_FAIL_AFTER_TIME=4").await;
    assert_eq!(serving.ask("/liveness").await, (200, LIVE.to_owned()));
    sleep_until(begun + Duration::from_millis(3000)).await;
    let liveness = serving.ask("/liveness").await;
    assert_eq!(liveness, (500, "Liveness probe failed due to time threshold\n".to_owned()));
    if begun.elapsed() < Duration::from_secs(4) {
        assert_eq!(serving.ask("/readiness").await, (200, READY.to_owned()));
    }
    sleep_until(begun + Duration::from_millis(5000)).await;
    let readiness = serving.ask("/readiness").await;
    assert_eq!(readiness, (500, "Readiness probe failed due to time threshold\n".to_owned()));
}

#[tokio::test]
async fn counts_pass_and_fail_as_many_requests_as_they_say() {
    for (environment, liveness) in [
        ("FAIL_COUNT=3 RECOVERY_PERIOD=2", [200, 200, 200, 500, 500, 200, 200]),
        ("FAIL_COUNT=0 RECOVERY_PERIOD=3", [500, 500, 500, 200, 200, 200, 200]),
        ("RECOVERY_PERIOD=2", [500, 500, 200, 200, 200, 200, 200]),
        ("FAIL_COUNT=3", [200; 7]),
        ("FAIL_COUNT=-2 RECOVERY_PERIOD=5", [500, 500, 500, 200, 200, 200, 200]),
    ] {
        let serving = serve(environment).await;
        assert_eq!(statuses(&serving, "/liveness", 7).await, liveness, "{environment}");
        assert_eq!(statuses(&serving, "/readiness", 7).await, liveness, "readiness has its own count");
    }
}

#[tokio::test]
async fn recoverable_failures_say_so() {
    let serving = serve("RECOVERY_PERIOD=1").await;
    assert_eq!(serving.ask("/liveness").await.1, "Recoverable liveness probe failure\n");
    assert_eq!(serving.ask("/readiness").await.1, "Recoverable readiness probe failure\n");
}

#[tokio::test]
async fn a_partition_makes_readiness_fail_and_ends() {
    let begun = Instant::now();
    let serving = serve("DISCONNECT_AFTER=1s RECONNECT_AFTER=2s").await;
    let failing = eventually("the partition", async || {
        Some(serving.ask("/readiness").await).filter(|(status, _)| *status == 500)
    });
    assert_eq!(failing.await.1, "Network partition simulated\n");
    assert!(begun.elapsed() >= Duration::from_secs(1));
    assert_eq!(serving.ask("/liveness").await.0, 200);
    eventually("its end", async || Some(()).filter(|()| begun.elapsed() >= Duration::from_secs(4))).await;
    assert_eq!(serving.ask("/readiness").await, (200, READY.to_owned()));
}

#[tokio::test]
async fn after_sigterm_readiness_fails_first_and_what_is_under_way_is_finished() {
    let mut serving = serve("LATENCY=2000 DRAIN_DELAY=1s GRACE=20s").await;
    let mut under_way = Connection::open(serving.address).await;
    under_way.send("GET", "/liveness").await;
    // It has arrived when a request behind it on another connection is answered.
    assert_eq!(serving.ask("/dependency").await.0, 200);
    serving.process.signal(Signal::SIGTERM);
    serving.process.until_says("stopping").await;
    assert!(serving.process.is_running());
    assert_ne!(serving.ask("/readiness").await.0, 200, "no more traffic, please");
    assert_eq!(serving.ask("/dependency").await.0, 200, "all else is served as before");
    let answer = under_way.answer().await;
    assert_eq!((answer.status, answer.body.as_str()), (200, LIVE));
    serving.process.ended().await.expect(0).saying("stopped");
}

#[tokio::test]
async fn after_the_drain_nobody_listens_any_more() {
    let serving = serve("DRAIN_DELAY=0s").await;
    let address = serving.address;
    serving.process.signal(Signal::SIGTERM);
    serving.process.ended().await.expect(0);
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once() {
    for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGINT, 130)] {
        let serving = serve("DRAIN_DELAY=60s").await;
        serving.process.signal(Signal::SIGTERM);
        serving.process.until_says("stopping").await;
        serving.process.signal(signal);
        serving.process.ended().await.expect(code).between(0.0, 10.0);
    }
}

#[tokio::test]
async fn bad_values_end_it_with_2_and_each_is_named() {
    for (name, value) in [
        ("FAILURE_RATE", "many"),
        ("FAILURE_RATE", "101"),
        ("FAILURE_RATE", "-1"),
        ("LATENCY", "-5"),
        ("LATENCY", "1.5"),
        ("FAIL_DEPENDENCY", "perhaps"),
        ("DISCONNECT_AFTER", "soon"),
        ("RECOVERY_PERIOD", "-1"),
        ("PORT", "99999"),
        ("SEED", "x"),
    ] {
        e2e::simulator!().env(name, value).run().await.expect(2).saying(name).between(0.0, 5.0);
    }
    let ended = e2e::simulator!().envs("LATENCY=x FAILURE_RATE=y").run().await.expect(2);
    ended.saying("LATENCY").saying("FAILURE_RATE");
}

#[tokio::test]
async fn a_port_that_is_taken_ends_it_with_1_and_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = taken.local_addr().expect("an address");
    let ended = e2e::simulator!().env("LISTEN", &address.to_string()).run().await;
    ended.expect(1).saying(&address.port().to_string()).between(0.0, 5.0);
}

#[tokio::test]
async fn settings_that_fail_a_probe_for_certain_are_warned_of() {
    serve("LATENCY=1000").await.process.until_says("timeoutSeconds").await;
    serve("FAILURE_RATE=100").await.process.until_says("FAILURE_RATE").await;
    serve("DISCONNECT_AFTER=30").await.process.until_says("RECONNECT_AFTER").await;
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_injected_wait() {
    let serving = serve("LATENCY=600000 DRAIN_DELAY=0s GRACE=20s").await;
    let mut impatient = Connection::open(serving.address).await;
    impatient.send("GET", "/liveness").await;
    assert_eq!(serving.ask("/dependency").await.0, 200);
    drop(impatient);
    serving.process.signal(Signal::SIGTERM);
    // Were it still waiting, the grace would have to pass.
    serving.process.ended().await.expect(0).saying("abandoned=1").between(0.0, 10.0);
}
