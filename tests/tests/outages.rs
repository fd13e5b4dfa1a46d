//! The API server goes away, comes back as another, falls silent or is busy: the gate waits, and opens.

use std::time::Duration;

use e2e::lab::{self, asked, count, put, watched};
use e2e::objects::{endpoint_slice, pod, service};
use e2e::patience::soon;
use nix::sys::signal::Signal;
use probesim::lab::{Cut, Matching, Options, Reply, Server};
use tokio::time::{Instant, timeout};

/// A gate for the pod `web`, with a limit in case it never opens.
fn gate(server: &Server) -> e2e::gate::Gate {
    e2e::gate!().kubeconfig(&server.kubeconfig()).args("pod/web --timeout=60s")
}

#[tokio::test]
async fn an_api_server_that_is_down_at_the_start_is_waited_for() {
    let server = lab::start().await;
    put(&server, pod("web", true));
    server.faults().refuse().await;
    let gate = gate(&server).start();
    gate.process.until_says("API server unreachable").await;
    server.faults().listen_again().await;
    gate.ended().await.expect(0).saying("the API server answers again").between(0.0, 5.0);
}

#[tokio::test]
async fn what_became_true_during_an_outage_is_seen_after_it() {
    let server = lab::start().await;
    put(&server, pod("web", false));
    let gate = gate(&server).arg("--verbose").start();
    watched(&server).await;
    server.faults().refuse().await;
    server.faults().cut(Cut::Reset);
    gate.process.until_says("watch ended").await;
    put(&server, pod("web", true));
    server.faults().listen_again().await;
    gate.ended().await.expect(0);
}

#[tokio::test]
async fn what_was_true_only_during_an_outage_does_not_open_the_gate() {
    let server = lab::start().await;
    put(&server, pod("web", false));
    let gate = e2e::gate!().kubeconfig(&server.kubeconfig()).args("pod/web --timeout=3s --verbose").start();
    watched(&server).await;
    server.faults().refuse().await;
    server.faults().cut(Cut::Finish);
    gate.process.until_says("watch ended").await;
    put(&server, pod("web", true));
    put(&server, pod("web", false));
    server.faults().listen_again().await;
    gate.ended().await.expect(3);
}

#[tokio::test]
async fn a_server_whose_versions_start_over_is_listed_anew() {
    let options = Options { revision: 50_000, ..Options::default() };
    let server = Server::start(options).await.expect("a free port");
    put(&server, pod("web", false));
    let gate = gate(&server).start();
    watched(&server).await;
    let mark = server.request_count();
    server.replace(10);
    soon("a list", server.wait_for_request_since(mark, |request| request.verb == "list")).await;
    put(&server, pod("web", true));
    gate.ended().await.expect(0).between(0.0, 6.0);
}

/// Also where the watch before had spoken, so that its version seemed worth going on from.
#[tokio::test]
async fn a_server_whose_versions_start_over_in_the_middle_of_events_is_listed_anew() {
    let options = Options { revision: 50_000, ..Options::default() };
    let server = Server::start(options).await.expect("a free port");
    put(&server, pod("web", false));
    let gate = gate(&server).start();
    watched(&server).await;
    put(&server, e2e::objects::labelled(pod("web", false), "stage", "two"));
    server.replace(10);
    put(&server, pod("web", true));
    gate.ended().await.expect(0).between(0.0, 10.0);
}

#[tokio::test]
async fn a_connection_that_falls_silent_is_given_up_early_in_the_wait() {
    let server = lab::start().await;
    put(&server, pod("web", false));
    let gate = gate(&server).start();
    watched(&server).await;
    let mark = server.request_count();
    // The kernel goes on acknowledging what arrives, and nothing is sent any more.
    server.faults().silence();
    put(&server, pod("web", true));
    // Not what is read to say why: that has a connection of its own.
    let again = server.wait_for_request_since(mark, |request| request.resource == "pods");
    let next = timeout(Duration::from_secs(30), again).await;
    assert!(next.is_ok(), "the silence was never noticed");
    server.faults().speak();
    gate.ended().await.expect(0).between(15.0, 30.0);
}

#[tokio::test]
async fn a_server_that_asks_for_patience_gets_it() {
    for reply in [Reply::too_many_requests(2), Reply::Throttled(Some(2))] {
        for verb in ["list", "watch"] {
            let server = lab::start().await;
            put(&server, pod("web", verb == "list"));
            server.faults().answer(Matching::any().verb(verb), reply.clone(), Some(1));
            let begun = Instant::now();
            let gate = gate(&server).start();
            asked(&server, verb, 2).await;
            let waited = begun.elapsed().as_secs_f64();
            assert!(waited >= 2.0, "{verb} was asked for again after {waited:.2} s");
            put(&server, pod("web", true));
            gate.ended().await.expect(0).between(2.0, 7.0);
        }
    }
}

#[tokio::test]
async fn a_busy_server_without_a_wish_is_asked_again_soon() {
    let server = lab::start().await;
    put(&server, pod("web", true));
    let faults = server.faults();
    faults.answer(Matching::any(), Reply::internal_error(), Some(2));
    faults.answer(Matching::any(), Reply::unavailable(), Some(2));
    faults.answer(Matching::any(), Reply::Throttled(None), Some(1));
    gate(&server).run().await.expect(0).saying("API server busy").between(0.0, 8.0);
    assert_eq!(count(&server, "list"), 6);
}

#[tokio::test]
async fn a_server_that_ends_every_watch_at_once_is_not_hammered() {
    let server = lab::start().await;
    put(&server, pod("web", false));
    let gate = gate(&server).start();
    let ending = async {
        loop {
            server.wait_for_watches(|open| open > 0).await;
            server.faults().end_watches();
            server.wait_for_watches(|open| open == 0).await;
        }
    };
    assert!(timeout(Duration::from_secs(4), ending).await.is_err(), "it goes on for ever");
    let requests = server.request_count();
    assert!((4..=24).contains(&requests), "{requests} requests in 4 s");
    put(&server, pod("web", true));
    gate.ended().await.expect(0).between(4.0, 11.0);
}

#[tokio::test]
async fn a_version_that_is_too_old_leads_to_a_new_list() {
    let server = lab::start().await;
    put(&server, pod("web", false));
    server.faults().answer(Matching::any().verb("watch"), Reply::expired_event(), Some(1));
    server.faults().answer(Matching::any().verb("watch"), Reply::expired(), Some(1));
    let gate = gate(&server).start();
    asked(&server, "watch", 3).await;
    watched(&server).await;
    assert_eq!(count(&server, "list"), 3, "one for each watch");
    put(&server, pod("web", true));
    gate.ended().await.expect(0);
}

#[tokio::test]
async fn an_error_in_the_middle_of_a_watch_is_survived() {
    for reply in [Reply::internal_error(), Reply::unavailable(), Reply::too_many_requests(1)] {
        let Reply::Status(status) = reply else { unreachable!("all three are") };
        let server = lab::start().await;
        put(&server, pod("web", false));
        server.faults().answer(Matching::any().verb("watch"), Reply::Event(status), Some(1));
        let gate = gate(&server).start();
        asked(&server, "watch", 2).await;
        put(&server, pod("web", true));
        gate.ended().await.expect(0).between(0.0, 6.0);
    }
}

#[tokio::test]
async fn bytes_that_are_no_event_do_not_end_the_wait() {
    for bytes in [
        "{\"type\":\"MODIFIED\",\"object\":{\"kind\":\"Pod\",\"metada",
        "<html>gateway timeout</html>\n",
        "\n\n",
        "{}\n",
        "{\"type\":\"MODIFIED\",\"object\":{\"kind\":\"Pod\"}}\n",
        "{\"type\":\"MODIFIED\",\"object\":[]}\n",
        "{\"type\":\"RENAMED\",\"object\":{\"metadata\":{\"name\":\"web\"}}}\n",
        "{\"type\":\"ERROR\",\"object\":{}}\n",
        "\u{0}\u{1}\u{2}\n",
    ] {
        let server = lab::start().await;
        put(&server, pod("web", false));
        let gate = gate(&server).start();
        watched(&server).await;
        server.faults().inject(bytes);
        put(&server, pod("web", true));
        gate.ended().await.expect(0).between(0.0, 6.0);
    }
}

#[tokio::test]
async fn a_list_that_takes_long_is_waited_for() {
    let server = lab::start().await;
    put(&server, pod("web", true));
    server.faults().answer(Matching::any(), Reply::Late(Duration::from_secs(2)), Some(1));
    gate(&server).run().await.expect(0).between(2.0, 5.0);
    assert_eq!(count(&server, "list"), 1, "it is not asked for again meanwhile");
}

#[tokio::test]
async fn an_object_that_is_deleted_and_made_anew_is_followed() {
    let server = lab::start().await;
    put(&server, pod("web", false));
    let gate = gate(&server).start();
    gate.process.until_says("pod/web").await;
    watched(&server).await;
    server.store().delete("pods", "default", "web").expect("it is there");
    gate.process.until_says("not found").await;
    put(&server, pod("web", false));
    put(&server, pod("web", true));
    gate.ended().await.expect(0);
}

#[tokio::test]
async fn an_object_that_is_made_anew_during_an_outage_is_followed() {
    let server = lab::start().await;
    put(&server, pod("web", false));
    let gate = gate(&server).arg("--verbose").start();
    watched(&server).await;
    server.faults().refuse().await;
    server.faults().cut(Cut::Reset);
    gate.process.until_says("watch ended").await;
    server.store().delete("pods", "default", "web").expect("it is there");
    put(&server, pod("web", true));
    server.faults().listen_again().await;
    gate.ended().await.expect(0);
}

#[tokio::test]
async fn a_service_needs_both_its_lists_and_survives_the_loss_of_either_watch() {
    let server = lab::start().await;
    put(&server, service("api"));
    put(&server, endpoint_slice("api", false));
    server.faults().answer(Matching::any().resource("services"), Reply::unavailable(), Some(2));
    server.faults().answer(Matching::any().resource("endpointslices"), Reply::internal_error(), Some(1));
    let gate =
        e2e::gate!().kubeconfig(&server.kubeconfig()).args("service/api --timeout=60s --verbose").start();
    soon("both watches", server.wait_for_watches(|open| open == 2)).await;
    server.faults().cut(Cut::Reset);
    gate.process.until_says("watch ended").await;
    put(&server, endpoint_slice("api", true));
    gate.ended().await.expect(0).between(0.0, 8.0);
}

/// A laptop that slept, a node that was frozen: for the gate, time has jumped.
#[tokio::test]
async fn a_gate_that_was_stopped_for_a_while_sees_what_has_happened_since() {
    let server = lab::start().await;
    put(&server, pod("web", false));
    let gate = gate(&server).start();
    watched(&server).await;
    gate.process.signal(Signal::SIGSTOP);
    put(&server, pod("web", true));
    tokio::time::sleep(Duration::from_secs(3)).await;
    server.faults().cut(Cut::Reset);
    gate.process.signal(Signal::SIGCONT);
    gate.ended().await.expect(0).between(3.0, 20.0);
}
