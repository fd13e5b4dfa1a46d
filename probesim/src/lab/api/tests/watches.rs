//! Watches: initial events, selectors, bookmarks, and their end.

use super::*;

const CONFIGS: &str = "/api/v1/namespaces/default/configmaps?watch=1";

#[tokio::test]
async fn a_watch_begins_with_what_is_there_and_goes_on() {
    let server = server().await;
    server.store().apply(config("a")).unwrap();
    let mut watch = Client::connect(&server).await.watch(CONFIGS).await;
    assert_eq!(watch.event().await, "ADDED a@2");
    server.store().apply(config("b")).unwrap();
    let mut changed = config("a");
    changed["data"] = json!({"k": "v"});
    server.store().apply(changed).unwrap();
    server.store().delete("configmaps", "default", "b").unwrap();
    assert_eq!(watch.event().await, "ADDED b@3");
    assert_eq!(watch.event().await, "MODIFIED a@4");
    assert_eq!(watch.event().await, "DELETED b@5");
}

#[tokio::test]
async fn streaming_lists_end_their_initial_events_even_if_there_are_none() {
    let server = server().await;
    let query = "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut watch = Client::connect(&server).await.watch(&format!("{CONFIGS}{query}")).await;
    let line = r#"{"type":"BOOKMARK","object":{"kind":"ConfigMap","apiVersion":"v1","metadata":{"resourceVersion":"1","annotations":{"k8s.io/initial-events-end":"true"}}}}"#;
    assert_eq!(watch.next().await.as_deref(), Some(line));
}

#[tokio::test]
async fn the_head_of_a_watch_comes_before_any_event() {
    let server = server().await;
    let _silent = Client::connect(&server).await.watch(&format!("{CONFIGS}&resourceVersion=1")).await;
    server.wait_for_watches(|open| open == 1).await;
}

#[tokio::test]
async fn a_selector_shows_arrivals_and_departures() {
    let server = server().await;
    let path = format!("{CONFIGS}&resourceVersion=1&labelSelector=app%3Da");
    let mut watch = Client::connect(&server).await.watch(&path).await;
    server.store().apply(config("a")).unwrap();
    let mut away = config("a");
    away["metadata"]["labels"]["app"] = json!("z");
    server.store().apply(away).unwrap();
    assert_eq!(watch.event().await, "ADDED a@2");
    assert_eq!(watch.event().await, "DELETED a@3");
}

#[tokio::test]
async fn bookmarks_come_at_their_interval_and_the_end_on_time() {
    let options = Options { bookmark_interval: Duration::from_millis(20), ..quick() };
    let server = Server::start(options).await.unwrap();
    let path = format!("{CONFIGS}&resourceVersion=1&allowWatchBookmarks=true&timeoutSeconds=1");
    let mut watch = Client::connect(&server).await.watch(&path).await;
    assert_eq!(watch.event().await, "BOOKMARK @1");
    server.store().advance_to(7);
    while watch.event().await != "BOOKMARK @7" {}
    let mut last = Some(String::new());
    while last.is_some() {
        last = watch.next().await;
    }
    server.wait_for_watches(|open| open == 0).await;
}

#[tokio::test]
async fn a_forgotten_version_is_one_error_event() {
    let server = server().await;
    server.store().apply(config("a")).unwrap();
    server.store().forget_history();
    let mut watch = Client::connect(&server).await.watch(&format!("{CONFIGS}&resourceVersion=1")).await;
    let line = r#"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource version: 1 (2)","reason":"Expired","code":410}}"#;
    assert_eq!(watch.next().await.as_deref(), Some(line));
    assert_eq!(watch.next().await, None);
}

#[tokio::test]
async fn a_streaming_list_of_a_future_version_is_an_error_event() {
    let server = server().await;
    let query = "&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=500";
    let mut watch = Client::connect(&server).await.watch(&format!("{CONFIGS}{query}")).await;
    assert!(watch.next().await.unwrap().contains("Too large resource version: 500, current: 1"));
    assert_eq!(watch.next().await, None);
}

#[tokio::test]
async fn the_deprecated_watch_path_watches_one_object() {
    let server = server().await;
    server.store().apply(config("a")).unwrap();
    server.store().apply(config("b")).unwrap();
    let mut watch =
        Client::connect(&server).await.watch("/api/v1/watch/namespaces/default/configmaps/b").await;
    assert_eq!(watch.event().await, "ADDED b@3");
    let mut client = Client::connect(&server).await;
    let object = client.get("/api/v1/namespaces/default/configmaps/a?watch=1").await;
    assert_eq!(object.value()["kind"], "ConfigMap", "a name and ?watch is no watch");
}

#[tokio::test]
async fn ten_thousand_objects_and_a_burst_arrive_whole() {
    let server = server().await;
    let pod = |at: u32| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("p{at:05}"), "namespace": "n"}});
    for at in 0..10_000 {
        server.store().apply(pod(at)).unwrap();
    }
    let mut watch = Client::connect(&server).await.watch("/api/v1/pods?watch=1&allowWatchBookmarks=1").await;
    for at in 0..10_000 {
        assert_eq!(watch.event().await, format!("ADDED p{at:05}@{}", at + 2));
    }
    assert_eq!(watch.event().await, "BOOKMARK @10001");
    for at in 0..500 {
        server.store().delete("pods", "n", &format!("p{at:05}")).unwrap();
    }
    for at in 0..500 {
        assert_eq!(watch.event().await, format!("DELETED p{at:05}@{}", at + 10_002));
    }
}

#[tokio::test]
async fn hundreds_of_watches_hear_of_a_change() {
    let server = server().await;
    let mut watches = Vec::new();
    for _ in 0..300 {
        let client = Client::connect(&server).await;
        watches.push(client.watch("/api/v1/configmaps?watch=1&resourceVersion=1").await);
    }
    server.store().apply(config("a")).unwrap();
    for watch in &mut watches {
        assert_eq!(watch.event().await, "ADDED a@2");
    }
    assert_eq!(server.open_watches(), 300);
}

#[tokio::test]
async fn a_watcher_that_does_not_read_holds_nobody_up_and_is_left_behind() {
    let server = Server::start(Options { history: 50, ..quick() }).await.expect("a free port");
    let mut slow = Client::connect(&server).await.watch("/api/v1/configmaps?watch=1&resourceVersion=1").await;
    let mut large = config("a");
    let mut client = Client::connect(&server).await;
    const WRITES: usize = 1000;
    for number in 0..WRITES {
        large["data"] = json!({"number": number.to_string(), "text": "x".repeat(32 * 1024)});
        server.store().apply(large.clone()).unwrap();
        // The server gets its turn.
        tokio::task::yield_now().await;
    }
    assert_eq!(client.get("/api/v1/configmaps").await.names(), ["a"]);
    let mut heard = 0;
    while slow.try_next().await.expect("a clean end").is_some() {
        heard += 1;
    }
    assert!((1..WRITES).contains(&heard), "it heard {heard} of {WRITES}");
}
