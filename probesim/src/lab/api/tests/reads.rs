//! Lists, gets, discovery and refusals.

use super::*;
use crate::lab::Resource;

/// A recorded exchange: its status line, its headers and its body.
fn recorded(text: &str) -> (u16, Vec<(&str, &str)>, &str) {
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    let (status, headers) = head.split_once("\r\n").expect("a status line");
    let code = status.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a code");
    let headers = headers.lines().filter_map(|line| line.split_once(": ")).collect();
    (code, headers, body)
}

#[tokio::test]
async fn refusals_are_those_of_a_real_server_to_the_byte() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    for (path, text) in [
        ("/apis/apps/v1/namespaces/wire/deployments/nope", include_str!("../fixtures/notfound-object.http")),
        ("/api/v1/foos", include_str!("../fixtures/notfound-resource.http")),
        ("/apis/nope/v1", include_str!("../fixtures/notfound-group.http")),
        (
            "/api/v1/pods?fieldSelector=spec.foo%3Dx",
            include_str!("../fixtures/badrequest-fieldselector.http"),
        ),
        ("/api/v1/pods?labelSelector=%3D%3D", include_str!("../fixtures/badrequest-selector.http")),
        ("/version", include_str!("../fixtures/version.http")),
    ] {
        // curl gets indented JSON: the recordings were made with it.
        let answer = client.ask("GET", path, &[("User-Agent", "curl/8")], String::new()).await;
        let (code, headers, body) = recorded(text);
        assert_eq!((answer.status, answer.body.as_str()), (code, body), "{path}");
        for name in ["Content-Type", "Cache-Control", "Content-Length"] {
            let expected = headers.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
            assert_eq!(answer.headers.get(name).and_then(|v| v.to_str().ok()), expected, "{path} {name}");
        }
    }
}

#[tokio::test]
async fn an_empty_list_is_as_recorded_and_a_missing_namespace_is_empty() {
    let server = server().await;
    server.store().advance_to(3761);
    let mut client = Client::connect(&server).await;
    let path = "/apis/apps/v1/namespaces/none/deployments?pretty=1";
    let answer = client.get(path).await;
    assert_eq!(answer.body, recorded(include_str!("../fixtures/list-empty.http")).2);
}

#[tokio::test]
async fn a_future_version_is_refused_after_a_while() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    for path in ["/api/v1/pods?resourceVersion=9999", "/api/v1/namespaces/n/pods/p?resourceVersion=9999"] {
        let answer = client.get(path).await;
        assert_eq!((answer.status, answer.header("retry-after")), (504, "1"), "{path}");
        assert_eq!(answer.value()["details"]["causes"][0]["reason"], "ResourceVersionTooLarge");
    }
    let waits = tokio::spawn(async move { client.get("/api/v1/configmaps?resourceVersion=2").await });
    server.store().apply(config("a")).unwrap();
    assert_eq!(waits.await.unwrap().names(), ["a"]);
}

#[tokio::test]
async fn lists_are_compact_and_their_items_have_no_kind() {
    let server = server().await;
    server.store().apply(config("a")).unwrap();
    let mut client = Client::connect(&server).await;
    let answer = client.get("/api/v1/namespaces/default/configmaps").await;
    let start = r#"{"kind":"ConfigMapList","apiVersion":"v1","metadata":{"resourceVersion":"2"},"items":[{"metadata":{"name":"a","#;
    assert!(answer.body.starts_with(start) && answer.body.ends_with("}]}\n"), "{}", answer.body);
}

#[tokio::test]
async fn pages_follow_their_tokens() {
    let server = server().await;
    for name in ["a", "b", "c"] {
        server.store().apply(config(name)).unwrap();
    }
    let mut client = Client::connect(&server).await;
    let first = client.get("/api/v1/configmaps?limit=2").await;
    assert_eq!(
        (first.names(), &first.value()["metadata"]["remainingItemCount"]),
        (vec!["a".into(), "b".into()], &json!(1))
    );
    let token = first.value()["metadata"]["continue"].as_str().unwrap().to_owned();
    assert_eq!(client.get(&format!("/api/v1/configmaps?limit=2&continue={token}")).await.names(), ["c"]);
    server.store().apply(config("d")).unwrap();
    server.store().forget_history();
    let expired = client.get(&format!("/api/v1/configmaps?limit=2&continue={token}")).await;
    assert_eq!((expired.status, expired.value()["reason"].as_str()), (410, Some("Expired")));
    assert_eq!(client.get("/api/v1/configmaps?limit=2&continue=%21").await.status, 400);
}

#[tokio::test]
async fn selectors_choose_across_namespaces() {
    let server = server().await;
    server.store().apply(config("a")).unwrap();
    server.store().apply(config("b")).unwrap();
    let mut client = Client::connect(&server).await;
    assert_eq!(client.get("/api/v1/configmaps?labelSelector=app%20in%20(b,c)").await.names(), ["b"]);
    assert_eq!(client.get("/api/v1/configmaps?fieldSelector=metadata.name%3Da").await.names(), ["a"]);
    assert!(client.get("/api/v1/namespaces/other/configmaps").await.names().is_empty());
}

#[tokio::test]
async fn discovery_is_plain_or_aggregated() {
    let server = server().await;
    server.store().register(Resource::custom("example.com", "v1", "widgets", "Widget"));
    let mut client = Client::connect(&server).await;
    for (path, kind) in [
        ("/api", "APIVersions"),
        ("/apis", "APIGroupList"),
        ("/apis/apps", "APIGroup"),
        ("/api/v1", "APIResourceList"),
        ("/apis/example.com/v1", "APIResourceList"),
    ] {
        let answer = client.get(path).await;
        assert_eq!((answer.status, answer.value()["kind"].as_str()), (200, Some(kind)), "{path}");
    }
    let aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";
    let accept = format!("{aggregated},application/json");
    let answer = client.ask("GET", "/apis", &[("Accept", &accept)], String::new()).await;
    assert_eq!((answer.header("content-type"), answer.header("vary")), (aggregated, "Accept"));
    assert_eq!(answer.header("cache-control"), "public");
    let etag = answer.header("etag").to_owned();
    let again =
        client.ask("GET", "/apis", &[("Accept", &accept), ("If-None-Match", &etag)], String::new()).await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
}

#[tokio::test]
async fn health_is_text_and_openapi_v2_is_not_there() {
    let server = server().await;
    let mut client = Client::connect(&server).await;
    for path in ["/readyz", "/livez", "/healthz"] {
        let answer = client.get(path).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"), "{path}");
    }
    assert!(client.get("/readyz?verbose").await.body.ends_with("readyz check passed\n"));
    for path in ["/openapi/v2", "/nope"] {
        assert_eq!(client.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn metadata_alone_is_enough_where_it_is_asked_for() {
    let server = server().await;
    server.store().apply(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"}, "spec": {}})).unwrap();
    let mut client = Client::connect(&server).await;
    let accept = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
    let list = client.ask("GET", "/api/v1/pods", &[("Accept", accept)], String::new()).await.value();
    assert_eq!(
        (&list["kind"], &list["items"][0]["kind"]),
        (&json!("PartialObjectMetadataList"), &json!("PartialObjectMetadata"))
    );
    assert!(list["items"][0].get("spec").is_none());
}

#[tokio::test]
async fn kubectl_gets_a_table_whose_columns_are_defined_once() {
    let server = server().await;
    server.store().apply(config("a")).unwrap();
    server.store().apply(config("b")).unwrap();
    let accept = [("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json")];
    let mut client = Client::connect(&server).await;
    let list = client.ask("GET", "/api/v1/configmaps", &accept, String::new()).await.value();
    assert_eq!((&list["kind"], &list["columnDefinitions"][1]["name"]), (&json!("Table"), &json!("Data")));
    assert_eq!(
        (&list["rows"][1]["cells"][0], &list["rows"][1]["object"]["kind"]),
        (&json!("b"), &json!("PartialObjectMetadata"))
    );
    let path = "/api/v1/configmaps?watch=1&timeoutSeconds=1";
    let events = client.ask("GET", path, &accept, String::new()).await.body;
    let columns: Vec<bool> = events
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["object"]["columnDefinitions"].is_array())
        .collect();
    assert_eq!(columns, [true, false]);
}
