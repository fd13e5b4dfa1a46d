//! A selection of many objects: read page by page, followed without keeping them, open when the last is ready.

use std::time::Duration;

use e2e::lab::{self, put, watched};
use e2e::objects::{labelled, pod};
use probesim::lab::{Matching, Reply, Server};

const PODS: usize = 10_000;
/// No promise: it only tells a leak from the kilobyte or so that a verdict takes. The numbers to reach are measured elsewhere.
const SANE: u64 = 64 * 1024;

fn member(number: usize, is_ready: bool) -> serde_json::Value {
    labelled(pod(&format!("web-{number}"), is_ready), "app", "web")
}

/// Peak of resident memory, in KiB.
fn peak(process: i32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a process that runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.split_whitespace().next().and_then(|kib| kib.parse().ok()).expect("a number")
}

async fn lab_with_pods(count: usize) -> Server {
    let server = lab::start().await;
    for number in 0..count {
        put(&server, member(number, number != count / 2));
    }
    server
}

#[tokio::test]
async fn ten_thousand_pods_are_listed_in_pages_and_open_with_the_last() {
    let server = lab_with_pods(PODS).await;
    let gate = e2e::gate!().kubeconfig(&server.kubeconfig()).args("pod/app=web --timeout=60s").start();
    watched(&server).await;
    let lists: Vec<_> = server.requests().into_iter().filter(|request| request.verb == "list").collect();
    assert!(lists.len() >= 10, "{} pages", lists.len());
    for (number, list) in lists.iter().enumerate() {
        assert!(list.query.contains("limit="), "{}", list.query);
        assert_eq!(list.query.contains("continue="), number > 0, "{}", list.query);
    }
    gate.process.until_says("9999").await;
    let peak = peak(gate.process.id());
    println!("peak memory on a selection of {PODS} pods: {peak} KiB");
    put(&server, member(PODS / 2, true));
    gate.ended().await.expect(0);
    assert!(peak < SANE, "{peak} KiB");
}

#[tokio::test]
async fn memory_does_not_grow_with_the_number_of_events() {
    let server = lab_with_pods(20).await;
    let gate = e2e::gate!().kubeconfig(&server.kubeconfig()).args("pod/app=web --timeout=60s").start();
    watched(&server).await;
    let storm = |rounds: usize| {
        for round in 0..rounds {
            put(&server, labelled(member(round % 10, true), "round", &round.to_string()));
        }
    };
    let mark = |name: &str| put(&server, labelled(pod(name, false), "app", "web"));
    storm(1_000);
    mark("first");
    gate.process.until_says("19/21").await;
    let before = peak(gate.process.id());
    for _ in 0..5 {
        storm(1_000);
        // The next storm waits until this one has been read.
        tokio::task::yield_now().await;
    }
    mark("second");
    gate.process.until_says("19/22").await;
    let after = peak(gate.process.id());
    println!("peak memory after 1,000 events: {before} KiB, after 6,000: {after} KiB");
    assert!(after < before + 4 * 1024, "{before} KiB before, {after} KiB after");
}

#[tokio::test]
async fn a_page_that_is_no_longer_kept_leads_to_a_new_list() {
    let server = lab_with_pods(1_200).await;
    // The second page is refused, as it is when its version was compacted away meanwhile.
    let lists = Matching::any().verb("list");
    server.faults().answer(lists.clone(), Reply::Late(Duration::ZERO), Some(1));
    server.faults().answer(lists, Reply::expired(), Some(1));
    let gate = e2e::gate!().kubeconfig(&server.kubeconfig()).args("pod/app=web --timeout=60s").start();
    watched(&server).await;
    let lists: Vec<_> = server.requests().into_iter().filter(|request| request.verb == "list").collect();
    let begun = lists.iter().filter(|list| !list.query.contains("continue=")).count();
    assert_eq!((lists[1].status, begun), (Some(410), 2), "it starts over: {lists:#?}");
    put(&server, member(600, true));
    gate.ended().await.expect(0);
}

#[tokio::test]
async fn members_that_come_and_go_are_counted() {
    let server = lab::start().await;
    put(&server, member(0, true));
    let gate =
        e2e::gate!().kubeconfig(&server.kubeconfig()).args("pod/app=web:ready=2 --timeout=60s").start();
    watched(&server).await;
    put(&server, member(1, false));
    // It stops matching, which the watch shows as a deletion.
    put(&server, labelled(member(0, true), "app", "other"));
    gate.process.until_says("0/2 ready").await;
    put(&server, member(2, true));
    put(&server, member(1, true));
    gate.ended().await.expect(0);
}

#[tokio::test]
async fn a_selection_that_becomes_ready_one_by_one_is_a_few_lines() {
    let server = lab::start().await;
    for index in 0..500 {
        put(&server, member(index, false));
    }
    let gate = e2e::gate!().kubeconfig(&server.kubeconfig()).args("pod/app=web --timeout=60s").start();
    watched(&server).await;
    for index in 0..500 {
        put(&server, member(index, true));
        tokio::time::sleep(Duration::from_millis(4)).await;
    }
    let ended = gate.ended().await.expect(0);
    assert!(ended.log().len() <= 15, "{} lines: {ended}", ended.log().len());
    assert!(ended.log().iter().any(|line| line.contains("500/500 ready")), "{ended}");
}
