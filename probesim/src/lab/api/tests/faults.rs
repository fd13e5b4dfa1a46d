//! The server made to misbehave.

use super::*;
use crate::lab::{Cut, Matching, Reply};

const WATCH: &str = "/api/v1/namespaces/default/configmaps?watch=1&resourceVersion=1";

#[tokio::test]
async fn a_refusing_server_keeps_its_port_and_its_open_connections() {
    let server = server().await;
    let mut open = Client::connect(&server).await;
    assert_eq!(open.get("/version").await.status, 200);
    server.faults().refuse().await;
    assert!(TcpStream::connect(server.address()).await.is_err());
    assert_eq!(open.get("/version").await.status, 200);
    server.faults().listen_again().await;
    assert_eq!(Client::connect(&server).await.get("/version").await.status, 200);
}

#[tokio::test]
async fn a_cut_breaks_watches_off() {
    let server = server().await;
    for how in [Cut::Reset, Cut::Finish] {
        let mut watch = Client::connect(&server).await.watch(WATCH).await;
        server.wait_for_watches(|open| open == 1).await;
        server.faults().cut(how);
        assert!(watch.try_next().await.is_err(), "{how:?} is no clean end");
        server.wait_for_watches(|open| open == 0).await;
    }
}

#[tokio::test]
async fn a_silent_server_answers_when_it_speaks_again() {
    let server = server().await;
    let mut watch = Client::connect(&server).await.watch(WATCH).await;
    server.faults().silence();
    server.store().apply(config("a")).unwrap();
    let mut client = Client::connect(&server).await;
    let mark = server.request_count();
    let asked = tokio::spawn(async move { client.get("/api/v1/configmaps").await.status });
    let request = server.wait_for_request_since(mark, |request| request.verb == "list").await;
    assert_eq!(request.status, None);
    assert!(timeout(Duration::from_millis(50), watch.try_next()).await.is_err(), "it is silent");
    server.faults().speak();
    assert_eq!(watch.event().await, "ADDED a@2");
    assert_eq!(asked.await.unwrap(), 200);
}

#[tokio::test]
async fn wrong_answers_are_given_where_and_as_often_as_told() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    let lists = || Matching::any().verb("list").resource("configmaps");
    let faults = server.faults();
    for (reply, code, retry_after) in [
        (Reply::Forbidden, 403, ""),
        (Reply::expired(), 410, ""),
        (Reply::Throttled(Some(3)), 429, "3"),
        (Reply::too_many_requests(2), 429, "2"),
        (Reply::internal_error(), 500, ""),
        (Reply::unavailable(), 503, ""),
        (Reply::Late(Duration::from_millis(1)), 200, ""),
    ] {
        faults.answer(lists(), reply, Some(1));
        assert_eq!(client.get("/api/v1/pods").await.status, 200, "another resource");
        let answer = client.get("/api/v1/configmaps").await;
        assert_eq!((answer.status, answer.header("retry-after")), (code, retry_after));
        assert_eq!(client.get("/api/v1/configmaps").await.status, 200, "once only");
    }
    faults.answer(Matching::any().verb("watch"), Reply::expired_event(), None);
    let mut watch = client.watch(WATCH).await;
    assert!(watch.next().await.unwrap().starts_with(r#"{"type":"ERROR""#));
    assert_eq!(watch.next().await, None);
}

#[tokio::test]
async fn watches_are_ended_and_given_strange_bytes() {
    let server = server().await;
    let mut watch = Client::connect(&server).await.watch(WATCH).await;
    server.faults().inject("{\"type\":\"STRANGE\"");
    server.faults().inject("}\n");
    assert_eq!(watch.next().await.as_deref(), Some(r#"{"type":"STRANGE"}"#));
    server.faults().end_watches();
    assert_eq!(watch.next().await, None);
    let mut next = Client::connect(&server).await.watch(WATCH).await;
    server.store().apply(config("a")).unwrap();
    assert_eq!(next.event().await, "ADDED a@2", "old strange bytes are not for new watches");
}

#[tokio::test]
async fn a_replaced_server_knows_other_versions() {
    let server = server().await;
    server.store().advance_to(900);
    server.store().apply(config("a")).unwrap();
    let mut watch = Client::connect(&server).await.watch(WATCH).await;
    assert_eq!(watch.event().await, "ADDED a@901");
    server.replace(50);
    while let Ok(Some(_)) = watch.try_next().await {}
    let mut client = Client::connect(&server).await;
    assert_eq!(
        client.get("/api/v1/configmaps").await.value()["items"][0]["metadata"]["resourceVersion"],
        "50"
    );
    assert_eq!(client.get("/api/v1/configmaps?resourceVersion=901").await.status, 504);
    let mut old = client.watch("/api/v1/configmaps?watch=1&resourceVersion=40").await;
    assert!(old.next().await.unwrap().contains("too old resource version: 40 (50)"));
}

#[tokio::test]
async fn a_stopped_server_is_gone() {
    let server = server().await;
    let address = server.address();
    let mut watch = Client::connect(&server).await.watch(WATCH).await;
    server.stop().await;
    assert!(watch.try_next().await.is_err());
    assert!(TcpStream::connect(address).await.is_err());
}
